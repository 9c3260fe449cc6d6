"""The address plan of all cells and recovery regions."""

from ipaddress import IPv4Network
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.decide.documents import ESTATE, compiled, documents

from odoo_estate.decide import network
from odoo_estate.errors import BadInput, Refused
from odoo_estate.plan import CellPlan, DrPlan, NetworkPlan
from odoo_estate.spec.estate import Estate


def estate_of(slots: list[int], supernet: str) -> Estate:
    cell = ESTATE["cells"]["eu-1"]
    cells = {f"c-{slot}": {**cell, "slot": slot} for slot in slots}
    return Estate.model_validate({**ESTATE, "cells": cells, "network": {"supernet": supernet}})


@given(
    st.lists(st.integers(0, 127), min_size=1, max_size=40, unique=True),
    st.sampled_from(["10.0.0.0/8"]),
)
def test_no_two_networks_of_any_set_of_cells_overlap(slots: list[int], supernet: str) -> None:
    estate = estate_of(slots, supernet)
    ranges = [network.cell_range(estate, cell, recovery=r) for cell in estate.cells for r in (False, True)]
    assert not any(one.overlaps(other) for one, other in combinations(ranges, 2))
    assert all(one.subnet_of(IPv4Network(supernet)) for one in ranges)
    assert network.check_overlap(estate) == []


def test_two_cells_in_one_slot_are_refused_with_their_networks() -> None:
    estate = estate_of([3], "10.0.0.0/8")
    twice = estate.model_copy(update={"cells": {"a-1": estate.cells["c-3"], "b-1": estate.cells["c-3"]}})
    (refused, *_) = network.check_overlap(twice)
    assert "10.6.0.0/16" in refused.problem.message
    assert refused.problem.path[0] == "cells"


def networks() -> dict[str, NetworkPlan]:
    plans = compiled().stacks.values()
    return {plan.stack: plan.network for plan in plans if isinstance(plan, CellPlan | DrPlan)}


def test_every_subnet_lies_in_its_network_and_meets_no_other() -> None:
    for plan in networks().values():
        subnets = [
            IPv4Network(cidr)
            for zone in plan.zones.values()
            for cidr in (zone.public_cidr, zone.private_cidr, zone.database_cidr)
        ]
        assert len(subnets) == 3 * len(plan.zones)
        assert all(one.subnet_of(IPv4Network(plan.cidr)) for one in subnets)
        assert not any(one.overlaps(other) for one, other in combinations(subnets, 2))


def test_a_cell_and_its_recovery_region_can_be_peered() -> None:
    found = networks()
    assert found["cell.eu-1"].cidr == "10.0.0.0/16"
    assert found["dr.eu-1"].cidr == "10.1.0.0/16"
    assert found["cell.med-1"].cidr == "10.2.0.0/16"


def test_kubernetes_services_never_have_an_address_of_a_cell() -> None:
    for supernet, expected in {"10.0.0.0/8": "172.20.0.0/16", "172.16.0.0/12": "192.168.0.0/16"}.items():
        estate = estate_of([0], supernet)
        assert network.service_range(estate, "c-0") == expected
        assert not IPv4Network(expected).overlaps(IPv4Network(supernet))


def test_zones_are_those_that_the_region_shows() -> None:
    made = documents()
    assert [zone.availability_zone for zone in networks()["dr.eu-1"].zones.values()] == [
        "eu-west-1a",
        "eu-west-1b",
        "eu-west-1c",
    ]
    tokyo = estate_of([0], "10.0.0.0/8")
    cell = tokyo.cells["c-0"].model_copy(update={"region": "ap-northeast-1"})
    tokyo = tokyo.model_copy(update={"cells": {"c-0": cell}})
    assert list(network.zones(tokyo, made.catalog.assumptions, "c-0", 3)) == ["a", "c", "d"]


def test_a_region_with_too_few_zones_is_refused() -> None:
    estate = estate_of([0], "10.0.0.0/8")
    cell = estate.cells["c-0"].model_copy(update={"region": "us-west-1"})
    with pytest.raises(Refused, match="2 zones"):
        network.zones(estate.model_copy(update={"cells": {"c-0": cell}}), documents().catalog.assumptions, "c-0", 3)


def test_a_third_zone_can_be_added_without_moving_the_first_two() -> None:
    made = documents()
    two = network.zones(made.estate, made.catalog.assumptions, "eu-1", 2)
    three = network.zones(made.estate, made.catalog.assumptions, "eu-1", 3)
    assert {key: three[key] for key in two} == two


def test_subnets_that_do_not_fit_a_cells_network_are_refused() -> None:
    with pytest.raises(BadInput, match=r"assumptions\.private_subnet_bits"):
        compiled(catalog={"assumptions": {"private_subnet_bits": 17}})


def test_a_public_supernet_is_refused() -> None:
    with pytest.raises(BadInput, match="not a private range"):
        compiled(estate={"network": {"supernet": "8.0.0.0/8"}})


def test_an_unknown_region_is_refused_with_those_that_exist() -> None:
    with pytest.raises(BadInput) as caught:
        compiled(estate={"residency": {"eu": {"regions": ("eu-central-1", "eu-west-1", "eu-west-9")}}})
    (problem,) = caught.value.problems
    assert problem.field == "residency.eu.regions.2"
    assert "eu-west-3" in problem.allowed


def test_addresses_are_counted_with_every_pool_at_its_most() -> None:
    made = documents()
    band = made.catalog.cell_bands["cell-m"]
    plan = networks()["cell.eu-1"]
    budgets = network.address_budgets(plan, made.catalog.assumptions, band, made.catalog.node_bands)
    # 58 pods a node take four /28, one more is kept warm, and three addresses are the node's own: 83.
    nodes = 2 + 4 + 3  # a third of 6, 12 and 8 nodes, rounded up
    assert budgets[0].used == nodes * 83 + 16 + 8 + len(made.catalog.network.interface_endpoints)
    assert budgets[0].limit == int((2**14 - 5) * 0.8)
    more = network.address_budgets(plan, made.catalog.assumptions, band, made.catalog.node_bands, 300)
    assert more[0].used == budgets[0].used + 100
