"""What the installed SDK says about a resource type, read from its source text.

The generated classes are regular, so a scan of one file (a few milliseconds) tells what importing the package
(0.4 s and more, docs/performance.md) would. The facts are kept in the cloud file, by SDK version.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import re
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from sandbox.provider.cloud import Cloud

_GETTER = re.compile(
    r'@pulumi\.getter(?:\(name="(?P<wire>\w+)"\))?\n(?:    @.*\n)*'
    r"    def (?P<name>\w+)\(self\) -> pulumi\.(?P<kind>Input|Output)\[(?P<type>.*)\]:"
)
_PROP = re.compile(r'__props__\.__dict__\["(?P<name>\w+)"\] = (?P<value>.+)')
_REQUIRED = re.compile(r"Missing required property '(\w+)'")
_FORCES = re.compile(
    r":param pulumi\.Input\[.*\] (?P<name>\w+): .*(?:[Ff]orces? (?:a )?new resource|[Ff]orces (?:a )?(?:new|replacement))"
)


@dataclass(frozen=True)
class Shape:
    """Inputs and outputs of a type, by their wire names."""

    inputs: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    outputs: dict[str, str] = field(default_factory=dict)  # wire name -> annotation inside Output[…]
    forces_replacement: tuple[str, ...] = ()  # where the SDK's own text says so; it often does not

    @property
    def taggable(self) -> bool:
        """Whether the provider's default tags apply: not to types whose `tags` are their own business (ASG)."""
        return "tags" in self.inputs and "tagsAll" in self.outputs

    @property
    def computed(self) -> dict[str, str]:
        """Outputs that always have a value though they need not be given."""
        return {k: v for k, v in self.outputs.items() if k not in self.required and not v.startswith("Optional[")}


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


@cache
def _package(name: str) -> Path | None:
    found = importlib.util.find_spec(name)
    places = list(found.submodule_search_locations or ()) if found else []
    return Path(places[0]) if places else None


def _source(token: str) -> str | None:
    package, module, _ = token.split(":")
    root = _package(f"pulumi_{package}")
    if root is None:
        return None
    folder, _, file = module.rpartition("/")
    mark = f"'{token}',"
    for place in (root / folder, root / f"{folder}_"):
        guess = place / f"{_snake(file)}.py"
        if guess.is_file() and mark in (text := guess.read_text(encoding="utf-8")):
            return text
        for other in sorted(place.glob("*.py")) if folder and place.is_dir() else ():
            if mark in (text := other.read_text(encoding="utf-8")):
                return text
    return None


def read(token: str) -> Shape | None:
    """The shape of a type, or nothing where the SDK does not know it."""
    text = _source(token)
    if text is None:
        return None
    wire: dict[str, str] = {}
    outputs: dict[str, str] = {}
    for getter in _GETTER.finditer(text):
        name = getter["wire"] or getter["name"]
        wire[getter["name"]] = name
        if getter["kind"] == "Output":
            outputs[name] = getter["type"].replace("_builtins.", "").replace("'", "")
    start = text.index("def _internal_init")
    body = text[start : text.index("super(", start)]
    return Shape(
        inputs=tuple(wire.get(p["name"], p["name"]) for p in _PROP.finditer(body) if p["value"] != "None"),
        required=tuple(wire.get(name, name) for name in _REQUIRED.findall(body)),
        outputs=outputs,
        forces_replacement=tuple(dict.fromkeys(wire.get(p["name"], p["name"]) for p in _FORCES.finditer(text))),
    )


def installed_version(package: str) -> str:
    """The version of the installed SDK, which a plugin of it is expected to have."""
    try:
        return importlib.metadata.version(f"pulumi-{package}")
    except importlib.metadata.PackageNotFoundError:
        return "0.0.0"


_READ: dict[str, Shape | None] = {}


def of(token: str, cloud: Cloud) -> Shape | None:
    """The shape of a type, read once per SDK version and sandbox."""
    if token in _READ:
        return _READ[token]
    package = token.split(":", 1)[0]
    key = f"{installed_version(package)} {token}"
    known: Any = cloud.remembered(key)
    if known is None:
        shape = read(token)
        cloud.remember(key, asdict(shape) if shape else {})
    else:
        shape = (
            Shape(
                tuple(known["inputs"]), tuple(known["required"]), known["outputs"], tuple(known["forces_replacement"])
            )
            if known
            else None
        )
    _READ[token] = shape
    return shape
