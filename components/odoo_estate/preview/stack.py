"""The offline preview of a stack: its graph, what the rules say of it, what it costs, what its budgets hold."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from odoo_estate.compose import compose
from odoo_estate.plan import AnyPlan, Budget
from odoo_estate.preview.checked import checked
from odoo_estate.preview.cost import Cost, estimate
from odoo_estate.preview.graph import Graph
from odoo_estate.preview.prices import shipped_prices
from odoo_estate.preview.recorder import record
from odoo_estate_policies.judge import Finding
from odoo_estate_policies.recorded import judge_graph
from odoo_estate_policies.registry import Registry

ORGANIZATION = "organization"
"""What the engine calls the organization of a self-managed backend."""


@dataclass(frozen=True)
class StackPreview:
    """``graph`` is in the provider's view: default tags and regions filled in."""

    name: str
    kind: str
    graph: Graph
    findings: tuple[Finding, ...]
    cost: Cost
    budgets: tuple[Budget, ...]

    @property
    def refused(self) -> bool:
        """True when a mandatory rule does not hold."""
        return any(finding.refuses for finding in self.findings)

    @property
    def violations(self) -> tuple[Finding, ...]:
        """What the rules found and could decide."""
        return tuple(finding for finding in self.findings if not finding.undecided)

    @property
    def undecided(self) -> tuple[Finding, ...]:
        """What cannot be judged before the update."""
        return tuple(finding for finding in self.findings if finding.undecided)

    def as_json(self) -> dict[str, Any]:
        """The stack's entry in ``estate preview --json``."""
        return {
            "name": self.name,
            "kind": self.kind,
            "resources": self.graph.as_json(),
            "violations": [violation_json(finding) for finding in self.violations],
            "undecided": [
                {"rule": finding.rule, "urn": finding.urn, "message": finding.message} for finding in self.undecided
            ],
            "cost": self.cost.as_json(),
            "budgets": [budget_json(budget) for budget in self.budgets],
        }


def preview(plan: AnyPlan, *, project: str, today: date, rules: Registry | None = None) -> StackPreview:
    """Records, judges and prices one stack, without engine, cluster or credentials; ``rules`` None: the shipped ones."""

    def program() -> None:
        compose(plan, organization=ORGANIZATION, project=project)

    graph = checked(record(program, project=project, stack=plan.stack))
    return StackPreview(
        plan.stack,
        plan.kind,
        graph,
        tuple(judge_graph(graph, plan, today=today, registry=rules)),
        estimate(graph, shipped_prices()),
        plan.budgets,
    )


def violation_json(finding: Finding) -> dict[str, Any]:
    """A finding as docs/design.md's JSON has it."""
    return {
        "rule": finding.rule,
        "severity": finding.severity,
        "enforcement": finding.enforcement,
        "urn": finding.urn,
        "message": finding.message,
        "exception": finding.exception,
    }


def budget_json(budget: Budget) -> Mapping[str, Any]:
    """A budget as docs/design.md's JSON has it, with its arithmetic."""
    return asdict(budget)
