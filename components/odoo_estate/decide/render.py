"""A plan as JSON and as text, the same to the byte for equal plans, and what differs between two."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass

from odoo_estate.plan import AnyPlan, EstatePlan, Json


def plan_json(plan: AnyPlan | EstatePlan) -> str:
    """The plan as indented JSON with sorted keys, ending in a line break. Plans hold names of secrets, never secrets."""
    return json.dumps(plain(plan), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def plan_text(plan: AnyPlan) -> str:
    """One line for each value: its path and the value, in the order of the paths."""
    return "".join(f"{path} = {value}\n" for path, value in sorted(flat(plain(plan)).items()))


@dataclass(frozen=True)
class Change:
    """One value that differs; None where the path is missing on that side."""

    path: str
    before: str | None
    after: str | None

    def __str__(self) -> str:
        if self.before is None:
            return f"+ {self.path} = {self.after}"
        if self.after is None:
            return f"- {self.path} = {self.before}"
        return f"~ {self.path}: {self.before} -> {self.after}"


def diff(before: AnyPlan | EstatePlan, after: AnyPlan | EstatePlan) -> tuple[Change, ...]:
    """What differs between two plans, by path."""
    old, new = flat(plain(before)), flat(plain(after))
    return tuple(
        Change(path, old.get(path), new.get(path))
        for path in sorted(old.keys() | new.keys())
        if old.get(path) != new.get(path)
    )


def changed_stacks(before: EstatePlan, after: EstatePlan) -> tuple[str, ...]:
    """The stacks that one estate has and the other has not, or has with another plan, in order of their names."""
    names = sorted(before.stacks.keys() | after.stacks.keys())
    return tuple(name for name in names if before.stacks.get(name) != after.stacks.get(name))


def plain(value: object) -> Json:
    """A plan, or any part of it, as plain JSON data."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if is_dataclass(value) and not isinstance(value, type):
        return {one.name: plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    raise TypeError(f"a plan holds plain data only, not {type(value).__name__}")


def flat(value: Json, path: str = "") -> dict[str, str]:
    """Path to value as JSON; keys are joined by dots, positions stand in brackets, empty groups are kept."""
    return dict(_flat(value, path))


def _flat(value: Json, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict) and value:
        for key, one in value.items():
            yield from _flat(one, f"{path}.{key}" if path else key)
    elif isinstance(value, list) and value:
        for position, one in enumerate(value):
            yield from _flat(one, f"{path}[{position}]")
    else:
        yield path, json.dumps(value, ensure_ascii=False)
