"""Documents become plans: all of an estate's, or one stack's with no more work than that stack needs."""

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from difflib import get_close_matches
from functools import partial

from odoo_estate.decide import backup, budgets, dr, landing_zone, network, platform
from odoo_estate.decide.cell import cell_plan
from odoo_estate.decide.claims import claims
from odoo_estate.decide.context import Context
from odoo_estate.decide.naming import LANDING_ZONE, cell_stack, check_unique, dr_stack, platform_stack, tenant_stack
from odoo_estate.decide.regions import check_regions
from odoo_estate.decide.tenant import tenant_plan
from odoo_estate.errors import BadInput, Refused
from odoo_estate.plan import AnyPlan, EstatePlan
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
            stacks[name] = make()
        except Refused as one:
            refused.append(one)
    refused += context.refusals.values()
    for cell in context.estate.cells:
        try:
            budgets.check(context, cell)
        except Refused as one:
            refused.append(one)
    refused += check_unique(claim for plan in stacks.values() for claim in claims(plan))
    if refused:
        raise _bad_input(documents, refused)
    return EstatePlan(estate=context.estate.estate, project=PROJECT, stacks=stacks)


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
        return make()
    except Refused as one:
        raise _bad_input(documents, [one]) from one


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


def _plans(context: Context) -> Plans:
    """How to make each plan; customers that have no place are left out, their refusals are in the context."""
    cells = sorted(context.estate.cells)
    plans: Plans = {LANDING_ZONE: partial(landing_zone.landing_zone_plan, context)}
    plans |= {cell_stack(cell): partial(cell_plan, context, cell) for cell in cells}
    plans |= {platform_stack(cell): partial(platform.platform_plan, context, cell) for cell in cells}
    for customer in sorted(context.customers):
        if customer not in context.refusals:
            for environment in sorted(context.customers[customer].environments):
                make = partial(tenant_plan, context, customer, environment)
                plans[tenant_stack(customer, environment)] = make
    plans |= {dr_stack(cell): partial(dr.dr_plan, context, cell) for cell in cells if dr.wanted(context, cell)}
    return plans


def _plan_of(context: Context, stack: str) -> Callable[[], AnyPlan]:
    kind, _, rest = stack.partition(".")
    if stack == LANDING_ZONE:
        return partial(landing_zone.landing_zone_plan, context)
    if kind == "tenant":
        name, _, environment = rest.rpartition(".")
        customer = context.customers.get(name)
        for known in customer.environments if customer else ():
            if known == environment:
                return partial(tenant_plan, context, name, known)
    elif rest in context.estate.cells:
        if kind == "cell":
            return partial(cell_plan, context, rest)
        if kind == "platform":
            return partial(platform.platform_plan, context, rest)
        if kind == "dr" and dr.wanted(context, rest):
            return partial(dr.dr_plan, context, rest)
        if kind == dr.DRILL and context.estate.cells[rest].recovery:
            return partial(dr.drill_plan, context, rest)
    raise _unknown(context, stack)


def _unknown(context: Context, stack: str) -> Refused:
    names = list(_names(context))
    near = get_close_matches(stack, names, n=5, cutoff=0.5)
    return Refused(
        f'the estate has no stack "{stack}"',
        document="estate",
        value=stack,
        allowed=near or names[:5],
        remedy="use one of these; stacks are landing-zone, cell.CELL, platform.CELL, tenant.CUSTOMER.ENVIRONMENT and dr.CELL",
    )
