"""BAK-22: a backup that fails is heard of."""

from odoo_estate.plan import Guardrails
from odoo_estate_policies.rule import Verdicts, Violation, about, stack_rule
from odoo_estate_policies.stack import Stack
from odoo_estate_policies.vaults import PLAN, VAULT

RULE = "aws:cloudwatch/eventRule:EventRule"
TARGET = "aws:cloudwatch/eventTarget:EventTarget"


@stack_rule(
    id="BAK-22",
    title="Failed backup jobs are events that somebody receives",
    severity="high",
    types=(VAULT, PLAN, RULE, TARGET),
    remedy="add an EventRule for source aws.backup with a target; a vault's own notifications no longer tell of failed jobs",
    source="AWS Backup API reference, PutBackupVaultNotifications: deprecated events",
)
def bak_22(stack: Stack, rails: Guardrails) -> Verdicts:
    """Jobs fail at night and one by one; the plan looks as healthy as ever until the day of the restore."""
    vaults, plans = stack.of_type(VAULT), stack.of_type(PLAN)
    if not rails.backup_required or not vaults:
        return
    for plan in plans:
        yield from about(plan, _unheard(stack))


def _unheard(stack: Stack) -> Verdicts:
    heard = [
        rule
        for rule in stack.of_type(RULE)
        if "aws.backup" in rule.document("eventPattern").items("source").texts() and stack.beside(rule, TARGET, "rule")
    ]
    if not heard:
        yield Violation("no event rule tells of its failed jobs")
