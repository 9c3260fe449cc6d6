"""All Odoo workloads of one environment with their configuration."""

from collections.abc import Mapping
from pathlib import Path
from typing import NotRequired, TypedDict

import pulumi
import pulumi_kubernetes as k8s

from odoo_estate.kubernetes.certificate import certificate
from odoo_estate.kubernetes.checksum import checksum
from odoo_estate.kubernetes.external_secret import Source, external_secret
from odoo_estate.kubernetes.metadata import object_metadata
from odoo_estate.kubernetes.pgbouncer_ini import SESSION_PORT
from odoo_estate.odoo.conf import odoo_conf, workload_settings
from odoo_estate.odoo.workload import SESSIONS, TRUST, OdooWorkload, OdooWorkloadArgs
from odoo_estate.plan import TURNS, OdooPlan, TenantCachePlan, WorkloadPlan

CONFIGURATION = "odoo"
ADDONS = Path(__file__).with_name("addons")


class SessionStore(TypedDict):
    """Where sessions are kept: a cache user's credentials, the prefix of the keys it may touch, and how long they live."""

    secret: pulumi.Input[str]
    """Secrets Manager name or ARN of a document with host, port, username and password."""
    version: pulumi.Input[str]
    plan: TenantCachePlan


class OdooEnvironmentArgs(TypedDict):
    """Inputs of an `OdooEnvironment`."""

    odoo: OdooPlan
    namespace: str
    labels: Mapping[str, str]
    service_account: str
    store: str
    """SecretStore of the namespace."""
    database_host: str
    """The pooler's name in the cluster."""
    database_user: str
    database: str
    """The one database; empty: all that ``database_user`` owns, told apart by ``dbfilter``."""
    credentials: pulumi.Input[str]
    """Secrets Manager name or ARN of a document with the password."""
    credentials_version: pulumi.Input[str]
    sessions: SessionStore | None
    variables: NotRequired[Mapping[str, pulumi.Input[str]]]
    """Environment variables of every pod; nothing secret."""


class OdooEnvironment(pulumi.ComponentResource):
    """No secret passes through here: External Secrets puts it into the configuration inside the cluster."""

    configuration: pulumi.Output[str]
    """Kubernetes Secret with ``WORKLOAD.conf`` for each workload."""

    def __init__(self, name: str, args: OdooEnvironmentArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("odoo-estate:odoo:OdooEnvironment", name, None, opts)
        configuration = self.configuration = configure(name, args, parent=self)
        # For the authority's own certificate, which cert-manager puts beside every one that it makes.
        certificate(
            f"{name}-trust",
            secret=TRUST,
            namespace=args["namespace"],
            labels=args["labels"],
            hosts=[f"odoo.{args['namespace']}.svc.cluster.local"],
            usage="client auth",
            opts=pulumi.ResourceOptions(parent=self),
        )
        turns = shared_jobs(name, args, parent=self)
        for workload, plan in args["odoo"].workloads.items():
            inputs: OdooWorkloadArgs = {
                "workload": workload,
                "plan": plan,
                "odoo": args["odoo"],
                "namespace": args["namespace"],
                "labels": args["labels"],
                "service_account": args["service_account"],
                "configuration": configuration,
                "environment": {
                    **args.get("variables", {}),
                    **session_variables(args["sessions"]),
                    **(runner_variables(args, plan) if workload == "integration" else {}),
                },
                "turns": turns,
                "sessions": args["sessions"] is not None,
            }
            OdooWorkload(f"{name}-{workload}", inputs, pulumi.ResourceOptions(parent=self))
        self.register_outputs({})


def shared_jobs(name: str, args: OdooEnvironmentArgs, parent: pulumi.Resource) -> str:
    """The ConfigMap with the module that shared job processes take turns by; its name, which changes with its content. Empty: there are none."""
    if not any(plan.turns for plan in args["odoo"].workloads.values()):
        return ""
    files = {file.name: file.read_text(encoding="utf-8") for file in sorted((ADDONS / TURNS).glob("*.py"))}
    turns = f"odoo-turns-{checksum(*files.values())}"
    k8s.core.v1.ConfigMap(
        f"{name}-turns",
        metadata=object_metadata(turns, args["namespace"], args["labels"]),
        immutable=True,
        data=files,
        opts=pulumi.ResourceOptions(parent=parent),
    )
    return turns


def configure(name: str, args: OdooEnvironmentArgs, parent: pulumi.Resource) -> pulumi.Output[str]:
    """One Secret with a file per workload, and the session store's URL; its name."""
    files = configuration_files(args)
    sources = [
        Source(document=args["credentials"], version=args["credentials_version"], fields={"password": "password"})
    ]
    if store := args["sessions"]:
        fields = {f"cache_{field}": field for field in ("host", "port", "username", "password")}
        sources.append(Source(document=store["secret"], version=store["version"], fields=fields))
        files[SESSIONS] = "rediss://{{ .cache_username }}:{{ .cache_password }}@{{ .cache_host }}:{{ .cache_port }}/0"
    return external_secret(
        f"{name}-configuration",
        secret=CONFIGURATION,
        namespace=args["namespace"],
        labels=args["labels"],
        store=args["store"],
        sources=sources,
        template=files,
        content=checksum(*files.values()),
        opts=pulumi.ResourceOptions(parent=parent),
    )


def configuration_files(args: OdooEnvironmentArgs) -> dict[str, str]:
    return {
        f"{workload}.conf": odoo_conf(
            workload_settings(
                args["odoo"], plan, host=args["database_host"], user=args["database_user"], database=args["database"]
            )
        )
        for workload, plan in args["odoo"].workloads.items()
    }


def runner_variables(args: OdooEnvironmentArgs, plan: WorkloadPlan) -> dict[str, str]:
    """How many jobs OCA's ``queue_job`` hands out at once, and where it LISTENs in the tenant's database. Not for shared workers: their runner
    would hold a connection to every database for ever."""
    if not args["database"]:
        return {}
    return {
        # One for each worker of the pod; the module's default is one in all.
        "ODOO_QUEUE_JOB_CHANNELS": f"root:{plan.processes}",
        "ODOO_QUEUE_JOB_JOBRUNNER_DB_HOST": args["database_host"],
        "ODOO_QUEUE_JOB_JOBRUNNER_DB_PORT": str(SESSION_PORT),
    }


def session_variables(store: SessionStore | None) -> dict[str, str]:
    """What the add-on ``session_redis`` reads besides its URL, and how long other add-ons may let their entries live."""
    if store is None:
        return {}
    plan = store["plan"]
    return {
        "ODOO_SESSION_REDIS": "1",
        "ODOO_SESSION_REDIS_PREFIX": plan.prefix.rstrip(":"),
        "ODOO_SESSION_REDIS_EXPIRATION": str(plan.session_seconds),
        "ODOO_SESSION_REDIS_EXPIRATION_ANONYMOUS": str(plan.anonymous_session_seconds),
        "ESTATE_CACHE_SECONDS": str(plan.cache_entry_seconds),
    }
