"""``recovery/CELL.yaml`` against the estate: a failover into a region that nothing was built for must not be writable by hand either."""

from collections.abc import Iterator, Mapping

from odoo_estate.errors import Problem
from odoo_estate.spec.catalog import Catalog
from odoo_estate.spec.estate import Estate
from odoo_estate.spec.quoting import shown, unknown
from odoo_estate.spec.recovery import AWAY, CellRecovery


def recovery_problems(recoveries: Mapping[str, CellRecovery], estate: Estate, catalog: Catalog) -> Iterator[Problem]:
    """Everything in the files that contradicts the estate."""
    for name, one in recoveries.items():
        document = f"recovery:{name}"
        cell = estate.cells.get(name)
        if cell is None:
            yield unknown("a cell of this estate", name, estate.cells, document, ("cell",))
            continue
        if cell.recovery is None or cell.recovery.dr_class not in catalog.dr_classes:
            yield Problem(
                f"cell {name} has no recovery region in estate.yaml",
                document,
                ("cell",),
                name,
                (),
                "give the cell its recovery back, or remove this file",
            )
            continue
        home, away = cell.region, cell.recovery.region
        active = away if one.state in AWAY else home
        if one.active_region != active:
            message = f"{shown(one.active_region)} is not the active region of a cell that is {one.state}"
            remedy = "let `estate failover` and `estate failback` write this file"
            yield Problem(message, document, ("active_region",), one.active_region, (active,), remedy)
        databases = ("main", *cell.databases)
        for key in one.recovery_points:
            if key not in databases and "." not in key:
                yield unknown("a database of the cell", key, databases, document, ("recovery_points", key))
        if catalog.dr_classes[cell.recovery.dr_class].database == "none" and one.state in AWAY:
            for key in databases:
                if key not in one.recovery_points:
                    yield Problem(
                        f"{cell.recovery.dr_class} keeps copies of recovery points only: none is named for the database {key}",
                        document,
                        ("recovery_points",),
                        None,
                        (),
                        "name the snapshot's ARN; `estate failover` finds the newest",
                    )
