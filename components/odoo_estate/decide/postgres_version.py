"""Which PostgreSQL an instance runs, and when it may take the step to another major version."""

from contextlib import suppress
from datetime import date

from odoo_estate.decide.context import Context
from odoo_estate.decide.postgres_tier import Tier
from odoo_estate.decide.schedules import DAY, DAYS, Windows
from odoo_estate.errors import Path, Refused
from odoo_estate.plan import Decision, UpgradePlan
from odoo_estate.spec.estate import PostgresVersion


def major(version: str) -> int:
    """``17`` of ``17.11``."""
    return int(version.split(".", maxsplit=1)[0])


def upgrade_plan(
    context: Context, wish: PostgresVersion | None, *, tier: Tier, windows: Windows, document: str, field: Path
) -> tuple[str, UpgradePlan | None]:
    """The version, and the approved step to it as long as its window is not over.

    Whether it is a step at all, only what stands can tell: see `odoo_estate.decide.changes`, which refuses one without this approval.

    Args:
        wish: the instance's own entry; None: it runs what the catalog says.

    Raises:
        Refused: RDS does not offer the version, Odoo does not run on it, or the day has no maintenance window.
    """
    version = wish.version if wish else context.catalog.versions.postgres
    place, path = (document, (*field, "version")) if wish else ("catalog", ("versions", "postgres"))
    _check_known(context, version, place, path)
    if wish is None or wish.approver is None or wish.window is None:
        return version, None
    if context.today > _day(wish.window, windows, document, (*field, "window")):
        return version, None
    return version, UpgradePlan(approver=wish.approver, window=wish.window, method=tier.upgrade)


def decision(version: str, upgrade: UpgradePlan | None, wish: PostgresVersion | None, maintenance: str) -> Decision:
    """For the record: which version, from where, and the step that is planned."""
    steps = {
        "in-place": f"RDS stops the instance in its window ({maintenance} UTC): bring the stack up in the six days before",
        "blue-green": "a copy is upgraded and takes over: bring the stack up on that day",
    }
    return Decision(
        topic="postgres version",
        value=version,
        reason="the catalog's"
        if wish is None
        else f"approved by {wish.approver} for {wish.window}"
        if wish.approver and wish.window
        else "the instance stays there",
        entitlement="" if wish else "versions.postgres",
        binding=f"major upgrade {upgrade.method} on {upgrade.window}: {steps[upgrade.method]}"
        if upgrade
        else "minor versions are RDS's own, in the maintenance window; another major version needs an approved `postgres` entry",
    )


def _check_known(context: Context, version: str, document: str, field: Path) -> None:
    newest = context.catalog.versions.postgres_newest
    wanted, _, minor = version.partition(".")
    offered = newest.get(wanted, "")
    if not offered or not minor.isdecimal() or int(minor) > int(offered.partition(".")[2]):
        raise Refused(
            f"RDS offers no PostgreSQL {version}",
            document=document,
            field=field,
            value=version,
            allowed=[f"{key}.0 to {last}" for key, last in newest.items()],
            remedy="use one of these, or add a newer one to versions.postgres_newest of the catalog",
        )
    needed = max(one.postgres_min for one in context.catalog.versions.odoo.values())
    if int(wanted) < needed:
        raise Refused(
            f"Odoo needs PostgreSQL {needed} or later",
            document=document,
            field=field,
            value=version,
            allowed=[last for key, last in newest.items() if int(key) >= needed],
            remedy="use one of these",
        )


def _day(window: str, windows: Windows, document: str, field: Path) -> date:
    weekday = windows.maintenance.start // DAY
    with suppress(ValueError):  # no such day
        day = date.fromisoformat(window)
        if day.weekday() == weekday:
            return day
    raise Refused(
        f"{window} has no maintenance window: the instance is maintained {windows.maintenance} UTC",
        document=document,
        field=field,
        value=window,
        allowed=(f"a date that is a {DAYS[weekday]}",),
        remedy="approve the upgrade for a day with a window",
    )
