"""What the programs register, in all estates of this repository: their own and the situations that the tests keep."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from odoo_estate.compose import compose
from odoo_estate.decide import compile_estate
from odoo_estate.preview.graph import Node
from odoo_estate.preview.recorder import record
from odoo_estate.preview.stack import ORGANIZATION
from odoo_estate.spec.loader import load

ROOT = Path(__file__).resolve().parent.parent


def estates() -> list[Path]:
    """Folders with an `estate.yaml`."""
    places = (ROOT / "stacks", ROOT / "blueprints", ROOT / "tests" / "situations")
    return sorted(
        {file.parent for place in places for file in place.rglob("estate.yaml") if ".estate" not in file.parts}
    )


@cache
def nodes(estate: Path) -> tuple[Node, ...]:
    """Every AWS resource of every stack."""
    return tuple(_nodes(estate))


def _nodes(estate: Path) -> Iterator[Node]:
    today = datetime.now(UTC).date()
    for name, plan in compile_estate(load(estate, today=today), today=today).stacks.items():

        def program(plan: object = plan) -> None:
            compose(plan, organization=ORGANIZATION, project="conformance")  # type: ignore[arg-type]

        graph = record(program, project="conformance", stack=name)
        yield from (one for one in graph if one.type.startswith("aws:") and not one.read)
