"""Which band of the catalog a tenant gets: always the smallest that its class is entitled to and that fits its load."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import TypeVar

from odoo_estate.decide.context import Context, Tenant
from odoo_estate.decide.exemptions import exemption
from odoo_estate.decide.load import Load
from odoo_estate.errors import Refused
from odoo_estate.plan import Decision
from odoo_estate.spec.catalog import Assumptions, CacheBand, NodeBand, OdooBand, PostgresBand

Band = TypeVar("Band")

AUTOSCALING_ROOM = 1.1
"""RDS refuses storage autoscaling that leaves less than a tenth (RDS user guide)."""


@dataclass(frozen=True, kw_only=True)
class Use:
    """One measure of a load against what a band carries."""

    used: float
    limit: float
    unit: str

    @property
    def share(self) -> float:
        return self.used / self.limit if self.limit else float("inf") if self.used else 0.0

    def __str__(self) -> str:
        return f"{self.used:g} of {self.limit:g} {self.unit} ({self.share:.0%})"


def load_in(context: Context, tenant: Tenant) -> Load:
    """The load that an environment is sized for: production's whole, a share of it in staging, one worker's in trials."""
    load = context.placement(tenant.customer).load
    known = context.catalog.assumptions
    if tenant.environment == "production":
        return load
    if tenant.environment == "staging":
        share = known.staging_load_share
        return replace(
            load,
            concurrent_users=ceil(load.concurrent_users * share),
            orders_per_hour=ceil(load.orders_per_hour * share),
            integration_requests_per_hour=ceil(load.integration_requests_per_hour * share),
            arithmetic=f"{share:.0%} of production's users and rates, all of its data",
        )
    return replace(
        load,
        concurrent_users=min(load.concurrent_users, known.trial_users),
        orders_per_hour=min(load.orders_per_hour, known.trial_orders_per_hour),
        integration_requests_per_hour=min(load.integration_requests_per_hour, known.trial_orders_per_hour),
        database_gib=min(load.database_gib, known.trial_database_gib),
        filestore_gib=min(load.filestore_gib, known.trial_database_gib),
        arithmetic=f"a trial: at most {known.trial_users} users at once and {known.trial_database_gib} GiB, of a copy too",
    )


# --- Odoo ----------------------------------------------------------------------------------------------------------


def odoo_uses(band: OdooBand, load: Load) -> tuple[Use, ...]:
    return (
        Use(used=load.concurrent_users, limit=band.concurrent_users, unit="users at once"),
        Use(used=load.orders_per_hour, limit=band.orders_per_hour, unit="orders/h"),
        Use(
            used=load.integration_requests_per_hour,
            limit=band.integration_requests_per_hour,
            unit="integration requests/h",
        ),
    )


def odoo_band(context: Context, tenant: Tenant) -> tuple[str, Decision]:
    """The smallest Odoo band of the tenant's class that carries its load."""
    bands = context.catalog.odoo_bands
    service = context.service_class(tenant.customer)
    load = load_in(context, tenant)
    return _smallest(
        context,
        tenant,
        topic="odoo band",
        field="odoo_bands",
        allowed=service.odoo_bands,
        bands=bands,
        uses=lambda band: odoo_uses(band, load),
        load=load,
    )


# --- PostgreSQL ----------------------------------------------------------------------------------------------------


def allocated_gib(band: PostgresBand, gib: int, fill: float) -> int:
    """Storage to allocate at first: the band's, or what keeps ``gib`` below ``fill`` of it."""
    return max(band.storage_gib, ceil(gib / fill))


def postgres_uses(
    band: PostgresBand, load: Load, connections: int, known: Assumptions, scratch_gib: int = 0
) -> tuple[Use, ...]:
    fill = known.shared_database_fill
    return (
        Use(used=load.orders_per_hour, limit=int(band.orders_per_hour * fill), unit="orders/h"),
        Use(used=connections, limit=int(band.max_connections * fill) - known.connection_reserve, unit="connections"),
        Use(
            used=ceil(allocated_gib(band, load.database_gib + scratch_gib, fill) * AUTOSCALING_ROOM),
            limit=band.max_storage_gib,
            unit="GiB with room to grow",
        ),
    )


def postgres_band(context: Context, tenant: Tenant, connections: int, scratch_gib: int) -> tuple[str, Decision]:
    """The smallest instance band of the tenant's class for an instance of its own; ``connections`` is the most it will ever hold, ``scratch_gib``
    what a verification of its dumps takes beside the database."""
    catalog = context.catalog
    service = context.service_class(tenant.customer)
    load = load_in(context, tenant)
    bands = catalog.postgres_bands
    return _smallest(
        context,
        tenant,
        topic="database band",
        field="postgres_bands",
        allowed=service.postgres_bands,
        bands=bands,
        uses=lambda band: postgres_uses(band, load, connections, catalog.assumptions, scratch_gib),
        load=load,
    )


# --- cache ---------------------------------------------------------------------------------------------------------


def cache_mib(context: Context, tenant: Tenant) -> int:
    """A tenant's share of a cache: sessions by head, not by concurrency, because they outlive the working day."""
    known = context.catalog.assumptions
    production = tenant.environment in ("production", "staging")
    users = context.customers[tenant.customer].workload.users if production else known.trial_users
    return ceil(known.cache_mib_per_tenant + known.cache_mib_per_user * users)


def usable_mib(band: CacheBand) -> int:
    """What a node holds without its reserved share."""
    return band.memory_mib * (100 - band.reserved_percent) // 100


def cache_band(context: Context, tenant: Tenant) -> tuple[str, Decision]:
    """The smallest cache band of the tenant's class for a cache of its own."""
    service = context.service_class(tenant.customer)
    mib = cache_mib(context, tenant)
    return _smallest(
        context,
        tenant,
        topic="cache band",
        field="cache_bands",
        allowed=service.cache_bands,
        bands=context.catalog.cache_bands,
        uses=lambda band: (Use(used=mib, limit=usable_mib(band), unit="MiB of cache"),),
        load=load_in(context, tenant),
    )


# --- nodes ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Pods:
    """What a set of pods requests together, and its largest pod."""

    cpu_millicores: int = 0
    memory_mib: int = 0
    pods: int = 0
    largest_cpu_millicores: int = 0
    largest_memory_mib: int = 0

    def __add__(self, other: "Pods") -> "Pods":
        return Pods(
            cpu_millicores=self.cpu_millicores + other.cpu_millicores,
            memory_mib=self.memory_mib + other.memory_mib,
            pods=self.pods + other.pods,
            largest_cpu_millicores=max(self.largest_cpu_millicores, other.largest_cpu_millicores),
            largest_memory_mib=max(self.largest_memory_mib, other.largest_memory_mib),
        )


def room(band: NodeBand) -> tuple[int, int]:
    """Millicores and MiB that pods may request on one node."""
    return (
        band.vcpus * 1000 - band.reserved_cpu_millicores,
        band.memory_gib * 1024 - band.reserved_memory_mib,
    )


def nodes_for(band: NodeBand, pods: Pods, fill: float) -> int:
    """Nodes that hold ``pods``, filled to ``fill``; 0 where the largest pod fits none."""
    cpu, memory = room(band)
    if pods.largest_cpu_millicores > cpu or pods.largest_memory_mib > memory:
        return 0
    return max(
        ceil(pods.cpu_millicores / (cpu * fill)),
        ceil(pods.memory_mib / (memory * fill)),
        ceil(pods.pods / (band.max_pods * fill)),
        1,
    )


def node_band(context: Context, tenant: Tenant, least: Pods, most: Pods, zones: int) -> tuple[str, int, int, Decision]:
    """Band, least and most nodes of a tenant's own pool: the smallest band whose most nodes the class allows.

    ``least`` are the pods at fewest replicas, ``most`` at most; there is at least one node a zone.
    """
    service = context.service_class(tenant.customer)
    fill = context.catalog.assumptions.node_fill
    listed = []
    for key in service.node_bands:
        band = context.catalog.node_bands[key]
        most_nodes = nodes_for(band, most, fill)
        if 0 < most_nodes <= service.max_nodes:
            least_nodes = max(zones, nodes_for(band, least, fill))
            most_nodes = max(most_nodes, least_nodes)
            cpu, memory = room(band)
            return (
                key,
                least_nodes,
                most_nodes,
                Decision(
                    topic="node pool",
                    value=f"{least_nodes} to {most_nodes} x {key}",
                    reason=f"{most.cpu_millicores} millicores, {most.memory_mib} MiB and {most.pods} pods at most replicas, "
                    f"a node filled to {fill:.0%} takes {cpu} millicores and {memory} MiB",
                    entitlement=f"service_classes.{context.customers[tenant.customer].service_class}.node_bands",
                    binding=f"{most_nodes} of {service.max_nodes} nodes",
                ),
            )
        listed.append(f"{key}: {most_nodes or 'no'} nodes of {service.max_nodes}")
    raise Refused(
        f"no node band of the class holds the workloads: {'; '.join(listed)}",
        document=f"customer:{tenant.customer}",
        field=("workload",),
        allowed=service.node_bands,
        remedy="move to a class with more nodes, or split the contract",
    )


# --- the rule ------------------------------------------------------------------------------------------------------


def _smallest(
    context: Context,
    tenant: Tenant,
    *,
    topic: str,
    field: str,
    allowed: Sequence[str],
    bands: Mapping[str, Band],
    uses: Callable[[Band], Sequence[Use]],
    load: Load,
) -> tuple[str, Decision]:
    customer = context.customers[tenant.customer]
    entitlement = f"service_classes.{customer.service_class}.{field}"
    granted = exemption(customer, "ENT-02", context.today)
    order = [key for key in bands if key in allowed]
    if granted:
        order += [key for key in bands if key not in allowed and list(bands).index(key) > list(bands).index(order[-1])]
    refused = []
    for position, key in enumerate(order):
        measured = uses(bands[key])
        over = [use for use in measured if use.used > use.limit]
        if over:
            refused.append(f"{key}: {'; '.join(map(str, over))}")
            continue
        binding = max(measured, key=lambda use: use.share)
        later = order[position + 1] if position + 1 < len(order) else None
        beyond = key not in allowed
        return key, Decision(
            topic=topic,
            value=key,
            reason=f"the smallest entitled band that carries {load.arithmetic}"
            + (f"; exception ENT-02 until {granted.expires} by {granted.approver}" if granted and beyond else ""),
            entitlement="exceptions.ENT-02" if beyond else entitlement,
            binding=str(binding),
            next_step=f"{later} beyond {binding.limit:g} {binding.unit}"
            if later
            else f"none: {key} is the last that is entitled",
        )
    raise Refused(
        f"no {topic} of the class {customer.service_class} is large enough for {tenant.environment}: {' | '.join(refused)}",
        document=f"customer:{tenant.customer}",
        field=("workload",),
        allowed=order,
        remedy="move to a larger class, or record an exception ENT-02 with approver and expiry",
    )
