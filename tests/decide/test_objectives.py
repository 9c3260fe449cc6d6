"""Recovery promises are kept by arithmetic, or refused."""

import pytest
from tests.decide.contracts import HEAVY, catalog_with, cell, context, contract, estate, exemption

from odoo_estate.decide.context import Tenant
from odoo_estate.decide.objectives import objectives
from odoo_estate.errors import Refused
from odoo_estate.plan import Budget

PRODUCTION = Tenant("acme", "production")


def proved(*customers: object, **world: object) -> dict[str, Budget]:
    return {one.name: one for one in objectives(context(*customers, **world), PRODUCTION)[1]}  # type: ignore[arg-type]


def slow(rate: float) -> object:
    return catalog_with(assumptions={"restore_gib_per_minute": rate})


def test_the_promises_of_every_class_are_reached_in_an_empty_cell() -> None:
    for fields in ({}, {"service_class": "business"}, HEAVY):
        assert all(one.used <= one.limit for one in proved(contract(**fields)).values())


def test_point_in_time_recovery_loses_what_one_log_shipment_holds() -> None:
    assert proved(contract())["rpo"].used == 5


def test_a_promise_below_log_shipping_is_refused_with_the_arithmetic() -> None:
    known = catalog_with(assumptions={"log_shipping_minutes": 90})
    with pytest.raises(Refused) as caught:
        proved(contract(), known=known)
    assert "promises rpo within 60 minutes, 90 are reached" in caught.value.problem.message
    assert "ENT-03" in caught.value.problem.remedy


def test_an_exemption_accepts_a_missed_promise_and_says_so() -> None:
    world = context(
        contract(exceptions=(exemption("ENT-03"),)), known=catalog_with(assumptions={"log_shipping_minutes": 90})
    )
    decisions, _ = objectives(world, PRODUCTION)
    assert decisions[0].entitlement == "exceptions.ENT-03"
    assert "agreed in writing" in decisions[0].reason


def test_restoring_a_shared_instance_reads_the_neighbours_too() -> None:
    neighbour = contract("bolt", service_class="business", storage={"database_gib": 100})
    mine = contract(service_class="business")
    assert proved(mine, known=slow(0.3))["rto"].used < 480
    with pytest.raises(Refused) as caught:
        proved(mine, neighbour, known=slow(0.25))
    assert "GiB of others on the instance" in caught.value.problem.message


def test_a_neighbour_does_not_change_the_proof_as_long_as_there_is_time() -> None:
    neighbour = contract("bolt", service_class="business", storage={"database_gib": 100})
    assert proved(contract()) == proved(contract(), neighbour)


def test_an_own_instance_has_no_neighbours_to_read() -> None:
    assert "others" not in proved(contract(**HEAVY))["rto"].arithmetic


@pytest.mark.parametrize(
    ("dr_class", "loss"),
    [("backup-copy", 1440 + 180 + 240), ("pilot-light", 15), ("warm-standby", 15)],
)
def test_the_loss_of_a_region_is_reckoned_by_what_waits_elsewhere(dr_class: str, loss: int) -> None:
    recovery = {"region": "eu-west-1", "dr_class": dr_class}
    found = proved(contract(), of=estate({"eu-1": cell(band="cell-s", recovery=recovery)}))
    assert found["region-rpo"].used == loss
    assert found["region-rpo"].used <= found["region-rpo"].limit


def test_nothing_is_promised_outside_production() -> None:
    world = context(contract(service_class="business", environments={"production": {}, "staging": {}}))
    assert objectives(world, Tenant("acme", "staging")) == ((), ())
