"""What a cell still has room for: which limit binds, and how many more tenants of each class fit."""

from dataclasses import dataclass, replace
from types import MappingProxyType

from odoo_estate.decide import budgets, landing, recovery_load, shared, sizing
from odoo_estate.decide.budgets import Demand
from odoo_estate.decide.context import MAIN, Context
from odoo_estate.decide.load import Load
from odoo_estate.decide.placement import LADDER, MEASURES, rank
from odoo_estate.decide.workloads import (
    client_connections,
    pods_by_pool,
    replicas,
    workload_bands,
    workload_plan,
)
from odoo_estate.decide.workloads import place_of as place
from odoo_estate.plan import OWN, Budget, Tenancy
from odoo_estate.spec.catalog import Catalog


@dataclass(frozen=True, kw_only=True)
class Room:
    """How many more typical tenants of one class fit a cell, and the budget that stops the next one."""

    service_class: str
    tenancy: Tenancy
    fit: int
    binding: Budget
    typical: str
    """What a typical tenant was taken to need."""

    def __str__(self) -> str:
        one = self.binding
        return (
            f"{self.fit} more of {self.service_class} ({self.tenancy}; {self.typical}); then {one.name} is full: "
            f"{one.used:g} of {one.limit:g} {one.unit} taken now"
        )


@dataclass(frozen=True, kw_only=True)
class Instance:
    """A database instance of the cell: how full it is, and for which classes it is where the next typical tenant would land."""

    name: str
    band: str
    budgets: tuple[Budget, ...]
    next: tuple[str, ...]

    def __str__(self) -> str:
        used = ", ".join(
            f"{one.used:g} of {one.limit:g} {one.unit} ({one.used / one.limit if one.limit else 0:.0%})"
            for one in self.budgets
        )
        lands = f"; the next of {', '.join(self.next)} lands here" if self.next else ""
        return f"{self.name} ({self.band}): {used}{lands}"


@dataclass(frozen=True, kw_only=True)
class Capacity:
    """A cell's fullest budget, its database instances, and its room by service class."""

    fullest: Budget
    instances: tuple[Instance, ...]
    rooms: tuple[Room, ...]


def capacity(context: Context, cell: str) -> Capacity:
    """What ``cell`` still has room for; a dedicated cell is nobody else's, and classes whose tenants never share a cell are left out."""
    known = budgets.budgets(context, cell)
    # The system pool's are left out: no tenant takes from it.
    filled = [one for one in known if not one.name.startswith(f"{shared.SYSTEM_POOL}-")]
    fullest = max(filled, key=lambda one: (one.used / one.limit if one.limit else 0.0, one.name))
    rooms = []
    lands: dict[str, list[str]] = {}
    band = shared.band(context, cell)
    for service_class in band.serves if band.tenancy == "shared" else ():
        tenancy = _shared_tenancy(context, service_class, cell)
        if tenancy:
            where = _landing(context, cell, service_class, tenancy)
            if where:
                lands.setdefault(where, []).append(service_class)
            rooms.append(_room(context, cell, service_class, tenancy, where or MAIN))
    instances = tuple(
        Instance(
            name=key,
            band=shared.database_band_key(context, cell, key),
            budgets=landing.fill(context, cell, key)[:3],
            next=tuple(lands.get(key, ())),
        )
        for key in landing.instances(context, cell)
    )
    return Capacity(fullest=fullest, instances=instances, rooms=tuple(rooms))


def _landing(context: Context, cell: str, service_class: str, tenancy: Tenancy) -> str | None:
    """The instance for the next typical tenant of the class; pooled ones share one with their workers."""
    keys = (MAIN,) if tenancy == "pooled" else landing.instances(context, cell)
    one = _demand(context, cell, service_class, tenancy, typical_load(context.catalog, tenancy))
    found = landing.best(tuple(landing.landing(context, cell, key, [one]) for key in keys))
    return found.instance if found else None


def _shared_tenancy(context: Context, service_class: str, cell: str) -> Tenancy | None:
    """The first tenancy of the class that lives on shared machines of this cell."""
    for tenancy in context.catalog.service_classes[service_class].tenancies:
        if tenancy == "namespaced" or (tenancy == "pooled" and service_class in budgets.pooled_classes(context, cell)):
            return tenancy
    return None


def typical_load(catalog: Catalog, tenancy: Tenancy) -> Load:
    """Half of what the next step's thresholds allow: the middle of those who stand on this step."""
    halves: dict[str, int] = {}
    for above in LADDER[rank(tenancy) + 1 :]:
        step = catalog.placement.get(above)
        for measure, _ in MEASURES if step else ():
            limit = getattr(step, measure)
            if limit is not None:
                halves.setdefault(measure, limit // 2)
    return Load(
        concurrent_users=halves.get("concurrent_users", 1),
        orders_per_hour=halves.get("orders_per_hour", 1),
        integrations=halves.get("integrations", 0),
        integration_requests_per_hour=halves.get("integration_requests_per_hour", 0),
        database_gib=halves.get("database_gib", 1),
        filestore_gib=0,
        custom_modules=0,
        heavy_modules=0,
        unapproved_modules=(),
        arithmetic="half of the next step's thresholds",
    )


def _room(context: Context, cell: str, service_class: str, tenancy: Tenancy, instance: str) -> Room:
    load = typical_load(context.catalog, tenancy)
    one = replace(_demand(context, cell, service_class, tenancy, load), database=instance)
    best: tuple[int, Budget] | None = None
    for budget in budgets.budgets(context, cell):
        need = needs(one).get(budget.name, 0)
        if need > 0:
            fit = max(0, int((budget.limit - budget.used) // need))
            if best is None or fit < best[0]:
                best = (fit, budget)
    assert best is not None  # every tenant counts against "tenants"
    return Room(
        service_class=service_class,
        tenancy=tenancy,
        fit=best[0],
        binding=best[1],
        typical=f"{load.concurrent_users} users at once, {load.orders_per_hour} orders/h, {load.database_gib} GiB",
    )


def needs(one: Demand) -> dict[str, float]:
    """What a tenant adds to each of its cell's budgets, by the budget's name."""
    found: dict[str, float] = {"tenants": 1, "recovery-minutes": one.recovery_minutes}
    if one.database and one.database != OWN:
        found |= {
            f"connections-{one.database}": one.connections,
            f"clients-{one.database}": one.clients,
            f"storage-{one.database}": one.database_gib,
            f"orders-{one.database}": one.orders_per_hour,
            "cache": one.cache_mib,
        }
    if one.pooled_class:
        found |= {
            f"pooled-{one.pooled_class}-users": one.users,
            f"pooled-{one.pooled_class}-orders": one.orders_per_hour,
            f"pooled-{one.pooled_class}-requests": one.integration_requests_per_hour,
        }
    for pool, pods in (one.pods or MappingProxyType({})).items():
        found |= {f"{pool}-cpu": pods.cpu_millicores, f"{pool}-memory": pods.memory_mib, f"{pool}-pods": pods.pods}
    return found


def _demand(context: Context, cell: str, service_class: str, tenancy: Tenancy, load: Load) -> Demand:
    known = context.catalog.assumptions
    cache = int(
        known.cache_mib_per_tenant + known.cache_mib_per_user * load.concurrent_users / known.concurrent_user_share
    )
    promised = context.catalog.service_classes[service_class].backup.dumps
    jobs = recovery_load.work_of(context, promised, load.database_gib, recovery_load.assumed_rate(context))
    recovery = recovery_load.daily_minutes(jobs)
    if tenancy == "pooled":
        return Demand(
            database=MAIN,
            database_gib=load.database_gib,
            orders_per_hour=load.orders_per_hour,
            cache_mib=cache,
            pooled_class=service_class,
            users=load.concurrent_users,
            integration_requests_per_hour=load.integration_requests_per_hour,
            recovery_minutes=recovery,
        )
    service = context.catalog.service_classes[service_class]
    bands = [context.catalog.odoo_bands[key] for key in context.catalog.odoo_bands if key in service.odoo_bands]
    band = next((one for one in bands if all(use.used <= use.limit for use in sizing.odoo_uses(one, load))), bands[-1])
    plans = {
        workload: workload_plan(
            workload,
            one,
            replicas=replicas(one, workload, production=True, least_web=service.availability.min_web_replicas),
            place=place(workload, shared.band(context, cell)),
            production=True,
            spread=True,
        )
        for workload, one in workload_bands(band, reporting=service.reporting).items()
    }
    return Demand(
        database=MAIN,
        connections=sum(budgets.server_connections(context, cell, plans)),
        clients=client_connections(plans),
        database_gib=load.database_gib,
        orders_per_hour=load.orders_per_hour,
        cache_mib=cache,
        pods=budgets.with_overhead(pods_by_pool(plans, most=True), context),
        recovery_minutes=recovery,
    )
