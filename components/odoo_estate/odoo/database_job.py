"""A job in the cluster that runs one SQL script on a database instance."""

from collections.abc import Mapping
from typing import TypedDict

import pulumi
import pulumi_kubernetes as k8s

from odoo_estate.kubernetes.checksum import checksum
from odoo_estate.kubernetes.metadata import object_metadata
from odoo_estate.kubernetes.pod import pod_template, resources, security_context
from odoo_estate.plan import ContainerSize

SERVICE = "pg_service.conf"
SERVICE_FOLDER = "/run/secrets/service"
PASSWORDS_FOLDER = "/run/secrets/passwords"
SCRIPT_FOLDER = "/etc/database-job"
SCRIPT = "job.sql"
UID = 65532
SIZE = ContainerSize(cpu_millicores=50, memory_mib=64)


class DatabaseJobArgs(TypedDict):
    """Inputs of a `DatabaseJob`. The Job has no name of its own: a new one is made before the old one goes."""

    job: str
    """Name of the script's ConfigMap, unique in the namespace."""
    namespace: str
    labels: Mapping[str, str]
    image: str
    script: str
    """SQL for psql, safe to run again (`odoo_estate.odoo.database_sql`)."""
    variables: Mapping[str, str]
    """What the script reads with ``\\getenv``; nothing secret."""
    service: pulumi.Input[str]
    """Kubernetes Secret with a ``pg_service.conf`` whose service ``admin`` is the instance's master user."""
    passwords: Mapping[str, pulumi.Input[str]]
    """Password file to the Kubernetes Secret that holds it under the key ``password``."""


class DatabaseJob(pulumi.ComponentResource):
    """Runs again, as a new Job, whenever the script, a variable or a password changes."""

    def __init__(self, name: str, args: DatabaseJobArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("odoo-estate:odoo:DatabaseJob", name, None, opts)
        script = k8s.core.v1.ConfigMap(
            f"{name}-script",
            metadata=object_metadata(args["job"], args["namespace"], args["labels"]),
            data={SCRIPT: args["script"]},
            opts=pulumi.ResourceOptions(parent=self),
        )
        k8s.batch.v1.Job(
            f"{name}-run",
            metadata=object_metadata("", args["namespace"], args["labels"]),
            # No time to live: a Job that is gone would be made anew by the next refresh.
            spec={"backoff_limit": 8, "active_deadline_seconds": 540, "template": pod(args)},
            opts=pulumi.ResourceOptions(parent=self, depends_on=[script]),
        )
        self.register_outputs({})


def psql_command(script: str) -> list[str]:
    """How psql is called; no secret, and no name that somebody chose, is on the line."""
    return ["psql", "--no-psqlrc", "--no-password", f"--file={script}", "service=admin"]


def pod(args: DatabaseJobArgs) -> k8s.core.v1.PodTemplateSpecArgsDict:
    """The names of password Secrets carry their versions, so that a new password makes a new Job."""
    return pod_template(
        labels={**args["labels"], "app.kubernetes.io/name": "database-job"},
        annotations={"odoo-estate/script": checksum(args["script"])},
        containers=[container(args)],
        volumes=[
            {"name": "script", "config_map": {"name": args["job"]}},
            {"name": "service", "secret": {"secret_name": args["service"]}},
            *passwords(args["passwords"]),
        ],
        uid=UID,
        gid=UID,
        service_account="default",
        grace_seconds=30,
        restart_policy="Never",
    )


def container(args: DatabaseJobArgs) -> k8s.core.v1.ContainerArgsDict:
    environment = {
        "PGSERVICEFILE": f"{SERVICE_FOLDER}/{SERVICE}",
        "PASSWORDS": PASSWORDS_FOLDER,
        "HOME": "/tmp",
        **args["variables"],
    }
    return {
        "name": "psql",
        "image": args["image"],
        "command": psql_command(f"{SCRIPT_FOLDER}/{SCRIPT}"),
        "env": [{"name": name, "value": value} for name, value in environment.items()],
        "resources": resources(SIZE),
        "security_context": security_context(),
        "volume_mounts": mounts(args),
    }


def mounts(args: DatabaseJobArgs) -> list[k8s.core.v1.VolumeMountArgsDict]:
    folders = {"script": SCRIPT_FOLDER, "service": SERVICE_FOLDER}
    if args["passwords"]:
        folders["passwords"] = PASSWORDS_FOLDER
    return [{"name": name, "mount_path": folder, "read_only": True} for name, folder in folders.items()]


def passwords(secrets: Mapping[str, pulumi.Input[str]]) -> list[k8s.core.v1.VolumeArgsDict]:
    """One volume with a file per password."""
    sources: list[k8s.core.v1.VolumeProjectionArgsDict] = [
        {"secret": {"name": secret, "items": [{"key": "password", "path": file}]}} for file, secret in secrets.items()
    ]
    return [{"name": "passwords", "projected": {"sources": sources}}] if sources else []
