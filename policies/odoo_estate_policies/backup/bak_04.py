"""BAK-04: backup vaults are locked."""

from odoo_estate.plan import Guardrails, VaultLock
from odoo_estate_policies.resource import Resource
from odoo_estate_policies.rule import Verdicts, Violation, about, stack_rule
from odoo_estate_policies.stack import Stack
from odoo_estate_policies.vaults import LOCK, VAULT, lock_of

LEAST_GRACE_DAYS = 3
"""AWS Backup's own minimum; a lock without grace days stays in governance mode and can be removed."""


@stack_rule(
    id="BAK-04",
    title="Vaults are locked, in compliance mode where the class demands it",
    severity="critical",
    types=(VAULT, LOCK),
    remedy="add a VaultLockConfiguration with the catalog's minRetentionDays, maxRetentionDays and changeableForDays",
    source="AWS Backup Vault Lock",
)
def bak_04(stack: Stack, rails: Guardrails) -> Verdicts:
    """Whoever steals an administrator's session deletes the backups first; a compliance lock holds against the account's owner too."""
    if rails.vault_lock is None:
        return
    for vault in stack.of_type(VAULT):
        yield from about(vault, _unlocked(vault, stack, rails.vault_lock))


def _unlocked(vault: Resource, stack: Stack, wanted: VaultLock) -> Verdicts:
    lock = lock_of(vault, stack)
    if lock is None:
        yield Violation("has no lock")
        return
    least, most, grace = (lock.number(key) for key in ("minRetentionDays", "maxRetentionDays", "changeableForDays"))
    if not least or least < wanted.min_days:
        yield Violation(f"its lock's minRetentionDays is {least}; allowed: at least {wanted.min_days}")
    if not most or most > wanted.max_days:
        yield Violation(f"its lock's maxRetentionDays is {most}; allowed: at most {wanted.max_days}")
    if wanted.changeable_for_days is not None and (grace is None or grace < LEAST_GRACE_DAYS):
        yield Violation(
            f"its lock's changeableForDays is {grace}, so anybody may remove it; allowed: at least {LEAST_GRACE_DAYS}"
        )
