"""Initialisation, upgrade and copy of one tenant environment: what each step makes of the tenant's plan, how long it takes, who may ask for it.

A step is a state of the environment (``jobs/TENANT.yaml``), and every state is one plan: closed behind the maintenance page, no workload running, and
at most one job. So a run that was cut off goes on by bringing the same plan up again, and an engine that somebody runs meanwhile changes nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from math import ceil

from odoo_estate.decide import lifecycle, platform, recovery_jobs, recovery_load, shared, sizing, tenant_data
from odoo_estate.decide.context import Context, Tenant
from odoo_estate.decide.naming import name, tenant_stack
from odoo_estate.errors import Refused
from odoo_estate.plan import (
    Decision,
    OdooJobPlan,
    OdooPlan,
    RecoveryCommandPlan,
    RecoveryPlan,
    TenantDatabasePlan,
    TenantJobPlan,
)
from odoo_estate.spec.jobs import JobKind, Phase, TenantJob

SERVING: frozenset[Phase] = frozenset({"open", "restored", "copied"})
"""States in which the environment is open."""
IN_ODOO: frozenset[Phase] = frozenset({"initialise", "upgrade", "neutralise"})
IN_RECOVERY: Mapping[Phase, tuple[str, ...]] = {
    "back-up": ("dump",),
    "restore": ("restore", "--replace", "--confirm"),
    "copy-restore": ("copy", "restore"),
    "finish": ("copy", "finish"),
    "drop": ("copy", "drop"),
}
"""What the recovery program is called with."""
AFTER: Mapping[JobKind, Mapping[Phase, tuple[Phase, Phase]]] = {
    "initialise": {"initialise": ("open", "failed")},
    "upgrade": {
        "close": ("back-up", "failed"),
        "back-up": ("upgrade", "failed"),
        "upgrade": ("open", "restore"),
        "restore": ("restored", "failed"),
    },
    "copy": {
        "copy-restore": ("neutralise", "failed"),
        "neutralise": ("finish", "drop"),
        "finish": ("copied", "drop"),
        "drop": ("failed", "failed"),
    },
}
"""Step to the one after it when its job did well, and to the one when it did not."""
FIRST: Mapping[JobKind, Phase] = {"initialise": "initialise", "upgrade": "close", "copy": "copy-restore"}
NEUTRALISE_MINUTES = 10
"""A node, an image, and a few hundred statements."""
RETRIES = 1
"""A lost node costs none; a server that was away for a moment may."""


@dataclass(frozen=True, kw_only=True)
class Length:
    """Minutes that a step takes, with the arithmetic."""

    minutes: int
    basis: str


def job_of(context: Context, tenant: Tenant) -> TenantJob | None:
    """What is under way, or left something to remember."""
    return context.jobs.get(".".join(tenant))


def closed(context: Context, tenant: Tenant) -> bool:
    """Whether everybody sees the maintenance page, and no workload runs."""
    job = job_of(context, tenant)
    return job is not None and job.phase not in SERVING


def holds_copy(context: Context, tenant: Tenant) -> bool:
    """Whether the environment has, or is getting, production's data."""
    job = job_of(context, tenant)
    return job is not None and (job.kind == "copy" or job.held_copy)


def with_image(context: Context, tenant: Tenant, odoo: OdooPlan) -> OdooPlan:
    """Before and after an upgrade that failed, the environment runs what it ran before: new code on an old database is what had been undone."""
    job = job_of(context, tenant)
    if job is None or job.kind != "upgrade" or job.phase in ("upgrade", "open") or not job.image_before:
        return odoo
    return replace(odoo, image=job.image_before)


def unhurried(context: Context, tenant: Tenant, database: TenantDatabasePlan) -> TenantDatabasePlan:
    """While modules are installed or upgraded, no statement is cut off: an index over a large table takes longer than any request may, and Odoo
    computes in Python for long between two statements of a transaction."""
    job = job_of(context, tenant)
    if job is None or job.kind == "copy" or not closed(context, tenant):
        return database
    return replace(database, statement_timeout_seconds=0, idle_in_transaction_timeout_seconds=0)


# --- the job of a step ---------------------------------------------------------------------------------------------


def job_plan(
    context: Context, tenant: Tenant, odoo: OdooPlan | None, database: TenantDatabasePlan, recovery: RecoveryPlan | None
) -> TenantJobPlan | None:
    """The job of the step that the environment is at; None where the step has none.

    Args:
        odoo: None in the pooled tenancy.
    """
    job = job_of(context, tenant)
    if job is None or (job.phase not in IN_ODOO and job.phase not in IN_RECOVERY):
        return None
    lasts = length(context, tenant, job.kind, job.phase)
    known = context.catalog.assumptions
    deadline = ceil(lasts.minutes * known.recovery_deadline_factor) + known.recovery_wait_minutes
    return TenantJobPlan(
        name=name("cron-job", job.phase, *tenant, job.run, f"a{job.attempt}"),
        phase=job.phase,
        deadline_seconds=deadline * 60,
        retries=RETRIES,
        odoo=_odoo_job(context, tenant, job, odoo, database) if job.phase in IN_ODOO else None,
        recovery=_recovery_command(context, tenant, job, database, recovery) if job.phase in IN_RECOVERY else None,
    )


def stacks_read(job: TenantJobPlan | None) -> tuple[str, ...]:
    """Stacks besides the cell's and the platform's that the job needs outputs of."""
    return (job.recovery.key_stack,) if job and job.recovery and job.recovery.key_stack else ()


def _odoo_job(
    context: Context, tenant: Tenant, job: TenantJob, odoo: OdooPlan | None, database: TenantDatabasePlan
) -> OdooJobPlan:
    contract, cell = context.customers[tenant.customer], context.cell_of(tenant.customer)
    pooled = odoo is None
    runtime = odoo or platform.pooled_odoo(context, cell, contract.service_class)
    workload = runtime.workloads["cron"]
    left = ""
    if job.closed_at:
        longest = max(one.grace_seconds for one in runtime.workloads.values())
        left = (
            f"{datetime.fromisoformat(job.closed_at).astimezone(UTC) + timedelta(seconds=longest):%Y-%m-%dT%H:%M:%SZ}"
        )
    modules = job.modules
    if job.kind == "initialise":
        modules = tuple(sorted(contract.modules))
    kind = job.kind if job.kind != "copy" else "neutralise"
    return OdooJobPlan(
        kind=kind,
        database=beside(database) if kind == "neutralise" else database.name,
        modules=modules if kind != "neutralise" else (),
        not_before=left,
        checks_image=recovery_jobs.image(context),
        odoo=runtime,
        workload=workload,
        user=shared.pooled_login(contract.service_class) if pooled else database.user,
        secret=shared.pooled_secret(context, cell, contract.service_class) if pooled else "",
    )


def beside(database: TenantDatabasePlan) -> str:
    """What a copy is called until it has passed its checks."""
    return f"{database.name}__copy"


def _recovery_command(
    context: Context, tenant: Tenant, job: TenantJob, database: TenantDatabasePlan, recovery: RecoveryPlan | None
) -> RecoveryCommandPlan:
    known = context.catalog.assumptions
    source = Tenant(tenant.customer, "production")
    arguments, scratch, more = IN_RECOVERY[job.phase], 0, {}
    if job.kind == "copy":
        from odoo_estate.decide.tenant import tenant_plan

        plan = tenant_plan(context, *source)
        recovery = plan.recovery
        bucket, prefix = tenant_data.filestore(context, tenant)
        more = {
            "COPY_TENANT": ".".join(tenant),
            "COPY_DATABASE": database.name,
            "COPY_LOGIN": database.login,
            "COPY_BESIDE": beside(database),
            "COPY_BUCKET": bucket,
            "COPY_PREFIX": prefix,
            "COPY_URL": f"https://{tenant.environment}.{tenant.customer}.{shared.zone_domain(context, context.cell_of(tenant.customer))}",
        }
    if job.phase == "restore":
        arguments = (*arguments, database.name, "--at", job.backed_up_at or job.since)
    if job.phase in ("restore", "copy-restore"):
        scratch = recovery_load.scratch_gib(context, source)
    if recovery is None:
        raise _undumped(context, source)
    return RecoveryCommandPlan(
        arguments=arguments,
        image=recovery.image,
        namespace=recovery.namespace,
        service_account=recovery.service_account,
        size=recovery.size,
        priority_class=recovery.priority_class,
        variables={**recovery.variables, **more},
        scratch_mib=scratch * 1024,
        own_volume=scratch > known.recovery_scratch_on_node_gib,
        key_stack=tenant_stack(*source) if job.kind == "copy" and tenant_data.own_keys(context, source) else "",
    )


# --- how long ------------------------------------------------------------------------------------------------------


def length(context: Context, tenant: Tenant, kind: JobKind, phase: Phase) -> Length:
    """How long a step takes, by the contract's size and the catalog's rates."""
    known = context.catalog.assumptions
    gib = sizing.load_in(context, Tenant(tenant.customer, "production") if kind == "copy" else tenant).database_gib
    fixed = known.recovery_job_fixed_minutes

    def rated(minutes: int, rate: float, what: str) -> Length:
        return Length(minutes=minutes + ceil(gib / rate), basis=f"{minutes} + {gib} GiB / {rate:g} {what}")

    if phase in ("initialise", "upgrade"):
        size = 0 if phase == "initialise" else gib
        minutes = known.upgrade_fixed_minutes + ceil(size / known.upgrade_gib_per_minute)
        return Length(
            minutes=minutes, basis=f"{known.upgrade_fixed_minutes} + {size} GiB / {known.upgrade_gib_per_minute:g}"
        )
    if phase == "back-up":
        return rated(fixed, known.dump_gib_per_minute, "dumping")
    if phase in ("restore", "copy-restore"):
        rate = recovery_load.reload_rate(context, Tenant(tenant.customer, "production"))
        return rated(fixed, rate.gib_per_minute, f"loading ({rate.source})")
    if phase in ("neutralise", "finish", "drop"):
        return Length(minutes=NEUTRALISE_MINUTES, basis="statements only")
    return Length(minutes=5, basis="pods leave, the page comes")


def steps_of(context: Context, tenant: Tenant, kind: JobKind) -> tuple[Phase, ...]:
    """The steps when all goes well."""
    found: list[Phase] = []
    phase = FIRST[kind]
    while phase in AFTER[kind]:
        found.append(phase)
        phase = following(context, tenant, kind, phase, well=True)
    return tuple(found)


def following(context: Context, tenant: Tenant, kind: JobKind, phase: Phase, *, well: bool) -> Phase:
    """The step after ``phase``. What is dumped nowhere is not backed up and has nothing to go back to."""
    after = AFTER[kind][phase][0 if well else 1]
    dumped = recovery_load.dumps(context, tenant) is not None
    if after == "back-up" and not dumped:
        return "upgrade"
    return "failed" if after == "restore" and not dumped else after


# --- who may -------------------------------------------------------------------------------------------------------


def check(context: Context, tenant: Tenant, kind: JobKind, modules: tuple[str, ...] = ()) -> None:
    """Whether it may begin.

    Raises:
        Refused: it may not; the refusal says where and what to do.
    """
    contract = context.customers[tenant.customer]
    lifecycle.check(context, tenant.customer)
    document, field = f"customer:{tenant.customer}", ("environments", tenant.environment)
    if contract.suspended:
        raise Refused(
            f"{tenant.customer} is suspended since {contract.suspended.since}: nothing is changed until it resumes",
            document=document,
            field=("suspended",),
            value=contract.suspended.since,
            remedy="remove `suspended` first",
        )
    if kind == "copy":
        _check_copy(context, tenant)
    elif kind == "upgrade" and context.tenancy(tenant) == "pooled":
        service = contract.service_class
        raise Refused(
            f"{'.'.join(tenant)} shares its workers: one tenant's modules cannot be of another version than its neighbours'",
            document=document,
            field=field,
            value=tenant.environment,
            remedy=f"raise the image of the series in the catalog and bring platform.{context.cell_of(tenant.customer)} up, for all of {service}; or "
            "give the customer a namespace of its own (placement)",
        )
    for module in modules:
        entry = contract.modules.get(module)
        if entry is not None and entry.approval != "approved":
            raise Refused(
                f"module {module} is {entry.approval}",
                document=document,
                field=("modules", module, "approval"),
                value=entry.approval,
                allowed=("approved",),
                remedy="have it approved first",
            )


def _check_copy(context: Context, tenant: Tenant) -> None:
    contract, service = context.customers[tenant.customer], context.service_class(tenant.customer)
    document, field = f"customer:{tenant.customer}", ("environments", tenant.environment)
    production = Tenant(tenant.customer, "production")
    if tenant.environment == "production":
        raise Refused(
            "production is never the target of a copy",
            document=document,
            field=field,
            value="production",
            allowed=tuple(one.environment for one in tenant_data.copy_targets(context, production)),
            remedy="copy into another environment; what production lost is restored (images/recovery/README.md)",
        )
    if "production" not in contract.environments:
        raise Refused(
            f"{tenant.customer} has no production to copy",
            document=document,
            field=("environments",),
            value=sorted(contract.environments),
            remedy="initialise the environment instead",
        )
    if tenant.environment not in service.copies_to:
        raise Refused(
            f"the class {contract.service_class} lets {tenant.environment} hold no copy of production",
            document=document,
            field=field,
            value=tenant.environment,
            allowed=service.copies_to,
            remedy="copy into one of these, or initialise the environment with data of its own",
        )
    if context.tenancy(tenant) != context.tenancy(production):
        raise Refused(
            f"production is {context.tenancy(production)}, {tenant.environment} is {context.tenancy(tenant)}: the copy would share machines that "
            "production's data was promised not to share",
            document=document,
            field=field,
            value=context.tenancy(tenant),
            allowed=(context.tenancy(production),),
            remedy="copy into staging, which stands like production",
        )
    if context.tenancy(tenant) == "pooled":
        raise Refused(
            "shared workers reach the outside and run what every database asks for: a copy beside them would rest on its neutralisation alone",
            document=document,
            field=field,
            value="pooled",
            remedy="give the customer a namespace of its own (placement)",
        )
    whole, room = (sizing.load_in(context, one).database_gib for one in (production, tenant))
    if whole > room:
        raise Refused(
            f"production holds {whole} GiB, {tenant.environment} is sized for {room}",
            document=document,
            field=("workload", "storage", "database_gib"),
            value=whole,
            allowed=(f"at most {room}",),
            remedy="copy into staging, which is sized for all of production's data",
        )
    wanted = contract.environments["production"].version or contract.odoo
    found = contract.environments[tenant.environment].version or contract.odoo
    if wanted != found:
        raise Refused(
            f"production runs Odoo {wanted}, {tenant.environment} runs {found}: another series takes a migration of the data",
            document=document,
            field=(*field, "version"),
            value=found,
            allowed=(wanted,),
            remedy="let both run the same series, or migrate the copy by hand",
        )
    if recovery_load.dumps(context, production) is None:
        raise _undumped(context, production)


def _undumped(context: Context, tenant: Tenant) -> Refused:
    return Refused(
        f"{'.'.join(tenant)} is not dumped, so there is nothing to copy or to go back to",
        document=f"customer:{tenant.customer}",
        field=("service_class",),
        value=context.customers[tenant.customer].service_class,
        remedy="choose a class that dumps",
    )


# --- explanations --------------------------------------------------------------------------------------------------


def decisions(context: Context, tenant: Tenant) -> list[Decision]:
    """What is under way, and what an upgrade takes and a copy may reach."""
    found = []
    job = job_of(context, tenant)
    if job:
        what = {
            "copied": "serves a copy of production",
            "restored": "upgrade failed, restored",
            "failed": "failed, closed",
        }
        found.append(
            Decision(
                topic=job.kind,
                value=f"{what.get(job.phase, job.phase)} since {job.since}",
                reason=f"{job.reason} ({job.approved_by})",
                binding="" if job.phase in SERVING else "closed behind the maintenance page, no workload runs",
                next_step=_next(tenant, job),
            )
        )
    if context.tenancy(tenant) != "pooled":
        steps = {phase: length(context, tenant, "upgrade", phase) for phase in steps_of(context, tenant, "upgrade")}
        sums = " + ".join(f"{phase} {one.minutes}" for phase, one in steps.items())
        back = length(context, tenant, "upgrade", "restore").minutes if "back-up" in steps else 0
        found.append(
            Decision(
                topic="upgrade of modules",
                value=f"{sum(one.minutes for one in steps.values())} minutes closed",
                reason=sums + (f"; {back} more to go back" if back else "; nothing to go back to, it is not dumped"),
                entitlement="assumptions.upgrade_fixed_minutes",
                next_step=f"estate upgrade {'.'.join(tenant)} --modules all",
            )
        )
    targets = tenant_data.copy_targets(context, tenant)
    if targets:
        found.append(
            Decision(
                topic="copies",
                value=", ".join(one.environment for one in targets),
                reason="neutralised and checked before anybody reaches them; nothing leaves their namespaces",
                entitlement=f"service_classes.{context.customers[tenant.customer].service_class}.copies_to",
            )
        )
    return found


def _next(tenant: Tenant, job: TenantJob) -> str:
    called = f"estate {job.kind} {'.'.join((tenant.customer, 'production')) + ' ' if job.kind == 'copy' else ''}{'.'.join(tenant)}"
    if job.phase == "failed":
        return f"{called} --yes repeats it, --abandon opens what was there before"
    if job.phase in SERVING:
        return ""
    return f"{called} --yes goes on"
