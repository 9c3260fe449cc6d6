"""Platform and tenants of a cell in its recovery region, in stacks of their own.

The one value is the state in ``recovery/CELL.yaml``. A stack at home is never pointed at the other region: the engine would have to delete there
what it cannot reach. It stays as it stands, and its counterpart takes over what a region has not got by itself: databases, buckets and keys are the
recovery stack's, names and roles are its own, logins are made anew. So nothing that holds data is in these stacks, and they can go again.
"""

from dataclasses import replace

from odoo_estate.decide import dr, shared
from odoo_estate.decide.cell import lost
from odoo_estate.decide.context import Context, Tenant
from odoo_estate.decide.naming import away_stack, dr_stack, platform_stack, tenant_stack
from odoo_estate.decide.platform import platform_plan
from odoo_estate.decide.tenant import tenant_plan
from odoo_estate.decide.workloads import asleep
from odoo_estate.plan import Decision, PlatformPlan, TenantPlan


def platform_waits(context: Context, cell: str) -> bool:
    """Whether the cell's platform stands in the recovery region: always while that is active, else where its cluster keeps nodes."""
    recovery, state = context.estate.cells[cell].recovery, dr.state_of(context, cell)
    if recovery is None:
        return False
    return state.away or (keeps_nodes(context, cell) and state.name == "standby")


def keeps_nodes(context: Context, cell: str) -> bool:
    """Whether the cell's DR class keeps nodes in the recovery region, so that the platform waits there."""
    recovery = context.estate.cells[cell].recovery
    return recovery is not None and context.catalog.dr_classes[recovery.dr_class].cluster == "minimum-nodes"


def tenants_away(context: Context, cell: str) -> tuple[Tenant, ...]:
    """Who goes along: production. Staging and trials come back with the region; their databases lie beside production's meanwhile."""
    return tuple(one for one in context.tenants_by_cell[cell] if one.environment == "production")


def tenants_there(context: Context, cell: str) -> tuple[Tenant, ...]:
    """Whose stack stands in the recovery region now."""
    return tenants_away(context, cell) if dr.state_of(context, cell).away else ()


def left_alone(context: Context, cell: str) -> str:
    """Why platform and tenants of the cell are not to be touched where they live; empty: they may be."""
    one, state = context.estate.cells[cell], dr.state_of(context, cell)
    if not state.away or one.recovery is None:
        return ""
    return lost(context, cell) or f"{one.recovery.region} is still active: what stands in {one.region} has old data"


def home_platform(context: Context, cell: str) -> PlatformPlan:
    """The cell's platform where it lives."""
    return replace(platform_plan(context, cell), left_alone=left_alone(context, cell))


def home_tenant(context: Context, tenant: Tenant) -> TenantPlan:
    """The tenant where it lives."""
    plan = tenant_plan(context, *tenant)
    return replace(plan, left_alone=left_alone(context, plan.cell))


def away_platform(context: Context, cell: str) -> PlatformPlan:
    """The cell's platform in the recovery region. At rest without poolers and shared workers: they need a primary, and passwords that no standby
    takes."""
    state = dr.state_of(context, cell)
    plan = platform_plan(context.away_from(cell), cell)
    pooled = {key: replace(one, odoo=asleep(one.odoo)) if _drained(state) else one for key, one in plan.pooled.items()}
    if state.name == "standby":
        # The poolers' namespace comes with them, in one piece: made here first, it would change its owner, and go with what is in it.
        kept = {key: one for key, one in plan.namespaces.items() if key != shared.POOLER_NAMESPACE}
        plan = replace(plan, namespaces=kept, poolers={}, cache_watch=None)
        pooled = {}
    return replace(
        plan,
        stack=away_stack(platform_stack(cell)),
        depends_on=(dr_stack(cell),),
        away=True,
        serving=state.away,
        pooled=pooled,
        decisions=(_decision(context, cell, "platform"), *plan.decisions),
    )


def away_tenant(context: Context, tenant: Tenant) -> TenantPlan:
    """The tenant in the recovery region."""
    cell = context.cell_of(tenant.customer)
    plan = tenant_plan(context.away_from(cell), *tenant)
    return replace(
        plan,
        stack=away_stack(tenant_stack(*tenant)),
        depends_on=(dr_stack(cell), away_stack(platform_stack(cell))),
        away=True,
        odoo=asleep(plan.odoo) if plan.odoo and _drained(dr.state_of(context, cell)) else plan.odoo,
        own_database=None,
        buckets={},
        copies={purpose: bucket.name for purpose, bucket in plan.buckets.items()},
        spend=None,
        decisions=(_decision(context, cell, "tenant"), *plan.decisions),
    )


def _drained(state: dr.State) -> bool:
    return state.name in ("draining", "returned")


def _decision(context: Context, cell: str, what: str) -> Decision:
    recovery = context.estate.cells[cell].recovery
    assert recovery is not None
    made = (
        "controllers, ingress, policies and, once active, poolers and shared workers"
        if what == "platform"
        else "adopted from the recovery stack: database, buckets, keys; made anew: logins, cache user, certificates, exports; "
        "left at home: budget, backup plan, staging"
    )
    return Decision(
        topic="recovery region",
        value=recovery.region,
        reason=f"{made}; the stack at home stays as it stands",
        entitlement=f"dr_classes.{recovery.dr_class}.cluster",
        binding=f"recovery/{cell}.yaml: {dr.state_of(context, cell).name}",
    )
