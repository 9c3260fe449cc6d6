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
SERVER_CA = "server-ca.pem"
"""Beside the service file, which names it."""
SERVICE_FOLDER = "/run/secrets/service"
PASSWORDS_FOLDER = "/run/secrets/passwords"
SCRIPT = "SCRIPT"
UID = 65532
SIZE = ContainerSize(cpu_millicores=50, memory_mib=64)


class DatabaseJobArgs(TypedDict):
    """Inputs of a `DatabaseJob`. The Job has no name of its own: a new one is made before the old one goes."""

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
        k8s.batch.v1.Job(
            f"{name}-run",
            metadata=object_metadata("", args["namespace"], args["labels"]),
            # No time to live: a Job that is gone would be made anew by the next refresh.
            spec={"backoff_limit": 8, "active_deadline_seconds": 540, "template": pod(args)},
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({})


def psql_command() -> list[str]:
    """How psql is called; no secret, and no name that somebody chose, is on the line. The script comes with the Job, by its environment: in an
    object of its own it could change under a Job that still runs."""
    return ["sh", "-ec", f'printf %s "${SCRIPT}" | psql --no-psqlrc --no-password --file=- service=admin']


def pod(args: DatabaseJobArgs) -> k8s.core.v1.PodTemplateSpecArgsDict:
    """The names of password Secrets carry their versions, so that a new password makes a new Job."""
    return pod_template(
        labels={**args["labels"], "app.kubernetes.io/name": "database-job"},
        annotations={"odoo-estate/script": checksum(args["script"])},
        containers=[container(args)],
        volumes=[
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
        # Kubernetes puts other variables in the place of $(NAME) and takes $$ for $ (EnvVar.value in its API).
        SCRIPT: args["script"].replace("$", "$$"),
        **args["variables"],
    }
    return {
        "name": "psql",
        "image": args["image"],
        "command": psql_command(),
        "env": [{"name": name, "value": value} for name, value in environment.items()],
        "resources": resources(SIZE),
        "security_context": security_context(),
        "volume_mounts": mounts(args),
    }


def mounts(args: DatabaseJobArgs) -> list[k8s.core.v1.VolumeMountArgsDict]:
    folders = {"service": SERVICE_FOLDER}
    if args["passwords"]:
        folders["passwords"] = PASSWORDS_FOLDER
    return [{"name": name, "mount_path": folder, "read_only": True} for name, folder in folders.items()]


def passwords(secrets: Mapping[str, pulumi.Input[str]]) -> list[k8s.core.v1.VolumeArgsDict]:
    """One volume with a file per password."""
    sources: list[k8s.core.v1.VolumeProjectionArgsDict] = [
        {"secret": {"name": secret, "items": [{"key": "password", "path": file}]}} for file, secret in secrets.items()
    ]
    return [{"name": "passwords", "projected": {"sources": sources}}] if sources else []
