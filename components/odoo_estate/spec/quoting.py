"""Values and names as they are quoted in messages: what a file held must not drive the reader's terminal."""

from collections.abc import Iterable

from odoo_estate.errors import Path, Problem

_SHOWN = 60


def shown(value: object) -> str:
    """``value`` as it is quoted in a message: short, on one line, nothing in it that a terminal would obey."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, dict):
        return "a group of fields"
    if isinstance(value, list | tuple):
        return "a list"
    return f'"{printable(str(value))}"'


def printable(text: str, limit: int = _SHOWN) -> str:
    """``text`` cut to ``limit`` characters, unprintable ones (controls, direction marks, zero widths) as escapes."""
    cut = text if len(text) <= limit else text[: limit - 1] + "…"
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in cut)


def did_you_mean(value: object, allowed: Iterable[str]) -> str:
    """``; did you mean "x"?`` where one of ``allowed`` is close to ``value``, else nothing."""
    if not isinstance(value, str) or not any(character.isalpha() for character in value):
        return ""  # one version or number is as close as any other
    from difflib import get_close_matches

    words = {word.lower(): word for word in allowed}
    close = get_close_matches(value[:200].lower(), words, n=1, cutoff=0.66)
    return f"; did you mean {shown(words[close[0]])}?" if close else ""


def unknown(kind: str, value: str, allowed: Iterable[str], document: str, path: Path) -> Problem:
    """The problem of a name that nothing has; ``kind`` with its article: ``a retention class``."""
    choices = tuple(allowed)
    message = f"{shown(value)} is not {kind}{did_you_mean(value, choices)}"
    return Problem(message, document, path, printable(value), choices, "use one of these" if choices else "remove it")
