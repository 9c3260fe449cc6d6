"""Recovery point and recovery time: what is reached, by arithmetic, against what the class promises."""

from dataclasses import dataclass
from math import ceil

from odoo_estate.decide import backup, budgets, recovery_load, sizing
from odoo_estate.decide.context import Context, Tenant
from odoo_estate.decide.exemptions import exemption
from odoo_estate.errors import Refused
from odoo_estate.plan import OWN, Budget, Decision
from odoo_estate.spec.drills import Drill


def objectives(context: Context, tenant: Tenant) -> tuple[tuple[Decision, ...], tuple[Budget, ...]]:
    """The objectives of a production environment; none are promised for the others.

    By kind of failure: ``zone-…``, ``instance-…``, ``rpo`` and ``rto`` (a mistake in the database, the worst inside the region), ``region-…``.

    Raises:
        Refused: an objective is not reached, and no exemption ENT-03 accepts that.
    """
    if tenant.environment != "production":
        return (), ()
    proved = (
        *zone_and_instance(context, tenant),
        rpo(context, tenant),
        rto(context, tenant),
        *region_loss(context, tenant),
    )
    customer = context.customers[tenant.customer]
    granted = exemption(customer, "ENT-03", context.today)
    for one in proved:
        if one.used > one.limit and not granted:
            raise Refused(
                f"the class {customer.service_class} promises {one.name} within {one.limit:g} minutes, "
                f"{one.used:g} are reached ({one.arithmetic})",
                document=f"customer:{tenant.customer}",
                field=("service_class",),
                value=customer.service_class,
                remedy="place the customer on an instance of its own or in a cell that is built for it, choose a class that promises "
                "less, or record an exception ENT-03 with approver and expiry",
            )
    decisions = [_decision(context, tenant, one, granted.reason if granted else "") for one in proved]
    if not any(one.name == "region-rto" for one in proved):
        decisions.append(_no_region(context, tenant))
    return tuple(decisions), proved


def _no_region(context: Context, tenant: Tenant) -> Decision:
    """What is said of a lost region where nothing is promised for it, or nothing waits for now."""
    cell = context.cell_of(tenant.customer)
    if active := _alone(context, cell):
        return Decision(
            topic="region-rto",
            value="not kept for now",
            reason=f"{active} is active and nothing follows it until `estate failback {cell}` has begun: losing it too may cost all that was "
            "written since the failover",
            entitlement=f"service_classes.{context.customers[tenant.customer].service_class}.dr_classes",
        )
    owed = backup.cell_terms(context, cell)
    kept = backup.copy_region_for(context.estate, cell, owed)
    return Decision(
        topic="region-rto",
        value="not promised",
        reason=f"nothing waits for cell {cell} in another region; "
        + (
            f"recovery points are copied to {kept}, from which it would be built anew"
            if kept
            else "nor is anything copied there"
        ),
        entitlement=f"service_classes.{context.customers[tenant.customer].service_class}.dr_classes",
    )


def _alone(context: Context, cell: str) -> str:
    """The recovery region, looked at there while the cell's own does not follow it yet; otherwise empty. What stands at home is left as it is."""
    written = context.recoveries.get(cell)
    return written.active_region if context.away == cell and written and written.state == "promoted" else ""


def zone_and_instance(context: Context, tenant: Tenant) -> tuple[Budget, ...]:
    """What the loss of a zone, and of the database's machine, costs: nothing that was committed and a failover with a second zone; without one
    the way back from backups, although RDS usually revives a lost machine on its volume sooner."""
    service, known = context.service_class(tenant.customer), context.catalog.assumptions
    cell = context.cell_of(tenant.customer)
    own = context.database_of(tenant) == OWN
    second = (
        service.availability.database_multi_az
        if own
        else context.catalog.cell_bands[context.estate.cells[cell].band].postgres_multi_az
    )
    found = []
    for what in ("zone", "instance"):
        if second:
            lost, lost_text = 0, "every commit is in two zones"
            back = Budget(
                name=f"{what}-rto",
                used=known.failover_minutes,
                limit=service.rto_minutes,
                unit="minutes",
                arithmetic=f"failover to the second zone {known.failover_minutes}; pods of a lost zone start in the others meanwhile",
            )
        else:
            lost, lost_text = (
                known.log_shipping_minutes,
                f"one zone only: transaction logs every {known.log_shipping_minutes}",
            )
            back = _with_neighbours(context, tenant, f"{what}-rto", limit=service.rto_minutes)
        found += [
            Budget(name=f"{what}-rpo", used=lost, limit=service.rpo_minutes, unit="minutes", arithmetic=lost_text),
            back,
        ]
    return tuple(found)


def _decision(context: Context, tenant: Tenant, one: Budget, accepted: str) -> Decision:
    missed = one.used > one.limit
    return Decision(
        topic=one.name,
        value=f"{one.used:g} minutes",
        reason=one.arithmetic + (f"; accepted by exception ENT-03: {accepted}" if missed else ""),
        entitlement="exceptions.ENT-03"
        if missed
        else f"service_classes.{context.customers[tenant.customer].service_class}",
        binding=f"{one.used:g} of {one.limit:g} minutes promised",
        next_step=f"{one.limit - one.used:g} minutes to spare",
    )


def rpo(context: Context, tenant: Tenant) -> Budget:
    """The most that is lost inside the region: transaction logs bridge the time between recovery points."""
    service = context.service_class(tenant.customer)
    logs = context.catalog.assumptions.log_shipping_minutes
    days = service.backup.point_in_time_days
    return Budget(
        name="rpo",
        used=logs,
        limit=service.rpo_minutes,
        unit="minutes",
        arithmetic=f"transaction logs every {logs} minutes, kept {days} days",
    )


def instance_gib(context: Context, cell: str, database: str) -> int:
    """What restoring one of the cell's instances has to read back: all its tenants' databases."""
    key: object = (instance_gib, cell, database)
    if key not in context.memo:
        whole = budgets.demands(context, cell).values()
        context.memo[key] = sum(one.database_gib for one in whole if one.database == database)
    found = context.memo[key]
    assert isinstance(found, int)
    return found


@dataclass(frozen=True, kw_only=True)
class Restore:
    """The way back from a recovery point. ``own_minutes`` are the tenant's, as if it were alone; its neighbours' data on the same instance is
    read back as well: ``neighbours_gib`` of it now."""

    own_minutes: int
    neighbours_gib: int
    text: str

    def minutes(self, rate: float) -> int:
        """All of it, neighbours included."""
        return self.own_minutes + ceil(self.neighbours_gib / rate)


def restore(context: Context, tenant: Tenant) -> Restore:
    """How long restoring to a point in time takes. The text leaves the neighbours out, so that a plan stays as it is when one is added."""
    known = context.catalog.assumptions
    cell = context.cell_of(tenant.customer)
    database = context.database_of(tenant)
    own = sizing.load_in(context, tenant).database_gib
    read = ceil(own / known.restore_gib_per_minute)
    minutes = known.restore_fixed_minutes + read
    text = f"{known.restore_fixed_minutes} for a new instance + {own} GiB / {known.restore_gib_per_minute:g} = {read}"
    if database == OWN:
        return Restore(own_minutes=minutes, neighbours_gib=0, text=text)
    neighbours = instance_gib(context, cell, database) - own
    if context.tenancy(tenant) == "dedicated":
        return Restore(own_minutes=minutes, neighbours_gib=neighbours, text=text)
    rate = recovery_load.reload_rate(context, tenant)
    reload = ceil(own / rate.gib_per_minute)
    text += f" + taken out and loaded / {rate.gib_per_minute:g} ({rate.source}) = {reload}"
    return Restore(own_minutes=minutes + reload, neighbours_gib=neighbours, text=text)


def rto(context: Context, tenant: Tenant) -> Budget:
    """The longest way back inside the region, from a mistake in the database: restoring to a point in time."""
    return _with_neighbours(context, tenant, "rto", limit=context.service_class(tenant.customer).rto_minutes)


def _with_neighbours(
    context: Context,
    tenant: Tenant,
    name: str,
    *,
    limit: int,
    before: int = 0,
    head: str = "",
    measured: Drill | None = None,
) -> Budget:
    """The budget of a way back; ``used`` leaves out the neighbours as long as they fit into what is to spare, otherwise it has them."""
    rate = context.catalog.assumptions.restore_gib_per_minute
    way = _as_measured(context, tenant, measured) if measured else restore(context, tenant)
    alone, together = before + way.own_minutes, before + way.minutes(rate)
    room = max(0, int((limit - alone) * rate))
    shared = "" if context.database_of(tenant) == OWN else f"; leaves time for {room} GiB of others on the instance"
    if together > limit:
        shared = f"; {way.neighbours_gib} GiB of others on the instance / {rate:g} = {together - alone}, there is time for {room} GiB"
    return Budget(
        name=name,
        used=together if together > limit else alone,
        limit=limit,
        unit="minutes",
        arithmetic=f"{head}{way.text}{shared}",
    )


def _as_measured(context: Context, tenant: Tenant, drill: Drill) -> Restore:
    """The way back in the other region as the newest drill measured it; only what has grown since is reckoned by the catalog's rate."""
    known = context.catalog.assumptions
    cell, database = context.cell_of(tenant.customer), context.database_of(tenant)
    own = sizing.load_in(context, tenant).database_gib
    whole = own if database == OWN else instance_gib(context, cell, database)
    minutes = ceil(drill.restore_minutes)
    text = f"{minutes} measured with {drill.database_gib} GiB by the drill of {drill.finished_at[:10]}"
    if database != OWN and context.tenancy(tenant) != "dedicated":
        reload = ceil(own / known.reload_gib_per_minute)
        minutes += reload
        text += f" + taken out and loaded / {known.reload_gib_per_minute:g} = {reload}"
    return Restore(own_minutes=minutes, neighbours_gib=max(0, whole - drill.database_gib), text=text)


def drill_of(context: Context, cell: str) -> Drill | None:
    """The newest passed drill that speaks for the cell as it is: same recovery region, same DR class."""
    drill, recovery = context.drills.get(cell), context.estate.cells[cell].recovery
    if drill is None or recovery is None or (drill.region, drill.dr_class) != (recovery.region, recovery.dr_class):
        return None
    return drill


def region_loss(context: Context, tenant: Tenant) -> tuple[Budget, ...]:
    """What is reached when the whole region is lost, against the promise of the DR class that the cell was built for."""
    cell = context.cell_of(tenant.customer)
    recovery = context.estate.cells[cell].recovery
    if recovery is None or _alone(context, cell):
        return ()
    known, promise = context.catalog.assumptions, context.catalog.dr_classes[recovery.dr_class]
    if promise.rpo_minutes is None or promise.rto_minutes is None:
        return ()
    drill = drill_of(context, cell)
    rhythm = backup.cell_terms(context, cell).every_minutes
    scale = 0 if promise.cluster == "none" else known.scale_up_minutes
    platform = 0 if promise.cluster == "none" else known.platform_minutes
    names = ceil(known.traffic_ttl_seconds / 60)
    bring = f"platform {platform} + workloads {scale} + names {names}"
    build = known.rebuild_minutes if promise.cluster == "none" else 0
    if promise.database == "none":
        lost = rhythm + known.completion_window_minutes + known.copy_minutes
        lost_text = f"copy of a recovery point: every {rhythm} + {known.completion_window_minutes} to complete + {known.copy_minutes} to copy"
    else:
        lost = max(known.log_shipping_minutes, known.object_replication_minutes)
        lost_text = f"the later of database {known.log_shipping_minutes} and objects {known.object_replication_minutes}"
    where = f"{recovery.dr_class} in {recovery.region}: "
    back = _with_neighbours(
        context,
        tenant,
        "region-rto",
        limit=promise.rto_minutes,
        before=build + platform + scale + names,
        head=f"{where}rebuilding {build} + {bring} + ",
        measured=drill,
    )
    if promise.database == "replica":
        measured = drill.promote_minutes if drill else None
        promotion = known.promotion_minutes if measured is None else ceil(measured)
        basis = f" measured by the drill of {drill.finished_at[:10]}" if drill and measured is not None else ""
        back = Budget(
            name="region-rto",
            used=promotion + platform + scale + names,
            limit=promise.rto_minutes,
            unit="minutes",
            arithmetic=f"{where}promotion {promotion}{basis} + {bring}",
        )
    return (
        Budget(
            name="region-rpo", used=lost, limit=promise.rpo_minutes, unit="minutes", arithmetic=f"{where}{lost_text}"
        ),
        back,
    )
