"""An RDS PostgreSQL instance for programs in any language."""

from typing import NotRequired, TypedDict

import pulumi

from odoo_estate.aws import postgres
from odoo_estate.package.given import given_network
from odoo_estate.plan import AwsTarget, DatabasePlan


class PostgresInstanceArgs(TypedDict):
    """Inputs of `PostgresInstance`."""

    account: str
    """Account that the instance is made in, 12 digits."""
    region: str
    """Region that the instance is made in: the provider's."""
    identifier: str
    """Identifier in RDS; the final snapshot is called `IDENTIFIER-final`."""
    engine_version: str
    """PostgreSQL version, `17` or `17.6`; the parameter group's family follows from it."""
    instance_class: str
    """RDS instance class, e.g. `db.m7g.large`."""
    storage_gib: int
    """Storage to begin with, in GiB (gp3, baseline performance)."""
    max_storage_gib: int
    """Where storage stops growing by itself, in GiB."""
    max_connections: int
    """Connections that the server accepts."""
    vpc_id: pulumi.Input[str]
    """VPC of the instance's security group."""
    subnet_group: pulumi.Input[str]
    """RDS subnet group that it stands in."""
    clients: dict[str, pulumi.Input[str]]
    """Security groups that may connect, by a key that says who; the keys name the rules."""
    key_arn: pulumi.Input[str]
    """KMS key of storage, insights and master secret."""
    log_key_arn: pulumi.Input[str]
    """KMS key of the logs; its policy must let the service `logs` use it."""
    multi_az: NotRequired[bool]
    """A standby in a second zone takes over by itself. Default: true."""
    backup_retention_days: NotRequired[int]
    """Days to which the instance can be restored to any second, 1 to 35. Default: 14."""
    backup_window: NotRequired[str]
    """Daily snapshot, UTC. Default: `01:00-02:00`."""
    maintenance_window: NotRequired[str]
    """Weekly, UTC, must not meet the backup window. Default: `sun:03:00-sun:04:00`."""
    protect: NotRequired[bool]
    """Refuse to delete it, snapshot it at the end, and keep it when it leaves the program. Default: true."""


class PostgresInstance(pulumi.ComponentResource):
    """A private, encrypted RDS PostgreSQL instance with TLS only, a master password that AWS keeps and rotates, logs and monitoring."""

    arn: pulumi.Output[str]
    """ARN of the instance."""
    address: pulumi.Output[str]
    """Host name."""
    port: pulumi.Output[int]
    """TCP port."""
    secret_arn: pulumi.Output[str]
    """Secret with the master's `username` and `password`."""
    security_group_id: pulumi.Output[str]
    """Security group of the instance."""

    def __init__(self, name: str, args: PostgresInstanceArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("odoo-estate:index:PostgresInstance", name, None, opts)
        made = postgres.PostgresInstance(
            name,
            {
                "plan": _plan(args),
                "target": AwsTarget(account=args["account"], region=args["region"]),
                "network": given_network(args["vpc_id"], database_subnet_group=args["subnet_group"]),
                "clients": args["clients"],
                "key_arn": args["key_arn"],
                "log_key_arn": args["log_key_arn"],
            },
            pulumi.ResourceOptions(parent=self),
        )
        ref = made.ref
        self.arn = pulumi.Output.from_input(ref.arn)
        self.address = pulumi.Output.from_input(ref.address)
        self.port = pulumi.Output.from_input(ref.port)
        self.secret_arn = pulumi.Output.from_input(ref.secret_arn)
        self.security_group_id = pulumi.Output.from_input(ref.security_group_id)
        self.register_outputs({"arn": self.arn, "address": self.address})


def _plan(args: PostgresInstanceArgs) -> DatabasePlan:
    protect = args.get("protect", True)
    return DatabasePlan(
        identifier=args["identifier"],
        band="",
        engine_version=args["engine_version"],
        family=f"postgres{args['engine_version'].split('.', maxsplit=1)[0]}",
        instance_class=args["instance_class"],
        storage_gib=args["storage_gib"],
        max_storage_gib=args["max_storage_gib"],
        storage_type="gp3",
        iops=None,
        throughput_mibps=None,
        multi_az=args.get("multi_az", True),
        backup_retention_days=args.get("backup_retention_days", 14),
        backup_window=args.get("backup_window", "01:00-02:00"),
        maintenance_window=args.get("maintenance_window", "sun:03:00-sun:04:00"),
        parameters={"max_connections": str(args["max_connections"]), "rds.force_ssl": "1"},
        master_username="estate_master",
        master_password="managed",
        max_connections=args["max_connections"],
        performance_insights_days=7,
        monitoring_interval_seconds=60,
        log_retention_days=90,
        deletion_protection=protect,
        final_snapshot=f"{args['identifier']}-final" if protect else "",
        protect=protect,
    )
