"""What runs once in a cell's cluster for everybody: ways in, poolers, secrets, certificates, monitoring, and the shared Odoo workers.

Like the cell's, this plan follows from the estate and the catalog alone. The one thing it takes from tenants is the Odoo series of a pooled class,
which all of them must share.
"""

from dataclasses import replace
from math import ceil

from odoo_estate.decide import budgets, cache_watch, firewall, identities, shared
from odoo_estate.decide.alerts import alert_plans
from odoo_estate.decide.cell import cell_tags
from odoo_estate.decide.charts import chart_plans
from odoo_estate.decide.context import MAIN, Context
from odoo_estate.decide.guardrails import guardrails
from odoo_estate.decide.instances import reader_users
from odoo_estate.decide.landing_zone import shared_target
from odoo_estate.decide.naming import cell_stack, name, part, platform_stack
from odoo_estate.decide.private_access import private_access_plan
from odoo_estate.decide.tags import POOL, labels
from odoo_estate.decide.workloads import DATA_VOLUME_MIB, TURN_SECONDS, common_settings
from odoo_estate.errors import Refused
from odoo_estate.plan import (
    TURNS,
    TURNS_ADDONS,
    Decision,
    IssuerPlan,
    MonitoringPlan,
    OdooPlan,
    PagesPlan,
    PlatformPlan,
    PooledWorkersPlan,
    ProvisioningPlan,
    QuotaPlan,
    TenantCachePlan,
    TenantNetworkPlan,
    WorkloadPlan,
)
from odoo_estate.spec.catalog import OdooVersion

ACME = "https://acme-v02.api.letsencrypt.org/directory"
SECURITY = {
    "load-balancer": "baseline",
    "monitoring": "privileged",
}
"""Pod Security level of platform namespaces that "restricted" does not fit: the balancer controller's chart sets no seccomp profile, the node
exporter looks at the host."""
HEADER_FILTER = "dbfilter_from_header"
"""OCA/server-tools: the ingress says by a header which database a request is for; host names of customers' own say nothing about it."""
SURPLUS_PODS = 4
"""Pods of a class' namespace beyond its workers: rolling updates and jobs."""


def platform_plan(context: Context, cell: str) -> PlatformPlan:
    """The plan of one cell's platform.

    Raises:
        Refused: pooled tenants of one class run different Odoo series; a missing image.
    """
    estate, catalog, one = context.estate, context.catalog, context.estate.cells[cell]
    band = shared.band(context, cell)
    own_tags = cell_tags(context, cell)
    own_labels = labels(own_tags)
    pooled = {key: _pooled(context, cell, key) for key in budgets.pooled_classes(context, cell)}
    rails = guardrails(
        context,
        classes=band.serves,
        owed=None,
        production=True,
        residency_regions=estate.residency[one.residency].regions,
        cell=cell,
    )
    # Pooled pods are larger than their band says by the registries of all the databases that they serve.
    sizes = [workload.size.memory_mib for workers in pooled.values() for workload in workers.odoo.workloads.values()]
    return PlatformPlan(
        estate=estate.estate,
        stack=platform_stack(cell),
        kind="platform",
        target=shared.target(context, cell),
        tags=own_tags,
        decisions=_decisions(context, cell),
        budgets=(),
        guardrails=replace(rails, pod_memory_mib=max([rails.pod_memory_mib, *sizes])),
        depends_on=(cell_stack(cell),),
        cell=cell,
        cluster=shared.cluster(context, cell),
        namespaces=_namespaces(context, cell),
        charts=chart_plans(context, cell),
        poolers={key: shared.shared_pooler(context, cell, key) for key in (MAIN, *one.databases)},
        pooled=pooled,
        priorities=dict(shared.PRIORITIES),
        ingress_classes=tuple(shared.ingress_class(key) for key in band.serves),
        ingress_targets={shared.ingress_class(key): shared.ingress_target(context, cell, key) for key in band.serves},
        private_ingress=private.ingress if (private := private_access_plan(context, cell)) else "",
        firewalled=firewall.entries(context, cell),
        entry_domain=f"*.{shared.zone_domain(context, cell)}",
        approved_registries=_approved_registries(context),
        provisioning=ProvisioningPlan(
            namespace=shared.PROVISIONING_NAMESPACE,
            image=catalog.versions.images["postgres"],
            database_cidrs=shared.database_cidrs(context, cell),
            readers=reader_users(context),
            recovery_priority=shared.RECOVERY_PRIORITY,
            recovery_jobs=catalog.assumptions.recovery_jobs_at_once,
        ),
        labels=own_labels,
        pod_security=catalog.versions.pod_security,
        certificate_namespace=catalog.versions.charts["cert-manager"].namespace,
        pages=_pages(context, cell),
        monitoring=MonitoringPlan(
            namespace=catalog.versions.charts["kube-prometheus-stack"].namespace,
            ingress_namespace=catalog.versions.charts["traefik"].namespace,
            certificate_namespace=catalog.versions.charts["cert-manager"].namespace,
            alerts=alert_plans(context, cell),
        )
        if "kube-prometheus-stack" in catalog.versions.charts
        else None,
        cache_watch=cache_watch.cache_watch_plan(context, cell),
        generation=shared.generation(context, cell),
        record_ttl_seconds=catalog.assumptions.traffic_ttl_seconds,
        issuers={
            shared.ISSUER: IssuerPlan(
                server=ACME,
                email=estate.contacts.operations,
                region=shared.region(context, cell),
                domains=(shared.zone_domain(context, cell),),
            )
        },
    )


def _pages(context: Context, cell: str) -> PagesPlan:
    """The brands are the estate's partners, not their customers, who come and go."""
    estate = context.estate
    pool = shared.band(context, cell).node_pools.get(shared.SYSTEM_POOL)
    brands = {key: (one.brand, one.contact) for key, one in estate.partners.items()}
    return PagesPlan(
        namespace=shared.INGRESS_NAMESPACE,
        image=context.catalog.versions.images["pages"],
        replicas=shared.PAGES_REPLICAS,
        size=shared.PAGES_SIZE,
        brands={shared.OPERATOR_BRAND: (estate.operator.name, estate.contacts.operations), **brands},
        priority_class=shared.PLATFORM_PRIORITY,
        node_selector={POOL: shared.SYSTEM_POOL} if pool else {},
        tolerations={POOL: shared.SYSTEM_POOL} if pool and pool.tainted else {},
    )


def _approved_registries(context: Context) -> tuple[str, ...]:
    """The catalog's, and the estate's own in the account that keeps its images."""
    account = shared_target(context).account
    regions = sorted({region for zone in context.estate.residency.values() for region in zone.regions})
    own = (f"{account}.dkr.ecr.{region}.amazonaws.com" for region in regions)
    return (*context.catalog.versions.approved_registries, *own)


def _namespaces(context: Context, cell: str) -> dict[str, dict[str, str]]:
    """Namespaces of charts, poolers and provisioning with the Pod Security level they are held to; pooled workers bring their own."""
    version = context.catalog.versions.pod_security
    names = {chart.namespace for chart in context.catalog.versions.charts.values()}
    names |= {shared.POOLER_NAMESPACE, shared.PROVISIONING_NAMESPACE}
    if any(firewall.behind_firewall(context, key) for key in shared.band(context, cell).serves):
        names.add(shared.BEHIND_BALANCER_NAMESPACE)
    common = labels(cell_tags(context, cell))
    found = {}
    for one in sorted(names):
        level = SECURITY.get(one, "restricted")
        found[one] = {
            **common,
            **{
                f"pod-security.kubernetes.io/{mode}{suffix}": value
                for mode in ("audit", "enforce", "warn")
                for suffix, value in (("", level), ("-version", version))
            },
        }
    return found


# --- pooled workers ------------------------------------------------------------------------------------------------


def _pooled(context: Context, cell: str, service_class: str) -> PooledWorkersPlan:
    odoo = pooled_odoo(context, cell, service_class)
    return PooledWorkersPlan(
        namespace=shared.pooled_namespace(service_class),
        service_class=service_class,
        odoo=odoo,
        database=MAIN,
        quota=_quota(odoo),
        network=TenantNetworkPlan(
            pooler_namespace=shared.POOLER_NAMESPACE,
            pooler_name=shared.pooler_name(MAIN),
            database_cidrs=shared.database_cidrs(context, cell),
            ingress_namespace=shared.INGRESS_NAMESPACE,
            monitoring_namespace=shared.MONITORING_NAMESPACE,
            https_egress=True,
            smtp_egress=True,
        ),
        role=identities.pooled_role(context, cell, service_class),
        login=shared.pooled_login(service_class),
        secret=shared.pooled_secret(context, cell, service_class),
        service_account=shared.SERVICE_ACCOUNT,
        connection_limit=budgets.pooled_connections(odoo.workloads),
        cache=_sessions(context, cell, service_class),
        clients=shared.client_limits(context, service_class),
    )


def pooled_odoo(context: Context, cell: str, service_class: str) -> OdooPlan:
    """What the shared workers of a class run."""
    series = pooled_series(context, cell, service_class)
    version = context.catalog.versions.odoo[series]
    settings = common_settings("shared", (*version.server_wide_modules, HEADER_FILTER))
    # No database is named: requests are told apart by the header, and jobs are run in every database that the login owns, in turns.
    del settings["db_name"], settings["dbfilter"]
    settings["addons_path"] += f",{TURNS_ADDONS}"
    return OdooPlan(
        version=series,
        image=version.image,
        uid=version.uid,
        gid=version.gid,
        settings=settings,
        workloads={
            key: replace(
                one, settings={**one.settings, "server_wide_modules": f"{settings['server_wide_modules']},{TURNS}"}
            )
            if one.turns
            else one
            for key, one in budgets.pooled_workloads(context, cell, service_class).items()
        },
        data_volume_mib=DATA_VOLUME_MIB,
    )


def pooled_series(context: Context, cell: str, service_class: str) -> str:
    """The Odoo series of a class' shared workers in a cell: that of its tenants there, or the newest supported one.

    Raises:
        Refused: two tenants run different series; shared workers run one.
    """
    series: dict[str, str] = {}
    for tenant in context.tenants_by_cell[cell]:
        customer = context.customers[tenant.customer]
        if customer.service_class == service_class and context.tenancy(tenant) == "pooled":
            wanted = customer.environments[tenant.environment].version or customer.odoo
            series.setdefault(wanted, tenant.customer)
    if len(series) > 1:
        (first, who), (other, whom) = sorted(series.items())[:2]
        raise Refused(
            f"the pooled workers of {service_class} in cell {cell} run one Odoo series, but {who} has {first} and {whom} has {other}",
            document=f"customer:{whom}",
            field=("odoo",),
            value=other,
            allowed=(first,),
            remedy="use the same series, another cell, or a namespace of its own for one of the two (placement)",
        )
    return next(iter(series), None) or _newest(context)


def _newest(context: Context) -> str:
    """The newest series of the catalog that is supported today."""
    supported: dict[str, OdooVersion] = {
        key: one for key, one in context.catalog.versions.odoo.items() if one.support_ends >= context.today.isoformat()
    }
    return max(supported or context.catalog.versions.odoo, key=lambda key: int(key.split(".", maxsplit=1)[0]))


def _quota(odoo: OdooPlan) -> QuotaPlan:
    """Room for every workload at most replicas, one surplus pod of each during a rolling update, and jobs."""
    plans = odoo.workloads.values()
    return QuotaPlan(
        cpu_millicores=sum(one.size.cpu_millicores * (one.max_replicas + 1) for one in plans),
        memory_mib=sum(one.size.memory_mib * (one.max_replicas + 1) for one in plans),
        pods=sum(one.max_replicas + 1 for one in plans) + SURPLUS_PODS,
        default_cpu_millicores=100,
        default_memory_mib=256,
        max_cpu_millicores=ceil(max(one.size.cpu_millicores for one in plans) * 2),
        max_memory_mib=max(one.size.memory_mib for one in plans),
    )


def _sessions(context: Context, cell: str, service_class: str) -> TenantCachePlan:
    """Sessions of a class' shared workers: one user, keys below the class' own prefix; no share of memory is set apart, the tenants' shares
    are counted in the cell's budget."""
    key = part(service_class)
    estate, known = context.estate.estate, context.catalog.assumptions
    return TenantCachePlan(
        cache=MAIN,
        prefix=f"pooled-{key}:",
        user=name("elasticache-user", estate, cell, "pooled", key),
        secret=name("secret", estate, "cell", cell, "pooled", key, "cache"),
        memory_mib=0,
        session_seconds=known.session_seconds,
        anonymous_session_seconds=known.anonymous_session_seconds,
        cache_entry_seconds=known.cache_entry_seconds,
    )


def _decisions(context: Context, cell: str) -> tuple[Decision, ...]:
    band = shared.band(context, cell)
    found = [
        Decision(
            topic="ingress",
            value=", ".join(shared.ingress_class(key) for key in band.serves),
            reason="one Traefik and load balancer per service class: a flood on one class leaves the others' way in open",
            entitlement=f"cell_bands.{context.estate.cells[cell].band}.serves",
        )
    ]
    for key in band.serves:
        kind = context.catalog.service_classes[key].firewall
        found.append(
            Decision(
                topic=f"entry {key}",
                value=f"application load balancer, firewall {kind}" if kind else "network load balancer",
                reason="AWS WAF inspects requests, which only a load balancer that ends TLS can show it"
                if kind
                else "TLS passes through to Traefik: no firewall, and certificates for any number of domains",
                entitlement=f"service_classes.{key}.firewall",
            )
        )
    for key in budgets.pooled_classes(context, cell):
        odoo = shared.pooled_band_key(context, cell, key)
        size = context.catalog.odoo_bands[odoo]
        found.append(
            Decision(
                topic=f"pooled workers {key}",
                value=f"{odoo}, Odoo {pooled_series(context, cell, key)}",
                reason="set by the cell's band; the series is that of its tenants",
                entitlement=f"cell_bands.{context.estate.cells[cell].band}.pooled_class_bands.{key}",
                binding=f"{size.concurrent_users} users at once, {size.orders_per_hour} orders an hour",
            )
        )
        found += [
            _turns(key, pool, plan) for pool, plan in budgets.pooled_workloads(context, cell, key).items() if plan.turns
        ]
    return tuple(found)


def _turns(service_class: str, pool: str, plan: WorkloadPlan) -> Decision:
    """The bounded pool that runs one kind of all tenants' jobs."""
    least, most = plan.processes * plan.min_replicas, plan.processes * plan.max_replicas
    return Decision(
        topic=f"pooled jobs {service_class}",
        value=f"{pool}: {least} to {most} processes, {plan.turns} for one tenant at most",
        reason=f"{ceil(least / plan.turns)} tenants have to misbehave at once before another waits, and then for {TURN_SECONDS} s at most, "
        "the longest that a job may take",
        binding=f"{plan.turns} of {least} processes",
    )
