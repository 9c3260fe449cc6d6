"""Behind an application load balancer Traefik still knows who the client is, and believes nobody else about it."""

import ssl
from dataclasses import replace

import pytest
from tests.compose.graphs import recorded
from tests.ingress.test_way_in import told
from tests.ingress.world import World, host, platform, tenant

LIES = {"X-Forwarded-For": "10.0.0.1", "X-Forwarded-Proto": "http", "X_Forwarded_Host": "vintner.example"}


def test_it_is_reached_without_a_host_name_in_tls_and_with_no_older_version(ingress: World) -> None:
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        client = replace(ingress.client("premium"), spoken=(version, version))
        for name in (host("nordfood"), "erp.nordfood.example"):
            assert told(client.get(name, "/odoo"))["server"] == "nordfood-production/odoo-web"
    old = replace(ingress.client("premium"), spoken=(ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_1))
    with pytest.raises(ssl.SSLError):
        old.get(host("nordfood"))


def test_odoo_takes_the_address_that_the_load_balancer_wrote(ingress: World) -> None:
    client = ingress.client("premium", address="203.0.113.77", headers=LIES)
    arrived = told(client.get(host("nordfood"), "/odoo"))["headers"]
    # Odoo's ProxyFix takes the last address, and ignores everything without X-Forwarded-Host.
    assert arrived["x-forwarded-for"].split(", ")[-1] == "203.0.113.77"
    assert (arrived["x-forwarded-host"], arrived["x-forwarded-proto"]) == (host("nordfood"), "https")


def test_a_forged_host_is_refused_before_traefik_would_believe_it(ingress: World) -> None:
    forged = {"X-Forwarded-Host": "vintner.example"}
    arrived = told(ingress.client("premium").send("GET", host("nordfood"), "/odoo", headers=forged))["headers"]
    assert arrived["x-forwarded-host"] == "vintner.example", "Traefik alone would hand it on"
    (rule,) = [
        one.inputs
        for one in recorded(platform())
        if one.type == "aws:lb/listenerRule:ListenerRule" and "premium" in one.name
    ]
    assert rule["priority"] == 1
    assert rule["conditions"] == [{"httpHeader": {"httpHeaderName": "X-Forwarded-Host", "values": ["*"]}}]
    assert rule["actions"][0]["fixedResponse"]["statusCode"] == "400"


def test_nobody_inside_the_network_can_claim_to_be_the_load_balancer(ingress: World) -> None:
    inside = ingress.client("premium", proxied=False, headers={**LIES, "X-Forwarded-Host": "vintner.example"})
    arrived = told(inside.get(host("nordfood"), "/odoo"))["headers"]
    assert arrived["x-forwarded-host"] == host("nordfood")
    assert "10.0.0.1" not in arrived.get("x-forwarded-for", "")


def test_passwords_are_counted_by_client_and_not_by_load_balancer(ingress: World) -> None:
    limit, name = tenant("nordfood").route.clients.login_per_minute, host("nordfood")
    guesser = ingress.client("premium", address="203.0.113.210")
    statuses = [
        # A new lie each time must not bring a limit of its own.
        guesser.send("POST", name, "/web/login", headers={"X-Forwarded-For": f"198.51.100.{turn}"}).status
        for turn in range(limit + 6)
    ]
    assert statuses[:limit] == [200] * limit
    assert statuses[-1] == 429
    assert ingress.client("premium", address="203.0.113.211").send("POST", name, "/web/login").status == 200


def test_websockets_pass(ingress: World) -> None:
    assert ingress.client("premium").websocket(host("nordfood"), b"hello") == (101, b"hello")


def test_unknown_hosts_have_no_route(ingress: World) -> None:
    assert ingress.client("premium").get("nobody.example").status == 404
