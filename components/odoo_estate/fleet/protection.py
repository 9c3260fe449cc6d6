"""What in a stack's recorded state would survive, or hinder, its destruction."""

from collections.abc import Mapping
from typing import Any


def held_back(state: Mapping[str, Any]) -> tuple[str, ...]:
    """URNs of resources that the engine protects or keeps, that the service protects, or that leave a final snapshot."""
    return tuple(
        resource["urn"] for resource in state.get("resources") or () if not resource.get("delete") and _held(resource)
    )


def protected(state: Mapping[str, Any]) -> tuple[str, ...]:
    """URNs of resources whose deletion would be refused, by the engine or by the service."""
    return tuple(
        resource["urn"]
        for resource in state.get("resources") or ()
        if not resource.get("delete") and (resource.get("protect") or _guarded(resource))
    )


def _held(resource: Mapping[str, Any]) -> bool:
    inputs = resource.get("inputs") or {}
    return bool(
        resource.get("protect")
        or resource.get("retainOnDelete")
        or _guarded(resource)
        or inputs.get("finalSnapshotIdentifier")
    )


def _guarded(resource: Mapping[str, Any]) -> bool:
    inputs = resource.get("inputs") or {}
    return bool(inputs.get("deletionProtection") or inputs.get("deletionProtectionEnabled"))
