"""The organisation that organisation mode makes: units, accounts, and the control policies that no role inside can lift."""

import json
from collections.abc import Mapping

from odoo_estate.decide.backup import primary_vault
from odoo_estate.decide.context import Context
from odoo_estate.decide.naming import name, part
from odoo_estate.errors import Refused
from odoo_estate.plan import ControlPolicyPlan, Json, ManagementPolicyPlan, OrganisationPlan
from odoo_estate.spec.estate import Estate

UNITS: Mapping[str, tuple[str, ...]] = {
    "security": ("log-archive", "audit"),
    "infrastructure": ("backup", "shared-services"),
    "workloads": ("production", "non-production"),
}
"""Organisational unit to the account roles in it (AWS's own recommendation of units, read 2026-11). Accounts of partners and regulated customers
have units of their own beside these."""
APART: Mapping[str, str] = {"partner": "partners", "customer": "customers"}
EMAIL_LIMIT = 64
CONTROL_LIMIT = 5120
"""Characters of a service control policy. AWS has raised it to 10,240, some of its pages say; this holds either way (read 2026-11)."""
MANAGEMENT_LIMIT = 10_000
"""Of a tag or backup policy."""
CONTROLS_EACH = 4
"""Policies that a unit may have: five, one of which is AWS's own that allows everything."""
AUDITORS = ("access-analyzer.amazonaws.com", "config.amazonaws.com")
"""Services whose administration is given away by the organisation; GuardDuty, Security Hub and Inspector have appointments of their own."""
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
DNS_LOGS = (
    "logs:CreateLogGroup",
    "logs:DeleteLogGroup",
    "logs:DeleteResourcePolicy",
    "logs:Describe*",
    "logs:ListTagsForResource",
    "logs:PutResourcePolicy",
    "logs:PutRetentionPolicy",
    "logs:TagResource",
    "logs:UntagResource",
)
"""What making the log groups of DNS queries takes; nothing that writes into or reads from them."""
STAY_ON: tuple[Json, ...] = (
    "access-analyzer:DeleteAnalyzer",
    "cloudtrail:DeleteTrail",
    "cloudtrail:PutEventSelectors",
    "cloudtrail:StopLogging",
    "cloudtrail:UpdateTrail",
    "config:DeleteConfigurationAggregator",
    "config:DeleteConfigurationRecorder",
    "config:DeleteDeliveryChannel",
    "config:PutConfigurationRecorder",
    "config:StopConfigurationRecorder",
    "guardduty:DeleteDetector",
    "guardduty:DisassociateFromAdministratorAccount",
    "guardduty:UpdateDetector",
    "inspector2:Disable",
    "securityhub:DisableSecurityHub",
    "securityhub:DisassociateFromAdministratorAccount",
)
LOCKED_OPEN: tuple[Json, ...] = (
    "ec2:DisableEbsEncryptionByDefault",
    "ec2:DisableSnapshotBlockPublicAccess",
    "ec2:ModifyInstanceMetadataDefaults",
    "iam:CreateAccessKey",
    "iam:CreateLoginProfile",
    "iam:CreateUser",
    "iam:DeleteAccountPasswordPolicy",
    "s3:PutAccountPublicAccessBlock",
)


def units_of(estate: Estate) -> dict[str, tuple[str, ...]]:
    """Organisational unit to the roles of the accounts in it."""
    units = {unit: tuple(role for role in roles if role in estate.accounts) for unit, roles in UNITS.items()}
    for kind, unit in APART.items():
        apart = tuple(sorted(role for role in estate.accounts if role.startswith(f"{kind}-")))
        if apart:
            units[unit] = apart
    return units


def for_workloads(role: str) -> bool:
    """Whether cells may live in the account of this role."""
    return role in UNITS["workloads"] or role.partition("-")[0] in APART


def workload_units(units: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """The units whose accounts hold cells."""
    return tuple(unit for unit in units if unit in ("workloads", *APART.values()))


def organisation_plan(context: Context) -> OrganisationPlan | None:
    """None in single-account mode.

    Raises:
        Refused: an account's e-mail address, or a policy, would be too long for AWS.
    """
    estate = context.estate
    if estate.mode != "organisation":
        return None
    units = units_of(estate)
    accounts: Mapping[str, tuple[str, str]] = {
        role: (name("vpc", estate.estate, role)[:50], _email(estate, role))
        for roles in units.values()
        for role in roles
    }
    controls = control_policies(estate, dns_logs=context.catalog.governance.dns_query_log_days > 0)
    management = management_policies(context)
    for key, control in controls.items():
        document = {"Version": "2012-10-17", "Statement": [dict(one) for one in control.statements]}
        check_length(key, document, CONTROL_LIMIT)
    for key, managed in management.items():
        check_length(key, dict(managed.content), MANAGEMENT_LIMIT)
    return OrganisationPlan(
        units=units,
        accounts=accounts,
        control_policies=controls,
        management_policies=management,
        delegated=dict.fromkeys(AUDITORS, estate.accounts["audit"])
        | {"backup.amazonaws.com": estate.accounts["backup"]},
    )


def check_length(key: str, document: object, limit: int) -> None:
    """Refuse the policy ``key`` where its text would be longer than AWS accepts."""
    length = len(json.dumps(document, separators=(",", ":")))
    if length > limit:
        raise Refused(
            f"the organisation's policy {key} would have {length} characters, more than the {limit} that AWS accepts",
            document="estate",
            field=("residency",),
            allowed=(f"at most {limit} characters",),
            remedy="name fewer regions or classes, or make estates of them",
        )


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


def control_policies(estate: Estate, *, dns_logs: bool = False) -> dict[str, ControlPolicyPlan]:
    """Service control policies by key; they bind every role of the accounts below, the administrators' too, and root. ``dns_logs``: Route 53's
    logs, which lie in us-east-1, are let through."""
    units = tuple(units_of(estate))
    regions: list[Json] = [
        *sorted({region for zone in estate.residency.values() for region in zone.regions} | {estate.home_region})
    ]
    break_glass: Json = f"arn:aws:iam::*:role/{name('iam-role', estate.estate, 'break-glass')}"
    elsewhere: list[Json] = [*NO_REGION, *(DNS_LOGS if dns_logs else ())]

    def policy(
        key: str,
        description: str,
        statement: Mapping[str, Json],
        where: tuple[str, ...] = units,
        more: tuple[Mapping[str, Json], ...] = (),
    ) -> ControlPolicyPlan:
        sid = "".join(word.capitalize() for word in key.split("-"))
        return ControlPolicyPlan(
            name=name("control-policy", estate.estate, key),
            description=description,
            statements=({"Sid": sid, "Effect": "Deny", **statement}, *more),
            units=where,
        )

    return {
        "residency": policy(
            "residency",
            "Nothing is made outside the regions of the residency zones",
            {
                "NotAction": elsewhere,
                "Resource": "*",
                "Condition": {"StringNotEquals": {"aws:RequestedRegion": regions}},
            },
        ),
        # What keeps these settings is the automation, by its role; nobody else in the account may lift them.
        "audit": policy(
            "audit",
            "The audit trail, the detectors and the accounts' safe settings stay on; there are no users and no keys",
            {
                "Action": [*STAY_ON, *LOCKED_OPEN],
                "Resource": "*",
                "Condition": {"ArnNotLike": {"aws:PrincipalArn": _keepers(estate)}},
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
            tuple(unit for unit in units if unit != "security"),
        ),
        "root": policy(
            "root",
            "Nobody works as an account's root user; no account leaves the organisation or closes itself",
            {"Action": "*", "Resource": "*", "Condition": {"StringLike": {"aws:PrincipalArn": "arn:aws:iam::*:root"}}},
            more=(
                {
                    "Sid": "Leave",
                    "Effect": "Deny",
                    "Action": ["account:CloseAccount", "organizations:LeaveOrganization"],
                    "Resource": "*",
                },
            ),
        ),
    }


def _keepers(estate: Estate) -> list[Json]:
    """Who brings the landing zone up in the accounts: the deploy role that the estate names, and the role that AWS makes in new accounts."""
    roles = ["OrganizationAccountAccessRole", *([estate.deploy_role] if estate.deploy_role else [])]
    return [f"arn:aws:iam::*:role/{one}" for one in roles]


def management_policies(context: Context) -> dict[str, ManagementPolicyPlan]:
    """How owner tags are written, and what is backed up of things that no stack of ours backs up."""
    estate, catalog = context.estate, context.catalog
    units = units_of(estate)
    values: Mapping[str, list[str]] = {
        "tier": [*catalog.service_classes, "shared"],
        "residency": list(estate.residency),
        "data-class": ["internal", "confidential", "restricted"],
    }
    tags: dict[str, Json] = {}
    for key in catalog.required_tags:
        tag: dict[str, Json] = {"tag_key": {"@@assign": key}}
        if key in values:
            tag["tag_value"] = {"@@assign": [*values[key]]}
        tags[key] = tag
    found = {
        "tags": ManagementPolicyPlan(
            name=name("control-policy", estate.estate, "tags"),
            description="Owner tags are written one way; what differs is reported, not refused",
            type="TAG_POLICY",
            content={"tags": tags},
            units=tuple(units),
        )
    }
    days = catalog.governance.backup_fallback_days
    if days:
        found["backup"] = ManagementPolicyPlan(
            name=name("control-policy", estate.estate, "backup"),
            description="Daily points of whatever is tagged for the organisation's own plan",
            type="BACKUP_POLICY",
            content={"plans": _backups(estate, days)},
            units=workload_units(units),
        )
    return found


FALLBACK_CLASS = "organisation"
"""Value of ``backup-class`` on what the organisation's own backup policy takes in."""


def _backups(estate: Estate, days: int) -> dict[str, Json]:
    """One plan for each region with cells, into the vault of the first of them: it is there, locked and encrypted."""
    first = {estate.cells[cell].region: cell for cell in sorted(estate.cells, reverse=True)}
    return {
        name("backup-plan", estate.estate, "organisation", part(region)): _backup(
            estate, days, region, primary_vault(estate, cell)
        )
        for region, cell in sorted(first.items())
    }


def _backup(estate: Estate, days: int, region: str, vault: str) -> dict[str, Json]:
    role = name("iam-role", estate.estate, "organisation-backup")
    return {
        "regions": {"@@assign": [region]},
        "rules": {
            "daily": {
                "schedule_expression": {"@@assign": "cron(0 1 ? * * *)"},
                "start_backup_window_minutes": {"@@assign": "60"},
                "complete_backup_window_minutes": {"@@assign": "1440"},
                "target_backup_vault_name": {"@@assign": vault},
                "lifecycle": {"delete_after_days": {"@@assign": str(days)}},
            }
        },
        "selections": {
            "tags": {
                "tagged": {
                    "iam_role_arn": {"@@assign": f"arn:aws:iam::$account:role/{role}"},
                    "tag_key": {"@@assign": "backup-class"},
                    "tag_value": {"@@assign": [FALLBACK_CLASS]},
                }
            }
        },
    }
