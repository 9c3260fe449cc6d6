"""A partner's own thresholds: tighter than the contract's, never looser."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

from odoo_estate.plan import Guardrails

Direction = Literal["lower", "higher", "fewer", "more", "demanded", "fixed"]

DIRECTIONS: Mapping[str, Direction] = {
    "service_classes": "fixed",
    "production": "demanded",
    "residency_regions": "fewer",
    "required_tags": "more",
    "tag_patterns": "fixed",
    "database_classes": "fewer",
    "database_storage_gib": "lower",
    "database_max_storage_gib": "lower",
    "database_iops": "lower",
    "database_storage_types": "fewer",
    "cache_node_types": "fewer",
    "cache_nodes": "lower",
    "node_instance_types": "fewer",
    "nodes": "lower",
    "pod_cpu_millicores": "lower",
    "pod_memory_mib": "lower",
    "pod_replicas": "lower",
    "backup_retention_days": "higher",
    "cache_snapshot_days": "higher",
    "backup_required": "demanded",
    "cross_region_copy": "demanded",
    "cross_account_copy": "demanded",
    "vault_lock": "fixed",
    "restore_test": "demanded",
    "bucket_versioning": "demanded",
    "bucket_object_lock": "demanded",
    "bucket_replication": "demanded",
    "bucket_versions_days": "higher",
    "inherited_backup_selection": "fixed",
    "drill_days": "fixed",
    "last_drill": "fixed",
    "recovery": "fixed",
    "kubernetes": "fixed",
}
"""In which direction each threshold is tighter; ``fixed`` ones cannot be ordered, so a partner cannot set them."""


class Loosened(ValueError):
    """A partner's threshold is looser than the contract's."""


def tightened(rails: Guardrails, wishes: Mapping[str, Any]) -> Guardrails:
    """``rails`` with a partner's tighter values.

    Raises:
        Loosened: a value is looser, or cannot be ordered.
    """
    for name, wish in wishes.items():
        if name not in DIRECTIONS:
            raise Loosened(f"{name} is no guardrail; allowed: {', '.join(DIRECTIONS)}")
        found = getattr(rails, name)
        if not _is_tighter(DIRECTIONS[name], found, wish):
            raise Loosened(f"{name}={wish!r} loosens what the contract sets ({found!r}); a partner may only tighten")
    return replace(rails, **wishes)


def _is_tighter(direction: Direction, found: Any, wish: Any) -> bool:
    match direction:
        case "lower":
            return bool(wish <= found)
        case "higher" | "demanded":
            return bool(wish >= found)
        case "fewer":
            return set(wish) <= set(found)
        case "more":
            return set(wish) >= set(found)
        case "fixed":
            return bool(wish == found)
