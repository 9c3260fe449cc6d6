"""Which stacks a command means, and in what order they stand."""

from collections.abc import Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase

from odoo_estate.decide.naming import away_stack
from odoo_estate.errors import BadInput, Problem
from odoo_estate.plan import EstatePlan


def _working(plan: EstatePlan, name: str) -> str:
    there = away_stack(name)
    return there if there in plan.stacks and plan.stacks[name].left_alone else name


def reachable(plan: EstatePlan, names: Sequence[str], *, everything: bool) -> tuple[str, ...]:
    """``names`` without those that nothing may touch for now (`Plan.left_alone`); bad input where one of them was asked for by name."""
    alone = {name: plan.stacks[name].left_alone for name in names if plan.stacks[name].left_alone}
    if alone and not everything:
        raise BadInput(
            [
                Problem(
                    f"{name} is left as it stands: {why}",
                    "arguments",
                    value=name,
                    remedy="`estate failback` brings the cell home; until then name the stacks in the recovery region",
                )
                for name, why in alone.items()
            ]
        )
    return tuple(name for name in names if name not in alone)


def select(plan: EstatePlan, patterns: Sequence[str], *, everything: bool) -> tuple[str, ...]:
    """The stacks that ``patterns`` name (shell wildcards allowed), or all, in the plan's order. An unknown name is bad input.

    A name means the stack that works now: of a platform or a tenant whose region is given up, its counterpart in the recovery region.
    """
    names = tuple(plan.stacks)
    if everything:
        return names
    known = {name: _working(plan, name) for name in names}
    chosen: set[str] = set()
    problems = []
    for pattern in patterns:
        matches = [name for name in names if fnmatchcase(name, pattern)]
        if not matches:
            near = tuple(get_close_matches(pattern, names, n=3))
            problems.append(
                Problem(f'no stack is called "{pattern}"', "arguments", value=pattern, allowed=near or names[:8])
            )
        chosen.update(known[name] for name in matches)
    if not patterns:
        problems.append(Problem("no stack named", "arguments", remedy="name stacks, or use --all"))
    if problems:
        raise BadInput(problems)
    return tuple(name for name in names if name in chosen)
