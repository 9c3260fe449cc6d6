"""Recorded graphs of the example plans, and questions to ask of them."""

import json
from functools import cache
from typing import Any

from tests.compose import plans

from odoo_estate.compose import compose
from odoo_estate.plan import AnyPlan
from odoo_estate.preview.graph import Graph, Node
from odoo_estate.preview.recorder import record

PROJECT = "acme"


def program(plan: AnyPlan) -> None:
    """What a stack's program does."""
    compose(plan, organization="organization", project=PROJECT)


def recorded(plan: AnyPlan) -> Graph:
    """The graph of the plan's stack."""
    return record(lambda: program(plan), project=PROJECT, stack=plan.stack)


@cache
def cell() -> Graph:
    """The graph of the example cell."""
    return recorded(plans.cell())


@cache
def landing_zone(mode: str = "organisation") -> Graph:
    """The graph of the example landing zone."""
    return recorded(plans.landing_zone(mode))


@cache
def dr(*, warm: bool = True) -> Graph:
    """The graph of the example recovery region."""
    return recorded(plans.dr(warm=warm))


def one(graph: Graph, type_token: str, name: str) -> Node:
    """The node with this type and logical name; types as ``ec2/vpc:Vpc``."""
    found = [node for node in graph.of_type(f"aws:{type_token}") if node.name == name]
    assert len(found) == 1, [node.name for node in graph.of_type(f"aws:{type_token}")]
    return found[0]


def names(graph: Graph, type_token: str) -> set[str]:
    """Logical names of everything of this type."""
    return {node.name for node in graph.of_type(f"aws:{type_token}")}


def needs(graph: Graph, later: Node, earlier: Node) -> bool:
    """Whether ``later`` is made after ``earlier`` and destroyed before it, directly or through others.

    A resource waits for its parent too, and through it for what the parent depends on.
    """
    seen: set[str] = set()
    waiting = [*later.dependencies, later.parent]
    while waiting:
        urn = waiting.pop()
        if urn == earlier.urn:
            return True
        if urn not in seen and urn in graph:
            seen.add(urn)
            waiting.extend((*graph[urn].dependencies, graph[urn].parent))
    return False


def statements(text: str) -> list[dict[str, Any]]:
    """The statements of a policy."""
    found: list[dict[str, Any]] = json.loads(text)["Statement"]
    return found
