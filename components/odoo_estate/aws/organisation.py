"""An AWS organisation: units, accounts and the policies that bound them."""

import json
from collections.abc import Mapping, Sequence
from typing import TypedDict

import pulumi
from pulumi_aws import backup, iam, organizations

from odoo_estate.aws.policy import policy_text
from odoo_estate.plan import OrganisationPlan

TRUSTED_SERVICES = (
    "access-analyzer.amazonaws.com",
    "backup.amazonaws.com",
    "cloudtrail.amazonaws.com",
    "config.amazonaws.com",
    "guardduty.amazonaws.com",
    "iam.amazonaws.com",
    "inspector2.amazonaws.com",
    "malware-protection.guardduty.amazonaws.com",
    "securityhub.amazonaws.com",
    "sso.amazonaws.com",
    "tagpolicies.tag.amazonaws.com",
)
POLICY_TYPES = ("SERVICE_CONTROL_POLICY", "TAG_POLICY", "BACKUP_POLICY")


class OrganisationArgs(TypedDict):
    """Inputs of `Organisation`."""

    plan: OrganisationPlan
    protect: bool


class Organisation(pulumi.ComponentResource):
    """To be protected: an account cannot be made again under its e-mail address."""

    account_ids: Mapping[str, pulumi.Output[str]]
    root_id: pulumi.Output[str]

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
        self.root_id = organisation.roots[0].id
        # Member accounts have no root password to lose; what only root may do, the management account does in sessions of one task.
        iam.OrganizationsFeatures(
            name,
            enabled_features=["RootCredentialsManagement", "RootSessions"],
            opts=pulumi.ResourceOptions(parent=self, depends_on=[organisation]),
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
        accounts = {
            role: organizations.Account(
                f"{name}-{role}",
                name=account,
                email=email,
                parent_id=homes.get(role),
                close_on_deletion=False,
                opts=kept,
            )
            for role, (account, email) in plan.accounts.items()
        }
        self.account_ids = {role: account.id for role, account in accounts.items()}
        for service, administrator in plan.delegated.items():
            organizations.DelegatedAdministrator(
                f"{name}-{service.partition('.')[0]}",
                account_id=administrator,
                service_principal=service,
                opts=pulumi.ResourceOptions(parent=self, depends_on=list(accounts.values())),
            )
        for key, policy in plan.control_policies.items():
            control = organizations.Policy(
                f"{name}-{key}",
                name=policy.name,
                description=policy.description,
                type="SERVICE_CONTROL_POLICY",
                content=policy_text(policy.statements),
                opts=pulumi.ResourceOptions(parent=self, depends_on=[organisation]),
            )
            self._attach(f"{name}-{key}", control, policy.units, units)
        for key, managed in plan.management_policies.items():
            made = organizations.Policy(
                f"{name}-{key}",
                name=managed.name,
                description=managed.description,
                type=managed.type,
                content=json.dumps(managed.content, separators=(",", ":")),
                opts=pulumi.ResourceOptions(parent=self, depends_on=[organisation]),
            )
            self._attach(f"{name}-{key}", made, managed.units, units)
        self.register_outputs({})

    def _attach(
        self,
        name: str,
        policy: organizations.Policy,
        to: Sequence[str],
        units: Mapping[str, organizations.OrganizationalUnit],
    ) -> None:
        for unit in to:
            organizations.PolicyAttachment(
                f"{name}-{unit}",
                policy_id=policy.id,
                target_id=units[unit].id,
                opts=pulumi.ResourceOptions(parent=self),
            )
