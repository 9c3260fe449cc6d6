"""What the real provider's schema says of the types that we use, distilled to what programs can get wrong.

    python -m conformance.schema --write    # from a build of the bridge; the conformance run refuses to differ

`make test` holds every resource that any estate of this repository registers against it, without a build.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from conformance.plugin import BRIDGE, described
from odoo_estate.preview.graph import Asset, Node, Secret, Unresolved

FACTS = Path(__file__).with_name("facts.json")
REMEDY = f"{FACTS.name} is not what the provider says: run `python -m conformance.schema --write`"
_PLAIN: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
}
_DEPTH = 4
"""Objects further inside are taken as they are: the statements of a web ACL nest in each other a thousand times."""


def distilled(schema: Mapping[str, Any], wanted: Sequence[str]) -> dict[str, Any]:
    """Inputs, required inputs and what forces a replacement, of the wanted types and of the objects in them."""
    kinds: dict[str, Any] = {}
    objects: dict[str, Any] = {}
    for token in sorted(wanted):
        resource = schema["resources"].get(token)
        if resource is None:
            continue
        kinds[token] = _facts(resource.get("inputProperties", {}), resource.get("requiredInputs", ()))
        _gather(resource.get("inputProperties", {}), schema["types"], objects, _DEPTH)
    return {"resources": kinds, "objects": dict(sorted(objects.items()))}


def _facts(properties: Mapping[str, Any], required: Sequence[str]) -> dict[str, Any]:
    replaces = sorted(name for name, one in properties.items() if one.get("willReplaceOnChanges"))
    facts: dict[str, Any] = {"inputs": {name: _type(one) for name, one in sorted(properties.items())}}
    if required:
        facts["required"] = sorted(required)
    if replaces:
        facts["replaces"] = replaces
    return facts


def _type(one: Mapping[str, Any]) -> Any:
    if "$ref" in one:
        reference = str(one["$ref"])
        return reference.removeprefix("#/types/") if reference.startswith("#/types/") else "string"
    if "oneOf" in one:
        return one.get("type", "string")
    if one.get("type") == "array":
        return [_type(one["items"])]
    if one.get("type") == "object":
        return {"*": _type(one.get("additionalProperties", {"type": "string"}))}
    return one["type"]


def _gather(properties: Mapping[str, Any], types: Mapping[str, Any], found: dict[str, Any], depth: int) -> None:
    for name in _objects(_type(one) for one in properties.values()):
        if depth and name not in found and "properties" in types[name]:
            found[name] = _facts(types[name]["properties"], types[name].get("required", ()))
            _gather(types[name]["properties"], types, found, depth - 1)


def _objects(types: Iterator[Any]) -> Iterator[str]:
    for one in types:
        if isinstance(one, list):
            yield from _objects(iter(one))
        elif isinstance(one, dict):
            yield from _objects(iter(one.values()))
        elif one not in _PLAIN and ":" in one:
            yield one


@cache
def facts() -> Mapping[str, Any]:
    """The facts as they are kept."""
    kept: Mapping[str, Any] = json.loads(FACTS.read_text(encoding="utf-8"))
    return kept


def replaces(token: str) -> frozenset[str]:
    """Paths of the inputs that force a replacement, nested ones dotted, through lists as through objects."""
    return frozenset(_forcing(facts()["resources"][token], frozenset()))


def _forcing(one: Mapping[str, Any], inside: frozenset[str]) -> Iterator[str]:
    yield from one.get("replaces", ())
    for name, kind in one["inputs"].items():
        if name not in one.get("replaces", ()):
            for token in set(_objects(iter([kind]))) - inside:
                if token in facts()["objects"]:
                    for path in _forcing(facts()["objects"][token], inside | {token}):
                        yield f"{name}.{path}"


def problems(node: Node) -> list[str]:
    """What the provider would not understand of a resource; empty where it is all right."""
    known = facts()["resources"].get(node.type)
    if known is None:
        return [f"{node.type}: no such type is known: run `python -m conformance.schema --write`"]
    return list(_wrong(node.inputs, known, node.type.rpartition(":")[2]))


def _wrong(values: Mapping[str, Any], known: Mapping[str, Any], path: str) -> Iterator[str]:
    for name in known.get("required", ()):
        if values.get(name) is None:
            yield f"{path}.{name} is required"
    for name, value in values.items():
        if name not in known["inputs"]:
            yield f"{path}.{name} does not exist (there are: {', '.join(known['inputs'])})"
        elif value is not None:
            yield from _mistyped(value, known["inputs"][name], f"{path}.{name}")


def _mistyped(value: Any, wanted: Any, path: str) -> Iterator[str]:
    if isinstance(value, Secret):
        value = value.value
    if isinstance(value, (Unresolved, Asset)):
        return
    container, said = _container(wanted)
    fits: bool = isinstance(value, container) and (wanted == "boolean" or not isinstance(value, bool))
    if not fits:
        yield f"{path} is {value!r:.60}, not {said}"
    elif isinstance(wanted, list):
        for one in value:
            yield from _mistyped(one, wanted[0], f"{path}[]")
    elif isinstance(wanted, dict):
        for key, one in value.items():
            yield from _mistyped(one, wanted["*"], f"{path}.{key}")
    elif wanted in facts()["objects"]:
        yield from _wrong(value, facts()["objects"][wanted], path)


def _container(wanted: Any) -> tuple[tuple[type, ...], str]:
    if isinstance(wanted, list):
        return (list, tuple), "a list"
    if isinstance(wanted, str) and wanted in _PLAIN:
        return _PLAIN[wanted], wanted
    return (dict,), "a map" if isinstance(wanted, dict) else "an object"


def used() -> list[str]:
    """The types that the bridge has, so also those that a program will use tomorrow."""
    return sorted(json.loads((BRIDGE.folder / "types.json").read_text(encoding="utf-8")).values())


def text(schema: Path) -> str:
    """The file's content as it should be, one type to a line."""
    found = distilled(json.loads(schema.read_text(encoding="utf-8")), used())
    parts = [
        f'"{part}": {{\n' + ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in found[part].items()) + "\n}"
        for part in found
    ]
    return "{" + ",\n".join(parts) + "}\n"


def main() -> int:
    """Writes the facts, or says whether they are up to date."""
    made = text(described(BRIDGE.ensure()) / "schema.json")
    if "--write" in sys.argv:
        FACTS.write_text(made, encoding="utf-8")
        return 0
    same = FACTS.exists() and FACTS.read_text(encoding="utf-8") == made
    print("facts: ok" if same else REMEDY)
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
