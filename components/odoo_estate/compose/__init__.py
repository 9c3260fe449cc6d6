"""Turns a stack's plan into its resources."""

import pulumi

from odoo_estate.aws.bounded import bounded
from odoo_estate.compose.outputs import Outputs
from odoo_estate.held import OUTPUT, held
from odoo_estate.plan import AnyPlan, CellPlan, DrillPlan, DrPlan, LandingZonePlan, PlatformPlan, TenantPlan


class References(dict[str, pulumi.StackReference]):
    """Other stacks of the same project by name, each read once and only if somebody asks for it."""

    def __init__(self, project: str) -> None:
        super().__init__()
        self._project = project

    def __missing__(self, stack: str) -> pulumi.StackReference:
        self[stack] = pulumi.StackReference(stack, f"{self._project}/{stack}")
        return self[stack]


def compose(plan: AnyPlan, *, organization: str, project: str) -> None:
    """Registers every resource of ``plan``'s stack and exports its outputs, with what it holds (`odoo_estate.held`).

    The stacks whose outputs it needs are read by their full name, ``organization/project/stack``; each must have been brought up.
    """
    references = References(f"{organization}/{project}")
    with bounded(plan.boundary):
        outputs = _composed(plan, references)
    for name, value in outputs.items():
        pulumi.export(name, value)
    kept = held(plan)
    if kept:
        pulumi.export(OUTPUT, kept.as_json())


def _composed(plan: AnyPlan, references: References) -> Outputs:
    # One kind of stack never pays for importing another's providers.
    match plan:
        case LandingZonePlan():
            from odoo_estate.compose.landing_zone import compose_landing_zone

            return compose_landing_zone(plan)
        case CellPlan():
            from odoo_estate.compose.cell import compose_cell

            return compose_cell(plan, references)
        case PlatformPlan():
            from odoo_estate.compose.platform import compose_platform

            return compose_platform(plan, references)
        case TenantPlan():
            from odoo_estate.compose.tenant import compose_tenant

            return compose_tenant(plan, references)
        case DrPlan():
            from odoo_estate.compose.dr_region import compose_dr_region

            return compose_dr_region(plan, references)
        case DrillPlan():
            from odoo_estate.compose.drill import compose_drill

            return compose_drill(plan, references)
