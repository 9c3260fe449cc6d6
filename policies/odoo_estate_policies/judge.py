"""Judges a stack's resources by the rules, without an engine: pure functions over plain values."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase

from odoo_estate.plan import AnyPlan, Exemption, Guardrails
from odoo_estate_policies.registry import Registry, shipped
from odoo_estate_policies.resource import Resource
from odoo_estate_policies.rule import Enforcement, NotDecidable, Rule, Severity, Violation, settled
from odoo_estate_policies.stack import Stack, name_of

UNEXEMPTABLE = frozenset({"EXC-01", "EXC-02"})
"""Rules about exemptions cannot be exempted from."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One rule's answer that is not a pass. ``exception`` is set where an unexpired exemption covers it, and says which;
    ``undecided`` where a value is missing. ``urn`` is empty where the whole stack is concerned."""

    rule: str
    severity: Severity
    enforcement: Enforcement
    urn: str
    message: str
    """Complete: rule, resource, reason, remedy."""
    remedy: str
    exception: str | None = None
    undecided: bool = False

    @property
    def refuses(self) -> bool:
        """Whether the update must not happen."""
        return self.enforcement == "mandatory" and not self.undecided and self.exception is None


def judge(
    resources: Iterable[Resource], plan: AnyPlan, *, today: date, registry: Registry | None = None
) -> list[Finding]:
    """Every finding about a stack: first by resource in the given order, then about the stack."""
    rules = registry or shipped()
    found: list[Finding] = []
    every = tuple(resources)
    for resource in every:
        found.extend(judge_resource(resource, plan, today=today, registry=rules))
    found.extend(judge_stack(every, plan, today=today, registry=rules))
    return found


def judge_resource(resource: Resource, plan: AnyPlan, *, today: date, registry: Registry) -> list[Finding]:
    """The findings of the resource rules about one resource."""
    rails: Guardrails = plan.guardrails
    return [
        _finding(rule, verdict, resource, plan.exemptions, today)
        for rule in registry.concerning(resource)
        if rule.resource_check is not None
        for verdict in settled(rule.resource_check(resource, rails))
    ]


def judge_stack(resources: tuple[Resource, ...], plan: AnyPlan, *, today: date, registry: Registry) -> list[Finding]:
    """The findings of the stack rules."""
    stack = Stack(
        plan.stack,
        plan.target.account,
        plan.target.region,
        resources,
        plan.exemptions,
        today,
        frozenset(registry.by_id),
    )
    return [
        _finding(rule, verdict, None, plan.exemptions, today)
        for rule, check in registry.stack_rules
        for verdict in settled(check(stack, plan.guardrails))
    ]


def _finding(
    rule: Rule,
    verdict: Violation | NotDecidable,
    resource: Resource | None,
    exemptions: tuple[Exemption, ...],
    today: date,
) -> Finding:
    urn = verdict.urn or (resource.urn if resource else "")
    name = name_of(urn) if urn else "the stack"
    if isinstance(verdict, NotDecidable):
        return Finding(
            rule=rule.id,
            severity=rule.severity,
            enforcement=rule.enforcement,
            urn=urn,
            message=f"{rule.id} {name}: not decidable: {verdict.reason}",
            remedy="judged again during the update, when the value is known",
            undecided=True,
        )
    remedy = verdict.remedy or rule.remedy
    return Finding(
        rule=rule.id,
        severity=rule.severity,
        enforcement=rule.enforcement,
        urn=urn,
        message=f"{rule.id} {name}: {verdict.message}; do: {remedy}",
        remedy=remedy,
        exception=_exception(rule.id, urn, exemptions, today),
    )


def _exception(rule: str, urn: str, exemptions: tuple[Exemption, ...], today: date) -> str | None:
    """The first unexpired exemption that covers the finding; the day of expiry itself still counts."""
    if rule in UNEXEMPTABLE:
        return None
    for one in exemptions:
        covers = one.resource == "*" or (urn and fnmatchcase(name_of(urn), one.resource))
        if one.rule == rule and covers and date.fromisoformat(one.expires) >= today:
            return f"until {one.expires}, approved by {one.approver}: {one.reason}"
    return None
