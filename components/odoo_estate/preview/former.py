"""Under which urns the engine looks for what a resource was before, from its aliases and those of its ancestors.

After ``generateAliases`` in ``pkg/resource/deploy/step_generator.go`` of v3.259.0: a renamed component takes its
children along, and a child whose name begins with its parent's is taken to have been named after it.
"""

from collections.abc import Mapping

from odoo_estate.preview.graph import Alias, Graph, Node

ROOT_TYPE = "pulumi:pulumi:Stack"


def former_urns(graph: Graph) -> dict[str, tuple[str, ...]]:
    """For every resource its possible former urns, in the order in which the engine tries them."""
    former: dict[str, tuple[str, ...]] = {}
    for node in graph:
        former[node.urn] = tuple(dict.fromkeys(urn for urn in _former(graph, node, former) if urn != node.urn))
    return former


def _former(graph: Graph, node: Node, former: Mapping[str, tuple[str, ...]]) -> list[str]:
    own = [urn for alias in node.options.aliases for urn in _collapsed(graph, node, alias, former)]
    inherited = []
    if node.parent is not None:
        parent_name = _name(node.parent)
        for parent in former.get(node.parent, ()):
            for urn in (node.urn, *own):
                name = _name(urn)
                if name.startswith(parent_name):
                    name = _name(parent) + name.removeprefix(parent_name)
                inherited.append(_urn(graph.stack, graph.project, parent, _own_type(urn), name))
    return own + inherited


def _collapsed(graph: Graph, node: Node, alias: Alias, former: Mapping[str, tuple[str, ...]]) -> list[str]:
    if alias.urn:
        return [alias.urn]
    parents = [alias.parent, *former.get(alias.parent, ())] if alias.parent else [node.parent or ""]
    return [
        _urn(
            alias.stack or graph.stack,
            alias.project or graph.project,
            "" if alias.no_parent else parent,
            alias.type or node.type,
            alias.name or node.name,
        )
        for parent in parents
    ]


def _urn(stack: str, project: str, parent: str, own_type: str, name: str) -> str:
    qualified = parent.split("::")[2] if parent else ""
    prefix = f"{qualified}$" if qualified and qualified != ROOT_TYPE else ""
    return f"urn:pulumi:{stack}::{project}::{prefix}{own_type}::{name}"


def _own_type(urn: str) -> str:
    return urn.split("::")[2].rpartition("$")[2]


def _name(urn: str) -> str:
    return urn.split("::", 3)[3]
