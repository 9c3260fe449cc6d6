"""Every request to the right workers, and to nothing else."""

import json
import ssl
from typing import Any

import pytest
from tests.ingress.client import Answer
from tests.ingress.world import World, eventually, host


def told(answer: Answer) -> dict[str, Any]:
    """What the back end tells about the request that reached it."""
    assert answer.status == 200, answer
    found: dict[str, Any] = json.loads(answer.body)
    return found


def test_a_host_leads_to_its_own_workers(ingress: World) -> None:
    starter, business = ingress.client("starter"), ingress.client("business")
    assert told(starter.get(host("tessera"), "/odoo"))["server"] == "pooled-starter/odoo-web"
    assert told(business.get(host("iberica"), "/odoo"))["server"] == "iberica-production/odoo-web"
    assert told(business.get("erp.iberica.example", "/odoo"))["server"] == "iberica-production/odoo-web"


def test_websockets_reach_their_own_server_and_stay_open(ingress: World) -> None:
    for service_class, customer in (("starter", "tessera"), ("business", "iberica")):
        client = ingress.client(service_class)
        assert client.websocket(host(customer), b"hello") == (101, b"hello")
        server = told(client.get(host(customer), "/websocket/peek_notifications"))["server"]
        assert server.endswith("/odoo-websocket")


def test_shared_workers_are_told_the_tenants_database_whatever_a_client_claims(ingress: World) -> None:
    claims = {
        "X-Odoo-dbfilter": "^vintner_production$",
        "x-odoo-DBFILTER": ".*",
        "X_Odoo_dbfilter": "^vintner_production$",
    }
    for path in ("/odoo", "/websocket/peek_notifications", "/web/health"):
        for name, value in claims.items():
            answer = ingress.client("starter").send("GET", host("tessera"), path, headers={name: value})
            arrived = {key: value for key, value in told(answer)["headers"].items() if "dbfilter" in key}
            assert arrived == {"x-odoo-dbfilter": "^tessera_production$"}, (path, name)


def test_workers_of_one_tenant_get_no_filter_from_outside(ingress: World) -> None:
    answer = ingress.client("business").send("GET", host("iberica"), "/odoo", headers={"X-Odoo-dbfilter": ".*"})
    assert "x-odoo-dbfilter" not in told(answer)["headers"]


def test_odoo_learns_the_clients_address_from_the_load_balancer_and_from_nobody_else(ingress: World) -> None:
    lies = {
        "X-Forwarded-For": "10.0.0.1",
        "X-Forwarded-Host": host("vintner"),
        "X-Forwarded-Proto": "http",
        "X-Real-Ip": "10.0.0.1",
        "X_Forwarded_Host": host("vintner"),
        "Forwarded": "for=10.0.0.1;host=vintner",
    }
    client = ingress.client("starter", address="203.0.113.77", headers=lies)
    arrived = told(client.get(host("tessera"), "/odoo"))["headers"]
    assert arrived["x-forwarded-for"] == "203.0.113.77"
    assert arrived["x-forwarded-host"] == host("tessera"), "without it Odoo's proxy_mode ignores all others"
    assert (arrived["x-forwarded-proto"], arrived["x-real-ip"]) == ("https", "203.0.113.77")
    assert not any("_" in key for key in arrived)


def test_proxy_protocol_is_believed_from_the_load_balancer_only(ingress: World) -> None:
    liar = ingress.client("starter", proxied=False, preamble=b"PROXY TCP4 203.0.113.77 198.51.100.1 40000 443\r\n")
    assert told(liar.get(host("tessera"), "/odoo"))["headers"]["x-forwarded-for"] == "127.0.0.1"
    direct = ingress.client("starter", proxied=False)
    assert told(direct.get(host("tessera"), "/odoo"))["headers"]["x-forwarded-for"] == "127.0.0.1"


@pytest.mark.parametrize("unknown", ["nobody.starter.eu-1.erp.harbour-hosting.example", "example.com"])
def test_an_unknown_host_gets_not_even_a_certificate(ingress: World, unknown: str) -> None:
    with pytest.raises(ssl.SSLError, match="unrecognized name"):
        ingress.client("starter").get(unknown)
    assert ingress.client("starter").get("nobody.eu-1.erp.harbour-hosting.example").status == 404
    assert ingress.client("starter").send("GET", host("tessera"), "/", spelled=unknown).status == 404


def test_each_class_serves_its_own_tenants_only(ingress: World) -> None:
    assert ingress.client("starter").get(host("iberica")).status == 404
    assert ingress.client("business").get(host("tessera")).status == 404
    with pytest.raises(ssl.SSLError, match="unrecognized name"):
        ingress.client("starter").get("erp.iberica.example")


def test_a_domain_that_is_not_proved_yet_keeps_nobody_waiting(ingress: World) -> None:
    """Its certificate is missing, and nothing else is."""
    space, name = "iberica-production", "iberica-production-domains-tls"
    secret = ingress.plane.call("GET", f"/api/v1/namespaces/{space}/secrets/{name}")
    client = ingress.client("business")

    def refused() -> bool:
        try:
            return client.get("erp.iberica.example").status == 0
        except ssl.SSLError:
            return True

    try:
        ingress.plane.call("DELETE", f"/api/v1/namespaces/{space}/secrets/{name}")
        eventually(refused, "it is served without a certificate")
        assert told(client.get(host("iberica"), "/odoo"))["server"] == "iberica-production/odoo-web"
    finally:
        kept = {key: secret["metadata"][key] for key in ("name", "namespace")}
        ingress.plane.apply({"apiVersion": "v1", "kind": "Secret", **secret, "metadata": kept})
        eventually(lambda: client.get("erp.iberica.example").status == 200, "it is not served again")


MANAGER = [
    "/web/database/manager",
    "/web/database/selector",
    "/web/database",
    "/web/database/create?x=1",
    "/web//database/manager",
    "//web/database/manager",
    "/./web/./database/manager",
    "/web/x/../database/manager",
    "/x/%2e%2e/web/database/manager",
    "/web/%64atabase/manager",
    "/web%2Fdatabase%2fmanager",
    "%2fweb/database/manager".join(("/", "")),
    "/%2Fweb%2F%2Fdatabase/backup",
    "/de/web/database/manager",
    "/pt_BR/web/database/restore",
    "/sr%40latin/web/database/drop",
    "/de%2Fweb%2Fdatabase/manager",
    "/WEB/DATABASE/MANAGER",
    "/xmlrpc/db",
    "/xmlrpc/2/db",
    "/xmlrpc//2%2Fdb",
]


@pytest.mark.parametrize("path", MANAGER)
def test_the_database_manager_is_not_there_however_it_is_spelled(ingress: World, path: str) -> None:
    for service_class, customer in (("starter", "tessera"), ("business", "iberica")):
        for method in ("GET", "POST"):
            answer = ingress.client(service_class).send(method, host(customer), path)
            assert answer.status == 404, (path, method)
            assert b"server" not in answer.body, "it reached Odoo"


@pytest.mark.parametrize(
    "path",
    [
        "/web/databases-guide",
        "/web/content/17/INV%2F2026%2F00001.pdf",
        "/shop/web-database",
        "/web/login",
        "/xmlrpc/2/object",
        "/jsonrpc",
    ],
)
def test_what_only_looks_like_it_is_served_unchanged(ingress: World, path: str) -> None:
    answer = told(ingress.client("starter").get(host("tessera"), path))
    assert answer["path"] == path


def test_plain_http_is_sent_to_https(ingress: World) -> None:
    client = ingress.client("starter")
    plain = type(client)(ingress.ports["starter"]["web"], client.authority)
    answer = plain.send("GET", host("tessera"), "/shop?x=1", plain=True)
    assert (answer.status, answer.headers["location"]) == (301, f"https://{host('tessera')}/shop?x=1")


def test_tls_before_1_2_is_refused(ingress: World) -> None:
    versions = ssl.TLSVersion
    for version, name in ((versions.TLSv1_2, "TLSv1.2"), (versions.TLSv1_3, "TLSv1.3")):
        assert ingress.client("starter", spoken=(version, version)).get(host("tessera")).tls == name
    for version in (versions.TLSv1, versions.TLSv1_1):
        with pytest.raises(ssl.SSLError, match="protocol version"):
            ingress.client("starter", spoken=(version, version)).get(host("tessera"))


def test_answers_carry_security_headers_and_tell_nothing_about_the_software(ingress: World) -> None:
    for path in ("/odoo", "/web/health"):
        headers = ingress.client("starter").get(host("tessera"), path).headers
        assert headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "SAMEORIGIN"
        assert headers["referrer-policy"] == "strict-origin-when-cross-origin"
        assert "server" not in headers
