"""Sizing takes the smallest band that a class is entitled to and that fits, and says how close it is to the next."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.decide.contracts import HEAVY, catalog, context, contract, exemption

from odoo_estate.decide import sizing
from odoo_estate.decide.context import Tenant
from odoo_estate.decide.sizing import Pods, nodes_for
from odoo_estate.errors import Refused
from odoo_estate.spec.fields import EnvironmentName

PRODUCTION = Tenant("acme", "production")


def odoo(**fields: Any) -> str:
    return sizing.odoo_band(context(contract(**fields)), PRODUCTION)[0]


@pytest.mark.parametrize(
    ("users", "band"), [(60, "odoo-xs"), (61, "odoo-s"), (120, "odoo-s"), (121, "odoo-m"), (300, "odoo-m")]
)
def test_the_smallest_band_that_carries_the_users_is_taken(users: int, band: str) -> None:
    """Two of five users work at once: 60 are 24, which odoo-xs carries."""
    assert odoo(service_class="business", workload={"users": users}) == band


def test_the_decision_names_the_measure_that_binds_and_the_next_band() -> None:
    decision = sizing.odoo_band(context(contract(service_class="business", workload={"users": 110})), PRODUCTION)[1]
    assert decision.binding == "44 of 48 users at once (92%)"
    assert decision.next_step == "odoo-m beyond 48 users at once"
    assert decision.entitlement == "service_classes.business.odoo_bands"


def test_more_than_the_largest_entitled_band_is_refused_with_every_bands_figures() -> None:
    with pytest.raises(Refused) as caught:
        odoo(service_class="business", workload={"users": 310}, exceptions=(exemption("ENT-01"),))
    message = caught.value.problem.message
    assert "odoo-xs" in message and "124 of 120 users at once" in message
    assert caught.value.problem.allowed == ("odoo-xs", "odoo-s", "odoo-m")


def test_an_exemption_opens_the_next_larger_band_and_is_named() -> None:
    wishes = (exemption("ENT-01"), exemption("ENT-02"))
    world = context(contract(service_class="business", workload={"users": 310}, exceptions=wishes))
    band, decision = sizing.odoo_band(world, PRODUCTION)
    assert band == "odoo-l"
    assert decision.entitlement == "exceptions.ENT-02"
    assert "by Ada" in decision.reason


@given(st.integers(1, 1400), st.integers(0, 25_000))
def test_every_smaller_entitled_band_is_too_small(users: int, orders: int) -> None:
    world = context(contract(service_class="premium", workload={"users": users, "orders_per_day": orders}))
    load = sizing.load_in(world, PRODUCTION) if not world.refusals else None
    if load is None:
        return
    try:
        chosen = sizing.odoo_band(world, PRODUCTION)[0]
    except Refused:
        chosen = ""
    for key in catalog().service_classes["premium"].odoo_bands:
        fits = all(use.used <= use.limit for use in sizing.odoo_uses(catalog().odoo_bands[key], load))
        if key == chosen:
            assert fits
            break
        assert not fits


def test_storage_is_allocated_for_the_horizon_not_for_today() -> None:
    heavy = contract(**{**HEAVY, "storage": {"database_gib": 700, "filestore_gib": 1, "growth_percent_per_year": 30}})
    load = sizing.load_in(context(heavy), PRODUCTION)
    assert load.database_gib == 910
    band = catalog().postgres_bands["pg-l"]
    assert sizing.allocated_gib(band, load.database_gib, 0.8) == 1138


@pytest.mark.parametrize(("environment", "gib"), [("staging", 144), ("sandbox", 10), ("development", 10)])
def test_only_staging_holds_a_copy_of_production(environment: EnvironmentName, gib: int) -> None:
    environments = {"production": {}, "staging": {}, "sandbox": {"expires": "2027-01-31"}, "development": {}}
    world = context(contract(**HEAVY, environments=environments))
    load = sizing.load_in(world, Tenant("acme", environment))
    assert load.database_gib == gib
    assert load.concurrent_users < sizing.load_in(world, PRODUCTION).concurrent_users


def test_nodes_hold_the_pods_and_a_pod_that_fits_none_has_no_nodes() -> None:
    band = catalog().node_bands["node-m"]
    cpu, memory = sizing.room(band)
    assert (cpu, memory) == (3620, 14691)
    pods = Pods(cpu_millicores=2 * cpu, memory_mib=100, pods=4, largest_cpu_millicores=cpu, largest_memory_mib=50)
    assert nodes_for(band, pods, 1.0) == 2
    assert nodes_for(band, pods, 0.8) == 3
    assert nodes_for(band, Pods(pods=1, largest_memory_mib=memory + 1), 1.0) == 0


def test_an_own_node_pool_covers_the_zones_of_its_class() -> None:
    from odoo_estate.decide.budgets import own_nodes

    _, least, most, decision = own_nodes(context(contract(**HEAVY)), PRODUCTION, 3)
    assert 3 <= least <= most <= catalog().service_classes["premium"].max_nodes
    assert decision.entitlement == "service_classes.premium.node_bands"
