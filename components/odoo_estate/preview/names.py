"""How the SDK's typed classes name their properties, looked up once per class.

The SDK computes these tables anew for every value it sends. Type hints are resolved per property and only for
containers, because resolving a whole class costs milliseconds (pulumi-kubernetes ``PodSpecArgs``: 4.5 ms, 11/2026).
"""

import collections.abc
import functools
import re
from typing import Any, cast, get_args, get_origin, get_type_hints

import pulumi
from pulumi import _types

_HUMP = re.compile(r"(?<=[A-Za-z0-9])_+([A-Za-z0-9])")


@functools.cache
def camel(name: str) -> str:
    """The provider's name of an output attribute: ``certificate_authority`` → ``certificateAuthority``."""
    return _HUMP.sub(lambda hump: hump.group(1).upper(), name.rstrip("_"))


@functools.cache
def is_input_type(cls: type) -> bool:
    """Whether ``cls`` is one of the SDK's ``…Args`` classes."""
    return _types.is_input_type(cls)


@functools.cache
def input_names(cls: type) -> dict[str, str]:
    """Python names to provider names of an ``…Args`` class."""
    return _types.input_type_py_to_pulumi_names(cls)


@functools.cache
def output_names(cls: type) -> dict[str, str]:
    """Python names to provider names of a resource class."""
    return _types.resource_py_to_pulumi_names(cls)


@functools.cache
def lazy_names(cls: type) -> frozenset[str]:
    """The properties a resource class reads through a getter, so that their markers can be made on demand."""
    return frozenset(name for name, _, _ in _types._py_properties(cls))


@functools.cache
def _getters(cls: type) -> dict[str, Any]:
    return {pulumi_name: prop.fget for _, pulumi_name, prop in _types._py_properties(cls)}


@functools.cache
def _namespace(cls: type) -> dict[str, Any]:
    return _types._globals_for_cls(cls) or {}


class Shape:
    """What a declared type says of a value: the names in it, the types of its elements. Resolved when asked for."""

    def __init__(self, declared: Any) -> None:
        self.declared = declared

    @functools.cached_property
    def arguments(self) -> Any:
        """The ``…Args`` class, if it is one."""
        return self.declared if is_input_type(self.declared) else None

    @functools.cached_property
    def is_union(self) -> bool:
        """Whether the type is a union of several."""
        return bool(_types._is_union_type(self.declared))  # type: ignore[no-untyped-call]

    @functools.cached_property
    def element(self) -> "Shape | None":
        """The shape of a list's elements; an ``AssertionError`` where no list is declared, as in the SDK."""
        if self.declared in (list, collections.abc.Sequence):
            return None
        if get_origin(self.declared) in (list, collections.abc.Sequence):
            (element,) = get_args(self.declared)
            return shape_of(element)
        raise AssertionError(f"unexpected type: expected 'list', got {self.declared}")

    @functools.cached_property
    def item(self) -> "Shape | None":
        """The shape of a mapping's values."""
        if get_origin(self.declared) in (dict, collections.abc.Mapping):
            key, value = get_args(self.declared)
            return shape_of(value) if key is str else None
        return None

    def member(self, value: collections.abc.Mapping[str, Any]) -> "Shape":
        """Of a union the one member that ``value`` fits, otherwise the shape itself."""
        if not self.is_union:
            return self
        member = _types.reduce_discriminated_union(self.declared, cast(Any, value), _types._py_name_for)
        return self if member is None else Shape(member)


@functools.cache
def property_shape(cls: type, pulumi_name: str) -> Shape | None:
    """The shape of one property of an ``…Args`` class or of a resource; ``None`` where anything goes."""
    getter = _getters(cls).get(pulumi_name)
    if getter is None:
        return None
    hints = get_type_hints(getter, globalns=_namespace(cls), localns={"Output": pulumi.Output, "T": type(None)})
    hint = hints.get("return")
    return None if hint is None or _types.unwrap_type(hint) is pulumi.Output else shape_of(hint)


@functools.cache
def shape_of(declared: Any) -> Shape | None:
    """The shape of ``T`` in ``Input[T]``, ``Optional[T]`` and ``InputType[T]``; ``None`` where anything goes."""
    inner = _types.unwrap_type(declared)
    return None if inner is Any else Shape(inner)
