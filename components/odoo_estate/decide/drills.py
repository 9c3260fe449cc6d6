"""When a cell's next recovery drill is owed, by its DR class and the newest one that passed."""

from dataclasses import replace
from datetime import date, timedelta

from odoo_estate.decide.context import Context
from odoo_estate.decide.objectives import drill_of
from odoo_estate.plan import Decision, Guardrails


def owed(context: Context, cell: str) -> tuple[int | None, str]:
    """Days between drills (None: nothing to drill) and the ISO date of the newest that passed (empty: never)."""
    recovery = context.estate.cells[cell].recovery
    drill = drill_of(context, cell)
    return (
        context.catalog.dr_classes[recovery.dr_class].drill_days if recovery else None,
        drill.finished_at[:10] if drill else "",
    )


def overdue(days: int | None, last: str, today: date) -> bool:
    """Whether the next drill should have been held by now; one that was never held should."""
    return days is not None and (not last or today > date.fromisoformat(last) + timedelta(days=days))


def watched(context: Context, cell: str, rails: Guardrails) -> Guardrails:
    """With how the cell's drills stand, for the rule that reminds of them."""
    days, last = owed(context, cell)
    return replace(rails, drill_days=days, last_drill=last)


def waits_for_nothing(context: Context, cell: str) -> bool:
    """Whether the cell's DR class keeps copies of recovery points only: then its own stack, not a recovery region's, is reminded of drills."""
    recovery = context.estate.cells[cell].recovery
    kind = context.catalog.dr_classes[recovery.dr_class] if recovery else None
    return kind is not None and kind.database == "none" and kind.cluster == "none"


def decision(context: Context, cell: str) -> Decision | None:
    """How the cell's drills stand, for `explain`."""
    days, last = owed(context, cell)
    recovery, drill = context.estate.cells[cell].recovery, drill_of(context, cell)
    if days is None or recovery is None:
        return None
    due = (date.fromisoformat(last) + timedelta(days=days)).isoformat() if last else ""
    late = overdue(days, last, context.today)
    measured = (
        f"restored {drill.database_gib} GiB in {drill.restore_minutes:g} minutes" if drill else "nothing measured yet"
    )
    return Decision(
        topic="drill",
        value=f"overdue since {due}" if late and due else "overdue: never held" if late else f"due by {due}",
        reason=f"every {days} days; {f'the last passed on {last}: ' if last else ''}{measured}",
        entitlement=f"dr_classes.{recovery.dr_class}.drill_days",
        next_step=f"estate drill {cell}",
    )
