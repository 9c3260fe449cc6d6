"""PART-01: logs are gone when our privacy notice says so."""

from odoo_estate.plan import Guardrails
from odoo_estate_policies.resource import Resource
from odoo_estate_policies.rule import Verdicts, Violation, resource_rule

PROMISED_DAYS = 90  # "access data is deleted after three months": our privacy notice


@resource_rule(
    id="PART-01",
    title="Logs are kept no longer than our privacy notice says",
    severity="high",
    types=("aws:cloudwatch/logGroup:LogGroup",),
    remedy="lower log_retention_days of the class in stacks/catalog.yaml, or change the notice first and then this rule",
    source="own: privacy notice; GDPR, article 5 (1) e",
)
def part_01(resource: Resource, _: Guardrails) -> Verdicts:
    """The operator says how long logs must be kept at least; what we promised our customers is how long at most."""
    days = resource.number("retentionInDays")
    if not days:  # CloudWatch's default: for ever
        yield Violation(f"logs are kept for ever; allowed: {PROMISED_DAYS} days or less")
    elif days > PROMISED_DAYS:
        yield Violation(f"logs are kept for {days} days; allowed: {PROMISED_DAYS} days or less")
