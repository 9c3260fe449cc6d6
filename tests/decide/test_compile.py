"""Documents to plans: the same every time, each stack alone as with all others, and every refusal at once."""

import gc
import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tests.decide.documents import CUSTOMERS, TODAY, WORK, compiled, documents

from odoo_estate.decide import compile_stack, stack_names
from odoo_estate.decide.render import changed_stacks, diff, plan_json
from odoo_estate.errors import BadInput, Refused

NEW = {"customer": "zulu", "name": "Zulu Ltd", "service_class": "starter", "residency": "eu", "odoo": "18.0"}


def newcomer(service_class: str, **more: Any) -> dict[str, dict[str, Any] | None]:
    return {
        "zulu": {**NEW, "service_class": service_class, "workload": WORK, "environments": {"production": {}}, **more}
    }


def test_every_stack_comes_after_those_it_depends_on() -> None:
    seen: set[str] = set()
    plan = compiled()
    for name, stack in plan.stacks.items():
        assert name == stack.stack
        assert set(stack.depends_on) <= seen, name
        seen.add(name)
    assert set(plan.stacks) == {
        "landing-zone",
        "cell.eu-1",
        "cell.med-1",
        "platform.eu-1",
        "platform.med-1",
        "platform.med-1.dr",
        "tenant.copper.production",
        "tenant.medsupply.production",
        "tenant.paper.production",
        "tenant.paper.staging",
        "dr.eu-1",
        "dr.med-1",
    }


def test_a_stack_alone_is_planned_as_it_is_among_all() -> None:
    whole = compiled()
    for name, plan in whole.stacks.items():
        assert plan_json(compile_stack(documents(), name, today=TODAY)) == plan_json(plan)


def test_the_names_of_stacks_are_known_without_planning_them() -> None:
    assert stack_names(documents()) == tuple(compiled().stacks)


def test_the_order_of_files_and_entries_changes_nothing() -> None:
    made = documents()
    turned = documents()
    backwards = dict(reversed(made.customers.items()))
    cells = made.estate.model_copy(update={"cells": dict(reversed(made.estate.cells.items()))})
    from odoo_estate.decide import compile_estate
    from odoo_estate.spec.loader import Documents

    other = Documents(turned.directory, cells, turned.catalog, backwards, turned.sources)
    assert plan_json(compile_estate(other, today=TODAY)) == plan_json(compile_estate(made, today=TODAY))


@pytest.mark.parametrize("seed", ["0", "1", "4711"])
def test_plans_are_the_same_to_the_byte_in_every_process(seed: str) -> None:
    program = "from tests.decide.documents import compiled; from odoo_estate.decide.render import plan_json; print(plan_json(compiled()))"
    paths = os.pathsep.join(path for path in ["components", ".", *sys.path] if path)
    result = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
        env={
            **os.environ,
            "PYTHONHASHSEED": seed,
            "PYTHONPATH": paths,
            "TZ": "Pacific/Kiritimati",
            "LC_ALL": "C.UTF-8",
        },
    )
    assert result.stdout == plan_json(compiled()) + "\n"


@pytest.mark.parametrize(
    ("service_class", "more"),
    [
        ("starter", {}),
        ("business", {"workload": {**WORK, "users": 60, "orders_per_day": 600}}),
    ],
)
def test_a_new_tenant_changes_its_own_stack_and_the_cells_budgets_only(
    service_class: str, more: dict[str, Any]
) -> None:
    # Two contracts of the class are there, so that the third and the fourth share the class budget's next step of four.
    there = {
        f"other{number}": {**value, "customer": f"other{number}"}
        for number in (1, 2)
        for value in newcomer(service_class, **more).values()
        if value
    }
    before = compiled(customers=there)
    after = compiled(customers={**there, **newcomer(service_class, **more)})
    # Buckets of its own are followed by the recovery region: what is there already stays as it is.
    followed = ("dr.eu-1",) if service_class == "business" else ()
    assert changed_stacks(before, after) == ("cell.eu-1", *followed, "tenant.zulu.production")
    for change in diff(before.stacks["dr.eu-1"], after.stacks["dr.eu-1"]):
        assert "zulu.production" in str(change) or change.path.split("[")[0] in ("decisions", "depends_on"), change
    changes = diff(before.stacks["cell.eu-1"], after.stacks["cell.eu-1"])
    assert changes
    assert {change.path.split("[")[0] for change in changes} == {"budgets"}


def test_a_tenant_that_doubles_its_class_moves_the_class_budget_too() -> None:
    before, after = compiled(), compiled(customers=newcomer("starter"))
    assert changed_stacks(before, after) == ("cell.eu-1", "landing-zone", "tenant.zulu.production")
    (change,) = diff(before.stacks["landing-zone"], after.stacks["landing-zone"])
    assert str(change) == "~ budgets_by_key.class-starter.limit_usd: 50 -> 100"


def test_a_new_cell_changes_no_other_cell_and_no_tenant() -> None:
    cell = {"slot": 7, "region": "eu-west-1", "residency": "eu", "band": "cell-s", "closed": True}
    before, after = compiled(), compiled(estate={"cells": {"eu-2": cell}})
    assert changed_stacks(before, after) == ("cell.eu-2", "landing-zone", "platform.eu-2")


def test_every_refusal_over_the_whole_estate_is_reported_at_once() -> None:
    frozen = {
        "maintenance": {"day": "sat", "start": "10:00", "hours": 4, "timezone": "UTC"},
        "freeze": ({"day": "sun", "start": "00:30", "hours": 1, "timezone": "UTC"},),
    }
    too_much = {**WORK, "orders_per_day": 90_000}
    with pytest.raises(BadInput) as caught:
        compiled(customers={"paper": {"windows": frozen}, "copper": {"workload": too_much}})
    assert {problem.document for problem in caught.value.problems} == {"customer:paper", "customer:copper"}
    assert len(caught.value.problems) == 2
    assert all(problem.remedy for problem in caught.value.problems)


def test_one_bad_tenant_does_not_stop_another_ones_stack() -> None:
    made = documents(customers={"copper": {"workload": {**WORK, "orders_per_day": 90_000}}})
    assert compile_stack(made, "tenant.paper.production", today=TODAY).stack == "tenant.paper.production"
    with pytest.raises(BadInput):
        compile_stack(made, "tenant.copper.production", today=TODAY)


@pytest.mark.parametrize(
    ("asked", "near"),
    [
        ("tenant.paper.prod", "tenant.paper.production"),
        ("cell.eu1", "cell.eu-1"),
        ("landingzone", "landing-zone"),
        ("tenant.papr.staging", "tenant.paper.staging"),
        ("dr.eu-2", "dr.eu-1"),
        ("tenant.paper.sandbox", "tenant.paper.staging"),
    ],
)
def test_an_unknown_stack_is_refused_with_near_ones(asked: str, near: str) -> None:
    with pytest.raises(Refused, match="has no stack") as caught:
        compile_stack(documents(), asked, today=TODAY)
    assert near in caught.value.problem.allowed


@pytest.mark.parametrize(
    "asked", ["", ".", "tenant", "tenant.", "tenant..", "cell.", "cell.eu-1.x", "platform.paper", "../cell.eu-1"]
)
def test_what_is_no_stack_never_becomes_one(asked: str) -> None:
    with pytest.raises(Refused):
        compile_stack(documents(), asked, today=TODAY)


def test_two_things_with_one_name_are_refused() -> None:
    # A dedicated cell that is called like a customer, with an instance called like an environment, and that customer's own instance.
    cells = {
        "eu-1": {"databases": {}},
        "paper": {
            "slot": 9,
            "region": "eu-central-1",
            "residency": "eu",
            "band": "cell-m",
            "closed": True,
            "recovery": {"region": "eu-west-1", "dr_class": "pilot-light"},
            "databases": {"production": "pg-m"},
        },
    }
    heavy = {
        "service_class": "premium",
        "placement": {"tenancy": "semi-dedicated", "reason": "its scheduler is felt by neighbours"},
    }
    with pytest.raises(BadInput, match="would both be called 'harbour-paper-production' in RDS instance") as caught:
        compiled(estate={"cells": cells}, customers={"paper": heavy})
    assert any("another id" in problem.remedy for problem in caught.value.problems)


def test_no_plan_depends_on_the_day_but_where_something_expires() -> None:
    from odoo_estate.decide import compile_estate

    today, tomorrow = compile_estate(documents(), today=TODAY), compile_estate(documents(), today=date(2026, 11, 23))
    assert changed_stacks(today, tomorrow) == ()


def test_compiling_leaves_the_collector_as_it_was() -> None:
    assert gc.isenabled()
    compiled()
    assert gc.isenabled()
    with pytest.raises(BadInput):
        compiled(estate={"network": {"supernet": "8.0.0.0/8"}})
    assert gc.isenabled()
    gc.disable()
    try:
        compiled()
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_names_of_secrets_are_in_plans_and_secrets_are_not() -> None:
    text = plan_json(compiled())
    data = json.loads(text)
    assert data["stacks"]["tenant.paper.production"]["database"]["secret"].startswith("harbour/")
    assert '"password":' not in text


def test_the_small_estate_is_the_one_that_these_promises_are_about() -> None:
    tenancies = {
        plan.stack: getattr(plan, "tenancy", "") for plan in compiled().stacks.values() if plan.kind == "tenant"
    }
    assert tenancies == {
        "tenant.copper.production": "pooled",
        "tenant.paper.production": "namespaced",
        "tenant.paper.staging": "namespaced",
        "tenant.medsupply.production": "dedicated",
    }
    assert set(CUSTOMERS) == {"copper", "paper", "medsupply"}
