"""A cell's platform: what runs once in its cluster, for everybody in it."""

from collections.abc import Mapping

import pulumi
from pulumi_aws import route53

from odoo_estate.aws.alarm import Alarms
from odoo_estate.aws.application_balancer import ApplicationBalancer
from odoo_estate.aws.cache import CacheUser, CacheWatcher
from odoo_estate.aws.entry_certificate import EntryCertificate, EntryCertificateArgs
from odoo_estate.aws.firewall import Firewall
from odoo_estate.compose.kubernetes_stack import Here, here, place_of
from odoo_estate.compose.order import after
from odoo_estate.compose.outputs import CellOutputs, Outputs, PlatformOutputs
from odoo_estate.compose.provisioning import Provisioning, prepare_instance, prepare_login
from odoo_estate.kubernetes.admission import admission_policies, partner_role
from odoo_estate.kubernetes.cache_watch import CacheWatch
from odoo_estate.kubernetes.certificate import authority
from odoo_estate.kubernetes.cluster_scope import (
    chart,
    cluster_issuer,
    entry_certificate,
    ingress_class,
    namespace,
    priority_class,
    storage_class,
    tls_options,
)
from odoo_estate.kubernetes.external_secret import secret_store
from odoo_estate.kubernetes.ingress_balancer import IngressBalancer
from odoo_estate.kubernetes.ingress_targets import IngressTargets, target_group_binding
from odoo_estate.kubernetes.monitoring import Monitoring
from odoo_estate.kubernetes.namespace import WorkloadNamespace
from odoo_estate.kubernetes.network_policies import denial, name_resolution, provisioning_policies, workload_policies
from odoo_estate.kubernetes.pages import Pages
from odoo_estate.kubernetes.pgbouncer_ini import pooler_login
from odoo_estate.kubernetes.pooler import Pooler, pooler_host
from odoo_estate.kubernetes.route import shared_middlewares
from odoo_estate.kubernetes.viewers import viewers
from odoo_estate.odoo.database_access import STORE, instance_name, master_access
from odoo_estate.odoo.database_job import DatabaseJob
from odoo_estate.odoo.environment import OdooEnvironment, SessionStore
from odoo_estate.odoo.login import Login
from odoo_estate.odoo.recovery_job import places
from odoo_estate.plan import READER, CacheWatchPlan, PlatformPlan, PooledWorkersPlan

References = Mapping[str, pulumi.StackReference]


def compose_platform(plan: PlatformPlan, references: References) -> Outputs:
    """Controllers first, then what they look after; destroyed the other way round, so that no controller leaves its load balancer behind."""
    cell = place_of(plan, references)
    at = here(plan, cell)
    controllers = cluster_services(plan, cell, at)
    spaces = workload_namespaces(plan, at)
    internal = authority(namespace=plan.certificate_namespace, labels=plan.labels, opts=after(at.cluster, *controllers))
    stores = secret_stores(plan, at, [*controllers, *spaces])
    provisioning = Provisioning(
        namespace=plan.provisioning.namespace,
        store=STORE,
        image=plan.provisioning.image,
        labels=plan.labels,
        here=at,
        after=(*stores, *internal),
        readers=plan.provisioning.readers,
    )
    if plan.provisioning.recovery_jobs:
        places(
            "recovery-places",
            namespace=plan.provisioning.namespace,
            priority_class=plan.provisioning.recovery_priority,
            jobs=plan.provisioning.recovery_jobs,
            labels=plan.labels,
            opts=after(at.cluster, *controllers, *spaces),
        )
    listeners = ways_in(plan, cell, at, controllers)
    if plan.cache_watch is not None:
        cache_watch(plan.cache_watch, plan, cell, at, [*controllers, *spaces])
    if plan.monitoring:
        Monitoring(
            "monitoring", {"plan": plan.monitoring, "labels": plan.labels}, after(at.components, *controllers, *spaces)
        )
    master_credentials(plan, cell, at, stores)
    instances = {key: pooler(key, plan, cell, provisioning) for key in plan.poolers}
    for key in plan.pooled:
        pooled_workers(key, plan, cell, provisioning, instances)
    return PlatformOutputs.write(listeners=listeners)


def cluster_services(plan: PlatformPlan, cell: CellOutputs, at: Here) -> list[pulumi.Resource]:
    """Namespaces, classes and third parties' controllers; returns what custom resources have to wait for."""
    labels = plan.labels
    first: list[pulumi.Resource] = [
        namespace(f"namespace-{key}", key, {**labels, **own}, at.cluster)
        for key, own in plan.namespaces.items()
        if key not in workload_labels(plan)
    ]
    first += [priority_class(f"priority-{key}", key, spec, labels, at.cluster) for key, spec in plan.priorities.items()]
    storage_class("storage", cell.key_arn(plan.storage_key), labels, at.cluster)
    storage_class("scratch", cell.key_arn(plan.storage_key), labels, at.cluster, scratch=True)
    for key in plan.ingress_classes:
        first.append(ingress_class(f"ingress-class-{key}", key, labels, at.cluster))
    partner_role(labels, at.cluster)
    viewers("viewers", labels, at.cluster)
    charts: list[pulumi.Resource] = [
        chart(f"chart-{key}", key, spec, after(at.cluster, *first)) for key, spec in plan.charts.items()
    ]
    for key, issuer in plan.issuers.items():
        cluster_issuer(f"issuer-{key}", key, issuer, labels, after(at.cluster, *charts))
    # Custom kinds exist once their charts stand; a policy about a kind that is not there yet would judge nothing.
    return [*first, *charts, *admission_policies(plan.approved_registries, labels, after(at.cluster, *charts))]


def ways_in(
    plan: PlatformPlan, cell: CellOutputs, at: Here, controllers: list[pulumi.Resource]
) -> dict[str, pulumi.Output[str]]:
    """TLS and pages for every Traefik; a load balancer for each, under the name that its tenants' records point to. Returns the listeners of
    firewalled entries by ingress class."""
    tls_options("ingress-tls", plan.pages.namespace, plan.labels, after(at.cluster, *controllers))
    if plan.entry_domain:
        entry_certificate(
            "ingress-certificate",
            namespace_name=plan.pages.namespace,
            domain=plan.entry_domain,
            issuer=next(iter(plan.issuers)),
            labels=plan.labels,
            opts=after(at.cluster, *controllers),
        )
    Pages("pages", {"plan": plan.pages, "labels": plan.labels}, after(at.components, *controllers))
    listeners: dict[str, pulumi.Output[str]] = {}
    hosts: dict[str, pulumi.Output[str]] = {}
    services: dict[str, pulumi.Resource] = {}
    for key in plan.ingress_targets:
        if key not in plan.firewalled:
            passthrough = passthrough_entry(key, plan, at, controllers)
            hosts[key], services[key] = passthrough.host, passthrough
    if plan.firewalled:
        one = next(iter(plan.firewalled.values()))
        tls_options("ingress-behind-tls", one.tls_namespace, plan.labels, after(at.cluster, *controllers), strict=False)
        asked: EntryCertificateArgs = {"host": plan.entry_domain, "proven": True}
        if not plan.away:
            asked["zone_id"] = cell.zone_id
        certificate = EntryCertificate("entry-certificate", asked, at.components)
        options = after(at.components, *controllers)
        for key in plan.firewalled:
            balancer, services[key] = firewalled_entry(key, plan, cell, certificate.arn, options)
            hosts[key], listeners[key] = balancer.host, balancer.listener_arn
    for key, target in plan.ingress_targets.items():
        if plan.serving:
            route53.Record(
                f"ingress-{key}",
                zone_id=cell.zone_id,
                name=target,
                type="CNAME",
                ttl=plan.record_ttl_seconds,
                records=[hosts[key]],
                # Route 53 answers with a lone record of weight 0, and with none of them beside one of weight 1: the recovery region takes the
                # name by its own record and gives it back by removing that, and the lost side is never touched. Nothing ever moves it back by
                # itself, as failover routing does once a health check recovers.
                set_identifier=plan.target.region,
                weighted_routing_policies=[{"weight": 1 if plan.away else 0}],
                opts=at.aws,
            )
        if key == plan.private_ingress:
            release = f"traefik-{key}"
            target_group_binding(
                f"ingress-{key}-private",
                object_name=f"{release}-private",
                service=release,
                namespace=plan.charts[release].namespace,
                labels=plan.labels,
                target_group_arn=cell.private_target_group_arn,
                balancer_group_id=cell.private_security_group_id,
                opts=after(at.cluster, *controllers, services[key]),
            )
    return listeners


def passthrough_entry(key: str, plan: PlatformPlan, at: Here, controllers: list[pulumi.Resource]) -> IngressBalancer:
    """A network load balancer, which leaves TLS to Traefik."""
    release = f"traefik-{key}"
    return IngressBalancer(
        f"ingress-{key}",
        {
            "service": release,
            "release": release,
            "namespace": plan.charts[release].namespace,
            "labels": plan.labels,
        },
        after(at.components, *controllers),
    )


def firewalled_entry(
    key: str,
    plan: PlatformPlan,
    cell: CellOutputs,
    certificate_arn: pulumi.Output[str],
    options: pulumi.ResourceOptions,
) -> tuple[ApplicationBalancer, IngressTargets]:
    """An application load balancer with its firewall, which is there before the first request can be, and Traefik as its targets."""
    entry = plan.firewalled[key]
    balancer = ApplicationBalancer(
        f"entry-{key}",
        {
            "plan": entry,
            "network": cell.network,
            "cluster": plan.cluster,
            "cluster_group_id": cell.cluster.security_group_id,
            "certificate_arn": certificate_arn,
        },
        options,
    )
    firewall = Firewall(
        f"firewall-{key}",
        {"plan": entry.firewall, "resource_arn": balancer.arn, "key_arn": cell.key_arn("logs")},
        options,
    )
    Alarms(f"alarm-entry-{key}", {"plan": entry.alarms, "topic_arn": cell.alert_topic_arn}, options)
    targets = IngressTargets(
        f"ingress-{key}",
        {
            "service": entry.release,
            "release": entry.release,
            "namespace": entry.namespace,
            "labels": plan.labels,
            "target_group_arn": balancer.target_group_arn,
        },
        after(options, firewall),
    )
    return balancer, targets


def cache_watch(
    spec: CacheWatchPlan, plan: PlatformPlan, cell: CellOutputs, at: Here, ready: list[pulumi.Resource]
) -> None:
    """Who measures the shared cache, and the alarms on what it finds."""
    cache = cell.cache(spec.cache)
    watcher = CacheWatcher("cache-watch", {"user": spec.user, "cache": cache}, at.components)
    CacheWatch(
        "cache-watch",
        {"plan": spec, "labels": plan.labels, "address": cache.address},
        after(at.components, *ready, watcher),
    )
    Alarms("alarm", {"plan": spec.alarms, "topic_arn": cell.alert_topic_arn}, at.components)


def workload_labels(plan: PlatformPlan) -> dict[str, dict[str, str]]:
    """The namespaces that hold workloads of our own under restricted Pod Security, with their labels."""
    names = [plan.provisioning.namespace, *(spec.namespace for spec in plan.poolers.values())]
    names += [workers.namespace for workers in plan.pooled.values()]
    return {name: {**plan.labels, **plan.namespaces.get(name, {})} for name in names}


def workload_namespaces(plan: PlatformPlan, at: Here) -> list[pulumi.Resource]:
    labels = workload_labels(plan)
    poolers = sorted({spec.namespace for spec in plan.poolers.values()})
    spaces: list[pulumi.Resource] = [
        WorkloadNamespace(
            "provisioning",
            {
                "namespace": plan.provisioning.namespace,
                "labels": labels[plan.provisioning.namespace],
                "pod_security": plan.pod_security,
                "policies": provisioning_policies(plan.provisioning.database_cidrs),
            },
            at.components,
        )
    ]
    spaces += [
        WorkloadNamespace(
            f"namespace-{name}",
            {
                "namespace": name,
                "labels": labels[name],
                "pod_security": plan.pod_security,
                "policies": {"default-deny": denial(), "dns": name_resolution()},
            },
            at.components,
        )
        for name in poolers
    ]
    spaces += [
        WorkloadNamespace(
            f"pooled-{key}",
            {
                "namespace": workers.namespace,
                "labels": labels[workers.namespace],
                "pod_security": plan.pod_security,
                "policies": workload_policies(workers.network),
                "quota": workers.quota,
                "pooler": workers.network.pooler_name,
                "service_account": workers.service_account,
            },
            at.components,
        )
        for key, workers in plan.pooled.items()
    ]
    return spaces


def secret_stores(plan: PlatformPlan, at: Here, ready: list[pulumi.Resource]) -> list[pulumi.Resource]:
    return [
        secret_store(
            f"store-{name}",
            store=STORE,
            namespace=name,
            labels=plan.labels,
            region=plan.target.region,
            opts=after(at.cluster, *ready),
        )
        for name in workload_labels(plan)
    ]


def master_credentials(plan: PlatformPlan, cell: CellOutputs, at: Here, ready: list[pulumi.Resource]) -> None:
    """Of every instance that a pooler of this platform stands in front of."""
    for key, server_ca in sorted({spec.database: spec.server_ca for spec in plan.poolers.values()}.items()):
        master_access(
            f"master-{key}",
            instance=instance_name(key, plan.generation),
            namespace=plan.provisioning.namespace,
            labels=plan.labels,
            host=cell.database(key).address,
            server_ca=server_ca,
            store=STORE,
            document=cell.database(key).secret_arn,
            opts=after(at.cluster, *ready),
        )


def pooler(key: str, plan: PlatformPlan, cell: CellOutputs, provisioning: Provisioning) -> DatabaseJob:
    """A pooler and the login it looks others up with; returns the job that prepared its instance."""
    spec = plan.poolers[key]
    at = provisioning.here
    credentials = Login(
        f"pooler-{key}",
        {
            "login": pooler_login(spec),
            "secret_name": spec.credentials_secret,
            "description": f"Login of pooler {spec.name}",
            "key_arn": cell.key_arn("data"),
            "recoverable": not plan.away,
        },
        at.components,
    )
    prepared = prepare_instance(
        provisioning,
        f"instance-{key}",
        instance=instance_name(spec.database, plan.generation),
        pooler=spec,
        credentials=credentials,
    )
    Pooler(
        f"pooler-{key}",
        {
            "plan": spec,
            "labels": plan.labels,
            "host": cell.database(spec.database).address,
            "replica_host": cell.database(spec.database).replicas[READER] if spec.replica_size else "",
            "database_cidrs": plan.provisioning.database_cidrs,
            "store": STORE,
            "credentials": credentials.arn,
            "credentials_version": credentials.version,
        },
        after(at.components, *provisioning.after, prepared),
    )
    return prepared


def pooled_workers(
    key: str,
    plan: PlatformPlan,
    cell: CellOutputs,
    provisioning: Provisioning,
    instances: Mapping[str, DatabaseJob],
) -> None:
    """The shared Odoo workers of one service class, and the middlewares that its tenants' routes have in common."""
    workers = plan.pooled[key]
    at = provisioning.here
    labels = workload_labels(plan)[workers.namespace]
    front = next(name for name, spec in plan.poolers.items() if spec.name == workers.network.pooler_name)
    credentials = Login(
        f"pooled-{key}",
        {
            "login": workers.login,
            "secret_name": workers.secret,
            "description": f"Login of the shared workers of class {workers.service_class}",
            "key_arn": cell.key_arn("data"),
            "recoverable": not plan.away,
        },
        at.components,
    )
    prepared = prepare_login(
        provisioning,
        f"login-{key}",
        secret=workers.namespace,
        instance=instance_name(workers.database, plan.generation),
        login=workers.login,
        limit=workers.connection_limit,
        credentials=credentials,
        prepared=instances[front],
    )
    shared_middlewares(
        f"pooled-{key}",
        workers.namespace,
        labels,
        limits=workers.clients,
        opts=after(at.cluster, *provisioning.after),
    )
    OdooEnvironment(
        f"pooled-{key}",
        {
            "odoo": workers.odoo,
            "namespace": workers.namespace,
            "labels": labels,
            "service_account": workers.service_account,
            "store": STORE,
            "database_host": pooler_host(plan.poolers[front]),
            "database_user": workers.login,
            "database": "",
            "credentials": credentials.arn,
            "credentials_version": credentials.version,
            "sessions": pooled_sessions(key, plan, workers, cell, at),
        },
        after(at.components, prepared),
    )


def pooled_sessions(
    key: str, plan: PlatformPlan, workers: PooledWorkersPlan, cell: CellOutputs, at: Here
) -> SessionStore | None:
    if workers.cache is None:
        return None
    user = CacheUser(
        f"cache-{key}",
        {
            "user": workers.cache.user,
            "prefix": workers.cache.prefix,
            "cache": cell.cache(workers.cache.cache),
            "secret_name": workers.cache.secret,
            "key_arn": cell.key_arn("data"),
            "recoverable": not plan.away,
            "memory_mib": workers.cache.memory_mib,
        },
        at.components,
    )
    return {"secret": user.secret_arn, "version": user.secret_version, "plan": workers.cache}
