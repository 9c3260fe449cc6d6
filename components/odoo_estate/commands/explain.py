"""``estate explain``: every decision for a customer or a cell, with its reason, what entitles to it, and how far the next step is."""

import json
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from odoo_estate.decide import compile_stack, quota_uses, stack_names
from odoo_estate.decide.capacity import Capacity, capacity
from odoo_estate.decide.compiler import context_of
from odoo_estate.decide.naming import away_stack
from odoo_estate.decide.quotas import tightest
from odoo_estate.errors import BadInput, Problem
from odoo_estate.explanation import explanation
from odoo_estate.plan import AnyPlan
from odoo_estate.spec.customer import Customer
from odoo_estate.spec.estate import Cell
from odoo_estate.spec.loader import Documents, load
from odoo_estate.spec.quoting import unknown

SUMMARY = "show every decision for a customer or a cell, with its reason"


def add_arguments(parser: ArgumentParser) -> None:
    """`estate explain NAME`."""
    parser.add_argument("name", metavar="CUSTOMER|CELL", help="a customer's or a cell's id")


def run(args: Namespace) -> int:
    """Prints the explanation of everything that has this name; `BadInput` where nothing has."""
    today = datetime.now(UTC).date()
    documents = load(Path(args.estate), today=today)
    pages: list[str] = []
    answer: dict[str, Any] = {"name": args.name, "stacks": []}
    if customer := documents.customers.get(args.name):
        plans = _plans(documents, today, _both(f"tenant.{args.name}.{one}" for one in sorted(customer.environments)))
        pages.append(explanation(_customer_heading(customer), plans))
        answer["stacks"] += [_as_json(plan) for plan in plans]
    if cell := documents.estate.cells.get(args.name):
        plans = _plans(documents, today, _both([f"cell.{args.name}", f"platform.{args.name}", f"dr.{args.name}"]))
        room = capacity(context_of(documents, today), args.name)
        taken = [use for use in quota_uses(documents, today=today) if {plan.stack for plan in plans} & set(use.shares)]
        quotas = [f"  {line}" for line in tightest(taken, documents.catalog)]
        pages.append(explanation([*_cell_heading(args.name, cell), *_room(room), *quotas], plans))
        answer["stacks"] += [_as_json(plan) for plan in plans]
        answer["capacity"] = asdict(room)
        answer["quotas"] = [asdict(use) for use in taken]
    if not pages:
        raise BadInput([_nothing(args.name, documents)])
    print(json.dumps(answer, indent=2, ensure_ascii=False) if args.json else "\n\n".join(pages))
    return 0


def _both(stacks: Iterable[str]) -> list[str]:
    """Each with its counterpart in the recovery region."""
    return [name for stack in stacks for name in (stack, away_stack(stack))]


def _plans(documents: Documents, today: date, stacks: Sequence[str]) -> list[AnyPlan]:
    """The plans of those stacks that the estate has."""
    known = stack_names(documents)
    return [compile_stack(documents, stack, today=today) for stack in stacks if stack in known]


def _room(room: Capacity) -> list[str]:
    full = room.fullest
    return [
        f"  fullest: {full.name}, {full.used:g} of {full.limit:g} {full.unit}",
        *(f"  instance {one}" for one in room.instances),
        *(f"  room for {one}" for one in room.rooms),
    ]


def _customer_heading(customer: Customer) -> list[str]:
    work = customer.workload
    sold = f"sold by {customer.partner}" if customer.partner else "a direct customer"
    return [
        f"{customer.customer}: {customer.name}",
        (
            f"  {customer.service_class}, Odoo {customer.odoo}, residency {customer.residency}, {sold}; {work.users} users, "
            f"{work.orders_per_day} orders a day, peak factor {work.peak_factor:g}, {len(work.integrations)} integrations, "
            f"{work.storage.database_gib} + {work.storage.filestore_gib} GiB"
        ),
    ]


def _cell_heading(name: str, cell: Cell) -> list[str]:
    recovery = f"{cell.recovery.dr_class} in {cell.recovery.region}" if cell.recovery else "no recovery region"
    owner = f"dedicated to {cell.customer}" if cell.customer else "shared"
    closed = ", closed to new tenants" if cell.closed else ""
    return [f"{name}: {owner}, band {cell.band}, {cell.region} (residency {cell.residency}), {recovery}{closed}"]


def _nothing(name: str, documents: Documents) -> Problem:
    known = (*documents.estate.cells, *documents.customers)
    problem = unknown("a customer or cell of this estate", name, known, "arguments", ())
    return replace(
        problem,
        allowed=known if len(known) <= 20 else (*documents.estate.cells, f"{len(documents.customers)} customers"),
    )


def _as_json(plan: AnyPlan) -> dict[str, object]:
    return {
        "stack": plan.stack,
        "kind": plan.kind,
        "target": asdict(plan.target),
        "decisions": [asdict(one) for one in plan.decisions],
        "budgets": [asdict(one) for one in plan.budgets],
        "exemptions": [asdict(one) for one in plan.exemptions],
    }
