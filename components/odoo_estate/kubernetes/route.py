"""The public way to one tenant environment, through Traefik."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

import pulumi
import pulumi_kubernetes as k8s

from odoo_estate.kubernetes.metadata import object_metadata
from odoo_estate.kubernetes.network_policies import HTTP_PORT, WEBSOCKET_PORT
from odoo_estate.plan import HEALTH_PATH, TENANT_HEADER, ClientLimits, IntegrationRoutePlan, RoutePlan

DATABASE_HEADER = "X-Odoo-dbfilter"
BRAND_HEADER = "X-Estate-Brand"
API = "traefik.io/v1alpha1"
ENTRY_POINT = "websecure"
PRIORITIES = {"site": 10, "keyed": 12, "rpc": 12, "integration": 14, "login": 20, "websocket": 30, "health": 40}
"""Explicit, because Traefik otherwise goes by the rule's length, and a neighbour could win with a longer one."""
SHARED = {
    "login": "shared-login",
    "body": "shared-body",
    "api-key": "shared-api-key",
    "api-client": "shared-api-client",
}
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
"""Where passwords are tried. ``/jsonrpc`` has its method in the body: it is limited by client, as all remote procedures are."""
KEYED = f"(?i)^{SLASH}{LANGUAGE}json{SLASH}[0-9]+{END}"
"""Odoo's own interface since 19: who calls says so by a key in the header Authorization."""
PROCEDURES = f"(?i)^{SLASH}{LANGUAGE}(?:jsonrpc|xmlrpc){END}"
"""Remote procedures: who calls stands in the body, so the client's address tells callers apart."""
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
    limits: ClientLimits,
    opts: pulumi.ResourceOptions,
) -> None:
    """The middlewares that all routes of a pooled namespace refer to (`SHARED`). Each route counts for itself, whoever else refers to them."""
    for key, spec in shared_limits(limits).items():
        middleware(f"{name}-{key}", object_metadata(SHARED[key], namespace, labels), spec, opts)


class Route(pulumi.ComponentResource):
    """Hosts, certificates and limits of one tenant. Its limits are objects of its own: they count this tenant's requests only.

    The name in the cell's zone is served with the entry's own certificate. The customer's own domains get one only once their owner has delegated
    the proof, and that keeps nobody else waiting.
    """

    def __init__(self, name: str, args: RouteArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("odoo-estate:kubernetes:Route", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        plan = args["plan"]
        limits = {
            **tenant_limits(plan),
            **shared_limits(plan.clients),
            **{f"from-{key}": integration_limit(one) for key, one in plan.integrations.items()},
        }
        chosen = {key: args["shared"].get(key, f"{args['name']}-{key}") for key in limits}
        for key, spec in limits.items():
            if key not in args["shared"]:
                head = object_metadata(chosen[key], args["namespace"], args["labels"])
                middleware(f"{name}-{key}", head, spec, child)
        way_in(name, args, middlewares=chosen, opts=child)
        self.register_outputs({})


def way_in(name: str, args: RouteArgs, *, middlewares: Mapping[str, str], opts: pulumi.ResourceOptions) -> None:
    """The routes, and a certificate for what the entry's own does not cover. Until that one is there only its own hosts are refused."""
    plan, secret = args["plan"], ""
    if plan.own_certificate:
        domains = plan.own_certificate != tuple(plan.zones)
        suffix = "-domains" if domains else ""
        secret = f"{args['name']}{suffix}-tls"
        k8s.apiextensions.CustomResource(
            f"{name}{suffix}-certificate",
            api_version="cert-manager.io/v1",
            kind="Certificate",
            metadata=object_metadata(f"{args['name']}{suffix}", args["namespace"], args["labels"]),
            spec=certificate(plan.own_certificate, secret, plan.certificate_issuer),
            opts=opts,
        )
    k8s.apiextensions.CustomResource(
        f"{name}-route",
        api_version=API,
        kind="IngressRoute",
        metadata=object_metadata(args["name"], args["namespace"], args["labels"]),
        spec=ingress(plan.served, secret, args, middlewares),
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
        found["gate"] = {
            "ipAllowList": {"sourceRange": list(plan.allow_from), **client_address(firewalled=plan.firewalled)}
        }
    return found


def identity(plan: RoutePlan) -> dict[str, str]:
    """Request headers that are ours to set, over whatever a client sends under these names. Shared workers are told by one which database a
    request is for (OCA/server-tools, ``dbfilter_from_header``); workers of one tenant get none (Traefik drops a header with an empty value)."""
    return {TENANT_HEADER: plan.tenant, BRAND_HEADER: plan.brand, DATABASE_HEADER: plan.database_filter}


def client_address(*, firewalled: bool) -> dict[str, Any]:
    """Where a middleware finds the client's address: the connection has it, or the load balancer wrote it last into X-Forwarded-For."""
    return {"ipStrategy": {"depth": 1}} if firewalled else {}


def shared_limits(limits: ClientLimits) -> dict[str, dict[str, Any]]:
    """What tenants of one class may have in common, because it counts single clients: logins and remote procedures by their address, requests
    with a key by the key, which is the integration's own; and request size. A key made up anew for every request is worth nothing: the
    tenant's own limit stands before these."""

    def limit(per_minute: int, burst: int, **source: Any) -> dict[str, Any]:
        told = {"sourceCriterion": source} if source else {}
        return {"rateLimit": {"average": per_minute, "period": "1m", "burst": burst, **told}}

    by_client = client_address(firewalled=limits.firewalled)
    return {
        "login": limit(limits.login_per_minute, limits.login_per_minute, **by_client),
        "api-key": limit(limits.api_per_minute, limits.api_burst, requestHeaderName="Authorization"),
        "api-client": limit(limits.api_per_minute, limits.api_burst, **by_client),
        "body": {
            "buffering": {"maxRequestBodyBytes": limits.body_mib * 1024 * 1024, "memRequestBodyBytes": 1024 * 1024}
        },
    }


def integration_limit(plan: IntegrationRoutePlan) -> dict[str, Any]:
    """Of all that call one path together."""
    source = {"requestHeaderName": TENANT_HEADER}
    return {"rateLimit": {"average": plan.per_minute, "period": "1m", "burst": plan.burst, "sourceCriterion": source}}


def spelled(path: str) -> str:
    """A path that begins with ``path``, in every spelling that Odoo's router takes for it."""
    return f"(?i)^{SLASH}{LANGUAGE}{SLASH.join(re.escape(one) for one in path.strip('/').split('/'))}{END}"


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
    served = f"!PathRegexp(`{MANAGER}`)"
    login = f"Method(`POST`) && PathRegexp(`{LOGIN}`)"
    return {
        "ingressClassName": args["plan"].ingress_class,
        "entryPoints": [ENTRY_POINT],
        "routes": [
            route("site", served, *web, limits=[*every, "concurrency", "body"]),
            route("keyed", f"PathRegexp(`{KEYED}`)", *web, limits=[*every, "api-key", "concurrency", "body"]),
            route(
                "rpc",
                f"PathRegexp(`{PROCEDURES}`) && {served}",
                *web,
                limits=[*every, "api-client", "concurrency", "body"],
            ),
            *(
                route(
                    "integration",
                    f"PathRegexp(`{spelled(one.path)}`)",
                    *web,
                    limits=[*every, f"from-{key}", "concurrency", "body"],
                )
                for key, one in args["plan"].integrations.items()
            ),
            route("login", login, *web, limits=[*every, "login", "concurrency", "body"]),
            route("websocket", "PathPrefix(`/websocket`)", *websocket, limits=every),
            route("health", f"Path(`{HEALTH_PATH}`)", *web, limits=probe),
        ],
        "tls": {"secretName": secret} if secret else {},
    }
