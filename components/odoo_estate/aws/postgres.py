"""An RDS PostgreSQL instance."""

from collections.abc import Mapping
from typing import Any, NotRequired, TypedDict

import pulumi
import pulumi_random as random
from pulumi_aws import rds

from odoo_estate.aws.credentials import Credentials, Password
from odoo_estate.aws.postgres_monitoring import exported_logs, log_groups, monitoring_role
from odoo_estate.aws.postgres_parameters import parameter_groups
from odoo_estate.aws.postgres_readers import database_readers
from odoo_estate.aws.references import DatabaseRef, NetworkRef
from odoo_estate.aws.security_group import SecurityGroup
from odoo_estate.plan import AwsTarget, DatabasePlan

POSTGRES_PORT = 5432
TIMEOUTS = pulumi.CustomTimeouts(create="3h", update="6h", delete="3h")
"""The provider gives up after 40, 80 and 60 minutes: too early for a restore of a terabyte, or for a major upgrade and its copy."""
WITHOUT_SNAPSHOT: dict[str, Any] = {"skip_final_snapshot": True}
"""Of a replica RDS takes none at all."""
WITHOUT_EXTENDED_SUPPORT = "open-source-rds-extended-support-disabled"
"""The provider's default enrols in paid Extended Support."""


class PostgresInstanceArgs(TypedDict):
    """Inputs of `PostgresInstance`; ``clients`` are the security groups that may connect, by key; ``key_arn`` encrypts data and master
    secret, ``log_key_arn`` the logs."""

    plan: DatabasePlan
    target: AwsTarget
    network: NetworkRef
    clients: Mapping[str, pulumi.Input[str]]
    key_arn: pulumi.Input[str]
    log_key_arn: pulumi.Input[str]


class PostgresInstance(pulumi.ComponentResource):
    """Kept in four ways where the plan protects it: by the engine, by RDS, by a final snapshot, and when it leaves the program."""

    ref: DatabaseRef

    def __init__(self, name: str, args: PostgresInstanceArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("odoo-estate:aws:PostgresInstance", name, None, opts)
        plan = args["plan"]
        child = pulumi.ResourceOptions(parent=self)
        access = SecurityGroup(name, _access(args), child)
        passwords = _own_passwords(name, plan, parent=self)
        groups = parameter_groups(name, plan, parent=self)
        surroundings = _surroundings(name, args, access.id, groups[0], parent=self)
        logs = log_groups(name, plan, args["log_key_arn"], parent=self)
        instance = rds.Instance(
            name,
            identifier=plan.identifier,
            engine="postgres",
            **_version(plan),
            engine_lifecycle_support=WITHOUT_EXTENDED_SUPPORT,
            allocated_storage=plan.storage_gib,
            username=plan.master_username,
            **_master(plan, passwords, args["key_arn"]),
            multi_az=plan.multi_az,
            db_subnet_group_name=args["network"].database_subnet_group,
            backup_retention_period=plan.backup_retention_days,
            backup_window=plan.backup_window,
            delete_automated_backups=not plan.protect,
            **_final_snapshot(name, plan, args["key_arn"], parent=self),
            **surroundings,
            opts=_kept(plan, parent=self, depends_on=logs),
        )
        secrets = [_credentials(name, plan, instance, password, args, parent=self) for password in passwords]
        replicas = {
            key: rds.Instance(
                f"{name}-{key}",
                identifier=identifier,
                replicate_source_db=instance.identifier,
                auto_minor_version_upgrade=True,
                backup_retention_period=0,
                **WITHOUT_SNAPSHOT,
                tags={"backup-class": "none"},  # nor should AWS Backup: it is rebuilt from its source
                # RDS takes it to another version with its source, and until then no group of that version.
                **{**surroundings, "parameter_group_name": groups[-1].name},
                opts=pulumi.ResourceOptions(
                    parent=self,
                    protect=plan.protect,
                    custom_timeouts=TIMEOUTS,
                    depends_on=log_groups(f"{name}-{key}", plan, args["log_key_arn"], parent=self, of=identifier),
                ),
            )
            for key, identifier in plan.replicas.items()
        }
        database_readers(name, plan, args["target"], list(replicas.values()) or [instance], parent=self)
        self.ref = DatabaseRef(
            arn=instance.arn,
            resource_id=instance.resource_id,
            address=instance.address,
            port=instance.port,
            secret_arn=secrets[0].arn if secrets else instance.master_user_secrets[0].secret_arn,
            security_group_id=access.id,
            replicas={key: replica.address for key, replica in replicas.items()},
        )
        self.register_outputs({"address": instance.address, "arn": instance.arn})


class PostgresStandbyArgs(TypedDict):
    """Inputs of `PostgresStandby`: as for `PostgresInstance`; ``source_arn`` is the instance that it follows, in another region as a rule.
    Without it the standby is promoted."""

    plan: DatabasePlan
    source_arn: NotRequired[pulumi.Input[str]]
    target: AwsTarget
    network: NetworkRef
    clients: Mapping[str, pulumi.Input[str]]
    key_arn: pulumi.Input[str]
    log_key_arn: pulumi.Input[str]


class PostgresStandby(pulumi.ComponentResource):
    """A read replica. Taking ``source_arn`` away promotes it, which is final and an update in place: the provider first promotes, then gives it
    a master password of its own and whatever else changed. Until then credentials are the source's."""

    arn: pulumi.Output[str]
    address: pulumi.Output[str]
    ref: DatabaseRef | None
    """Once promoted: the instance with its master secret."""

    def __init__(self, name: str, args: PostgresStandbyArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("odoo-estate:aws:PostgresStandby", name, None, opts)
        source = args.get("source_arn")
        origin: dict[str, Any] = {"replicate_source_db": source, "kms_key_id": args["key_arn"]}
        instance, self.ref = _recovered(name, args, origin, primary=source is None, parent=self)
        self.arn = instance.arn
        self.address = instance.address
        self.register_outputs({"address": self.address, "arn": self.arn})


def _version(plan: DatabasePlan) -> dict[str, Any]:
    """Minor versions are RDS's to choose: a full version would ask for the former one back after each of its upgrades (pulumi-aws, engineVersion).
    While an approved upgrade waits for its window, the version that was approved, and leave to take the step."""
    if plan.upgrade is None:
        return {"engine_version": plan.engine_version.partition(".")[0], "auto_minor_version_upgrade": True}
    return {
        "engine_version": plan.engine_version,
        "auto_minor_version_upgrade": True,
        "allow_major_version_upgrade": True,
        **({"blue_green_update": {"enabled": True}} if plan.upgrade.method == "blue-green" else {}),
    }


def _final_snapshot(
    name: str, plan: DatabasePlan, key_arn: pulumi.Input[str], *, parent: pulumi.Resource
) -> dict[str, Any]:
    """A name for this life of the instance: RDS refuses a destroy whose snapshot is called as that of an earlier life, which is kept."""
    if not plan.final_snapshot:
        return WITHOUT_SNAPSHOT
    drawn = random.RandomId(
        f"{name}-final-snapshot",
        byte_length=4,
        prefix=f"{plan.final_snapshot}-",
        # What replaces the instance, which begins another life.
        keepers={"identifier": plan.identifier, "username": plan.master_username, "key": key_arn},
        opts=pulumi.ResourceOptions(parent=parent),
    )
    return (
        {"final_snapshot_identifier": drawn.hex, "skip_final_snapshot": False}
        if plan.keep_final_snapshot
        else WITHOUT_SNAPSHOT
    )


class PostgresRestoredArgs(TypedDict):
    """Inputs of `PostgresRestored`: as for `PostgresInstance`, and one of ``backups_arn`` (replicated automated backups, restored to their newest
    moment) and ``recovery_point`` (a snapshot's ARN); neither: an instance that was restored before and only has to stay."""

    plan: DatabasePlan
    backups_arn: NotRequired[pulumi.Input[str]]
    recovery_point: NotRequired[str]
    target: AwsTarget
    network: NetworkRef
    clients: Mapping[str, pulumi.Input[str]]
    key_arn: pulumi.Input[str]
    log_key_arn: pulumi.Input[str]


class PostgresRestored(pulumi.ComponentResource):
    """An instance made of what was backed up elsewhere. What it was made of is read at its creation only: a later change of that would, to the
    provider, be another instance."""

    arn: pulumi.Output[str]
    ref: DatabaseRef

    def __init__(self, name: str, args: PostgresRestoredArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("odoo-estate:aws:PostgresRestored", name, None, opts)
        origin: dict[str, Any] = {"engine_lifecycle_support": WITHOUT_EXTENDED_SUPPORT}
        if backups := args.get("backups_arn"):
            origin["restore_to_point_in_time"] = {
                "source_db_instance_automated_backups_arn": backups,
                "use_latest_restorable_time": True,
            }
        elif point := args.get("recovery_point"):
            origin["snapshot_identifier"] = point
        instance, ref = _recovered(name, args, origin, primary=True, parent=self)
        assert ref is not None
        self.arn, self.ref = instance.arn, ref
        self.register_outputs({"address": instance.address, "arn": instance.arn})


def _recovered(
    name: str,
    args: PostgresStandbyArgs | PostgresRestoredArgs,
    origin: Mapping[str, Any],
    *,
    primary: bool,
    parent: pulumi.Resource,
) -> tuple[rds.Instance, DatabaseRef | None]:
    """An instance that began as a copy. It takes engine, version and storage from what it is a copy of.

    ``storage_encrypted`` is ignored when a replica or a restored instance is made, but its absence would replace it in the next update
    (optional, forces replacement, never computed: provider's schema). ``backup_retention_period`` is passed with the promotion itself, so that
    point-in-time recovery goes on.
    """
    plan = args["plan"]
    access = SecurityGroup(name, _access(args), pulumi.ResourceOptions(parent=parent))
    passwords = _own_passwords(name, plan, parent=parent) if primary else []
    logs = log_groups(name, plan, args["log_key_arn"], parent=parent)
    instance = rds.Instance(
        name,
        identifier=plan.identifier,
        storage_encrypted=True,
        multi_az=plan.multi_az,
        db_subnet_group_name=args["network"].database_subnet_group,
        backup_retention_period=plan.backup_retention_days,
        backup_window=plan.backup_window,
        delete_automated_backups=not plan.protect,
        **(_final_snapshot(name, plan, args["key_arn"], parent=parent) if primary else WITHOUT_SNAPSHOT),
        password=passwords[0].text if passwords else None,
        apply_immediately=True if primary else None,  # nobody waits for a window with the new password
        auto_minor_version_upgrade=True,
        **origin,
        **_surroundings(name, args, access.id, parameter_groups(name, plan, parent=parent)[0], parent=parent),
        opts=pulumi.ResourceOptions.merge(
            _kept(plan, parent=parent, depends_on=logs),
            pulumi.ResourceOptions(ignore_changes=["restoreToPointInTime", "snapshotIdentifier"]),
        ),
    )
    if not primary:
        return instance, None
    secrets = [_credentials(name, plan, instance, password, args, parent=parent) for password in passwords]
    return instance, DatabaseRef(
        arn=instance.arn,
        resource_id=instance.resource_id,
        address=instance.address,
        port=instance.port,
        secret_arn=secrets[0].arn,
        security_group_id=access.id,
    )


def _access(args: PostgresInstanceArgs | PostgresStandbyArgs | PostgresRestoredArgs) -> Any:
    return {
        "description": f"PostgreSQL clients of {args['plan'].identifier}",
        "vpc_id": args["network"].vpc_id,
        "port": POSTGRES_PORT,
        "groups": args["clients"],
    }


def _own_passwords(name: str, plan: DatabasePlan, *, parent: pulumi.Resource) -> list[Password]:
    """One password where AWS cannot manage it (it refuses replicas and blue/green updates then), else none."""
    if plan.master_password == "managed":
        return []
    return [
        Password(f"{name}-master", {"version": plan.master_password_version}, pulumi.ResourceOptions(parent=parent))
    ]


def _master(plan: DatabasePlan, passwords: list[Password], key_arn: pulumi.Input[str]) -> dict[str, Any]:
    storage = {"storage_encrypted": True, "kms_key_id": key_arn}
    if plan.master_password == "managed":
        return {**storage, "manage_master_user_password": True, "master_user_secret_kms_key_id": key_arn}
    return {**storage, "password": passwords[0].text}


def _credentials(
    name: str,
    plan: DatabasePlan,
    instance: rds.Instance,
    password: Password,
    args: PostgresInstanceArgs | PostgresStandbyArgs | PostgresRestoredArgs,
    *,
    parent: pulumi.Resource,
) -> Credentials:
    return Credentials(
        f"{name}-master",
        {
            "description": f"Master credentials of {plan.identifier}",
            "secret_name": plan.master_secret,
            "values": {
                "engine": "postgres",
                "host": instance.address,
                "port": instance.port,
                "username": plan.master_username,
                "password": password.text,
            },
            "key_arn": args["key_arn"],
            "recoverable": plan.protect,
        },
        pulumi.ResourceOptions(parent=parent),
    )


def _surroundings(
    name: str,
    args: PostgresInstanceArgs | PostgresStandbyArgs | PostgresRestoredArgs,
    security_group_id: pulumi.Input[str],
    parameters: rds.ParameterGroup,
    *,
    parent: pulumi.Resource,
) -> dict[str, Any]:
    """What a primary and its replicas share: size, storage, parameters, monitoring, protection."""
    plan = args["plan"]
    role = monitoring_role(name, plan, args["target"], parent=parent) if plan.monitoring_interval_seconds else None
    return {
        "instance_class": plan.instance_class,
        "max_allocated_storage": plan.max_storage_gib,
        "storage_type": plan.storage_type,
        "iops": plan.iops,
        "storage_throughput": plan.throughput_mibps,
        "parameter_group_name": parameters.name,
        "vpc_security_group_ids": [security_group_id],
        "publicly_accessible": False,
        "iam_database_authentication_enabled": True,
        "ca_cert_identifier": plan.certificate_authority or None,
        "copy_tags_to_snapshot": True,
        "deletion_protection": plan.deletion_protection,
        "maintenance_window": plan.maintenance_window,
        "monitoring_interval": plan.monitoring_interval_seconds,
        "monitoring_role_arn": role.arn if role else None,
        "database_insights_mode": plan.insights_mode,
        "performance_insights_enabled": plan.performance_insights_days > 0,
        "performance_insights_retention_period": plan.performance_insights_days or None,
        "performance_insights_kms_key_id": args["key_arn"] if plan.performance_insights_days else None,
        "enabled_cloudwatch_logs_exports": list(exported_logs(plan)),
    }


def _kept(plan: DatabasePlan, *, parent: pulumi.Resource, depends_on: list[pulumi.Resource]) -> pulumi.ResourceOptions:
    return pulumi.ResourceOptions(
        parent=parent,
        protect=plan.protect,
        retain_on_delete=plan.protect,
        depends_on=depends_on,
        custom_timeouts=TIMEOUTS,
    )
