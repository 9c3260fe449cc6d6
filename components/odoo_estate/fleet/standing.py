"""What the stacks that stand already hold, as their last successful update recorded it."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from pulumi.automation.errors import CommandError

from odoo_estate.errors import OperationFailed
from odoo_estate.fleet.engine import Engine
from odoo_estate.held import OUTPUT, Held

ROOT_TYPE = "pulumi:pulumi:Stack"


def standing(engine: Engine, wanted: Iterable[str], *, parallel: int) -> dict[str, Held]:
    """What each of the ``wanted`` stacks holds, and each tenant whether wanted or not: one of them may have been renamed.

    Stacks that do not stand, or were brought up by a release that recorded nothing, are left out. Raises `OperationFailed` when the
    backend cannot be read.
    """
    chosen = set(wanted)
    try:
        asked = [name for name in sorted(engine.known()) if name.startswith("tenant.") or name in chosen]
        with ThreadPoolExecutor(max_workers=max(1, parallel)) as pool:
            recorded = pool.map(lambda name: _recorded(engine, name), asked)
            return {name: kept for name, kept in zip(asked, recorded, strict=True) if kept}
    except CommandError as error:
        raise OperationFailed(f"what stands already cannot be read, so nothing was begun: {error}") from error


def _recorded(engine: Engine, stack: str) -> Held | None:
    for resource in engine.state(stack).get("resources", ()):
        if resource["type"] == ROOT_TYPE:
            recorded = resource.get("outputs", {}).get(OUTPUT)
            return Held.from_json(recorded) if recorded else None
    return None
