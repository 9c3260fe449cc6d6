"""BAK-03: recovery points are copied out of reach of what destroys the first ones."""

from collections.abc import Iterator

from odoo_estate.plan import Guardrails
from odoo_estate.preview.graph import Unresolved
from odoo_estate_policies.resource import Resource, Undecided
from odoo_estate_policies.rule import NotDecidable, Verdicts, Violation, about, stack_rule
from odoo_estate_policies.stack import Stack
from odoo_estate_policies.vaults import PLAN, vaults_named


@stack_rule(
    id="BAK-03",
    title="Backup plans copy to another region and account",
    severity="critical",
    types=(PLAN,),
    remedy="add a copy action to a vault there; for RDS one action cannot change region and account at once, so use two",
    source="ransomware guidance; AWS Backup cross-account copy",
)
def bak_03(stack: Stack, rails: Guardrails) -> Verdicts:
    """A lost region takes its vaults with it, a stolen account likewise: only a copy elsewhere is a backup of either."""
    for plan in stack.of_type(PLAN):
        yield from about(plan, _kept_within(plan, stack, rails))


def _kept_within(plan: Resource, stack: Stack, rails: Guardrails) -> Verdicts:
    own_region = plan.region or stack.region
    copies = list(_copies(plan, stack))
    accounts = {account for _, account in copies}
    if rails.cross_region_copy and all(region == own_region for region, _ in copies):
        yield Violation(f"copies nothing out of {own_region}")
    if rails.cross_account_copy and not accounts - {"", stack.account}:
        if "" in accounts:
            yield NotDecidable("the account of a copy's vault is known only after the update")
        else:
            yield Violation(f"copies nothing out of account {stack.account}")


def _copies(plan: Resource, stack: Stack) -> Iterator[tuple[str, str]]:
    """Region and account of each copy's vault; the account is empty where only the provider knows it."""
    for rule in plan.items("rules").objects():
        for action in rule.items("copyActions").objects():
            raw = action.raw.get("destinationVaultArn")
            if isinstance(raw, Unresolved):
                among = plan.property_dependencies.get("rules", ())
                path = f"{action.path}.destinationVaultArn"
                own = vaults_named(raw, path, among, stack)
                if not own:  # another stack's output: its region is not known either
                    raise Undecided(path)
                for vault in own:
                    yield vault.region or stack.region, ""
            else:
                parts = str(raw).split(":")
                if len(parts) >= 7:
                    yield parts[3], parts[4]
