"""One Odoo workload: web, websocket, cron, integration or reporting."""

from collections.abc import Mapping
from math import ceil
from typing import TypedDict

import pulumi
import pulumi_kubernetes as k8s

from odoo_estate.kubernetes.metadata import object_metadata
from odoo_estate.kubernetes.network_policies import ODOO
from odoo_estate.kubernetes.pod import pod_template, resources, scratch, security_context, spread
from odoo_estate.odoo.conf import DATA
from odoo_estate.plan import HEALTH_PATH, TURNS, TURNS_ADDONS, OdooPlan, WorkloadPlan

CONFIGURATION = "/etc/odoo"
SESSIONS = "sessions.url"
TRUST = "pooler-trust"
"""Kubernetes Secret with the authority of the pooler's certificate."""
TRUST_FOLDER = "/etc/ssl/pooler"
TEMPORARY_MIB = 1024
"""Uploads and reports in the making; counts against the node's ephemeral storage."""
PRE_STOP_SECONDS = 15
"""Time for the ingress to hear that the pod leaves, before Odoo stops accepting."""
READY = f"{HEALTH_PATH}?db_server_status=1"
"""Also opens a cursor on the database server (Odoo 17 and later, ``addons/web/controllers/home.py``): whether it can be of use to anybody."""
PROBE_SECONDS = 30
"""Between two questions whether the server is alive."""


class OdooWorkloadArgs(TypedDict):
    """Inputs of an `OdooWorkload`."""

    workload: str
    plan: WorkloadPlan
    odoo: OdooPlan
    namespace: str
    labels: Mapping[str, str]
    service_account: str
    configuration: pulumi.Input[str]
    """Kubernetes Secret with ``WORKLOAD.conf``; its name changes with its content, and the pods with it."""
    environment: Mapping[str, pulumi.Input[str]]
    turns: str
    """ConfigMap with the module `TURNS`, where ``plan`` has turns."""
    sessions: bool
    """The Secret also holds the session store's URL (`SESSIONS`)."""


class OdooWorkload(pulumi.ComponentResource):
    """A deployment, and where they apply a service, an autoscaler and a disruption budget."""

    def __init__(self, name: str, args: OdooWorkloadArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("odoo-estate:odoo:OdooWorkload", name, None, opts)
        plan = args["plan"]
        child = pulumi.ResourceOptions(parent=self)
        k8s.apps.v1.Deployment(f"{name}-deployment", metadata=metadata(args), spec=deployment(args), opts=child)
        if plan.max_replicas > 1:
            k8s.policy.v1.PodDisruptionBudget(
                f"{name}-disruption", metadata=metadata(args), spec=disruption(args), opts=child
            )
        if plan.port is not None and plan.routed:
            k8s.core.v1.Service(f"{name}-service", metadata=metadata(args), spec=service(args, plan.port), opts=child)
        if scales(plan):
            k8s.autoscaling.v2.HorizontalPodAutoscaler(
                f"{name}-autoscaler", metadata=metadata(args), spec=autoscaler(args), opts=child
            )
        self.register_outputs({})


def object_name(workload: str) -> str:
    """What a workload's deployment, service, budget and autoscaler are called in their namespace."""
    return f"odoo-{workload}"


def selector(args: OdooWorkloadArgs) -> dict[str, str]:
    return {**ODOO, "app.kubernetes.io/component": args["workload"]}


def metadata(args: OdooWorkloadArgs) -> k8s.meta.v1.ObjectMetaArgsDict:
    return object_metadata(object_name(args["workload"]), args["namespace"], {**args["labels"], **selector(args)})


def scales(plan: WorkloadPlan) -> bool:
    return plan.max_replicas > plan.min_replicas


def deployment(args: OdooWorkloadArgs) -> k8s.apps.v1.DeploymentSpecArgsDict:
    plan = args["plan"]
    spec: k8s.apps.v1.DeploymentSpecArgsDict = {
        "revision_history_limit": 3,
        "progress_deadline_seconds": 900,
        "selector": {"match_labels": selector(args)},
        "strategy": strategy(plan),
        "template": pod_template(
            labels={**args["labels"], **selector(args)},
            containers=[container(args)],
            volumes=[
                {
                    "name": "configuration",
                    "secret": {
                        "secret_name": args["configuration"],
                        "items": [{"key": f"{args['workload']}.conf", "path": "odoo.conf"}],
                    },
                },
                {"name": "trust", "secret": {"secret_name": TRUST, "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
                scratch("data", args["odoo"].data_volume_mib),
                scratch("temporary", TEMPORARY_MIB),
                *turns_volume(args),
            ],
            uid=args["odoo"].uid,
            gid=args["odoo"].gid,
            service_account=args["service_account"],
            grace_seconds=plan.grace_seconds,
            priority_class=plan.priority_class,
            node_selector=plan.node_selector,
            tolerations=plan.tolerations,
            spread_over=spread(selector(args), zones=plan.spread_zones) if plan.max_replicas > 1 else (),
        ),
    }
    if not scales(plan):  # the autoscaler owns the number otherwise
        spec["replicas"] = plan.min_replicas
    return spec


def disruption(args: OdooWorkloadArgs) -> k8s.policy.v1.PodDisruptionBudgetSpecArgsDict:
    """One at a time. Said as "one may be missing", because "one must be there" would block every drain while the autoscaler keeps one."""
    return {
        "max_unavailable": 1,
        "unhealthy_pod_eviction_policy": "AlwaysAllow",
        "selector": {"match_labels": selector(args)},
    }


def strategy(plan: WorkloadPlan) -> k8s.apps.v1.DeploymentStrategyArgsDict:
    if plan.recreate:
        return {"type": "Recreate"}
    return {"type": "RollingUpdate", "rolling_update": {"max_surge": 1, "max_unavailable": 0}}


def container(args: OdooWorkloadArgs) -> k8s.core.v1.ContainerArgsDict:
    plan = args["plan"]
    spec: k8s.core.v1.ContainerArgsDict = {
        "name": "odoo",
        "image": args["odoo"].image,
        # Not the image's entry point: it reads the password out of odoo.conf and puts it on the command line.
        "command": ["odoo"],
        "args": list(plan.arguments),
        "env": environment(args),
        "resources": resources(plan.size),
        "security_context": security_context(),
        "volume_mounts": [
            {"name": "configuration", "mount_path": CONFIGURATION, "read_only": True},
            {"name": "trust", "mount_path": TRUST_FOLDER, "read_only": True},
            {"name": "data", "mount_path": DATA},
            {"name": "temporary", "mount_path": "/tmp"},
            *turns_mount(plan),
        ],
    }
    return spec if plan.port is None else serving(spec, plan, plan.port)


def turns_volume(args: OdooWorkloadArgs) -> list[k8s.core.v1.VolumeArgsDict]:
    """The module by which shared job processes take turns."""
    return [{"name": "turns", "config_map": {"name": args["turns"]}}] if args["plan"].turns else []


def turns_mount(plan: WorkloadPlan) -> list[k8s.core.v1.VolumeMountArgsDict]:
    folder = f"{TURNS_ADDONS}/{TURNS}"
    return [{"name": "turns", "mount_path": folder, "read_only": True}] if plan.turns else []


def environment(args: OdooWorkloadArgs) -> list[k8s.core.v1.EnvVarArgsDict]:
    plain = {
        "ODOO_RC": f"{CONFIGURATION}/odoo.conf",
        # An arbitrary user has no home of its own, and the root file system is read-only.
        "HOME": DATA,
        "XDG_CACHE_HOME": "/tmp/cache",
        # libpq reads it from here; Odoo has no setting for it.
        "PGSSLROOTCERT": f"{TRUST_FOLDER}/ca.crt",
        **args["environment"],
    }
    variables: list[k8s.core.v1.EnvVarArgsDict] = [{"name": name, "value": value} for name, value in plain.items()]
    if turns := args["plan"].turns:
        variables += [
            {"name": "ESTATE_TURNS_POOL", "value": args["workload"]},
            {"name": "ESTATE_TURNS_SHARE", "value": str(turns)},
        ]
    if args["sessions"]:
        source: k8s.core.v1.EnvVarSourceArgsDict = {"secret_key_ref": {"name": args["configuration"], "key": SESSIONS}}
        variables.append({"name": "ODOO_SESSION_REDIS_URL", "value_from": source})
    return variables


def serving(spec: k8s.core.v1.ContainerArgsDict, plan: WorkloadPlan, port: int) -> k8s.core.v1.ContainerArgsDict:
    """``spec`` with what a container that answers HTTP has: a port, probes and time to leave.

    Started means that the registry is loaded: the workers answer after that. Ready means that it also reaches its database, and stays so through half
    a minute in which all workers are busy. Dead is a server that stays silent for longer than its longest request or job may take, with a
    minute to spare: a busy one is not taken for it.
    """
    health: k8s.core.v1.HTTPGetActionArgsDict = {"path": HEALTH_PATH, "port": "http"}
    ready: k8s.core.v1.HTTPGetActionArgsDict = {"path": READY, "port": "http"}
    silent = ceil((plan.longest_seconds + 60) / PROBE_SECONDS)
    return {
        **spec,
        "ports": [{"name": "http", "container_port": port, "protocol": "TCP"}],
        "startup_probe": {"http_get": health, "period_seconds": 10, "failure_threshold": 60, "timeout_seconds": 5},
        "readiness_probe": {"http_get": ready, "period_seconds": 10, "failure_threshold": 3, "timeout_seconds": 10},
        "liveness_probe": {
            "http_get": health,
            "period_seconds": PROBE_SECONDS,
            "failure_threshold": silent,
            "timeout_seconds": 10,
        },
        "lifecycle": {"pre_stop": {"sleep": {"seconds": PRE_STOP_SECONDS}}},
    }


def service(args: OdooWorkloadArgs, port: int) -> k8s.core.v1.ServiceSpecArgsDict:
    """Its port is its target's: the VPC CNI judges packets before the address is translated."""
    return {
        "type": "ClusterIP",
        "selector": selector(args),
        "ports": [{"name": "http", "port": port, "target_port": port, "protocol": "TCP"}],
    }


def autoscaler(args: OdooWorkloadArgs) -> k8s.autoscaling.v2.HorizontalPodAutoscalerSpecArgsDict:
    """Grows by what lasts for a minute, a pod at a time, and shrinks slowly: Odoo needs a while to warm its registry, and a burst that is over before
    a pod has started is no reason for one (docs/decisions/0019)."""
    plan = args["plan"]
    return {
        "scale_target_ref": {"api_version": "apps/v1", "kind": "Deployment", "name": object_name(args["workload"])},
        "min_replicas": plan.min_replicas,
        "max_replicas": plan.max_replicas,
        "metrics": [
            {
                "type": "ContainerResource",
                "container_resource": {
                    "name": "cpu",
                    "container": "odoo",
                    "target": {"type": "Utilization", "average_utilization": plan.target_cpu_percent},
                },
            }
        ],
        "behavior": {
            "scale_up": {
                "stabilization_window_seconds": 60,
                "policies": [{"type": "Pods", "value": 1, "period_seconds": 60}],
            },
            "scale_down": {
                "stabilization_window_seconds": 600,
                "policies": [{"type": "Pods", "value": 1, "period_seconds": 120}],
            },
        },
    }
