"""EXC-02: an exemption is from a rule that there is."""

from odoo_estate.decide.exemptions import ENTITLEMENTS
from odoo_estate.plan import Guardrails
from odoo_estate_policies.rule import Verdicts, Violation, stack_rule
from odoo_estate_policies.stack import Stack


@stack_rule(
    id="EXC-02",
    title="Every exemption is from a rule that judges the stack",
    severity="medium",
    types=(),
    remedy="correct the rule's id, or remove the exemption",
    source="own: a misspelt exemption looks granted in the register and grants nothing",
)
def exc_02(stack: Stack, rails: Guardrails) -> Verdicts:  # noqa: ARG001 every rule has this signature
    """Advice, because a rule of a partner's own pack is unknown where that pack does not run."""
    for one in stack.exemptions:
        if one.rule not in stack.rules | ENTITLEMENTS.keys():
            yield Violation(f"{one.rule}, from which {one.approver} exempted {one.resource}, is no rule of this pack")
