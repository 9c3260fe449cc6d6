"""An AWS Backup vault with its lock and policy."""

from collections.abc import Sequence
from typing import NotRequired, TypedDict

import pulumi
from pulumi_aws import backup

from odoo_estate.aws.key_policy import only_roles_of
from odoo_estate.aws.policy import Statement, policy_text
from odoo_estate.plan import Json, VaultPlan


class VaultArgs(TypedDict):
    """Inputs of `Vault`. ``source_accounts`` may copy recovery points into it."""

    plan: VaultPlan
    key_arn: pulumi.Input[str]
    source_accounts: NotRequired[Sequence[str]]


class Vault(pulumi.ComponentResource):
    """Recovery points that no workload, and no administrator in a hurry, can delete."""

    arn: pulumi.Output[str]
    name: pulumi.Output[str]

    def __init__(self, name: str, args: VaultArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("odoo-estate:aws:Vault", name, None, opts)
        plan = args["plan"]
        region = plan.region or None
        child = pulumi.ResourceOptions(parent=self)
        vault = backup.Vault(
            name,
            name=plan.name,
            kms_key_arn=args["key_arn"],
            force_destroy=not plan.protect,
            region=region,
            opts=pulumi.ResourceOptions(parent=self, protect=plan.protect, retain_on_delete=plan.protect),
        )
        if plan.lock:
            backup.VaultLockConfiguration(
                name,
                backup_vault_name=vault.name,
                min_retention_days=plan.lock.min_days,
                max_retention_days=plan.lock.max_days,
                changeable_for_days=plan.lock.changeable_for_days,
                region=region,
                opts=child,
            )
        backup.VaultPolicy(
            name,
            backup_vault_name=vault.name,
            policy=policy_text(_statements(args.get("source_accounts", ()), plan.break_glass)),
            region=region,
            opts=child,
        )
        self.arn = vault.arn
        self.name = vault.name
        self.register_outputs({"arn": self.arn, "name": self.name})


def _statements(source_accounts: Sequence[str], break_glass_arns: Sequence[str]) -> list[Statement]:
    roots: list[Json] = [f"arn:aws:iam::{account}:root" for account in source_accounts]
    exempt: dict[str, Json] = {"ArnNotLike": {"aws:PrincipalArn": list[Json](break_glass_arns)}}
    keep: dict[str, Json] = {
        "Sid": "KeepRecoveryPoints",
        "Effect": "Deny",
        "Principal": "*",
        "Action": [
            "backup:DeleteBackupVault",
            "backup:DeleteRecoveryPoint",
            "backup:UpdateRecoveryPointLifecycle",
            "backup:DisassociateRecoveryPoint",
        ],
        "Resource": "*",
        **({"Condition": exempt} if break_glass_arns else {}),
    }
    copy: dict[str, Json] = {
        "Sid": "CopyIn",
        "Effect": "Allow",
        "Principal": {"AWS": roots},
        "Action": "backup:CopyIntoBackupVault",
        "Resource": "*",
        "Condition": only_roles_of(source_accounts),
    }
    return [keep, copy] if roots else [keep]
