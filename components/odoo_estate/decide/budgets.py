"""The sums that make a cell's plan provable: connections, orders, storage, cache, pods and tenants against what its bands hold.

Everything is counted at its most: all replicas up, all pools full, storage grown to the horizon. A sum that passes its limit is refused, so whatever
set of tenants is accepted, no instance ever has to turn a connection away.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from math import ceil

from odoo_estate.decide import charts, quotas, recovery_load, shared, sizing, workloads
from odoo_estate.decide.context import MAIN, Context, Tenant
from odoo_estate.decide.load import Load
from odoo_estate.decide.schedules import DAY
from odoo_estate.decide.sizing import Pods
from odoo_estate.errors import Refused
from odoo_estate.plan import OWN, Budget, Decision, Workload, WorkloadPlan
from odoo_estate.spec.catalog import OdooBand

RECOVERY_FILL = 0.5
"""How far the day of the recovery jobs' places may be filled: each job has a time of its own, and at half load few of them wait."""


@dataclass(frozen=True, kw_only=True)
class Demand:
    """What one tenant takes from its cell at most. A tenant with machines of its own takes only what it shares."""

    database: str = ""
    """Key of the cell's instance; empty: it has one of its own."""
    connections: int = 0
    clients: int = 0
    reports: int = 0
    """Connections to the read replica of that instance."""
    database_gib: int = 0
    orders_per_hour: int = 0
    cache_mib: int = 0
    pods: Mapping[str, Pods] | None = None
    """By the cell's node pools."""
    pooled_class: str = ""
    users: int = 0
    integration_requests_per_hour: int = 0
    recovery_minutes: int = 0
    """What its dumps and verifications run on an average day."""


def tenant_connections(context: Context, cell: str, band: OdooBand, tenant: Tenant) -> tuple[int, int]:
    """Server connections of a tenant with workers of its own on a shared instance: to its database, job runners' included, and to the bus."""
    return server_connections(context, cell, _workloads(context, cell, band, tenant))


def server_connections(context: Context, cell: str, plans: Mapping[Workload, WorkloadPlan]) -> tuple[int, int]:
    """The same for workloads that are planned."""
    pools = shared.pool_size(context, cell) * shared.band(context, cell).pooler_replicas
    own = min(pools, workloads.client_connections(plans)) + workloads.runner_connections(plans)
    return own, workloads.bus_connections(plans)


def _workloads(context: Context, cell: str, band: OdooBand, tenant: Tenant) -> Mapping[Workload, WorkloadPlan]:
    return workloads.tenant_workloads(context, tenant, band, cell=shared.band(context, cell))


def demand(context: Context, tenant: Tenant) -> Demand:
    """What ``tenant`` takes from its cell.

    Raises:
        Refused: no band carries it; always the same refusal, so that it is reported once.
    """
    key: object = (demand, tenant)
    if key not in context.memo:
        try:
            context.memo[key] = _demand(context, tenant)
        except Refused as refused:
            context.memo[key] = refused
    found = context.memo[key]
    if isinstance(found, Refused):
        raise found
    assert isinstance(found, Demand)
    return found


def demands(context: Context, cell: str) -> dict[Tenant, Demand]:
    """What each tenant of the cell takes. One that is refused is left out: it will not be there, and its neighbours go on."""
    found = {}
    for tenant in context.tenants_by_cell[cell]:
        with suppress(Refused):
            found[tenant] = demand(context, tenant)
    return found


def _demand(context: Context, tenant: Tenant) -> Demand:
    tenancy = context.tenancy(tenant)
    cell = context.cell_of(tenant.customer)
    load = sizing.load_in(context, tenant)
    if tenancy == "pooled":
        return Demand(
            database=MAIN,  # its connections are those of the shared workers, whatever number of tenants they serve
            database_gib=load.database_gib,
            orders_per_hour=load.orders_per_hour,
            cache_mib=sizing.cache_mib(context, tenant),
            pooled_class=context.customers[tenant.customer].service_class,
            users=load.concurrent_users,
            integration_requests_per_hour=load.integration_requests_per_hour,
            recovery_minutes=recovery_load.daily_minutes(recovery_load.work(context, tenant)),
        )
    key, _ = sizing.odoo_band(context, tenant)
    return demand_of_band(
        context, tenant, cell, context.catalog.odoo_bands[key], database=context.database_of(tenant), load=load
    )


def demand_of_band(context: Context, tenant: Tenant, cell: str, band: OdooBand, *, database: str, load: Load) -> Demand:
    """What a tenant with workers of its own takes with this Odoo band."""
    plans = _workloads(context, cell, band, tenant)
    own_nodes = database == OWN and tenant.environment == "production"
    pods = None if own_nodes else with_overhead(workloads.pods_by_pool(plans, most=True), context)
    recovery = recovery_load.daily_minutes(recovery_load.work(context, tenant))
    if database == OWN:
        if pods:
            pods[shared.GENERAL_POOL] += shared.pooler_pods(context, 1)
        return Demand(pods=pods, recovery_minutes=recovery)
    pool, bus = tenant_connections(context, cell, band, tenant)
    return Demand(
        database=database,
        connections=pool + bus,
        reports=min(
            shared.replica_pool_size(context, cell) * shared.band(context, cell).pooler_replicas,
            workloads.client_connections({key: one for key, one in plans.items() if key == "reporting"}),
        ),
        clients=workloads.client_connections(plans),
        database_gib=load.database_gib,
        orders_per_hour=load.orders_per_hour,
        cache_mib=sizing.cache_mib(context, tenant),
        pods=pods,
        recovery_minutes=recovery,
    )


def with_overhead(pods: Mapping[str, Pods], context: Context) -> dict[str, Pods]:
    """``pods`` and what a tenant brings besides its workloads."""
    found = dict(pods)
    extra = Pods(pods=context.catalog.assumptions.pods_per_tenant_overhead)
    found[shared.GENERAL_POOL] = found.get(shared.GENERAL_POOL, Pods()) + extra
    return found


# --- pooled workers ------------------------------------------------------------------------------------------------


def pooled_classes(context: Context, cell: str) -> tuple[str, ...]:
    """Service classes with shared workers in this cell, whether or not tenants are there yet."""
    band = shared.band(context, cell)
    return tuple(band.pooled_class_bands) if band.tenancy == "shared" else ()


def pooled_workloads(context: Context, cell: str, service_class: str) -> dict[Workload, WorkloadPlan]:
    """The shared workers of a class; they work on all databases that their login owns."""
    key: object = (pooled_workloads, cell, service_class)
    if key not in context.memo:
        service = context.catalog.service_classes[service_class]
        band = context.catalog.odoo_bands[shared.pooled_band_key(context, cell, service_class)]
        known = context.catalog.assumptions
        plans = {
            workload: workloads.workload_plan(
                workload,
                one,
                replicas=workloads.replicas(
                    one, workload, production=True, least_web=service.availability.min_web_replicas
                ),
                place=workloads.place_of(workload, shared.band(context, cell)),
                production=True,
                spread=service.availability.zones > 1,
            )
            for workload, one in workloads.workload_bands(band, reporting=service.reporting).items()
        }
        context.memo[key] = {
            workload: workloads.with_registries(
                workloads.in_turns(one) if workload in ("cron", "integration") else one,
                databases=known.pooled_registries,
                registry_mib=known.registry_mib,
            )
            for workload, one in plans.items()
        }
    found = context.memo[key]
    assert isinstance(found, dict)
    return found


def pooled_connections(plans: Mapping[Workload, WorkloadPlan]) -> int:
    """Server connections of a class' shared workers over all databases and the bus: as many as their processes can use at once.

    The server holds them to it by their login's connection limit; a pool per tenant alone would bound neither their sum nor the bus.
    """
    return workloads.client_connections(plans)


# --- the budgets of a cell -----------------------------------------------------------------------------------------


def budgets(context: Context, cell: str) -> tuple[Budget, ...]:
    """Every budget of a cell with all its tenants, in a fixed order."""
    key: object = (budgets, cell)
    if key not in context.memo:
        context.memo[key] = tuple(_budgets(context, cell))
    found = context.memo[key]
    assert isinstance(found, tuple)
    return found


def by_name(context: Context, cell: str) -> Mapping[str, Budget]:
    """The same by their names."""
    key: object = (by_name, cell)
    if key not in context.memo:
        context.memo[key] = {budget.name: budget for budget in budgets(context, cell)}
    found = context.memo[key]
    assert isinstance(found, dict)
    return found


def check(context: Context, cell: str) -> None:
    """Refuse a cell whose tenants together take more than it holds. All of them raise the same refusal, so that it is reported once.

    Raises:
        Refused: names the budget with its figures and what is left to do.
    """
    key: object = (check, cell)
    if key not in context.memo:
        context.memo[key] = next(
            (_over(context, cell, one) for one in budgets(context, cell) if one.used > one.limit), None
        )
    found = context.memo[key]
    if isinstance(found, Refused):
        raise found


def _over(context: Context, cell: str, budget: Budget) -> Refused:
    return Refused(
        f"cell {cell} is over its budget of {budget.name}: {budget.used:g} of {budget.limit:g} {budget.unit} ({budget.arithmetic})",
        document="estate",
        field=("cells", cell, "band"),
        value=context.estate.cells[cell].band,
        remedy="give the cell a larger band or a further database instance, or place some of its tenants in another cell",
    )


def _budgets(context: Context, cell: str) -> Iterator[Budget]:
    known = demands(context, cell)
    for database in (MAIN, *sorted(context.estate.cells[cell].databases)):
        yield from _database(context, cell, database, {t: d for t, d in known.items() if d.database == database})
    yield _cache(context, cell, known)
    yield from _pooled(context, cell, known)
    yield from _nodes(context, cell, known)
    yield from _recovery(context, cell, known)
    yield Budget(
        name="tenants",
        used=len(known),
        limit=shared.band(context, cell).max_tenants,
        unit="tenants",
        arithmetic=f"cell_bands.{context.estate.cells[cell].band}.max_tenants",
    )
    pools = len(shared.band(context, cell).node_pools)
    own = len(context.semi_dedicated_productions(cell))
    yield Budget(
        name="node-groups",
        used=pools + own,
        limit=quotas.limit(context.estate, context.catalog, shared.target(context, cell), "node-groups-per-cluster"),
        unit="node groups",
        arithmetic=f"{pools} pools of the cell + {own} of tenants",
    )


def _database(context: Context, cell: str, database: str, demands: Mapping[Tenant, Demand]) -> Iterator[Budget]:
    known = context.catalog.assumptions
    band = shared.database_band(context, cell, database)
    fill = known.shared_database_fill
    workers = (
        {key: pooled_workloads(context, cell, key) for key in pooled_classes(context, cell)} if database == MAIN else {}
    )
    crowd = sum(pooled_connections(plans) for plans in workers.values())
    tenants = sum(one.connections for one in demands.values())
    yield Budget(
        name=f"connections-{database}",
        used=tenants + crowd + known.connection_reserve,
        limit=int(band.max_connections * fill),
        unit="connections",
        arithmetic=f"{len(demands)} tenants {tenants} + shared workers {crowd} + reserve {known.connection_reserve} "
        f"of {band.max_connections} x {fill:g}",
    )
    replicas = shared.band(context, cell).pooler_replicas
    if shared.replica_pool_size(context, cell):
        reports = sum(one.reports for one in demands.values())
        yield Budget(
            name=f"replica-connections-{database}",
            used=reports + known.connection_reserve,
            limit=int(band.max_connections * fill),
            unit="connections",
            arithmetic=f"reports of {len(demands)} tenants {reports} + reserve {known.connection_reserve} "
            f"of {band.max_connections} x {fill:g}",
        )
    # Any process of the shared workers may hold connections to several tenants' databases: its pool is what bounds it.
    pooled = sum(workloads.client_connections(plans) for plans in workers.values())
    own = sum(one.clients for one in demands.values())
    yield Budget(
        name=f"clients-{database}",
        used=own + pooled,
        limit=known.pooler_clients * (replicas - 1),
        unit="client connections",
        arithmetic=f"tenants {own} + shared workers {pooled} of {known.pooler_clients} x {replicas - 1} poolers while one is replaced",
    )
    yield Budget(
        name=f"storage-{database}",
        used=sum(one.database_gib for one in demands.values()),
        limit=int(band.max_storage_gib * fill),
        unit="GiB",
        arithmetic=f"grown {known.growth_years:g} year(s), of {band.max_storage_gib} x {fill:g}",
    )
    yield Budget(
        name=f"orders-{database}",
        used=sum(one.orders_per_hour for one in demands.values()),
        limit=int(band.orders_per_hour * fill),
        unit="orders/h",
        arithmetic=f"all busiest hours at once, of {band.orders_per_hour} x {fill:g}",
    )


def _cache(context: Context, cell: str, demands: Mapping[Tenant, Demand]) -> Budget:
    key = shared.band(context, cell).cache
    band = context.catalog.cache_bands[key]
    return Budget(
        name="cache",
        used=sum(one.cache_mib for one in demands.values()),
        limit=sizing.usable_mib(band),
        unit="MiB",
        arithmetic=f"{key}: {band.memory_mib} MiB less {band.reserved_percent} % reserved",
    )


def _pooled(context: Context, cell: str, demands: Mapping[Tenant, Demand]) -> Iterator[Budget]:
    for service_class in pooled_classes(context, cell):
        key = shared.pooled_band_key(context, cell, service_class)
        band = context.catalog.odoo_bands[key]
        members = [one for one in demands.values() if one.pooled_class == service_class]
        for measure, used, limit, unit in (
            ("users", sum(one.users for one in members), band.concurrent_users, "users at once"),
            ("orders", sum(one.orders_per_hour for one in members), band.orders_per_hour, "orders/h"),
            (
                "requests",
                sum(one.integration_requests_per_hour for one in members),
                band.integration_requests_per_hour,
                "integration requests/h",
            ),
        ):
            yield Budget(
                name=f"pooled-{service_class}-{measure}",
                used=used,
                limit=limit,
                unit=unit,
                arithmetic=f"{len(members)} tenants on the shared workers ({key})",
            )


def _recovery(context: Context, cell: str, demands: Mapping[Tenant, Demand]) -> Iterator[Budget]:
    """Dumps and verifications: what the cell's places for them, and the storage of its instances, hold."""
    known = context.catalog.assumptions
    at_once = known.recovery_jobs_at_once
    yield Budget(
        name="recovery-minutes",
        used=sum(one.recovery_minutes for one in demands.values()),
        limit=int(at_once * DAY * RECOVERY_FILL),
        unit="minutes a day",
        arithmetic=f"dumps and verifications, of {at_once} at once x {DAY} x {RECOVERY_FILL:g}",
    )
    for database in (MAIN, *sorted(context.estate.cells[cell].databases)):
        there = [tenant for tenant, one in demands.items() if one.database == database]
        stored = sum(demands[tenant].database_gib for tenant in there)
        scratch = sorted(recovery_load.scratch_database_gib(context, tenant) for tenant in there)[-at_once:]
        band = shared.database_band(context, cell, database)
        yield Budget(
            name=f"scratch-{database}",
            used=stored + sum(scratch),
            limit=band.max_storage_gib,
            unit="GiB",
            arithmetic=f"databases {stored} + the {at_once} largest once more while they are verified {sum(scratch)}",
        )


def _nodes(context: Context, cell: str, demands: Mapping[Tenant, Demand]) -> Iterator[Budget]:
    known = context.catalog.assumptions
    fill = known.node_fill
    jobs = Pods(pods=1, cpu_millicores=known.recovery_cpu_millicores, memory_mib=known.recovery_memory_mib)
    total = {shared.GENERAL_POOL: sum((jobs for _ in range(known.recovery_jobs_at_once)), Pods())}
    for pods in (
        *(one.pods for one in demands.values() if one.pods),
        *(
            workloads.pods_by_pool(pooled_workloads(context, cell, key), most=True)
            for key in pooled_classes(context, cell)
        ),
    ):
        for pool, more in pods.items():
            total[pool] = total.get(pool, Pods()) + more
    instances = 1 + len(context.estate.cells[cell].databases)
    reports = shared.replica_pool_size(context, cell) > 0
    poolers = shared.pooler_pods(context, shared.band(context, cell).pooler_replicas * instances, reports=reports)
    place = shared.place(shared.band(context, cell), shared.SYSTEM_POOL).pool
    own = poolers + charts.requested(context, cell) + shared.pages_pods() + shared.cache_watch_pods()
    total[place] = total.get(place, Pods()) + own
    for pool, spec in shared.band(context, cell).node_pools.items():
        band = context.catalog.node_bands[spec.band]
        cpu, memory = sizing.room(band)
        used = total.get(pool, Pods())
        for measure, sum_, each, unit in (
            ("cpu", used.cpu_millicores, cpu, "millicores"),
            ("memory", used.memory_mib, memory, "MiB"),
            ("pods", used.pods, band.max_pods, "pods"),
        ):
            yield Budget(
                name=f"{pool}-{measure}",
                used=sum_,
                limit=int(each * spec.max_nodes * fill),
                unit=unit,
                arithmetic=f"{'poolers, controllers and add-ons ' if pool == place else ''}at most replicas, "
                f"of {spec.max_nodes} {spec.band} x {each} x {fill:g}",
            )


# --- a tenant's own machines ---------------------------------------------------------------------------------------


def own_addresses(context: Context, cell: str, zones: int, addresses_per_node: Mapping[str, int]) -> int:
    """Addresses that the own node pools of the cell's tenants take over all zones at most nodes.

    Args:
        addresses_per_node: by node band.
    """
    total = 0
    for tenant in context.semi_dedicated_productions(cell):
        with suppress(Refused):  # a refused tenant will not be there
            band, _, most = own_nodes(context, tenant, zones)[:3]
            total += most * addresses_per_node[band]
    return ceil(total)


def own_nodes(context: Context, tenant: Tenant, zones: int) -> tuple[str, int, int, Decision]:
    """Band, least and most nodes of a semi-dedicated tenant's own pool, and the decision."""
    key: object = (own_nodes, tenant, zones)
    if key not in context.memo:
        cell = context.cell_of(tenant.customer)
        band, _ = sizing.odoo_band(context, tenant)
        plans = workloads.tenant_workloads(
            context, tenant, context.catalog.odoo_bands[band], cell=shared.band(context, cell), own_pool="own"
        )
        (least,) = workloads.pods_by_pool(plans, most=False).values()
        (most,) = workloads.pods_by_pool(plans, most=True).values()
        reports = context.service_class(tenant.customer).reporting
        pooler = shared.pooler_pods(context, shared.OWN_POOLERS, reports=reports)
        context.memo[key] = sizing.node_band(context, tenant, least + pooler, most + pooler, zones)
    found = context.memo[key]
    assert isinstance(found, tuple)
    return found
