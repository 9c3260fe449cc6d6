"""One run of Odoo's executable that ends: installs modules, upgrades them, or neutralises a copy."""

from collections.abc import Mapping
from typing import Literal, TypedDict

import pulumi
import pulumi_kubernetes as k8s

from odoo_estate.kubernetes.external_secret import Source, external_secret
from odoo_estate.kubernetes.network_policies import ODOO
from odoo_estate.kubernetes.pod import pod_template, resources, scratch, security_context
from odoo_estate.odoo.conf import DATA, odoo_conf, workload_settings
from odoo_estate.odoo.recovery_job import GRACE_SECONDS, once, unwatched
from odoo_estate.odoo.workload import CONFIGURATION, TEMPORARY_MIB, TRUST, TRUST_FOLDER
from odoo_estate.plan import ContainerSize, OdooJobPlan, TenantJobPlan

PROGRAM = "odoo_estate_modules"
CRON_CONF = "cron.conf"
ASK_FOLDER = "/run/job"
ASK = f"{ASK_FOLDER}/ask"
"""Modules that Odoo is asked for, with commas; written by the check before it."""
CHECKS_SIZE = ContainerSize(cpu_millicores=50, memory_mib=64)
QUIET = ("--stop-after-init", "--no-http", "--workers=0", "--max-cron-threads=0")
"""It answers nobody, runs no scheduled action and ends. Without workers, because with them a master process would only start others."""

Kind = Literal["initialise", "upgrade", "neutralise"]


class OdooJobArgs(TypedDict):
    """Inputs of an `OdooJob`."""

    plan: OdooJobPlan
    job: TenantJobPlan
    namespace: str
    labels: Mapping[str, str]
    service_account: str
    configuration: pulumi.Input[str]
    """Kubernetes Secret with `CRON_CONF`."""
    variables: Mapping[str, pulumi.Input[str]]
    """More of the environment for Odoo and the checks: where the add-ons find the tenant's buckets. No credentials."""


class OdooJob(pulumi.ComponentResource):
    """A Job with the configuration of the cron workload. Only Odoo's container holds the customer's code, and it holds nothing else; the checks
    before and after it come from the platform's image."""

    def __init__(self, name: str, args: OdooJobArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("odoo-estate:odoo:OdooJob", name, None, opts)
        k8s.batch.v1.Job(
            f"{name}-run",
            metadata=unwatched(args["job"].name, args["namespace"], args["labels"]),
            spec=once(args["job"], pod(args)),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({})


def shared_configuration(
    name: str,
    plan: OdooJobPlan,
    *,
    secret: str,
    namespace: str,
    labels: Mapping[str, str],
    store: str,
    host: str,
    opts: pulumi.ResourceOptions,
) -> pulumi.Output[str]:
    """The configuration of shared workers, for one of their databases; the name of its Secret."""
    settings = workload_settings(plan.odoo, plan.workload, host=host, user=plan.user, database=plan.database)
    return external_secret(
        name,
        secret=secret,
        namespace=namespace,
        labels=labels,
        store=store,
        sources=[Source(document=plan.secret, fields={"password": "password"})],
        template={CRON_CONF: odoo_conf(settings)},
        opts=opts,
    )


def odoo_command(kind: Kind) -> list[str]:
    """What Odoo is called with. Nothing that was found out by the check before is on a line of ours: the shell reads it from the file."""
    if kind == "neutralise":
        return ["sh", "-ec", 'exec odoo neutralize --database="$DATABASE"']
    verb = '--init="$modules" --without-demo=all' if kind == "initialise" else '--update="$modules"'
    return [
        "sh",
        "-ec",
        # Not $(…), which Kubernetes would look up as a variable of its own.
        f'IFS= read -r modules < "$ASK" || [ -n "$modules" ] || exit 0\nexec odoo --database="$DATABASE" {verb} {" ".join(QUIET)}',
    ]


def pod(args: OdooJobArgs) -> k8s.core.v1.PodTemplateSpecArgsDict:
    """Containers one after the other: the check before, Odoo, the check after. Labelled as Odoo, so that it may go where Odoo may; no Service
    selects it."""
    plan = args["plan"]
    odoo = container(args, "odoo", plan.odoo.image, odoo_command(plan.kind), plan.workload.size)
    containers = [odoo]
    if plan.kind != "neutralise":
        containers = [
            container(args, "before", plan.checks_image, ["python", "-m", PROGRAM, "before"], CHECKS_SIZE),
            odoo,
            container(args, "after", plan.checks_image, ["python", "-m", PROGRAM, "after"], CHECKS_SIZE),
        ]
    return pod_template(
        labels={**args["labels"], **ODOO, "app.kubernetes.io/component": "job"},
        containers=containers[-1:],
        before=containers[:-1],
        volumes=[
            {
                "name": "configuration",
                "secret": {
                    "secret_name": args["configuration"],
                    "items": [{"key": CRON_CONF, "path": "odoo.conf"}],
                },
            },
            {"name": "trust", "secret": {"secret_name": TRUST, "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
            scratch("data", plan.odoo.data_volume_mib),
            scratch("temporary", TEMPORARY_MIB),
            scratch("ask", 1),
        ],
        uid=plan.odoo.uid,
        gid=plan.odoo.gid,
        service_account=args["service_account"],
        grace_seconds=GRACE_SECONDS,
        priority_class=plan.workload.priority_class,
        node_selector=plan.workload.node_selector,
        tolerations=plan.workload.tolerations,
        restart_policy="Never",
    )


def container(
    args: OdooJobArgs, name: str, image: str, command: list[str], size: ContainerSize
) -> k8s.core.v1.ContainerArgsDict:
    plan = args["plan"]
    environment: dict[str, pulumi.Input[str]] = {
        "ODOO_RC": f"{CONFIGURATION}/odoo.conf",
        "HOME": DATA,
        "XDG_CACHE_HOME": "/tmp/cache",
        "PGSSLROOTCERT": f"{TRUST_FOLDER}/ca.crt",
        "DATABASE": plan.database,
        "KIND": plan.kind,
        "SERIES": plan.odoo.version,
        "MODULES": ",".join(plan.modules),
        "NOT_BEFORE": plan.not_before,
        "ASK": ASK,
        **args["variables"],
    }
    return {
        "name": name,
        "image": image,
        "command": command,
        "env": [{"name": key, "value": value} for key, value in environment.items()],
        "resources": resources(size),
        "security_context": security_context(),
        "volume_mounts": [
            {"name": "configuration", "mount_path": CONFIGURATION, "read_only": True},
            {"name": "trust", "mount_path": TRUST_FOLDER, "read_only": True},
            {"name": "data", "mount_path": DATA},
            {"name": "temporary", "mount_path": "/tmp"},
            {"name": "ask", "mount_path": ASK_FOLDER},
        ],
    }
