"""BAK-02: nothing stateful is left out of the backup plans."""

from odoo_estate.plan import Guardrails
from odoo_estate_policies.backup_selection import carries, takes_in
from odoo_estate_policies.resource import Resource, Undecided
from odoo_estate_policies.rule import Verdicts, Violation, about, stack_rule
from odoo_estate_policies.stack import Stack
from odoo_estate_policies.stateful import STATEFUL, stateful

SELECTION = "aws:backup/selection:Selection"


@stack_rule(
    id="BAK-02",
    title="Every stateful resource is in a backup selection",
    severity="critical",
    types=(*STATEFUL, SELECTION),
    remedy="give it the tags of a backup selection, or add its ARN to one",
    source="RDS.26, CKV2_AWS_8",
)
def bak_02(stack: Stack, rails: Guardrails) -> Verdicts:
    """A backup plan protects only what its selections take in; a mistyped tag is noticed on the day of the restore.

    A tenant's resources may be taken in by its cell's selection, which the guardrails name, because no stack sees another's resources.
    """
    if not rails.backup_required:
        return
    for one in stateful(stack):
        yield from about(one, _left_out(one, stack, rails))


def _left_out(target: Resource, stack: Stack, rails: Guardrails) -> Verdicts:
    if not _covered(target, stack, rails):
        yield Violation(f"is in none of {_offered(stack, rails)}")


def _covered(target: Resource, stack: Stack, rails: Guardrails) -> bool:
    """One sure selection is enough, whatever is unknown about the others."""
    if rails.inherited_backup_selection and carries(target, rails.inherited_backup_selection):
        return True
    unknown: Undecided | None = None
    for selection in stack.of_type(SELECTION):
        try:
            if takes_in(selection, target, stack):
                return True
        except Undecided as missing:
            unknown = missing
    if unknown:
        raise unknown
    return False


def _offered(stack: Stack, rails: Guardrails) -> str:
    own = len(stack.of_type(SELECTION))
    inherited = ", ".join(f"{key}={value}" for key, value in rails.inherited_backup_selection.items())
    return f"the stack's {own} backup selections" + (f", nor tagged {inherited} for the cell's" if inherited else "")
