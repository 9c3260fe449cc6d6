"""Which stacks a command means, and in what order they stand."""

from collections.abc import Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase

from odoo_estate.errors import BadInput, Problem
from odoo_estate.plan import EstatePlan


def select(plan: EstatePlan, patterns: Sequence[str], *, everything: bool) -> tuple[str, ...]:
    """The stacks that ``patterns`` name (shell wildcards allowed), or all, in the plan's order. An unknown name is bad input."""
    names = tuple(plan.stacks)
    if everything:
        return names
    chosen: set[str] = set()
    problems = []
    for pattern in patterns:
        matches = [name for name in names if fnmatchcase(name, pattern)]
        if not matches:
            near = tuple(get_close_matches(pattern, names, n=3))
            problems.append(
                Problem(f'no stack is called "{pattern}"', "arguments", value=pattern, allowed=near or names[:8])
            )
        chosen.update(matches)
    if not patterns:
        problems.append(Problem("no stack named", "arguments", remedy="name stacks, or use --all"))
    if problems:
        raise BadInput(problems)
    return tuple(name for name in names if name in chosen)
