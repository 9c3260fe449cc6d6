"""A rule: a pure function over one resource or one stack and the guardrails, with its metadata written once beside it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from odoo_estate.plan import AnyPlan, Guardrails
from odoo_estate_policies.resource import Resource, Undecided
from odoo_estate_policies.stack import Stack

Severity = Literal["critical", "high", "medium", "low"]
Enforcement = Literal["mandatory", "advisory"]

TAGGABLE = ("taggable",)
"""As a rule's types: every resource whose type takes tags."""


@dataclass(frozen=True)
class Violation:
    """What is wrong, with the value found and the values allowed. ``remedy`` only where it is more exact than the rule's own;
    ``urn`` only from stack rules, for the resource it concerns."""

    message: str
    remedy: str = ""
    urn: str = ""


@dataclass(frozen=True)
class NotDecidable:
    """Neither a pass nor a violation: ``reason`` names the value that is missing."""

    reason: str
    urn: str = ""


Verdicts = Iterable[Violation | NotDecidable]


def settled(verdicts: Verdicts) -> Iterator[Violation | NotDecidable]:
    """The verdicts, with an unknown value as the last of them; what was found before it was met stands."""
    try:
        yield from verdicts
    except Undecided as missing:
        yield NotDecidable(str(missing))


def about(resource: Resource, verdicts: Verdicts) -> Iterator[Violation | NotDecidable]:
    """A stack rule's verdicts about one of the stack's resources: an unknown value there leaves the others decided."""
    return (replace(verdict, urn=resource.urn) for verdict in settled(verdicts))


ResourceCheck = Callable[[Resource, Guardrails], Verdicts]
StackCheck = Callable[[Stack, Guardrails], Verdicts]
Repair = Callable[[Resource, AnyPlan], Mapping[str, Any]]
"""The top-level inputs to set so that the rule holds, asked for where it is broken; empty: it cannot be mended."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule. ``types`` are Pulumi type tokens, or `TAGGABLE`; for a stack rule those it looks at, for the reader.
    ``source`` says where the demand comes from."""

    id: str
    title: str
    severity: Severity
    enforcement: Enforcement
    types: tuple[str, ...]
    remedy: str
    source: str
    resource_check: ResourceCheck | None = None
    stack_check: StackCheck | None = None
    repair: Repair | None = None

    def concerns(self, resource: Resource) -> bool:
        """Whether the rule looks at resources of this type."""
        return resource.type in self.types or (resource.taggable and self.types == TAGGABLE)

    def is_broken_by(self, resource: Resource, rails: Guardrails) -> bool:
        """Whether one resource alone breaks the rule; a stack rule cannot say, so its repair looks for itself."""
        return self.stack_check is not None or any(
            isinstance(one, Violation) for one in settled(self.verdicts(resource, rails))
        )

    def verdicts(self, resource: Resource, rails: Guardrails) -> Verdicts:
        """A resource rule's answer about one resource."""
        return self.resource_check(resource, rails) if self.resource_check else ()

    @property
    def module(self) -> str:
        """Where the rule's function stands."""
        return (self.resource_check or self.stack_check).__module__

    @property
    def group(self) -> str:
        """The folder that the rule's file lies in; ``partner`` for rules from outside this package."""
        parts = self.module.split(".")
        return parts[1] if parts[0] == "odoo_estate_policies" and len(parts) == 3 else "partner"

    @property
    def description(self) -> str:
        """The docstring of the rule's function: why the rule exists."""
        return " ".join(((self.resource_check or self.stack_check).__doc__ or "").split())


def resource_rule(
    *,
    id: str,
    title: str,
    severity: Severity,
    types: tuple[str, ...],
    remedy: str,
    source: str,
    enforcement: Enforcement | None = None,
    repair: Repair | None = None,
) -> Callable[[ResourceCheck], Rule]:
    """Make a rule of a function over one resource. Critical and high severities are mandatory unless ``enforcement`` says otherwise."""

    def made(check: ResourceCheck) -> Rule:
        return Rule(
            id=id,
            title=title,
            severity=severity,
            enforcement=enforcement or _enforcement(severity),
            types=types,
            remedy=remedy,
            source=source,
            resource_check=check,
            repair=repair,
        )

    return made


def stack_rule(
    *,
    id: str,
    title: str,
    severity: Severity,
    types: tuple[str, ...],
    remedy: str,
    source: str,
    enforcement: Enforcement | None = None,
    repair: Repair | None = None,
) -> Callable[[StackCheck], Rule]:
    """Make a rule of a function over all resources of one stack; ``repair`` still mends one resource of ``types``."""

    def made(check: StackCheck) -> Rule:
        return Rule(
            id=id,
            title=title,
            severity=severity,
            enforcement=enforcement or _enforcement(severity),
            types=types,
            remedy=remedy,
            source=source,
            stack_check=check,
            repair=repair,
        )

    return made


def _enforcement(severity: Severity) -> Enforcement:
    return "mandatory" if severity in ("critical", "high") else "advisory"
