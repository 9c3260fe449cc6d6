"""PgBouncer in front of one database instance."""

from collections.abc import Mapping, Sequence
from typing import TypedDict

import pulumi
import pulumi_kubernetes as k8s

from odoo_estate.kubernetes import network_policies
from odoo_estate.kubernetes.certificate import certificate
from odoo_estate.kubernetes.external_secret import Source, external_secret
from odoo_estate.kubernetes.metadata import object_metadata
from odoo_estate.kubernetes.namespace import POOLER
from odoo_estate.kubernetes.pgbouncer_ini import (
    CERTIFICATE,
    CONFIGURATION,
    CREDENTIALS,
    FOLLOW,
    HOST,
    PORT,
    REPLICA_PORT,
    SERVER_CA,
    SESSION_PORT,
    pgbouncer_ini,
    replica_ini,
    sessions_ini,
)
from odoo_estate.kubernetes.pod import pod_template, resources, security_context, spread
from odoo_estate.plan import ContainerSize, PoolerPlan

UID = 65532
"""PgBouncer needs no account of its own, only one that is not root."""
GRACE_SECONDS = 150
"""On SIGTERM PgBouncer waits for its clients (since 1.23); Odoo's longest request is 120 s by default."""


class PoolerArgs(TypedDict):
    """Inputs of a `Pooler`."""

    plan: PoolerPlan
    labels: Mapping[str, str]
    host: pulumi.Input[str]
    """The instance's endpoint."""
    replica_host: pulumi.Input[str]
    """Its read replica's, where the pooler leads to one (`PoolerPlan.replica_size`), else empty."""
    database_cidrs: Sequence[str]
    store: str
    """SecretStore of the pooler's namespace."""
    credentials: pulumi.Input[str]
    """Secrets Manager name or ARN of the pooler's login."""
    credentials_version: pulumi.Input[str]


class Pooler(pulumi.ComponentResource):
    """A PgBouncer deployment with its configuration, credentials, service, disruption budget and network policies."""

    host: str
    """The name that clients connect to, on port 5432."""

    def __init__(self, name: str, args: PoolerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("odoo-estate:kubernetes:Pooler", name, None, opts)
        plan = args["plan"]
        self.host = pooler_host(plan)
        child = pulumi.ResourceOptions(parent=self)
        labels = {**args["labels"], **selector(plan)}
        k8s.core.v1.ConfigMap(
            f"{name}-configuration",
            metadata=metadata(plan, labels),
            data=configuration(args),
            opts=child,
        )
        credentials = external_secret(
            f"{name}-credentials",
            secret=plan.name,
            namespace=plan.namespace,
            labels=labels,
            store=args["store"],
            sources=[
                Source(
                    document=args["credentials"],
                    version=args["credentials_version"],
                    fields={"username": "username", "password": "password"},
                )
            ],
            # In clear, because PgBouncer cannot log in to a server with a verifier; the login can do nothing but look verifiers up.
            template={"userlist.txt": '"{{ .username }}" "{{ .password }}"\n'},
            opts=child,
        )
        certificate(
            f"{name}-certificate",
            secret=certificate_secret(plan),
            namespace=plan.namespace,
            labels=labels,
            hosts=[self.host],
            usage="server auth",
            opts=child,
        )
        k8s.apps.v1.Deployment(
            f"{name}-deployment",
            metadata=metadata(plan, labels),
            spec=deployment(args, labels, credentials),
            opts=child,
        )
        k8s.core.v1.Service(
            f"{name}-service",
            metadata=metadata(plan, labels),
            spec={
                "selector": selector(plan),
                "ports": [
                    {"name": key, "port": port, "target_port": port, "protocol": "TCP"}
                    for key, port in ports(plan).items()
                ],
            },
            opts=child,
        )
        k8s.policy.v1.PodDisruptionBudget(
            f"{name}-disruption",
            metadata=metadata(plan, labels),
            spec={
                "max_unavailable": 1,
                "unhealthy_pod_eviction_policy": "AlwaysAllow",
                "selector": {"match_labels": selector(plan)},
            },
            opts=child,
        )
        k8s.networking.v1.NetworkPolicy(
            f"{name}-policy", metadata=metadata(plan, labels), spec=policy(args), opts=child
        )
        self.register_outputs({"host": self.host})


def pooler_host(plan: PoolerPlan) -> str:
    """The name inside the cluster under which a pooler answers."""
    return f"{plan.name}.{plan.namespace}.svc.cluster.local"


def ports(plan: PoolerPlan) -> dict[str, int]:
    """Of the service and of the pods, by name."""
    return {"postgres": PORT, "sessions": SESSION_PORT, **({"replica": REPLICA_PORT} if plan.replica_size else {})}


def configuration(args: PoolerArgs) -> dict[str, pulumi.Input[str]]:
    """A file for each process, and whom they trust."""
    plan = args["plan"]
    files: dict[str, pulumi.Input[str]] = {
        "pgbouncer.ini": with_host(pgbouncer_ini(plan), args["host"]),
        "sessions.ini": with_host(sessions_ini(plan), args["host"]),
        SERVER_CA: plan.server_ca,
    }
    if plan.replica_size:
        files["replica.ini"] = with_host(replica_ini(plan), args["replica_host"])
    return files


def selector(plan: PoolerPlan) -> dict[str, str]:
    return {"app.kubernetes.io/name": plan.name}


def metadata(plan: PoolerPlan, labels: Mapping[str, str]) -> k8s.meta.v1.ObjectMetaArgsDict:
    return object_metadata(plan.name, plan.namespace, labels)


def certificate_secret(plan: PoolerPlan) -> str:
    return f"{plan.name}-tls"


def with_host(text: str, host: pulumi.Input[str]) -> pulumi.Output[str]:
    """The endpoint is known only to the cloud, so it is put between the parts that the plan decides."""
    first, *rest = text.split(HOST)
    parts: list[pulumi.Input[str]] = [first]
    for part in rest:
        parts += [host, part]
    return pulumi.Output.concat(*parts)


def deployment(
    args: PoolerArgs, labels: Mapping[str, str], credentials: pulumi.Input[str]
) -> k8s.apps.v1.DeploymentSpecArgsDict:
    plan = args["plan"]
    return {
        "replicas": plan.replicas,
        "revision_history_limit": 3,
        "strategy": {"type": "RollingUpdate", "rolling_update": {"max_surge": 1, "max_unavailable": 0}},
        "selector": {"match_labels": selector(plan)},
        "template": pod_template(
            labels=labels,
            # A changed configuration is followed where it runs (`FOLLOW`): a new pod would cost every client its session.
            containers=[
                container("pgbouncer", "pgbouncer.ini", PORT, plan, plan.size),
                container("sessions", "sessions.ini", SESSION_PORT, plan, plan.sessions_size),
                *(
                    [container("replica", "replica.ini", REPLICA_PORT, plan, plan.sessions_size)]
                    if plan.replica_size
                    else []
                ),
            ],
            volumes=[
                {"name": "configuration", "config_map": {"name": plan.name}},
                {"name": "credentials", "secret": {"secret_name": credentials}},
                {"name": "certificate", "secret": {"secret_name": certificate_secret(plan)}},
            ],
            uid=UID,
            gid=UID,
            service_account="default",
            grace_seconds=GRACE_SECONDS,
            priority_class=plan.priority_class,
            node_selector=plan.node_selector,
            tolerations=plan.tolerations,
            spread_over=spread(selector(plan), zones=True),
        ),
    }


def container(name: str, file: str, port: int, plan: PoolerPlan, size: ContainerSize) -> k8s.core.v1.ContainerArgsDict:
    alive: k8s.core.v1.TCPSocketActionArgsDict = {"port": port}
    return {
        "name": name,
        "image": plan.image,
        "command": ["sh", "-c", FOLLOW, f"{CONFIGURATION}/{file}"],
        "ports": [{"container_port": port}],
        "resources": resources(size),
        "security_context": security_context(),
        "readiness_probe": {"tcp_socket": alive, "period_seconds": 5},
        "liveness_probe": {"tcp_socket": alive, "period_seconds": 20, "failure_threshold": 6},
        "lifecycle": {"pre_stop": {"sleep": {"seconds": 10}}},
        "volume_mounts": [
            {"name": "configuration", "mount_path": CONFIGURATION, "read_only": True},
            {"name": "credentials", "mount_path": CREDENTIALS.rsplit("/", 1)[0], "read_only": True},
            {"name": "certificate", "mount_path": CERTIFICATE, "read_only": True},
        ],
    }


def policy(args: PoolerArgs) -> network_policies.Policy:
    """In from namespaces that carry this pooler's label, out to the database subnets and the name service."""
    plan = args["plan"]
    egress = network_policies.database_clients(args["database_cidrs"], selector(plan))
    return {
        **egress,
        "policy_types": ["Ingress", "Egress"],
        "ingress": [
            {
                "from_": [{"namespace_selector": {"match_labels": {POOLER: plan.name}}}],
                "ports": network_policies.tcp(*ports(plan).values()),
            }
        ],
    }
