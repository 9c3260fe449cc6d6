"""BAK-07: backups are restored on a schedule, not on the day of the disaster."""

from typing import Any

from odoo_estate.plan import Guardrails
from odoo_estate.preview.graph import Unresolved
from odoo_estate_policies.resource import Resource, Undecided
from odoo_estate_policies.rule import Verdicts, Violation, about, stack_rule
from odoo_estate_policies.stack import Stack
from odoo_estate_policies.vaults import PLAN, vaults_named

TESTING_PLAN = "aws:backup/restoreTestingPlan:RestoreTestingPlan"
TESTING_SELECTION = "aws:backup/restoreTestingSelection:RestoreTestingSelection"


@stack_rule(
    id="BAK-07",
    title="A restore-testing plan covers the backup plans",
    severity="medium",
    types=(PLAN, TESTING_PLAN, TESTING_SELECTION),
    remedy="add a RestoreTestingPlan that includes the plan's vault, with a RestoreTestingSelection",
    source="AWS Well-Architected REL09-BP04, SaaS Lens",
)
def bak_07(stack: Stack, rails: Guardrails) -> Verdicts:
    """A backup that was never restored is a hope. A testing plan without a selection runs on schedule and restores nothing."""
    if not rails.restore_test:
        return
    for plan in stack.of_type(PLAN):
        yield from about(plan, _untested(plan, stack))


def _untested(plan: Resource, stack: Stack) -> Verdicts:
    if not any(_tests(test, plan, stack) for test in stack.of_type(TESTING_PLAN)):
        yield Violation("no restore-testing plan with a selection includes its vault")


def _tests(test: Resource, plan: Resource, stack: Stack) -> bool:
    if not stack.beside(test, TESTING_SELECTION, "restoreTestingPlanName"):
        return False
    key = "recoveryPointSelection"
    raw = test.section(key).raw.get("includeVaults") or ()
    if raw == ["*"]:
        return True
    included = [raw] if isinstance(raw, Unresolved) else list(raw)
    written = [rule.raw.get("targetVaultName") for rule in plan.items("rules").objects()]
    tested = _vaults(included, f"{key}.includeVaults", test.property_dependencies.get(key, ()), stack)
    targets = _vaults(written, "rules.targetVaultName", plan.property_dependencies.get("rules", ()), stack)
    if (tested & targets) - {None}:
        return True
    if None in tested | targets:
        raise Undecided(f"{key}.includeVaults" if None in tested else "rules.targetVaultName")
    return False


def _vaults(raw: list[Any], path: str, among: tuple[str, ...], stack: Stack) -> set[str | None]:
    """Each vault that is meant: its URN where it is the stack's own, else its name, None where that is unknown."""
    found: set[str | None] = set()
    for one in raw:
        own = {vault.urn for vault in vaults_named(one, path, among, stack)}
        found |= own or {None if isinstance(one, Unresolved) else str(one).rpartition(":")[2]}
    return found
