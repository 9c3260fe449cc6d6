"""The public way to one tenant environment, through Traefik."""

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

import pulumi
import pulumi_kubernetes as k8s

from odoo_estate.kubernetes.metadata import object_metadata
from odoo_estate.kubernetes.network_policies import HTTP_PORT, WEBSOCKET_PORT
from odoo_estate.plan import TENANT_HEADER, RoutePlan

DATABASE_HEADER = "X-Odoo-dbfilter"
BRAND_HEADER = "X-Estate-Brand"
API = "traefik.io/v1alpha1"
ENTRY_POINT = "websecure"
PRIORITIES = {"site": 10, "login": 20, "websocket": 30, "health": 40}
"""Explicit, because Traefik otherwise goes by the rule's length, and a neighbour could win with a longer one."""
SHARED = {"login": "shared-login", "body": "shared-body"}
"""Middlewares that tenants of one namespace may have in common, because nobody can use up another's share of them."""
SECURITY_HEADERS: Mapping[str, Any] = {
    "stsSeconds": 31536000,
    "stsIncludeSubdomains": True,
    "contentTypeNosniff": True,
    "customFrameOptionsValue": "SAMEORIGIN",
    "referrerPolicy": "strict-origin-when-cross-origin",
    "permissionsPolicy": "geolocation=(self), camera=(self), microphone=(self), payment=(self)",
    "customResponseHeaders": {"Server": "", "X-Powered-By": ""},
}
SLASH = "(?:/|%2[Ff])+"
"""Whatever Odoo's router takes for a slash: Werkzeug decodes the path before it looks, and merges what is double."""
LANGUAGE = f"(?:[^/]+?{SLASH})?"
"""The website's language code, which Odoo takes off before it looks a second time."""
END = "(?:/|%2[Ff]|$)"
MANAGER = f"(?i)^{SLASH}{LANGUAGE}(?:web{SLASH}database|xmlrpc{SLASH}(?:2{SLASH})?db){END}"
"""The database manager and its remote procedures, which have no route. ``list_db = False`` closes them in Odoo too, ``/jsonrpc`` only there."""
LOGIN = f"(?i)^{SLASH}{LANGUAGE}(?:web{SLASH}(?:login|session{SLASH}authenticate|reset_password|signup)|xmlrpc{SLASH}(?:2{SLASH})?common){END}"
"""Where passwords are tried. ``/jsonrpc`` has its method in the body and is limited like every other request."""
CLOSED = {"maintenance": 503, "suspended": 423}
"""Status by which the pages are told why nobody gets through; Odoo answers 423 (locked) to nothing."""
NOBODY = "192.0.2.1/32"
"""Set aside for documentation (RFC 5737): no client has it."""


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
    firewalled: bool,
    opts: pulumi.ResourceOptions,
) -> None:
    """The middlewares that all routes of a pooled namespace refer to (`SHARED`)."""
    for key, spec in shared_limits(login_per_minute, body_mib, firewalled=firewalled).items():
        middleware(f"{name}-{key}", object_metadata(SHARED[key], namespace, labels), spec, opts)


class Route(pulumi.ComponentResource):
    """Hosts, certificates and limits of one tenant. Its limits are objects of its own: they count this tenant's requests only.

    The name in the cell's zone has its certificate apart from the customer's own domains: those get one only once their owner has delegated the
    proof, and that must keep nobody waiting.
    """

    def __init__(self, name: str, args: RouteArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("odoo-estate:kubernetes:Route", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        plan = args["plan"]
        limits = {
            **tenant_limits(plan),
            **shared_limits(plan.login_per_minute, plan.body_mib, firewalled=plan.firewalled),
        }
        chosen = {key: args["shared"].get(key, f"{args['name']}-{key}") for key in limits}
        for key, spec in limits.items():
            if key not in args["shared"]:
                head = object_metadata(chosen[key], args["namespace"], args["labels"])
                middleware(f"{name}-{key}", head, spec, child)
        for suffix, hosts in host_groups(plan).items():
            way_in(
                f"{name}{suffix}",
                args,
                object_name=f"{args['name']}{suffix}",
                hosts=hosts,
                middlewares=chosen,
                opts=child,
            )
        self.register_outputs({})


def host_groups(plan: RoutePlan) -> dict[str, tuple[str, ...]]:
    """Suffix of objects' names to the hosts: those in the estate's zones, and the customer's own domains where it has some."""
    if plan.firewalled:
        return {"": plan.served}
    ours = tuple(host for host in plan.hosts if host in plan.zones)
    theirs = tuple(host for host in plan.hosts if host not in plan.zones)
    return {suffix: hosts for suffix, hosts in {"": ours, "-domains": theirs}.items() if hosts}


def way_in(
    name: str,
    args: RouteArgs,
    *,
    object_name: str,
    hosts: Sequence[str],
    middlewares: Mapping[str, str],
    opts: pulumi.ResourceOptions,
) -> None:
    """The routes and the certificate that they need, where TLS does not end at a load balancer already."""
    secret = "" if args["plan"].firewalled else f"{object_name}-tls"
    head = object_metadata(object_name, args["namespace"], args["labels"])
    if secret:
        k8s.apiextensions.CustomResource(
            f"{name}-certificate",
            api_version="cert-manager.io/v1",
            kind="Certificate",
            metadata=head,
            spec=certificate(hosts, secret, args["plan"].certificate_issuer),
            opts=opts,
        )
    k8s.apiextensions.CustomResource(
        f"{name}-route",
        api_version=API,
        kind="IngressRoute",
        metadata=head,
        spec=ingress(hosts, secret, args, middlewares),
        opts=opts,
    )


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
    """Who the tenant is, and caps over all its clients together. They count by a header that `identity` sets, not by the request's host: a client
    may write that with another port or in capitals, each time for a limit of its own."""
    by_tenant = {"sourceCriterion": {"requestHeaderName": TENANT_HEADER}}
    found: dict[str, dict[str, Any]] = {
        "tenant": {"headers": {"customRequestHeaders": identity(plan), **SECURITY_HEADERS}},
        "rate": {"rateLimit": {"average": plan.requests_per_second, "period": "1s", "burst": plan.burst, **by_tenant}},
        "concurrency": {"inFlightReq": {"amount": plan.concurrent_requests, **by_tenant}},
    }
    if plan.closed:
        found["gate"] = {"ipAllowList": {"sourceRange": [NOBODY], "rejectStatusCode": CLOSED[plan.closed]}}
    elif plan.allow_from:
        found["gate"] = {"ipAllowList": {"sourceRange": list(plan.allow_from), **strategy(firewalled=plan.firewalled)}}
    return found


def identity(plan: RoutePlan) -> dict[str, str]:
    """Request headers that are ours to set, over whatever a client sends under these names. Shared workers are told by one which database a
    request is for (OCA/server-tools, ``dbfilter_from_header``); workers of one tenant get none (Traefik drops a header with an empty value)."""
    return {TENANT_HEADER: plan.tenant, BRAND_HEADER: plan.brand, DATABASE_HEADER: plan.database_filter}


def strategy(*, firewalled: bool) -> dict[str, Any]:
    """Where a middleware finds the client's address: the connection has it, or the load balancer wrote it last into X-Forwarded-For."""
    return {"ipStrategy": {"depth": 1}} if firewalled else {}


def shared_limits(login_per_minute: int, body_mib: int, *, firewalled: bool) -> dict[str, dict[str, Any]]:
    """What tenants of one class may have in common: logins by client address, and request size."""
    login: dict[str, Any] = {"average": login_per_minute, "period": "1m", "burst": login_per_minute}
    if firewalled:
        login["sourceCriterion"] = strategy(firewalled=True)
    return {
        "login": {"rateLimit": login},
        "body": {"buffering": {"maxRequestBodyBytes": body_mib * 1024 * 1024, "memRequestBodyBytes": 1024 * 1024}},
    }


def certificate(hosts: Sequence[str], secret: str, issuer: str) -> dict[str, Any]:
    return {
        "secretName": secret,
        "dnsNames": list(hosts),
        "issuerRef": {"kind": "ClusterIssuer", "name": issuer},
        "privateKey": {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Always"},
    }


def ingress(hosts: Sequence[str], secret: str, args: RouteArgs, middlewares: Mapping[str, str]) -> dict[str, Any]:
    """Everything to the web workload, except the database manager, which has no route, and the websocket: that is neither buffered nor
    counted as a request in flight, because every open browser tab holds one. Health checks pass by the tenant's limits and allow-list, each
    checker limited like somebody who logs in: a flood must not look like a failure that starts a failover."""
    one_of = " || ".join(f"Host(`{host}`)" for host in hosts)
    gate = ["gate"] if "gate" in middlewares else []

    def route(kind: str, path: str, service: str, port: int, *, limits: list[str]) -> dict[str, Any]:
        return {
            "kind": "Rule",
            "match": f"({one_of}) && {path}",
            "priority": PRIORITIES[kind],
            "middlewares": [{"name": middlewares[limit]} for limit in limits],
            "services": [{"name": service, "port": port}],
        }

    web = (args["web_service"], HTTP_PORT)
    websocket = (args["websocket_service"], WEBSOCKET_PORT)
    every = ["tenant", *gate, "rate"]
    probe = ["tenant", *(gate if args["plan"].closed else []), "login"]
    login = f"Method(`POST`) && PathRegexp(`{LOGIN}`)"
    return {
        "ingressClassName": args["plan"].ingress_class,
        "entryPoints": [ENTRY_POINT],
        "routes": [
            route("site", f"!PathRegexp(`{MANAGER}`)", *web, limits=[*every, "concurrency", "body"]),
            route("login", login, *web, limits=[*every, "login", "concurrency", "body"]),
            route("websocket", "PathPrefix(`/websocket`)", *websocket, limits=every),
            route("health", "Path(`/web/health`)", *web, limits=probe),
        ],
        "tls": {"secretName": secret} if secret else {},
    }
