"""RDS instances and ElastiCache groups from their bands: the same rules for a cell's shared ones and for a tenant's own."""

from odoo_estate.decide.backup import BackupTerms
from odoo_estate.decide.context import Context
from odoo_estate.decide.logs import log_days
from odoo_estate.decide.naming import name
from odoo_estate.decide.postgres_parameters import parameters
from odoo_estate.decide.postgres_tier import Tier, password_version
from odoo_estate.decide.postgres_version import major
from odoo_estate.decide.schedules import Windows
from odoo_estate.errors import Refused
from odoo_estate.plan import READER, CachePlan, DatabasePlan, DatabaseReaderPlan, UpgradePlan
from odoo_estate.spec.catalog import PostgresBand

MASTER = "estate_master"
"""Master user; no tenant's login, and nothing connects with it but the provisioning jobs."""
TUNABLE_GIB = 400
"""From here on gp3 takes IOPS and throughput; below, passing even the baseline is refused (aws provider, public issue threads)."""
LEAST_TUNED_IOPS = 12_000
MONITORING_SECONDS = 60
ADVANCED_INSIGHTS_DAYS = 465
"""Database Insights in advanced mode needs Performance Insights to be kept as long (RDS user guide)."""
EVICTION = "volatile-ttl"
"""What expires soonest makes room first: cached results, which live an hour at most, before sessions, which live for days; what never expires
(locks, queues) does not vanish. Least recently used, the default, drops sessions while cached results stay."""


def database_plan(
    context: Context,
    *,
    owner: tuple[str, ...],
    band: str,
    multi_az: bool,
    owed: BackupTerms,
    windows: Windows,
    insights_days: int,
    log_retention_days: int,
    tier: Tier,
    version: str,
    upgrade: UpgradePlan | None,
) -> DatabasePlan:
    """One RDS PostgreSQL instance of ``band``.

    Args:
        owner: the parts of its name, the estate first.
        version: and the approved step to it: see `odoo_estate.decide.postgres_version`.

    Raises:
        Refused: the band asks for IOPS that its storage does not take.
    """
    size = context.catalog.postgres_bands[band]
    _check_storage(size, band)
    own = tier.master_password == "own"
    identifier = name("rds", *owner)
    return DatabasePlan(
        identifier=identifier,
        band=band,
        engine_version=version,
        family=f"postgres{major(version)}",
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
        # The primary keeps the row versions that a report on the replica still reads; without, its vacuum ends reports after 30 s.
        parameters=parameters(size, context.catalog.assumptions)
        | ({"hot_standby_feedback": "1"} if tier.replica else {}),
        master_username=MASTER,
        master_password=tier.master_password,
        master_secret=name("secret", context.estate.estate, "master", identifier) if own else "",
        master_password_version=password_version(
            context.today, context.catalog.assumptions.master_password_days, upgrade
        )
        if own
        else 1,
        max_connections=size.max_connections,
        performance_insights_days=insights_days,
        monitoring_interval_seconds=MONITORING_SECONDS,
        log_retention_days=log_days(log_retention_days),
        deletion_protection=True,
        final_snapshot=name("rds", *owner, "final"),
        replicas={READER: name("rds", *owner, READER)} if tier.replica else {},
        certificate_authority=context.catalog.versions.postgres_certificate_authority,
        insights_mode="advanced" if insights_days >= ADVANCED_INSIGHTS_DAYS else "standard",
        upgrade=upgrade,
        kept_families=(f"postgres{major(version) - 1}",) if upgrade else (),
        readers=readers(context, owner),
    )


def reader_user(role: str) -> str:
    """PostgreSQL login of the people of one of the estate's roles; the same on every instance."""
    return name("postgres", "estate", role)


def reader_users(context: Context) -> dict[str, bool]:
    """The logins of all who may read, True where they see the tenants' data."""
    return {reader_user(role): access == "data" for role, access in sorted(context.estate.database_readers.items())}


def readers(context: Context, owner: tuple[str, ...]) -> dict[str, DatabaseReaderPlan]:
    """Whose people may log in to an instance, by the role they sign in with."""
    estate = context.estate
    return {
        role: DatabaseReaderPlan(
            trusted=name("iam-role", estate.estate, role),
            role=name("iam-role", *owner, "read", role),
            user=reader_user(role),
            data=access == "data",
        )
        for role, access in sorted(estate.database_readers.items())
    }


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
