"""What a row of the type tables can say about an AWS resource type."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.provider.wire import Properties

Guard = Callable[[Properties, str], str | None]
"""Given inputs and id: the error with which the service refuses to delete, or nothing."""


@dataclass(frozen=True)
class Kind:
    """One AWS resource type. Templates are filled by `Minted`; `{id}` and `{arn}` work in all but their own."""

    api: str = ""  # "RDS:DBInstance": the service and the noun in the names of its operations
    id: str = ""  # the provider's id; empty: name, else made up
    arn: str = ""  # resource part of the ARN, or the whole; empty: none
    name: str | None = "name"  # the property with the physical name; filled by auto-naming where optional in the SDK
    autoname: bool = True
    longest: int = 255
    lower: bool = False
    prefix: str = ""  # what an auto-name begins with
    unique: str = ""  # what may exist only once …
    unique_in: str = "region"  # … in a region, an account or everywhere ("aws")
    taken: str = ""  # "Code: message" for the second
    replaces: tuple[str, ...] = ()  # changed inputs that the service can only honour with a new thing
    outputs: Mapping[str, Any] = field(default_factory=dict)
    known_as: tuple[str, ...] = ()  # outputs, beside id and ARN, by which others mean it
    refers: Mapping[str, str] = field(default_factory=dict)  # input path -> type it names (not by id or ARN)
    held_by: tuple[str, ...] = ()  # types whose reference to this one makes deleting it fail
    held: str = "DependencyViolation: The {noun} '{id}' has dependencies and cannot be deleted."
    guard: Guard | None = None
    refuse_change: Callable[[Properties, Properties], str | None] = lambda _old, _new: None
    keeps_name: Callable[[Properties], str | None] = lambda _: None  # error that outlives it, for who wants the name


def protected(prop: str, message: str) -> Guard:
    """Deletion protection by a boolean input."""
    return lambda inputs, identity: message.format(id=identity) if inputs.get(prop) is True else None
