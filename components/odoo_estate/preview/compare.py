"""The difference between two graphs of one stack, as an operator reads it: what holds data first, replacements before updates."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from odoo_estate.preview.former import former_urns
from odoo_estate.preview.graph import Graph, Node
from odoo_estate.preview.replacements import forces_replacement
from odoo_estate.stateful import is_stateful

Change = Literal["destroy", "replace", "add", "update"]
ORDER: Mapping[Change, int] = {"destroy": 0, "replace": 1, "update": 2, "add": 3}


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One resource that an update would touch. ``properties`` are the changed inputs, ``forcing`` those that force a replacement."""

    change: Change
    urn: str
    type: str
    name: str
    stateful: bool
    protect: bool
    properties: tuple[str, ...] = ()
    forcing: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The entry of a stack's ``differences`` in ``estate preview --changed-since … --json``."""
        return {
            "change": self.change,
            "urn": self.urn,
            "type": self.type,
            "name": self.name,
            "stateful": self.stateful,
            "protect": self.protect,
            "properties": list(self.properties),
            "forcing": list(self.forcing),
        }


Resource = Mapping[str, Any]
"""A resource in the JSON form of ``estate preview``: urn, type, name, inputs, protect … plus ``aliases`` (former URNs)."""


def resources_of(graph: Graph) -> dict[str, Resource]:
    """A graph's own resources by URN, in the form that is compared; what is only read does not count."""
    former = former_urns(graph)
    return {node.urn: _resource(node, former[node.urn]) for node in graph if not node.read}


def compare(before: Mapping[str, Resource], after: Mapping[str, Resource]) -> list[Difference]:
    """What an update from ``before`` to ``after`` would do. A resource found under one of its aliases is the same resource."""
    formerly = {alias: urn for urn, resource in after.items() for alias in resource["aliases"] if alias in before}
    differences = []
    for urn, old in before.items():
        new = after.get(urn) or after.get(formerly.get(urn, ""))
        if new is None:
            differences.append(_difference("destroy", old))
    renamed = {new: old for old, new in formerly.items()}
    rename = _renaming(formerly)
    for urn, new in after.items():
        match = before.get(urn) or before.get(renamed.get(urn, ""))
        if match is None:
            differences.append(_difference("add", new))
            continue
        changed = _changed_inputs(rename(match["inputs"]), new["inputs"])
        if changed:
            forcing = tuple(path for path in changed if forces_replacement(new["type"], path))
            differences.append(_difference("replace" if forcing else "update", new, changed, forcing))
    return sorted(differences, key=lambda one: (not one.stateful, ORDER[one.change], one.type, one.name))


def _resource(node: Node, former: Sequence[str]) -> Resource:
    return {**node.as_json(), "aliases": list(former)}


def _difference(
    change: Change, resource: Resource, properties: tuple[str, ...] = (), forcing: tuple[str, ...] = ()
) -> Difference:
    return Difference(
        change=change,
        urn=resource["urn"],
        type=resource["type"],
        name=resource["name"],
        stateful=is_stateful(resource["type"]),
        protect=resource["protect"],
        properties=properties,
        forcing=forcing,
    )


def _changed_inputs(before: Mapping[str, Any], after: Mapping[str, Any], path: str = "") -> tuple[str, ...]:
    """Paths of changed values; lists count as one value, because their elements have no identity."""
    changed: list[str] = []
    for key in sorted({*before, *after}):
        place = f"{path}.{key}" if path else key
        old, new = before.get(key), after.get(key)
        if isinstance(old, dict) and isinstance(new, dict):
            changed += _changed_inputs(old, new, place)
        elif old != new:
            changed.append(place)
    return tuple(changed)


def _renaming(formerly: Mapping[str, str]) -> Callable[[Any], Any]:
    """Rewrites references to a renamed resource, so that its neighbours do not look changed."""
    pairs = [(f"${{{old}.", f"${{{new}.") for old, new in formerly.items()]

    def rename(value: Any) -> Any:
        if not pairs:
            return value
        if isinstance(value, dict):
            return {key: rename(item) for key, item in value.items()}
        if isinstance(value, list):
            return [rename(item) for item in value]
        if isinstance(value, str):
            for old, new in pairs:
                value = value.replace(old, new)
        return value

    return rename
