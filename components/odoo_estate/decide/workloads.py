"""A tenant's Odoo runtime: its workloads with their settings, arguments, replicas and nodes."""

from collections.abc import Mapping
from dataclasses import replace

from odoo_estate.decide.context import Context, Tenant
from odoo_estate.decide.shared import (
    BACKGROUND_PRIORITY,
    GENERAL_POOL,
    INTEGRATION_POOL,
    REPORTING_POOL,
    TRIAL_POOL,
    TRIAL_PRIORITY,
    WEB_PRIORITY,
    Place,
    place,
)
from odoo_estate.decide.sizing import Pods
from odoo_estate.plan import ContainerSize, OdooPlan, Workload, WorkloadPlan
from odoo_estate.spec.catalog import CellBand, OdooBand, WorkloadBand

HTTP_PORT = 8069
WEBSOCKET_PORT = 8072
REQUEST_SECONDS = 120
"""Odoo's own default of ``limit_time_real``: the longest request of a user."""
JOB_SECONDS = 1800
"""The longest scheduled or integration job: half an hour, so that a stuck one is found within the hour."""
REPORT_SECONDS = 720
"""What proxies in front of Odoo are usually set to for long reports."""
TARGET_CPU_PERCENT = 70
"""Of the request: an autoscaler that waits for more is late by the minute that a pod takes to start."""
DATA_VOLUME_MIB = 2048
"""Scratch under ``data_dir``: assets and reports in the making; the filestore itself lies in object storage."""
RUNNER = "queue_job"
"""OCA/queue: its runner starts in every process tree that loads it server-wide, so only integration does."""
TURN_SECONDS = 600
"""The longest job of a tenant on shared processes: a neighbour that found all places taken waits so long for the first one that is free. A tenant
whose jobs need more has outgrown the pool."""
TENANT_SHARE = 4
"""A tenant holds a quarter of the shared job processes at most, as of the shared web workers."""
REPLICA_SERIES = 18
"""From this series on Odoo sends what only reads to ``db_replica_host``."""
LEAST_VIRTUAL_MIB = 2048
"""Odoo's own default of ``limit_memory_soft``."""
PLACES: Mapping[Workload, str] = {
    "web": GENERAL_POOL,
    "websocket": GENERAL_POOL,
    "cron": GENERAL_POOL,
    "integration": INTEGRATION_POOL,
    "reporting": INTEGRATION_POOL,
}
"""The pool that each workload belongs to: bursts of integrations and reports never take a node from web."""
PRIORITIES: Mapping[Workload, str] = {
    "web": WEB_PRIORITY,
    "websocket": WEB_PRIORITY,
    "cron": BACKGROUND_PRIORITY,
    "integration": BACKGROUND_PRIORITY,
    "reporting": BACKGROUND_PRIORITY,
}


def workload_bands(band: OdooBand, *, reporting: bool) -> dict[Workload, WorkloadBand]:
    """The band's workloads; reporting only where the class has it."""
    found: dict[Workload, WorkloadBand] = {
        "web": band.web,
        "websocket": band.websocket,
        "cron": band.cron,
        "integration": band.integration,
    }
    if reporting and band.reporting:
        found["reporting"] = band.reporting
    return found


def place_of(workload: Workload, cell: CellBand, *, production: bool = True) -> Place:
    """The cell's pool for a workload; where the cell has pools for trials or reports, theirs."""
    own = TRIAL_POOL if not production else REPORTING_POOL if workload == "reporting" else PLACES[workload]
    return place(cell, own if own in cell.node_pools else PLACES[workload])


def replicas(band: WorkloadBand, workload: Workload, *, production: bool, least_web: int) -> tuple[int, int]:
    """Least and most replicas: one outside production, where redundancy is not paid for; at least the class' web replicas in it."""
    if not production:
        return 1, 1
    least = max(band.min_replicas, least_web) if workload == "web" else band.min_replicas
    return least, max(least, band.max_replicas)


def tenant_workloads(
    context: Context, tenant: Tenant, band: OdooBand, *, cell: CellBand, own_pool: str = ""
) -> dict[Workload, WorkloadPlan]:
    """The deployments of one tenant with workers of its own. ``own_pool``: all run on that pool instead of the cell's."""
    service = context.service_class(tenant.customer)
    production = tenant.environment == "production"
    return {
        workload: workload_plan(
            workload,
            one,
            replicas=replicas(one, workload, production=production, least_web=service.availability.min_web_replicas),
            place=Place(own_pool, True) if own_pool else place_of(workload, cell, production=production),
            production=production,
            spread=service.availability.zones > 1,
        )
        for workload, one in workload_bands(band, reporting=service.reporting).items()
    }


def odoo_plan(context: Context, series: str, *, database: str, workloads: Mapping[Workload, WorkloadPlan]) -> OdooPlan:
    """The runtime of one tenant: the series' image, the settings that pin it to ``database``, and its workloads."""
    version = context.catalog.versions.odoo[series]
    return OdooPlan(
        version=series,
        image=version.image,
        uid=version.uid,
        gid=version.gid,
        settings=common_settings(database, version.server_wide_modules),
        workloads=with_runner(workloads, version.server_wide_modules),
        data_volume_mib=DATA_VOLUME_MIB,
    )


def replica_readers(series: str, plans: Mapping[Workload, WorkloadPlan], replica: bool) -> dict[Workload, WorkloadPlan]:
    """``plans`` with reporting on the read replica, where there is one and Odoo can use it. No other workload: users would read what is older than
    what they have just written, and cron does not LISTEN at a replica."""
    reads = replica and reads_replica(series)
    return {key: replace(one, reads_replica=reads) if key == "reporting" else one for key, one in plans.items()}


def reads_replica(series: str) -> bool:
    """Whether Odoo knows ``db_replica_host``."""
    return int(series.split(".", maxsplit=1)[0]) >= REPLICA_SERIES


def common_settings(database: str, modules: tuple[str, ...]) -> dict[str, str]:
    """``odoo.conf`` values of every workload of one tenant.

    ``db_name`` stands here, so that no process, cron and integration above all, ever works on another database than its own (``dbfilter``
    does not restrict cron); ``dbfilter`` is the same name in full, and the database manager is off.
    """
    return {
        # The image's own odoo.conf, which ours takes the place of, names it; without it no module of the operator's is found.
        "addons_path": "/mnt/extra-addons",
        "data_dir": "/var/lib/odoo",
        "db_name": database,
        "db_template": "template0",
        "dbfilter": f"^{database}$",
        "list_db": "False",
        # Werkzeug writes a line a request with its query string, in which tokens travel (password reset, shared documents); the ingress logs requests
        # without them, by tenant.
        "log_handler": ":INFO,werkzeug:WARNING",
        "proxy_mode": "True",
        "server_wide_modules": ",".join(modules),
        "unaccent": "True",
        "without_demo": "all",
    }


def with_runner(workloads: Mapping[Workload, WorkloadPlan], modules: tuple[str, ...]) -> dict[Workload, WorkloadPlan]:
    """``workloads`` with the job runner in integration and nowhere else: a job never takes a worker that somebody waits for. Each pod's runner
    hands jobs to its own workers (``localhost``); two that pick the same job find it taken by the second's state check."""
    runs = {"server_wide_modules": ",".join((*modules, RUNNER))}
    return {
        key: replace(one, settings={**one.settings, **runs}) if key == "integration" else one
        for key, one in workloads.items()
    }


def in_turns(plan: WorkloadPlan) -> WorkloadPlan:
    """``plan`` as one of the two bounded pools that run all tenants' jobs: cron, and what is queued (integration).

    ``workers`` is not 0 because only prefork's job processes go through every database; the threaded server's stay with those it has loaded, which
    is none (``cron_thread`` in ``odoo/service/server.py``). With ``--no-http`` there are no other processes. The watchdog ends one whose job passes
    `TURN_SECONDS`, and its place is free.
    """
    settings = {
        **plan.settings,
        "workers": "1",
        "max_cron_threads": str(plan.processes),
        "limit_time_cpu": str(TURN_SECONDS // 2),
        "limit_time_real": str(TURN_SECONDS),
        "limit_time_real_cron": str(TURN_SECONDS),
    }
    return replace(
        plan,
        arguments=ARGUMENTS["cron"],
        settings=settings,
        port=None,
        routed=False,
        longest_seconds=TURN_SECONDS,
        grace_seconds=TURN_SECONDS + 30,
        turns=max(1, plan.processes * plan.min_replicas // TENANT_SHARE),
    )


def with_registries(plan: WorkloadPlan, *, databases: int, registry_mib: int) -> WorkloadPlan:
    """``plan`` with room in each process for the registries of ``databases``, and a bound that keeps it there.

    Odoo derives the bound from ``limit_memory_soft`` (a registry for every 15 MiB: 136), which is virtual memory of one process and says nothing
    about the container; without one of our own, a pod that has served every tenant is killed for its memory.
    """
    size = replace(plan.size, memory_mib=plan.size.memory_mib + plan.processes * databases * registry_mib)
    return replace(plan, size=size, settings={**plan.settings, "registry_lru_size": str(databases)})


def workload_plan(
    workload: Workload,
    band: WorkloadBand,
    *,
    replicas: tuple[int, int],
    place: Place,
    production: bool,
    spread: bool,
) -> WorkloadPlan:
    """One workload's deployment."""
    least, most = replicas
    port = None if workload == "cron" else WEBSOCKET_PORT if workload == "websocket" else HTTP_PORT
    seconds = {"cron": JOB_SECONDS, "integration": JOB_SECONDS, "reporting": REPORT_SECONDS}.get(
        workload, REQUEST_SECONDS
    )
    return WorkloadPlan(
        processes=band.processes,
        max_connections=band.max_connections,
        min_replicas=least,
        max_replicas=most,
        size=ContainerSize(cpu_millicores=band.cpu_millicores, memory_mib=band.memory_mib),
        arguments=ARGUMENTS[workload],
        settings=_settings(workload, band, seconds),
        port=port,
        routed=workload in ("web", "websocket"),
        longest_seconds=seconds,
        recreate=workload == "cron",
        target_cpu_percent=TARGET_CPU_PERCENT,
        grace_seconds=seconds + 30,
        priority_class=PRIORITIES[workload] if production else TRIAL_PRIORITY,
        node_selector=place.node_selector,
        tolerations=place.tolerations,
        spread_zones=spread and most > 1,
    )


ARGUMENTS: Mapping[Workload, tuple[str, ...]] = {
    "web": (),
    "websocket": ("gevent",),
    "cron": ("--no-http",),
    "integration": (),
    "reporting": (),
}
"""What follows ``odoo``. Integration and reporting answer HTTP within their pod (the job runner hands jobs over by it); cron answers none."""


def _settings(workload: Workload, band: WorkloadBand, seconds: int) -> dict[str, str]:
    """Values on top of the common ones.

    The memory limits are of virtual memory and per worker (RLIMIT_AS): a fuse against leaks, at least Odoo's defaults, and never what the
    container is sized by (odoo/odoo#107799). ``limit_time_cpu`` is half of the wall-clock limit, as in Odoo's defaults.
    """
    soft = max(LEAST_VIRTUAL_MIB, band.memory_mib) * 1024 * 1024
    settings = {
        "db_maxconn": str(band.max_connections),
        "limit_memory_soft": str(soft),
        "limit_memory_hard": str(soft * 5 // 4),
        "limit_time_cpu": str(seconds // 2),
        "limit_time_real": str(seconds),
    }
    if workload == "cron":
        return {
            **settings,
            "workers": "0",
            "max_cron_threads": str(band.processes),
            "limit_time_real_cron": str(seconds),
        }
    if workload == "websocket":
        return {
            **settings,
            "workers": "0",
            "max_cron_threads": "0",
            "gevent_port": str(WEBSOCKET_PORT),
            "db_maxconn_gevent": str(band.max_connections),
        }
    return {
        **settings,
        "workers": str(band.processes),
        "max_cron_threads": "0",
        "http_port": str(HTTP_PORT),
        "gevent_port": str(WEBSOCKET_PORT),
    }


# --- sums over a runtime -------------------------------------------------------------------------------------------


def counted(workloads: Mapping[Workload, WorkloadPlan]) -> dict[Workload, int]:
    """Pods at most by workload: all replicas, and the one more that a rolling update starts."""
    return {key: one.max_replicas + (not one.recreate) for key, one in workloads.items()}


def asleep(odoo: OdooPlan) -> OdooPlan:
    """``odoo`` with no pods: its workloads are still there."""
    plans = {key: replace(one, min_replicas=0, max_replicas=0) for key, one in odoo.workloads.items()}
    return replace(odoo, workloads=plans)


def processes(workloads: Mapping[Workload, WorkloadPlan]) -> int:
    """Odoo processes at most, each of which works on one request or job, and so in one transaction, at a time."""
    pods = counted(workloads)
    return sum(one.processes * pods[key] for key, one in workloads.items())


def reporting_processes(workloads: Mapping[Workload, WorkloadPlan]) -> int:
    """Those of `processes` that may read from a replica."""
    return processes({key: one for key, one in workloads.items() if key == "reporting"})


def client_connections(workloads: Mapping[Workload, WorkloadPlan]) -> int:
    """Connections that the processes can hold open to their database at most, with every workload in a rolling update."""
    pods = counted(workloads)
    return sum(one.processes * one.max_connections * pods[key] for key, one in workloads.items())


def runner_connections(workloads: Mapping[Workload, WorkloadPlan]) -> int:
    """Connections of job runners, which LISTEN in the tenant's own database: one for every integration pod."""
    return counted(workloads)["integration"]


def bus_connections(workloads: Mapping[Workload, WorkloadPlan]) -> int:
    """Connections to the bus in ``postgres``, each of which a session pool pins: one for every process that may NOTIFY, and a second one
    for those that LISTEN (websocket and cron)."""
    pods = counted(workloads)
    return sum(one.processes * pods[key] * (2 if key in ("websocket", "cron") else 1) for key, one in workloads.items())


def pods_by_pool(workloads: Mapping[Workload, WorkloadPlan], *, most: bool) -> dict[str, Pods]:
    """What each node pool has to hold, at most or at fewest replicas."""
    found: dict[str, Pods] = {}
    for one in workloads.values():
        count = one.max_replicas if most else one.min_replicas
        (pool,) = one.node_selector.values()
        found[pool] = found.get(pool, Pods()) + Pods(
            cpu_millicores=one.size.cpu_millicores * count,
            memory_mib=one.size.memory_mib * count,
            pods=count,
            largest_cpu_millicores=one.size.cpu_millicores,
            largest_memory_mib=one.size.memory_mib,
        )
    return found
