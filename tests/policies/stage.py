"""What the cases are written with: a stack's plan, resources in it, and references between them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from odoo_estate.plan import AwsTarget, Exemption, Guardrails, Plan, VaultLock
from odoo_estate.preview.graph import Reference, Unresolved, references
from odoo_estate_policies.judge import Finding, judge
from odoo_estate_policies.registry import shipped
from odoo_estate_policies.resource import Resource
from odoo_estate_policies.taggable import is_taggable

TODAY = date(2026, 11, 22)
TENANT = "tenant.medsupply.production"
CELL = "cell.eu-1"
ACCOUNT = "111122223333"
REGION = "eu-central-1"
TAGS = {
    "tenant": "medsupply",
    "environment": "production",
    "tier": "regulated",
    "owner": "ops@example.com",
    "cost-center": "4711",
    "data-class": "restricted",
    "managed-by": "odoo-estate",
    "backup-class": "long-7y-every-24h",
}

RAILS = Guardrails(
    service_classes=("regulated",),
    production=True,
    residency_regions=("eu-central-1", "eu-west-1"),
    required_tags=("tenant", "environment", "tier", "owner", "cost-center", "data-class", "managed-by"),
    tag_patterns={"environment": "production|staging|sandbox|development", "cost-center": "[0-9]{4}"},
    database_classes=("db.m7g.large", "db.m7g.xlarge"),
    database_storage_gib=500,
    database_max_storage_gib=1000,
    database_iops=12000,
    database_storage_types=("gp3",),
    cache_node_types=("cache.t4g.small", "cache.m7g.large"),
    cache_nodes=3,
    node_instance_types=("m7g.large", "m7g.xlarge"),
    nodes=6,
    pod_cpu_millicores=2000,
    pod_memory_mib=4096,
    pod_replicas=4,
    backup_retention_days=14,
    cache_snapshot_days=7,
    backup_required=True,
    cross_region_copy=True,
    cross_account_copy=True,
    vault_lock=VaultLock(min_days=7, max_days=400, changeable_for_days=3),
    restore_test=True,
    bucket_versioning=True,
    bucket_object_lock=True,
    bucket_replication=True,
)


@dataclass(frozen=True)
class Case:
    """One stack. ``expected`` are the (rule, resource name) pairs of the rule under test; ``undecided`` likewise."""

    resources: tuple[Resource, ...]
    expected: frozenset[str] = frozenset()
    undecided: frozenset[str] = frozenset()
    rails: Mapping[str, Any] = field(default_factory=dict)
    stack: str = CELL
    exemptions: tuple[Exemption, ...] = ()


@dataclass(frozen=True)
class Cases:
    """A rule's promise: stacks that hold, stacks that break it, stacks where a value is missing."""

    holds: tuple[Case, ...]
    breaks: tuple[Case, ...]
    unknown: tuple[Case, ...] = ()


def case(
    *resources: Resource,
    expected: str = "",
    undecided: str = "",
    stack: str = CELL,
    exemptions: tuple[Exemption, ...] = (),
    **rails: Any,
) -> Case:
    """A case; ``expected`` and ``undecided`` are names of resources, blank separated (``-`` for the stack itself)."""
    return Case(resources, frozenset(expected.split()), frozenset(undecided.split()), rails, stack, exemptions)


def urn(type_token: str, name: str, stack: str = CELL) -> str:
    return f"urn:pulumi:{stack}::odoo-estate::{type_token}::{name}"


def resource(
    type_token: str, name: str, inputs: Mapping[str, Any] | None = None, *, stack: str = CELL, region: str = REGION
) -> Resource:
    """A resource with those inputs; what they refer to becomes its dependencies, as the recorder does it."""
    given = dict(inputs or {})
    sources = {key: tuple(dict.fromkeys(one.urn for one in references(value))) for key, value in given.items()}
    return Resource(
        urn=urn(type_token, name, stack),
        type=type_token,
        name=name,
        raw=given,
        region=region,
        taggable=is_taggable(type_token),
        dependencies=tuple(dict.fromkeys(one for found in sources.values() for one in found)),
        property_dependencies={key: found for key, found in sources.items() if found},
    )


def ref(target: Resource, path: str = "arn") -> Unresolved:
    """An output of ``target`` that is not known yet."""
    return Reference(target.urn, path)


def unknown(path: str = "value") -> Unresolved:
    """An output of something that no rule looks at."""
    return Reference(urn("random:index/randomPet:RandomPet", "pet"), path)


def plan(stack: str = CELL, exemptions: tuple[Exemption, ...] = (), **rails: Any) -> Plan:
    return Plan(
        estate="northwind",
        stack=stack,
        kind="tenant" if stack.startswith("tenant") else "cell",
        target=AwsTarget(account=ACCOUNT, region=REGION),
        tags=TAGS,
        decisions=(),
        budgets=(),
        guardrails=replace(RAILS, **rails),
        exemptions=exemptions,
    )


def judged(one: Case) -> list[Finding]:
    """What all shipped rules say about a case."""
    return judge(one.resources, plan(one.stack, one.exemptions, **one.rails), today=TODAY, registry=shipped())
