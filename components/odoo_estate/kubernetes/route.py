"""The public way to one tenant environment, through Traefik."""

from collections.abc import Mapping
from typing import Any, TypedDict

import pulumi
import pulumi_kubernetes as k8s

from odoo_estate.kubernetes.metadata import object_metadata
from odoo_estate.kubernetes.network_policies import HTTP_PORT, WEBSOCKET_PORT
from odoo_estate.plan import RoutePlan

DATABASE_HEADER = "X-Odoo-dbfilter"
API = "traefik.io/v1alpha1"
ENTRY_POINT = "websecure"
PRIORITIES = {"site": 10, "login": 20, "websocket": 30}
"""Explicit, because Traefik otherwise goes by the rule's length, and a neighbour could win with a longer one."""
SHARED = {"login": "shared-login", "body": "shared-body", "headers": "shared-headers"}
"""Middlewares that tenants of one namespace may have in common, because nobody can use up another's share of them."""
SECURITY_HEADERS: Mapping[str, Any] = {
    "stsSeconds": 31536000,
    "stsIncludeSubdomains": True,
    "contentTypeNosniff": True,
    "referrerPolicy": "strict-origin-when-cross-origin",
    "customResponseHeaders": {"Server": "", "X-Powered-By": ""},
}


class RouteArgs(TypedDict):
    """Inputs of a `Route`."""

    plan: RoutePlan
    name: str
    """Unique in the namespace."""
    namespace: str
    labels: Mapping[str, str]
    web_service: str
    websocket_service: str
    shared: Mapping[str, str]
    """Middlewares that the namespace already has, by what they do (`SHARED`); the rest is made here."""


def shared_middlewares(
    name: str,
    namespace: str,
    labels: Mapping[str, str],
    *,
    login_per_minute: int,
    body_mib: int,
    opts: pulumi.ResourceOptions,
) -> None:
    """The middlewares that all routes of a pooled namespace refer to (`SHARED`)."""
    for key, spec in shared_limits(login_per_minute, body_mib).items():
        middleware(f"{name}-{key}", object_metadata(SHARED[key], namespace, labels), spec, opts)


class Route(pulumi.ComponentResource):
    """Hosts, certificate and limits of one tenant. Its limits are objects of its own: they count this tenant's requests only."""

    def __init__(self, name: str, args: RouteArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("odoo-estate:kubernetes:Route", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        plan = args["plan"]
        limits = {
            **tenant_limits(plan),
            **database_choice(plan.database_filter),
            **shared_limits(plan.login_per_minute, plan.body_mib),
        }
        chosen = {key: args["shared"].get(key, f"{args['name']}-{key}") for key in limits}
        for key, spec in limits.items():
            if key not in args["shared"]:
                head = object_metadata(chosen[key], args["namespace"], args["labels"])
                middleware(f"{name}-{key}", head, spec, child)
        k8s.apiextensions.CustomResource(
            f"{name}-certificate",
            api_version="cert-manager.io/v1",
            kind="Certificate",
            metadata=metadata(args),
            spec=certificate(args),
            opts=child,
        )
        k8s.apiextensions.CustomResource(
            f"{name}-route",
            api_version=API,
            kind="IngressRoute",
            metadata=metadata(args),
            spec=ingress(args, chosen),
            opts=child,
        )
        self.register_outputs({})


def metadata(args: RouteArgs) -> k8s.meta.v1.ObjectMetaArgsDict:
    return object_metadata(args["name"], args["namespace"], args["labels"])


def middleware(
    name: str, head: k8s.meta.v1.ObjectMetaArgsDict, spec: Mapping[str, Any], opts: pulumi.ResourceOptions
) -> k8s.apiextensions.CustomResource:
    return k8s.apiextensions.CustomResource(
        name,
        api_version=API,
        kind="Middleware",
        metadata=head,
        spec=dict(spec),
        opts=opts,
    )


def tenant_limits(plan: RoutePlan) -> dict[str, dict[str, Any]]:
    """Caps over all clients of the tenant: by host, so that many sources together cannot exceed them."""
    by_host = {"sourceCriterion": {"requestHost": True}}
    return {
        "rate": {"rateLimit": {"average": plan.requests_per_second, "period": "1s", "burst": plan.burst, **by_host}},
        "concurrency": {"inFlightReq": {"amount": plan.concurrent_requests, **by_host}},
    }


def database_choice(database_filter: str) -> dict[str, dict[str, Any]]:
    """Tells shared workers which database a request is for. Whatever the client sends under this name is overwritten (OCA/server-tools,
    ``dbfilter_from_header``)."""
    if not database_filter:
        return {}
    return {"database": {"headers": {"customRequestHeaders": {DATABASE_HEADER: database_filter}}}}


def shared_limits(login_per_minute: int, body_mib: int) -> dict[str, dict[str, Any]]:
    """What tenants of one class may have in common: logins by client address, request size, response headers."""
    return {
        "login": {"rateLimit": {"average": login_per_minute, "period": "1m", "burst": login_per_minute}},
        "body": {"buffering": {"maxRequestBodyBytes": body_mib * 1024 * 1024, "memRequestBodyBytes": 1024 * 1024}},
        "headers": {"headers": dict(SECURITY_HEADERS)},
    }


def certificate(args: RouteArgs) -> dict[str, Any]:
    return {
        "secretName": f"{args['name']}-tls",
        "dnsNames": list(args["plan"].hosts),
        "issuerRef": {"kind": "ClusterIssuer", "name": args["plan"].certificate_issuer},
        "privateKey": {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Always"},
    }


def ingress(args: RouteArgs, middlewares: Mapping[str, str]) -> dict[str, Any]:
    """Everything to the web workload, except the database manager, which has no route, and the websocket: that is neither buffered nor
    counted as a request in flight, because every open browser tab holds one."""
    always = ["rate", "headers", *(["database"] if args["plan"].database_filter else [])]

    def route(kind: str, path: str, service: str, port: int, *, limits: list[str]) -> dict[str, Any]:
        return {
            "kind": "Rule",
            "match": f"({hosts(args['plan'])}) && {path}",
            "priority": PRIORITIES[kind],
            "middlewares": [{"name": middlewares[limit]} for limit in limits],
            "services": [{"name": service, "port": port}],
        }

    return {
        "ingressClassName": args["plan"].ingress_class,
        "entryPoints": [ENTRY_POINT],
        "routes": [
            route(
                "site",
                "!PathPrefix(`/web/database`)",
                args["web_service"],
                HTTP_PORT,
                limits=[*always, "concurrency", "body"],
            ),
            route(
                "login",
                "PathPrefix(`/web/login`)",
                args["web_service"],
                HTTP_PORT,
                limits=[*always, "concurrency", "body", "login"],
            ),
            route("websocket", "PathPrefix(`/websocket`)", args["websocket_service"], WEBSOCKET_PORT, limits=always),
        ],
        "tls": {"secretName": f"{args['name']}-tls"},
    }


def hosts(plan: RoutePlan) -> str:
    return " || ".join(f"Host(`{host}`)" for host in plan.hosts)
