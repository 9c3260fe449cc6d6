"""The plan as it must be before its stack can be destroyed: nothing protected, nothing kept back.

AWS reads deletion protection, final snapshots and forced bucket deletion from what was last applied, so lifting them is an update of its
own that somebody asks for; it never happens on the way to something else.
"""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

from odoo_estate.plan import Plan

LIFTED: Mapping[str, object] = {"protect": False, "deletion_protection": False, "keep_final_snapshot": False}
"""Field names of the plan that keep something alive, with the value that lets it go."""

P = TypeVar("P", bound=Plan)
T = TypeVar("T")


def lift_protection(plan: P) -> P:
    """The same plan with every protection lifted, in all its parts."""
    lifted: P = _lift(plan)
    return lifted


def lifted(part: T) -> T:
    """One part of a plan with its protection lifted."""
    found: T = _lift(part)
    return found


def _lift(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        changes = {}
        for field in fields(value):
            before = getattr(value, field.name)
            after = LIFTED[field.name] if field.name in LIFTED else _lift(before)
            if after is not before:
                changes[field.name] = after
        return replace(value, **changes) if changes else value
    if isinstance(value, Mapping):
        items = {key: _lift(item) for key, item in value.items()}
        return items if any(items[key] is not value[key] for key in items) else value
    if isinstance(value, tuple):
        parts = tuple(_lift(item) for item in value)
        return parts if any(new is not old for new, old in zip(parts, value, strict=True)) else value
    return value
