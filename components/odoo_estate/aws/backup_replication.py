"""Automated backups of an RDS instance, kept in another region too."""

from typing import TypedDict

import pulumi
from pulumi_aws import rds


class BackupReplicationArgs(TypedDict):
    """Inputs of `BackupReplication`; ``key_arn`` is a key of the region that receives the backups, where this component lives."""

    source_arn: pulumi.Input[str]
    retention_days: int
    key_arn: pulumi.Input[str]


class BackupReplication(pulumi.ComponentResource):
    """Lets the instance be restored to a point in time in this region. To be destroyed before the instance."""

    backups_arn: pulumi.Output[str]
    """What an instance is restored from."""

    def __init__(self, name: str, args: BackupReplicationArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("odoo-estate:aws:BackupReplication", name, None, opts)
        replication = rds.InstanceAutomatedBackupsReplication(
            name,
            source_db_instance_arn=args["source_arn"],
            retention_period=args["retention_days"],
            kms_key_id=args["key_arn"],
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.backups_arn = replication.id
        self.register_outputs({})
