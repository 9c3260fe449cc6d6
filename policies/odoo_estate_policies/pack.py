"""The CrossGuard pack: one policy per group of rules, so that the engine decodes each resource a few times, not once per rule.

The mandatory rules of a group are the policy ``GROUP``, those over the whole stack ``GROUP-stack``. ``advice`` and ``advice-stack`` report, for
all groups, the advisory rules, every value that is not decidable yet, and every exemption that is used. ``GROUP-remediation`` mends what can
be mended, and only where its configuration says ``remediate: true``. A message always starts with the rule's id.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyConfigSchema,
    PolicyPack,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)

from odoo_estate.errors import EstateError
from odoo_estate.plan import AnyPlan
from odoo_estate_policies import engine
from odoo_estate_policies.guardrails_source import PlanOf, plans
from odoo_estate_policies.judge import Finding, judge_resource, judge_stack
from odoo_estate_policies.registry import Registry, groups, shipped
from odoo_estate_policies.resource import Resource, Undecided
from odoo_estate_policies.rule import Rule
from odoo_estate_policies.stack import stack_of
from odoo_estate_policies.tighten import tightened

NAME = "odoo-estate"
ADVICE = "Advice: what refuses nothing, cannot be judged yet, or is exempted."
Today = Callable[[], date]
ResourceValidation = Callable[[ResourceValidationArgs, ReportViolation], None]
StackValidation = Callable[[StackValidationArgs, ReportViolation], None]


def main(folder: Path, *, extra_rules: Iterable[Rule] = (), tighten: Mapping[str, Any] | None = None) -> None:
    """Serve the pack to the engine until it is done.

    Args:
        folder: the pack's own folder; the estate is looked for beside it (see `estate_directory`).
        extra_rules: a partner's own rules. Their ids must be new: what is shipped cannot be replaced.
        tighten: guardrails to set tighter, for every stack; looser values are refused.
    """
    PolicyPack(NAME, policies(shipped().with_rules(extra_rules), plans(folder), date.today, tighten or {}))


def policies(registry: Registry, plan_of: PlanOf, today: Today, tighten: Mapping[str, Any]) -> list[Policy]:
    """The pack's policies, group by group."""
    run = _Run(plan_of, today, tighten)
    titles = {**groups(), "partner": "Partner: rules of this pack's own."}
    found: list[Policy] = []
    for group in sorted({rule.group for rule in registry.rules}):
        rules = registry.only(rule for rule in registry.rules if rule.group == group)
        mandatory = registry.only(rule for rule in rules.rules if rule.enforcement == "mandatory")
        found += _checks(group, titles[group], mandatory, run, EnforcementLevel.MANDATORY)
        if any(rule.repair for rule in rules.rules):
            found.append(_remediation(group, titles[group], rules, run))
    return [*found, *_checks("advice", ADVICE, registry, run, EnforcementLevel.ADVISORY)]


class _Run:
    """One engine process: the plans of its stacks, and every resource as it was registered, which stack rules judge."""

    def __init__(self, plan_of: PlanOf, today: Today, tighten: Mapping[str, Any]) -> None:
        self._plan_of = plan_of
        self._today = today
        self._tighten = tighten
        self._plans: dict[str, AnyPlan] = {}
        self._refused: set[str] = set()
        self._seen: dict[str, Resource] = {}

    def plan(self, urn: str, report: ReportViolation | None) -> AnyPlan | None:
        """The plan of the stack that ``urn`` is in. Where the estate has none: None, and one violation, not one for every resource."""
        stack = stack_of(urn)
        try:
            if stack not in self._plans:
                plan = self._plan_of(stack)
                self._plans[stack] = replace(plan, guardrails=tightened(plan.guardrails, self._tighten))
        except (EstateError, ValueError) as error:
            if report is not None and stack not in self._refused:
                self._refused.add(stack)
                report(f"the guardrails of stack {stack} cannot be worked out, so nothing can be judged: {error}", urn)
            return None
        return self._plans[stack]

    def resource(self, args: ResourceValidationArgs, plan: AnyPlan, rules: Registry) -> list[Finding]:
        """What the resource rules say about a resource that is being registered."""
        resource = self._seen[args.urn] = engine.resource_of(args)
        return judge_resource(resource, plan, today=self._today(), registry=rules)

    def stack(self, args: StackValidationArgs, plan: AnyPlan, rules: Registry) -> list[Finding]:
        """What the stack rules say."""
        resources = engine.resources_of(args.resources, self._seen)
        return judge_stack(resources, plan, today=self._today(), registry=rules)


def _checks(name: str, title: str, rules: Registry, run: _Run, level: EnforcementLevel) -> list[Policy]:
    """The rules over single resources as one policy, those over the stack as another."""
    found: list[Policy] = []
    if any(rule.resource_check for rule in rules.rules):
        found.append(ResourceValidationPolicy(name, title, _resource_check(rules, run, level), level))
    if rules.stack_rules:
        found.append(StackValidationPolicy(f"{name}-stack", title, _stack_check(rules, run, level), level))
    return found


def _remediation(group: str, title: str, rules: Registry, run: _Run) -> Policy:
    return ResourceValidationPolicy(
        f"{group}-remediation",
        title,
        enforcement_level=EnforcementLevel.REMEDIATE,
        config_schema=PolicyConfigSchema({"remediate": {"type": "boolean", "default": False}}),
        remediate=_repair(rules, run),
    )


def _resource_check(rules: Registry, run: _Run, level: EnforcementLevel) -> ResourceValidation:
    mandatory = level is EnforcementLevel.MANDATORY

    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        plan = run.plan(args.urn, report if mandatory else None)
        if plan is not None:
            _report(run.resource(args, plan, rules), report, mandatory=mandatory)

    return validate


def _stack_check(rules: Registry, run: _Run, level: EnforcementLevel) -> StackValidation:
    mandatory = level is EnforcementLevel.MANDATORY

    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        plan = run.plan(args.resources[0].urn, report if mandatory else None) if args.resources else None
        if plan is not None:
            _report(run.stack(args, plan, rules), report, mandatory=mandatory)

    return validate


def _report(found: Iterable[Finding], report: ReportViolation, *, mandatory: bool) -> None:
    for one in found:
        if one.refuses is mandatory:
            report(
                one.message if one.exception is None else f"{one.message}; exempted {one.exception}", one.urn or None
            )


def _repair(rules: Registry, run: _Run) -> Callable[[ResourceValidationArgs], Any]:
    repairs = [(rule, rule.repair) for rule in rules.rules if rule.repair is not None]

    def remediate(args: ResourceValidationArgs) -> Any:
        plan = run.plan(args.urn, None) if args.get_config().get("remediate") is True else None
        if plan is None:
            return None
        changed = False
        for rule, repair in repairs:
            resource = engine.resource_of(args)
            try:
                broken = rule.concerns(resource) and rule.is_broken_by(resource, plan.guardrails)
                mended = repair(resource, plan) if broken else {}
            except Undecided:
                continue  # what is not known yet is mended during the update
            for key, value in mended.items():
                args.props[key] = engine.sent(value)  # type: ignore[index]  # the analyzer's mapping keeps secrets secret when set
                changed = True
        return args.props if changed else None

    return remediate
