"""What a cell and its platform share with the tenants: names that both sides must say alike, the poolers and the pooled workers' login.

The cell's and the platform's plans are made from these, and the tenants' plans refer to them; there is no other place where they are spelled.
"""

from collections.abc import Mapping
from math import ceil
from types import MappingProxyType
from typing import NamedTuple

from odoo_estate.catalog import rds_roots
from odoo_estate.decide import network
from odoo_estate.decide.context import MAIN, Context
from odoo_estate.decide.naming import DR, name, part
from odoo_estate.decide.sizing import Pods
from odoo_estate.decide.tags import POOL
from odoo_estate.errors import Refused
from odoo_estate.plan import AwsTarget, ClientLimits, ContainerSize, PoolerPlan, PoolPlan, PriorityPlan, ZonePlan
from odoo_estate.spec.catalog import SPOT_POOLS, CellBand, OdooBand, PostgresBand

INGRESS_NAMESPACE = "ingress"
BEHIND_BALANCER_NAMESPACE = "ingress-behind-balancer"
"""Holds the TLS settings of every Traefik behind an application load balancer, and nothing else."""
MONITORING_NAMESPACE = "monitoring"
POOLER_NAMESPACE = "pooler"
PROVISIONING_NAMESPACE = "provisioning"
SERVICE_ACCOUNT = "odoo"
SYSTEM_POOL = "system"
GENERAL_POOL = "general"
INTEGRATION_POOL = "integration"
REPORTING_POOL, TRIAL_POOL = SPOT_POOLS
OPERATOR_BRAND = "_operator"
"""Brand of customers without a partner (`RoutePlan.brand`); no partner can be called so."""
ISSUER = "acme"
"""Key of the cell's certificate issuer (`IssuerPlan`)."""
WEB_PRIORITY = "odoo-web"
BACKGROUND_PRIORITY = "odoo-background"
PLATFORM_PRIORITY = "platform"
TRIAL_PRIORITY = "odoo-trial"
RECOVERY_PRIORITY = "recovery"
PRIORITIES: Mapping[str, PriorityPlan] = MappingProxyType(
    {
        PLATFORM_PRIORITY: PriorityPlan(
            value=100_000, description="Ingress, poolers and operators: everybody stands still without them"
        ),
        WEB_PRIORITY: PriorityPlan(value=10_000, description="Production workers that people wait for"),
        BACKGROUND_PRIORITY: PriorityPlan(value=5_000, description="Production jobs: cron, integrations, reports"),
        RECOVERY_PRIORITY: PriorityPlan(
            value=3_000, description="Dumps and their verification: nobody waits for them, but they have to happen"
        ),
        TRIAL_PRIORITY: PriorityPlan(value=1_000, description="Staging, sandboxes and development: first to make room"),
    }
)
"""The cluster's priority classes by name; what is higher is scheduled first and may evict what is lower."""
SESSIONS_SIZE = ContainerSize(cpu_millicores=50, memory_mib=64)
"""Of a pooler's process for job runners, which are a handful and mostly wait, and of the one for reports, which are as few."""
CACHE_WATCH_SIZE = ContainerSize(cpu_millicores=50, memory_mib=128)
"""Python with boto3, and a few hundred keys at a time."""
PAGES_REPLICAS = 2
PAGES_SIZE = ContainerSize(cpu_millicores=25, memory_mib=64)
"""nginx with a handful of static pages."""
QUERY_WAIT_SECONDS = 30
"""How long a client waits for a server connection: long enough for a burst, shorter than Odoo's request limit of 120 s, so that the error
names the pooler."""
OWN_POOLERS = 2
"""Replicas of a tenant's own pooler in production: one may be replaced. Elsewhere there is one."""


class Place(NamedTuple):
    """A node pool and whether it has to be tolerated."""

    pool: str
    tainted: bool

    @property
    def node_selector(self) -> dict[str, str]:
        return {POOL: self.pool}

    @property
    def tolerations(self) -> dict[str, str]:
        return {POOL: self.pool} if self.tainted else {}


def target(context: Context, cell: str) -> AwsTarget:
    """Account and region of a cell and of everything in it."""
    one = context.estate.cells[cell]
    return AwsTarget(
        account=context.estate.accounts[one.account],
        region=region(context, cell),
        role=context.estate.deploy_role or "",
    )


def region(context: Context, cell: str) -> str:
    """Where the cell is looked at: its own region, or that of its recovery."""
    one = context.estate.cells[cell]
    return one.recovery.region if one.recovery and context.away == cell else one.region


def site(context: Context, cell: str) -> tuple[str, ...]:
    """What distinguishes, in names that are unique in an account or in the world, the recovery region's things from the cell's."""
    return (DR,) if context.away == cell else ()


def band(context: Context, cell: str) -> CellBand:
    """The cell's band in the catalog."""
    return context.catalog.cell_bands[context.estate.cells[cell].band]


def place(band: CellBand, pool: str) -> Place:
    """The cell's pool of that name; general where it has none."""
    key = pool if pool in band.node_pools else GENERAL_POOL
    one = band.node_pools.get(key)
    return Place(key, one.tainted if one else False)


def cluster(context: Context, cell: str) -> str:
    """The EKS cluster's name."""
    return name("eks", context.estate.estate, cell, *site(context, cell))


def ingress_class(service_class: str) -> str:
    """One ingress class per service class: its own entry, limits and scaling."""
    return part(service_class)


def ingress_release(entry: str) -> str:
    """The Helm release of an ingress class' Traefik."""
    return f"traefik-{entry}"


def ingress_share(context: Context, limit: int) -> int:
    """One ingress replica's share of a class' limit: each counts for itself, and the load balancer deals connections out evenly."""
    return ceil(limit / context.catalog.assumptions.ingress_replicas)


def client_limits(context: Context, service_class: str) -> ClientLimits:
    """What single clients of a class may do at one replica of its ingress."""
    service = context.catalog.service_classes[service_class]
    rate = context.catalog.rate_limits[service.rate_limit]
    return ClientLimits(
        login_per_minute=ingress_share(context, rate.login_per_minute),
        api_per_minute=ingress_share(context, rate.api_per_minute),
        # Not shared out: an integration sends its batch over one connection, so to one replica.
        api_burst=rate.api_per_minute,
        body_mib=rate.body_mib,
        firewalled=service.firewall is not None,
    )


def zone_domain(context: Context, cell: str) -> str:
    """The cell's own DNS domain below the platform's."""
    return f"{cell}.{context.estate.domains.platform}"


def ingress_target(context: Context, cell: str, service_class: str) -> str:
    """The name under which the ingress of one service class answers in this cell."""
    return f"{ingress_class(service_class)}.ingress.{zone_domain(context, cell)}"


def egress_names(context: Context, cell: str) -> tuple[str, ...]:
    """The only names that may be resolved in a cell of its own whose class says so; empty: all."""
    customer = context.customers.get(context.estate.cells[cell].customer or "")
    if customer is None or context.catalog.service_classes[customer.service_class].egress == "open":
        return ()
    platform = context.estate.domains.platform
    proofs = [name for domain in customer.domains for name in (domain, f"*.{domain}")]  # of certificates
    return (*context.catalog.network.egress_names, platform, f"*.{platform}", *proofs, *customer.egress)


def zones(context: Context, cell: str) -> Mapping[str, ZonePlan]:
    """The subnets of the cell's network by zone key."""
    key: object = (zones, cell)
    if key not in context.memo:
        context.memo[key] = network.zones(
            context.estate,
            context.catalog.assumptions,
            cell,
            band(context, cell).zones,
            recovery=context.away == cell,
        )
    found = context.memo[key]
    assert isinstance(found, dict)
    return found


def database_cidrs(context: Context, cell: str) -> tuple[str, ...]:
    """The subnets that databases and caches of the cell live in."""
    return tuple(zone.database_cidr for zone in zones(context, cell).values())


def cell_bucket(context: Context, cell: str, purpose: str) -> str:
    """The cell's shared bucket for one purpose; pooled tenants have a prefix in the one for attachments."""
    return name("s3", context.estate.estate, cell, *site(context, cell), purpose, suffix=target(context, cell).account)


def replication_roles(context: Context, cell: str, key: str) -> tuple[str, str]:
    """Names of the roles by which S3 copies a bucket into the recovery region and back; ``key`` is a purpose of the cell's, or
    ``CUSTOMER.ENVIRONMENT.PURPOSE``."""
    parts = (context.estate.estate, cell, "copy", *key.split("."))
    return name("iam-role", *parts), name("iam-role", *parts, "home")


# --- databases -----------------------------------------------------------------------------------------------------


def generation(context: Context, cell: str) -> int:
    """Of the cell's primary instances: one more after each fail-back."""
    written = context.recoveries.get(cell)
    return written.generation if written else 1


def database_identifier(context: Context, cell: str, key: str, generation: int = 1) -> str:
    """RDS identifier of one of the cell's instances; each fail-back brings a new generation of them."""
    return name("rds", context.estate.estate, cell, key, *((f"g{generation}",) if generation > 1 else ()))


def database_band(context: Context, cell: str, key: str) -> PostgresBand:
    """The band of one of the cell's instances, ``main`` or a named one."""
    return context.catalog.postgres_bands[database_band_key(context, cell, key)]


def database_band_key(context: Context, cell: str, key: str) -> str:
    return band(context, cell).postgres if key == MAIN else context.estate.cells[cell].databases[key]


def database_classes(context: Context, cell: str) -> tuple[str, ...]:
    """RDS classes of the cell's own instances; none for bands that the catalog does not have, which is said elsewhere."""
    one, catalog = context.estate.cells[cell], context.catalog
    served = catalog.cell_bands.get(one.band)
    keys = [*([served.postgres] if served else []), *one.databases.values()]
    return tuple(catalog.postgres_bands[key].instance_class for key in keys if key in catalog.postgres_bands)


# --- poolers -------------------------------------------------------------------------------------------------------


def pool_size(context: Context, cell: str) -> int:
    """Server connections per database, login and pooler process of a shared pooler: the same for all its tenants, so that the pooler's
    configuration, and with it every tenant's session, stays untouched when one is added."""
    return ceil(context.catalog.assumptions.shared_pool_size / band(context, cell).pooler_replicas)


def bus_pool_size(context: Context, cell: str) -> int:
    """Server connections per login and pooler process to the database ``postgres``: enough for the largest Odoo band that may share the
    cell, because LISTEN and NOTIFY pin them and a login without one would wait for ever."""
    catalog, served = context.catalog, band(context, cell)
    keys = {key for one in served.serves for key in catalog.service_classes[one].odoo_bands}
    pooled = (bus_connections(catalog.odoo_bands[key], pooled=True) for key in served.pooled_class_bands.values())
    return max(*(bus_connections(catalog.odoo_bands[key]) for key in keys), *pooled)


def bus_connections(odoo: OdooBand, *, pooled: bool = False) -> int:
    """Connections to the bus at most: one for every process of every workload, a second one for those that LISTEN (``pooled``: integration too),
    with one more pod of each workload but cron for a rolling update."""
    once = [odoo.web, odoo.integration, *([odoo.reporting] if odoo.reporting else [])]
    return (
        sum(one.processes * (one.max_replicas + 1) for one in once)
        + 2 * odoo.websocket.processes * (odoo.websocket.max_replicas + 1)
        + 2 * odoo.cron.processes * odoo.cron.max_replicas
        + (odoo.integration.processes * (odoo.integration.max_replicas + 1) if pooled else 0)
    )


def session_pool_size(context: Context, cell: str) -> int:
    """Connections of one tenant's job runners per process: one for every integration pod of the largest Odoo band in the cell."""
    catalog, served = context.catalog, band(context, cell)
    keys = {key for one in served.serves for key in catalog.service_classes[one].odoo_bands}
    return max(catalog.odoo_bands[key].integration.max_replicas + 1 for key in keys)


def reporting(context: Context, cell: str) -> bool:
    """Whether the cell is one customer's whose class includes reporting: its instances then have read replicas."""
    owner = context.customers.get(context.estate.cells[cell].customer or "")
    return owner is not None and context.catalog.service_classes[owner.service_class].reporting


def replica_pool_size(context: Context, cell: str) -> int:
    """Connections per database, login and pooler process to a read replica of the cell's instances: one for every process of reporting in the
    largest Odoo band that may be there, and one to spare. 0 without replicas, after a fail-back, whose instances begin without any, and in the
    recovery region, where there are none."""
    served = band(context, cell)
    if not reporting(context, cell) or generation(context, cell) > 1 or context.away == cell:
        return 0
    bands = {
        context.catalog.odoo_bands[key]
        for one in served.serves
        for key in context.catalog.service_classes[one].odoo_bands
    }
    most = max(
        (one.reporting.processes * (one.reporting.max_replicas + 1) for one in bands if one.reporting), default=0
    )
    return ceil(most / served.pooler_replicas) + 1 if most else 0


def server_ca(context: Context, cell: str) -> str:
    """The authorities of RDS in the cell's region.

    Raises:
        Refused: none are shipped.
    """
    where = region(context, cell)
    key: object = (server_ca, where)
    if key not in context.memo:
        context.memo[key] = rds_roots(where)
    found = context.memo[key]
    assert isinstance(found, str)
    if not found:
        raise Refused(
            f"no certificate of RDS is known for {where}, and poolers trust no other",
            document="estate",
            field=("cells", cell, *(("recovery",) if context.away == cell else ()), "region"),
            value=where,
            remedy="add the region's root certificates to catalog/rds-roots.pem, or choose another region",
        )
    return found


def pooler_name(key: str) -> str:
    """The pooler in front of the cell's instance ``key``; its service has the same name."""
    return name("kubernetes", "pooler", key)


def pooler_credentials(context: Context, cell: str, key: str) -> str:
    """Secrets Manager name of the pooler's own login."""
    return name("secret", context.estate.estate, "cell", cell, "pooler", key)


def shared_pooler(context: Context, cell: str, key: str) -> PoolerPlan:
    """The pooler in front of one of the cell's instances. It depends on the cell alone: tenants come and go without touching it.

    ``max_db_connections`` keeps a single database, the bus above all, from ever passing the instance's limit through one process.
    """
    memo: object = (shared_pooler, cell, key)
    if memo not in context.memo:
        instance = database_band(context, cell, key)
        replicas = band(context, cell).pooler_replicas
        context.memo[memo] = pooler(
            context,
            pooler=pooler_name(key),
            namespace=POOLER_NAMESPACE,
            database=key,
            replicas=replicas,
            pool=pool_size(context, cell),
            bus=bus_pool_size(context, cell),
            max_connections=instance.max_connections,
            credentials=pooler_credentials(context, cell, key),
            sessions=session_pool_size(context, cell),
            reports=replica_pool_size(context, cell),
            clients_each=context.catalog.assumptions.pooler_clients // 2,
            cell=cell,
            place=place(band(context, cell), SYSTEM_POOL),
        )
    found = context.memo[memo]
    assert isinstance(found, PoolerPlan)
    return found


def pooler(
    context: Context,
    *,
    pooler: str,
    namespace: str,
    database: str,
    replicas: int,
    pool: int,
    bus: int,
    max_connections: int,
    credentials: str,
    sessions: int,
    reports: int,
    clients_each: int,
    cell: str,
    place: Place,
) -> PoolerPlan:
    """A pooler: transactions for Odoo's databases, sessions for the bus in ``postgres``.

    Args:
        sessions: server connections of one tenant's job runners per process.
        reports: server connections of one tenant to the read replica per process; 0: there is no replica.
        clients_each: clients of one database per process.

    Raises:
        Refused: no certificate of RDS is shipped for the cell's region.
    """
    clients = context.catalog.assumptions.pooler_clients
    room = max_connections - context.catalog.assumptions.connection_reserve
    return PoolerPlan(
        name=pooler,
        namespace=namespace,
        image=context.catalog.versions.images["pgbouncer"],
        database=database,
        replicas=replicas,
        size=pooler_size(context),
        pools={"postgres": PoolPlan(mode="session", size=bus), "*": PoolPlan(mode="transaction", size=pool)},
        max_client_connections=clients,
        max_db_connections=room // replicas,
        query_wait_seconds=QUERY_WAIT_SECONDS,
        credentials_secret=credentials,
        sessions_size=SESSIONS_SIZE,
        server_ca=server_ca(context, cell),
        session_size=sessions,
        max_database_clients=clients_each,
        # Two processes a replica, and twice the replicas while every one of them is replaced.
        lookup_connections=max(1, context.catalog.assumptions.pooler_lookups // (4 * replicas)),
        node_selector=place.node_selector,
        tolerations=place.tolerations,
        priority_class=PLATFORM_PRIORITY,
        replica_size=reports,
    )


def pooler_size(context: Context) -> ContainerSize:
    """Of a pooler's first process.

    Memory: PgBouncer keeps about 2 KiB a client and 8 KiB a server connection besides 30 MiB of its own and TLS buffers (about 48 KiB a
    connection); 256 MiB hold 4000. It is single-threaded: more than one core is never used.
    """
    memory = 64 + context.catalog.assumptions.pooler_clients * 48 / 1024
    return ContainerSize(cpu_millicores=500, memory_mib=ceil(memory / 64) * 64)


def pooler_pods(context: Context, replicas: int, *, reports: bool = False) -> Pods:
    """What a pooler takes from its node pool; ``reports``: it also leads to a read replica."""
    size, more = pooler_size(context), 2 if reports else 1
    cpu = size.cpu_millicores + SESSIONS_SIZE.cpu_millicores * more
    memory = size.memory_mib + SESSIONS_SIZE.memory_mib * more
    return _pods(replicas, ContainerSize(cpu_millicores=cpu, memory_mib=memory))


def pages_pods() -> Pods:
    """What the server of maintenance pages takes from the system pool."""
    return _pods(PAGES_REPLICAS, PAGES_SIZE)


def cache_watch_pods() -> Pods:
    """What measuring the shared cache takes from the system pool; one run never meets the next."""
    return _pods(1, CACHE_WATCH_SIZE)


def _pods(replicas: int, size: ContainerSize) -> Pods:
    return Pods(
        cpu_millicores=size.cpu_millicores * replicas,
        memory_mib=size.memory_mib * replicas,
        pods=replicas,
        largest_cpu_millicores=size.cpu_millicores,
        largest_memory_mib=size.memory_mib,
    )


# --- pooled workers ------------------------------------------------------------------------------------------------


def pooled_namespace(service_class: str) -> str:
    return name("namespace", "pooled", part(service_class))


def pooled_login(service_class: str) -> str:
    """The role in PostgreSQL that a class' shared workers connect as."""
    return name("postgres", "pooled", part(service_class))


def pooled_secret(context: Context, cell: str, service_class: str) -> str:
    """Secrets Manager name of the shared workers' login."""
    return name("secret", context.estate.estate, "cell", cell, "pooled", part(service_class))


def pooled_band_key(context: Context, cell: str, service_class: str) -> str:
    """The Odoo band of the shared workers."""
    return band(context, cell).pooled_class_bands[service_class]


def pooled_prefix(service_class: str, customer: str, environment: str) -> str:
    """Where a pooled tenant's objects lie in the cell's bucket: below its class, whose workers may go no further."""
    return f"{part(service_class)}/{customer}/{environment}/"


# --- caches --------------------------------------------------------------------------------------------------------


def cache_id(context: Context, cell: str) -> str:
    """ElastiCache id of the cell's cache."""
    return name("elasticache", context.estate.estate, cell, *site(context, cell))
