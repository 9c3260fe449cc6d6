"""What an instance gives up for what it has: a replica, blue/green upgrades and a master password managed by AWS exclude each other.

RDS refuses a managed master password on an instance that has a read replica or takes part in a blue/green deployment, and blue/green with
replicas in another region or replicas of replicas; the provider refuses it on any instance that has replicas (AWS user guide and provider
issues, read 2026-11).
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from odoo_estate.plan import Decision, UpgradePlan

WEEK = timedelta(days=7)


@dataclass(frozen=True, kw_only=True)
class Tier:
    """``replica``: a read replica in the same region; ``master_password`` and ``upgrade`` as in `DatabasePlan` and `UpgradePlan`."""

    replica: bool
    master_password: Literal["managed", "own"]
    upgrade: Literal["in-place", "blue-green"]
    reason: str

    def decision(self, entitlement: str) -> Decision:
        """For the record."""
        return Decision(
            topic="database tier",
            value=", ".join(
                [
                    *(["read replica"] if self.replica else []),
                    f"major upgrades {self.upgrade}",
                    "master password managed by AWS"
                    if self.master_password == "managed"
                    else "rotated master password",
                ]
            ),
            reason=self.reason,
            entitlement=entitlement,
            binding="replica, blue/green upgrades and a master password managed by AWS exclude each other",
        )


def tier(*, reporting: bool, standby: bool, shared: bool, production: bool) -> Tier:
    """The tier of one instance.

    Args:
        reporting: its owner's class includes reporting.
        standby: a replica of it waits in the recovery region.
        shared: it holds databases of several customers.
    """
    if reporting and not shared:
        why = "the class includes reporting, which reads from a replica"
        return Tier(replica=True, master_password="own", upgrade="in-place", reason=why)
    if standby:
        why = "a replica of it waits in the recovery region"
        return Tier(replica=False, master_password="own", upgrade="in-place", reason=why)
    if shared:
        why = (
            "shared: a replica would be paid for by all for the few who report, and logical replication of a blue/green upgrade needs "
            "a slot and a worker for each tenant's database"
        )
        return Tier(replica=False, master_password="managed", upgrade="in-place", reason=why)
    if production:
        why = "one customer's and without replicas: a major upgrade is tried on a copy, which takes over in about a minute"
        return Tier(replica=False, master_password="own", upgrade="blue-green", reason=why)
    why = "not production: an upgrade may take the window"
    return Tier(replica=False, master_password="managed", upgrade="in-place", reason=why)


def password_version(today: date, days: int, upgrade: UpgradePlan | None) -> int:
    """Which master password it is: another one every ``days`` by the calendar, so that every machine and every run agree, and the next update
    after that day changes it. In the week before a blue/green upgrade and until it is over it stays, because the provider fails on both at once.
    """
    day = today
    if upgrade and upgrade.method == "blue-green":
        day = min(today, date.fromisoformat(upgrade.window) - WEEK)
    return day.toordinal() // days
