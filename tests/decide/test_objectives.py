"""Recovery promises are kept by arithmetic, or refused."""

from dataclasses import replace
from typing import Any

import pytest
from tests.decide.contracts import HEAVY, catalog_with, cell, context, contract, dedicated_cell, estate, exemption
from tests.decide.test_dr_plan import moved

from odoo_estate.decide import drills
from odoo_estate.decide.context import Tenant
from odoo_estate.decide.objectives import objectives
from odoo_estate.errors import Refused
from odoo_estate.plan import Budget
from odoo_estate.spec.customer import Customer
from odoo_estate.spec.drills import Drill
from odoo_estate.spec.estate import Estate

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
    missed = next(one for one in decisions if one.topic == "rpo")
    assert missed.entitlement == "exceptions.ENT-03"
    assert "agreed in writing" in missed.reason


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


# --- per class and kind of failure ----------------------------------------------------------------------------------

SITUATIONS = ("zone", "instance", "", "region")
"""A lost zone, a lost machine, a mistake in the database, a lost region."""


def classes() -> dict[str, dict[str, Budget]]:
    """What is shown for a production contract of each class of the shipped catalog, each where it belongs."""
    shared_cells = estate({"eu-1": cell(band="cell-m")})
    own = estate({"med-1": dedicated_cell("acme", recovery={"region": "eu-west-1", "dr_class": "warm-standby"})})
    return {
        "starter": proved(contract(), of=shared_cells),
        "business": proved(contract(service_class="business"), of=shared_cells),
        "premium": proved(contract(**HEAVY), of=shared_cells),
        "regulated": proved(contract(service_class="regulated", regulation=("gdp",), cell="med-1"), of=own),
    }


@pytest.mark.parametrize("service_class", ["starter", "business", "premium", "regulated"])
def test_every_class_shows_what_is_lost_and_how_long_it_takes_in_every_situation(service_class: str) -> None:
    found = classes()[service_class]
    for situation in SITUATIONS:
        for objective in ("rpo", "rto"):
            one = found[f"{situation}-{objective}".lstrip("-")]
            assert one.used <= one.limit
            assert one.unit == "minutes"
            assert one.arithmetic


def test_those_are_all_the_classes_that_are_sold() -> None:
    assert set(classes()) == set(catalog_with().service_classes)


def test_promises_inside_the_region_are_the_classs_and_outside_the_dr_classs() -> None:
    for service_class, found in classes().items():
        sold = catalog_with().service_classes[service_class]
        assert {found[name].limit for name in ("zone-rto", "instance-rto", "rto")} == {sold.rto_minutes}
        assert {found[name].limit for name in ("zone-rpo", "instance-rpo", "rpo")} == {sold.rpo_minutes}
    assert classes()["regulated"]["region-rto"].limit == 60
    assert classes()["starter"]["region-rto"].limit == 720


def test_a_second_zone_loses_nothing_and_one_zone_goes_back_to_its_logs() -> None:
    assert proved(contract())["zone-rpo"].used == 0
    single = catalog_with(
        cell_bands={"cell-m": {**catalog_with().cell_bands["cell-m"].model_dump(), "postgres_multi_az": False}}
    )
    found = proved(contract(), known=single)
    assert found["zone-rpo"].used == 5
    assert found["instance-rto"].used == found["rto"].used


def test_a_cell_without_recovery_says_that_nothing_is_promised() -> None:
    world = context(contract(), of=estate({"eu-1": cell(recovery=None)}))
    decisions, found = objectives(world, PRODUCTION)
    (said,) = [one for one in decisions if one.topic.startswith("region")]
    assert said.value == "not promised"
    assert "copied to eu-west-1" in said.reason
    assert not any(one.name.startswith("region") for one in found)


def test_while_the_recovery_region_is_active_nothing_is_claimed_about_its_loss() -> None:
    def said(state: str) -> dict[str, str]:
        world = replace(context(contract()), recoveries={"eu-1": moved("eu-1", state)}, away="eu-1")
        return {one.topic: one.value for one in objectives(world, PRODUCTION)[0] if one.topic.startswith("region")}

    assert said("standby") == said("failing-back") == {"region-rpo": "15 minutes", "region-rto": "80 minutes"}
    assert said("promoted") == {"region-rto": "not kept for now"}


# --- measured by a drill --------------------------------------------------------------------------------------------


def drill(cell_id: str = "eu-1", **fields: Any) -> Drill:
    return Drill.model_validate(
        {
            "schema": 1,
            "cell": cell_id,
            "region": "eu-west-1",
            "dr_class": "pilot-light",
            "started_at": "2026-11-20T08:00:00Z",
            "finished_at": "2026-11-20T09:30:00Z",
            "result": "passed",
            "database_gib": 40,
            "restore_minutes": 62.5,
            "promote_minutes": None,
            "lag_seconds": 12,
            "steps": (),
            "sha256": "0" * 64,
            **fields,
        }
    )


def after_drill(of: Estate | None = None, *customers: Customer, **fields: Any) -> dict[str, Budget]:
    world = replace(context(*(customers or (contract(),)), of=of), drills={"eu-1": drill(**fields)})
    return {one.name: one for one in objectives(world, PRODUCTION)[1]}


def test_the_newest_drill_stands_in_place_of_the_assumptions_and_says_so() -> None:
    assumed, found = proved(contract())["region-rto"], after_drill()["region-rto"]
    assert found.used == 10 + 20 + 1 + 63 + 3  # platform, workloads, names, measured, the tenant's own data loaded
    assert "63 measured with 40 GiB by the drill of 2026-11-20" in found.arithmetic
    assert "measured" not in assumed.arithmetic


def test_what_has_grown_since_the_drill_is_reckoned_on_top() -> None:
    neighbour = contract("bolt", service_class="business", storage={"database_gib": 100})
    slowly = after_drill(None, contract(), neighbour, restore_minutes=669)
    assert slowly["region-rto"].used <= 720
    assert "83 GiB of others" in after_drill_refused(contract(), neighbour, restore_minutes=670)


def after_drill_refused(*customers: Customer, **fields: Any) -> str:
    with pytest.raises(Refused) as caught:
        after_drill(None, *customers, **fields)
    return caught.value.problem.message


def test_a_measured_promotion_replaces_the_assumed_one() -> None:
    warm = estate({"eu-1": cell(recovery={"region": "eu-west-1", "dr_class": "warm-standby"})})
    assert proved(contract(), of=warm)["region-rto"].used == 15 + 10 + 20 + 1
    assert after_drill(warm, dr_class="warm-standby", promote_minutes=6.2)["region-rto"].used == 7 + 10 + 20 + 1


def test_a_drill_of_another_class_or_region_says_nothing() -> None:
    assert after_drill(dr_class="warm-standby") == proved(contract())
    assert after_drill(region="eu-west-3") == proved(contract())


def test_a_drill_is_owed_by_class_and_overdue_when_it_is() -> None:
    world = context(contract())
    never = drills.decision(world, "eu-1")
    assert never and never.value == "overdue: never held" and "every 180 days" in never.reason
    held = drills.decision(replace(world, drills={"eu-1": drill()}), "eu-1")
    assert held and held.value == "due by 2027-05-19"
    late = drills.decision(replace(world, drills={"eu-1": drill(finished_at="2026-01-05T09:00:00Z")}), "eu-1")
    assert late and late.value == "overdue since 2026-07-04"
