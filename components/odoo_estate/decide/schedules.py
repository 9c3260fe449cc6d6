"""When things happen: maintenance, backup and snapshot windows in UTC, and the rhythm of recovery points.

RDS, ElastiCache and AWS Backup know fixed UTC windows only, people keep local time. A window is therefore the part of the customer's local
window that holds in summer and in winter time alike: it never leaves what was agreed, and gives up the hour that would.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from odoo_estate.errors import Path, Refused
from odoo_estate.spec.customer import Customer, Window

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY = 24 * 60
WEEK = 7 * DAY
DATABASE_MINUTES = 30
"""RDS: the least length of its maintenance and backup windows."""
CACHE_MINUTES = 60
"""ElastiCache: the least length of its windows."""
GUARD_MINUTES = 60
"""AWS Backup starts no RDS job in the hour before that instance's maintenance or backup window (Backup developer guide, read 2026-11)."""
CELL_DAY: Literal["sun"] = "sun"
CELL_START = "01:00"
CELL_HOURS = 5
"""A shared cell is maintained in the night to Sunday, local time of its region: all its tenants share it."""


@dataclass(frozen=True, order=True)
class Span:
    """A stretch of the week in UTC: minutes since Monday 00:00, ``start`` below `WEEK`; may run over the week's end."""

    start: int
    minutes: int

    @property
    def end(self) -> int:
        return self.start + self.minutes

    def overlaps(self, other: "Span") -> bool:
        """True where the two share a minute, in any week."""
        return any(self.start < other.end + turn and other.start + turn < self.end for turn in (-WEEK, 0, WEEK))

    def contains(self, other: "Span") -> bool:
        """True where all of ``other`` lies in here."""
        return any(self.start <= other.start + turn and other.end + turn <= self.end for turn in (-WEEK, 0, WEEK))

    def __str__(self) -> str:
        """RDS's and ElastiCache's notation: ``sun:01:00-sun:03:00``."""
        return f"{_moment(self.start)}-{_moment(self.end)}"


def _moment(minute: int) -> str:
    day, rest = divmod(minute % WEEK, DAY)
    return f"{DAYS[day]}:{rest // 60:02}:{rest % 60:02}"


def _clock(minute: int) -> str:
    return f"{minute % DAY // 60:02}:{minute % 60:02}"


@cache
def _weekly_offsets(timezone: str, year: int) -> tuple[int, ...]:
    """The zone's offset in minutes in each week of that year and the next.

    Raises:
        Refused: this machine has no time zone data; that contracts name zones that exist is checked when they are read.
    """
    try:
        zone = ZoneInfo(timezone)
    except ZoneInfoNotFoundError:
        raise Refused(
            f"this machine does not know the time zone {timezone}",
            document="estate",
            value=timezone,
            remedy="install time zone data: Debian's package tzdata, or the Python package of that name",
        ) from None
    first = datetime(year, 1, 1, 12, tzinfo=UTC)
    found = ((first + timedelta(weeks=week)).astimezone(zone).utcoffset() for week in range(105))
    return tuple(int((offset or timedelta()).total_seconds()) // 60 for offset in found)


@cache
def utc_offsets(timezone: str, year: int) -> tuple[int, ...]:
    """Every offset in minutes that the zone has in that year and the next, ascending."""
    return tuple(sorted(set(_weekly_offsets(timezone, year))))


@cache
def _offsets_together(one: str, other: str, year: int) -> tuple[tuple[int, int], ...]:
    """The pairs of offsets that two zones have at the same time; clocks change on different days in different countries."""
    return tuple(sorted(set(zip(_weekly_offsets(one, year), _weekly_offsets(other, year), strict=True))))


def _span(window: Window) -> Span:
    """The window in its own local time."""
    hour, minute = window.start.split(":")
    return Span(DAYS.index(window.day) * DAY + int(hour) * 60 + int(minute), window.hours * 60)


def _shift(span: Span, offset: int) -> Span:
    return Span((span.start - offset) % WEEK, span.minutes)


def utc_images(window: Window, today: date) -> tuple[Span, ...]:
    """The window in UTC, once for each offset of its time zone: two where clocks are changed."""
    local = _span(window)
    return tuple(_shift(local, offset) for offset in utc_offsets(window.timezone, today.year))


def steady(window: Window, today: date) -> Span | None:
    """The part of the window that holds under every offset of its time zone; None where there is none."""
    offsets = utc_offsets(window.timezone, today.year)
    lost = offsets[-1] - offsets[0]
    local = _span(window)
    if lost >= local.minutes:
        return None
    # A zone that is further east reaches its window earlier in UTC: the smallest offset starts last, the largest ends first.
    return Span((local.start - offsets[0]) % WEEK, local.minutes - lost)


@dataclass(frozen=True, kw_only=True)
class Windows:
    """All windows of one instance or cache, in the services' own notation, and the minutes of a day at which backup jobs may start."""

    maintenance: Span
    cache_maintenance: Span
    database_backup: str
    cache_snapshot: str
    backup_minute: int
    """Minute of the day (UTC) at which the day's AWS Backup job starts."""
    reason: str


def windows_for(maintenance: Span, why: str) -> Windows:
    """Lay the daily windows so that nothing meets: snapshot jobs, then the automated backup, then an hour, then maintenance.

    Counted back from maintenance: one hour's guard, a half-hour automated backup before it, another hour's guard before that, and the
    AWS Backup job three hours before the automated backup begins. The cache's snapshot shares the hour of the automated backup.
    """
    backup_end = maintenance.start - GUARD_MINUTES
    backup_start = backup_end - CACHE_MINUTES
    job = backup_start - 3 * GUARD_MINUTES
    maintained = Span(maintenance.start, min(maintenance.minutes, 2 * CACHE_MINUTES))
    return Windows(
        maintenance=maintained,
        cache_maintenance=maintained,
        database_backup=f"{_clock(backup_start)}-{_clock(backup_end)}",
        cache_snapshot=f"{_clock(backup_start)}-{_clock(backup_end)}",
        backup_minute=job % DAY,
        reason=why,
    )


def cell_windows(timezone: str, today: date) -> Windows:
    """The windows of a shared cell, from its region's time zone."""
    window = Window(day=CELL_DAY, start=CELL_START, hours=CELL_HOURS, timezone=timezone)
    span = steady(window, today)
    assert span is not None  # five hours outlast every change of clocks
    why = f"{CELL_DAY} {CELL_START} + {CELL_HOURS} h in {timezone}, the part that holds in summer and winter time"
    return windows_for(span, why)


def customer_windows(customer: Customer, today: date) -> Windows | None:
    """The windows of infrastructure that serves this customer alone; None where the contract names no maintenance window.

    Raises:
        Refused: too short once clocks change; a freeze meets the maintenance window.
    """
    if customer.windows is None:
        return None
    check_windows(customer, today)
    wish = customer.windows.maintenance
    span = steady(wish, today)
    if span is None or span.minutes < CACHE_MINUTES:
        offsets = utc_offsets(wish.timezone, today.year)
        raise Refused(
            f"{wish.hours} h from {wish.day} {wish.start} in {wish.timezone} leave "
            f"{span.minutes if span else 0} minutes that hold all year: AWS keeps windows in UTC, and clocks there move by "
            f"{offsets[-1] - offsets[0]} minutes",
            document=f"customer:{customer.customer}",
            field=("windows", "maintenance", "hours"),
            value=wish.hours,
            allowed=(f"{wish.hours + 1} to 12",),
            remedy="agree a longer window, or name a time zone without summer time",
        )
    why = f"contract: {wish.day} {wish.start} + {wish.hours} h in {wish.timezone}, the part that holds in summer and winter time"
    return windows_for(span, why)


def check_windows(customer: Customer, today: date) -> None:
    """Refuse a freeze that meets the contract's own maintenance window at any time of the year."""
    if customer.windows is None:
        return
    wish = customer.windows.maintenance
    for position, freeze in enumerate(customer.windows.freeze):
        field: Path = ("windows", "freeze", position)
        if meet(wish, freeze, today):
            raise Refused(
                f"the freeze {_words(freeze)} and the maintenance window {_words(wish)} overlap (in UTC, at some time of the year)",
                document=f"customer:{customer.customer}",
                field=field,
                value=_words(freeze),
                remedy="move one of the two; nothing could ever be maintained in the hours they share",
            )


def check_shared(customer: Customer, windows: Windows, where: str, today: date) -> str:
    """Hold a contract's windows against those of something it shares; returns a sentence for the record, empty without windows.

    A freeze is a promise that nothing happens, so it binds what is shared too. The maintenance window is about the customer's own releases:
    what is shared keeps its own window, and the record says whether that lies inside.

    Args:
        windows: those of what is shared.
        where: what is shared, in words, e.g. ``cell eu-1``.

    Raises:
        Refused: the shared maintenance falls into a freeze, at any time of the year.
    """
    if customer.windows is None:
        return ""
    check_windows(customer, today)
    shared = windows.maintenance
    wish = customer.windows.maintenance
    for position, freeze in enumerate(customer.windows.freeze):
        if any(shared.overlaps(image) for image in utc_images(freeze, today)):
            raise Refused(
                f"the freeze {_words(freeze)} meets the maintenance of {where}, {shared} UTC, which all its tenants share",
                document=f"customer:{customer.customer}",
                field=("windows", "freeze", position),
                value=_words(freeze),
                allowed=(f"any time outside {shared} UTC",),
                remedy="move the freeze, or place the customer on an instance of its own",
            )
    inside = all(image.contains(shared) for image in utc_images(wish, today))
    place = "inside" if inside else "outside"
    return f"{where} is maintained {shared} UTC for all its tenants, {place} the contract's own window {_words(wish)}"


def meet(one: Window, other: Window, today: date) -> bool:
    """Whether the two windows share a minute at any time of the year, each in its own time zone."""
    pairs = _offsets_together(one.timezone, other.timezone, today.year)
    return any(_shift(_span(one), first).overlaps(_shift(_span(other), second)) for first, second in pairs)


def _words(window: Window) -> str:
    return f"{window.day} {window.start} + {window.hours} h {window.timezone}"


# --- rhythm of recovery points -------------------------------------------------------------------------------------

_HOURLY = (60, 120, 180, 240, 360, 480, 720)


def cron(every_minutes: int, minute_of_day: int) -> str:
    """AWS's cron expression (UTC) for a recovery point every ``every_minutes``, one of them at ``minute_of_day``.

    Raises:
        ValueError: the rhythm cannot be written as one expression: it must divide a day into whole hours, or be whole days up to a week.
    """
    hour, minute = divmod(minute_of_day % DAY, 60)
    if every_minutes in _HOURLY:
        step = every_minutes // 60
        hours = "*" if step == 1 else ",".join(str(one) for one in range(hour % step, 24, step))
        return f"cron({minute} {hours} ? * * *)"
    if every_minutes == DAY:
        return f"cron({minute} {hour} ? * * *)"
    if every_minutes == WEEK:
        return f"cron({minute} {hour} ? * SAT *)"
    raise ValueError(f"every {every_minutes} minutes is not a rhythm that a schedule can keep")


def rhythms() -> tuple[int, ...]:
    """The rhythms that `cron` can write, in minutes."""
    return (*_HOURLY, DAY, WEEK)


def monthly(minute_of_day: int) -> str:
    """AWS's cron expression for the first day of each month."""
    hour, minute = divmod(minute_of_day % DAY, 60)
    return f"cron({minute} {hour} 1 * ? *)"


def weekly(day: str, minute_of_day: int) -> str:
    """AWS's cron expression for one day of each week (``MON`` …)."""
    hour, minute = divmod(minute_of_day % DAY, 60)
    return f"cron({minute} {hour} ? * {day.upper()} *)"


def starts(every_minutes: int, minute_of_day: int) -> Iterator[int]:
    """The minutes of a day at which a rhythm of at most a day starts its jobs."""
    yield from sorted((minute_of_day + step) % DAY for step in range(0, DAY, min(every_minutes, DAY)))
