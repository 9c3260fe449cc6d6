"""BAK-05: a plan keeps recovery points for a time that the vault's lock accepts."""

from collections.abc import Iterator
from typing import Any

from odoo_estate.plan import Guardrails
from odoo_estate_policies.resource import Properties, Resource
from odoo_estate_policies.rule import NotDecidable, Verdicts, Violation, about, stack_rule
from odoo_estate_policies.stack import Stack
from odoo_estate_policies.vaults import LOCK, PLAN, lock_of, vaults_named

Bounds = tuple[float, float]
Target = tuple[str, Properties, str]
"""What it is called, what holds the lifecycle, and the property that names the vault."""
NO_BOUNDS: Bounds = (0, float("inf"))


@stack_rule(
    id="BAK-05",
    title="Retention lies within the vault's lock",
    severity="high",
    types=(PLAN, LOCK),
    remedy="set the lifecycle's deleteAfter between the lock's minRetentionDays and maxRetentionDays",
    source="AWS Backup Vault Lock: jobs outside the lock's limits fail",
)
def bak_05(stack: Stack, rails: Guardrails) -> Verdicts:
    """The service refuses such jobs one by one, at night, instead of the plan once: the backup is missing and nobody was told."""
    elsewhere = NO_BOUNDS if rails.vault_lock is None else (rails.vault_lock.min_days, rails.vault_lock.max_days)
    for plan in stack.of_type(PLAN):
        for target in _targets(plan):
            yield from about(plan, _outside(target, plan, stack, elsewhere))


def _outside(target: Target, plan: Resource, stack: Stack, elsewhere: Bounds) -> Verdicts:
    where, holder, key = target
    among = plan.property_dependencies.get("rules", ())
    bounds = _bounds(holder.raw.get(key), f"{holder.path}.{key}", among, stack, elsewhere)
    days = holder.section("lifecycle").number("deleteAfter")
    kept = float("inf") if days is None else days
    broken = [(least, most) for least, most in bounds if not least <= kept <= most]
    if len(broken) == len(bounds):
        found = "for ever" if days is None else f"{days:g} days"
        least, most = broken[0]
        yield Violation(
            f"{where} keeps recovery points {found}; allowed by the vault's lock: {least:g} to {most:g} days"
        )
    elif broken:
        yield NotDecidable(f"{where}: which vault it goes to is known only after the update")


def _targets(plan: Resource) -> Iterator[Target]:
    for rule in plan.items("rules").objects():
        name = f"rule {rule.text('ruleName')}"
        yield name, rule, "targetVaultName"
        for action in rule.items("copyActions").objects():
            yield f"a copy of {name}", action, "destinationVaultArn"


def _bounds(raw: Any, path: str, among: tuple[str, ...], stack: Stack, elsewhere: Bounds) -> list[Bounds]:
    """The limits of every vault that may be meant; a vault of another stack has the catalog's lock."""
    found: list[Bounds] = []
    for vault in vaults_named(raw, path, among, stack):
        lock = lock_of(vault, stack)
        least = lock.number("minRetentionDays") if lock else None
        most = lock.number("maxRetentionDays") if lock else None
        found.append((least or 0, most or float("inf")))
    return found or [elsewhere]
