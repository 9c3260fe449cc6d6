"""The organisation that organisation mode makes: units, accounts, and the control policies that no role inside can lift."""

from collections.abc import Mapping

from odoo_estate.decide.naming import name
from odoo_estate.errors import Refused
from odoo_estate.plan import ControlPolicyPlan, Json, OrganisationPlan
from odoo_estate.spec.estate import Estate

UNITS: Mapping[str, tuple[str, ...]] = {
    "security": ("log-archive", "audit"),
    "infrastructure": ("backup", "shared-services"),
    "workloads": ("production", "non-production"),
}
"""Organisational unit to the account roles in it (AWS's own recommendation of units, read 2026-11)."""
EMAIL_LIMIT = 64
NO_REGION = (
    "access-analyzer:*",
    "account:*",
    "aws-portal:*",
    "budgets:*",
    "ce:*",
    "cloudfront:*",
    "health:*",
    "iam:*",
    "kms:*",
    "organizations:*",
    "route53:*",
    "s3:GetAccountPublic*",
    "s3:ListAllMyBuckets",
    "s3:PutAccountPublic*",
    "sts:*",
    "support:*",
    "tag:*",
    "trustedadvisor:*",
    "waf:*",
)
"""Services that answer in one region for all (AWS's example policy for denying regions, read 2026-11)."""


def organisation_plan(estate: Estate) -> OrganisationPlan | None:
    """None in single-account mode.

    Raises:
        Refused: an account's e-mail address would be too long.
    """
    if estate.mode != "organisation":
        return None
    units = {unit: tuple(role for role in roles if role in estate.accounts) for unit, roles in UNITS.items()}
    accounts: Mapping[str, tuple[str, str]] = {
        role: (name("vpc", estate.estate, role)[:50], _email(estate, role))
        for roles in units.values()
        for role in roles
    }
    return OrganisationPlan(units=units, accounts=accounts, control_policies=control_policies(estate))


def _email(estate: Estate, role: str) -> str:
    """An address of its own for each account, as AWS demands, that ends in the operations team's mailbox (plus addressing)."""
    mailbox, _, domain = estate.contacts.operations.partition("@")
    address = f"{mailbox}+{estate.estate}-{role}@{domain}"
    if len(address) > EMAIL_LIMIT:
        raise Refused(
            f"the address of the account {role} would be {address}, longer than the {EMAIL_LIMIT} characters that AWS accepts",
            document="estate",
            field=("contacts", "operations"),
            value=estate.contacts.operations,
            allowed=(f"at most {EMAIL_LIMIT - len(estate.estate) - len('+-shared-services')} characters",),
            remedy="use a shorter mailbox for operations",
        )
    return address


def control_policies(estate: Estate) -> dict[str, ControlPolicyPlan]:
    """Service control policies by key; they bind every role of the accounts below, the administrators' too."""
    units = tuple(unit for unit, roles in UNITS.items() if any(role in estate.accounts for role in roles))
    regions: list[Json] = [
        *sorted({region for zone in estate.residency.values() for region in zone.regions} | {estate.home_region})
    ]
    break_glass: Json = f"arn:aws:iam::*:role/{name('iam-role', estate.estate, 'break-glass')}"

    def policy(
        key: str, description: str, statement: Mapping[str, Json], where: tuple[str, ...] = units
    ) -> ControlPolicyPlan:
        sid = "".join(word.capitalize() for word in key.split("-"))
        return ControlPolicyPlan(
            name=name("control-policy", estate.estate, key),
            description=description,
            statements=({"Sid": sid, "Effect": "Deny", **statement},),
            units=where,
        )

    return {
        "residency": policy(
            "residency",
            "Nothing is made outside the regions of the residency zones",
            {
                "NotAction": list(NO_REGION),
                "Resource": "*",
                "Condition": {"StringNotEquals": {"aws:RequestedRegion": regions}},
            },
        ),
        "audit": policy(
            "audit",
            "The audit trail and the detectors stay on",
            {
                "Action": [
                    "cloudtrail:DeleteTrail",
                    "cloudtrail:StopLogging",
                    "config:DeleteConfigurationRecorder",
                    "config:StopConfigurationRecorder",
                    "guardduty:DeleteDetector",
                    "organizations:LeaveOrganization",
                    "securityhub:DisableSecurityHub",
                ],
                "Resource": "*",
            },
        ),
        "recovery": policy(
            "recovery",
            "Recovery points, their vaults and locks are not deleted by any role of everyday work",
            {
                "Action": [
                    "backup:DeleteBackupVault",
                    "backup:DeleteBackupVaultAccessPolicy",
                    "backup:DeleteBackupVaultLockConfiguration",
                    "backup:DeleteRecoveryPoint",
                    "backup:UpdateRecoveryPointLifecycle",
                ],
                "Resource": "*",
                "Condition": {"ArnNotLike": {"aws:PrincipalArn": break_glass}},
            },
            tuple(unit for unit in units if unit in ("infrastructure", "workloads")),
        ),
        "root": policy(
            "root",
            "Nobody works as an account's root user",
            {"Action": "*", "Resource": "*", "Condition": {"StringLike": {"aws:PrincipalArn": "arn:aws:iam::*:root"}}},
        ),
    }
