"""A procedure as a page to read before it is run: what is final first, then what is lost, what the engine will change, and every step."""

from collections.abc import Collection, Sequence
from textwrap import wrap
from typing import Any

from odoo_estate.decide.procedure import Confirm, Procedure, Step

WIDTH = 120
MOST_CHANGES = 12
ORDER = ("destroy", "replace", "update", "add")


def page(
    procedure: Procedure,
    changes: Sequence[Any],
    measured: Sequence[str],
    finished: Collection[str],
    *,
    command: str,
    markdown: bool,
) -> str:
    """The page; ``finished`` are keys of steps that an earlier run has done."""
    title = (
        f"{procedure.verb} of cell {procedure.cell}: {len(procedure.steps)} steps, about {procedure.minutes} minutes"
    )
    sections = [
        ("Cannot be undone", [f"{step.title} (step {step.key})" for step in procedure.final] or ["nothing"]),
        ("Lost", [*procedure.loses, *(f"measured: {one}" for one in measured)]),
        *((("The engine will be asked for, what holds data first", _changes(changes)),) if changes else ()),
    ]
    lines = [f"# {title}" if markdown else title, ""]
    for heading, items in sections:
        lines.append(
            f"## {heading}" if markdown else f"{heading.upper()}:" if heading == "Cannot be undone" else f"{heading}:"
        )
        lines += [line for item in items for line in _item(item, markdown)]
        lines.append("")
    lines.append("## Steps" if markdown else "Steps:")
    for number, step in enumerate(procedure.steps, 1):
        lines += _step(number, step, step.key in finished, markdown)
    approval = " --approved-by WHO --reason WHY" if procedure.needs_approval else ""
    again = "going on where it stopped" if finished else "nothing was touched"
    lines += ["", f"{again}; to run it: {command} --yes{approval}"]
    return "\n".join(lines)


def _item(text: str, markdown: bool) -> list[str]:
    if markdown:
        return [f"- {text}"]
    return wrap(text, WIDTH, initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False)


def _changes(changes: Sequence[Any]) -> list[str]:
    found = []
    for stack in changes:
        rows = sorted(stack.differences, key=lambda one: (not one.stateful, ORDER.index(one.change), one.name))
        for one in rows[:MOST_CHANGES]:
            why = f" [{', '.join(one.properties)}]" if one.properties else ""
            found.append(f"{stack.name}: {one.change} {one.type.rsplit(':', 1)[-1]} {one.name}{why}")
        if len(rows) > MOST_CHANGES:
            found.append(f"{stack.name}: and {len(rows) - MOST_CHANGES} more")
    return found


def _step(number: int, step: Step, done: bool, markdown: bool) -> list[str]:
    mark = "[x]" if done else "[ ]"
    final = " **cannot be undone**" if markdown and step.final else " CANNOT BE UNDONE" if step.final else ""
    checks = [
        f"{one.question} {one.subject}" + (f" <= {one.limit:g} {one.unit}" if one.limit else "") for one in step.before
    ]
    known = [f"{one.question} {one.subject}" for one in step.done]
    notes = [
        f"people do it: {step.act.what}; then --confirm {step.act.word}" if isinstance(step.act, Confirm) else "",
        f"checks before: {'; '.join(checks)}" if checks else "",
        f"done when: {'; '.join(known)}" if known else "",
        f"undone by: {step.undo}" if step.undo != "nothing to undo" else "",
    ]
    head = f"{number}. {mark} {step.key}: {step.title}, {step.minutes} min ({step.basis}){final}"
    if markdown:
        return [head, *(f"   - {note}" for note in notes if note)]
    lines = wrap(head, WIDTH, initial_indent="  ", subsequent_indent="     ", break_on_hyphens=False)
    for note in notes:
        lines += wrap(note, WIDTH, initial_indent="     ", subsequent_indent="       ", break_on_hyphens=False)
    return lines
