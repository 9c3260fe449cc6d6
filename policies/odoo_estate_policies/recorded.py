"""Judges the graph that the offline preview records."""

from datetime import date

from odoo_estate.plan import AnyPlan
from odoo_estate.preview.graph import Graph, Node
from odoo_estate_policies.judge import Finding, judge
from odoo_estate_policies.registry import Registry
from odoo_estate_policies.resource import Resource


def judge_graph(graph: Graph, plan: AnyPlan, *, today: date, registry: Registry | None = None) -> list[Finding]:
    """Every finding about a recorded graph in the provider's view (default tags and regions filled in)."""
    return judge(resources_of(graph), plan, today=today, registry=registry)


def resources_of(graph: Graph) -> tuple[Resource, ...]:
    """The resources that a provider would get; what is only read belongs to another stack, components to nobody."""
    return tuple(_resource(node) for node in graph.nodes if node.custom and not node.read)


def _resource(node: Node) -> Resource:
    return Resource(
        urn=node.urn,
        type=node.type,
        name=node.name,
        raw=node.inputs,
        region=node.region or "",
        protect=node.protect,
        taggable=node.taggable,
        parent=node.parent or "",
        dependencies=node.dependencies,
        property_dependencies=node.property_dependencies,
    )
