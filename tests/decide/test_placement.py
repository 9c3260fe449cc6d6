"""Placement on the ladder: explained, reproducible, overridable with a reason, and never decided by a neighbour."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.decide.contracts import (
    HEAVY,
    TODAY,
    catalog,
    cell,
    context,
    contract,
    dedicated_cell,
    estate,
    exemption,
    module,
)

from odoo_estate.decide.context import Tenant
from odoo_estate.decide.placement import LADDER, place, rank
from odoo_estate.errors import Refused
from odoo_estate.spec.estate import Partner


def placed(**fields: Any) -> str:
    return place(contract(**fields), catalog(), None, TODAY).tenancy


def refused(**fields: Any) -> Refused:
    with pytest.raises(Refused) as caught:
        placed(**fields)
    return caught.value


def test_a_small_standard_reseller_is_pooled() -> None:
    assert placed() == "pooled"


def test_business_begins_with_workers_of_its_own() -> None:
    assert placed(service_class="business") == "namespaced"


def test_business_is_pooled_only_where_somebody_decided_so() -> None:
    wish = {"tenancy": "pooled", "reason": "trial period of the first quarter"}
    decision = place(contract(service_class="business", placement=wish), catalog(), None, TODAY).decision
    assert decision.value == "pooled"
    assert wish["reason"] in decision.reason


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"modules": {"x": module(heavy=True)}}, "heavy modules"),
        ({"workload": {"orders_per_day": 4000}}, "orders/h"),
        ({"workload": {"users": 400}}, "users at once"),
        ({"storage": {"database_gib": 200}}, "GiB of database"),
        ({"modules": {"x": module("pending")}}, "not approved"),
    ],
)
def test_what_neighbours_would_feel_gets_machines_of_its_own(fields: dict[str, Any], why: str) -> None:
    found = place(contract(service_class="premium", **fields), catalog(), None, TODAY)
    assert found.tenancy == "semi-dedicated"
    assert why in found.decision.binding


def test_regulation_needs_a_cell_of_its_own() -> None:
    assert placed(service_class="regulated", regulation=("gdp",)) == "dedicated"
    assert placed(service_class="premium", own_account=True) == "dedicated"


def test_a_class_that_does_not_allow_what_is_needed_is_refused_with_figures_and_remedy() -> None:
    error = refused(modules={"x": module()})
    assert error.problem.field == "service_class"
    assert "1 custom modules > 0" in error.problem.message
    assert error.problem.allowed == ("pooled",)
    assert "ENT-01" in error.problem.remedy


def test_an_unexpired_exemption_accepts_what_the_class_does_not_allow() -> None:
    found = place(contract(modules={"x": module()}, exceptions=(exemption("ENT-01"),)), catalog(), None, TODAY)
    assert found.tenancy == "namespaced"
    assert found.decision.entitlement == "exceptions.ENT-01"


def test_an_expired_exemption_is_refused_by_its_date() -> None:
    world = context(contract(exceptions=(exemption("ENT-01", "2026-11-21"),)))
    assert "expired on 2026-11-21" in world.refusals["acme"].problem.message


def test_an_exemption_holds_on_its_last_day() -> None:
    assert not context(contract(exceptions=(exemption("ENT-01", "2026-11-22"),))).refusals


def test_an_exemption_from_something_that_does_not_exist_is_refused() -> None:
    problem = context(contract(exceptions=(exemption("ENT-99"),))).refusals["acme"].problem
    assert problem.field == "exceptions.0.rule"
    assert any(one.startswith("ENT-01") for one in problem.allowed)
    assert not context(contract(exceptions=(exemption("SIZE-01"),))).refusals


def test_an_override_below_what_is_needed_is_refused() -> None:
    error = refused(**HEAVY, placement={"tenancy": "namespaced", "reason": "cheaper for a while"})
    assert error.problem.field == "placement.tenancy"
    assert error.problem.allowed == ("semi-dedicated", "dedicated")


def test_an_override_above_what_is_needed_keeps_its_reason() -> None:
    wish = {"tenancy": "dedicated", "reason": "brand asks for isolation"}
    found = place(contract(service_class="premium", placement=wish), catalog(), None, TODAY)
    assert found.tenancy == "dedicated"
    assert wish["reason"] in found.decision.reason


def test_a_regulated_customer_is_semi_dedicated_only_by_exception() -> None:
    wish = {"tenancy": "semi-dedicated", "reason": "pilot of one warehouse"}
    fields = {"service_class": "regulated", "regulation": ("gdp",), "placement": wish}
    assert refused(**fields).problem.field == "placement.tenancy"
    assert placed(**fields, exceptions=(exemption("ENT-01"),)) == "semi-dedicated"


@pytest.mark.parametrize("approval", ["pending", "refused"])
def test_modules_without_approval_are_refused_where_the_class_does_not_test_them(approval: str) -> None:
    error = refused(service_class="business", modules={"x": module(approval)})
    assert error.problem.field == "modules.x.approval"


def test_refused_modules_never_run() -> None:
    fields = {"service_class": "premium", "modules": {"x": module("refused")}}
    assert refused(**fields, exceptions=(exemption("ENT-07"),)).problem.value == "refused"


def test_the_distance_to_the_next_step_has_figures() -> None:
    text = place(contract(), catalog(), None, TODAY).decision.next_step
    assert text.startswith("namespaced: ")
    assert "23 of 100 orders/h (23%)" in text


def test_a_partner_sells_no_more_than_it_was_given() -> None:
    partner = Partner(
        name="Bright", brand="Bright", domain="bright.example", cost_center="C", contact="a@b.example",
        service_classes=("starter",),
    )  # fmt: skip
    with pytest.raises(Refused) as caught:
        place(contract(service_class="business"), catalog(), partner, TODAY)
    assert caught.value.problem.allowed == ("starter",)


CONTRACTS = st.fixed_dictionaries(
    {
        "service_class": st.sampled_from(list(catalog().service_classes)),
        "regulation": st.sampled_from([(), ("gdp",)]),
        "workload": st.fixed_dictionaries({"users": st.integers(1, 2000), "orders_per_day": st.integers(0, 50_000)}),
        "storage": st.fixed_dictionaries({"database_gib": st.integers(1, 3000)}),
        "modules": st.dictionaries(st.sampled_from(["a", "b"]), st.builds(module, heavy=st.booleans())),
    }
)


@given(CONTRACTS)
def test_nobody_without_exemption_stands_below_what_is_needed_or_outside_the_class(fields: dict[str, Any]) -> None:
    try:
        found = place(contract(**fields), catalog(), None, TODAY)
    except Refused:
        return
    assert rank(found.tenancy) >= rank(found.needed)
    assert found.tenancy in catalog().service_classes[fields["service_class"]].tenancies


@given(CONTRACTS, st.integers(1, 20))
def test_more_load_never_lowers_the_step(fields: dict[str, Any], more: int) -> None:
    grown = {
        **fields,
        "workload": {**fields["workload"], "orders_per_day": fields["workload"]["orders_per_day"] * more},
    }
    try:
        before, after = (place(contract(**one), catalog(), None, TODAY).tenancy for one in (fields, grown))
    except Refused:
        return
    assert LADDER.index(after) >= LADDER.index(before)


# --- cells ---------------------------------------------------------------------------------------------------------


def test_the_only_cell_that_qualifies_is_taken() -> None:
    assert context(contract()).cell_of("acme") == "eu-1"


def test_two_cells_are_a_choice_that_is_written_down() -> None:
    world = context(contract(), contract("bolt", cell="eu-2"), of=estate({"eu-1": cell(), "eu-2": cell(1)}))
    problem = world.refusals["acme"].problem
    assert "written down, not computed" in problem.message
    assert problem.allowed == ("eu-1 (0 of 120 tenants)", "eu-2 (1 of 120 tenants)")
    assert world.cell_of("bolt") == "eu-2"


def test_a_closed_cell_keeps_its_tenants_and_takes_no_new_ones() -> None:
    cells = {"eu-1": cell(closed=True), "eu-2": cell(1)}
    world = context(contract(), contract("bolt", cell="eu-1"), of=estate(cells))
    assert (world.cell_of("acme"), world.cell_of("bolt")) == ("eu-2", "eu-1")


def test_data_never_leaves_its_residency_zone() -> None:
    problem = context(contract(residency="us")).refusals["acme"].problem
    assert "residency zone eu, the contract says us" in problem.message


def test_a_dedicated_customer_without_a_cell_is_told_what_to_add() -> None:
    problem = context(contract(service_class="regulated", regulation=("gdp",))).refusals["acme"].problem
    assert "customer: acme" in problem.remedy
    assert "tenancy: dedicated" in problem.remedy
    assert "slot: 1" in problem.remedy


def test_a_dedicated_cell_is_nobody_elses() -> None:
    cells = {"med-1": dedicated_cell("medsupply", 0)}
    problem = context(contract(cell="med-1"), of=estate(cells)).refusals["acme"].problem
    assert "dedicated to medsupply" in problem.message


def test_a_cell_without_the_promised_recovery_does_not_qualify() -> None:
    world = context(contract(service_class="business"), of=estate({"eu-1": cell(recovery=None)}))
    assert "disaster recovery none" in world.refusals["acme"].problem.message


def test_a_second_instance_is_a_choice_that_is_written_down() -> None:
    cells = {"eu-1": cell(databases={"second": "pg-m"})}
    world = context(contract("a1", service_class="business"), contract("b1", service_class="business", database="second"),
                    contract("c1"), of=estate(cells))  # fmt: skip
    assert world.refusals["a1"].problem.field == "database"
    assert world.database_of(Tenant("b1", "production")) == "second"
    assert world.database_of(Tenant("c1", "production")) == "main"  # shared workers have one instance


@given(st.integers(0, 12))
def test_adding_a_tenant_never_moves_another(count: int) -> None:
    some = [contract(f"c{n:02}", service_class="business" if n % 3 else "starter") for n in range(count + 1)]
    before, after = context(*some[:-1]), context(*some)
    for name in before.customers:
        tenant = Tenant(name, "production")
        assert before.placement(name) == after.placement(name)
        assert (before.cell_of(name), before.database_of(tenant)) == (after.cell_of(name), after.database_of(tenant))
