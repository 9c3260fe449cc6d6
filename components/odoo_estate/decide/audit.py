"""What watches all accounts of an estate: recorder, detectors, standards, analyzers, and alarms on the audit trail."""

from collections.abc import Mapping, Sequence

from odoo_estate.decide.context import Context
from odoo_estate.decide.naming import name
from odoo_estate.decide.organisation import for_workloads
from odoo_estate.plan import (
    AlarmPlan,
    AuditPlan,
    BaselinePlan,
    BucketPlan,
    ContactPlan,
    RolePlan,
    TrailAlarmPlan,
)


def audit_plan(context: Context, regions: Sequence[str], accounts: Sequence[str]) -> AuditPlan:
    """What is switched on, where; ``accounts`` are the targets of all accounts, of which one administers."""
    estate, governance = context.estate, context.catalog.governance
    organised = estate.mode == "organisation"
    archive = estate.accounts["log-archive" if organised else "production"]
    scanned = [role for role in accounts if for_workloads(role) or role == "shared-services"]  # with nodes, or images
    return AuditPlan(
        regions=tuple(regions),
        home=estate.home_region,
        administrator="audit" if organised else "management",
        recorder=name("trail", estate.estate, "recorder"),
        frequency=governance.recording.frequency,
        unrecorded=governance.recording.excluded,
        history=BucketPlan(
            name=name("s3", estate.estate, "config", suffix=archive),
            purpose="logs",
            versioning=True,
            noncurrent_days=1,
            archive_after_days=min(governance.archive_after_days, governance.config_history_days),
            expire_after_days=governance.config_history_days + 1,
            # Without a key of ours: Config would need a grant on it from every account.
            encryption="s3",
        ),
        aggregator=name("trail", estate.estate, "aggregator"),
        threat_detection=governance.threat_detection,
        standards=governance.security_standards,
        scanned=governance.scanned,
        scanned_accounts=tuple(estate.accounts[role] for role in scanned) if organised else (archive,),
        unused_access_days=governance.unused_access_days,
        analyzer=name("trail", estate.estate, "analyzer"),
        alarms=trail_alarms(context),
    )


def aggregator_role(context: Context) -> RolePlan:
    """By which Config asks the organisation for its accounts."""
    account = context.estate.accounts["audit"]
    return RolePlan(
        name=name("iam-role", context.estate.estate, "aggregator"),
        description="Lists the organisation's accounts for AWS Config",
        trust=(
            {
                "Effect": "Allow",
                "Principal": {"Service": "config.amazonaws.com"},
                "Action": "sts:AssumeRole",
                "Condition": {"StringEquals": {"aws:SourceAccount": account}},
            },
        ),
        managed_policies=("arn:aws:iam::aws:policy/service-role/AWSConfigRoleForOrganizations",),
    )


def trail_alarms(context: Context) -> dict[str, TrailAlarmPlan]:
    """What is never part of a day's work, in any account and region."""
    estate = context.estate.estate
    glass = name("iam-role", estate, "break-glass")
    patterns: Mapping[str, tuple[str, str]] = {
        "break-glass": (
            f'{{ ($.eventName = "AssumeRole*") && ($.requestParameters.roleArn = "*:role/{glass}") }}',
            "Somebody took on break-glass",
        ),
        "root": (
            '{ ($.userIdentity.type = "Root") && ($.userIdentity.invokedBy NOT EXISTS) && ($.eventType != "AwsServiceEvent") }',
            "Somebody worked as an account's root user",
        ),
        "audit": (
            "{ "
            + " || ".join(
                f"($.eventName = {event})"
                for event in (
                    "StopLogging",
                    "DeleteTrail",
                    "UpdateTrail",
                    "PutEventSelectors",
                    "StopConfigurationRecorder",
                    "DeleteDetector",
                    "DisableSecurityHub",
                )
            )
            + " }",
            "Somebody changed what watches the estate",
        ),
        "users": (
            "{ ($.eventName = CreateUser) || ($.eventName = CreateAccessKey) || ($.eventName = CreateLoginProfile) }",
            "Somebody made a user, a password or an access key",
        ),
    }
    return {
        key: TrailAlarmPlan(
            pattern=pattern,
            alarm=AlarmPlan(
                name=name("alarm", estate, "trail", key),
                description=description,
                namespace=f"{estate}/audit",
                metric=key,
                statistic="Sum",
                comparison="GreaterThanOrEqualToThreshold",
                threshold=1,
                period_seconds=300,
                evaluation_periods=1,
                dimensions={},
                missing_data="notBreaching",
            ),
        )
        for key, (pattern, description) in patterns.items()
    }


def baseline_plan(context: Context, accounts: Sequence[str]) -> BaselinePlan:
    """The same settings for each account."""
    contacts, operator = context.estate.contacts, context.estate.operator.name
    emails = {"OPERATIONS": contacts.operations, "SECURITY": contacts.security, "BILLING": contacts.billing}
    return BaselinePlan(
        targets=tuple(accounts),
        password_length=context.catalog.governance.password_length,
        contacts={
            kind: ContactPlan(name=operator[:64], title=kind.capitalize(), email=email, phone=contacts.phone)
            for kind, email in emails.items()
            if contacts.phone
        },
    )
