"""What changed between a commit and the working tree, stack by stack."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from odoo_estate.errors import Problem
from odoo_estate.preview.compare import Difference, Resource, compare, resources_of
from odoo_estate.preview.stack import StackPreview

Fate = Literal["new", "removed", "changed"]


@dataclass(frozen=True, kw_only=True)
class StackChange:
    """One stack that differs. ``violations`` are those that were not there before; costs are USD per month."""

    name: str
    kind: str
    fate: Fate
    differences: tuple[Difference, ...]
    violations: tuple[Mapping[str, Any], ...]
    cost_before: float
    cost_after: float

    @property
    def refused(self) -> bool:
        """True when a new violation of a mandatory rule is among the changes."""
        return any(one["enforcement"] == "mandatory" and not one["exception"] for one in self.violations)

    @property
    def endangered(self) -> tuple[Difference, ...]:
        """Differences that destroy or replace something that holds data."""
        return tuple(one for one in self.differences if one.stateful and one.change in ("destroy", "replace"))

    def as_json(self) -> dict[str, Any]:
        """The entry of ``changes`` in the JSON form."""
        return {
            "name": self.name,
            "kind": self.kind,
            "change": self.fate,
            "differences": [one.as_json() for one in self.differences],
            "newViolations": list(self.violations),
            "cost": {"before": self.cost_before, "after": self.cost_after, "currency": "USD"},
        }


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Everything between a commit and the working tree. ``stacks`` counts those of the estate now; ``refusals`` stop the change."""

    estate: str
    reference: str
    commit: str
    stacks: int
    changes: tuple[StackChange, ...]
    refusals: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The JSON form of ``estate preview --changed-since``."""
        return {
            "estate": self.estate,
            "since": self.commit,
            "refusals": [_problem_json(one) for one in self.refusals],
            "notes": list(self.notes),
            "changes": [one.as_json() for one in self.changes],
        }


def _problem_json(problem: Problem) -> dict[str, Any]:
    return {
        "file": problem.file or problem.document,
        "line": problem.line,
        "field": problem.field,
        "message": problem.message,
        "remedy": problem.remedy,
    }


def forbidden(changed: Sequence[StackChange]) -> list[Problem]:
    """What the engine will refuse whole: protected resources with data that an update of their own stack would replace or destroy.

    A stack that left the estate is not among them: no update touches it, it stays until somebody destroys it.
    """
    return [
        Problem(
            f"{one.name} ({one.type}) is protected and would be {'replaced' if one.change == 'replace' else 'destroyed'}",
            stack.name,
            one.forcing,
            remedy="take the change back; after a rename, ship an alias with it"
            if one.change == "destroy"
            else "take the change back, or move the data to a new resource first",
        )
        for stack in changed
        if stack.fate == "changed"
        for one in stack.endangered
        if one.protect
    ]


def stack_json(preview: StackPreview) -> dict[str, Any]:
    """A preview's JSON together with what comparing needs: the aliases of its resources."""
    return {**preview.as_json(), "compared": resources_of(preview.graph)}


def changes(before: Mapping[str, Mapping[str, Any]], after: Mapping[str, Mapping[str, Any]]) -> list[StackChange]:
    """The stacks that differ between two sets of previews, those that endanger data first."""
    found = []
    for name in dict.fromkeys((*after, *before)):
        old, new = before.get(name), after.get(name)
        differences = tuple(compare(_resources(old), _resources(new)))
        fresh = _new_violations(old, new)
        if not differences and not fresh and old is not None and new is not None:
            continue
        shown = new or old or {}
        found.append(
            StackChange(
                name=name,
                kind=shown["kind"],
                fate="new" if old is None else "removed" if new is None else "changed",
                differences=differences,
                violations=fresh,
                cost_before=old["cost"]["monthly"] if old else 0.0,
                cost_after=new["cost"]["monthly"] if new else 0.0,
            )
        )
    return sorted(found, key=lambda one: (not one.endangered, one.name))


def _resources(stack: Mapping[str, Any] | None) -> Mapping[str, Resource]:
    if stack is None:
        return {}
    compared: Mapping[str, Resource] | None = stack.get("compared")
    if compared is not None:
        return compared
    own = (one for one in stack["resources"] if one["type"] != "pulumi:pulumi:StackReference")
    return {one["urn"]: {**one, "aliases": []} for one in own}


def _new_violations(old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> tuple[Mapping[str, Any], ...]:
    known = {(one["rule"], one["urn"]) for one in old["violations"]} if old else set()
    fresh: Sequence[Mapping[str, Any]] = new["violations"] if new else ()
    return tuple(one for one in fresh if (one["rule"], one["urn"]) not in known)
