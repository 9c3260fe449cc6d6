"""Outputs without an event loop: what ``pulumi.Output`` is while a graph is recorded.

A :class:`Marker` is an ``Output`` whose state is there at once: a plain value, or one with
:class:`~odoo_estate.preview.graph.Unresolved` parts, the resources it comes from and whether it is secret. It follows
the SDK's rules for what is known, secret and depended upon (``pulumi/output.py`` of SDK 3.272), with one difference:
the SDK never calls the function of ``apply`` on a value that is unknown, a marker refuses it unless it is a check
that passes the value through. The functions at the end stand in for the constructors of ``Output``.
"""

import inspect
import json
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import pulumi
from pulumi.runtime import _json

from odoo_estate.preview.graph import Composed, Reference, Unresolved, references
from odoo_estate.preview.names import camel, is_input_type, property_shape
from odoo_estate.resolved import is_passthrough

if TYPE_CHECKING:
    AnyOutput = pulumi.Output[Any]
else:
    AnyOutput = pulumi.Output

_SCALARS = frozenset({str, int, float, bool, type(None)})


class RecordingError(Exception):
    """The program did something that only works while a real update runs."""


class Marker(AnyOutput):
    """One output of a recorded program."""

    _value: Any
    _sources: tuple[pulumi.Resource, ...]
    _hidden: bool
    _known: bool

    def __init__(
        self,
        value: Any,
        sources: tuple[pulumi.Resource, ...] = (),
        *,
        secret: bool = False,
        known: bool = True,
    ) -> None:
        self._value = value
        self._sources = sources
        self._hidden = secret
        self._known = known

    def apply(self, func: Callable[[Any], Any], run_with_unknowns: bool = False) -> Any:  # noqa: ARG002 the SDK's name
        if not self._known:
            return self._pass_through(func)
        seen = _Seen(self._sources, secret=self._hidden)
        result = func(self._value)
        if isinstance(result, Marker):
            return Marker(seen.open(result), seen.unique(), secret=seen.secret, known=seen.known)
        _refuse_awaitable(result)
        return Marker(result, self._sources, secret=self._hidden)

    def _pass_through(self, func: Callable[[Any], Any]) -> "Marker":
        if is_passthrough(func):
            return self
        if func is pulumi.runtime.to_json:
            document = _json._to_json_serializable_obj(self._value)
            text = Composed(json.dumps(document), tuple(references(document)), document)
            return Marker(text, self._sources, secret=self._hidden, known=False)
        name = getattr(func, "__qualname__", repr(func))
        raise RecordingError(
            f"{name} is applied to {_describe(self._value)}: "
            "components must not compute on values that exist only after the update. "
            "Take the value from the plan, pass the output on as it is, or combine it with Output.concat, "
            "Output.format or Output.json_dumps; a check that returns its argument is marked with "
            "odoo_estate.resolved.passthrough"
        )

    def recover(self, func: Callable[[Exception], Any]) -> "Marker":  # noqa: ARG002 nothing fails while recording
        return self

    def __getattr__(self, item: str) -> Any:
        if item.startswith("_"):
            raise AttributeError(f"'Output' object has no attribute '{item}'")
        return self._lift(lambda value: getattr(value, item), camel(item))

    def __getitem__(self, key: Any) -> Any:
        return self._lift(lambda value: value[key], key)

    def _lift(self, pick: Callable[[Any], Any], key: object) -> "Marker":
        value = self._value
        if isinstance(value, Composed) and isinstance(value.document, dict | list):
            value = value.document
        if isinstance(value, Reference):
            return Marker(value.inside(key), self._sources, secret=self._hidden, known=False)
        if isinstance(value, Unresolved):
            raise RecordingError(f"{_describe(value)} is a text; it has no part {key!r}")
        seen = _Seen(self._sources, secret=self._hidden)
        picked = seen.open(pick(value))
        return Marker(picked, seen.unique(), secret=seen.secret, known=seen.known)

    def __str__(self) -> str:
        raise RecordingError(
            f"{_describe(self._value)} is used as text: an output has none before the update. "
            "Use Output.concat or Output.format"
        )

    def _unavailable(self, *_: Any, **__: Any) -> Any:
        raise RecordingError(f"{_describe(self._value)} is awaited or read: that needs an update")

    future: Any = _unavailable
    is_known: Any = _unavailable
    is_secret: Any = _unavailable
    resources: Any = _unavailable
    get: Any = _unavailable


def _describe(value: Any) -> str:
    return str(value) if isinstance(value, Unresolved) else f"an output of type {type(value).__name__}"


def _refuse_awaitable(value: Any) -> None:
    if inspect.isawaitable(value):
        if inspect.iscoroutine(value):
            value.close()
        raise RecordingError("an awaitable is used as a value: recorded programs are synchronous")


class _Seen:
    """What a value was made from, gathered while it is freed of nested outputs."""

    __slots__ = ("known", "secret", "sources")

    def __init__(self, sources: Iterable[pulumi.Resource] = (), *, secret: bool = False) -> None:
        self.sources: list[pulumi.Resource] = list(sources)
        self.secret = secret
        self.known = True

    def unique(self) -> tuple[pulumi.Resource, ...]:
        return tuple(dict.fromkeys(self.sources)) if len(self.sources) > 1 else tuple(self.sources)

    def open(self, value: Any) -> Any:
        kind: Any = type(value)
        if kind in _SCALARS:
            return value
        if isinstance(value, Marker):
            self.sources.extend(value._sources)
            self.secret = self.secret or value._hidden
            return self.open(value._value)
        if isinstance(value, Unresolved):
            self.known = False
            return value
        if isinstance(value, dict):
            return {self.open(key): self.open(value[key]) for key in value}
        if isinstance(value, list):
            return [self.open(item) for item in value]
        if isinstance(value, tuple):
            return tuple(self.open(item) for item in value)
        if is_input_type(kind):
            return kind(**{key: self.open(item) for key, item in value.__dict__.items()})
        _refuse_awaitable(value)
        return value

    def marker(self, value: Any) -> Marker:
        return Marker(value, self.unique(), secret=self.secret, known=self.known)


def from_input(val: Any) -> Marker:
    """``Output.from_input``."""
    seen = _Seen()
    return seen.marker(seen.open(val))


def from_input_shallow(val: Any) -> Marker:
    """``Output._from_input_shallow``, which the SDK uses for ``depends_on``."""
    return val if isinstance(val, Marker) else Marker(val)


def all_of(*args: Any, **kwargs: Any) -> Marker:
    """``Output.all``."""
    if args and kwargs:
        raise ValueError("Output.all() was supplied a mix of named and unnamed inputs")
    seen = _Seen()
    return seen.marker(seen.open(kwargs) if kwargs else seen.open(list(args)))


def secret(val: Any) -> Marker:
    """``Output.secret``."""
    seen = _Seen(secret=True)
    return seen.marker(seen.open(val))


def unsecret(val: Any) -> Marker:
    """``Output.unsecret``."""
    opened = from_input(val)
    return Marker(opened._value, opened._sources, known=opened._known)


def concat(*args: Any) -> Marker:
    """``Output.concat``. Parts must be texts, as they must be for the SDK once they are known."""
    for part in args:
        _refuse_number(part)
    seen = _Seen()
    parts = [seen.open(part) for part in args]
    text = "".join(parts)
    return seen.marker(text if seen.known else Composed(text, tuple(references(parts))))


def _refuse_number(part: Any) -> None:
    if not isinstance(part, Marker) or type(part._value) is not Reference or len(part._sources) != 1:
        return
    cls: Any = type(part._sources[0])
    shape = property_shape(cls, part._value.path)
    if shape is not None and shape.declared in {int, float, bool}:
        raise RecordingError(
            f"Output.concat joins texts, but {part._value} is of type {shape.declared.__name__}: the update would fail. "
            "Use Output.format"
        )


def formatted(format_string: Any, *args: Any, **kwargs: Any) -> Marker:
    """``Output.format``."""
    seen = _Seen()
    template, positional, named = seen.open(format_string), seen.open(args), seen.open(kwargs)
    text = template.format(*positional, **named)
    if seen.known:
        return seen.marker(text)
    return seen.marker(Composed(text, tuple(references([template, positional, named]))))


def json_dumps(obj: Any, **keywords: Any) -> Marker:
    """``Output.json_dumps``. Of an unresolved value the document is kept beside its text."""
    seen = _Seen()
    document = seen.open(obj)
    text = json.dumps(document, **keywords)
    return seen.marker(text if seen.known else Composed(text, tuple(references(document)), document))


def json_loads(s: Any, **keywords: Any) -> Marker:
    """``Output.json_loads``. What is inside an unresolved text is referred to by its path."""
    seen = _Seen()
    text = seen.open(s)
    if seen.known:
        return seen.marker(json.loads(text, **keywords))
    if isinstance(text, Composed) and text.document is not None:
        return seen.marker(text.document)
    return seen.marker(text)


def map_input(value: Any, transform: Callable[[Any], Any]) -> Any:
    """``pulumi.output._map_input``, which the SDK uses for ``depends_on``."""
    if isinstance(value, Marker):
        return Marker(transform(value._value), value._sources, secret=value._hidden, known=value._known)
    return transform(value)


def map2_input(left: Any, right: Any, transform: Callable[[Any, Any], Any]) -> Any:
    """``pulumi.output._map2_input``."""
    if not isinstance(left, Marker) and not isinstance(right, Marker):
        return transform(left, right)
    one, two = from_input_shallow(left), from_input_shallow(right)
    return Marker(
        transform(one._value, two._value),
        one._sources + two._sources,
        secret=one._hidden or two._hidden,
        known=one._known and two._known,
    )
