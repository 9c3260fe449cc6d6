"""What a stack may hold, as thresholds for the policy rules: always the catalog's figures, never a rule's own."""

from collections.abc import Mapping, Sequence

from odoo_estate.decide.backup import BackupTerms, copies_to_account, filestore_days, vault_lock
from odoo_estate.decide.context import Context
from odoo_estate.plan import Guardrails
from odoo_estate.spec.catalog import CellBand, NodeBand, OdooBand, PostgresBand, WorkloadBand

STORAGE_TYPES = ("gp3",)
BASELINE_IOPS = 3000
"""What gp3 gives below 400 GiB without being asked (RDS user guide, read 2026-11)."""
PLATFORM_POD_MILLICORES = 1000
PLATFORM_POD_MIB = 2048
"""The largest container of the platform's own controllers."""


def guardrails(
    context: Context,
    *,
    classes: Sequence[str],
    owed: BackupTerms | None,
    production: bool,
    residency_regions: Sequence[str],
    cell: str | None = None,
    inherited: Mapping[str, str] | None = None,
    bucket_replication: bool = False,
) -> Guardrails:
    """The union of what ``classes`` entitle to, and of what the cell's band and named instances add.

    Args:
        owed: None where the stack holds no data of its own.
        cell: None: no band counts.
        inherited: tags by which another stack's backup plan takes in this stack's things.
    """
    catalog, estate = context.catalog, context.estate
    served = [catalog.service_classes[one] for one in classes]
    one = estate.cells[cell] if cell else None
    band = catalog.cell_bands[one.band] if one else None
    postgres = _postgres_bands(context, classes, cell)
    nodes = _node_bands(context, classes, band)
    odoo = [catalog.odoo_bands[key] for service in served for key in service.odoo_bands]
    odoo += [catalog.odoo_bands[key] for key in band.pooled_class_bands.values()] if band else []
    workloads = [workload for entry in odoo for workload in _workloads(entry)]
    caches = {key for service in served for key in service.cache_bands} | ({band.cache} if band else set())
    return Guardrails(
        service_classes=tuple(sorted(classes)),
        production=production,
        residency_regions=tuple(residency_regions),
        required_tags=catalog.required_tags,
        tag_patterns=catalog.tag_patterns,
        database_classes=tuple(sorted({entry.instance_class for entry in postgres})),
        database_storage_gib=max((entry.max_storage_gib for entry in postgres), default=0),
        database_max_storage_gib=max((entry.max_storage_gib for entry in postgres), default=0),
        database_iops=max((entry.iops or BASELINE_IOPS for entry in postgres), default=0),
        database_storage_types=STORAGE_TYPES,
        cache_node_types=tuple(sorted(catalog.cache_bands[key].node_type for key in caches)),
        cache_nodes=max(
            [service.availability.cache_nodes for service in served] + ([band.cache_nodes] if band else []), default=0
        ),
        node_instance_types=tuple(sorted({kind for entry in nodes for kind in entry.instance_types})),
        nodes=max(
            [service.max_nodes for service in served]
            + ([pool.max_nodes for pool in band.node_pools.values()] if band else []),
            default=0,
        ),
        pod_cpu_millicores=max(
            [catalog.assumptions.recovery_cpu_millicores, *(one.cpu_millicores for one in workloads)]
            if workloads
            else [PLATFORM_POD_MILLICORES]
        ),
        pod_memory_mib=max(
            [catalog.assumptions.recovery_memory_mib, *(one.memory_mib for one in workloads)]
            if workloads
            else [PLATFORM_POD_MIB]
        ),
        pod_replicas=max(
            [one.max_replicas for one in workloads] + ([band.pooler_replicas] if band else []),
            default=1,
        ),
        backup_retention_days=owed.point_in_time_days if owed else 0,
        cache_snapshot_days=owed.cache_snapshot_days if owed else 0,
        backup_required=owed is not None,
        cross_region_copy=owed.cross_region if owed else False,
        cross_account_copy=copies_to_account(estate, owed) if owed else False,
        vault_lock=vault_lock(catalog, owed.lock) if owed else None,
        restore_test=owed.restore_test if owed else False,
        bucket_versioning=True,
        bucket_object_lock=owed.bucket_lock if owed else False,
        bucket_replication=bucket_replication,
        bucket_versions_days=filestore_days(catalog, owed.point_in_time_days, owed.retention) if owed else 0,
        inherited_backup_selection=dict(inherited or {}),
    )


def _postgres_bands(context: Context, classes: Sequence[str], cell: str | None) -> list[PostgresBand]:
    catalog = context.catalog
    keys = {key for one in classes for key in catalog.service_classes[one].postgres_bands}
    if cell:
        one = context.estate.cells[cell]
        keys |= {catalog.cell_bands[one.band].postgres, *one.databases.values()}
    return [catalog.postgres_bands[key] for key in sorted(keys) if key in catalog.postgres_bands]


def _node_bands(context: Context, classes: Sequence[str], band: CellBand | None) -> list[NodeBand]:
    catalog = context.catalog
    keys = {key for one in classes for key in catalog.service_classes[one].node_bands}
    keys |= {pool.band for pool in band.node_pools.values()} if band else set()
    return [catalog.node_bands[key] for key in sorted(keys)]


def _workloads(band: OdooBand) -> list[WorkloadBand]:
    return [band.web, band.websocket, band.cron, band.integration, *([band.reporting] if band.reporting else [])]
