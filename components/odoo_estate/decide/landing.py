"""How full a cell's database instances are, and which of them a tenant would land on.

Nothing here decides: where a choice is left, it is written down by hand (docs/decisions/0001). This says what to write.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from odoo_estate.decide import budgets
from odoo_estate.decide.budgets import Demand
from odoo_estate.decide.context import MAIN, Context
from odoo_estate.errors import Refused
from odoo_estate.plan import Budget

MEASURES = ("connections", "storage", "orders", "clients")
"""The budgets of an instance that tenants take from, as `landing` counts them."""


@dataclass(frozen=True, kw_only=True)
class Landing:
    """An instance with a tenant on it that is not there yet; ``uses`` are its budgets then, ``more`` what the tenant adds to each."""

    instance: str
    uses: tuple[Budget, ...]
    more: tuple[float, ...]

    @property
    def share(self) -> float:
        """Of the fullest budget."""
        return max(one.used / one.limit if one.limit else float("inf") for one in self.uses)

    @property
    def fits(self) -> bool:
        return self.share <= 1

    def __str__(self) -> str:
        sums = (
            f"{one.used - more:g} + {more:g} of {one.limit:g} {one.unit}"
            for one, more in zip(self.uses, self.more, strict=True)
            if more
        )
        return f"{self.instance} ({'has room' if self.fits else 'is full'}: {', '.join(sums)})"


def instances(context: Context, cell: str) -> tuple[str, ...]:
    """The cell's instances, the main one first."""
    return (MAIN, *sorted(context.estate.cells[cell].databases))


def fill(context: Context, cell: str, instance: str) -> tuple[Budget, ...]:
    """How full an instance is, by each of its budgets."""
    known = budgets.by_name(context, cell)
    return tuple(known[f"{measure}-{instance}"] for measure in MEASURES)


def landing(context: Context, cell: str, instance: str, taken: Sequence[Demand]) -> Landing:
    """The instance with a tenant whose environments take so much."""
    more = (
        sum(one.connections for one in taken),
        sum(one.database_gib for one in taken),
        sum(one.orders_per_hour for one in taken),
        sum(one.clients for one in taken),
    )
    uses = tuple(
        replace(one, used=one.used + extra) for one, extra in zip(fill(context, cell, instance), more, strict=True)
    )
    return Landing(instance=instance, uses=uses, more=more)


def best(landings: tuple[Landing, ...]) -> Landing | None:
    """Where the fullest budget is the least full afterwards; None where nothing has room."""
    return min((one for one in landings if one.fits), key=lambda one: one.share, default=None)


def choices(context: Context, name: str, cell: str, instances: tuple[str, ...]) -> tuple[Landing, ...]:
    """Each of the cell's ``instances`` with the customer ``name`` on it, beside those whose place is settled: the others whose contracts name an
    instance, so that the answer to one does not depend on another who is still asking."""
    settled = _settled(context, cell, instances)
    found = []
    for instance in instances:
        contract = context.customers[name].model_copy(update={"cell": cell, "database": instance})
        alone = replace(context, customers={name: contract}, memo={})
        taken = [one for one in budgets.demands(alone, cell).values() if one.database == instance]
        found.append(landing(settled, cell, instance, taken))
    return tuple(found)


def _settled(context: Context, cell: str, instances: tuple[str, ...]) -> Context:
    key: object = (_settled, cell, instances)
    if key not in context.memo:
        there = {
            name: one for name, one in context.customers.items() if one.database in instances or _pooled(context, name)
        }
        context.memo[key] = replace(context, customers=there, memo={})
    found = context.memo[key]
    assert isinstance(found, Context)
    return found


def _pooled(context: Context, name: str) -> bool:
    try:
        return context.placement(name).tenancy == "pooled"
    except Refused:
        return False
