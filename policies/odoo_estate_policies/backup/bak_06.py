"""BAK-06: nobody but break-glass may delete or change recovery points."""

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

from odoo_estate.plan import Guardrails
from odoo_estate.preview.graph import Unresolved
from odoo_estate_policies.resource import Items, Properties, Resource
from odoo_estate_policies.rule import Verdicts, Violation, about, stack_rule
from odoo_estate_policies.stack import Stack
from odoo_estate_policies.vaults import VAULT, VAULT_POLICY

# Not the changing of the policy itself: denied to everybody, it would shut out the automation that has to renew it.
FORBIDDEN = ("backup:DeleteRecoveryPoint", "backup:UpdateRecoveryPointLifecycle", "backup:DeleteBackupVault")


@stack_rule(
    id="BAK-06",
    title="Vault policies deny deletion and change",
    severity="high",
    types=(VAULT, VAULT_POLICY),
    remedy=f"add a VaultPolicy that denies {', '.join(FORBIDDEN)} to everybody, excepting at most the break-glass role",
    source="ransomware guidance; AWS Backup vault access policies",
)
def bak_06(stack: Stack, rails: Guardrails) -> Verdicts:
    """The lock protects what is in the vault; the policy also keeps the lifecycle from being changed before the lock is final."""
    if not rails.backup_required:
        return
    for vault in stack.of_type(VAULT):
        yield from about(vault, _changeable(vault, stack))


def _changeable(vault: Resource, stack: Stack) -> Verdicts:
    policies = stack.beside(vault, VAULT_POLICY, "backupVaultName")
    denied = {pattern for policy in policies for pattern in _denied(policy)}
    allowed = [action for action in FORBIDDEN if not any(fnmatchcase(action, pattern) for pattern in denied)]
    if not policies:
        yield Violation("has no vault policy")
    elif allowed:
        yield Violation(f"its policy does not deny {', '.join(allowed)}")


def _denied(policy: Resource) -> Iterator[str]:
    """Action patterns denied to everybody, but for principals that a negated condition excepts."""
    for statement in policy.document("policy").items("Statement").objects():
        exceptions = statement.section("Condition")
        if (
            statement.text("Effect") == "Deny"
            and _everybody(statement)
            and _everything(statement)
            and all(_excepts_a_role(exceptions.section(operator), operator) for operator in exceptions)
        ):
            yield from _texts(statement, "Action")


def _excepts_a_role(condition: Properties, operator: str) -> bool:
    """Whether a condition excepts nobody but roles that it names; one by network or by a wildcard may except everybody."""
    return "Not" in operator and all(
        key.lower() == "aws:principalarn" and not any(one.endswith("*") for one in _known_texts(condition.raw[key]))
        for key in condition
    )


def _known_texts(raw: Any) -> tuple[str, ...]:
    """An ARN that is not known yet is one role's."""
    every = raw if isinstance(raw, list | tuple) else (raw,)
    return tuple(one for one in every if isinstance(one, str) and not isinstance(one, Unresolved))


def _everybody(statement: Properties) -> bool:
    principal = statement.get("Principal")
    return "*" in _texts(principal, "AWS") if isinstance(principal, Properties) else principal == "*"


def _everything(statement: Properties) -> bool:
    """A vault's policy speaks about nothing but the vault, so an ARN that is not known yet can only be its own."""
    raw = statement.raw.get("Resource")
    return raw in ("*", ["*"]) or isinstance(raw, Unresolved)


def _texts(holder: Properties, key: str) -> tuple[str, ...]:
    value = holder.get(key)
    return value.texts() if isinstance(value, Items) else () if value is None else (str(value),)
