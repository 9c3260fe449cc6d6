"""The program behind every stack: reads the estate, compiles the plan of the stack that runs, composes it."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pulumi

from odoo_estate.compose import compose
from odoo_estate.decide import compile_stack
from odoo_estate.decide.dr import drilled
from odoo_estate.decide.expiry import expired
from odoo_estate.decide.lifting import lift_protection
from odoo_estate.decide.naming import away_stack
from odoo_estate.errors import EstateError
from odoo_estate.plan import DrillPlan, PlatformPlan, TenantPlan
from odoo_estate.spec.loader import explained, load

DIRECTORY = "ODOO_ESTATE_DIR"
"""Set by ``estate up --estate DIR``: the estate to compose, and to take the policies' thresholds from, instead of the program's own."""
LIFT_PROTECTION = "ODOO_ESTATE_LIFT_PROTECTION"
"""Set to ``yes`` by ``estate destroy --lift-protection`` for the update that comes before the destroy."""

DRILL = "ODOO_ESTATE_DRILL"
"""Set by ``estate drill``: JSON with the arguments of `drilled`, where its stack has got to."""


EXPIRE = "ODOO_ESTATE_EXPIRE"
"""Set to ``yes`` by ``estate expire``: the update that empties an environment whose day has passed."""


def run(directory: Path) -> None:
    """Composes the stack that ``pulumi up -s NAME`` names from the estate in ``directory``, unless ``ODOO_ESTATE_DIR`` names another.

    Bad input ends the program with the same lines that ``estate check`` prints, before anything is registered.
    """
    directory = Path(os.environ.get(DIRECTORY) or directory)
    try:
        plan = compile_stack(load(directory), pulumi.get_stack(), today=datetime.now(UTC).date())
    except EstateError as error:
        raise pulumi.RunError(str(explained(error, directory))) from None
    if plan.left_alone:
        raise pulumi.RunError(
            f"{plan.stack} is left as it stands: {plan.left_alone}\n  do: run {away_stack(plan.stack)} instead, until the cell is home again"
            if isinstance(plan, PlatformPlan | TenantPlan)
            else f"{plan.stack} is left as it stands: {plan.left_alone}\n  do: bring the cell home first (`estate failback`)"
        )
    if isinstance(plan, DrillPlan):
        plan = drilled(plan, **json.loads(os.environ.get(DRILL) or '{"promoted": false, "recovery_points": {}}'))
    if os.environ.get(EXPIRE) == "yes" and isinstance(plan, TenantPlan):
        plan = expired(plan, datetime.now(UTC).date())
    if os.environ.get(LIFT_PROTECTION) == "yes":
        plan = lift_protection(plan)
    compose(plan, organization=pulumi.get_organization(), project=pulumi.get_project())
