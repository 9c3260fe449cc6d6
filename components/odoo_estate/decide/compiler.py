"""Documents become plans: all of an estate's, or one stack's with no more work than that stack needs."""

import gc
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, date, datetime
from difflib import get_close_matches
from functools import partial

from odoo_estate.decide import away, backup, budgets, dr, landing_zone, network, private_access, quotas, shared
from odoo_estate.decide.boundary import boundary_arn
from odoo_estate.decide.cell import cell_plan
from odoo_estate.decide.claims import claims
from odoo_estate.decide.context import Context, Tenant
from odoo_estate.decide.naming import (
    LANDING_ZONE,
    Claim,
    away_stack,
    cell_stack,
    check_unique,
    dr_stack,
    home_stack,
    platform_stack,
    tenant_stack,
)
from odoo_estate.decide.regions import check_classes, check_regions
from odoo_estate.errors import BadInput, Refused
from odoo_estate.plan import AnyPlan, CellPlan, DrPlan, EstatePlan, QuotaUse
from odoo_estate.spec.loader import Documents, located

PROJECT = "odoo-estate"
"""Pulumi's project name of every estate's program (``Pulumi.yaml``)."""

Plans = dict[str, Callable[[], AnyPlan]]


def compile_estate(documents: Documents, *, today: date | None = None) -> EstatePlan:
    """Every stack's plan, in an order in which they can be brought up. The same documents and day give the same plans, to the byte.

    Raises:
        BadInput: every refusal over the whole estate, each at its file and line.
    """
    with _collector_at_rest():
        return _compile(documents, today)


@contextmanager
def _collector_at_rest() -> Iterator[None]:
    """Plans are trees that all stay: the cyclic collector finds nothing in them and takes a third of the time (1000 tenants, 2026-11)."""
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()


def _compile(documents: Documents, today: date | None) -> EstatePlan:
    context = context_of(documents, today)
    refused = _check_documents(context)
    if refused:
        raise _bad_input(documents, refused)
    stacks: dict[str, AnyPlan] = {}
    for name, make in _plans(context).items():
        try:
            stacks[name] = _bounded(make())
        except Refused as one:
            refused.append(one)
    refused += context.refusals.values()
    for cell in context.estate.cells:
        try:
            budgets.check(context, cell)
        except Refused as one:
            refused.append(one)
    for plan in stacks.values():
        if isinstance(plan, CellPlan | DrPlan):
            refused += network.check_addresses(plan.cell, plan.budgets)
    claimed = _claimed(stacks)
    refused += check_unique(claim for _, claim in claimed)
    taken = quotas.uses(context.estate, context.catalog, stacks, claimed)
    refused += quotas.refusals(context.estate, context.catalog, taken, stacks)
    if refused:
        raise _bad_input(documents, refused)
    return EstatePlan(estate=context.estate.estate, project=PROJECT, stacks=stacks, quotas=taken)


def compile_stack(documents: Documents, stack: str, *, today: date | None = None) -> AnyPlan:
    """One stack's plan, equal to that of `compile_estate`.

    Raises:
        Refused: there is no such stack.
        BadInput: the documents do not allow this stack's plan.
    """
    context = context_of(documents, today)
    make = _plan_of(context, stack)
    refused = _check_documents(context)
    if refused:
        raise _bad_input(documents, refused)
    try:
        return _bounded(make())
    except Refused as one:
        raise _bad_input(documents, [one]) from one


def _bounded(plan: AnyPlan) -> AnyPlan:
    """The plan with the boundary of its kind: said in one place, so that no kind of stack is without."""
    if plan.kind == LANDING_ZONE:
        return plan
    return replace(plan, boundary=boundary_arn(plan.estate, plan.target.account, plan.kind))


def quota_uses(documents: Documents, *, today: date | None = None) -> tuple[QuotaUse, ...]:
    """What all stacks together take of AWS' quotas, the fullest first; stacks that the documents do not allow take nothing."""
    context = context_of(documents, today)
    stacks: dict[str, AnyPlan] = {}
    with _collector_at_rest():
        for name, make in _plans(context).items():
            with suppress(Refused):
                stacks[name] = make()
        return quotas.uses(context.estate, context.catalog, stacks, _claimed(stacks))


def _claimed(stacks: Mapping[str, AnyPlan]) -> list[tuple[str, Claim]]:
    return [(name, claim) for name, plan in stacks.items() for claim in claims(plan)]


def stack_names(documents: Documents) -> tuple[str, ...]:
    """The stacks that the documents ask for, in an order in which they can be brought up; whether each is allowed is not looked at."""
    context = context_of(documents, None)
    return tuple(_names(context))


def context_of(documents: Documents, today: date | None) -> Context:
    """What all decisions about ``documents`` are made from."""
    return Context(
        documents.estate,
        documents.catalog,
        documents.customers,
        today or datetime.now(UTC).date(),
        documents.recoveries,
        documents.drills,
        evidence=documents.evidence,
        federation=documents.federation,
        jobs=documents.jobs,
    )


def _check_documents(context: Context) -> list[Refused]:
    """What no plan can be made with."""
    estate = context.estate
    return [
        *check_regions(estate),
        *network.check_supernet(estate),
        *network.check_overlap(estate),
        *backup.check_backups(context.catalog),
        *dr.check_replications(context),
        *private_access.check_private_access(context),
        *check_classes(context.estate, {cell: shared.database_classes(context, cell) for cell in context.estate.cells}),
    ]


def _bad_input(documents: Documents, refused: list[Refused]) -> BadInput:
    return BadInput(located([one.problem for one in dict.fromkeys(refused)], documents.sources))


def _names(context: Context) -> Iterator[str]:
    """Landing zone, cells, platforms, tenants, recovery regions: each after what it depends on."""
    cells = sorted(context.estate.cells)
    yield LANDING_ZONE
    yield from map(cell_stack, cells)
    yield from map(platform_stack, cells)
    for customer in sorted(context.customers):
        for environment in sorted(context.customers[customer].environments):
            yield tenant_stack(customer, environment)
    yield from (dr_stack(cell) for cell in cells if dr.wanted(context, cell))
    yield from (away_stack(platform_stack(cell)) for cell in cells if away.platform_waits(context, cell))
    for cell in cells:
        yield from (away_stack(tenant_stack(*tenant)) for tenant in away.tenants_there(context, cell))


def _plans(context: Context) -> Plans:
    """How to make each plan; customers that have no place are left out, their refusals are in the context."""
    cells = sorted(context.estate.cells)
    plans: Plans = {LANDING_ZONE: partial(landing_zone.landing_zone_plan, context)}
    plans |= {cell_stack(cell): partial(cell_plan, context, cell) for cell in cells}
    plans |= {platform_stack(cell): partial(away.home_platform, context, cell) for cell in cells}
    for customer in sorted(context.customers):
        if customer not in context.refusals:
            for environment in sorted(context.customers[customer].environments):
                make = partial(away.home_tenant, context, Tenant(customer, environment))
                plans[tenant_stack(customer, environment)] = make
    plans |= {dr_stack(cell): partial(dr.dr_plan, context, cell) for cell in cells if dr.wanted(context, cell)}
    plans |= {
        away_stack(platform_stack(cell)): partial(away.away_platform, context, cell)
        for cell in cells
        if away.platform_waits(context, cell)
    }
    for cell in cells:
        for tenant in away.tenants_there(context, cell):
            plans[away_stack(tenant_stack(*tenant))] = partial(away.away_tenant, context, tenant)
    return plans


def _plan_of(context: Context, stack: str) -> Callable[[], AnyPlan]:
    home = home_stack(stack)
    kind, _, rest = home.partition(".")
    if stack == LANDING_ZONE:
        return partial(landing_zone.landing_zone_plan, context)
    if kind == "tenant":
        name, _, environment = rest.rpartition(".")
        customer = context.customers.get(name)
        for known in customer.environments if customer else ():
            tenant = Tenant(name, known)
            if known == environment and home == stack:
                return partial(away.home_tenant, context, tenant)
            if known == environment and _reached(context, context.cell_of(name)):
                return partial(away.away_tenant, context, tenant)
    elif rest in context.estate.cells:
        if kind == "cell":
            return partial(cell_plan, context, rest)
        if kind == "platform" and home == stack:
            return partial(away.home_platform, context, rest)
        if kind == "platform" and (away.platform_waits(context, rest) or _reached(context, rest)):
            return partial(away.away_platform, context, rest)
        if kind == "dr" and dr.wanted(context, rest):
            return partial(dr.dr_plan, context, rest)
        if kind == dr.DRILL and context.estate.cells[rest].recovery:
            return partial(dr.drill_plan, context, rest)
    raise _unknown(context, stack)


def _reached(context: Context, cell: str) -> bool:
    """Whether stacks in the recovery region may still stand: also once the cell has returned, until they are taken down."""
    return dr.state_of(context, cell).name != "standby"


def _unknown(context: Context, stack: str) -> Refused:
    names = list(_names(context))
    near = get_close_matches(stack, names, n=5, cutoff=0.5)
    return Refused(
        f'the estate has no stack "{stack}"',
        document="estate",
        value=stack,
        allowed=near or names[:5],
        remedy="use one of these; stacks are landing-zone, cell.CELL, platform.CELL, tenant.CUSTOMER.ENVIRONMENT and dr.CELL, and with .dr "
        "behind it what a platform or tenant is in its recovery region",
    )
