"""What changed between two sets of inputs, as the paths the engine prints."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sandbox.provider.wire import UNKNOWN, Properties, Secret

ADD, DELETE, UPDATE = "ADD", "DELETE", "UPDATE"


def _bare(value: Any) -> Any:
    return value.value if isinstance(value, Secret) else value


def _step(path: str, key: str) -> str:
    if key.isidentifier():
        return f"{path}.{key}" if path else key
    return f'{path}["{key}"]'


def _below(path: str, old: Any, new: Any) -> Iterator[tuple[str, str]]:
    old, new = _bare(old), _bare(new)
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted({*old, *new}):
            before, after = old.get(key), new.get(key)
            if after is None and before is not None:
                yield _step(path, key), DELETE
            elif before is None and after is not None:
                yield _step(path, key), ADD
            elif before is not None:
                yield from _below(_step(path, key), before, after)
    elif isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            where = f"{path}[{index}]"
            if index >= len(new):
                yield where, DELETE
            elif index >= len(old):
                yield where, ADD
            else:
                yield from _below(where, old[index], new[index])
    elif new is UNKNOWN or old != new:
        yield path, UPDATE


def changes(old: Properties, new: Properties) -> dict[str, str]:
    """Changed paths (`tags.owner`, `subnetIds[1]`) and how; what is not yet known counts as changed."""
    ours = {k: v for k, v in old.items() if not k.startswith("__")}
    return dict(_below("", ours, {k: v for k, v in new.items() if not k.startswith("__")}))


def matches(path: str, pattern: str) -> bool:
    """Whether a changed path is at, below or above a pattern; `[]` in a pattern stands for any index."""
    parts = [p for p in path.replace("[", ".[").split(".") if p]
    wanted = [p for p in pattern.replace("[", ".[").split(".") if p]
    return all(a == b or (b == "[]" and a.startswith("[")) for a, b in zip(parts, wanted, strict=False))
