"""Third parties' controllers and the values that make them fit: on the system pool, with enough replicas, and closed by default."""

from collections.abc import Mapping

from odoo_estate.decide import shared
from odoo_estate.decide.cluster import versions as cluster_versions
from odoo_estate.decide.context import Context
from odoo_estate.decide.firewall import behind_firewall
from odoo_estate.decide.private_access import private_access_plan
from odoo_estate.decide.shared import SYSTEM_POOL
from odoo_estate.decide.sizing import Pods
from odoo_estate.decide.tags import POOL
from odoo_estate.plan import PAGES, TENANT_HEADER, ChartPlan, Json
from odoo_estate.spec.catalog import Chart

REPLICAS = 2
"""One may be drained while the other works."""
INGRESS_MILLICORES = 250
INGRESS_MIB = 256
READ_SECONDS = 720
"""Traefik reads a request's body so long at most: uploads of large attachments over slow lines (its default is 60)."""
LEAVE_SECONDS = 20
"""A replica that leaves takes new connections so long: until the load balancer has learned of it."""
FINISH_SECONDS = 120
"""Then it lets requests finish so long: Odoo's longest."""
METRICS_DAYS = 15
TRAEFIK = "traefik"


def chart_plans(context: Context, cell: str) -> dict[str, ChartPlan]:
    """Release name to its chart: one Traefik per service class of the cell, because each takes the routes of one ingress class only."""
    charts = context.catalog.versions.charts
    plans: dict[str, ChartPlan] = {}
    for key, chart in charts.items():
        if key == TRAEFIK:
            for service_class in shared.band(context, cell).serves:
                entry = shared.ingress_class(service_class)
                release = shared.ingress_release(entry)
                firewalled = behind_firewall(context, service_class)
                values = _traefik(context, cell, entry, release, chart.namespace, firewalled=firewalled)
                plans[release] = _plan(chart, values)
        elif key in VALUES:
            plans[key] = _plan(chart, VALUES[key](context, cell))
        else:
            plans[key] = _plan(chart, {})
    return plans


def _plan(chart: Chart, values: Mapping[str, Json]) -> ChartPlan:
    return ChartPlan(
        chart=chart.chart,
        repository=chart.repository,
        version=chart.version,
        namespace=chart.namespace,
        values=values,
    )


def placed(context: Context, cell: str) -> dict[str, Json]:
    """Node selector and toleration of the system pool, where the cell's band has one."""
    pool = shared.band(context, cell).node_pools.get(SYSTEM_POOL)
    if pool is None:
        return {}
    selected: dict[str, Json] = {"nodeSelector": {POOL: SYSTEM_POOL}}
    if pool.tainted:
        selected["tolerations"] = [{"key": POOL, "operator": "Equal", "value": SYSTEM_POOL, "effect": "NoSchedule"}]
    return selected


ADDONS = Pods(cpu_millicores=520, memory_mib=1020, pods=6, largest_cpu_millicores=100, largest_memory_mib=240)
"""Two pods each of CoreDNS (100 m, 70 MiB), the metrics server (100 m, 200 MiB) and the EBS driver's controller (6 containers of 10 m and 40 MiB):
the add-ons' own defaults."""


def requested(context: Context, cell: str) -> Pods:
    """What controllers and add-ons take from the system pool at most."""
    found = ADDONS
    for chart in chart_plans(context, cell).values():
        found += _pods(chart.values)
    return found


def _pods(values: Mapping[str, Json]) -> Pods:
    """The sum over a chart's values: whoever has ``resources`` there is a deployment."""
    found = Pods()
    size = _inner(_inner(values, "resources"), "requests")
    if size:
        count = _replicas(values)
        cpu, memory = int(str(size["cpu"]).removesuffix("m")), int(str(size["memory"]).removesuffix("Mi"))
        found = Pods(
            cpu_millicores=cpu * count,
            memory_mib=memory * count,
            pods=count,
            largest_cpu_millicores=cpu,
            largest_memory_mib=memory,
        )
    for key, part in values.items():
        if isinstance(part, dict) and key != "resources":
            found += _pods(part)
    return found


def _replicas(values: Mapping[str, Json]) -> int:
    most = (
        _inner(values, "autoscaling").get("maxReplicas")
        or _inner(values, "deployment").get("replicas")
        or values.get("replicaCount", 1)
    )
    assert isinstance(most, int)
    return most


def _inner(values: Mapping[str, Json], key: str) -> Mapping[str, Json]:
    one = values.get(key)
    return one if isinstance(one, dict) else {}


def _requests(millicores: int, mib: int) -> dict[str, Json]:
    return {"requests": {"cpu": f"{millicores}m", "memory": f"{mib}Mi"}, "limits": {"memory": f"{mib}Mi"}}


def _traefik(
    context: Context, cell: str, entry: str, release: str, namespace: str, *, firewalled: bool
) -> Mapping[str, Json]:
    """One class's ingress: routes of its ingress class from every namespace, none across namespaces, and no internal API for tenants.

    No autoscaler: load is what an attacker has plenty of, and every replica counts limits for itself. `Ingress` objects are not read at all:
    they would be a second way to claim a host. Who the client is, a network load balancer says by proxy protocol, an application load balancer
    (``firewalled``) by X-Forwarded-For; each is believed from the load balancers' subnets only.
    """
    balancers: Json = [*public_cidrs(context, cell)]
    private = private_access_plan(context, cell)
    trusted: Json = {"trustedIPs": balancers}
    believed: dict[str, Json] = {"forwardedHeaders": trusted} if firewalled else {"proxyProtocol": trusted}
    if private and private.ingress == entry:
        believed["proxyProtocol"] = (
            trusted  # the private balancer is a network load balancer, whatever stands beside it
        )
    own: Json = {"app.kubernetes.io/name": "traefik", "app.kubernetes.io/instance": f"{release}-{namespace}"}
    return {
        **placed(context, cell),
        "priorityClassName": shared.PLATFORM_PRIORITY,
        "deployment": {
            "replicas": context.catalog.assumptions.ingress_replicas,
            "terminationGracePeriodSeconds": LEAVE_SECONDS + FINISH_SECONDS + 10,
        },
        "podDisruptionBudget": {"enabled": True, "maxUnavailable": 1},
        "topologySpreadConstraints": [
            {
                "maxSkew": 1,
                "topologyKey": "topology.kubernetes.io/zone",
                "whenUnsatisfiable": "ScheduleAnyway",
                "labelSelector": {"matchLabels": own},
            }
        ],
        "resources": _requests(INGRESS_MILLICORES, INGRESS_MIB),
        "ingressClass": {"enabled": False},
        "ingressRoute": {"dashboard": {"enabled": False}},
        "providers": {
            "kubernetesCRD": {"enabled": True, "ingressClass": entry, "allowCrossNamespace": False},
            "kubernetesIngress": {"enabled": False},
        },
        "metrics": {"prometheus": {"addRoutersLabels": True}},
        "ports": {
            "web": {
                "http": {"redirections": {"entryPoint": {"to": "websecure", "scheme": "https", "permanent": True}}},
                **believed,
            },
            "websecure": {
                **believed,
                "transport": {"respondingTimeouts": {"readTimeout": READ_SECONDS}},
            },
        },
        "additionalArguments": [*_traefik_arguments(namespace, firewalled=firewalled)],
        # The platform makes the load balancer's Service itself: it needs its address, and has to remove it before its controller.
        "service": {"enabled": False},
    }


def _traefik_arguments(namespace: str, *, firewalled: bool) -> tuple[str, ...]:
    """Traefik's own options (3.7), where the chart has no value for one or renamed it between versions: chart 41 refuses ``logs``, and leaves out
    what is false. Behind a network load balancer forwarded headers are believed from nobody: it sends none, and by its proxy protocol every
    connection already has the client's own address."""
    crd, secure = "--providers.kubernetescrd", "--entrypoints.websecure"
    return (
        # Otherwise "a-b" of namespace "c" and "b" of namespace "c-a" are one middleware.
        f"{crd}.safenaming=true",
        # Unset, every namespace may route to api@internal.
        f"{crd}.crossprovidernamespaces={namespace}",
        # Unset, any namespace may replace the TLS settings of all.
        f"{crd}.defaulttlsresourcesnamespace={shared.BEHIND_BALANCER_NAMESPACE if firewalled else namespace}",
        # Odoo takes the last address of X-Forwarded-For for the client's: Traefik must not write the load balancer's behind it.
        *([f"{secure}.forwardedheaders.notappendxforwardedfor=true"] if firewalled else ()),
        # WSGI turns X_Odoo_dbfilter into the same variable as X-Odoo-dbfilter.
        *(f"--entrypoints.{one}.http.underscoreheadersstrategy=delete" for one in ("web", "websecure")),
        f"{secure}.http.middlewares={namespace}_{PAGES}@kubernetescrd",
        f"{secure}.http.encodedcharacters.allowencodednullcharacter=false",
        f"{secure}.http.encodedcharacters.allowencodedbackslash=false",
        f"{secure}.transport.lifecycle.requestacceptgracetimeout={LEAVE_SECONDS}",
        f"{secure}.transport.lifecycle.gracetimeout={FINISH_SECONDS}",
        "--accesslog=true",
        "--accesslog.format=json",
        # Tokens travel in query strings (password reset, shared documents) and headers (sessions, API keys).
        "--accesslog.fields.queryparameters.defaultmode=drop",
        "--accesslog.fields.headers.defaultmode=drop",
        f"--accesslog.fields.headers.names.{TENANT_HEADER}=keep",
        "--accesslog.fields.names.ClientUsername=drop",
    )


def public_cidrs(context: Context, cell: str) -> list[str]:
    """The subnets of the cell's load balancers, whose proxy protocol the ingress believes."""
    return [zone.public_cidr for zone in shared.zones(context, cell).values()]


def _external_secrets(context: Context, cell: str) -> Mapping[str, Json]:
    """Stores of single namespaces only: a cluster-wide store would serve every namespace."""
    spot = placed(context, cell)
    return {
        **spot,
        "replicaCount": REPLICAS,
        "leaderElect": True,
        "priorityClassName": shared.PLATFORM_PRIORITY,
        "processClusterStore": False,
        "processClusterExternalSecret": False,
        "serviceAccount": {"name": "external-secrets"},
        "resources": _requests(50, 256),
        "webhook": {**spot, "resources": _requests(25, 128)},
        "certController": {**spot, "resources": _requests(25, 128)},
    }


def _cert_manager(context: Context, cell: str) -> Mapping[str, Json]:
    spot = placed(context, cell)
    return {
        **spot,
        "crds": {"enabled": True, "keep": True},
        "global": {"priorityClassName": shared.PLATFORM_PRIORITY},
        "replicaCount": REPLICAS,
        "serviceAccount": {"name": "cert-manager"},
        # Where names are filtered, those of Route 53's own servers do not resolve: proofs are checked through the network's resolver alone.
        **({"extraArgs": ["--dns01-recursive-nameservers-only"]} if shared.egress_names(context, cell) else {}),
        "resources": _requests(50, 256),
        "webhook": {**spot, "replicaCount": REPLICAS, "resources": _requests(25, 128)},
        "cainjector": {**spot, "resources": _requests(25, 256)},
        "startupapicheck": {**spot},
    }


def _load_balancers(context: Context, cell: str) -> Mapping[str, Json]:
    target = shared.target(context, cell)
    return {
        **placed(context, cell),
        "clusterName": shared.cluster(context, cell),
        "region": target.region,
        "replicaCount": REPLICAS,
        "priorityClassName": shared.PLATFORM_PRIORITY,
        "serviceAccount": {"name": "aws-load-balancer-controller"},
        "resources": _requests(100, 256),
        # Only services that ask for it by class: nothing else becomes a load balancer by accident.
        "enableServiceMutatorWebhook": False,
    }


def _autoscaler(context: Context, cell: str) -> Mapping[str, Json]:
    """Scales every node group of the cluster within its bounds. The region has to be said: pods cannot ask the metadata service."""
    version, _ = cluster_versions(context, cell)
    return {
        **placed(context, cell),
        "fullnameOverride": "cluster-autoscaler",
        "cloudProvider": "aws",
        "awsRegion": shared.target(context, cell).region,
        "autoDiscovery": {"clusterName": shared.cluster(context, cell)},
        "image": {"tag": context.catalog.versions.kubernetes_releases[version].cluster_autoscaler},
        "replicaCount": REPLICAS,
        "priorityClassName": shared.PLATFORM_PRIORITY,
        "podDisruptionBudget": {"maxUnavailable": 1},
        "rbac": {"serviceAccount": {"create": True, "name": "cluster-autoscaler"}},
        "resources": _requests(100, 400),
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 65534,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containerSecurityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        },
        "extraArgs": {
            "balance-similar-node-groups": True,
            # The group that leaves the least idle.
            "expander": "least-waste",
            # Odoo's pods have scratch on the node and nothing else there: their nodes may go as well.
            "skip-nodes-with-local-storage": False,
            "skip-nodes-with-system-pods": False,
        },
    }


def _monitoring(context: Context, cell: str) -> Mapping[str, Json]:
    spot = placed(context, cell)
    return {
        "defaultRules": {"create": True},
        "grafana": {**spot, "resources": _requests(100, 512)},
        "kube-state-metrics": {**spot, "resources": _requests(50, 256)},
        "prometheusOperator": {**spot, "resources": _requests(50, 256)},
        "alertmanager": {"alertmanagerSpec": {**spot, "resources": _requests(50, 256)}},
        "prometheus": {
            "prometheusSpec": {
                **spot,
                "priorityClassName": shared.PLATFORM_PRIORITY,
                "retention": f"{METRICS_DAYS}d",
                "resources": _requests(500, 2048),
                # Otherwise monitors and rules without the release's label are not seen.
                "podMonitorSelectorNilUsesHelmValues": False,
                "probeSelectorNilUsesHelmValues": False,
                "ruleSelectorNilUsesHelmValues": False,
                "serviceMonitorSelectorNilUsesHelmValues": False,
            }
        },
    }


VALUES = {
    "aws-load-balancer-controller": _load_balancers,
    "cert-manager": _cert_manager,
    "cluster-autoscaler": _autoscaler,
    "external-secrets": _external_secrets,
    "kube-prometheus-stack": _monitoring,
}
"""Catalog key to the values of its chart."""
