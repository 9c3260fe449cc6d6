"""``jobs/CUSTOMER.ENVIRONMENT.yaml``: how far a tenant environment's initialisation, upgrade or copy has come.

No file: nothing is under way. ``estate initialise``, ``estate upgrade`` and ``estate copy`` write it before each step, and the plan of the tenant's
stack follows from it: whoever runs the engine meanwhile, from wherever, meets the same maintenance.
"""

from typing import Annotated, Literal

from pydantic import Field

from odoo_estate.spec.fields import ModuleName, Spec, Text
from odoo_estate.spec.recovery import Moment

JobKind = Literal["initialise", "upgrade", "copy"]
Phase = Literal[
    "initialise",
    "close",
    "back-up",
    "upgrade",
    "restore",
    "restored",
    "copy-restore",
    "neutralise",
    "finish",
    "drop",
    "copied",
    "open",
    "failed",
]
"""``open``: through, and the file goes as soon as the environment is. ``restored``: the upgrade failed, the environment serves what was there
before, in the image from before. ``copied``: it serves a copy of production. ``failed``: it stays closed until somebody repeats or abandons it.
Every other one is a step, and the environment is closed."""

TenantName = Annotated[
    str, Field(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*\.(production|staging|sandbox|development)$", max_length=64)
]


class TenantJob(Spec):
    """The document."""

    tenant: TenantName
    kind: JobKind
    phase: Phase
    run: Annotated[str, Field(pattern=r"^r[0-9]{14}$")]
    """Names this run's jobs in the cluster: the moment of its begin."""
    attempt: Annotated[int, Field(ge=1, le=99)] = 1
    """A step that failed is repeated as a job of another name."""
    since: Moment
    approved_by: Text
    reason: Text
    modules: tuple[ModuleName, ...] = ()
    closed_at: Moment | None = None
    """When the workloads had been told to go."""
    backed_up_at: Moment | None = None
    """The newest dump until then is the one to go back to."""
    source: TenantName | None = None
    image_before: Text | None = None
    """What the environment ran before the upgrade, and runs until the upgrade is through."""
    failed_in: Phase | None = None
    held_copy: bool = False
    """The environment held a copy of production when this began."""
