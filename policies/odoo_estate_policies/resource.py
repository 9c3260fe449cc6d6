"""What a rule sees: one resource's checked inputs, read so that an unknown value can never be mistaken for a known one.

Properties have the provider's camelCase names. Reading a value that exists only after the update raises `Undecided`, which makes the
rule's answer for this resource *not decidable*; a rule that does not read it decides as usual.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from odoo_estate.preview.graph import Composed, Secret, Unresolved

IDENTITIES = ("id", "arn", "name", "bucket", "identifier", "clusterIdentifier", "replicationGroupId", "keyId")
"""Properties that name a resource, so that another's property with the same value means it."""


class Undecided(Exception):
    """A rule needs a value that nobody knows yet. ``path`` is the property, e.g. ``rules[0].lifecycle.deleteAfter``."""

    def __init__(self, path: str, why: str = "is known only after the update") -> None:
        self.path = path
        super().__init__(f"{path} {why}")


@dataclass(frozen=True, eq=False)
class Properties:
    """An object's properties. An explicit null counts as absent, as it does for the providers."""

    raw: Mapping[str, Any]
    path: str = ""

    def __contains__(self, key: str) -> bool:
        return self.raw.get(key) is not None

    def __iter__(self) -> Iterator[str]:
        return (key for key, value in self.raw.items() if value is not None)

    def _at(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path else key

    def get(self, key: str) -> Any:
        """The value, None where it is absent; objects as `Properties`, lists as `Items`."""
        raw = self.raw.get(key)
        if raw is None or type(raw) is str:
            return raw
        return _reveal(raw, self._at(key))

    def text(self, key: str, default: str = "") -> str:
        """A text value."""
        value = self.get(key)
        if value is None:
            return default
        if isinstance(value, str):
            return value
        raise Undecided(self._at(key), f"is {type(value).__name__} where a text is expected")

    def number(self, key: str) -> float | None:
        """A number, also where it is written as text (providers convert that); a whole one as int."""
        value = self.get(key)
        if value is None or type(value) is int:
            return value
        try:
            number = float(value)
        except (TypeError, ValueError):
            raise Undecided(self._at(key), f"is {value!r} where a number is expected") from None
        return int(number) if number.is_integer() else number

    def flag(self, key: str, default: bool = False) -> bool:
        """A boolean, also where it is written as text."""
        value = self.get(key)
        if value is None:
            return default
        if value in (True, "true"):
            return True
        if value in (False, "false"):
            return False
        raise Undecided(self._at(key), f"is {value!r} where true or false is expected")

    def section(self, key: str) -> "Properties":
        """A nested object; empty where it is absent."""
        value = self.get(key)
        if value is None:
            return Properties({}, self._at(key))
        if isinstance(value, Properties):
            return value
        raise Undecided(self._at(key), f"is {type(value).__name__} where an object is expected")

    def items(self, key: str) -> "Items":
        """A list; empty where it is absent."""
        value = self.get(key)
        if value is None:
            return Items((), self._at(key))
        if isinstance(value, Items):
            return value
        raise Undecided(self._at(key), f"is {type(value).__name__} where a list is expected")

    def document(self, key: str) -> "Properties":
        """An object sent as JSON text (a policy); its unknown parts stay unknown, its known ones can be judged."""
        raw = self.raw.get(key)
        if isinstance(raw, Composed) and isinstance(raw.document, Mapping):
            return Properties(raw.document, self._at(key))
        try:
            found = json.loads(self.text(key, "{}"))
        except ValueError:
            found = None
        if not isinstance(found, Mapping):
            raise Undecided(self._at(key), "is no JSON object")
        return Properties(found, self._at(key))


@dataclass(frozen=True, eq=False)
class Items:
    """A list of values."""

    raw: Sequence[Any]
    path: str

    def __len__(self) -> int:
        return len(self.raw)

    def __iter__(self) -> Iterator[Any]:
        return (_reveal(one, f"{self.path}[{position}]") for position, one in enumerate(self.raw))

    def objects(self) -> Iterator[Properties]:
        """The elements, each an object."""
        for position, one in enumerate(self):
            if not isinstance(one, Properties):
                raise Undecided(f"{self.path}[{position}]", f"is {type(one).__name__} where an object is expected")
            yield one

    def texts(self) -> tuple[str, ...]:
        """The elements as texts."""
        return tuple(str(one) for one in self)


def _reveal(raw: Any, path: str) -> Any:
    if isinstance(raw, Unresolved):
        raise Undecided(path)
    if isinstance(raw, Secret):
        if isinstance(raw.value, Mapping | list | tuple):
            return _reveal(raw.value, path)
        raise Undecided(path, "is secret, and a message could give it away")
    if isinstance(raw, Mapping):
        return Properties(raw, path)
    if isinstance(raw, list | tuple):
        return Items(raw, path)
    return raw


@dataclass(frozen=True, eq=False, kw_only=True)
class Resource(Properties):
    """One resource as it is sent to the provider, default tags included.

    ``property_dependencies`` has, for each property, the URNs of the resources whose outputs are in it. ``region`` is empty where the
    resource has none; ``taggable`` says whether its type takes tags, not whether it has any.
    """

    urn: str
    type: str
    name: str
    region: str = ""
    protect: bool = False
    taggable: bool = False
    parent: str = ""
    dependencies: tuple[str, ...] = ()
    property_dependencies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def tags(self) -> Properties:
        """The tags by key, also of an auto-scaling group, whose tags are a list.

        AWS's provider puts its default tags into ``tagsAll`` alone (into ``tags`` where that cannot be set); a remediation writes ``tags``.
        """
        found = self.get("tags")
        if isinstance(found, Items):
            return Properties({one.text("key"): one.raw.get("value") for one in found.objects()}, "tags")
        both = (one.raw for one in (self.get("tagsAll"), found) if isinstance(one, Properties))
        return Properties({key: value for tags in both for key, value in tags.items()}, "tags")

    def refers_to(self, key: str, target: "Resource") -> bool:
        """Whether the property is ``target``'s output, or names it by one of its known names."""
        if target.urn in self.property_dependencies.get(key, ()):
            return True
        raw = self.raw.get(key)
        return raw is not None and names(raw, target, self._at(key), self.property_dependencies.get(key, ()))


def names(raw: Any, target: Resource, path: str, among: Sequence[str] = ()) -> bool:
    """Whether a raw value is an output of ``target`` or one of its names. ``among``: the resources that an unknown value may come from,
    where the value itself does not say."""
    if isinstance(raw, Unresolved):
        sources = {source.urn for source in raw.sources} or set(among)
        if not sources:
            raise Undecided(path)
        return target.urn in sources
    return any(raw == target.raw.get(identity) for identity in IDENTITIES if target.raw.get(identity) is not None)
