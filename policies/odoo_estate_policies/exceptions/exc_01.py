"""EXC-01: an exemption that has expired stops the run."""

from datetime import date

from odoo_estate.plan import Guardrails
from odoo_estate_policies.rule import Verdicts, Violation, stack_rule
from odoo_estate_policies.stack import Stack


@stack_rule(
    id="EXC-01",
    title="No exemption has expired",
    severity="high",
    types=(),
    remedy="have the approver renew the exemption with a new date, or remove it and what depends on it",
    source="own: a register that keeps dead entries hides which rules really hold",
)
def exc_01(stack: Stack, rails: Guardrails) -> Verdicts:  # noqa: ARG001 every rule has this signature
    """An exemption is a loan with a due date; the day of expiry itself still counts."""
    for one in stack.exemptions:
        if date.fromisoformat(one.expires) < stack.today:
            yield Violation(
                f"the exemption from {one.rule} for {one.resource} ({one.reason}; approved by {one.approver}) "
                f"expired on {one.expires}"
            )
