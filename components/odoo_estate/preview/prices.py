"""AWS list prices as shipped: on demand, USD, without tax; each row with its source and date."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

HOURS_PER_MONTH = 730
"""AWS's own month in price examples: 365 x 24 / 12."""


@dataclass(frozen=True)
class Prices:
    """List prices by service, item and region; global services are listed under ``global`` or under any region."""

    table: Mapping[tuple[str, str, str], float]

    def find(self, service: str, item: str, region: str) -> float | None:
        """USD per unit, or None where the table has no row: never a guess."""
        exact = self.table.get((service, item, region))
        return exact if exact is not None else self.table.get((service, item, "global"))


@cache
def shipped_prices() -> Prices:
    """The table that comes with the distribution (``catalog/prices.csv``)."""
    text = resources.files("odoo_estate.catalog").joinpath("prices.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    return Prices({(row["service"], row["item"], row["region"]): float(row["usd"]) for row in rows})
