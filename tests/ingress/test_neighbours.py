"""What a tenant could write into its own namespace does not reach beyond it."""

import ssl
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
    "ingress' own metrics": ({"name": "prometheus@internal", "kind": "TraefikService"}, []),
}


@pytest.mark.parametrize("reach", REACHING)
def test_a_route_cannot_use_what_is_not_its_namespaces(ingress: World, reach: str) -> None:
    client = ingress.client("business")
    service, middlewares = REACHING[reach]
    control = custom("IngressRoute", "control", own_route("/control", OWN, []))
    tried = custom("IngressRoute", "tried", own_route("/tried", service, middlewares))
    server = f"{SPACE}/odoo-web".encode()
    # The control proves that such a route is taken over, and one of the two is the last that is.
    control["spec"]["routes"][0]["middlewares"] = [{"name": "marked"}]
    mark = custom("Middleware", "marked", {"headers": {"customRequestHeaders": {"X-Marked": "yes"}}})
    try:
        for one in (mark, tried, control):
            ingress.plane.apply(one)
        eventually(
            lambda: b'"x-marked": "yes"' in client.get(host("iberica"), "/control").body, "no route is taken over"
        )
        answer = client.get(host("iberica"), "/tried")
        assert answer.status == 200, "the request falls to the tenant's proper route"
        assert server in answer.body
        assert b'"x-estate-tenant": "iberica.production"' in answer.body
    finally:
        for one in (mark, tried, control):
            ingress.plane.call("DELETE", path_of(one))


def test_nobody_elses_tls_settings_count(ingress: World) -> None:
    client = ingress.client("business")
    old = ingress.client("business", spoken=(ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_1))
    weak = custom("TLSOption", "default", {"minVersion": "VersionTLS10", "sniStrict": False})
    mark = custom("Middleware", "seen", {"headers": {"customRequestHeaders": {"X-Seen": "yes"}}})
    later = custom("IngressRoute", "later", own_route("/later", OWN, [{"name": "seen"}]))
    try:
        for one in (weak, mark, later):
            ingress.plane.apply(one)
        eventually(lambda: b'"x-seen": "yes"' in client.get(host("iberica"), "/later").body, "no route is taken over")
        with pytest.raises(ssl.SSLError, match="protocol version"):
            old.get(host("iberica"))
        with pytest.raises(ssl.SSLError, match="unrecognized name"):
            client.get("nobody.example")
    finally:
        for one in (weak, mark, later):
            ingress.plane.call("DELETE", path_of(one))


def test_a_flattened_name_does_not_take_over_a_neighbours_middleware(ingress: World) -> None:
    """Without safe naming, ``production-tenant`` of ``iberica-production-iberica`` is called like ``iberica-production-tenant`` of
    ``iberica-production``, and replaces it."""
    client = ingress.client("business")
    space = f"{SPACE}-iberica"
    stolen = {"headers": {"customRequestHeaders": {"X-Stolen": "yes"}}}
    thief = custom("Middleware", "production-tenant", stolen, space)
    mark = custom("Middleware", "seen", {"headers": {"customRequestHeaders": {"X-Seen": "yes"}}})
    later = custom("IngressRoute", "later", own_route("/later", OWN, [{"name": "seen"}]))
    try:
        ingress.plane.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": space}})
        for one in (thief, mark, later):
            ingress.plane.apply(one)
        eventually(lambda: b'"x-seen": "yes"' in client.get(host("iberica"), "/later").body, "no route is taken over")
        body = client.get(host("iberica"), "/odoo").body
        assert b"x-stolen" not in body
        assert b'"x-estate-tenant": "iberica.production"' in body
    finally:
        for one in (thief, mark, later):
            ingress.plane.call("DELETE", path_of(one))


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
