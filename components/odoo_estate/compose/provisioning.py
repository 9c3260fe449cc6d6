"""Jobs that prepare database instances, logins and tenants' databases, in the one namespace that may see master credentials."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from odoo_estate.compose.kubernetes_stack import Here
from odoo_estate.compose.order import after
from odoo_estate.kubernetes.pgbouncer_ini import pooler_login
from odoo_estate.odoo.database_access import master_secret, password_access
from odoo_estate.odoo.database_job import DatabaseJob
from odoo_estate.odoo.database_sql import (
    expiry_script,
    instance_script,
    login_script,
    pooled_tenant_script,
    removal_script,
    tenant_script,
)
from odoo_estate.odoo.login import Login
from odoo_estate.odoo.reader_sql import instance_readers_script, reader_variables, tenant_readers_script
from odoo_estate.plan import PoolerPlan, TenantDatabasePlan


@dataclass(frozen=True, kw_only=True)
class Provisioning:
    """Where jobs run and whom they belong to; ``after`` is what has to be there before the first."""

    namespace: str
    store: str
    """SecretStore of the namespace through which the passwords are read."""
    image: str
    labels: Mapping[str, str]
    here: Here
    after: tuple[pulumi.Resource, ...]
    readers: Mapping[str, bool]
    """Logins of people, True where they see tenants' data."""

    def password(self, name: str, secret: str, login: Login) -> pulumi.Output[str]:
        """The password of ``login`` as a Kubernetes Secret, by its name."""
        return password_access(
            name,
            secret=secret,
            namespace=self.namespace,
            labels=self.labels,
            store=self.store,
            document=login.arn,
            version=login.version,
            opts=after(self.here.cluster, *self.after),
        )

    def run(
        self,
        name: str,
        *,
        instance: str,
        script: str,
        variables: Mapping[str, str],
        passwords: Mapping[str, pulumi.Input[str]],
        after_jobs: tuple[pulumi.Resource, ...] = (),
    ) -> DatabaseJob:
        """``instance`` names the master credentials (`master_secret`)."""
        return DatabaseJob(
            name,
            {
                "namespace": self.namespace,
                "labels": self.labels,
                "image": self.image,
                "script": script,
                "variables": variables,
                "service": master_secret(instance),
                "passwords": passwords,
            },
            after(self.here.components, *self.after, *after_jobs),
        )


def prepare_instance(
    at: Provisioning, name: str, *, instance: str, pooler: PoolerPlan, credentials: Login
) -> DatabaseJob:
    """What a pooler needs in its instance."""
    secret = f"pooler-{pooler.name}"
    return at.run(
        name,
        instance=instance,
        script=instance_script() + instance_readers_script(),
        variables={
            "POOLER": pooler_login(pooler),
            "CONNECTION_LIMIT": str(pooler.lookup_limit),
            **reader_variables(at.readers),
        },
        passwords={"pooler": at.password(f"{name}-password", secret, credentials)},
    )


def prepare_login(
    at: Provisioning,
    name: str,
    *,
    secret: str,
    instance: str,
    login: str,
    limit: int,
    credentials: Login,
    prepared: DatabaseJob,
) -> DatabaseJob:
    """The login of shared workers, in an instance that is ``prepared``; ``secret`` is what its password is called in the namespace."""
    return at.run(
        name,
        instance=instance,
        script=login_script(),
        variables={"LOGIN": login, "CONNECTION_LIMIT": str(limit)},
        passwords={"login": at.password(f"{name}-password", secret, credentials)},
        after_jobs=(prepared,),
    )


def prepare_tenant(
    at: Provisioning,
    *,
    secret: str,
    instance: str,
    database: TenantDatabasePlan,
    credentials: Login,
    prepared: tuple[DatabaseJob, ...],
) -> DatabaseJob:
    """A tenant's user and database, or their end; ``secret`` as in `prepare_login`."""
    password = at.password("database-password", secret, credentials)
    return at.run(
        "database",
        instance=instance,
        script=ending(database) or tenant_script() + tenant_readers_script(),
        variables=database_variables(database),
        passwords={} if ending(database) else {"login": password},
        after_jobs=prepared,
    )


def prepare_pooled_tenant(at: Provisioning, instance: str, database: TenantDatabasePlan) -> DatabaseJob:
    """A pooled tenant's database; nobody logs in as the tenant, so there is no password."""
    return at.run(
        "database",
        instance=instance,
        script=ending(database) or pooled_tenant_script() + tenant_readers_script(),
        variables=database_variables(database),
        passwords={},
    )


def ending(database: TenantDatabasePlan) -> str:
    """The script of a database that goes; empty while it stays."""
    if database.expired:
        return expiry_script()
    return removal_script() if database.removal else ""


def database_variables(database: TenantDatabasePlan) -> dict[str, str]:
    names = {
        "DATABASE": database.name,
        "OWNER": database.owner,
        "LOGIN": database.login,
        "USER_NAME": database.user,
        "FORMER_USER": database.former_user,
        "POOL_LOGIN": database.pool_login,
    }
    if database.expired:
        return names
    if end := database.removal:
        return {
            **names,
            "REMOVE_ON": end.remove_on,
            "NOTICE_DAYS": str(end.notice_days),
            "FINAL_DUMP": end.final_dump,
            "APPROVER": end.approver,
        }
    return {
        **names,
        "SUSPENDED": "true" if database.suspended else "false",
        "EXTENSIONS": ",".join(database.extensions),
        "CONNECTION_LIMIT": str(database.connection_limit),
        "STATEMENT_TIMEOUT": f"{database.statement_timeout_seconds}s",
        "IDLE_TIMEOUT": f"{database.idle_in_transaction_timeout_seconds}s",
        "DATA_READERS": reader_variables(database.readers)["DATA_READERS"],
    }
