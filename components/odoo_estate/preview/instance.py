"""The instance dictionary of a recorded resource: an output becomes a marker when it is first asked for.

A typed resource has some sixty output properties of which a program reads two or three. Its getters all end in
``self.__dict__.get(name)`` (``pulumi._types.get``), so the dictionary is the place to make them on demand.
"""

from collections.abc import Container, Mapping
from typing import Any

from pulumi.resource import Resource

from odoo_estate.preview.graph import Reference, Unresolved
from odoo_estate.preview.markers import Marker


class Outputs(dict[str, Any]):
    """``vars(resource)`` while a graph is recorded."""

    resource: Resource | None

    __slots__ = ("declared", "names", "physical_id", "resource", "secret_outputs", "urn")

    def __init__(
        self,
        resource: Resource,
        urn: str,
        declared: Container[str],
        *,
        names: Mapping[str, str],
        secret_outputs: Container[str],
        physical_id: Any,
    ) -> None:
        super().__init__(resource.__dict__)
        self.resource = resource
        self.urn = urn
        self.declared = declared
        self.names = names
        self.secret_outputs = secret_outputs
        self.physical_id = physical_id

    def get(self, key: str, default: Any = None) -> Any:
        value = super().get(key)
        if value is not None:
            return value
        if key in self.declared:
            return self.make(key)
        return default

    def __missing__(self, key: str) -> Any:
        if key == "urn":
            self["urn"] = marker = Marker(self.urn, self._source())
            return marker
        if key == "id" and self.physical_id is not None:
            known = not isinstance(self.physical_id, Unresolved)
            self["id"] = marker = Marker(self.physical_id, self._source(), known=known)
            return marker
        raise KeyError(key)

    def make(self, key: str) -> Marker:
        name = self.names.get(key) or key
        reference = Reference(self.urn, name)
        self[key] = marker = Marker(reference, self._source(), secret=name in self.secret_outputs, known=False)
        return marker

    def _source(self) -> tuple[Resource, ...]:
        return (self.resource,) if self.resource is not None else ()

    def release(self) -> None:
        """Forget the resource and its outputs, which refer to each other."""
        self.resource = None
        self.clear()


def urn_of(resource: Resource) -> str:
    """The urn of a resource of the program being recorded."""
    instance = resource.__dict__
    if isinstance(instance, Outputs):
        return instance.urn
    return str(instance["urn"]._value)
