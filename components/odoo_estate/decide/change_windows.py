"""When production may be changed: in the window that the contract names, and never while it is frozen."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from odoo_estate.errors import Path, Refused
from odoo_estate.spec.customer import Customer, Window

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def check_window(contract: Customer, now: datetime, *, outside: bool) -> None:
    """Whether a change may begin at ``now``; ``outside``: although it is not the window.

    Raises:
        Refused: the contract is frozen, or it is not the window.
    """
    windows = contract.windows
    if windows is None:
        return
    for number, one in enumerate(windows.freeze):
        if inside(one, now):
            raise _refused(contract, one, ("windows", "freeze", number), "nothing is changed now", "wait for its end")
    if not outside and not inside(windows.maintenance, now):
        remedy = "wait for it, or add --outside-window where the customer agreed"
        raise _refused(contract, windows.maintenance, ("windows", "maintenance"), "changes are agreed for", remedy)


def inside(window: Window, now: datetime) -> bool:
    """By the clock on the customer's wall: an hour that the clocks skip or repeat belongs to the window that it is in there."""
    local = now.astimezone(ZoneInfo(window.timezone)).replace(tzinfo=None)
    hour, minute = map(int, window.start.split(":"))
    back = (local.weekday() - DAYS.index(window.day)) % 7
    start = (local - timedelta(days=back)).replace(hour=hour, minute=minute, second=0, microsecond=0)
    starts = (start, start - timedelta(days=7))  # one that reaches into the next days began in the week before
    return any(one <= local < one + timedelta(hours=window.hours) for one in starts)


def _refused(contract: Customer, window: Window, field: Path, what: str, remedy: str) -> Refused:
    told = f"{window.day} {window.start} + {window.hours} h ({window.timezone})"
    return Refused(
        f"{contract.customer}: {what}: {told}",
        document=f"customer:{contract.customer}",
        field=field,
        value=told,
        remedy=remedy,
    )
