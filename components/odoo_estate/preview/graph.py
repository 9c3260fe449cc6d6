"""The resource graph of one stack as plain data, and the values in it that are not plain.

Three kinds of value carry meaning beyond their text, and all three *are* text, so that a graph can be printed,
compared and written as JSON without a rendering step and without any way to leak a secret:

* :class:`Unresolved`: exists only after the update; reads ``${urn.property}``. :class:`Reference` is one property of
  one resource, :class:`Composed` a text made from several (a concatenation, a format, a JSON document).
* :class:`Secret`: reads ``[secret]``; the value itself is in ``.value`` and in no rendering.
* :class:`Asset`: a file or archive, described by where its content comes from.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

MASK = "[secret]"

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


class Unresolved(str):
    """A value that exists only after the update. A rule that reads it must answer *not decidable*."""

    __slots__ = ()

    @property
    def sources(self) -> "tuple[Reference, ...]":
        """The properties of other resources this value is made from; none, unless a subclass knows them."""
        return ()


class Reference(Unresolved):
    """One property of a resource, or something inside that property (``certificateAuthority.data``)."""

    __slots__ = ("path", "urn")

    urn: str
    path: str

    def __new__(cls, urn: str, path: str) -> "Reference":
        self = str.__new__(cls, f"${{{urn}.{path}}}")
        self.urn = urn
        self.path = path
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.urn, self.path)

    @property
    def sources(self) -> "tuple[Reference, ...]":
        return (self,)

    def inside(self, key: object) -> "Reference":
        """The reference to the element ``key`` of this value."""
        if isinstance(key, str) and _IDENTIFIER.match(key):
            return Reference(self.urn, f"{self.path}.{key}")
        if isinstance(key, str):
            return Reference(self.urn, f'{self.path}["{key}"]')
        return Reference(self.urn, f"{self.path}[{key}]")


class ResourceReference(Reference):
    """A whole resource where a value is expected; reads as its id (a component's: its urn)."""

    __slots__ = ()


class Composed(Unresolved):
    """A text that mixes known parts with unresolved ones.

    ``document`` is the structure behind a JSON text (a policy, a configuration), with its unresolved leaves in place,
    so that a rule can judge the known parts.
    """

    __slots__ = ("_sources", "document")

    document: Any
    _sources: tuple[Reference, ...]

    def __new__(cls, text: str, sources: tuple[Reference, ...], document: Any = None) -> "Composed":
        self = str.__new__(cls, text)
        self._sources = sources
        self.document = document
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (str(self), self._sources, self.document)

    @property
    def sources(self) -> tuple[Reference, ...]:
        return self._sources


class Secret(str):
    """A secret value. Its text is always ``[secret]``; ``value`` holds what is sent to the provider."""

    __slots__ = ("value",)

    value: Any

    def __new__(cls, value: Any) -> "Secret":
        self = str.__new__(cls, MASK)
        self.value = value
        return self

    def __eq__(self, other: object) -> bool:
        return self.value == other.value if isinstance(other, Secret) else NotImplemented

    def __ne__(self, other: object) -> bool:
        return self.value != other.value if isinstance(other, Secret) else NotImplemented

    __hash__ = str.__hash__

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.value,)


class Asset(dict[str, Any]):
    """An asset or archive: ``{"asset": {"text": …}}``, ``{"archive": {"path": …}}``."""


def is_unresolved(value: Any) -> bool:
    """Whether ``value``, or anything inside it, exists only after the update. Looks inside secrets."""
    if isinstance(value, Unresolved):
        return True
    if isinstance(value, Secret):
        return is_unresolved(value.value)
    if isinstance(value, dict):
        return any(is_unresolved(item) for item in value.values())
    if isinstance(value, list | tuple):
        return any(is_unresolved(item) for item in value)
    return False


def is_secret(value: Any) -> bool:
    """Whether ``value``, or anything inside it, is secret."""
    if isinstance(value, Secret):
        return True
    if isinstance(value, dict):
        return any(is_secret(item) for item in value.values())
    if isinstance(value, list | tuple):
        return any(is_secret(item) for item in value)
    return False


def references(value: Any) -> Iterator[Reference]:
    """Every property of another resource that ``value`` uses, also inside secrets and composed texts."""
    if isinstance(value, Unresolved):
        yield from value.sources
    elif isinstance(value, Secret):
        yield from references(value.value)
    elif isinstance(value, dict):
        for item in value.values():
            yield from references(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from references(item)


@dataclass(frozen=True, slots=True)
class Alias:
    """A former identity. Empty fields mean "as now", as in the engine's protocol."""

    urn: str = ""
    name: str = ""
    type: str = ""
    stack: str = ""
    project: str = ""
    parent: str = ""
    no_parent: bool = False


@dataclass(frozen=True, slots=True)
class Options:
    """The registered options of a resource that are not part of its place in the graph."""

    version: str = ""
    plugin_download_url: str = ""
    aliases: tuple[Alias, ...] = ()
    ignore_changes: tuple[str, ...] = ()
    replace_on_changes: tuple[str, ...] = ()
    additional_secret_outputs: tuple[str, ...] = ()
    hide_diffs: tuple[str, ...] = ()
    custom_timeouts: Mapping[str, str] = field(default_factory=dict)
    delete_before_replace: bool | None = None
    retain_on_delete: bool | None = None
    deleted_with: str = ""
    replace_with: tuple[str, ...] = ()
    replacement_trigger: Any = None
    import_id: str = ""
    providers: Mapping[str, str] = field(default_factory=dict)
    env_var_mappings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Node:
    """One resource as it is registered with the engine.

    ``inputs`` are the properties sent to the provider, by their camelCase names. ``read`` resources exist already
    (a stack reference, an adopted resource) and are looked up by ``read_id``. ``outputs`` are what a component
    registered as its own. ``region`` is set only in the provider's view, see :mod:`odoo_estate.preview.checked`.
    """

    urn: str
    type: str
    name: str
    parent: str | None
    provider: str | None
    region: str | None
    inputs: dict[str, Any]
    dependencies: tuple[str, ...]
    property_dependencies: dict[str, tuple[str, ...]]
    protect: bool
    custom: bool
    read: bool
    taggable: bool
    options: Options
    read_id: Any = None
    outputs: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The entry of ``estate preview --json``; secrets are masked, references read ``${urn.property}``."""
        return {
            "urn": self.urn,
            "type": self.type,
            "name": self.name,
            "parent": self.parent,
            "provider": self.provider,
            "region": self.region,
            "inputs": self.inputs,
            "dependencies": list(self.dependencies),
            "protect": self.protect,
        }


@dataclass(frozen=True)
class Graph:
    """All resources of one stack in the order they were registered, the stack itself first, and its exports."""

    project: str
    stack: str
    nodes: tuple[Node, ...]
    outputs: dict[str, Any]

    @cached_property
    def by_urn(self) -> dict[str, Node]:
        """The nodes by urn."""
        return {node.urn: node for node in self.nodes}

    @cached_property
    def _children(self) -> dict[str, list[Node]]:
        children: dict[str, list[Node]] = {}
        for node in self.nodes:
            if node.parent is not None:
                children.setdefault(node.parent, []).append(node)
        return children

    def __getitem__(self, urn: str) -> Node:
        return self.by_urn[urn]

    def __contains__(self, urn: object) -> bool:
        return urn in self.by_urn

    def __iter__(self) -> Iterator[Node]:
        return iter(self.nodes)

    def __len__(self) -> int:
        return len(self.nodes)

    def children(self, urn: str) -> tuple[Node, ...]:
        """The direct children of ``urn``, in registration order."""
        return tuple(self._children.get(urn, ()))

    def of_type(self, type_token: str) -> tuple[Node, ...]:
        """The nodes of one type, for example ``aws:rds/instance:Instance``."""
        return tuple(node for node in self.nodes if node.type == type_token)

    def as_json(self) -> list[dict[str, Any]]:
        """The ``resources`` of ``estate preview --json``."""
        return [node.as_json() for node in self.nodes]
