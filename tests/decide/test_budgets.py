"""What a cell accepts, it can carry: with all replicas up, all pools full and storage grown."""

from typing import Any

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from tests.decide.contracts import HEAVY, catalog_with, cell, context, contract, dedicated_cell, estate, exemption

from odoo_estate.decide import budgets
from odoo_estate.decide.capacity import capacity
from odoo_estate.decide.context import MAIN, Context, Tenant
from odoo_estate.decide.platform import platform_plan
from odoo_estate.decide.shared import shared_pooler
from odoo_estate.decide.tenant import tenant_plan
from odoo_estate.errors import Refused
from odoo_estate.plan import PoolerPlan, TenantPlan
from odoo_estate.spec.customer import Customer


def budget(world: Context, name: str, where: str = "eu-1") -> tuple[float, float]:
    one = budgets.by_name(world, where)[name]
    return one.used, one.limit


SMALL = st.builds(
    dict,
    service_class=st.sampled_from(["starter", "business", "premium"]),
    workload=st.fixed_dictionaries(
        {
            "users": st.integers(1, 300),
            "orders_per_day": st.integers(0, 3000),
            "peak_factor": st.sampled_from([1.0, 3.0, 6.0]),
        }
    ),
    storage=st.fixed_dictionaries({"database_gib": st.integers(1, 200)}),
    environments=st.sampled_from([{"production": {}}, {"production": {}, "staging": {}}]),
)


def contracts_of(some: list[dict[str, Any]]) -> list[Customer]:
    return [contract(f"c{n:03}", **fields) for n, fields in enumerate(some)]


@settings(max_examples=60, deadline=None)
@given(st.lists(SMALL, max_size=40), st.sampled_from(["cell-s", "cell-m", "cell-l"]), st.integers(1, 3))
def test_the_pools_of_accepted_tenants_never_pass_the_instances_limit(
    some: list[dict[str, Any]], band: str, times: int
) -> None:
    """Summed over the plans themselves, not over the budget that is to be proved."""
    world = context(*contracts_of(some * times), of=estate({"eu-1": cell(band=band)}))
    try:
        budgets.check(world, "eu-1")
    except Refused:
        event("over budget")
        return
    plans: list[TenantPlan] = []
    for tenant in world.tenants:
        try:
            plans.append(tenant_plan(world, tenant.customer, tenant.environment))
        except Refused:
            continue  # for a reason of its own, such as an environment that its class does not include
    event("accepted, filled to the half" if 2 * len(plans) > len(some) else "accepted")
    pooler = shared_pooler(world, "eu-1", MAIN)
    limit = world.catalog.postgres_bands[world.catalog.cell_bands[band].postgres].max_connections
    shared = [plan for plan in plans if plan.database.instance == MAIN]
    # What the server itself holds everybody to, whatever number of PgBouncer processes there are while poolers are replaced: the users of
    # tenants with workers of their own, and the logins of shared workers, each over all databases and the bus.
    users = [plan.database.connection_limit for plan in shared if not plan.database.pool_login]
    crowds = [one.connection_limit for one in platform_plan(world, "eu-1").pooled.values()]
    assert all(one > 0 for one in crowds)
    held = sum(users) + sum(crowds) + world.catalog.assumptions.connection_reserve
    assert held <= limit
    assert held + max(users, default=0) <= limit, "while one tenant's login is rotated it has two users"
    assert pooler.lookup_limit <= world.catalog.assumptions.connection_reserve
    assert pooler.max_db_connections * pooler.replicas < limit
    for plan in plans:
        if plan.own_database:
            own = plan.pooler.pools["*"].size * plan.pooler.replicas + plan.pooler.pools["postgres"].size
            assert own <= plan.database.connection_limit <= plan.own_database.max_connections


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"service_class": "business", "workload": {"orders_per_day": 3100}}, "orders-main"),
        ({"service_class": "business", "storage": {"database_gib": 100}}, "storage-main"),
        ({"workload": {"users": 60}}, "pooled-starter-users"),
    ],
)
def test_a_full_cell_is_refused_by_the_budget_that_binds(fields: dict[str, Any], name: str) -> None:
    world = context(*(contract(f"c{n:03}", **fields) for n in range(13)), of=estate({"eu-1": cell(band="cell-s")}))
    with pytest.raises(Refused) as caught:
        budgets.check(world, "eu-1")
    assert name in caught.value.problem.message
    assert caught.value.problem.field == "cells.eu-1.band"
    assert "another cell" in caught.value.problem.remedy


def test_all_tenants_of_a_full_cell_raise_the_same_refusal() -> None:
    world = context(
        *(contract(f"c{n:03}", workload={"users": 60}) for n in range(14)), of=estate({"eu-1": cell(band="cell-s")})
    )
    caught = set()
    for tenant in world.tenants:
        with pytest.raises(Refused) as error:
            tenant_plan(world, tenant.customer, tenant.environment)
        caught.add(error.value)
    assert len(caught) == 1


def test_more_tenants_than_a_cell_may_lose_at_once_are_refused() -> None:
    bands = {"cell-m": {**catalog_with().cell_bands["cell-m"].model_dump(), "max_tenants": 1}}
    world = context(contract("a1"), contract("b1"), known=catalog_with(cell_bands=bands))
    assert budget(world, "tenants") == (2, 1)


def test_a_pooled_tenant_adds_no_pods_and_a_namespaced_one_does() -> None:
    empty, pooled = context(), context(contract())
    spaced = context(contract(service_class="business"))
    assert budget(pooled, "general-memory") == budget(empty, "general-memory")
    assert budget(spaced, "general-memory") > budget(empty, "general-memory")


def test_a_semi_dedicated_tenant_takes_nothing_that_its_neighbours_have() -> None:
    empty, heavy = context(), context(contract(**HEAVY))
    for name in ("connections-main", "storage-main", "orders-main", "cache", "general-cpu", "integration-cpu"):
        assert budget(heavy, name) == budget(empty, name), name


def test_own_node_pools_count_against_the_subnets() -> None:
    per_node = dict.fromkeys(context().catalog.node_bands, 99)
    assert budgets.own_addresses(context(contract()), "eu-1", 3, per_node) == 0
    world = context(contract(**HEAVY))
    nodes = budgets.own_nodes(world, Tenant("acme", "production"), 3)[2]
    assert budgets.own_addresses(world, "eu-1", 3, per_node) == 99 * nodes


def pooler_memory(pooler: PoolerPlan) -> int:
    return (pooler.size.memory_mib + pooler.sessions_size.memory_mib) * pooler.replicas


def test_the_system_pool_is_counted_with_everything_that_belongs_there() -> None:
    world = context(of=estate({"eu-1": cell(band="cell-s", databases={"spare": "pg-s"})}))
    ingress, secrets, certificates = 2 * 3 * 250 + 2 * 25, 2 * 50 + 25 + 25, 2 * 50 + 2 * 25 + 25
    balancers, monitoring, addons = 2 * 100, 100 + 3 * 50 + 500, 4 * 100 + 2 * 60
    poolers, cache_watch, autoscaler = 2 * 2 * (500 + 50), 50, 2 * 100
    used, limit = budget(world, "system-cpu")
    assert (
        used == ingress + secrets + certificates + balancers + monitoring + addons + poolers + cache_watch + autoscaler
    )
    assert used <= limit
    alone = context(of=estate({"eu-1": cell(band="cell-s")}))
    more = budget(world, "system-memory")[0] - budget(alone, "system-memory")[0]
    assert more == pooler_memory(shared_pooler(world, "eu-1", "spare"))


def test_a_tenants_nodes_hold_its_pooler_too_and_a_trials_pooler_counts_against_the_cells() -> None:
    world = context(contract(**HEAVY, environments={"production": {}, "staging": {}}))
    plan = tenant_plan(world, "acme", "production")
    assert plan.node_pool and plan.odoo
    band = world.catalog.node_bands[plan.node_pool.band]
    fill = world.catalog.assumptions.node_fill
    workers = sum(one.size.cpu_millicores * one.max_replicas for one in plan.odoo.workloads.values())
    pooler = (plan.pooler.size.cpu_millicores + 2 * plan.pooler.sessions_size.cpu_millicores) * plan.pooler.replicas
    asked = f"{workers + pooler} millicores"
    assert any(asked in one.reason for one in plan.decisions if one.topic == "node pool")
    room = (band.vcpus * 1000 - band.reserved_cpu_millicores) * fill
    assert workers + pooler <= room * plan.node_pool.max_nodes
    trial = tenant_plan(world, "acme", "staging")
    assert trial.odoo
    general = [one for one in trial.odoo.workloads.values() if one.node_selector == trial.pooler.node_selector]
    pods = budgets.demand(world, Tenant("acme", "staging")).pods
    assert pods and pods["general"].memory_mib == pooler_memory(trial.pooler) + sum(
        one.size.memory_mib * one.max_replicas for one in general
    )


def test_the_room_for_pooled_tenants_is_no_matter_of_connections_but_of_their_shared_workers() -> None:
    wide = context(known=catalog_with(assumptions={"shared_pool_size": 400}))
    (pooled,) = [one for one in capacity(wide, "eu-1").rooms if one.service_class == "starter"]
    (before,) = [one for one in capacity(context(), "eu-1").rooms if one.service_class == "starter"]
    assert pooled.tenancy == "pooled"
    assert pooled.fit == before.fit > 10


def test_the_reserve_for_operators_is_part_of_the_sum() -> None:
    world = context(of=estate({"med-1": dedicated_cell("acme", 0)}))
    assert budget(world, "connections-main", "med-1") == (world.catalog.assumptions.connection_reserve, 1280)


def test_one_bad_tenant_is_refused_and_its_neighbours_are_not() -> None:
    bad = contract("bad", service_class="business", workload={"users": 310}, exceptions=(exemption("ENT-01"),))
    world = context(
        bad, contract("good", service_class="business"), contract("odd", service_class="business", odoo="16.0")
    )
    assert tenant_plan(world, "good", "production").odoo
    for name in ("bad", "odd"):
        with pytest.raises(Refused) as caught:
            tenant_plan(world, name, "production")
        assert caught.value.problem.document == f"customer:{name}"


@given(st.permutations(range(6)))
def test_budgets_do_not_depend_on_the_order_of_the_documents(order: list[int]) -> None:
    some = [
        contract(f"c{n}", service_class="business" if n % 2 else "starter", workload={"users": 5 + n}) for n in range(6)
    ]
    assert budgets.budgets(context(*some), "eu-1") == budgets.budgets(context(*(some[n] for n in order)), "eu-1")


def test_a_dedicated_cells_replica_holds_the_reports_of_all_its_environments() -> None:
    both = contract(service_class="regulated", regulation=("gdp",), environments={"production": {}, "staging": {}})
    world = context(both, of=estate({"acme-1": dedicated_cell("acme", 0)}))
    reserve = world.catalog.assumptions.connection_reserve
    asked = [budgets.demand(world, one).reports for one in world.tenants]
    assert len(asked) == 2 and all(asked)
    used, limit = budget(world, "replica-connections-main", "acme-1")
    assert used == sum(asked) + reserve <= limit
    pooler = shared_pooler(world, "acme-1", MAIN)
    assert max(asked) <= pooler.replica_size * pooler.replicas
    assert limit == budget(world, "connections-main", "acme-1")[1], "a replica takes as many as its primary"


def test_a_shared_cell_counts_no_replica() -> None:
    names = [one.name for one in budgets.budgets(context(contract(**HEAVY)), "eu-1")]
    assert not [name for name in names if "replica" in name]
