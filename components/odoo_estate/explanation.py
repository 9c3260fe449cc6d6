"""Plans as a page to read: every decision with its reason, then every budget with its arithmetic. The same input gives the same bytes."""

from collections.abc import Iterator, Sequence
from textwrap import wrap

from odoo_estate.plan import AnyPlan, Budget, Decision

WIDTH = 120
_TOPIC = 20
_VALUE = 26


def explanation(heading: Sequence[str], plans: Sequence[AnyPlan]) -> str:
    """One page for the stacks of a customer or a cell."""
    lines = [line for text in heading for line in wrap(text, WIDTH, subsequent_indent="    ")]
    for plan in plans:
        after = f", after {', '.join(plan.depends_on)}" if plan.depends_on else ""
        where = f"{plan.stack} · account {plan.target.account}, {plan.target.region}{after}"
        lines += ["", *wrap(where, WIDTH, subsequent_indent="  ")]
        if plan.left_alone:
            lines += wrap(f"  LEFT AS IT STANDS: {plan.left_alone}", WIDTH, subsequent_indent="  ")
        for decision in plan.decisions:
            lines += _decision(decision)
        lines += _budgets(plan.budgets)
        for one in plan.exemptions:
            lines += _beside(
                f"  exception {one.rule} ", f"on {one.resource} until {one.expires} by {one.approver}: {one.reason}"
            )
    return "\n".join(lines)


def _decision(decision: Decision) -> Iterator[str]:
    """The topic and what was decided on the left; on the right why, and below it what entitles, binds and comes next."""
    notes = [decision.reason]
    if decision.entitlement:
        notes.append(f"from {decision.entitlement}")
    if decision.binding and decision.binding not in decision.reason:
        notes.append(f"limit {decision.binding}")
    if decision.next_step:
        notes.append(f"next {decision.next_step}")
    left = f"  {decision.topic:<{_TOPIC}} {decision.value:<{_VALUE}} "
    room = WIDTH - _TOPIC - _VALUE - 4
    right = [
        line for note in notes for line in wrap(note, room, subsequent_indent="  ", break_on_hyphens=False) or [""]
    ]
    if len(left) > WIDTH - room:
        yield left.rstrip()
        left = ""
    for line in right:
        yield f"{left:<{WIDTH - room}}{line}".rstrip()
        left = ""


def _budgets(budgets: Sequence[Budget]) -> Iterator[str]:
    if not budgets:
        return
    tightest = max(budgets, key=_share)
    name = max(len(one.name) for one in budgets)
    yield f"  budgets; the tightest is {tightest.name} with {_share(tightest):.0%}"
    for one in budgets:
        left = f"    {one.name:<{name}} {one.used:>7,.6g} of {one.limit:>7,.6g} {_share(one):>4.0%}  "
        yield from _beside(left, f"{one.unit}: {one.arithmetic}" if one.arithmetic else one.unit)


def _beside(left: str, text: str) -> Iterator[str]:
    """``text`` to the right of ``left``, wrapped to the page."""
    for line in wrap(text, WIDTH - len(left), break_on_hyphens=False) or [""]:
        yield f"{left}{line}".rstrip()
        left = " " * len(left)


def _share(budget: Budget) -> float:
    return budget.used / budget.limit if budget.limit else 0.0
