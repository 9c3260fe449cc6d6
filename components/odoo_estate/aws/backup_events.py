"""Failed jobs of AWS Backup, told to the people who look after it."""

import json
from typing import TypedDict

import pulumi
from pulumi_aws import cloudwatch

from odoo_estate.plan import BackupEventsPlan, Json

BAD: list[Json] = ["ABORTED", "EXPIRED", "FAILED", "PARTIAL"]


class BackupEventsArgs(TypedDict):
    """Inputs of `BackupEvents`; EventBridge must be among the topic's publishers and the services of its key."""

    plan: BackupEventsPlan
    topic_arn: pulumi.Input[str]


class BackupEvents(pulumi.ComponentResource):
    """By EventBridge and not by the vault's own notifications: those no longer send ``BACKUP_JOB_FAILED`` and its like, they are accepted and
    never come (AWS Backup API reference, PutBackupVaultNotifications, read 2026-11), nor do they know copies and restore tests of plans."""

    def __init__(self, name: str, args: BackupEventsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("odoo-estate:aws:BackupEvents", name, None, opts)
        plan = args["plan"]
        child = pulumi.ResourceOptions(parent=self)
        rule = cloudwatch.EventRule(
            name,
            name=plan.name,
            description="Backup, copy and restore jobs that did not succeed",
            event_pattern=json.dumps(pattern(plan.vault_arn), separators=(",", ":")),
            opts=child,
        )
        cloudwatch.EventTarget(name, rule=rule.name, arn=args["topic_arn"], opts=child)
        self.register_outputs({})


def pattern(vault_arn: str) -> dict[str, Json]:
    """Backup and copy jobs of one vault; restore jobs, whose events name no vault, of the whole account."""
    vault = vault_arn.rpartition(":")[2]
    return {
        "source": ["aws.backup"],
        "detail": {
            "$or": [
                {"state": BAD, "backupVaultName": [vault]},
                {"state": BAD, "sourceBackupVaultArn": [vault_arn]},
                {"status": BAD, "restoreJobId": [{"exists": True}]},
            ]
        },
    }
