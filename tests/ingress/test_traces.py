"""What the ingress writes down: whose request it was, and nothing that opens a door."""

import re

from tests.ingress.world import World, eventually, host


def test_the_access_log_names_the_tenant_and_keeps_no_secret(ingress: World) -> None:
    client = ingress.client("starter", address="203.0.113.88")
    secrets = {
        "Authorization": "Bearer hidden-key",
        "Cookie": "session_id=hidden-session",
        "Referer": "https://x.example/?token=hidden-referer",
        "X-Estate-Tenant": "vintner.production",
    }
    path = "/web/signup/traced?token=hidden-token&db=x"
    client.send("GET", host("tessera"), path, headers=secrets)
    client.send("GET", host("tessera"), "/basic", headers={"Authorization": "Basic aGlkZGVuOmhpZGRlbg=="})

    def written() -> list[dict[str, object]]:
        return [one for one in ingress.requests("starter") if one.get("ClientHost") == "203.0.113.88"]

    eventually(lambda: len(written()) == 2, "the requests are not in the log")
    line = next(one for one in written() if "traced" in str(one["RequestPath"]))
    assert line["RequestPath"] == "/web/signup/traced"
    assert line["RequestHost"] == host("tessera")
    assert line["request_X-Estate-Tenant"] == "tessera.production"
    assert str(line["RouterName"]).startswith("pooled-starter_tessera-production_")
    assert (line["DownstreamStatus"], line["OriginStatus"]) == (200, 200)
    assert isinstance(line["Duration"], int)
    assert "hidden" not in ingress.log("starter")
    assert "aGlkZGVu" not in ingress.log("starter")


def test_metrics_are_kept_by_tenant(ingress: World) -> None:
    ingress.client("starter").get(host("tessera"), "/metered")

    def counted() -> dict[str, float]:
        found = re.findall(
            r'^traefik_router_requests_total\{.*router="([^"]+)".*\} (\d+)', ingress.metrics("starter"), re.M
        )
        return {router: float(number) for router, number in found}

    eventually(lambda: any(one.startswith("pooled-starter_tessera-production_") for one in counted()), "no metric")
    assert {one.split("@")[0].split("_")[0] for one in counted()} <= {"pooled-starter", "web-to-443"}
    assert "traefik_router_request_duration_seconds_bucket" in ingress.metrics("starter")
    assert "traefik_service_requests_bytes_total" in ingress.metrics("starter")
