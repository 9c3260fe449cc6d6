"""``recovery/CELL.yaml``: where a cell's data is written, since a failover moved it to the recovery region or a fail-back brought it home.

No file: the cell's own region is active, nothing ever moved. ``estate failover`` and ``estate failback`` write the file, it is committed like a
contract, and every preview after it is made from it.
"""

from typing import Annotated, Literal

from pydantic import Field

from odoo_estate.spec.fields import Id, Region, Spec, Text

RecoveryState = Literal["standby", "promoted", "failing-back", "draining", "returned"]
"""``standby``: the cell's region is active, the other follows. ``promoted``: the recovery region is active, nothing follows. ``failing-back``:
it is still active, new instances in the cell's region follow it. ``draining``: the same, and nobody writes any more. ``returned``: the cell's
region is active again, on those new instances; what was left behind on both sides still exists, unprotected, until ``standby`` drops it."""

AWAY: tuple[RecoveryState, ...] = ("promoted", "failing-back", "draining")
"""The states in which the recovery region is the active one."""

Moment = Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$")]


class CellRecovery(Spec):
    """The document. ``generation`` counts the cell's primary instances: 1 at first, one more after each fail-back, because an instance that
    was ever promoted past cannot become a replica again (RDS), so the way home needs new ones."""

    cell: Id
    state: RecoveryState
    active_region: Region
    since: Moment
    approved_by: Text
    reason: Text
    generation: Annotated[int, Field(ge=1, le=99)] = 1
    recovery_points: dict[Text, Text] = {}
    """Database key to the copied recovery point (ARN of its snapshot) that it was restored from, where nothing else waited."""
