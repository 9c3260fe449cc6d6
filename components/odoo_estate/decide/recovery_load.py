"""What dumps and verifications take: time, disk, storage on the instance. Rates are assumed until evidence has measured them."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import Literal

from odoo_estate.decide import sizing, tenant_data
from odoo_estate.decide.context import Context, Tenant
from odoo_estate.decide.schedules import DAY
from odoo_estate.spec.catalog import Dumps

Verb = Literal["dump", "verify"]
GIB = 2**30


@dataclass(frozen=True, kw_only=True)
class Rate:
    """``source`` says where it comes from, for explanations."""

    gib_per_minute: float
    source: str


@dataclass(frozen=True, kw_only=True)
class Work:
    """One kind of job: its rhythm and how long it takes, in minutes."""

    every: int
    takes: int
    arithmetic: str


def dumps(context: Context, tenant: Tenant) -> Dumps | None:
    """What the tenant's class promises; None outside production, where nothing is promised."""
    return context.service_class(tenant.customer).backup.dumps if tenant.environment == "production" else None


def reload_rate(context: Context, tenant: Tenant) -> Rate:
    """How fast the tenant's database is loaded from a dump. Measured where a verification passed on a database that is large enough to tell, less
    a share for the worse day; else the catalog's assumption."""
    known = context.catalog.assumptions
    evidence = context.evidence.get(f"{tenant.customer}.{tenant.environment}")
    if (
        evidence is None
        or not evidence.passed
        or evidence.restore_seconds <= 0
        or evidence.database_bytes < known.evidence_least_gib * GIB
    ):
        return assumed_rate(context)
    rate = evidence.database_bytes / GIB / (evidence.restore_seconds / 60)
    return Rate(
        gib_per_minute=max(round(rate * known.measured_rate_share, 3), 0.001),
        source=f"measured on {evidence.verified_at.date()}, {rate:.3g} x {known.measured_rate_share:g}",
    )


def assumed_rate(context: Context) -> Rate:
    """The catalog's."""
    return Rate(gib_per_minute=context.catalog.assumptions.reload_gib_per_minute, source="assumed")


def work(context: Context, tenant: Tenant) -> dict[Verb, Work]:
    """The tenant's jobs; empty where nothing is promised."""
    key: object = (work, tenant)
    if key not in context.memo:
        context.memo[key] = _work(context, tenant)
    found = context.memo[key]
    assert isinstance(found, dict)
    return found


def _work(context: Context, tenant: Tenant) -> dict[Verb, Work]:
    promised = dumps(context, tenant)
    if promised is None:
        return {}
    return work_of(context, promised, sizing.load_in(context, tenant).database_gib, reload_rate(context, tenant))


def work_of(context: Context, promised: Dumps, gib: int, reload: Rate) -> dict[Verb, Work]:
    """The jobs of a database of that size."""
    known = context.catalog.assumptions

    def job(every: int, rate: float, source: str) -> Work:
        takes = known.recovery_job_fixed_minutes + ceil(gib / rate)
        text = f"{known.recovery_job_fixed_minutes} + {gib} GiB / {rate:g} ({source}) = {takes} minutes"
        return Work(every=every, takes=takes, arithmetic=text)

    found: dict[Verb, Work] = {"dump": job(promised.every_minutes, known.dump_gib_per_minute, "assumed")}
    if promised.verify_every_minutes:
        found["verify"] = job(promised.verify_every_minutes, reload.gib_per_minute, reload.source)
    return found


def daily_minutes(jobs: Mapping[Verb, Work]) -> int:
    """What they run on an average day, rounded up."""
    return ceil(sum(one.takes * DAY / one.every for one in jobs.values()))


def scratch_gib(context: Context, tenant: Tenant) -> int:
    """Disk of a verification: the dump as one file, because parallel restoring jumps about in it, and a tenth of room, at least 1 GiB."""
    dump = sizing.load_in(context, tenant).database_gib * context.catalog.assumptions.dump_size_share
    return ceil(max(dump + 1, dump * 1.1))


def scratch_database_gib(context: Context, tenant: Tenant) -> int:
    """Storage that a verification takes on the tenant's instance while it runs: the whole database once more. 0: there is none. Where a copy may
    lie it is the copy, which stands beside the environment's database until it is checked."""
    for production in tenant_data.copy_sources(context, tenant):
        return sizing.load_in(context, production).database_gib
    return sizing.load_in(context, tenant).database_gib if "verify" in work(context, tenant) else 0
