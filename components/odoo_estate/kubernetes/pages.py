"""What people see instead of Odoo, in their brand: maintenance, a suspended contract, workers that do not answer."""

from collections.abc import Mapping
from html import escape
from typing import TypedDict

import pulumi
import pulumi_kubernetes as k8s

from odoo_estate.kubernetes.checksum import checksum
from odoo_estate.kubernetes.metadata import object_metadata
from odoo_estate.kubernetes.pod import pod_template, resources, scratch, security_context, spread
from odoo_estate.kubernetes.route import API, BRAND_HEADER, CLOSED
from odoo_estate.plan import PAGES, PagesPlan

PORT = 8080
UID = 101
"""Of the image nginx-unprivileged."""
FOLDER = "/pages"
STATUSES = ("423", "502-504")
"""Suspended, and everything that says: not now. Odoo's own 500 stays: it carries the error that a developer looks for."""
TEXTS = {
    CLOSED["suspended"]: ("Suspended", "This service is suspended. Nothing is lost. Please write to us:"),
    CLOSED["maintenance"]: ("Back soon", "We are working on this service. It comes back by itself; for questions:"),
}
RETRY_SECONDS = 120


class PagesArgs(TypedDict):
    """Inputs of `Pages`."""

    plan: PagesPlan
    labels: Mapping[str, str]


class Pages(pulumi.ComponentResource):
    """A static web server, and the middleware by which every ingress shows its pages. Requests for them carry the brand and nothing else: no
    session, no key, no query."""

    def __init__(self, name: str, args: PagesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("odoo-estate:kubernetes:Pages", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        plan = args["plan"]
        head = object_metadata(PAGES, plan.namespace, args["labels"])
        k8s.core.v1.ConfigMap(f"{name}-files", metadata=head, data=files(plan.brands), opts=child)
        k8s.apps.v1.Deployment(f"{name}-deployment", metadata=head, spec=deployment(args), opts=child)
        k8s.core.v1.Service(
            f"{name}-service",
            metadata=head,
            spec={
                "selector": selector(),
                "ports": [{"name": "http", "port": PORT, "target_port": PORT, "protocol": "TCP"}],
            },
            opts=child,
        )
        k8s.policy.v1.PodDisruptionBudget(
            f"{name}-disruption",
            metadata=head,
            spec={
                "max_unavailable": 1,
                "unhealthy_pod_eviction_policy": "AlwaysAllow",
                "selector": {"match_labels": selector()},
            },
            opts=child,
        )
        k8s.apiextensions.CustomResource(
            f"{name}-middleware",
            api_version=API,
            kind="Middleware",
            metadata=head,
            spec={
                "errors": {
                    "status": list(STATUSES),
                    "service": {"name": PAGES, "port": PORT},
                    "query": "/{status}",
                    # Without this list the page's server would get the session cookie and the API key.
                    "errorRequestHeaders": [BRAND_HEADER],
                }
            },
            opts=child,
        )
        self.register_outputs({})


def selector() -> dict[str, str]:
    return {"app.kubernetes.io/name": PAGES}


def files(brands: Mapping[str, tuple[str, str]]) -> dict[str, str]:
    """The web server's configuration, and a page for each brand and status."""
    pages = {
        f"{brand}.{status}.html": page(name, contact, *text)
        for brand, (name, contact) in brands.items()
        for status, text in TEXTS.items()
    }
    return {"nginx.conf": configuration(brands), **pages}


def configuration(brands: Mapping[str, tuple[str, str]]) -> str:
    """The first brand is everybody's who names none. Only names from this map ever reach the file system."""
    header = BRAND_HEADER.lower().replace("-", "_")
    first, *_ = brands
    known = "".join(f"    {brand} {brand};\n" for brand in brands)
    return f"""\
worker_processes 1;
pid /tmp/nginx.pid;
error_log stderr warn;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  server_tokens off;
  default_type text/html;
  charset utf-8;
  client_body_temp_path /tmp/body;
  proxy_temp_path /tmp/proxy;
  fastcgi_temp_path /tmp/fastcgi;
  uwsgi_temp_path /tmp/uwsgi;
  scgi_temp_path /tmp/scgi;
  map $http_{header} $brand {{
    default {first};
{known}  }}
  map $request_uri $retry {{ default {RETRY_SECONDS}; /{CLOSED["suspended"]} ""; }}
  server {{
    listen {PORT};
    root {FOLDER};
    location = /alive {{ return 204; }}
    location ~ ^/([0-9]+)$ {{
      add_header Cache-Control no-store;
      add_header Retry-After $retry;
      try_files /$brand.$1.html /$brand.{CLOSED["maintenance"]}.html =404;
    }}
  }}
}}
"""


def page(brand: str, contact: str, title: str, text: str) -> str:
    brand, contact = escape(brand), escape(contact)
    return f"""\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>{title} · {brand}</title>
<style>body{{font:1.1rem/1.6 system-ui,sans-serif;max-width:34rem;margin:18vh auto;padding:0 1rem;color:#222}}</style>
</head>
<body>
<h1>{brand}</h1>
<p>{text} <a href="mailto:{contact}">{contact}</a></p>
</body>
</html>
"""


def deployment(args: PagesArgs) -> k8s.apps.v1.DeploymentSpecArgsDict:
    plan = args["plan"]
    return {
        "replicas": plan.replicas,
        "revision_history_limit": 3,
        "selector": {"match_labels": selector()},
        "template": pod_template(
            labels={**args["labels"], **selector()},
            annotations={"odoo-estate/configuration": checksum(*files(plan.brands).values())},
            containers=[container(plan)],
            volumes=[{"name": "files", "config_map": {"name": PAGES}}, scratch("tmp", 16)],
            uid=UID,
            gid=UID,
            service_account="default",
            grace_seconds=15,
            priority_class=plan.priority_class,
            node_selector=plan.node_selector,
            tolerations=plan.tolerations,
            spread_over=spread(selector(), zones=True),
        ),
    }


def container(plan: PagesPlan) -> k8s.core.v1.ContainerArgsDict:
    alive: k8s.core.v1.ProbeArgsDict = {"http_get": {"path": "/alive", "port": PORT}, "period_seconds": 10}
    return {
        "name": "nginx",
        "image": plan.image,
        "command": ["nginx", "-e", "stderr", "-c", f"{FOLDER}/nginx.conf", "-g", "daemon off;"],
        "ports": [{"name": "http", "container_port": PORT}],
        "resources": resources(plan.size),
        "security_context": security_context(),
        "readiness_probe": alive,
        "liveness_probe": alive,
        "lifecycle": {"pre_stop": {"sleep": {"seconds": 5}}},
        "volume_mounts": [
            {"name": "files", "mount_path": FOLDER, "read_only": True},
            {"name": "tmp", "mount_path": "/tmp"},
        ],
    }
