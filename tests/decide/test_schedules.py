"""Windows and rhythms: what was agreed in local time holds in UTC, all year."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.decide.documents import CUSTOMERS, TODAY, compiled, merged

from odoo_estate.decide import schedules
from odoo_estate.decide.regions import REGIONS
from odoo_estate.decide.schedules import DAY, DAYS, WEEK, Span
from odoo_estate.errors import BadInput, Refused
from odoo_estate.plan import CellPlan
from odoo_estate.spec.customer import Customer, Window

ZONES = st.sampled_from(
    [
        "Europe/Berlin",
        "America/New_York",
        "Asia/Kolkata",
        "Asia/Kathmandu",
        "Australia/Lord_Howe",
        "Pacific/Kiritimati",
        "UTC",
    ]
)
WINDOWS = st.builds(
    lambda day, hour, minute, hours, zone: Window(day=day, start=f"{hour:02}:{minute:02}", hours=hours, timezone=zone),
    st.sampled_from(DAYS),
    st.integers(0, 23),
    st.integers(0, 59),
    st.integers(1, 12),
    ZONES,
)
SPANS = st.builds(Span, st.integers(0, WEEK - 1), st.integers(1, 12 * 60))


def customer(**windows: Any) -> Customer:
    return Customer.model_validate(merged(CUSTOMERS["medsupply"], {"windows": windows}))


def window(day: str, start: str, hours: int, timezone: str = "UTC") -> dict[str, Any]:
    return {"day": day, "start": start, "hours": hours, "timezone": timezone}


def local(moment: int, week: date, zone: str) -> tuple[str, int]:
    """Weekday and minute of the day, in ``zone``, of a minute of the UTC week that begins on ``week``."""
    there = (datetime(week.year, week.month, week.day, tzinfo=UTC) + timedelta(minutes=moment)).astimezone(
        ZoneInfo(zone)
    )
    return DAYS[there.weekday()], there.hour * 60 + there.minute


@given(WINDOWS)
def test_the_steady_part_of_a_window_lies_inside_it_in_summer_and_winter(wish: Window) -> None:
    span = schedules.steady(wish, TODAY)
    if span is None:
        return
    hour, minute = map(int, wish.start.split(":"))
    begins = DAYS.index(wish.day) * DAY + hour * 60 + minute
    # Two ordinary Mondays, far from any change of clocks.
    for monday in (date(2026, 1, 12), date(2026, 7, 13)):
        for moment in (span.start, span.end - 1):
            day, minutes = local(moment, monday, wish.timezone)
            passed = (DAYS.index(day) * DAY + minutes - begins) % WEEK
            assert passed < wish.hours * 60


@given(SPANS, SPANS)
def test_spans_overlap_as_the_minutes_of_the_week_say(one: Span, other: Span) -> None:
    minutes = [{moment % WEEK for moment in range(span.start, span.end)} for span in (one, other)]
    assert one.overlaps(other) == bool(minutes[0] & minutes[1])
    assert one.overlaps(other) == other.overlaps(one)
    assert one.contains(other) == (minutes[1] <= minutes[0])


@given(SPANS)
def test_a_span_is_written_as_rds_reads_it(span: Span) -> None:
    start, end = str(span).split("-")
    for text, moment in ((start, span.start), (end, span.end % WEEK)):
        day, hour, minute = text.split(":")
        assert DAYS.index(day) * DAY + int(hour) * 60 + int(minute) == moment


def clock(text: str) -> int:
    hour, minute = text.split(":")
    return int(hour) * 60 + int(minute)


@given(SPANS.filter(lambda span: span.minutes >= 60))
def test_no_backup_meets_maintenance_or_the_hour_before_it(maintenance: Span) -> None:
    windows = schedules.windows_for(maintenance, "")
    for text, least in ((windows.database_backup, 30), (windows.cache_snapshot, 60)):
        start, end = (clock(part) for part in text.split("-"))
        length = (end - start) % DAY
        assert length >= least
        for day in range(7):
            backup = Span((day * DAY + start) % WEEK, length)
            guarded = Span((windows.maintenance.start - 60) % WEEK, windows.maintenance.minutes + 60)
            assert not backup.overlaps(guarded)
            job = Span((day * DAY + windows.backup_minute) % WEEK, 60)
            before_backup = Span((backup.start - 60) % WEEK, backup.minutes + 60)
            assert not job.overlaps(guarded)
            assert not job.overlaps(before_backup)


def test_every_region_has_a_night_for_its_shared_cells() -> None:
    for region in REGIONS.values():
        windows = schedules.cell_windows(region.timezone, TODAY)
        assert windows.maintenance.minutes == 120
        zone = region.timezone
        for monday in (date(2026, 1, 12), date(2026, 7, 13)):
            day, minute = local(windows.maintenance.start, monday, zone)
            assert day == "sun"
            assert 60 <= minute <= 180


def test_plans_carry_windows_that_rds_and_elasticache_accept() -> None:
    cells = [plan for plan in compiled().stacks.values() if isinstance(plan, CellPlan)]
    assert {plan.databases["main"].maintenance_window for plan in cells} == {
        "sun:00:00-sun:02:00",
        "sun:05:00-sun:07:00",
    }
    for plan in cells:
        assert plan.databases["main"].backup_window == plan.caches["main"].snapshot_window


def test_a_dedicated_cell_keeps_its_customers_window() -> None:
    # 06:00 to 09:00 in Berlin is 05:00 to 08:00 UTC in winter and 04:00 to 07:00 in summer: both hold from 05:00 to 07:00.
    plan = compiled().stacks["cell.med-1"]
    assert isinstance(plan, CellPlan)
    assert plan.databases["main"].maintenance_window == "sun:05:00-sun:07:00"
    (decision,) = [one for one in plan.decisions if one.topic == "maintenance"]
    assert "summer and winter" in decision.reason


def test_a_window_that_a_change_of_clocks_eats_is_refused_with_the_arithmetic() -> None:
    with pytest.raises(Refused, match="0 minutes that hold all year") as caught:
        schedules.customer_windows(customer(maintenance=window("sun", "02:00", 1, "Europe/Berlin")), TODAY)
    assert caught.value.problem.field == "windows.maintenance.hours"
    steady = schedules.customer_windows(customer(maintenance=window("sun", "02:00", 1, "Asia/Kolkata")), TODAY)
    assert steady is not None
    assert str(steady.maintenance) == "sat:20:30-sat:21:30"


@pytest.mark.parametrize(
    ("freeze", "meets"),
    [
        (window("sun", "04:00", 2), True),
        (window("sun", "07:30", 2, "Europe/Berlin"), True),
        # 09:00 to 11:00 in Berlin: begins when the window ends, in summer and winter alike.
        (window("sun", "09:00", 2, "Europe/Berlin"), False),
        # 08:30 to 09:30 UTC: 09:30 in Berlin in winter, outside, and 10:30 in summer.
        (window("sun", "08:30", 1), False),
        # 07:30 to 08:30 UTC is 08:30 in Berlin, in winter only.
        (window("sun", "07:30", 1), True),
        # Saturday evening in Honolulu is Sunday morning in Berlin.
        (window("sat", "19:30", 2, "Pacific/Honolulu"), True),
        (window("sat", "12:00", 2, "Pacific/Honolulu"), False),
    ],
)
def test_a_freeze_that_meets_the_maintenance_window_is_refused_across_time_zones_and_clock_changes(
    freeze: dict[str, Any], meets: bool
) -> None:
    contract = customer(maintenance=window("sun", "06:00", 3, "Europe/Berlin"), freeze=(freeze,))
    if meets:
        with pytest.raises(Refused, match="overlap") as caught:
            schedules.check_windows(contract, TODAY)
        assert caught.value.problem.path == ("windows", "freeze", 0)
    else:
        schedules.check_windows(contract, TODAY)


def test_a_tenants_freeze_in_the_shared_cells_night_is_refused() -> None:
    windows = {
        "maintenance": window("sat", "10:00", 4),
        "freeze": (window("sun", "00:30", 1),),
    }
    with pytest.raises(BadInput, match="maintenance of cell eu-1, sun:00:00-sun:02:00 UTC") as caught:
        compiled(customers={"paper": {"windows": windows}})
    assert {problem.field for problem in caught.value.problems} == {"windows.freeze.0"}


def test_a_shared_window_outside_the_contracts_own_goes_on_record() -> None:
    night = schedules.cell_windows("Europe/Berlin", TODAY)
    inside = schedules.check_shared(customer(maintenance=window("sat", "23:00", 6)), night, "cell eu-1", TODAY)
    outside = schedules.check_shared(customer(maintenance=window("wed", "23:00", 6)), night, "cell eu-1", TODAY)
    assert "inside" in inside
    assert "outside" in outside


@pytest.mark.parametrize(
    ("every", "expected"),
    [
        (60, "cron(15 * ? * * *)"),
        (240, "cron(15 3,7,11,15,19,23 ? * * *)"),
        (720, "cron(15 11,23 ? * * *)"),
        (1440, "cron(15 23 ? * * *)"),
        (10080, "cron(15 23 ? * SAT *)"),
    ],
)
def test_a_rhythm_becomes_an_aws_schedule(every: int, expected: str) -> None:
    assert schedules.cron(every, 23 * 60 + 15) == expected


def test_a_rhythm_that_no_schedule_can_keep_is_refused_in_the_catalog() -> None:
    with pytest.raises(BadInput, match="every 420 minutes cannot be scheduled") as caught:
        compiled(catalog={"service_classes": {"starter": {"backup": {"every_minutes": 420}}}})
    (problem,) = caught.value.problems
    assert problem.field == "service_classes.starter.backup.every_minutes"
    assert "720" in problem.allowed


def test_a_machine_without_time_zone_data_is_told_what_to_install() -> None:
    with pytest.raises(Refused, match="does not know the time zone Mars/Olympus") as caught:
        schedules.cell_windows("Mars/Olympus", TODAY)
    assert "tzdata" in caught.value.problem.remedy
