"""Previews and changes as plain text and as the Markdown of a pull-request comment."""

from collections.abc import Sequence

from odoo_estate.preview.changes import Comparison, StackChange
from odoo_estate.preview.compare import Difference
from odoo_estate.preview.graph import Node
from odoo_estate.preview.stack import StackPreview

SIGNS = {"destroy": "-", "replace": "±", "update": "~", "add": "+"}
MOST_ROWS = 60
"""Rows of one list in a comment; what is beyond is counted."""
MOST_CHARACTERS = 60_000
"""Of a comment that still shows stacks in full: GitHub refuses one of more than 65,536 characters, and then nothing would be said at all."""


def stack_line(preview: StackPreview, width: int) -> str:
    """One stack in one line."""
    unpriced = f" + {len(preview.cost.unpriced)} unpriced" if preview.cost.unpriced else ""
    refused = sum(finding.refuses for finding in preview.findings)
    advice = len(preview.violations) - refused
    return (
        f"{preview.name:<{width}}  {len(preview.graph):>4} resources  {preview.cost.monthly:>10.2f} USD/month{unpriced}"
        f"  {refused} violations, {advice} advice, {len(preview.undecided)} undecided"
    )


def stack_tree(preview: StackPreview) -> str:
    """One stack in full: its resources as a tree, findings, cost and budgets."""
    lines = [f"{preview.name} ({preview.kind})", ""]
    root = next(node for node in preview.graph if node.parent is None)
    lines += _branches(preview, root, "")
    lines += ["", *findings(preview)]
    lines += ["", f"cost: {preview.cost.monthly:.2f} USD/month by list price, for what stands there all the time"]
    grouped: dict[str, tuple[float, float]] = {}
    for line in preview.cost.lines:
        quantity, monthly = grouped.get(line.item, (0.0, 0.0))
        grouped[line.item] = (quantity + line.quantity, monthly + (line.monthly or 0.0))
    for item, (quantity, monthly) in sorted(grouped.items(), key=lambda entry: -entry[1][1]):
        lines.append(f"  {monthly:>10.2f}  {quantity:g} x {item}")
    for missing in sorted({f"{line.item} in {line.region}" for line in preview.cost.unpriced}):
        lines.append(f"    no price  {missing}")
    if preview.budgets:
        lines += ["", "budgets:"]
        width = max(len(budget.name) for budget in preview.budgets)
        for budget in preview.budgets:
            lines.append(f"  {budget.name:<{width}}  {budget.used:g} of {budget.limit:g} {budget.unit}")
    return "\n".join(lines)


def findings(preview: StackPreview) -> list[str]:
    """What the rules say, violations first."""
    if not preview.findings:
        return ["policies: nothing to say"]
    lines = ["policies:"]
    for finding in sorted(preview.violations, key=lambda one: not one.refuses):
        mark = "exception" if finding.exception else "violation" if finding.refuses else "advice"
        note = f" ({finding.exception})" if finding.exception else ""
        lines.append(f"  {mark}: {finding.message}{note}")
    counts: dict[str, int] = {}
    for finding in preview.undecided:
        counts[finding.rule] = counts.get(finding.rule, 0) + 1
    for rule, count in sorted(counts.items()):
        lines.append(f"  not decidable before the update: {rule} for {count} resource{'s' * (count > 1)}")
    return lines


def changes_text(comparison: Comparison) -> str:
    """The changes since a commit for a terminal: what is refused first."""
    changed = comparison.changes
    lines = [*_refusals(comparison), *comparison.notes]
    lines.append(f"{_of(comparison)} since {comparison.reference}")
    for stack in changed:
        lines += ["", f"{stack.name} ({stack.fate}): {_counts(stack)}{_cost(stack)}"]
        lines += [
            f"  {'!' if one in stack.endangered else ' '} {SIGNS[one.change]} {_row(one)}" for one in stack.differences
        ]
        lines += [f"  violation: {one['message']}" for one in stack.violations]
    return "\n".join(lines)


def _refusals(comparison: Comparison) -> list[str]:
    if not comparison.refusals:
        return []
    count = len(comparison.refusals)
    return [f"REFUSED: {count} change{'s' * (count > 1)} may not be made", *map(str, comparison.refusals), ""]


def _of(comparison: Comparison) -> str:
    removed = sum(stack.fate == "removed" for stack in comparison.changes)
    gone = f", {removed} left the estate" if removed else ""
    return f"{len(comparison.changes) - removed} of {comparison.stacks} stacks change{gone}"


def changes_markdown(comparison: Comparison) -> str:
    """The changes since a commit as a comment: what is refused and what endangers data first and loud. Short enough for GitHub, however
    much changes: what is left out is counted, from the end."""
    changed = comparison.changes
    lines = [f"### Estate preview: {_of(comparison)} since `{comparison.commit[:12]}`", ""]
    for note in comparison.notes:
        lines += [f"_{note}_", ""]
    if comparison.refusals:
        lines += ["> [!CAUTION]", f"> **Refused: {len(comparison.refusals)} change(s) may not be made**"]
        lines += _shortened(
            [
                "\n".join(
                    f"> {'  ' if index else '- '}{line.strip()}" for index, line in enumerate(str(one).splitlines())
                )
                for one in comparison.refusals
            ],
            "> - ",
        )
        lines.append("")
    endangered = [(stack, one) for stack in changed for one in stack.endangered]
    if endangered:
        lines += ["> [!CAUTION]", f"> **{len(endangered)} resource(s) that hold data would be destroyed or replaced:**"]
        lines += _shortened(
            [
                f"> - `{stack.name}`: **{one.change}** `{one.name}` ({one.type})"
                f"{' because of ' + ', '.join(f'`{path}`' for path in one.forcing) if one.forcing else ''}"
                f"{_fate(stack, one)}"
                for stack, one in endangered
            ],
            "> - ",
        )
        lines.append("")
    fresh = [(stack, one) for stack in changed for one in stack.violations]
    if fresh:
        lines += [f"**{len(fresh)} new finding(s) of the policies**", ""]
        lines += _shortened(
            [
                f"- {'❌' if one['enforcement'] == 'mandatory' else '⚠️'} `{stack.name}` {one['message']}"
                for stack, one in fresh
            ],
            "- ",
        )
        lines.append("")
    if not changed:
        lines += ["Nothing would change.", ""]
    difference = sum(stack.cost_after - stack.cost_before for stack in changed)
    cost = f"Cost by list price: **{difference:+.2f} USD/month** (what is billed by use is not in it)."
    return "\n".join([*lines, *_stacks_markdown(changed, MOST_CHARACTERS - len("\n".join([*lines, cost]))), cost])


def _stacks_markdown(changed: Sequence[StackChange], room: int) -> list[str]:
    """Each stack in full while there is room, then a line for each, then their number."""
    lines: list[str] = []
    for index, stack in enumerate(changed):
        summary = f"<code>{stack.name}</code> ({stack.fate}): {_counts(stack)}{_cost(stack)}"
        full = ["<details>", f"<summary>{summary}</summary>", "", "```diff"]
        full += _shortened([_diff_row(one) for one in stack.differences], "# ")
        full += ["```", "", "</details>", ""]
        for form in (full, [f"{summary}  ", ""]):
            if len(text := "\n".join(form)) < room:
                lines += form
                room -= len(text) + 1
                break
        else:
            return [*lines, f"… and {len(changed) - index} more stacks.", ""]
    return lines


def _shortened(rows: list[str], mark: str) -> list[str]:
    """The first rows of a list, and how many more there are."""
    more = len(rows) - MOST_ROWS
    return [*rows[:MOST_ROWS], f"{mark}and {more} more"] if more > 0 else rows


def _branches(preview: StackPreview, node: Node, indent: str) -> list[str]:
    lines = []
    for child in preview.graph.children(node.urn):
        kind = child.type.rsplit(":", 1)[-1]
        marks = "  [protected]" if child.protect else ""
        lines.append(f"{indent}  {kind}  {child.name}{marks}")
        lines += _branches(preview, child, indent + "  ")
    return lines


def _fate(stack: StackChange, one: Difference) -> str:
    if stack.fate == "removed":
        return "; it stays until somebody destroys the stack that left the estate"
    return "; protected: the engine will refuse" if one.protect else ""


def _row(one: Difference) -> str:
    why = f" [{', '.join(one.properties)}]" if one.properties else ""
    forced = f" (replaced because of {', '.join(one.forcing)})" if one.forcing else ""
    return f"{one.change} {one.type.rsplit(':', 1)[-1]} {one.name}{why}{forced}"


def _diff_row(one: Difference) -> str:
    sign = {"destroy": "-", "replace": "!", "update": "!", "add": "+"}[one.change]
    return f"{sign} {_row(one)}"


def _counts(stack: StackChange) -> str:
    if stack.fate == "removed":
        return f"left the estate; {len(stack.differences)} resource(s) and all data stay until somebody destroys it"
    counts: dict[str, int] = {}
    for one in stack.differences:
        counts[one.change] = counts.get(one.change, 0) + 1
    return ", ".join(f"{counts[change]} to {change}" for change in SIGNS if change in counts) or "no resources"


def _cost(stack: StackChange) -> str:
    difference = stack.cost_after - stack.cost_before
    return f", {difference:+.2f} USD/month" if abs(difference) >= 0.005 else ""
