"""BAK-01: databases keep automated backups for as long as the class promises."""

from odoo_estate.plan import AnyPlan, Guardrails
from odoo_estate_policies.resource import Resource
from odoo_estate_policies.rule import Verdicts, Violation, resource_rule

INSTANCE = "aws:rds/instance:Instance"
DEFAULTS = {INSTANCE: 0, "aws:rds/cluster:Cluster": 1}  # pulumi-aws 7.51


def _raise_retention(resource: Resource, plan: AnyPlan) -> dict[str, object]:  # noqa: ARG001 every repair has this signature
    return {"backupRetentionPeriod": plan.guardrails.backup_retention_days}


@resource_rule(
    id="BAK-01",
    title="Automated database backups are kept long enough",
    severity="high",
    types=tuple(DEFAULTS),
    remedy="set backupRetentionPeriod to the class's days",
    source="awsguard, CKV_AWS_133; default: pulumi-aws 7.51",
    repair=_raise_retention,
)
def bak_01(resource: Resource, rails: Guardrails) -> Verdicts:
    """Without automated backups there is no point-in-time recovery, and the provider's default for an instance is none.

    A read replica is rebuilt from its source, whose retention is judged.
    """
    if "replicateSourceDb" in resource or "replicationSourceIdentifier" in resource:
        return
    days = resource.number("backupRetentionPeriod")
    if days is None:
        days = DEFAULTS[resource.type]
    if days < rails.backup_retention_days:
        yield Violation(f"backupRetentionPeriod is {days:g} days; allowed: at least {rails.backup_retention_days}")
