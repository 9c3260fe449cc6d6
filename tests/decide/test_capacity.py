"""How many more fit, and what stops the next one: as many as are then accepted, and not one more."""

from tests.decide.contracts import context, contract, dedicated_cell, estate

from odoo_estate.decide import budgets
from odoo_estate.decide.capacity import capacity, needs
from odoo_estate.decide.context import Tenant
from odoo_estate.errors import Refused


def test_each_class_that_shares_the_cell_has_its_room_and_the_limit_that_ends_it() -> None:
    rooms = {one.service_class: one for one in capacity(context(), "eu-1").rooms}
    assert set(rooms) == {"starter", "business", "premium"}
    assert all(one.fit > 0 for one in rooms.values())
    assert "full" in str(rooms["starter"])


def test_a_dedicated_cell_has_room_for_nobody_else() -> None:
    assert capacity(context(of=estate({"med-1": dedicated_cell("acme", 0)})), "med-1").rooms == ()


def test_room_shrinks_with_every_tenant() -> None:
    def room(count: int) -> int:
        world = context(*(contract(f"c{n:03}", workload={"users": 50}) for n in range(count)))
        return next(one.fit for one in capacity(world, "eu-1").rooms if one.service_class == "starter")

    assert room(0) > room(4) > room(8) >= 0


def test_a_tenants_needs_are_what_it_adds_to_the_budgets() -> None:
    """So the division that predicts the room is about the very sums that later refuse."""
    empty, one = context(), context(contract(service_class="business"))
    added = needs(budgets.demand(one, Tenant("acme", "production")))
    for name, budget in budgets.by_name(one, "eu-1").items():
        if name.startswith("scratch-"):
            continue  # no sum over tenants: the largest few that are verified at once count a second time
        assert budget.used - budgets.by_name(empty, "eu-1")[name].used == added.get(name, 0), name


def test_as_many_pooled_tenants_as_predicted_are_accepted_and_no_more() -> None:
    typical = {"users": 30, "orders_per_day": 400, "peak_factor": 1.0}  # 12 at once, 50 orders/h: half of the next step
    fit = next(one.fit for one in capacity(context(), "eu-1").rooms if one.service_class == "starter")

    def accepted(count: int) -> bool:
        some = (contract(f"c{n:03}", workload=typical, storage={"database_gib": 4}) for n in range(count))
        try:
            budgets.check(context(*some), "eu-1")
        except Refused:
            return False
        return True

    assert accepted(fit)
    assert not accepted(fit + 1)
