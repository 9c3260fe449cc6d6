"""The other region of a cell: copies of its data, and as much of a cluster as its DR class keeps waiting."""

from collections.abc import Mapping
from dataclasses import replace

from odoo_estate.decide import backup, identities, network, shared
from odoo_estate.decide.backup import BackupTerms
from odoo_estate.decide.cell import cell_plan, cell_windows, dr_tags
from odoo_estate.decide.context import MAIN, Context
from odoo_estate.decide.guardrails import guardrails
from odoo_estate.decide.instances import cache_plan
from odoo_estate.decide.naming import cell_stack, dr_stack, name, part, tenant_stack
from odoo_estate.plan import (
    AddonPlan,
    AwsTarget,
    BucketPlan,
    CachePlan,
    CellPlan,
    ClusterPlan,
    DatabasePlan,
    DatabaseReplicationPlan,
    Decision,
    DrPlan,
    Guardrails,
    KeyPlan,
    NodePoolPlan,
)
from odoo_estate.spec.catalog import DrClass
from odoo_estate.spec.estate import Recovery

DR = "dr"
REPLICATED = ("attachments", "backups")
"""The cell's buckets that are copied; access logs stay where they were written."""


def wanted(context: Context, cell: str) -> bool:
    """Whether the cell has a recovery stack: its DR class keeps something more than copies of recovery points in the other region."""
    recovery = context.estate.cells[cell].recovery
    if recovery is None:
        return False
    kind = context.catalog.dr_classes[recovery.dr_class]
    return kind.database != "none" or kind.cluster != "none"


def dr_plan(context: Context, cell: str) -> DrPlan:
    """The plan of a cell's recovery region. Only for cells for which `wanted` holds."""
    estate, catalog, one = context.estate, context.catalog, context.estate.cells[cell]
    assert one.recovery is not None
    kind = catalog.dr_classes[one.recovery.dr_class]
    primary = cell_plan(context, cell)
    owed = backup.cell_terms(context, cell)
    band = shared.band(context, cell)
    target = AwsTarget(account=estate.accounts[one.account], region=one.recovery.region, role=estate.deploy_role or "")
    warm = kind.cluster == "minimum-nodes"
    buckets = _buckets(context, cell, primary)
    return DrPlan(
        estate=estate.estate,
        stack=dr_stack(cell),
        kind="dr",
        target=target,
        tags=dr_tags(context, cell),
        decisions=_decisions(one.recovery, kind),
        budgets=(),
        guardrails=_guardrails(context, cell, owed),
        depends_on=(cell_stack(cell),),
        cell=cell,
        primary_region=one.region,
        dr_class=one.recovery.dr_class,
        network=network.network_plan(
            estate,
            catalog.assumptions,
            cell,
            zone_count=band.zones,
            # Until somebody fails over, nothing there calls out but the few nodes of a warm cluster.
            nat="single" if warm else "none",
            flow_log_days=primary.network.flow_log_retention_days,
            recovery=True,
        ),
        cluster=_cluster(context, cell, primary.cluster) if kind.cluster != "none" else None,
        node_pools=_node_pools(context, cell, primary, warm) if kind.cluster != "none" else {},
        keys=_keys(context, cell),
        databases=_databases(context, cell, primary, kind, owed),
        caches=_caches(context, cell) if warm else {},
        buckets=buckets,
        health_checks=_health_checks(context, cell),
        source_buckets={key: primary.buckets[key].name for key in buckets},
    )


def _guardrails(context: Context, cell: str, owed: BackupTerms) -> Guardrails:
    """Sizes and retention as in the cell; recovery points are taken there, and these are copies."""
    one = context.estate.cells[cell]
    return replace(
        guardrails(
            context,
            classes=backup.cell_classes(context, cell),
            owed=owed,
            production=True,
            residency_regions=context.estate.residency[one.residency].regions,
            cell=cell,
        ),
        backup_required=False,
        cross_region_copy=False,
        cross_account_copy=False,
        vault_lock=None,
        restore_test=False,
    )


def _cluster(context: Context, cell: str, primary: ClusterPlan) -> ClusterPlan:
    """The cell's cluster under names of its own; roles are global in an account, so even they differ."""
    estate = context.estate.estate
    cluster = name("eks", estate, cell, DR)
    return replace(
        primary,
        name=cluster,
        role=name("iam-role", estate, cell, DR, "cluster"),
        node_role=name("iam-role", estate, cell, DR, "nodes"),
        log_group=f"/aws/eks/{cluster}/cluster",
        addons_before_nodes=_addons(context, cell, primary.addons_before_nodes),
        addons_after_nodes=_addons(context, cell, primary.addons_after_nodes),
    )


def _addons(context: Context, cell: str, addons: Mapping[str, AddonPlan]) -> dict[str, AddonPlan]:
    estate = context.estate.estate
    return {
        key: replace(addon, role=name("iam-role", estate, cell, DR, part(key))) if addon.role else addon
        for key, addon in addons.items()
    }


def _node_pools(context: Context, cell: str, primary: CellPlan, warm: bool) -> dict[str, NodePoolPlan]:
    """The cell's pools at rest: none at all, or what the system pool needs to be up and one node of the others."""
    found = {}
    for key, pool in primary.node_pools.items():
        least = (pool.min_nodes if key == shared.SYSTEM_POOL else min(1, pool.min_nodes)) if warm else 0
        found[key] = replace(
            pool,
            name=name("node-group", context.estate.estate, cell, DR, part(key)),
            min_nodes=least,
            desired_nodes=least,
        )
    return found


def _keys(context: Context, cell: str) -> dict[str, KeyPlan]:
    estate = context.estate.estate
    return {
        "data": KeyPlan(
            alias=identities.data_key_alias(estate, cell),
            description=f"Copies of databases, caches and buckets of cell {cell}",
            services=("autoscaling",),
        ),
        "logs": KeyPlan(
            alias=name("kms-alias", estate, cell, "logs"),
            description=f"Logs of cell {cell}'s recovery region",
            services=("logs", "cloudwatch", "sns"),
        ),
    }


def _databases(
    context: Context, cell: str, primary: CellPlan, kind: DrClass, owed: BackupTerms
) -> dict[str, DatabaseReplicationPlan]:
    if kind.database == "none":
        return {}
    home = primary.target
    return {
        key: DatabaseReplicationPlan(
            mode=kind.database,
            source_identifier=database.identifier,
            source_arn=home.arn("rds", f"db:{database.identifier}"),
            retention_days=owed.point_in_time_days,
            replica=replace(
                before_upgrade(database),
                identifier=name("rds", context.estate.estate, cell, key, DR),
                # The standby is for the region's loss; a second zone is added when it becomes the primary.
                multi_az=False,
                # RDS takes no final snapshot of a replica.
                final_snapshot="",
                replicas={},
                readers={},
            )
            if kind.database == "replica"
            else None,
        )
        for key, database in primary.databases.items()
    }


def before_upgrade(database: DatabasePlan) -> DatabasePlan:
    """The instance as its replica is until RDS has taken it along: of its former version, whose group it keeps."""
    if not database.upgrade:
        return database
    return replace(database, family=database.kept_families[0], kept_families=(), upgrade=None)


def _caches(context: Context, cell: str) -> dict[str, CachePlan]:
    """An empty cache of the cell's size: sessions are not carried over, everybody logs in again."""
    band = shared.band(context, cell)
    return {
        MAIN: cache_plan(
            context,
            id=name("elasticache", context.estate.estate, cell, DR),
            band=band.cache,
            nodes=band.cache_nodes,
            snapshot_days=backup.cell_terms(context, cell).cache_snapshot_days,
            windows=cell_windows(context, cell),
            description=f"Sessions of cell {cell} after a failover",
        )
    }


def _buckets(context: Context, cell: str, primary: CellPlan) -> Mapping[str, BucketPlan]:
    account = context.estate.accounts[context.estate.cells[cell].account]
    return {
        key: replace(primary.buckets[key], name=name("s3", context.estate.estate, cell, DR, key, suffix=account))
        for key in REPLICATED
        if key in primary.buckets
    }


def _health_checks(context: Context, cell: str) -> dict[str, str]:
    """A dedicated cell fails over when its customer's production does. Whether a shared cell does is for people to decide, over all its
    tenants; and a check per tenant would make the recovery region change with each of them."""
    one = context.estate.cells[cell]
    if one.customer is None:
        return {}
    customer = context.customers[one.customer]
    if "production" not in customer.environments or not customer.domains:
        return {}
    return {tenant_stack(one.customer, "production"): customer.domains[0]}


def _decisions(recovery: Recovery, kind: DrClass) -> tuple[Decision, ...]:
    return (
        Decision(
            topic="recovery",
            value=recovery.dr_class,
            reason=f"{kind.description}; database {kind.database}, cluster {kind.cluster} in {recovery.region}",
            entitlement=f"dr_classes.{recovery.dr_class}",
            binding=f"lose at most {kind.rpo_minutes} minutes, back within {kind.rto_minutes}",
        ),
    )
