"""The other region of a cell: copies of its data, and as much of a cluster as its DR class keeps waiting."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from odoo_estate.decide import backup, drills, identities, lifting, network, shared, tenant_data
from odoo_estate.decide.backup import BackupTerms
from odoo_estate.decide.cell import (
    cell_plan,
    cell_windows,
    dr_tags,
    network_and_addresses,
    platform_identities,
    recovery_identifier,
)
from odoo_estate.decide.cluster import addon_configuration
from odoo_estate.decide.context import MAIN, Context, Tenant
from odoo_estate.decide.database_alarms import DEPTHS, database_alarms, lag_alarm
from odoo_estate.decide.guardrails import guardrails
from odoo_estate.decide.instances import cache_plan
from odoo_estate.decide.naming import DR, cell_stack, dr_stack, drill_stack, name, part, tenant_stack
from odoo_estate.decide.tenant import tenant_plan
from odoo_estate.errors import Refused
from odoo_estate.plan import (
    AddonPlan,
    AlarmPlan,
    AwsTarget,
    BucketPlan,
    CachePlan,
    CellPlan,
    ClusterPlan,
    DatabasePlan,
    DatabaseReplicationPlan,
    Decision,
    DrillPlan,
    DrPlan,
    Guardrails,
    KeyPlan,
    NetworkPlan,
    NodePoolPlan,
)
from odoo_estate.spec.catalog import DrClass
from odoo_estate.spec.estate import Recovery
from odoo_estate.spec.recovery import AWAY, RecoveryState

REPLICATED = ("attachments", "backups")
"""The cell's buckets that are copied; access logs stay where they were written."""
UNMIXED = ("backups",)
"""Of those, what must not arrive while this region is active: a lost region that answers again dumps and verifies its old data, which would pass
for the newest. Attachments that were still on their way when it was lost are welcome."""
OWN_REPLICATED = ("attachments", "documents")
"""Of a tenant's own buckets: what its database refers to. Exports can be made again; dumps of the database are no newer than what follows it."""
MAX_REPLICATIONS = 20
"""Replicated automated backups that RDS keeps in one region for one account (RDS quotas, read 2026-11)."""
DRILL = "drill"


@dataclass(frozen=True)
class State:
    """Where a cell's data is written, and which generation of primary instances holds it; see `CellRecovery`."""

    name: RecoveryState = "standby"
    generation: int = 1

    @property
    def away(self) -> bool:
        """Whether the recovery region is the active one."""
        return self.name in AWAY


def state_of(context: Context, cell: str) -> State:
    """What ``recovery/CELL.yaml`` says; without it nothing ever moved."""
    one = context.recoveries.get(cell)
    return State(one.state, one.generation) if one else State()


def wanted(context: Context, cell: str) -> bool:
    """Whether the cell has a recovery stack: its DR class keeps something more than copies of recovery points in the other region."""
    recovery = context.estate.cells[cell].recovery
    if recovery is None:
        return False
    kind = context.catalog.dr_classes[recovery.dr_class]
    return kind.database != "none" or kind.cluster != "none" or state_of(context, cell).name != "standby"


def dr_plan(context: Context, cell: str) -> DrPlan:
    """The plan of a cell's recovery region. Only for cells for which `wanted` holds."""
    estate, catalog, one = context.estate, context.catalog, context.estate.cells[cell]
    assert one.recovery is not None
    kind = catalog.dr_classes[one.recovery.dr_class]
    primary = cell_plan(context, cell)
    owed = backup.cell_terms(context, cell)
    band = shared.band(context, cell)
    target = AwsTarget(account=estate.accounts[one.account], region=one.recovery.region, role=estate.deploy_role or "")
    state = state_of(context, cell)
    warm = kind.cluster == "minimum-nodes"
    clustered = kind.cluster != "none" or state.away
    own = own_data(context, cell)
    there = context.away_from(cell)
    databases = _databases(context, cell, primary, own)
    stranded = [tenant for tenant, data in own.items() if data.database]
    if stranded and state.name in ("failing-back", "draining", "returned"):
        raise Refused(
            f"{', '.join(stranded)} wrote into an instance of their own in {one.recovery.region}: only the cell's instances come home by replication",
            document=f"recovery:{cell}",
            field=("state",),
            value=state.name,
            remedy="move each of them to an instance of the cell by dump and restore first (change its tenancy), then fail back",
        )
    buckets = {
        **_buckets(context, cell, primary),
        **{f"{tenant}.{purpose}": bucket for tenant, data in own.items() for purpose, bucket in data.copies.items()},
    }
    sources = (
        {}
        if kind.database == "none" and state.name not in ("failing-back", "draining")
        else {
            **{key: bucket.name for key, bucket in primary.buckets.items() if key in buckets},
            **{f"{tenant}.{purpose}": name for tenant, one in own.items() for purpose, name in one.sources.items()},
        }
    )
    vpc, addresses = network_and_addresses(
        context,
        cell,
        primary.network.flow_log_retention_days,
        # Until somebody fails over, nothing there calls out but the few nodes of a warm cluster.
        nat=band.nat if state.away else "single" if warm and band.nat != "none" else "none",
        recovery=True,
    )
    return DrPlan(
        estate=estate.estate,
        stack=dr_stack(cell),
        kind="dr",
        target=target,
        tags=dr_tags(context, cell),
        decisions=_decisions(context, cell, one.recovery, kind, own),
        budgets=addresses,  # at the size that it takes when it has to work
        guardrails=drills.watched(context, cell, _guardrails(context, cell, owed)),
        # Failed over, it stands alone: what it followed is out of reach.
        depends_on=() if state.away else (cell_stack(cell), *(tenant_stack(*tenant.split(".")) for tenant in own)),
        cell=cell,
        primary_region=one.region,
        dr_class=one.recovery.dr_class,
        network=vpc,
        cluster=_cluster(context, cell, primary.cluster, vpc) if clustered else None,
        node_pools=_node_pools(context, cell, primary, warm, working=state.away) if clustered else {},
        keys=_keys(context, cell),
        identities=platform_identities(there, cell, band) if clustered else {},
        alert_topic=name("topic", estate.estate, cell, DR, "alerts") if clustered else "",
        alarms=(_alarms(context, cell, databases) if state.away else _standby_alarms(context, cell, databases))
        if clustered
        else {},
        databases=databases,
        # Once home again, what goes with the next update is no longer protected; it holds nothing that is needed.
        caches=_caches(context, cell)
        if warm or state.away
        else lifting.lifted(_caches(context, cell))
        if state.name == "returned"
        else {},
        buckets=buckets,
        health_checks=_health_checks(context, cell),
        source_buckets=sources,
        replication_roles={key: shared.replication_roles(context, cell, key) for key in sources},
        halted=tuple(key for key in UNMIXED if key in sources and state.away),
        source_key_aliases={
            f"{tenant}.{purpose}": one.key_alias
            for tenant, one in own.items()
            if one.key_alias
            for purpose in one.copies
        },
        replication_minutes=catalog.assumptions.object_replication_minutes,
        state=state.name,
        former=_former(context, cell, primary),
    )


@dataclass(frozen=True, kw_only=True)
class OwnData:
    """What one tenant keeps outside the cell's shared instances and buckets, and that the recovery region has to follow as well."""

    database: DatabasePlan | None
    sources: Mapping[str, str]
    """Purpose to bucket name."""
    copies: Mapping[str, BucketPlan]
    key_alias: str
    """Of the key that encrypts the source, where it is the tenant's own."""


def own_data(context: Context, cell: str) -> dict[str, OwnData]:
    """``customer.environment`` to what it keeps of its own, for production. Trials and staging are made again."""
    key: object = (own_data, cell)
    if key not in context.memo:
        context.memo[key] = {
            ".".join(tenant): found
            for tenant in context.tenants_by_cell[cell]
            if tenant.environment == "production" and (found := _own_data(context, cell, tenant))
        }
    known = context.memo[key]
    assert isinstance(known, dict)
    return known


def _own_data(context: Context, cell: str, tenant: Tenant) -> OwnData | None:
    owned = tenant_data.buckets(context, tenant, backup.tenant_terms(context, tenant.customer))
    sources = {purpose: bucket for purpose, bucket in owned.items() if purpose in OWN_REPLICATED}
    semi = context.tenancy(tenant) == "semi-dedicated"
    if not sources and not semi:
        return None
    own_key = tenant_data.key(context, tenant)
    there = tenant_data.buckets(context.away_from(cell), tenant, backup.tenant_terms(context, tenant.customer))
    return OwnData(
        database=tenant_plan(context, *tenant).own_database if semi else None,
        sources={purpose: bucket.name for purpose, bucket in sources.items()},
        copies={
            purpose: replace(
                there[purpose],
                # Either side's: S3 copies what the one has written, and the other's pods go on with it.
                roles=tuple(dict.fromkeys((*bucket.roles, *there[purpose].roles))),
                # S3 delivers logs and inventories within a region only, and until a failover nobody but S3 comes here.
                log_bucket="",
                inventory="",
            )
            for purpose, bucket in sources.items()
        },
        key_alias=own_key.alias if own_key else "",
    )


def check_replications(context: Context) -> list[Refused]:
    """Regions that would receive more replicated automated backups than RDS keeps there for one account."""
    held: dict[tuple[str, str], list[str]] = {}
    for cell, one in context.estate.cells.items():
        if one.recovery is None or context.catalog.dr_classes[one.recovery.dr_class].database != "automated-backups":
            continue
        instances = 1 + len(one.databases) + len(context.semi_dedicated_productions(cell))
        held.setdefault((one.account, one.recovery.region), []).extend([cell] * instances)
    return [
        Refused(
            f"{len(cells)} instances would replicate their backups into {region} of account {account}; RDS keeps {MAX_REPLICATIONS} there",
            document="estate",
            field=("cells", cells[-1], "recovery", "region"),
            value=region,
            remedy="give cells another recovery region of the zone, another account, or warm standby",
        )
        for (account, region), cells in held.items()
        if len(cells) > MAX_REPLICATIONS
    ]


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


def _cluster(context: Context, cell: str, primary: ClusterPlan, vpc: NetworkPlan) -> ClusterPlan:
    """The cell's cluster under names of its own; roles are global in an account, so even they differ."""
    estate = context.estate.estate
    cluster = name("eks", estate, cell, DR)
    return replace(
        primary,
        name=cluster,
        role=name("iam-role", estate, cell, DR, "cluster"),
        node_role=name("iam-role", estate, cell, DR, "nodes"),
        log_group=f"/aws/eks/{cluster}/cluster",
        addons_before_nodes=_addons(context, cell, primary.addons_before_nodes, vpc),
        addons_after_nodes=_addons(context, cell, primary.addons_after_nodes, vpc),
    )


def _addons(context: Context, cell: str, addons: Mapping[str, AddonPlan], vpc: NetworkPlan) -> dict[str, AddonPlan]:
    estate = context.estate.estate
    return {
        key: replace(
            addon,
            configuration=addon_configuration(key, vpc),
            role=name("iam-role", estate, cell, DR, part(key)) if addon.role else "",
        )
        for key, addon in addons.items()
    }


def _node_pools(
    context: Context, cell: str, primary: CellPlan, warm: bool, *, working: bool
) -> dict[str, NodePoolPlan]:
    """The cell's pools: at their working size once failed over; at rest none at all, or what the system pool needs to be up and one node of the
    others."""
    found = {}
    for key, pool in primary.node_pools.items():
        least = (pool.min_nodes if key == shared.SYSTEM_POOL else min(1, pool.min_nodes)) if warm else 0
        found[key] = replace(
            pool,
            name=name("node-group", context.estate.estate, cell, DR, part(key)),
            min_nodes=pool.min_nodes if working else least,
            desired_nodes=pool.desired_nodes if working else least,
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
    context: Context, cell: str, primary: CellPlan, own: Mapping[str, OwnData]
) -> dict[str, DatabaseReplicationPlan]:
    """Each instance with how it is followed; failed over, with what became of that. Instances of tenants follow the cell's class too."""
    state = state_of(context, cell)
    if _kind(context, cell).database == "none" and not state.away:
        return {}
    instances = {**primary.databases, **{tenant: one.database for tenant, one in own.items() if one.database}}
    return {key: replication(context, cell, key, database, promoted=state.away) for key, database in instances.items()}


def _kind(context: Context, cell: str) -> DrClass:
    recovery = context.estate.cells[cell].recovery
    assert recovery is not None
    return context.catalog.dr_classes[recovery.dr_class]


def replication(
    context: Context, cell: str, key: str, database: DatabasePlan, *, promoted: bool
) -> DatabaseReplicationPlan:
    """How one instance is followed, or with ``promoted`` what replaces it. A tenant's instance keeps its first generation: its way home is a move."""
    estate, home, kind = context.estate.estate, shared.target(context, cell), _kind(context, cell)
    generation = database.generation
    identifier = recovery_identifier(context, cell, key, generation)
    ours = replace(
        before_upgrade(database),
        identifier=identifier,
        # The standby is for the region's loss; a second zone is added when it becomes the primary.
        multi_az=database.multi_az and promoted,
        # RDS takes no final snapshot of a replica.
        final_snapshot=name("rds", identifier, "final") if promoted else "",
        # AWS refuses a managed one where there are replicas, which the way home needs.
        master_password="own",
        master_secret=name("secret", estate, "master", identifier),
        replicas={},
        readers={},
    )
    recovery = context.recoveries.get(cell)
    return DatabaseReplicationPlan(
        mode=kind.database if kind.database != "none" else "recovery-point",
        source_identifier=database.identifier,
        source_arn=home.arn("rds", f"db:{database.identifier}"),
        retention_days=backup.cell_terms(context, cell).point_in_time_days,
        replica=ours if kind.database == "replica" else None,
        promoted=promoted,
        restored=ours if promoted and kind.database != "replica" else None,
        recovery_point=recovery.recovery_points.get(key, "") if recovery and promoted else "",
        generation=generation,
    )


def _alarms(context: Context, cell: str, databases: Mapping[str, DatabaseReplicationPlan]) -> dict[str, AlarmPlan]:
    """Of the cell's instances that are primaries here; those of tenants' own have their alarms in the tenants' stacks."""
    served = [context.catalog.service_classes[key] for key in backup.cell_classes(context, cell)]
    found: dict[str, AlarmPlan] = {}
    for key in (MAIN, *context.estate.cells[cell].databases):
        primary = databases[key].replica or databases[key].restored
        assert primary is not None
        found |= database_alarms(
            primary,
            shared.database_band(context, cell, key),
            (context.estate.estate, cell, DR, *((key,) if key != MAIN else ())),
            key=f"database-{key}",
            depth=max((service.monitoring for service in served), key=DEPTHS.index),
            known=context.catalog.assumptions,
        )
    return found


def _standby_alarms(
    context: Context, cell: str, databases: Mapping[str, DatabaseReplicationPlan]
) -> dict[str, AlarmPlan]:
    """Each standby that is further behind than its class may lose, or says nothing: one that is gone has no lag."""
    promised = _kind(context, cell).rpo_minutes
    if promised is None:
        return {}
    return {
        f"database-{key}-standby-lag": lag_alarm(
            one.replica.identifier,
            (context.estate.estate, cell, DR, *key.split("."), "standby-lag"),
            seconds=promised * 60,
        )
        for key, one in databases.items()
        if one.replica and not one.promoted
    }


def _former(context: Context, cell: str, primary: CellPlan) -> dict[str, DatabaseReplicationPlan]:
    """After a fail-back: what was active here, with its protection lifted."""
    state = state_of(context, cell)
    if state.name != "returned":
        return {}
    return {
        key: _left_behind(replication(context, cell, key, before, promoted=True))
        for key, before in primary.former.items()
    }


def _left_behind(plan: DatabaseReplicationPlan) -> DatabaseReplicationPlan:
    """Without protection, following nothing; it still leaves a final snapshot."""

    def loose(database: DatabasePlan | None) -> DatabasePlan | None:
        return replace(lifting.lifted(database), keep_final_snapshot=True) if database else None

    return replace(plan, source_arn="", replica=loose(plan.replica), restored=loose(plan.restored))


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
        key: replace(
            primary.buckets[key],
            name=name("s3", context.estate.estate, cell, DR, key, suffix=account),
            # The log bucket is in the cell's region, and S3 delivers within a region only; until a failover only S3 itself writes here.
            log_bucket="",
            inventory="",
        )
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


def _decisions(
    context: Context, cell: str, recovery: Recovery, kind: DrClass, own: Mapping[str, OwnData]
) -> tuple[Decision, ...]:
    written = context.recoveries.get(cell)
    found = [
        Decision(
            topic="recovery",
            value=recovery.dr_class,
            reason=f"{kind.description}; database {kind.database}, cluster {kind.cluster} in {recovery.region}",
            entitlement=f"dr_classes.{recovery.dr_class}",
            binding=f"lose at most {kind.rpo_minutes} minutes, back within {kind.rto_minutes}",
        ),
        Decision(
            topic="caches",
            value="start empty",
            reason="a cache holds sessions and what can be computed again: everybody logs in once more; a snapshot would be older than that and "
            "ElastiCache copies none to another region by itself",
        ),
    ]
    if own:
        found.append(
            Decision(
                topic="tenants' own data",
                value=f"{len(own)} tenants",
                reason="instances and buckets outside the cell's own are followed in the same way: " + ", ".join(own),
            )
        )
    if drill := drills.decision(context, cell):
        found.append(drill)
    if written:
        found.append(
            Decision(
                topic="active region",
                value=f"{written.active_region} ({written.state})",
                reason=f"since {written.since}, approved by {written.approved_by}: {written.reason}",
                binding=f"generation {written.generation} of the primary instances",
            )
        )
    return tuple(found)


def drill_plan(context: Context, cell: str) -> DrillPlan:
    """A copy of each of the cell's databases beside what waits, from the same source that a failover would use.

    A standby itself is never touched: the copy is a replica of it, in its region, which is then promoted.
    """
    estate, catalog, one = context.estate, context.catalog, context.estate.cells[cell]
    assert one.recovery is not None
    primary = cell_plan(context, cell)
    owed = backup.cell_terms(context, cell)
    target = AwsTarget(account=estate.accounts[one.account], region=one.recovery.region, role=estate.deploy_role or "")
    databases = {}
    for key, database in primary.databases.items():
        followed = replication(context, cell, key, database, promoted=True)
        identifier = name("rds", estate.estate, cell, key, DRILL)
        copy = lifting.lifted(
            replace(
                followed.replica or followed.restored or database,
                identifier=identifier,
                multi_az=False,
                final_snapshot="",
                master_secret=name("secret", estate.estate, "master", identifier),
            )
        )
        databases[key] = replace(
            followed,
            source_arn=target.arn("rds", f"db:{followed.replica.identifier}")
            if followed.replica
            else followed.source_arn,
            replica=copy if followed.replica else None,
            restored=None if followed.replica else copy,
            promoted=False,
            recovery_point="",
        )
    standing = wanted(context, cell)
    return DrillPlan(
        estate=estate.estate,
        stack=drill_stack(cell),
        kind="drill",
        target=target,
        tags=dr_tags(context, cell),
        decisions=(),
        budgets=(),
        guardrails=_guardrails(context, cell, owed),
        depends_on=(dr_stack(cell) if standing else cell_stack(cell),),
        protect=False,
        cell=cell,
        databases=databases,
        network=None
        if standing
        else network.network_plan(
            estate,
            catalog,
            cell,
            zone_count=shared.band(context, cell).zones,
            nat="none",
            flow_log_days=primary.network.flow_log_retention_days,
            recovery=True,
        ),
        keys={} if standing else {key: lifting.lifted(one) for key, one in _keys(context, cell).items()},
    )


def drilled(plan: DrillPlan, *, promoted: bool, recovery_points: Mapping[str, str]) -> DrillPlan:
    """The drill at a later step: its replicas promoted, or with the recovery points that it is made of."""
    return replace(
        plan,
        databases={
            key: replace(one, promoted=promoted, recovery_point=recovery_points.get(key, ""))
            for key, one in plan.databases.items()
        },
    )
