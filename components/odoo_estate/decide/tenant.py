"""One tenant environment: everything that its contract, its class and its place come to."""

from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from math import ceil

from odoo_estate.decide import (
    backup,
    budgets,
    cluster,
    dumps_key,
    entitlements,
    lifecycle,
    objectives,
    recovery_jobs,
    recovery_load,
    shared,
    sizing,
    tenant_data,
    tenant_jobs,
    workloads,
)
from odoo_estate.decide.backup import BackupTerms
from odoo_estate.decide.cache_alarms import cache_alarms
from odoo_estate.decide.cell import cell_windows, recovery_identifier, selection
from odoo_estate.decide.context import MAIN, Context, Tenant
from odoo_estate.decide.database_alarms import database_alarms
from odoo_estate.decide.guardrails import guardrails
from odoo_estate.decide.instances import cache_plan, database_plan, reader_users
from odoo_estate.decide.naming import cell_stack, name, platform_stack, tenant_stack
from odoo_estate.decide.postgres_parameters import decision as parameter_decision
from odoo_estate.decide.postgres_tier import tier
from odoo_estate.decide.postgres_version import decision as version_decision
from odoo_estate.decide.postgres_version import upgrade_plan
from odoo_estate.decide.private_access import private_networks
from odoo_estate.decide.schedules import Windows, check_shared, check_windows, customer_windows
from odoo_estate.decide.tags import labels, tags
from odoo_estate.errors import Refused
from odoo_estate.plan import (
    OWN,
    AlarmPlan,
    BackupPlan,
    Budget,
    BudgetPlan,
    CachePlan,
    ContainerSize,
    DatabasePlan,
    Decision,
    Exemption,
    Guardrails,
    IntegrationRoutePlan,
    NodePoolPlan,
    OdooPlan,
    PoolerPlan,
    PoolPlan,
    QuotaPlan,
    RoutePlan,
    TenantCachePlan,
    TenantDatabasePlan,
    TenantNetworkPlan,
    TenantPlan,
)
from odoo_estate.spec.catalog import ServiceClass
from odoo_estate.spec.customer import Customer
from odoo_estate.spec.fields import EnvironmentName

EXTENSIONS = ("pg_trgm", "unaccent")
VECTOR_SERIES = 19
"""From this series on Odoo's AI modules want pgvector."""
IDLE_IN_TRANSACTION_SECONDS = 900
"""As on the instance: Odoo leaves transactions open only after a fault."""
LEAST_CONCURRENT = 16
"""Requests of one tenant at the ingress at the same time: less would break pages that load a dozen assets at once."""
SPEND_ACTUAL_PERCENT = (80, 100)
SPEND_FORECAST_PERCENT = (100,)
TRIAL_DATA_CLASS = "internal"
"""Sandboxes and development that hold no copy of production's data."""
UNPROTECTED_DAYS = 1
"""Point-in-time recovery of an instance that can be copied from production again: enough to undo a mistake of the day."""


def tenant_plan(context: Context, customer: str, environment: EnvironmentName) -> TenantPlan:
    """The plan of one tenant environment.

    Raises:
        Refused: the contract, its class, its partner or the arithmetic of its cell does not allow it; the refusal says where and what to do.
    """
    tenant = Tenant(customer, environment)
    contract, service = context.customers[customer], context.service_class(customer)
    entitlements.check(context, tenant)
    lifecycle.check(context, customer)
    cell, tenancy = context.cell_of(customer), context.tenancy(tenant)
    budgets.check(context, cell)
    production = environment == "production"
    owed = _owed(context, tenant) if production else None
    series, series_decision = entitlements.odoo_series(context, tenant)
    promised, proved = objectives.objectives(context, tenant)
    decisions = [context.placement(customer).decision, _cell_decision(context, tenant), series_decision]
    decisions += _instance_decision(context, tenant)
    found: list[Budget] = []

    _check_version(context, tenant)
    odoo, own = None, _Own()
    if tenancy != "pooled":
        odoo, own = _runtime(context, tenant, series, decisions, found)
        odoo = tenant_jobs.with_image(context, tenant, odoo)
    database = tenant_jobs.unhurried(context, tenant, _database(context, tenant, own, series))
    bucket_terms = owed or backup.tenant_terms(context, customer)
    owned = tenant_data.buckets(context, tenant, bucket_terms)
    inherited = _inherited(context, tenant, owed)
    own_tags = _tags(context, tenant, service, owed)
    has_data = (own.database is not None or bool(owned)) and not context.away  # there, the recovery stack keeps it
    if tenancy == "pooled":
        decisions.append(_pooled_decision(context, tenant))
    decisions.append(_maintenance_decision(context, tenant))
    attachments = owned["attachments"].name if owned else shared.cell_bucket(context, cell, "attachments")
    recovery = recovery_jobs.recovery_plan(context, tenant, database, attachments)
    job = tenant_jobs.job_plan(context, tenant, odoo, database, recovery)
    route = _route(context, tenant, service, odoo, database.name)
    decisions += [*_domains(route), *_callers(context, context.customers[customer], route)]
    decisions += promised
    decisions += lifecycle.decisions(context, tenant)
    decisions += recovery_jobs.decisions(context, tenant, recovery)
    decisions += tenant_jobs.decisions(context, tenant)
    found += proved
    return TenantPlan(
        estate=context.estate.estate,
        stack=tenant_stack(customer, environment),
        kind="tenant",
        target=shared.target(context, cell),
        tags=own_tags,
        decisions=tuple(decisions),
        budgets=(*found, *_shares(context, tenant)),
        guardrails=replace(
            _guardrails(context, tenant, owed if has_data else None, inherited if has_data else {}),
            recovery=recovery_jobs.promise(context, tenant, recovery),
        ),
        exemptions=tuple(
            Exemption(
                rule=one.rule, resource=one.resource, reason=one.reason, approver=one.approver, expires=one.expires
            )
            for one in contract.exceptions
        ),
        depends_on=(cell_stack(cell), platform_stack(cell), *tenant_jobs.stacks_read(job)),
        customer=customer,
        environment=environment,
        tenancy=tenancy,
        service_class=contract.service_class,
        partner=contract.partner or "",
        cell=cell,
        cluster=shared.cluster(context, cell),
        pod_security=context.catalog.versions.pod_security,
        namespace=_namespace(context, tenant),
        labels=labels(own_tags),
        odoo=workloads.asleep(odoo) if odoo and (contract.suspended or tenant_jobs.closed(context, tenant)) else odoo,
        quota=_quota(odoo, own.pooler, context) if odoo else None,
        network=_network(context, tenant, own.pooler) if odoo else None,
        database=database,
        own_database=own.database,
        pooler=own.pooler or shared.shared_pooler(context, cell, context.database_of(tenant)),
        cache=_cache(context, tenant, own.cache is not None),
        own_cache=own.cache,
        node_pool=_labelled(own.nodes, own_tags),
        buckets=owned,
        object_bucket="" if owned else shared.cell_bucket(context, cell, "attachments"),
        object_prefix=tenant_data.object_prefix(context, tenant),
        role=tenant_data.role(context, tenant, owned),
        service_account=shared.SERVICE_ACCOUNT,
        secrets_role=tenant_data.secrets_role(context, tenant, _secrets(context, tenant, own.pooler)),
        route=route,
        spend=_spend(context, tenant, service),
        alarms=_alarms(context, tenant, own) | recovery_jobs.alarms(context, tenant),
        backup=_backup(context, tenant, owed, _windows(context, tenant))
        if has_data and owed and not inherited
        else None,
        key=tenant_data.key(context, tenant),
        dumps_key=dumps_key.tenant_key(context, tenant) if recovery else None,
        recovery=recovery,
        job=job,
        expires=contract.environments[environment].expires or "",
        legal_name=contract.name,
    )


def _check_version(context: Context, tenant: Tenant) -> None:
    """An environment's own PostgreSQL version is that of its own instance."""
    wish = context.customers[tenant.customer].environments[tenant.environment].postgres
    if wish and context.tenancy(tenant) != "semi-dedicated":
        cell, instance = context.cell_of(tenant.customer), context.database_of(tenant)
        raise Refused(
            f"{tenant.environment} has no instance of its own: its database lies on {instance} of cell {cell}",
            document=f"customer:{tenant.customer}",
            field=("environments", tenant.environment, "postgres"),
            value=wish.version,
            remedy=f"write the version into the estate's file, under cells.{cell}.postgres.{instance}",
        )


# --- names ---------------------------------------------------------------------------------------------------------


def _namespace(context: Context, tenant: Tenant) -> str:
    if context.tenancy(tenant) == "pooled":
        return shared.pooled_namespace(context.customers[tenant.customer].service_class)
    return name("namespace", *tenant)


def _secrets(context: Context, tenant: Tenant, own: PoolerPlan | None) -> tuple[str, ...]:
    kinds = ("database", "cache", *(("pooler",) if own else ()))
    return tuple(tenant_data.secret(context, tenant, kind) for kind in kinds)


# --- machines of its own -------------------------------------------------------------------------------------------


class _Own:
    """What a tenant has that its neighbours do not: instance, pooler, cache, nodes; each None where it shares the cell's."""

    def __init__(
        self,
        database: DatabasePlan | None = None,
        pooler: PoolerPlan | None = None,
        cache: CachePlan | None = None,
        nodes: NodePoolPlan | None = None,
    ) -> None:
        self.database, self.pooler, self.cache, self.nodes = database, pooler, cache, nodes


def _runtime(
    context: Context, tenant: Tenant, series: str, decisions: list[Decision], found: list[Budget]
) -> tuple[OdooPlan, _Own]:
    """The tenant's workers, and in the semi-dedicated tenancy their own machines; adds its decisions and budgets to the lists."""
    cell = context.cell_of(tenant.customer)
    key, decision = sizing.odoo_band(context, tenant)
    decisions.append(decision)
    band = context.catalog.odoo_bands[key]
    semi = context.tenancy(tenant) == "semi-dedicated"
    own_nodes = semi and tenant.environment == "production"
    plans = workloads.tenant_workloads(
        context,
        tenant,
        band,
        cell=shared.band(context, cell),
        own_pool=_namespace(context, tenant) if own_nodes else "",
    )
    odoo = workloads.odoo_plan(context, series, database=name("postgres", *tenant), workloads=plans)
    own = _Own()
    if semi:
        own = _own_data(context, tenant, odoo, decisions, found)
    if own_nodes:
        own.nodes = _node_pool(context, tenant, decisions, found)
    if "reporting" in plans:
        pooler = own.pooler or shared.shared_pooler(context, cell, context.database_of(tenant))
        odoo = replace(odoo, workloads=workloads.replica_readers(series, plans, bool(pooler.replica_size)))
        decisions.append(_reports_decision(context, tenant, odoo))
    return odoo, own


def _reports_decision(context: Context, tenant: Tenant, odoo: OdooPlan) -> Decision:
    """Where the reporting workload reads."""
    if odoo.workloads["reporting"].reads_replica:
        value, why = (
            "read replica",
            f"Odoo {odoo.version} sends it what only reads, and asks the primary while it does not answer",
        )
    elif not workloads.reads_replica(odoo.version):
        value, why = "primary", f"Odoo {odoo.version} has no db_replica_host; {workloads.REPLICA_SERIES} and later have"
    else:
        value, why = "primary", f"{context.database_of(tenant)} has no read replica"
    service = context.customers[tenant.customer].service_class
    return Decision(topic="reports", value=value, reason=why, entitlement=f"service_classes.{service}.reporting")


def _own_data(context: Context, tenant: Tenant, odoo: OdooPlan, decisions: list[Decision], found: list[Budget]) -> _Own:
    """Instance and pooler, in production a cache too. Outside production one zone is enough and a cache is shared."""
    service, cell = context.service_class(tenant.customer), context.cell_of(tenant.customer)
    production = tenant.environment == "production"
    replicas = shared.OWN_POOLERS if production else 1
    bus = workloads.bus_connections(odoo.workloads)
    pool = ceil(workloads.processes(odoo.workloads) / replicas) + 1
    runners = workloads.runner_connections(odoo.workloads)
    reporting = workloads.reporting_processes(odoo.workloads) if workloads.reads_replica(odoo.version) else 0
    connections = pool * replicas + runners + bus
    scratch = recovery_load.scratch_database_gib(context, tenant)
    band, decision = sizing.postgres_band(context, tenant, connections, scratch)
    decisions.append(decision)
    windows = _windows(context, tenant)
    owed = backup.tenant_terms(context, tenant.customer)
    owner = (context.estate.estate, *tenant)
    recovery = context.estate.cells[context.cell_of(tenant.customer)].recovery
    followed = recovery is not None and context.catalog.dr_classes[recovery.dr_class].database == "replica"
    chosen = tier(
        reporting=production and service.reporting and not context.away,
        standby=production and followed,
        shared=False,
        production=production,
    )
    wish = context.customers[tenant.customer].environments[tenant.environment].postgres
    version, upgrade = upgrade_plan(
        context,
        wish,
        tier=chosen,
        windows=windows,
        document=f"customer:{tenant.customer}",
        field=("environments", tenant.environment, "postgres"),
    )
    decisions += (
        chosen.decision(f"service_classes.{context.customers[tenant.customer].service_class}.reporting"),
        version_decision(version, upgrade, wish, str(windows.maintenance)),
        parameter_decision(band, context.catalog.postgres_bands[band], context.catalog.assumptions),
    )
    size = context.catalog.postgres_bands[band]
    fill = context.catalog.assumptions.shared_database_fill
    load = sizing.load_in(context, tenant)
    database = database_plan(
        context,
        owner=owner,
        band=band,
        multi_az=production and service.availability.database_multi_az,
        owed=owed if production else replace(owed, point_in_time_days=UNPROTECTED_DAYS),
        windows=windows,
        insights_days=service.performance_insights_days,
        log_retention_days=service.log_retention_days,
        tier=chosen,
        version=version,
        upgrade=upgrade,
    )
    database = replace(
        database,
        # A verification must never wait for autoscaling, which acts once in six hours: its scratch database has room from the start.
        storage_gib=sizing.allocated_gib(size, load.database_gib + scratch, fill),
        deletion_protection=production,
        protect=production,
    )
    if context.away:
        database = replace(database, identifier=recovery_identifier(context, cell, ".".join(tenant), 1))
    reserve = context.catalog.assumptions.connection_reserve
    reports = ceil(reporting / replicas) + 1 if reporting and database.replicas else 0
    if reports:
        found.append(
            Budget(
                name="own-replica-connections",
                used=reports * replicas + reserve,
                limit=int(size.max_connections * fill),
                unit="connections",
                arithmetic=f"pool {reports} x {replicas} + reserve {reserve} of {size.max_connections} x {fill:g}",
            )
        )
    found.append(
        Budget(
            name="own-connections",
            used=connections + reserve,
            limit=int(size.max_connections * fill),
            unit="connections",
            arithmetic=f"pool {pool} x {replicas} + job runners {runners} + bus {bus} + reserve {reserve} of {size.max_connections} x {fill:g}",
        )
    )
    found.append(
        Budget(
            name="own-storage",
            used=load.database_gib,
            limit=int(size.max_storage_gib * fill),
            unit="GiB",
            arithmetic=f"{load.arithmetic}, of {size.max_storage_gib} x {fill:g}",
        )
    )
    pooler = shared.pooler(
        context,
        pooler=name("kubernetes", "pooler", tenant.customer, tenant.environment),
        namespace=_namespace(context, tenant),
        database=OWN,
        replicas=replicas,
        pool=pool,
        bus=bus,
        max_connections=size.max_connections,
        credentials=tenant_data.secret(context, tenant, "pooler"),
        sessions=runners,
        reports=reports,
        clients_each=context.catalog.assumptions.pooler_clients,
        cell=cell,
        # Beside the workers: a burst of the neighbours' on shared nodes would reach a tenant that pays for nodes of its own.
        place=shared.Place(_namespace(context, tenant), True)
        if production
        else shared.place(shared.band(context, cell), shared.GENERAL_POOL),
    )
    return _Own(database, pooler, _own_cache(context, tenant, windows, decisions) if production else None)


def _own_cache(context: Context, tenant: Tenant, windows: Windows, decisions: list[Decision]) -> CachePlan:
    service = context.service_class(tenant.customer)
    band, decision = sizing.cache_band(context, tenant)
    decisions.append(decision)
    return cache_plan(
        context,
        id=name("elasticache", context.estate.estate, *tenant, "cache"),
        band=band,
        nodes=service.availability.cache_nodes,
        snapshot_days=service.backup.cache_snapshot_days,
        windows=windows,
        description=f"Sessions, locks and short-lived results of {tenant.customer}.{tenant.environment}",
    )


def _node_pool(context: Context, tenant: Tenant, decisions: list[Decision], found: list[Budget]) -> NodePoolPlan:
    service = context.service_class(tenant.customer)
    band, least, most, decision = budgets.own_nodes(context, tenant, service.availability.zones)
    decisions.append(decision)
    pool = _namespace(context, tenant)
    found.append(
        Budget(
            name="own-nodes",
            used=most,
            limit=service.max_nodes,
            unit="nodes",
            arithmetic=f"{decision.reason}; at most replicas",
        )
    )
    return cluster.node_pool(
        context,
        context.cell_of(tenant.customer),
        pool,
        band=band,
        least=least,
        most=most,
        physical=name("node-group", context.estate.estate, *tenant),
    )


def _labelled(nodes: NodePoolPlan | None, own_tags: Mapping[str, str]) -> NodePoolPlan | None:
    return replace(nodes, labels={**nodes.labels, **labels(own_tags)}) if nodes else None


def _windows(context: Context, tenant: Tenant) -> Windows:
    """The contract's windows on machines of its own, else the cell's."""
    own = customer_windows(context.customers[tenant.customer], context.today)
    return own or cell_windows(context, context.cell_of(tenant.customer))


# --- shares --------------------------------------------------------------------------------------------------------


def _database(context: Context, tenant: Tenant, own: _Own, series: str) -> TenantDatabasePlan:
    service = context.service_class(tenant.customer)
    contract = context.customers[tenant.customer]
    pooled = context.tenancy(tenant) == "pooled"
    database = name("postgres", *tenant)
    vector = int(series.split(".", maxsplit=1)[0]) >= VECTOR_SERIES
    shared_size = shared.pool_size(context, context.cell_of(tenant.customer))
    pool = own.pooler.pools["*"] if own.pooler else PoolPlan(mode="transaction", size=shared_size)
    limit = budgets.demand(context, tenant).connections
    if pooled:
        limit = shared_size * shared.band(context, context.cell_of(tenant.customer)).pooler_replicas
    if own.pooler:
        limit = pool.size * own.pooler.replicas + own.pooler.session_size + own.pooler.pools["postgres"].size
    users = [name("postgres", *tenant, "user", turn) for turn in ("odd", "even")]
    user, former = users if contract.login_version % 2 else reversed(users)
    return TenantDatabasePlan(
        instance=context.database_of(tenant),
        name=database,
        owner=name("postgres", *tenant, "owner"),
        login=name("postgres", *tenant, "login"),
        user=user,
        former_user=former,
        login_version=contract.login_version,
        suspended=contract.suspended is not None,
        removal=lifecycle.removal(context, tenant),
        secret=tenant_data.secret(context, tenant, "database"),
        extensions=(*EXTENSIONS, *(("vector",) if vector else ())),
        connection_limit=limit,
        statement_timeout_seconds=service.statement_timeout_seconds,
        idle_in_transaction_timeout_seconds=IDLE_IN_TRANSACTION_SECONDS,
        job_image=context.catalog.versions.images["postgres"],
        pool_size=pool.size,
        job_namespace=shared.PROVISIONING_NAMESPACE,
        pool_login=shared.pooled_login(contract.service_class) if pooled else "",
        readers=reader_users(context),
        generation=shared.generation(context, context.cell_of(tenant.customer)),
    )


def _cache(context: Context, tenant: Tenant, own: bool) -> TenantCachePlan:
    known = context.catalog.assumptions
    return TenantCachePlan(
        cache=OWN if own else MAIN,
        prefix=f"{tenant.customer}.{tenant.environment}:",
        user=name("elasticache-user", context.estate.estate, *tenant),
        secret=tenant_data.secret(context, tenant, "cache"),
        memory_mib=sizing.cache_mib(context, tenant),
        session_seconds=known.session_seconds,
        anonymous_session_seconds=known.anonymous_session_seconds,
        cache_entry_seconds=known.cache_entry_seconds,
    )


def _quota(odoo: OdooPlan, pooler: PoolerPlan | None, context: Context) -> QuotaPlan:
    """Every workload at most replicas with one pod more for a rolling update, and the tenant's own pooler likewise.

    A container may burst to one core for each of its processes: the limit stops a runaway, it does not throttle daily work.
    """
    sizes = [(one.size, one.max_replicas + (not one.recreate)) for one in odoo.workloads.values()]
    if pooler:
        first, other, others = pooler.size, pooler.sessions_size, 2 if pooler.replica_size else 1
        whole = ContainerSize(
            cpu_millicores=first.cpu_millicores + others * other.cpu_millicores,
            memory_mib=first.memory_mib + others * other.memory_mib,
        )
        sizes.append((whole, pooler.replicas + 1))
    smallest = min((size for size, _ in sizes), key=lambda size: size.memory_mib)
    return QuotaPlan(
        cpu_millicores=sum(size.cpu_millicores * count for size, count in sizes),
        memory_mib=sum(size.memory_mib * count for size, count in sizes),
        pods=sum(count for _, count in sizes) + context.catalog.assumptions.pods_per_tenant_overhead,
        default_cpu_millicores=smallest.cpu_millicores,
        default_memory_mib=smallest.memory_mib,
        max_cpu_millicores=max(one.processes for one in odoo.workloads.values()) * 1000,
        max_memory_mib=max(size.memory_mib for size, _ in sizes),
    )


def _network(context: Context, tenant: Tenant, own: PoolerPlan | None) -> TenantNetworkPlan:
    """Outside production nothing leaves the cluster: what a copy of production still believes it must send stays here, even where its
    neutralisation failed."""
    cell = context.cell_of(tenant.customer)
    pooler = own or shared.shared_pooler(context, cell, context.database_of(tenant))
    production = tenant.environment == "production"
    return TenantNetworkPlan(
        pooler_namespace=pooler.namespace,
        pooler_name=pooler.name,
        database_cidrs=shared.database_cidrs(context, cell),
        ingress_namespace=shared.INGRESS_NAMESPACE,
        monitoring_namespace=shared.MONITORING_NAMESPACE,
        https_egress=production,
        smtp_egress=production,
        replica=bool(pooler.replica_size),
    )


def _route(context: Context, tenant: Tenant, service: ServiceClass, odoo: OdooPlan | None, database: str) -> RoutePlan:
    """The contract's domains lead to production; every environment also answers in the cell's zone, where trials have their only name."""
    contract = context.customers[tenant.customer]
    cell = context.cell_of(tenant.customer)
    production = tenant.environment == "production"
    host = f"{tenant.customer}.{shared.zone_domain(context, cell)}"
    host = host if production else f"{tenant.environment}.{host}"
    rate = context.catalog.rate_limits[service.rate_limit]
    if odoo:
        web = odoo.workloads["web"]
        serving = web.processes * web.max_replicas
    else:
        # A quarter of the shared workers at most: three more may do the same before anybody waits.
        shared_web = budgets.pooled_workloads(context, cell, contract.service_class)["web"]
        serving = shared_web.processes * shared_web.max_replicas // 4
    return RoutePlan(
        tenant=f"{tenant.customer}.{tenant.environment}",
        hosts=(*contract.domains, host) if production else (host,),
        clients=shared.client_limits(context, contract.service_class),
        integrations=_integrations(context, contract),
        own_certificate=_own_certificate(contract, service, host, production=production),
        entry_certificates=_entry_certificates(contract, service, host, production=production),
        ingress_class=shared.ingress_class(contract.service_class),
        requests_per_second=shared.ingress_share(context, rate.requests_per_second),
        # Not shared out: a page with all its assets comes over one connection, so to one replica.
        burst=rate.burst,
        zones={host: "cell"},
        certificate_issuer=shared.ISSUER,
        target=shared.ingress_target(context, cell, contract.service_class),
        concurrent_requests=shared.ingress_share(context, max(LEAST_CONCURRENT, 2 * serving)),
        database_filter="" if odoo else f"^{database}$",
        brand=contract.partner or shared.OPERATOR_BRAND,
        allow_from=(*contract.allow_from, *private_networks(contract)) if contract.allow_from else (),
        closed="suspended" if contract.suspended else "maintenance" if tenant_jobs.closed(context, tenant) else "",
    )


def _integrations(context: Context, contract: Customer) -> dict[str, IntegrationRoutePlan]:
    """Each may do a multiple of what its contract says of its busiest hour, minute by minute, and no more: a loop in one system must take
    neither the others' place nor people's."""
    factor = context.catalog.assumptions.integration_rate_factor
    found = {}
    for key, one in contract.workload.integrations.items():
        if one.path:
            per_minute = ceil(one.requests_per_hour * factor / 60)
            found[key] = IntegrationRoutePlan(
                path=one.path, per_minute=shared.ingress_share(context, per_minute), burst=max(1, per_minute)
            )
    return found


def _callers(context: Context, contract: Customer, route: RoutePlan) -> list[Decision]:
    """How often each integration may call: together, whatever the number of the ingress' replicas."""
    rate = context.catalog.service_classes[contract.service_class].rate_limit
    known = context.catalog.assumptions
    return [
        Decision(
            topic=f"integration {key}",
            value=f"{one.burst} calls a minute at {one.path}",
            reason=f"its agreed {contract.workload.integrations[key].requests_per_hour} requests/h x {known.integration_rate_factor:g} / 60",
            entitlement=f"rate_limits.{rate}",
            binding="counted apart from people and from every other integration",
        )
        for key, one in route.integrations.items()
    ]


def _own_certificate(contract: Customer, service: ServiceClass, host: str, *, production: bool) -> tuple[str, ...]:
    """The entry's own certificate is for one label below the cell's zone: production's name there, but no domain of the customer's and no trial.
    One for each tenant would also meet the authority's limit of 50 a week below one registered domain."""
    if service.firewall is not None:
        return ()
    return contract.domains if production else (host,)


def _entry_certificates(contract: Customer, service: ServiceClass, host: str, *, production: bool) -> dict[str, bool]:
    """The cell's wildcard is for one label only: it serves production's name, and none of the trials'."""
    if service.firewall is None:
        return {}
    if production:
        return {domain: domain in contract.proven_domains for domain in contract.domains}
    return {host: True}


def _domains(route: RoutePlan) -> list[Decision]:
    """What the owner of each domain has to do before it answers: the second record is the proof that it may be served from here. Each domain has
    its own name for that, because two proofs at once under one name would overwrite each other."""
    ours = next(iter(route.zones))
    if route.firewalled:
        return [_domain_behind_firewall(route, host) for host in route.hosts if host not in route.zones]
    return [
        Decision(
            topic=f"domain {host}",
            value=route.target,
            reason=f"its owner sets two records: {host} CNAME {route.target}, and _acme-challenge.{host} CNAME {proof(host, ours)}",
            binding="without the second there is no certificate, and without a certificate the ingress does not answer",
        )
        for host in route.hosts
        if host not in route.zones
    ]


def _domain_behind_firewall(route: RoutePlan, host: str) -> Decision:
    """ACM tells its record only once a certificate is requested, and one that is not proved must keep no update waiting."""
    proven = host in route.served
    return Decision(
        topic=f"domain {host}",
        value=route.target if proven else "closed until its owner has proved it",
        reason=f"its owner sets {host} CNAME {route.target}, and the record in the stack's output domain_proofs",
        entitlement="proven_domains",
        binding="its certificate serves at the load balancer"
        if proven
        else "no route and no certificate until the contract lists it in proven_domains",
    )


def proof(host: str, ours: str) -> str:
    """The name below the tenant's own one at which cert-manager proves a customer's domain (``cnameStrategy: Follow``)."""
    return f"_acme-challenge.d{sha256(host.encode()).hexdigest()[:12]}.{ours}"


def _shares(context: Context, tenant: Tenant) -> tuple[Budget, ...]:
    """What the tenant takes of what it shares, each against the whole cell's limit."""
    one = budgets.demand(context, tenant)
    if not one.database:
        return ()
    whole = budgets.by_name(context, context.cell_of(tenant.customer))
    used = {"storage": one.database_gib, "orders": one.orders_per_hour}
    if one.connections:  # a pooled tenant uses those of the shared workers
        used = {"connections": one.connections, **used}
    shares = [
        Budget(
            name=f"share-{measure}",
            used=value,
            limit=whole[f"{measure}-{one.database}"].limit,
            unit=whole[f"{measure}-{one.database}"].unit,
            arithmetic=f"of what the tenants of instance {one.database} may take together",
        )
        for measure, value in used.items()
    ]
    shares.append(
        Budget(
            name="share-cache",
            used=one.cache_mib,
            limit=whole["cache"].limit,
            unit="MiB",
            arithmetic="of what the cell's cache holds",
        )
    )
    return tuple(shares)


# --- governance ----------------------------------------------------------------------------------------------------


def _tags(context: Context, tenant: Tenant, service: ServiceClass, owed: BackupTerms | None) -> dict[str, str]:
    contract = context.customers[tenant.customer]
    return tags(
        context.estate,
        context.catalog,
        tenant=tenant.customer,
        environment=tenant.environment,
        tier=contract.service_class,
        data_class=service.data_class
        if tenant.environment in ("production", "staging") or tenant_jobs.holds_copy(context, tenant)
        else TRIAL_DATA_CLASS,
        residency=contract.residency,
        cell=context.cell_of(tenant.customer),
        partner=contract.partner,
        cost_center=contract.cost_center,
        backup_class=owed.backup_class if owed else "none",
        document=f"customer:{tenant.customer}",
    )


def _owed(context: Context, tenant: Tenant) -> BackupTerms:
    """What the tenant's own things are owed. On shared machines the cell's rhythm serves where it is at least as dense and keeps as long: one
    plan for all instead of one each."""
    own, shared_terms = (
        backup.tenant_terms(context, tenant.customer),
        backup.cell_terms(context, context.cell_of(tenant.customer)),
    )
    covered = own.retention == shared_terms.retention and shared_terms.every_minutes <= own.every_minutes
    if context.tenancy(tenant) == "namespaced" and covered:
        return replace(own, every_minutes=shared_terms.every_minutes)
    return own


def _inherited(context: Context, tenant: Tenant, owed: BackupTerms | None) -> Mapping[str, str]:
    """The tags by which the cell's backup plan takes in this tenant's things: where both are owed the same."""
    cell = context.cell_of(tenant.customer)
    if owed is None or owed.backup_class != backup.cell_terms(context, cell).backup_class:
        return {}
    return selection(context, cell)


def _guardrails(context: Context, tenant: Tenant, owed: BackupTerms | None, inherited: Mapping[str, str]) -> Guardrails:
    """The class' guardrails; equal for all tenants of one class that are backed up alike, so made once."""
    contract = context.customers[tenant.customer]
    production = tenant.environment == "production"
    key: object = (_guardrails, contract.service_class, contract.residency, production, owed, tuple(inherited.items()))
    if key not in context.memo:
        context.memo[key] = guardrails(
            context,
            classes=(contract.service_class,),
            owed=owed,
            production=production,
            residency_regions=context.estate.residency[contract.residency].regions,
            inherited=inherited,
        )
    found = context.memo[key]
    assert isinstance(found, Guardrails)
    return found


def _spend(context: Context, tenant: Tenant, service: ServiceClass) -> BudgetPlan | None:
    """One budget per customer, with production: its tag covers all environments of the customer."""
    if tenant.environment != "production":
        return None
    partner = context.partner(tenant.customer)
    contacts = [context.estate.contacts.billing, *([partner.contact] if partner else [])]
    return BudgetPlan(
        name=name("budget", context.estate.estate, *tenant),
        limit_usd=service.monthly_budget_usd,
        tag=("tenant", tenant.customer),
        actual_percent=SPEND_ACTUAL_PERCENT,
        forecast_percent=SPEND_FORECAST_PERCENT,
        emails=tuple(dict.fromkeys(contacts)),
    )


def _alarms(context: Context, tenant: Tenant, own: _Own) -> dict[str, AlarmPlan]:
    """On the tenant's own machines; what is shared has its alarms in the cell."""
    if own.database is None or tenant.environment != "production":
        return {}
    known, parts = context.catalog.assumptions, (context.estate.estate, *tenant)
    found = database_alarms(
        own.database,
        context.catalog.postgres_bands[own.database.band],
        parts,
        key="database",
        depth=context.service_class(tenant.customer).monitoring,
        known=known,
    )
    if own.cache:
        found |= cache_alarms(own.cache, (*parts, "cache"), "cache", known)
    return found


def _backup(context: Context, tenant: Tenant, owed: BackupTerms, windows: Windows) -> BackupPlan:
    cell = context.cell_of(tenant.customer)
    plan = backup.backup_plan(
        context.estate,
        context.catalog,
        owed,
        cell=cell,
        owner=(context.estate.estate, *tenant),
        # The class keeps the instance's replica out, which is rebuilt and not restored.
        select={
            "tenant": tenant.customer,
            "environment": tenant.environment,
            backup.BACKUP_CLASS: owed.backup_class,
        },
        minute=windows.backup_minute,
        document=f"customer:{tenant.customer}",
        field=("backup", "retention") if context.customers[tenant.customer].backup else ("service_class",),
    )
    return replace(plan, vault=backup.primary_vault(context.estate, cell))


# --- explanations --------------------------------------------------------------------------------------------------


def _cell_decision(context: Context, tenant: Tenant) -> Decision:
    contract = context.customers[tenant.customer]
    cell = context.cell_of(tenant.customer)
    one = context.estate.cells[cell]
    database = context.database_of(tenant)
    return Decision(
        topic="cell",
        value=cell,
        reason=("named in the contract" if contract.cell else "the only cell that qualifies")
        + f": {one.region} in the zone {one.residency}; database {database}",
        entitlement=f"cell_bands.{one.band}.serves",
        binding=f"at most {shared.band(context, cell).max_tenants} tenants",
    )


def _instance_decision(context: Context, tenant: Tenant) -> list[Decision]:
    """Which of the cell's instances the database lies on. The others on it do not show: they come and go, this stays."""
    contract, cell = context.customers[tenant.customer], context.cell_of(tenant.customer)
    key = context.database_of(tenant)
    if key == OWN:
        return []
    one = budgets.demand(context, tenant)
    size = shared.database_band(context, cell, key)
    fill = context.catalog.assumptions.shared_database_fill
    why = (
        "named in the contract"
        if contract.database
        else "the shared workers connect to this one"
        if context.tenancy(tenant) == "pooled"
        else "the cell's only one"
    )
    return [
        Decision(
            topic="database instance",
            value=f"{key} of {cell} ({shared.database_band_key(context, cell, key)})",
            reason=f"{why}; another one would move the data",
            entitlement=f"cells.{cell}.databases.{key}"
            if key != MAIN
            else f"cell_bands.{context.estate.cells[cell].band}.postgres",
            binding=f"takes {one.connections} of {int(size.max_connections * fill)} connections, {one.database_gib} of "
            f"{int(size.max_storage_gib * fill)} GiB, {one.orders_per_hour} of {int(size.orders_per_hour * fill)} orders/h",
        )
    ]


def _maintenance_decision(context: Context, tenant: Tenant) -> Decision:
    """When the machines under the tenant are maintained: on its own and in a cell of its own in its windows, else in the cell's."""
    contract = context.customers[tenant.customer]
    check_windows(contract, context.today)
    own = context.tenancy(tenant) in ("semi-dedicated", "dedicated")
    cell = context.cell_of(tenant.customer)
    if context.estate.cells[cell].tenancy == "shared":
        # Nodes and ingress are the cell's even where the instance is the tenant's own.
        check_shared(contract, cell_windows(context, cell), f"cell {cell}", context.today)
    windows = _windows(context, tenant) if own else cell_windows(context, cell)
    agreed = contract.windows.maintenance if contract.windows else None
    return Decision(
        topic="maintenance",
        value=f"{windows.maintenance} UTC",
        reason=windows.reason if own else f"shared machines: {windows.reason}",
        entitlement=f"service_classes.{contract.service_class}.release",
        binding=f"releases of Odoo: {agreed.day} {agreed.start} + {agreed.hours} h in {agreed.timezone}"
        if agreed
        else "",
    )


def _pooled_decision(context: Context, tenant: Tenant) -> Decision:
    contract = context.customers[tenant.customer]
    cell = context.cell_of(tenant.customer)
    key = shared.pooled_band_key(context, cell, contract.service_class)
    load = sizing.load_in(context, tenant)
    uses = sizing.odoo_uses(context.catalog.odoo_bands[key], load)
    return Decision(
        topic="odoo band",
        value=f"shared {key}",
        reason=f"pooled tenants of {contract.service_class} share one set of workers; {load.arithmetic}",
        entitlement=f"cell_bands.{context.estate.cells[cell].band}.pooled_class_bands.{contract.service_class}",
        binding=str(max(uses, key=lambda use: use.share)),
    )
