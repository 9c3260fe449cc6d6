"""BAK-30: recovery in another region is rehearsed as often as its class says."""

from datetime import date, timedelta

from odoo_estate.plan import Guardrails
from odoo_estate_policies.rule import Verdicts, Violation, stack_rule
from odoo_estate_policies.stack import Stack


@stack_rule(
    id="BAK-30",
    title="Recovery drills are held on time",
    severity="medium",
    types=(),
    remedy="run `estate drill CELL` and commit the evidence that it writes",
    source="AWS Well-Architected REL13-BP03; ISO 22301 8.5",
)
def bak_30(stack: Stack, rails: Guardrails) -> Verdicts:
    """A recovery time that was never measured is an opinion. What a drill measures also stands in the arithmetic of the promise."""
    if rails.drill_days is None:
        return
    if not rails.last_drill:
        yield Violation(f"no drill was ever held; owed every {rails.drill_days} days")
    elif stack.today > (due := date.fromisoformat(rails.last_drill) + timedelta(days=rails.drill_days)):
        yield Violation(f"the last drill was on {rails.last_drill}; the next was owed by {due}")
