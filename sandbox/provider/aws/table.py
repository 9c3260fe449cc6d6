"""All type tables together, and a guess for whatever they do not list."""

from __future__ import annotations

from functools import cache
from typing import Any

from sandbox.provider.aws import data, network, operations, platform
from sandbox.provider.aws.kind import Kind
from sandbox.provider.aws.place import Minted
from sandbox.provider.shape import Shape

KINDS: dict[str, Kind] = {**network.KINDS, **data.KINDS, **platform.KINDS, **operations.KINDS}

_MADE = "2026-01-01T00:00:00Z"


def is_listed(token: str) -> bool:
    """Whether a table describes this type."""
    return token in KINDS


@cache
def _guess(token: str, named: bool, has_arn: bool, forces: tuple[str, ...]) -> Kind:
    _, module, noun = token.split(":")
    service = module.split("/")[0]
    noun_lower = noun[0].lower() + noun[1:]
    return Kind(
        api=f"{service.upper()}:{noun}",
        id="{name}" if named else f"{noun_lower}-{{hex17}}",
        arn=f"arn:{{partition}}:{service}:{{region}}:{{account}}:{noun_lower}/{{id}}" if has_arn else "",
        name="name" if named else None,
        replaces=("name", "namePrefix", *forces) if named else forces,
    )


def kind_of(token: str, shape: Shape | None) -> Kind:
    """The row for a type; for an unlisted one what the SDK's class lets one guess."""
    if token in KINDS:
        return KINDS[token]
    shape = shape or Shape()
    named = "name" in shape.inputs and not _sibling_names(shape)
    return _guess(token, named, "arn" in shape.outputs, shape.forces_replacement)


def _sibling_names(shape: Shape) -> bool:
    """A `name` that is only unique within something else makes no id (a listener's rule, a cluster's add-on)."""
    return "arn" not in shape.outputs


def made_up(name: str, annotation: str, minted: Minted) -> Any:
    """A value for a computed output that no table describes, by the output's type and name."""
    if annotation.startswith("Sequence["):
        return []
    if annotation.startswith("Mapping["):
        return {}
    plain_types: dict[str, Any] = {"bool": False, "int": 0, "float": 0}
    if annotation in plain_types:
        return plain_types[annotation]
    if annotation != "str":
        return None
    lower = name.lower()
    guesses: tuple[tuple[tuple[str, ...], str], ...] = (
        (("arn",), "{arn}"),
        (("ownerid", "accountid", "account"), "{account}"),
        (("region",), "{region}"),
        (("name",), "{name}"),
        (("status", "state"), "ACTIVE"),
        (("createdat", "createddate", "createdtime", "creationdate", "creationtime", "lastupdateddate"), _MADE),
    )
    for names, template in guesses:
        if lower in names:
            return minted.fill(template)
    if lower.endswith(("time", "date", "timestamp")):
        return _MADE
    if lower.endswith(("endpoint", "domainname", "dnsname", "url")):
        return minted.fill(f"{lower}-{{hex8_{name}}}.{{region}}.{{dns}}")
    if lower.endswith("id"):
        return minted.fill(f"{{hex17_{name}}}")
    return ""
