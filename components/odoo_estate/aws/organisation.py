"""An AWS organisation: units, accounts and the policies that bound them."""

from collections.abc import Mapping
from typing import TypedDict

import pulumi
from pulumi_aws import backup, organizations

from odoo_estate.aws.policy import policy_text
from odoo_estate.plan import OrganisationPlan

TRUSTED_SERVICES = (
    "access-analyzer.amazonaws.com",
    "backup.amazonaws.com",
    "cloudtrail.amazonaws.com",
    "config.amazonaws.com",
    "guardduty.amazonaws.com",
    "securityhub.amazonaws.com",
    "sso.amazonaws.com",
)
POLICY_TYPES = ("SERVICE_CONTROL_POLICY", "TAG_POLICY", "BACKUP_POLICY")


class OrganisationArgs(TypedDict):
    """Inputs of `Organisation`."""

    plan: OrganisationPlan
    protect: bool


class Organisation(pulumi.ComponentResource):
    """To be protected: an account cannot be made again under its e-mail address."""

    account_ids: Mapping[str, pulumi.Output[str]]

    def __init__(self, name: str, args: OrganisationArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("odoo-estate:aws:Organisation", name, None, opts)
        plan = args["plan"]
        kept = pulumi.ResourceOptions(parent=self, protect=args["protect"])
        organisation = organizations.Organization(
            name,
            feature_set="ALL",
            aws_service_access_principals=list(TRUSTED_SERVICES),
            enabled_policy_types=list(POLICY_TYPES),
            opts=kept,
        )
        # Said once, in the management account; without it every copy into the backup account fails, each at night.
        backup.GlobalSettings(
            name,
            global_settings={"isCrossAccountBackupEnabled": "true"},
            opts=pulumi.ResourceOptions(parent=self, depends_on=[organisation]),
        )
        units = {
            unit: organizations.OrganizationalUnit(
                f"{name}-{unit}",
                name=unit,
                parent_id=organisation.roots[0].id,
                opts=pulumi.ResourceOptions(parent=self),
            )
            for unit in plan.units
        }
        homes = {role: units[unit].id for unit, roles in plan.units.items() for role in roles}
        self.account_ids = {
            role: organizations.Account(
                f"{name}-{role}",
                name=account,
                email=email,
                parent_id=homes.get(role),
                close_on_deletion=False,
                opts=kept,
            ).id
            for role, (account, email) in plan.accounts.items()
        }
        for key, policy in plan.control_policies.items():
            control = organizations.Policy(
                f"{name}-{key}",
                name=policy.name,
                description=policy.description,
                type="SERVICE_CONTROL_POLICY",
                content=policy_text(policy.statements),
                opts=pulumi.ResourceOptions(parent=self, depends_on=[organisation]),
            )
            for unit in policy.units:
                organizations.PolicyAttachment(
                    f"{name}-{key}-{unit}",
                    policy_id=control.id,
                    target_id=units[unit].id,
                    opts=pulumi.ResourceOptions(parent=self),
                )
        self.register_outputs({})
