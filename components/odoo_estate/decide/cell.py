"""One cell in AWS: network, keys, cluster, node pools, shared databases, caches, buckets, backups and alarms.

Every decision here follows from the cell's entry in the estate and from the catalog. Tenants only show up in the budgets, so a new tenant never
changes a resource of its cell.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Literal

from odoo_estate.decide import (
    backup,
    bucket_access,
    budgets,
    cache_watch,
    drills,
    dumps_key,
    identities,
    network,
    private_access,
    schedules,
    shared,
)
from odoo_estate.decide.backup import BackupTerms
from odoo_estate.decide.cache_alarms import cache_alarms
from odoo_estate.decide.cluster import cluster_plan, node_pools
from odoo_estate.decide.cluster import support as kubernetes_support
from odoo_estate.decide.cluster import version_decision as kubernetes_decision
from odoo_estate.decide.context import MAIN, Context
from odoo_estate.decide.database_alarms import DEPTHS, database_alarms
from odoo_estate.decide.guardrails import guardrails
from odoo_estate.decide.instances import cache_plan, database_plan
from odoo_estate.decide.landing_zone import PLATFORM_ZONE, shared_target
from odoo_estate.decide.lifting import lifted
from odoo_estate.decide.logs import log_days
from odoo_estate.decide.naming import DR, LANDING_ZONE, cell_stack, name
from odoo_estate.decide.postgres_parameters import decision as parameter_decision
from odoo_estate.decide.postgres_tier import Tier, tier
from odoo_estate.decide.postgres_version import decision as version_decision
from odoo_estate.decide.postgres_version import upgrade_plan
from odoo_estate.decide.regions import REGIONS
from odoo_estate.decide.tags import SHARED, tags
from odoo_estate.plan import (
    AlarmPlan,
    BackupEventsPlan,
    BucketPlan,
    Budget,
    CachePlan,
    CellPlan,
    DatabasePlan,
    DatabaseReplicationPlan,
    Decision,
    DelegationPlan,
    KeyPlan,
    NetworkPlan,
    PlatformIdentityPlan,
    Purpose,
    UpgradePlan,
)
from odoo_estate.spec.catalog import CellBand, ServiceClass

DATA_CLASSES = ("internal", "confidential", "restricted")
"""From the least protected to the most."""
INFREQUENT_DAYS = 90
"""Attachments are read in the weeks after an order, hardly later; S3 allows the cheaper class from 30 days."""
LOG_ARCHIVE_DAYS = 90
PRICE_OF_ALARM_SECONDS = 300


def cell_plan(context: Context, cell: str) -> CellPlan:
    """The plan of one cell.

    Raises:
        Refused: the documents contradict each other about this cell; the refusal says where.
    """
    key: object = (cell_plan, cell)
    if key not in context.memo:
        context.memo[key] = _cell_plan(context, cell)
    found = context.memo[key]
    assert isinstance(found, CellPlan)
    return found


def _cell_plan(context: Context, cell: str) -> CellPlan:
    estate, catalog, one = context.estate, context.catalog, context.estate.cells[cell]
    classes = backup.cell_classes(context, cell)
    band = shared.band(context, cell)
    served = [catalog.service_classes[key] for key in classes]
    owed = backup.cell_terms(context, cell)
    target = shared.target(context, cell)
    days = log_days(max(service.log_retention_days for service in served))
    windows = cell_windows(context, cell)
    vpc, addresses = network_and_addresses(context, cell, days, nat=band.nat)
    private = private_access.private_access_plan(context, cell)
    primaries = _databases(context, cell, served, owed, windows)
    databases, followers, former = generations(context, cell, primaries)
    caches = {MAIN: _cache(context, cell, band, owed, windows)}
    vaults = backup.cell_vaults(estate, catalog, cell, owed)
    own_tags = cell_tags(context, cell)
    rails = replace(
        guardrails(
            context,
            classes=classes,
            owed=owed,
            production=True,
            residency_regions=estate.residency[one.residency].regions,
            cell=cell,
        ),
        kubernetes=kubernetes_support(context, cell),
    )
    copies_only = drills.waits_for_nothing(context, cell)
    drill = drills.decision(context, cell) if copies_only else None
    return CellPlan(
        estate=estate.estate,
        stack=cell_stack(cell),
        kind="cell",
        target=target,
        tags=own_tags,
        decisions=(
            *_decisions(context, cell, owed, windows, vpc),
            *([private_access.decision(private, one.customer, classes[0])] if private and one.customer else []),
            *([drill] if drill else []),
        ),
        budgets=(
            *addresses,
            *budgets.budgets(context, cell),
            backup.filestore_budget(context.catalog, owed),
        ),
        guardrails=drills.watched(context, cell, rails) if copies_only else rails,
        depends_on=(LANDING_ZONE,),
        cell=cell,
        tenancy=one.tenancy,
        network=vpc,
        cluster=cluster_plan(context, cell, days, vpc),
        node_pools=node_pools(context, cell, own_tags),
        keys=_keys(context, cell),
        databases=databases,
        caches=caches,
        buckets=_buckets(context, cell, owed),
        vaults=vaults,
        backup=backup.backup_plan(
            estate,
            catalog,
            owed,
            cell=cell,
            owner=(estate.estate, cell),
            select=selection(context, cell),
            minute=windows.backup_minute,
            document=f"customer:{one.customer}" if one.customer else "catalog",
            field=("backup", "retention") if one.customer else ("cell_bands", one.band, "serves"),
        ),
        backup_events=BackupEventsPlan(
            name=name("event-rule", estate.estate, cell, "backup"),
            vault_arn=target.arn("backup", f"backup-vault:{vaults['primary'].name}"),
        ),
        identities=platform_identities(context, cell, band),
        alarms={
            **_alarms(context, cell, databases, caches),
            **backup.alarms(vaults["primary"].name, (estate.estate, cell), owed),
            **private_access.alarms(context, cell, private),
        },
        alert_topic=name("topic", estate.estate, cell, "alerts"),
        zone_domain=shared.zone_domain(context, cell),
        delegation=_delegation(context),
        followers=followers,
        former=former,
        private_access=private,
        left_alone=lost(context, cell),
    )


def network_and_addresses(
    context: Context, cell: str, days: int, *, nat: Literal["per-zone", "single", "none"], recovery: bool = False
) -> tuple[NetworkPlan, tuple[Budget, ...]]:
    """A cell's network, or its recovery region's, and what its subnets hold: whole /28 for pods where they fit, single addresses in a given network
    that is too small for those. ``days``: how long its logs are kept."""
    band = shared.band(context, cell)
    plan = network.network_plan(
        context.estate,
        context.catalog,
        cell,
        zone_count=band.zones,
        nat=nat,
        flow_log_days=days,
        names=shared.egress_names(context, cell),
        recovery=recovery,
    )
    # By the band alone: tenants come and go, and none of them changes how its cell's nodes work.
    own = network.address_budgets(plan, context.catalog.assumptions, band, context.catalog.node_bands)
    if plan.adopted and network.check_addresses(cell, own):
        plan = replace(plan, pod_addresses="single")
    return plan, _addresses(context, cell, band, replace(plan, nat=band.nat))  # as many as when it does its work


def _addresses(context: Context, cell: str, band: CellBand, plan: NetworkPlan) -> tuple[Budget, ...]:
    catalog, one = context.catalog, context.estate.cells[cell]
    per_node = {key: network.addresses_per_node(size, plan.pod_addresses) for key, size in catalog.node_bands.items()}
    own = len(context.semi_dedicated_productions(cell))
    instances = (1 + len(one.databases) + own) * (2 if shared.reporting(context, cell) else 1)
    return network.address_budgets(
        plan,
        catalog.assumptions,
        band,
        catalog.node_bands,
        budgets.own_addresses(context, cell, band.zones, per_node),
        balancers=len(band.serves) + 1,  # and a private one
        databases=instances,
        cache_nodes=band.cache_nodes * (1 + own),
    )


def lost(context: Context, cell: str) -> str:
    """Why nothing in the cell's own region is asked or changed for now: it is given up. Empty: it is not."""
    one, written = context.estate.cells[cell], context.recoveries.get(cell)
    if one.recovery is None or written is None or written.state != "promoted":
        return ""
    return f"{one.region} is lost: {one.recovery.region} is active"


def cell_windows(context: Context, cell: str) -> schedules.Windows:
    """A dedicated cell keeps its customer's windows, a shared one the quiet night of its region."""
    key: object = (cell_windows, cell)
    if key not in context.memo:
        one = context.estate.cells[cell]
        own = schedules.customer_windows(context.customers[one.customer], context.today) if one.customer else None
        context.memo[key] = own or schedules.cell_windows(REGIONS[one.region].timezone, context.today)
    found = context.memo[key]
    assert isinstance(found, schedules.Windows)
    return found


def dr_tags(context: Context, cell: str) -> dict[str, str]:
    """The cell's tags without its backup class: what waits in the other region are copies."""
    return {**cell_tags(context, cell), backup.BACKUP_CLASS: "none"}


def cell_tags(context: Context, cell: str) -> dict[str, str]:
    """The tags of a cell: its customer's where it is dedicated, else ``shared``."""
    estate, catalog, one = context.estate, context.catalog, context.estate.cells[cell]
    classes = backup.cell_classes(context, cell)
    customer = context.customers[one.customer] if one.customer else None
    return tags(
        estate,
        catalog,
        tenant=one.customer or SHARED,
        environment=SHARED,
        tier=classes[0] if customer else SHARED,
        data_class=max((catalog.service_classes[key].data_class for key in classes), key=DATA_CLASSES.index),
        residency=one.residency,
        cell=cell,
        partner=customer.partner if customer else None,
        cost_center=customer.cost_center if customer else None,
        backup_class=backup.cell_terms(context, cell).backup_class,
    )


def selection(context: Context, cell: str) -> dict[str, str]:
    """The tags by which the cell's backup plan takes things in: also those of tenants whose backup class is the cell's."""
    return {"cell": cell, backup.BACKUP_CLASS: backup.cell_terms(context, cell).backup_class}


# --- data ----------------------------------------------------------------------------------------------------------


def _keys(context: Context, cell: str) -> dict[str, KeyPlan]:
    estate = context.estate
    keys = {
        "data": KeyPlan(
            alias=identities.data_key_alias(estate.estate, cell),
            description=f"Databases, caches, buckets, secrets and volumes of cell {cell}",
            services=("autoscaling",),
        ),
        "logs": KeyPlan(
            alias=name("kms-alias", estate.estate, cell, "logs"),
            description=f"Logs and alerts of cell {cell}",
            services=("logs", "cloudwatch", "events", "sns"),
        ),
        dumps_key.DUMPS: dumps_key.cell_key(context, cell),
        "recovery": KeyPlan(
            alias=name("kms-alias", estate.estate, cell, "recovery"),
            description=f"Recovery points of cell {cell}",
            services=("backup",),
        ),
    }
    region = backup.copy_region_for(estate, cell, backup.cell_terms(context, cell))
    if region:
        keys["copy"] = KeyPlan(
            alias=name("kms-alias", estate.estate, cell, "copy"),
            description=f"Copied recovery points of cell {cell}",
            services=("backup",),
            region=region,
        )
    return keys


def _databases(
    context: Context, cell: str, served: Sequence[ServiceClass], owed: BackupTerms, windows: schedules.Windows
) -> dict[str, DatabasePlan]:
    one = context.estate.cells[cell]
    band = shared.band(context, cell)
    chosen = database_tier(context, cell)
    found = {}
    for key in (MAIN, *one.databases):
        version, upgrade = database_version(context, cell, key)
        found[key] = database_plan(
            context,
            owner=(context.estate.estate, cell, key),
            band=shared.database_band_key(context, cell, key),
            multi_az=band.postgres_multi_az,
            owed=owed,
            windows=windows,
            insights_days=max(service.performance_insights_days for service in served),
            log_retention_days=max(service.log_retention_days for service in served),
            tier=chosen,
            version=version,
            upgrade=upgrade,
        )
    return found


def _standby(context: Context, cell: str) -> bool:
    """Whether a replica of each instance waits in the recovery region."""
    recovery = context.estate.cells[cell].recovery
    return recovery is not None and context.catalog.dr_classes[recovery.dr_class].database == "replica"


def database_tier(context: Context, cell: str) -> Tier:
    """What the cell's instances have, and what they give up for it."""
    one = context.estate.cells[cell]
    return tier(
        reporting=shared.reporting(context, cell),
        standby=_standby(context, cell),
        shared=one.tenancy == "shared",
        production=True,
    )


def database_version(context: Context, cell: str, key: str) -> tuple[str, UpgradePlan | None]:
    """The PostgreSQL version of one of the cell's instances, and the approved step to it."""
    return upgrade_plan(
        context,
        context.estate.cells[cell].postgres.get(key),
        tier=database_tier(context, cell),
        windows=cell_windows(context, cell),
        document="estate",
        field=("cells", cell, "postgres", key),
    )


def generations(
    context: Context, cell: str, first: Mapping[str, DatabasePlan]
) -> tuple[dict[str, DatabasePlan], dict[str, DatabaseReplicationPlan], dict[str, DatabasePlan]]:
    """The primary instances of the cell's present generation, those that follow the recovery region on the way home, and those left behind.

    A lost primary cannot become a replica again, so each fail-back brings a new generation: made as replicas of the recovery region's instances.
    """
    written = context.recoveries.get(cell)
    if written is None:
        return dict(first), {}, {}
    present = {key: generation(context, cell, key, one, written.generation) for key, one in first.items()}
    followers: dict[str, DatabaseReplicationPlan] = {}
    former: dict[str, DatabasePlan] = {}
    if written.state in ("failing-back", "draining"):
        recovery = context.estate.cells[cell].recovery
        assert recovery is not None
        away = replace(shared.target(context, cell), region=recovery.region)
        for key, one in first.items():
            followed = recovery_identifier(context, cell, key, written.generation)
            coming = generation(context, cell, key, one, written.generation + 1)
            followers[key] = DatabaseReplicationPlan(
                mode="replica",
                source_identifier=followed,
                source_arn=away.arn("rds", f"db:{followed}"),
                retention_days=one.backup_retention_days,
                replica=replace(coming, multi_az=False, final_snapshot=""),
                generation=written.generation + 1,
            )
    elif written.state == "returned":
        for key, one in first.items():
            lost = generation(context, cell, key, one, written.generation - 1)
            former[key] = replace(lifted(lost), keep_final_snapshot=True)
    return present, followers, former


def generation(context: Context, cell: str, key: str, first: DatabasePlan, number: int) -> DatabasePlan:
    """One instance as it is in a later generation: other names, an own master password (AWS manages none where there are replicas)."""
    if number == 1:
        return first
    identifier = shared.database_identifier(context, cell, key, number)
    return replace(
        first,
        identifier=identifier,
        final_snapshot=name("rds", context.estate.estate, cell, key, f"g{number}", "final"),
        master_password="own",
        master_secret=name("secret", context.estate.estate, "master", identifier),
        replicas={},
        generation=number,
    )


def recovery_identifier(context: Context, cell: str, key: str, number: int) -> str:
    """RDS identifier, in the recovery region, of what follows one of the cell's or of its tenants' instances. ``key`` may be a tenant's."""
    return name("rds", context.estate.estate, cell, *key.split("."), DR, *((f"g{number}",) if number > 1 else ()))


def _cache(context: Context, cell: str, band: CellBand, owed: BackupTerms, windows: schedules.Windows) -> CachePlan:
    return cache_plan(
        context,
        id=shared.cache_id(context, cell),
        band=band.cache,
        nodes=band.cache_nodes,
        snapshot_days=owed.cache_snapshot_days,
        windows=windows,
        description=f"Sessions, locks and short-lived results of cell {cell}",
    )


def _buckets(context: Context, cell: str, owed: BackupTerms) -> dict[str, BucketPlan]:
    """Attachments of pooled tenants (shared cells only), logical dumps under an object lock, and access logs of load balancers."""
    retention = context.catalog.retention_classes[owed.retention]
    lock = backup.vault_lock(context.catalog, owed.lock)
    compliance = lock is not None and lock.changeable_for_days is not None
    purposes: tuple[Purpose, ...] = ("backups", "logs")
    if context.estate.cells[cell].tenancy == "shared":
        purposes = ("attachments", *purposes)
    plans = {
        "attachments": replace(
            bucket_access.closed(
                context,
                cell,
                BucketPlan(
                    name=shared.cell_bucket(context, cell, "attachments"),
                    purpose="attachments",
                    versioning=True,
                    noncurrent_days=owed.bucket_versions_days,
                    infrequent_after_days=INFREQUENT_DAYS,
                ),
                by_cell=True,
            ),
            inventory=bucket_access.INVENTORY,
        ),
        "backups": bucket_access.closed(
            context,
            cell,
            BucketPlan(
                name=shared.cell_bucket(context, cell, "backups"),
                purpose="backups",
                versioning=True,
                noncurrent_days=1,
                # One day more than the lock holds, so that the lifecycle never asks for what the lock refuses.
                expire_after_days=retention.daily_days + 1,
                object_lock_days=retention.daily_days if owed.bucket_lock else None,
                object_lock_mode=("COMPLIANCE" if compliance else "GOVERNANCE") if owed.bucket_lock else None,
            ),
            by_cell=True,
        ),
        "logs": bucket_access.log_bucket(context, cell, LOG_ARCHIVE_DAYS),
    }
    return {key: plans[key] for key in purposes}


# --- what surrounds them -------------------------------------------------------------------------------------------


def platform_identities(context: Context, cell: str, band: CellBand) -> dict[str, PlatformIdentityPlan]:
    """What the platform's controllers and the pooled workers may do in AWS."""
    charts = context.catalog.versions.charts
    found = {}
    for chart, make in (
        ("external-secrets", identities.external_secrets),
        ("cert-manager", identities.cert_manager),
        ("aws-load-balancer-controller", identities.load_balancers),
        ("cluster-autoscaler", identities.cluster_autoscaler),
    ):
        if chart in charts:
            found[chart] = make(context, cell, charts[chart].namespace)
    if band.tenancy == "shared":
        for service_class in band.pooled_class_bands:
            found[f"pooled-{service_class}"] = identities.pooled_workers(context, cell, service_class)
    if context.estate.recovery_image is not None:
        found[cache_watch.SERVICE_ACCOUNT] = cache_watch.identity(context, cell)
    return found


def _delegation(context: Context) -> DelegationPlan:
    return DelegationPlan(zone=PLATFORM_ZONE, target=shared_target(context))


def _alarms(
    context: Context, cell: str, databases: Mapping[str, DatabasePlan], caches: Mapping[str, CachePlan]
) -> dict[str, AlarmPlan]:
    parts = (context.estate.estate, cell)
    served = [context.catalog.service_classes[key] for key in backup.cell_classes(context, cell)]
    depth = max((service.monitoring for service in served), key=DEPTHS.index)
    found: dict[str, AlarmPlan] = {}
    for key, database in databases.items():
        size, known = shared.database_band(context, cell, key), context.catalog.assumptions
        found |= database_alarms(
            database,
            size,
            (*parts, key),
            key=f"database-{key}",
            depth=depth,
            known=known,
            standby=_standby(context, cell),
        )
    for key, cache in caches.items():
        found.update(cache_alarms(cache, (*parts, "cache", key), f"cache-{key}", context.catalog.assumptions))
    return found


def _instance_decisions(context: Context, cell: str, windows: schedules.Windows) -> Iterator[Decision]:
    """Version and parameters of each instance; the topic names those beside the main one."""
    one = context.estate.cells[cell]
    for key in (MAIN, *one.databases):
        suffix = "" if key == MAIN else f" {key}"
        version, upgrade = database_version(context, cell, key)
        for decision in (
            version_decision(version, upgrade, one.postgres.get(key), str(windows.maintenance)),
            parameter_decision(
                shared.database_band_key(context, cell, key),
                shared.database_band(context, cell, key),
                context.catalog.assumptions,
            ),
        ):
            yield replace(decision, topic=decision.topic + suffix)


def _network_decisions(context: Context, cell: str, band: CellBand, vpc: NetworkPlan) -> Iterator[Decision]:
    estate, catalog, one = context.estate, context.catalog, context.estate.cells[cell]
    away = network.cell_range(estate, cell, recovery=True)
    kept = "the recovery region's" if network.adopted(estate, cell, recovery=True) else "kept for recovery"
    if vpc.adopted:
        yield Decision(
            topic="network",
            value=f"{vpc.cidr} ({vpc.adopted.vpc_id})",
            reason="a given network, looked up at every update and never changed: routes, NAT, endpoints, flow log and network ACLs are its owner's; "
            f"{away} is {kept}",
            entitlement="cells.network",
            binding=f"{band.zones} of its {len(one.network.zones) if one.network else 0} zones",
        )
    else:
        yield Decision(
            topic="network",
            value=vpc.cidr,
            reason=f"slot {one.slot} of {estate.network.supernet}; {away} is {kept}",
            binding=f"{band.zones} zones, NAT {band.nat}",
        )
    largest = max((catalog.node_bands[pool.band] for pool in band.node_pools.values()), key=lambda node: node.max_pods)
    each = network.addresses_per_node(largest, vpc.pod_addresses)
    if vpc.pod_addresses == "prefixes":
        prefixes = (each - network.NODE_INTERFACES) // network.PREFIX_ADDRESSES
        how = f"{prefixes} x /28 (one of them warm) + {network.NODE_INTERFACES} interfaces = {each} addresses for {largest.max_pods} pods"
    else:
        how = (
            f"{largest.max_pods} + {network.WARM_ADDRESSES} warm + {network.NODE_INTERFACES} interfaces = {each}, "
            "because whole /28 do not fit its subnets"
        )
    yield Decision(
        topic="pod addresses",
        value="whole /28" if vpc.pod_addresses == "prefixes" else "one by one",
        reason=f"a node takes at most {how}; IPv4, because databases and caches have nothing else",
        binding="addresses-* below",
    )
    yield Decision(
        topic="egress",
        value=f"{len(vpc.firewall.domains)} names" if vpc.firewall else "open",
        reason="every other name does not resolve, and queries are logged; beside it only ports 443, 465 and 587 lead out of a tenant's namespace"
        if vpc.firewall
        else "any name, over ports 443, 465 and 587 of a tenant's namespace",
        entitlement=f"service_classes.{context.customers[one.customer].service_class}.egress"
        if one.customer
        else "a shared cell bounds nobody: its neighbours call others",
    )


def _decisions(
    context: Context, cell: str, owed: BackupTerms, windows: schedules.Windows, vpc: NetworkPlan
) -> tuple[Decision, ...]:
    estate, catalog, one = context.estate, context.catalog, context.estate.cells[cell]
    band = shared.band(context, cell)
    postgres = catalog.postgres_bands[band.postgres]
    retention = catalog.retention_classes[owed.retention]
    kept = f"{retention.daily_days} days" + (
        f", monthly {retention.monthly_days} days" if retention.monthly_days else ""
    )
    region = backup.copy_region_for(estate, cell, owed)
    where = ", ".join(
        [f"copy in {region}"] * bool(region)
        + ["locked copy in the backup account"] * backup.copies_to_account(estate, owed)
    )
    return (
        Decision(
            topic="band",
            value=one.band,
            reason=f"set in the estate; serves {', '.join(band.serves)}",
            entitlement=f"cell_bands.{one.band}",
            binding=f"at most {band.max_tenants} tenants",
        ),
        *_network_decisions(context, cell, band, vpc),
        kubernetes_decision(context, cell),
        Decision(
            topic="database",
            value=f"{band.postgres} ({postgres.instance_class})",
            reason=f"{'Multi-AZ' if band.postgres_multi_az else 'one zone'}, {postgres.storage_gib} to {postgres.max_storage_gib} GiB",
            entitlement=f"cell_bands.{one.band}.postgres",
            binding=f"{postgres.max_connections} connections, {postgres.orders_per_hour} orders an hour",
        ),
        database_tier(context, cell).decision(
            f"service_classes.{context.customers[one.customer].service_class}.reporting"
            if one.customer
            else f"cell_bands.{one.band}"
        ),
        *_instance_decisions(context, cell, windows),
        Decision(
            topic="database readers",
            value=", ".join(f"{role}: {what}" for role, what in sorted(estate.database_readers.items())) or "nobody",
            reason="set in the estate; read-only, with IAM tokens; nobody logs in as the master user",
            entitlement="database_readers",
        ),
        Decision(
            topic="backup",
            value=owed.backup_class,
            reason=f"the strictest of {', '.join(backup.cell_classes(context, cell))}: "
            f"every {owed.every_minutes} minutes, kept {kept}; point in time {owed.point_in_time_days} days; {where or 'no copies'}",
            entitlement=f"retention_classes.{owed.retention}",
            binding=f"vault lock {owed.lock}" if owed.lock else "no vault lock",
        ),
        Decision(
            topic="maintenance",
            value=f"{windows.maintenance} UTC",
            reason=windows.reason,
            binding=f"automated backup {windows.database_backup} UTC ends an hour before",
        ),
        Decision(
            topic="recovery",
            value=f"{one.recovery.dr_class} in {one.recovery.region}" if one.recovery else "none",
            reason="set in the estate",
            entitlement=f"dr_classes.{one.recovery.dr_class}" if one.recovery else "",
        ),
    )
