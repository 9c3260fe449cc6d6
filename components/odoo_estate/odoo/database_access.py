"""Secrets of the provisioning namespace: how its jobs get at instances and at the passwords they hand out."""

from collections.abc import Mapping

import pulumi

from odoo_estate.kubernetes.external_secret import Source, external_secret
from odoo_estate.kubernetes.pgbouncer_ini import HOST
from odoo_estate.kubernetes.pooler import with_host
from odoo_estate.odoo.database_job import SERVER_CA, SERVICE, SERVICE_FOLDER

STORE = "platform"
"""SecretStore of the platform's own namespaces; it opens what the External Secrets controller itself may read."""


def instance_name(key: str, generation: int) -> str:
    """What the cell's instance is called in names of jobs' secrets: each generation differently. A job that found the former's credentials in its
    place would give its passwords to the instance that was left behind."""
    return key if generation == 1 else f"{key}-g{generation}"


def master_secret(instance: str) -> str:
    """Kubernetes Secret with the master credentials of an instance, by its `instance_name`, or a tenant's own identifier."""
    return f"master-{instance}"


def master_access(
    name: str,
    *,
    instance: str,
    namespace: str,
    labels: Mapping[str, str],
    store: str,
    host: pulumi.Input[str],
    server_ca: str,
    document: pulumi.Input[str],
    opts: pulumi.ResourceOptions,
) -> None:
    """``pg_service.conf`` for the instance's master user, and beside it the authorities that the instance's certificate may come from (PEM). It
    follows the newest version: AWS rotates managed passwords by itself."""
    external_secret(
        name,
        secret=master_secret(instance),
        namespace=namespace,
        labels=labels,
        store=store,
        sources=[Source(document=document, fields={"username": "username", "password": "password"})],
        template={SERVICE: with_host(service_file(), host), SERVER_CA: server_ca},
        opts=opts,
    )


def service_file() -> str:
    """``pg_service.conf`` as a template, with ``{host}`` where the instance's endpoint belongs. libpq refuses a password file that a group may
    read, which a mounted Secret is; it has no such scruple about a service file."""
    return f"""[admin]
host={HOST}
port=5432
user={{{{ .username }}}}
password={{{{ .password }}}}
dbname=postgres
sslmode=verify-full
sslrootcert={SERVICE_FOLDER}/{SERVER_CA}
"""


def password_access(
    name: str,
    *,
    secret: str,
    namespace: str,
    labels: Mapping[str, str],
    store: str,
    document: pulumi.Input[str],
    version: pulumi.Input[str],
    opts: pulumi.ResourceOptions,
) -> pulumi.Output[str]:
    """Kubernetes Secret with one password; its name is returned."""
    return external_secret(
        name,
        secret=secret,
        namespace=namespace,
        labels=labels,
        store=store,
        sources=[Source(document=document, version=version, fields={"password": "password"})],
        template={"password": "{{ .password }}"},
        opts=opts,
    )
