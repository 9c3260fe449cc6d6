"""Recorded graphs of the example plans, and questions to ask of their Kubernetes objects."""

from collections.abc import Iterator
from functools import cache
from typing import Any

from tests.compose.graphs import recorded
from tests.compose_tenant import plans

from odoo_estate.preview.graph import Graph, Node


@cache
def platform() -> Graph:
    return recorded(plans.platform())


@cache
def namespaced() -> Graph:
    return recorded(plans.tenant())


@cache
def pooled() -> Graph:
    return recorded(plans.pooled())


@cache
def semi_dedicated() -> Graph:
    return recorded(plans.semi_dedicated())


EVERY = {
    "platform": platform,
    "namespaced": namespaced,
    "pooled": pooled,
    "semi-dedicated": semi_dedicated,
}


def objects(graph: Graph) -> Iterator[Node]:
    """What is sent to the cluster as a manifest."""
    for node in graph:
        if node.type.startswith("kubernetes:") and "helm.sh" not in node.type:
            yield node


def of_kind(graph: Graph, kind: str) -> dict[str, dict[str, Any]]:
    """Manifests of one kind by their name, or by their logical name where the provider makes one up."""
    return {
        node.inputs["metadata"].get("name", node.name): node.inputs
        for node in objects(graph)
        if node.inputs.get("kind") == kind
    }


def pod_templates(graph: Graph) -> Iterator[tuple[str, dict[str, Any]]]:
    for node in objects(graph):
        spec = node.inputs.get("spec")
        if node.inputs.get("kind") == "CronJob":
            spec = node.inputs["spec"]["jobTemplate"]["spec"]
        template = spec.get("template") if isinstance(spec, dict) else None
        if isinstance(template, dict) and "spec" in template and "containers" in template["spec"]:
            yield node.name, template


def resources(graph: Graph) -> list[Node]:
    """What counts against a stack's size: what a provider makes. Components cost nothing, providers and references are no resources."""
    return [node for node in graph if node.custom and not node.read and not node.type.startswith("pulumi:")]
