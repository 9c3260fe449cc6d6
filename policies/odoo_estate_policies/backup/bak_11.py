"""BAK-11: backups are encrypted with a key of their own."""

from collections.abc import Iterator
from typing import Any

from odoo_estate.plan import Guardrails
from odoo_estate.preview.graph import Unresolved
from odoo_estate_policies.resource import Resource
from odoo_estate_policies.rule import NotDecidable, Verdicts, Violation, stack_rule
from odoo_estate_policies.stack import Stack
from odoo_estate_policies.vaults import VAULT

WORKLOADS = {
    "aws:rds/instance:Instance": "kmsKeyId",
    "aws:rds/cluster:Cluster": "kmsKeyId",
    "aws:elasticache/replicationGroup:ReplicationGroup": "kmsKeyId",
    "aws:efs/fileSystem:FileSystem": "kmsKeyId",
    "aws:ebs/volume:Volume": "kmsKeyId",
    "aws:secretsmanager/secret:Secret": "kmsKeyId",
}
"""Workload types whose key is a top-level property, and which one."""


@stack_rule(
    id="BAK-11",
    title="The recovery key is not a workload's key",
    severity="high",
    types=(VAULT, *WORKLOADS),
    remedy="encrypt the vault with the recovery key",
    source="ransomware guidance",
)
def bak_11(stack: Stack, rails: Guardrails) -> Verdicts:  # noqa: ARG001 every rule has this signature
    """A key that is deleted or withheld with the data makes the backup as unreadable as what it should replace."""
    vaults = [one for one in stack.of_type(VAULT) if "kmsKeyArn" in one]
    workloads = [
        (one, set(_keys(one, key))) for kind, key in WORKLOADS.items() for one in stack.of_type(kind) if key in one
    ]
    for vault in vaults:
        own = set(_keys(vault, "kmsKeyArn"))
        for workload, keys in workloads:
            if own & keys:
                yield Violation(f"is encrypted with the key of {workload.name}", urn=vault.urn)
            elif _literal(own) != _literal(keys):
                yield NotDecidable(
                    f"whether its key is that of {workload.name} is known only after the update", urn=vault.urn
                )


def _keys(resource: Resource, key: str) -> Iterator[str]:
    """The key: the URN of the resource that it comes from, else its ARN."""
    raw: Any = resource.raw[key]
    if isinstance(raw, Unresolved):
        yield from {source.urn for source in raw.sources} or set(resource.property_dependencies.get(key, ()))
    else:
        yield from resource.property_dependencies.get(key, ()) or (str(raw),)


def _literal(keys: set[str]) -> bool:
    return all(not key.startswith("urn:pulumi:") for key in keys)
