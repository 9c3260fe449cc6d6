"""What a stack sends to its cluster, as plain manifests in the order in which they may be applied.

Taken from the same recorded graph as the preview, so from the same components as the engine's own update; what only the cloud knows is asked of
whoever knows it.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from odoo_estate.kubernetes.checksum import checksum
from odoo_estate.preview.graph import Graph, Node, Reference, Secret, Unresolved

RELEASE = "kubernetes:helm.sh/v3:Release"
Answer = Callable[[Reference], Any]
"""The value of a property that exists only once the cloud has made its resource."""


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """One object, or the inputs of one Helm release. Everything of an earlier ``phase`` has to stand before it."""

    urn: str
    phase: int
    release: bool
    body: Mapping[str, Any]


def manifests(graph: Graph, answer: Answer) -> tuple[Manifest, ...]:
    """All of a stack's objects. One that the engine would name has a name here that changes with its content, as a Job's template may not.

    Raises:
        ValueError: an object holds a secret value; secrets reach the cluster through External Secrets only.
    """
    order = _phases(graph)
    return tuple(
        Manifest(
            urn=urn,
            phase=phase,
            release=graph[urn].type == RELEASE,
            body=_named(graph[urn], _plain(graph[urn].inputs, answer, graph[urn])),
        )
        for urn, phase in order.items()
    )


def phases(graph: Graph) -> int:
    """How many phases the stack's objects come in."""
    return len(set(_phases(graph).values()))


def _phases(graph: Graph) -> dict[str, int]:
    levels = {urn: level for urn, level in _levels(graph).items() if _in_cluster(graph[urn])}
    numbers = {level: phase for phase, level in enumerate(sorted(set(levels.values())))}
    return {urn: numbers[level] for urn, level in levels.items()}


def _in_cluster(node: Node) -> bool:
    return node.custom and not node.read and node.type.startswith("kubernetes:")


def _levels(graph: Graph) -> dict[str, int]:
    """How many objects of the cluster have to stand one after the other before each resource; they are registered in that order."""
    levels: dict[str, int] = {}
    for node in graph:
        before = [urn for urn in (*node.dependencies, node.parent) if urn in levels]
        levels[node.urn] = max((levels[urn] + _in_cluster(graph[urn]) for urn in before), default=0)
    return levels


def _named(node: Node, body: dict[str, Any]) -> dict[str, Any]:
    head = body.get("metadata")
    if head is None or "name" in head:
        return body
    name = f"{node.name}-{checksum(json.dumps(body, sort_keys=True))}"
    return {**body, "metadata": {**head, "name": name}}


def _plain(value: Any, answer: Answer, node: Node) -> Any:
    if isinstance(value, Secret):
        raise ValueError(f"{node.urn}: a secret value in an object of the cluster")
    if isinstance(value, Reference):
        return answer(value)
    if isinstance(value, Unresolved):
        text = str(value)
        for source in value.sources:
            text = text.replace(str(source), str(answer(source)))
        return text
    if isinstance(value, dict):
        return {str(key): _plain(item, answer, node) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, answer, node) for item in value]
    return str(value) if isinstance(value, str) else value
