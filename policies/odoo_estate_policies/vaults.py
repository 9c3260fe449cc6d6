"""Backup vaults of a stack, their locks, and the vaults that plans write to."""

from collections.abc import Sequence
from typing import Any

from odoo_estate.preview.graph import Unresolved
from odoo_estate_policies.resource import Resource, names
from odoo_estate_policies.stack import Stack

VAULT = "aws:backup/vault:Vault"
LOCK = "aws:backup/vaultLockConfiguration:VaultLockConfiguration"
VAULT_POLICY = "aws:backup/vaultPolicy:VaultPolicy"
PLAN = "aws:backup/plan:Plan"


def lock_of(vault: Resource, stack: Stack) -> Resource | None:
    """The vault's lock, None where it has none in this stack."""
    return next(iter(stack.beside(vault, LOCK, "backupVaultName")), None)


def vaults_named(raw: Any, path: str, among: Sequence[str], stack: Stack) -> list[Resource]:
    """The stack's vaults that a raw name or ARN may mean: none for a vault elsewhere, several only where an engine's unknown value
    does not say which of the property's dependencies it comes from."""
    return [one for one in stack.of_type(VAULT) if _means(raw, one, path, among, stack)]


def _means(raw: Any, vault: Resource, path: str, among: Sequence[str], stack: Stack) -> bool:
    if isinstance(raw, str) and not isinstance(raw, Unresolved) and raw.startswith("arn:"):
        _, _, _, region, account, _, name = raw.split(":", 6)
        return (region, account, name) == (vault.region or stack.region, stack.account, vault.raw.get("name"))
    return names(raw, vault, path, among)
