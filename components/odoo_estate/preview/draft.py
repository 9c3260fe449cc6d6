"""A resource between its registration and the end of the program."""

from dataclasses import dataclass, field
from typing import Any

from pulumi.resource import Resource, ResourceOptions

from odoo_estate.preview.instance import Outputs


@dataclass(slots=True)
class Draft:
    """What was registered. Dependencies are still resources: a component stands for the children it will have."""

    resource: Resource
    instance: Outputs
    urn: str
    type: str
    name: str
    parent: str | None
    custom: bool
    read: bool
    opts: ResourceOptions
    inputs: dict[str, Any]
    sources: dict[str, list[Resource]]
    taggable: bool
    declared_in: Any
    stack_transforms: list[Any]
    read_id: Any = None
    outputs: dict[str, Any] = field(default_factory=dict)
