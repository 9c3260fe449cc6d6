"""Who does not get through sees why, in the partner's brand."""

import http
import json

import pytest
from tests.ingress.backends import backend
from tests.ingress.world import World, eventually, host, platform, tenant

from odoo_estate.plan import PAGES

CASES = {"maintenance": (503, b"We are working on this service"), "suspended": (423, b"This service is suspended")}


@pytest.mark.parametrize("state", CASES)
@pytest.mark.parametrize(
    "customer,brand", [("copperfield", "Brightline Cloud ERP"), ("vintner", "Harbour ERP Hosting GmbH")]
)
def test_a_closed_tenant_shows_its_brands_page_and_nobody_reaches_odoo(
    ingress: World, state: str, customer: str, brand: str
) -> None:
    status, text = CASES[state]
    client = ingress.client("starter")
    name = host(customer)
    ingress.apply(tenant(customer, closed=state))
    try:
        eventually(lambda: client.get(name).status == status, f"{customer} is still open")
        seen = ingress.backends["pooled-starter", "odoo-web"].seen
        for method, path in (("GET", "/odoo"), ("POST", "/web/login"), ("POST", "/jsonrpc"), ("GET", "/web/health")):
            answer = client.send(method, name, path)
            assert answer.status == status, path
            assert brand.encode() in answer.body
            assert text in answer.body
            assert answer.headers["cache-control"] == "no-store"
            assert answer.headers.get("retry-after", "") == ("120" if state == "maintenance" else "")
        assert client.websocket(name, b"x")[0] == status
        assert ingress.backends["pooled-starter", "odoo-web"].seen == seen
        assert client.get(host("tessera"), "/web/health").status == 200, "the neighbour is open"
    finally:
        ingress.apply(tenant(customer))
        ingress.plane.call(
            "DELETE", f"/apis/traefik.io/v1alpha1/namespaces/pooled-starter/middlewares/{customer}-production-gate"
        )
        eventually(lambda: client.get(name).status == 200, f"{customer} stays closed")


@pytest.mark.parametrize("status", [502, 503, 504])
def test_workers_that_do_not_answer_are_excused_in_the_brand(ingress: World, status: int) -> None:
    web = ingress.backends["pooled-starter", "odoo-web"]
    web.status = status
    try:
        answer = ingress.client("starter", address="203.0.113.50").get(host("copperfield"), "/web/health")
    finally:
        web.status = 200
    assert answer.status == status
    assert b"Brightline Cloud ERP" in answer.body


@pytest.mark.parametrize("status", [400, 403, 404, 500])
def test_odoos_own_errors_are_left_alone(ingress: World, status: int) -> None:
    web = ingress.backends["iberica-production", "odoo-web"]
    web.status = status
    try:
        answer = ingress.client("business").get(host("iberica"), "/odoo")
    finally:
        web.status = 200
    assert answer.status == status
    assert b"iberica-production/odoo-web" in answer.body


def test_the_page_server_learns_nothing_but_the_brand(ingress: World) -> None:
    namespace = platform().pages.namespace
    service = {"metadata": {"name": PAGES, "namespace": namespace}, "spec": {"ports": [{"name": "http"}]}}
    path = f"/apis/discovery.k8s.io/v1/namespaces/{namespace}/endpointslices/{PAGES}-here"
    before = ingress.plane.call("GET", path)["ports"][0]["port"]
    web = ingress.backends["iberica-production", "odoo-web"]
    client = ingress.client("business", headers={"Cookie": "session_id=secret", "Authorization": "Bearer secret"})
    with backend("pages", ingress.address) as spy:
        ingress.endpoints(service, spy.port)
        web.status = http.HTTPStatus.BAD_GATEWAY
        try:
            eventually(lambda: client.get(host("iberica"), "/odoo?token=secret") and spy.seen, "nobody asks it")
        finally:
            web.status = 200
            ingress.endpoints(service, before)
    assert spy.told["path"] == "/502"
    assert spy.told["headers"]["x-estate-brand"] == "_operator"
    assert "secret" not in json.dumps(spy.told)
