"""A backup plan with its role, what it selects, and the restore test that proves it."""

from collections.abc import Mapping
from typing import NotRequired, TypedDict

import pulumi
from pulumi_aws import backup

from odoo_estate.aws.policy import plain_service_trust
from odoo_estate.aws.role import Role
from odoo_estate.plan import BackupCopy, BackupPlan, BackupRule, RestoreTest, RolePlan

SERVICE_POLICIES = (
    "arn:aws:iam::aws:policy/service-role/AWSBackupServiceRolePolicyForBackup",
    "arn:aws:iam::aws:policy/service-role/AWSBackupServiceRolePolicyForRestores",
    "arn:aws:iam::aws:policy/AWSBackupServiceRolePolicyForS3Backup",
    "arn:aws:iam::aws:policy/AWSBackupServiceRolePolicyForS3Restore",
)

SELECTED = ("arn:aws:rds:*:*:db:*", "arn:aws:s3:::*")
"""Named by type, because a region's opt-in settings, one for the whole account, may exclude what a selection takes in by tags alone; named types
are backed up whatever they say (AWS Backup developer guide, service opt-in, read 2026-11). S3 needs versions on its buckets: all of ours have."""


class BackupScheduleArgs(TypedDict):
    """Inputs of `BackupSchedule`. ``restore_overrides`` are restore metadata of the test, such as ``dbSubnetGroupName``: without a default
    VPC a test restore finds no subnets of its own."""

    plan: BackupPlan
    vault_name: pulumi.Input[str]
    vault_arn: pulumi.Input[str]
    restore_overrides: NotRequired[Mapping[str, pulumi.Input[str]]]


class BackupSchedule(pulumi.ComponentResource):
    """Everything that carries the plan's tags is backed up, as often and as far away as the rules say."""

    def __init__(self, name: str, args: BackupScheduleArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("odoo-estate:aws:BackupSchedule", name, None, opts)
        plan = args["plan"]
        child = pulumi.ResourceOptions(parent=self)
        role = Role(name, {"plan": _role(plan)}, child)
        schedule = backup.Plan(
            name,
            name=plan.name,
            rules=[_rule(key, rule, args["vault_name"]) for key, rule in plan.rules.items()],
            opts=child,
        )
        backup.Selection(
            name,
            name=plan.selection,
            plan_id=schedule.id,
            iam_role_arn=role.arn,
            resources=list(SELECTED),
            conditions=[
                {
                    "string_equals": [
                        {"key": f"aws:ResourceTag/{tag}", "value": value} for tag, value in plan.select.items()
                    ]
                }
            ],
            opts=pulumi.ResourceOptions(parent=self, depends_on=[role]),
        )
        if plan.restore_test:
            self._restore_test(name, args, plan.restore_test, role)
        self.register_outputs({})

    def _restore_test(self, name: str, args: BackupScheduleArgs, test: RestoreTest, role: Role) -> None:
        testing = backup.RestoreTestingPlan(
            name,
            name=test.name,
            schedule_expression=test.schedule,
            recovery_point_selection={
                "algorithm": "LATEST_WITHIN_WINDOW",
                "include_vaults": [args["vault_arn"]],
                "recovery_point_types": ["SNAPSHOT"],
                "selection_window_days": test.window_days,
            },
            opts=pulumi.ResourceOptions(parent=self),
        )
        backup.RestoreTestingSelection(
            name,
            name=test.name,
            restore_testing_plan_name=testing.name,
            protected_resource_type="RDS",
            iam_role_arn=role.arn,
            protected_resource_conditions={  # and no ARNs beside it: the provider takes exactly one of the two
                "string_equals": [
                    {"key": f"aws:ResourceTag/{tag}", "value": value} for tag, value in args["plan"].select.items()
                ]
            },
            restore_metadata_overrides=dict(args.get("restore_overrides", {})),
            validation_window_hours=test.validation_hours,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[role]),
        )


def _rule(key: str, rule: BackupRule, vault_name: pulumi.Input[str]) -> backup.PlanRuleArgsDict:
    return {
        "rule_name": key,
        "target_vault_name": vault_name,
        "schedule": rule.schedule,
        "start_window": rule.start_window_minutes,
        "completion_window": rule.completion_window_minutes,
        "lifecycle": _lifecycle(rule),
        "copy_actions": [
            {
                "destination_vault_arn": copy.vault_arn,
                "lifecycle": _lifecycle(copy),
            }
            for copy in rule.copies.values()
        ],
    }


def _lifecycle(kept: BackupRule | BackupCopy) -> backup.PlanRuleLifecycleArgsDict:
    if kept.cold_after_days is None:
        return {"delete_after": kept.delete_after_days}
    return {"delete_after": kept.delete_after_days, "cold_storage_after": kept.cold_after_days}


def _role(plan: BackupPlan) -> RolePlan:
    return RolePlan(
        name=plan.role,
        description=f"Backs up and restores what {plan.name} selects",
        trust=(plain_service_trust("backup.amazonaws.com"),),
        managed_policies=SERVICE_POLICIES,
    )
