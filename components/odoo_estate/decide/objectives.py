"""Recovery point and recovery time: what is reached, by arithmetic, against what the class promises."""

from dataclasses import dataclass
from math import ceil

from odoo_estate.decide import backup, budgets, recovery_load, sizing
from odoo_estate.decide.context import OWN, Context, Tenant
from odoo_estate.decide.exemptions import exemption
from odoo_estate.errors import Refused
from odoo_estate.plan import Budget, Decision


def objectives(context: Context, tenant: Tenant) -> tuple[tuple[Decision, ...], tuple[Budget, ...]]:
    """The objectives of a production environment; none are promised for the others.

    Raises:
        Refused: an objective is not reached, and no exemption ENT-03 accepts that.
    """
    if tenant.environment != "production":
        return (), ()
    proved = (rpo(context, tenant), rto(context, tenant), *region_loss(context, tenant))
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
    return tuple(_decision(context, tenant, one, granted.reason if granted else "") for one in proved), proved


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
    """The longest way back inside the region: restoring to a point in time. The loss of a zone or an instance is shorter."""
    service = context.service_class(tenant.customer)
    zone = (
        f"; a lost zone: {context.catalog.assumptions.failover_minutes}"
        if service.availability.database_multi_az
        else ""
    )
    return _with_neighbours(context, tenant, "rto", limit=service.rto_minutes, tail=zone)


def _with_neighbours(
    context: Context, tenant: Tenant, name: str, *, limit: int, before: int = 0, head: str = "", tail: str = ""
) -> Budget:
    """The budget of a way back; ``used`` leaves out the neighbours as long as they fit into what is to spare, otherwise it has them."""
    rate = context.catalog.assumptions.restore_gib_per_minute
    way = restore(context, tenant)
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
        arithmetic=f"{head}{way.text}{shared}{tail}",
    )


def region_loss(context: Context, tenant: Tenant) -> tuple[Budget, ...]:
    """What is reached when the whole region is lost, against the promise of the DR class that the cell was built for."""
    cell = context.cell_of(tenant.customer)
    recovery = context.estate.cells[cell].recovery
    if recovery is None:
        return ()
    known, promise = context.catalog.assumptions, context.catalog.dr_classes[recovery.dr_class]
    if promise.rpo_minutes is None or promise.rto_minutes is None:
        return ()
    rhythm = backup.cell_terms(context, cell).every_minutes
    scale = 0 if promise.cluster == "none" else known.scale_up_minutes
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
        before=build + scale,
        head=f"{where}rebuilding {build} + workloads {scale} + ",
    )
    if promise.database == "replica":
        back = Budget(
            name="region-rto",
            used=known.failover_minutes + scale,
            limit=promise.rto_minutes,
            unit="minutes",
            arithmetic=f"{where}promotion {known.failover_minutes} + workloads {scale}",
        )
    return (
        Budget(
            name="region-rpo", used=lost, limit=promise.rpo_minutes, unit="minutes", arithmetic=f"{where}{lost_text}"
        ),
        back,
    )
