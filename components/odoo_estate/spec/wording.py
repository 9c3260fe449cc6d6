"""What pydantic found, in the words of someone who reads the YAML file."""

import types
import typing
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from odoo_estate.errors import Path, Problem
from odoo_estate.spec.quoting import did_you_mean, printable, shown

MAX_PROBLEMS = 100
"""So many are shown of one document; more is no contract but something else."""

_PATTERNS = {
    r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$": "an id: lower-case letters, digits and single hyphens, a letter first, 2 to 32 characters",
    r"^[A-Za-z0-9._/-]*$": "a path of letters, digits, dots, hyphens and slashes",
    r"^[0-9]{12}$": 'an AWS account id: 12 digits in quotes, e.g. "123456789012"',
    r"^[a-z]{2}(-[a-z]+)+-[0-9]$": "an AWS region, e.g. eu-central-1",
    r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$": "a domain in lower case, e.g. erp.example.com",
    r"^[^@\s]+@[^@\s]+\.[^@\s]+$": "an e-mail address of at most 64 characters",
    r"^[0-9]{1,3}(\.[0-9]{1,3}){3}/[0-9]{1,2}$": "an IPv4 range, e.g. 10.0.0.0/8",
    r"^([01][0-9]|2[0-3]):[0-5][0-9]$": 'a time of day, e.g. "22:30"',
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$": "a date, e.g. 2027-03-31",
    r"^[^\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]*$": "one line of text, 1 to 200 characters, no control characters",
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$": 'a moment in UTC in quotes, e.g. "2027-03-31T22:15:00Z"',
    r"^\+[0-9][0-9 -]{5,23}$": 'a telephone number with its country, in quotes, e.g. "+49 40 555 0100"',
    r"^[A-Za-z0-9_.-]+(:[A-Za-z0-9_./=@-]+)+$": "the whole sub claim of a CI job, without wildcards, e.g. repo:US/estate:environment:production",
    r"^vpc-[0-9a-f]{8,17}$": "a VPC id, e.g. vpc-0123456789abcdef0",
    r"^subnet-[0-9a-f]{8,17}$": "a subnet id, e.g. subnet-0123456789abcdef0",
    r"^[a-z]{2}(-[a-z]+)+-[0-9][a-z]$": "an availability zone, e.g. eu-central-1a",
    r"^[a-f]$": "a zone's letter, a to f",
    r"^[0-9]{1,3}(\.[0-9]{1,3}){3}$": "an IPv4 address, e.g. 198.51.100.7",
    r"^(\*\.)?([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$": "a host name in lower case, or *. and a domain for all below it",
    r"^L-[0-9A-F]{8}$": "a quota's code, e.g. L-0263D0A3",
    r"^[\w+=,.@-]{1,64}$": "an IAM role name: letters, digits and +=,.@_-, at most 64",
    r"^[0-9]{8}T[0-9]{6}Z$": "the name of a dump, e.g. 20270331T183000Z",
    r"^[A-Z][A-Z0-9]*-[0-9]{2}$": "a rule id, e.g. BAK-03",
    r"^[1-9][0-9]\.[0-9]{1,2}$": 'a PostgreSQL version in quotes, e.g. "17.11"',
    r"^1\.[0-9]{2}$": 'a Kubernetes version in quotes, e.g. "1.36"',
    r"^[0-9]{2}\.0$": 'an Odoo series in quotes, e.g. "18.0"',
    r"^[a-z][a-z0-9_]{0,63}$": "a module's technical name: lower-case letters, digits and underscores, a letter first",
    r"^sha256:[0-9a-f]{64}$": "a digest: sha256: and 64 hexadecimal digits",
    r"^[0-9]{2}\.0(\.[0-9]{1,6}){3}$": "an Odoo module's version: the series and three numbers, e.g. 18.0.1.2.0",
    r"^https://[^\s?#@]{1,400}\.zip$": "the https address of a zip archive",
    r"^[0-9a-f]{64}$": "a SHA-256: 64 hexadecimal digits",
    r"^(/[A-Za-z0-9][A-Za-z0-9_-]{0,63}){1,8}$": "a path of one to eight steps of letters, digits, _ and -, e.g. /edi/orders",
    r"^[a-z0-9./_-]+@sha256:[0-9a-f]{64}$": "an image by digest: NAME@sha256: and 64 hexadecimal digits",
}
"""Every pattern of the models in words; a test compares the two."""


def describe(pattern: str) -> str:
    """The words for a pattern that stands in a model."""
    return _PATTERNS.get(pattern, "text of another form")


def problems_of(error: ValidationError, model: type[BaseModel], document: str) -> list[Problem]:
    """One problem for each thing that pydantic refused, without locations yet."""
    details = error.errors(include_url=False)
    found = [_problem(detail, model, document) for detail in details[:MAX_PROBLEMS]]
    if len(details) > MAX_PROBLEMS:
        more = f"{len(details) - MAX_PROBLEMS} further problems are not shown"
        found.append(Problem(more, document, remedy="mend those that are shown first"))
    return found


def _problem(detail: ErrorDetails, model: type[BaseModel], document: str) -> Problem:
    is_key = detail["loc"][-1:] == ("[key]",)
    path: Path = tuple(part for part in detail["loc"] if part != "[key]")
    value, context, kind = detail["input"], detail.get("ctx", {}), detail["type"]
    if is_key:
        value = path[-1] if path else value
    if kind == "extra_forbidden":
        return _unknown_field(path, model, document)
    if kind == "missing":
        return Problem(
            "the field is missing", document, path, remedy=f"add `{printable(str(path[-1]))}:`{_purpose(path, model)}"
        )
    if value is None:
        return Problem(
            "the field is empty",
            document,
            path,
            None,
            _wanted(kind, context),
            "give a value; `{}` is a group without fields",
        )
    if kind == "literal_error":
        allowed = _literals(context)
        return Problem(
            f"{shown(value)} is not accepted{did_you_mean(value, allowed)}",
            document,
            path,
            _kept(value),
            allowed,
            "use one of these",
        )
    allowed = _wanted(kind, context)
    remedy = "rename it" if is_key else _remedy(kind, value)
    if not allowed:
        message = detail["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
        return Problem(
            f"{shown(value)} is not accepted: {printable(message, 200)}", document, path, _kept(value), (), remedy
        )
    return Problem(f"{shown(value)} is not accepted", document, path, _kept(value), allowed, remedy)


def _unknown_field(path: Path, model: type[BaseModel], document: str) -> Problem:
    here = model_at(model, path[:-1])
    allowed = tuple(here.model_fields) if here is not None else ()
    hint = did_you_mean(path[-1], allowed)
    return Problem(f"there is no such field{hint}", document, path, None, allowed, "rename it or remove it")


def _kept(value: object) -> object:
    """What a problem keeps of a value: scalars as they are, texts shortened, nothing of groups and lists."""
    if isinstance(value, str):
        return printable(value)
    return value if isinstance(value, bool | int | float) else None


def _literals(context: dict[str, Any]) -> tuple[str, ...]:
    """pydantic hands the choices over as one text: ``'a', 'b' or 'c'``."""
    text = str(context.get("expected", "")).replace(" or ", ", ")
    return tuple(choice.strip("'") for choice in text.split(", ") if choice)


_TYPES = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a number",
    "bool_type": "true or false",
    "dict_type": "a group of named entries",
    "model_type": "a group of fields",
    "model_attributes_type": "a group of fields",
    "tuple_type": "a list",
    "list_type": "a list",
}

_LIMITS = {
    "greater_than_equal": ("ge", "a number from {} upwards"),
    "greater_than": ("gt", "a number above {}"),
    "less_than_equal": ("le", "a number up to {}"),
    "less_than": ("lt", "a number below {}"),
    "string_too_short": ("min_length", "text of at least {} characters"),
    "string_too_long": ("max_length", "text of at most {} characters"),
    "too_short": ("min_length", "at least {} entries"),
    "too_long": ("max_length", "at most {} entries"),
}


def _wanted(kind: str, context: dict[str, Any]) -> tuple[str, ...]:
    if kind in _TYPES:
        return (_TYPES[kind],)
    if kind == "literal_error":
        return _literals(context)
    if kind == "string_pattern_mismatch":
        return (describe(str(context.get("pattern"))),)
    if kind in _LIMITS:
        key, words = _LIMITS[kind]
        return (words.format(context.get(key)),)
    return ()


def _remedy(kind: str, value: object) -> str:
    if kind == "string_type" and isinstance(value, bool | int | float):
        return "put the value in quotes" if not isinstance(value, bool) else "write text, in quotes"
    if kind == "bool_type" and str(value).lower() in {"yes", "on", "y"}:
        return "write true"
    if kind == "bool_type" and str(value).lower() in {"no", "off", "n"}:
        return "write false"
    if kind in {"int_type", "float_type", "float_parsing"} and isinstance(value, str):
        return "write the number in digits, without quotes, unit or leading zero"
    if kind == "tuple_type":
        return f"write [{printable(str(value))}]" if isinstance(value, str) else "write a list in square brackets"
    return "correct the value"


def model_at(model: type[BaseModel], path: Path) -> type[BaseModel] | None:
    """The model that ``path`` leads to, through optional values, dictionaries and lists; None where there is none."""
    annotation: Any = model
    for part in path:
        annotation = _inner(annotation)
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            field = annotation.model_fields.get(str(part))
            if field is None:
                return None
            annotation = field.annotation
        else:
            arguments = typing.get_args(annotation)
            if typing.get_origin(annotation) is dict:
                annotation = arguments[1]
            elif typing.get_origin(annotation) is tuple:
                annotation = arguments[0]
            else:
                return None
    annotation = _inner(annotation)
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None


def _inner(annotation: Any) -> Any:
    """The type without ``Annotated`` and ``| None``."""
    while True:
        origin = typing.get_origin(annotation)
        if origin is typing.Annotated:
            annotation = typing.get_args(annotation)[0]
        elif origin in {typing.Union, types.UnionType}:
            annotation = next(a for a in typing.get_args(annotation) if a is not type(None))
        else:
            return annotation


def _purpose(path: Path, model: type[BaseModel]) -> str:
    """What the missing field holds, where its form says it."""
    here = model_at(model, path[:-1])
    field = here.model_fields.get(str(path[-1])) if here is not None else None
    for constraint in field.metadata if field is not None else ():
        pattern = getattr(constraint, "pattern", None)
        if isinstance(pattern, str):
            return f" with {describe(pattern)}"
    choices = (
        typing.get_args(field.annotation)
        if field is not None and typing.get_origin(field.annotation) is typing.Literal
        else ()
    )
    return f" with one of {', '.join(choices)}" if choices else ""
