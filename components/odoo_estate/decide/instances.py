"""RDS instances and ElastiCache groups from their bands: the same rules for a cell's shared ones and for a tenant's own."""

from odoo_estate.decide.backup import BackupTerms
from odoo_estate.decide.context import Context
from odoo_estate.decide.logs import log_days
from odoo_estate.decide.naming import name
from odoo_estate.decide.schedules import Windows
from odoo_estate.errors import Refused
from odoo_estate.plan import CachePlan, DatabasePlan
from odoo_estate.spec.catalog import PostgresBand

MASTER = "estate_master"
"""Master user; no tenant's login, and nothing connects with it but the provisioning jobs."""
TUNABLE_GIB = 400
"""From here on gp3 takes IOPS and throughput; below, passing even the baseline is refused (aws provider, public issue threads)."""
LEAST_TUNED_IOPS = 12_000
MONITORING_SECONDS = 60
IDLE_IN_TRANSACTION_MS = 15 * 60 * 1000
SLOW_STATEMENT_MS = 1000
EVICTION = "volatile-ttl"
"""What expires soonest makes room first: cached results, which live an hour at most, before sessions, which live for days; what never expires
(locks, queues) does not vanish. Least recently used, the default, drops sessions while cached results stay."""


def database_plan(
    context: Context,
    *,
    identifier: str,
    final_snapshot: str,
    band: str,
    multi_az: bool,
    owed: BackupTerms,
    windows: Windows,
    insights_days: int,
    log_retention_days: int,
    replicated: bool,
) -> DatabasePlan:
    """One RDS PostgreSQL instance of ``band``.

    Args:
        replicated: it has or will have a read replica (a standby in the recovery region): AWS then refuses a managed master password.

    Raises:
        Refused: the band asks for IOPS that its storage does not take.
    """
    size = context.catalog.postgres_bands[band]
    _check_storage(size, band)
    version = context.catalog.versions.postgres
    return DatabasePlan(
        identifier=identifier,
        band=band,
        engine_version=version,
        family=f"postgres{version.split('.', maxsplit=1)[0]}",
        instance_class=size.instance_class,
        storage_gib=size.storage_gib,
        max_storage_gib=size.max_storage_gib,
        storage_type="gp3",
        iops=size.iops if size.storage_gib >= TUNABLE_GIB else None,
        throughput_mibps=size.throughput_mibps if size.storage_gib >= TUNABLE_GIB else None,
        multi_az=multi_az,
        backup_retention_days=owed.point_in_time_days,
        backup_window=windows.database_backup,
        maintenance_window=str(windows.maintenance),
        parameters=_parameters(size),
        master_username=MASTER,
        master_password="own" if replicated else "managed",
        master_secret=name("secret", context.estate.estate, "master", identifier) if replicated else "",
        max_connections=size.max_connections,
        performance_insights_days=insights_days,
        monitoring_interval_seconds=MONITORING_SECONDS,
        log_retention_days=log_days(log_retention_days),
        deletion_protection=True,
        final_snapshot=final_snapshot,
    )


def _check_storage(size: PostgresBand, band: str) -> None:
    tuned = size.iops is not None or size.throughput_mibps is not None
    if tuned and size.storage_gib < TUNABLE_GIB:
        raise Refused(
            f"{band} asks for IOPS or throughput at {size.storage_gib} GiB; gp3 takes them from {TUNABLE_GIB} GiB on",
            document="catalog",
            field=("postgres_bands", band, "iops" if size.iops else "throughput_mibps"),
            value=size.iops or size.throughput_mibps,
            allowed=("none",),
            remedy=f"leave both out, or start at {TUNABLE_GIB} GiB",
        )
    if size.iops is not None and size.iops < LEAST_TUNED_IOPS:
        raise Refused(
            f"{band} asks for {size.iops} IOPS; from {TUNABLE_GIB} GiB on gp3 begins at {LEAST_TUNED_IOPS}",
            document="catalog",
            field=("postgres_bands", band, "iops"),
            value=size.iops,
            allowed=(f"{LEAST_TUNED_IOPS} or more",),
            remedy="leave it out for the baseline, or ask for more",
        )


def _parameters(size: PostgresBand) -> dict[str, str]:
    """What differs from RDS's defaults, and TLS, which a rule wants to see in writing.

    Odoo holds transactions open while it waits for nothing only after a fault: those are ended. Lock waits and statements over a second
    are logged, because they are what neighbours feel first. SSD pages cost hardly more out of order.
    """
    return {
        "idle_in_transaction_session_timeout": str(IDLE_IN_TRANSACTION_MS),
        "log_lock_waits": "1",
        "log_min_duration_statement": str(SLOW_STATEMENT_MS),
        "log_temp_files": "65536",
        "max_connections": str(size.max_connections),
        "random_page_cost": "1.1",
        "rds.force_ssl": "1",
    }


def cache_plan(
    context: Context, *, id: str, band: str, nodes: int, snapshot_days: int, windows: Windows, description: str
) -> CachePlan:
    """One Valkey replication group of ``band``."""
    version = context.catalog.versions.valkey
    return CachePlan(
        id=id,
        band=band,
        engine_version=version,
        family=f"valkey{version.split('.', maxsplit=1)[0]}",
        node_type=context.catalog.cache_bands[band].node_type,
        nodes=nodes,
        maxmemory_policy=EVICTION,
        maxmemory_samples=context.catalog.assumptions.eviction_samples,
        snapshot_days=snapshot_days,
        snapshot_window=windows.cache_snapshot,
        maintenance_window=str(windows.cache_maintenance),
        description=description,
    )
