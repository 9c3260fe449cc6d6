"""What a tenant could write into its own namespace does not reach beyond it."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from secrets import token_hex
from typing import Any

import pytest
from tests.ingress.world import World, eventually, host, served, tenant

SPACE = "iberica-production"


def custom(kind: str, name: str, spec: dict[str, Any], namespace: str = SPACE) -> dict[str, Any]:
    return {
        "apiVersion": "traefik.io/v1alpha1",
        "kind": kind,
        "metadata": {"name": name, "namespace": namespace},
        "spec": spec,
    }


def path_of(manifest: dict[str, Any]) -> str:
    head = manifest["metadata"]
    return f"/apis/traefik.io/v1alpha1/namespaces/{head['namespace']}/{manifest['kind'].lower()}s/{head['name']}"


def own_route(path: str, service: dict[str, Any], middlewares: list[dict[str, Any]]) -> dict[str, Any]:
    """A route of the tenant's own host."""
    return {
        "ingressClassName": "business",
        "entryPoints": ["websecure"],
        "routes": [
            {
                "kind": "Rule",
                "match": f"Host(`{host('iberica')}`) && PathPrefix(`{path}`)",
                "priority": 900,
                "services": [service],
                "middlewares": middlewares,
            }
        ],
        "tls": {},
    }


OWN = {"name": "odoo-web", "port": 8069}
REACHING: dict[str, tuple[dict[str, Any], list[dict[str, Any]]]] = {
    "service of another namespace": ({**OWN, "namespace": "pooled-starter"}, []),
    "middleware of another namespace": (OWN, [{"name": "tessera-production-tenant", "namespace": "pooled-starter"}]),
    "middleware of another namespace by its full name": (
        OWN,
        [{"name": "pooled-starter_tessera-production-tenant@kubernetescrd"}],
    ),
    "ingress' own interface": ({"name": "api@internal", "kind": "TraefikService"}, []),
}


@contextmanager
def in_force(ingress: World, *tried: dict[str, Any]) -> Iterator[None]:
    """With these objects taken over: a route that came after them, under a name that was never there before, already works."""
    unique = f"control-{token_hex(4)}"
    mark = custom("Middleware", unique, {"headers": {"customRequestHeaders": {"X-Marked": unique}}})
    control = custom("IngressRoute", unique, own_route(f"/{unique}", OWN, [{"name": unique}]))
    client = ingress.client("business")
    try:
        for one in (*tried, mark, control):
            ingress.plane.apply(one)
        marked = f'"x-marked": "{unique}"'.encode()
        eventually(lambda: marked in client.get(host("iberica"), f"/{unique}").body, "no route is taken over")
        yield
    finally:
        for one in (*tried, mark, control):
            ingress.plane.call("DELETE", path_of(one))


@pytest.mark.parametrize("reach", REACHING)
def test_a_route_cannot_use_what_is_not_its_namespaces(ingress: World, reach: str) -> None:
    service, middlewares = REACHING[reach]
    path = f"/tried-{list(REACHING).index(reach)}"
    with in_force(ingress, custom("IngressRoute", path[1:], own_route(path, service, middlewares))):
        answer = ingress.client("business").get(host("iberica"), path)
    assert answer.status == 200, "the request falls to the tenant's proper route"
    assert f"{SPACE}/odoo-web".encode() in answer.body
    assert b'"x-estate-tenant": "iberica.production"' in answer.body


def test_nobody_elses_tls_settings_count(ingress: World) -> None:
    old = ingress.client("business", spoken=(ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_1))
    weak = custom("TLSOption", "default", {"minVersion": "VersionTLS10", "sniStrict": False})
    with in_force(ingress, weak):
        with pytest.raises(ssl.SSLError, match="protocol version"):
            old.get(host("iberica"))
        with pytest.raises(ssl.SSLError, match="unrecognized name"):
            ingress.client("business").get("nobody.example")


def test_a_flattened_name_does_not_take_over_a_neighbours_middleware(ingress: World) -> None:
    """Without safe naming, ``production-tenant`` of ``iberica-production-iberica`` is called like ``iberica-production-tenant`` of
    ``iberica-production``, and replaces it whenever it happens to come later."""
    space = f"{SPACE}-iberica"
    ingress.plane.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": space}})
    stolen = {"headers": {"customRequestHeaders": {"X-Stolen": "yes"}}}
    with in_force(ingress, custom("Middleware", "production-tenant", stolen, space)):
        body = ingress.client("business").get(host("iberica"), "/odoo").body
    assert "Name collision" not in ingress.log("business")
    assert b"x-stolen" not in body
    assert b'"x-estate-tenant": "iberica.production"' in body


def test_what_is_added_for_one_tenant_interrupts_nobody(ingress: World) -> None:
    client = ingress.client("starter")
    neighbour: list[int] = []

    def arrived() -> bool:
        neighbour.append(client.get(host("vintner")).status)
        try:
            return served(client, "lumen")
        except ssl.SSLError:
            return False

    ingress.apply(tenant("lumen"))
    eventually(arrived, "the new tenant is not served")
    assert set(neighbour) == {200}
