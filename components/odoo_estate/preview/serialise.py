"""A program's inputs as the properties sent to the provider, as ``pulumi.runtime.rpc`` makes them.

The rules of ``serialize_property`` (SDK 3.272) without the event loop: names are translated by the declared types,
absent top-level properties are left out, outputs are followed to the resources they come from.
"""

import enum
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pulumi
from pulumi.resource import ComponentResource, Resource

from odoo_estate.preview.graph import Asset, Reference, ResourceReference, Secret, Unresolved
from odoo_estate.preview.markers import Marker, RecordingError
from odoo_estate.preview.names import Shape, input_names, is_input_type, property_shape

_SCALARS = frozenset({str, int, float, bool, type(None)})
_NOT_LISTS = (str, range, memoryview, bytes, bytearray)
_ASSET_PLACES = ("path", "text", "uri")
_ARCHIVE_PLACES = ("assets", "path", "uri")

Rename = Callable[[str], str]
UrnOf = Callable[[Resource], str]


class Serialiser:
    """Serialises the inputs of one resource. ``sources`` collects the resources the current property comes from."""

    __slots__ = ("rename", "sources", "urn_of")

    def __init__(self, urn_of: UrnOf, rename: Rename | None = None) -> None:
        self.urn_of = urn_of
        self.rename = rename
        self.sources: list[Resource] = []

    def properties(
        self, inputs: Mapping[str, Any], declared_in: type | None
    ) -> tuple[dict[str, Any], dict[str, list[Resource]]]:
        """The properties, and for those that come from other resources, from which."""
        names = input_names(declared_in) if declared_in is not None else None
        properties: dict[str, Any] = {}
        sources: dict[str, list[Resource]] = {}
        for key in inputs:
            value = inputs[key]
            if value is None:
                continue
            name = names.get(key) or key if names is not None else self.rename(key) if self.rename else key
            if type(value) not in _SCALARS:
                shape = property_shape(declared_in, name) if declared_in is not None else None
                value = self.value(value, shape, key)
                if value is None:
                    self.sources = []
                    continue
                if self.sources:
                    sources[name] = self.sources
                    self.sources = []
            properties[name] = value
        return properties, sources

    def value(self, value: Any, shape: Shape | None, key: str) -> Any:  # noqa: PLR0912 the SDK's cases, in its order
        """One value, with the names inside it translated by its declared type."""
        kind: Any = type(value)
        if kind in _SCALARS:
            return value
        if isinstance(value, Marker):
            return self._output(value, shape, key)
        if isinstance(value, Unresolved | Secret):
            return value
        if kind is dict:
            return self._mapping(value, shape)
        if kind is list or (isinstance(value, Sequence) and not isinstance(value, _NOT_LISTS)):
            element = shape.element if shape is not None else None
            return [item if type(item) in _SCALARS else self.value(item, element, key) for item in value]
        if isinstance(value, Resource):
            return self._resource(value)
        if isinstance(value, pulumi.Asset):
            return self._stored(value, "asset", _ASSET_PLACES, key)
        if isinstance(value, pulumi.Archive):
            return self._stored(value, "archive", _ARCHIVE_PLACES, key)
        if is_input_type(kind):
            return self._arguments(value, kind, key)
        if isinstance(value, Mapping):
            return self._mapping(value, shape)
        if isinstance(value, enum.Enum) and isinstance(value, str | int | float):
            return value.value
        if isinstance(value, str):
            return str(value)
        if isinstance(value, bool | int | float):
            return value
        if inspect.isawaitable(value) or isinstance(value, pulumi.Output):
            raise RecordingError(f"{key} is an awaitable or an output made outside the recording")
        raise ValueError(f"unexpected input of type {kind.__name__} for {key}")

    def _output(self, output: Marker, shape: Shape | None, key: str) -> Any:
        self.sources.extend(output._sources)
        sources = list(self.sources)
        plain = self.value(output._value, shape, key)
        if not output._known:
            self.sources = sources  # the SDK does not look for whole resources inside an unknown value
        return Secret(plain) if output._hidden else plain

    def _resource(self, resource: Resource) -> Reference:
        self.sources.append(resource)
        inner = "urn" if isinstance(resource, ComponentResource) else "id"
        return ResourceReference(self.urn_of(resource), inner)

    def _stored(self, value: Any, kind: str, places: tuple[str, ...], key: str) -> Asset:
        place = next(place for place in places if hasattr(value, place))
        return Asset({kind: {place: self.value(getattr(value, place), None, key)}})

    def _arguments(self, value: Any, cls: type, key: str) -> dict[str, Any]:
        names = input_names(cls)
        arguments = value if isinstance(value, dict) else value.__dict__
        result: dict[str, Any] = {}
        for python_name, item in arguments.items():
            name = names.get(python_name)
            if name is None or item is None:
                continue
            result[name] = item if type(item) in _SCALARS else self.value(item, property_shape(cls, name), key)
        return result

    def _mapping(self, value: Mapping[str, Any], shape: Shape | None) -> dict[str, Any]:
        if shape is None:
            rename, item = self.rename, None
        else:
            shape = shape.member(value)
            if shape.arguments is not None:
                return self._typed_mapping(value, shape.arguments)
            rename, item = None, shape.item
        return {
            (rename(key) if rename else key): (
                value[key] if type(value[key]) in _SCALARS else self.value(value[key], item, key)
            )
            for key in value
        }

    def _typed_mapping(self, value: Mapping[str, Any], cls: type) -> dict[str, Any]:
        names = input_names(cls)
        result: dict[str, Any] = {}
        for key in value:
            name = names.get(key) or key
            item = value[key]
            result[name] = item if type(item) in _SCALARS else self.value(item, property_shape(cls, name), key)
        return result
