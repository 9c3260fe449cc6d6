"""YAML text to plain values: a strict subset of YAML 1.2, read from libyaml's events.

Why not a stock loader: it lets the last of two equal keys win, reads ``no`` as False, ``06:30`` as 390 and ``012`` as 10
(YAML 1.1), builds whatever a tag asks for, and composing deeply nested input overflows the C stack (seen with PyYAML 6.0.3).
The events are also the fastest way in: about a third of ``CSafeLoader``'s time for a customer file.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import yaml
from yaml import AliasEvent, MappingEndEvent, MappingStartEvent, ScalarEvent, SequenceEndEvent

from odoo_estate.errors import Path, Problem
from odoo_estate.spec.quoting import shown

MAX_BYTES = 1024 * 1024
MAX_VALUES = 100_000
MAX_DEPTH = 32
MAX_ALIASES = 50

Value = None | bool | int | float | str | tuple["Value", ...] | dict[str, "Value"]

_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})")
_DECIMAL = re.compile(r"[-+]?[0-9]{1,17}\.[0-9]{1,17}")
_WORDS: dict[str, Value] = {
    "": None,
    "~": None,
    "null": None,
    "Null": None,
    "NULL": None,
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
}
"""Everything else is text: ``yes``, ``no``, ``on``, ``off``, dates, times and numbers with leading zeros as well."""


@dataclass(frozen=True)
class Parsed:
    """A document's value with what is wrong in its form, and the line (from 1) of every field when they were asked for."""

    value: Value
    problems: tuple[Problem, ...]
    lines: dict[Path, int]


class _Abort(Exception):
    """Reading on would be useless or dangerous."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem


def parse(content: bytes, document: str, *, lines: bool = False) -> Parsed:
    """The value of ``content``; sequences become tuples and keys are always text. Never raises for bad content.

    ``lines`` makes the positions known; it is asked for only when there is a problem to report, which keeps a thousand files quick.
    """
    if len(content) > MAX_BYTES:
        return _failed(
            Problem(
                "the file is larger than 1 MiB",
                document,
                remedy="one contract is a few hundred lines; split or clean the file",
            )
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return _failed(
            Problem(
                f"byte 0x{content[error.start]:02x} is not UTF-8", document, line=line, remedy="save the file as UTF-8"
            )
        )
    reader = _Reader(document, lines)
    try:
        value = reader.document_of(text)
    except _Abort as abort:
        return Parsed(None, (*reader.problems, abort.problem), reader.lines)
    except yaml.YAMLError as error:
        return Parsed(None, (*reader.problems, _syntax(error, document, text)), reader.lines)
    return Parsed(value, tuple(reader.problems), reader.lines)


def _failed(problem: Problem) -> Parsed:
    return Parsed(None, (problem,), {})


class _Reader:
    """Turns the events of one document into values, depth first."""

    def __init__(self, document: str, lines: bool) -> None:
        self.document = document
        self.problems: list[Problem] = []
        self.lines: dict[Path, int] = {}
        self._record = lines
        self._values = 0
        self._aliases = 0
        self._anchors: dict[str, tuple[Value, int]] = {}
        self._next: Callable[[], Any]

    def document_of(self, text: str) -> Value:
        self._next = yaml.CSafeLoader(text).get_event
        self._next()  # stream start
        if type(self._next()) is yaml.StreamEndEvent:
            return None
        value = self._value(self._next(), (), 0)
        self._next()  # document end
        further = self._next()
        if type(further) is not yaml.StreamEndEvent:
            raise self._abort(
                "a second document starts here", further, (), "keep one document in a file; remove the `---`"
            )
        return value

    def _value(self, event: Any, path: Path, depth: int) -> Value:
        self._values += 1
        if self._values > MAX_VALUES:
            raise self._abort(
                f"the document holds more than {MAX_VALUES} values", event, path, "shorten it, or remove its aliases"
            )
        kind = type(event)
        if kind is AliasEvent:
            return self._alias(event, path)
        if event.tag is not None and event.tag != "!":
            self._refuse(
                f"the tag {shown(event.tag)} is not accepted", event, path, "remove the tag; put text in quotes"
            )
        before = self._values
        value: Value
        if kind is ScalarEvent:
            value = event.value if event.style else plain(event.value)
        elif depth == MAX_DEPTH:
            raise self._abort(f"values are nested more than {MAX_DEPTH} deep", event, path, "flatten the document")
        elif kind is MappingStartEvent:
            value = self._mapping(path, depth)
        else:
            value = self._sequence(path, depth)
        if event.anchor is not None:
            self._anchors[event.anchor] = (value, self._values - before)
        return value

    def _mapping(self, path: Path, depth: int) -> Value:
        result: dict[str, Value] = {}
        first_lines: dict[str, int] = {}
        read = self._next
        while type(event := read()) is not MappingEndEvent:
            if type(event) is not ScalarEvent:
                raise self._abort("a key must be plain text", event, path, "write `key: value`")
            key: str = event.value
            here = (*path, key) if self._record or key in result else path
            if self._record:
                self.lines.setdefault(here, _line(event))
                first_lines.setdefault(key, _line(event))
            if key in result:
                first = f", first in line {first_lines[key]}" if self._record else ""
                self._refuse(f"the field is written twice{first}", event, here, "keep one of the two")
                self._value(read(), here, depth + 1)
            elif key == "<<" and not event.style:
                self._refuse("merge keys are not accepted", event, here, "write the fields out")
                self._value(read(), here, depth + 1)
            else:
                result[key] = self._value(read(), here, depth + 1)
        return result

    def _sequence(self, path: Path, depth: int) -> Value:
        result: list[Value] = []
        read = self._next
        while type(event := read()) is not SequenceEndEvent:
            here = path
            if self._record:
                here = (*path, len(result))
                self.lines[here] = _line(event)
            result.append(self._value(event, here, depth + 1))
        return tuple(result)

    def _alias(self, event: Any, path: Path) -> Value:
        self._aliases += 1
        if self._aliases > MAX_ALIASES:
            raise self._abort(f"the document uses more than {MAX_ALIASES} aliases", event, path, "write the values out")
        if event.anchor not in self._anchors:
            raise self._abort(
                f"the alias {shown('*' + event.anchor)} has no anchor before it", event, path, "write the value out"
            )
        value, size = self._anchors[event.anchor]
        self._values += size
        return value

    def _refuse(self, message: str, event: Any, path: Path, remedy: str) -> None:
        self.problems.append(Problem(message, self.document, path, line=_line(event), remedy=remedy))

    def _abort(self, message: str, event: Any, path: Path, remedy: str) -> _Abort:
        return _Abort(Problem(message, self.document, path, line=_line(event), remedy=remedy))


def _line(event: Any) -> int:
    line: int = event.start_mark.line
    return line + 1


def plain(text: str) -> Value:
    """What an unquoted scalar means: null, true, false, a decimal number without leading zeros, else text."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] in "0123456789-+":
        if _INTEGER.fullmatch(text):
            return int(text)
        if _DECIMAL.fullmatch(text):
            return float(text)
    return text


def _syntax(error: yaml.YAMLError, document: str, text: str) -> Problem:
    if isinstance(error, yaml.MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        what = error.problem or error.context or "it cannot be read"
        line = min(mark.line + 1, text.count("\n") + 1) if mark is not None else 1
        tabs = "token" in what
        remedy = (
            "use spaces, never tabs, to indent"
            if tabs
            else "check indentation, colons and quotes here and in the line above"
        )
        return Problem(f"not valid YAML: {what}", document, line=line, remedy=remedy)
    position = getattr(error, "position", 0) or 0
    return Problem(
        "not valid YAML: control characters are not allowed",
        document,
        line=text.count("\n", 0, position) + 1,
        remedy="remove the character",
    )
