"""Recovery points: how often, how long, where to, and the proof that vault locks and cold storage accept them.

One copy action of RDS goes to another region or to another account, never to both (AWS Backup's feature matrix, read 2026-11). So each recovery
point lies in the cell's own vault and is copied twice: to the cell's copy vault in another region, and to the estate's locked vault in the backup
account of the same region. With a single account there is no second copy: the vault in the other region is the locked one.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import ceil

from odoo_estate.decide import schedules
from odoo_estate.decide.context import Context, Tenant
from odoo_estate.decide.naming import name, part
from odoo_estate.decide.regions import copy_region
from odoo_estate.errors import Path, Refused
from odoo_estate.plan import (
    OWN,
    AlarmPlan,
    AwsTarget,
    BackupCopy,
    BackupPlan,
    BackupRule,
    Budget,
    RestoreTest,
    VaultLock,
    VaultPlan,
)
from odoo_estate.spec.catalog import Catalog, RetentionClass, VaultLockSpec
from odoo_estate.spec.estate import Estate

LEAST_COLD_DAYS = 90
"""What AWS Backup charges for at least once a point is cold; earlier deletion is refused."""
RESTORE_TEST_WINDOW_DAYS = 7
"""Restore tests take a recovery point of the last so many days."""
RESTORE_VALIDATION_HOURS = 4
BACKUP_CLASS = "backup-class"
"""The tag that backup plans select by."""
UNLOCKED = "unlocked"
"""In names: a vault of classes whose catalog entry asks for no lock."""


@dataclass(frozen=True, kw_only=True)
class BackupTerms:
    """What one set of things is owed, in the catalog's units: the strictest of the classes it serves."""

    every_minutes: int
    point_in_time_days: int
    retention: str
    cross_region: bool
    cross_account: bool
    lock: str | None
    restore_test: bool
    cache_snapshot_days: int
    bucket_versions_days: int
    bucket_lock: bool

    @property
    def backup_class(self) -> str:
        """The value of the tag ``backup-class``: retention class and rhythm, e.g. ``standard-every-24h``."""
        return f"{self.retention}-every-{self.every_minutes // 60}h"


def terms(catalog: Catalog, classes: Sequence[str], retention: str | None = None) -> BackupTerms:
    """The strictest terms of ``classes``; ``retention`` overrides their default retention class (a contract's wish)."""
    owed = [catalog.service_classes[one].backup for one in classes]
    defaults = [one.retention[0] for one in owed]
    return BackupTerms(
        every_minutes=min(one.every_minutes for one in owed),
        point_in_time_days=max(one.point_in_time_days for one in owed),
        retention=retention or max(defaults, key=lambda key: _length(catalog.retention_classes[key])),
        cross_region=any(one.cross_region for one in owed),
        cross_account=any(one.cross_account for one in owed),
        lock=_strictest_lock(catalog, (one.lock for one in owed)),
        restore_test=any(one.restore_test for one in owed),
        cache_snapshot_days=max(one.cache_snapshot_days for one in owed),
        bucket_versions_days=max(one.bucket_versions_days for one in owed),
        bucket_lock=any(one.bucket_lock for one in owed),
    )


def cell_classes(context: Context, cell: str) -> tuple[str, ...]:
    """The service classes whose data a cell's shared databases and buckets hold: those of its band that live on shared instances, or its
    one customer's. What a class keeps on instances of its own is that tenant's stack's matter.
    """
    one = context.estate.cells[cell]
    if one.customer is not None:
        return (context.customers[one.customer].service_class,)
    serves = context.catalog.cell_bands[one.band].serves
    sharing = [key for key in serves if {"pooled", "namespaced"} & set(context.catalog.service_classes[key].tenancies)]
    return tuple(sharing) or serves


def cell_terms(context: Context, cell: str) -> BackupTerms:
    """What a cell's shared data is owed; it depends on the band (or the one customer), never on which tenants live there."""
    key: object = (cell_terms, cell)
    if key not in context.memo:
        customer = context.estate.cells[cell].customer
        classes = cell_classes(context, cell)
        wish = context.customers[customer].backup if customer else None
        context.memo[key] = terms(context.catalog, classes, wish.retention if wish else None)
    found = context.memo[key]
    assert isinstance(found, BackupTerms)
    return found


def tenant_terms(context: Context, customer: str) -> BackupTerms:
    """What a customer's own instance or buckets are owed. The lock is the cell's, whose vaults they go into."""
    contract = context.customers[customer]
    wish = contract.backup.retention if contract.backup else None
    own = terms(context.catalog, (contract.service_class,), wish)
    return replace(own, lock=cell_terms(context, context.cell_of(customer)).lock)


def check_shared_retention(context: Context, tenant: Tenant) -> None:
    """A database on a shared instance is kept as long as the instance: refuse a contract that chose longer.

    Raises:
        Refused: the contract's retention class keeps recovery points longer than those of the cell.
    """
    contract = context.customers[tenant.customer]
    if contract.backup is None or tenant.environment != "production" or context.database_of(tenant) == OWN:
        return
    cell = context.cell_of(tenant.customer)
    classes = context.catalog.retention_classes
    wish, kept = contract.backup.retention, cell_terms(context, cell).retention
    if _length(classes[wish]) <= _length(classes[kept]):
        return
    raise Refused(
        f"{wish} keeps recovery points {_length(classes[wish])[0]} days; the database lies on a shared instance of cell {cell}, "
        f"which is kept {_length(classes[kept])[0]} days ({kept})",
        document=f"customer:{tenant.customer}",
        field=("backup", "retention"),
        value=wish,
        allowed=[
            key
            for key in context.service_class(tenant.customer).backup.retention
            if _length(classes[key]) <= _length(classes[kept])
        ],
        remedy="choose one of these, or an instance of its own (placement: semi-dedicated or dedicated)",
    )


def _length(retention: RetentionClass) -> tuple[int, int]:
    return max(retention.daily_days, retention.monthly_days), retention.daily_days


def _strictest_lock(catalog: Catalog, locks: Iterable[str | None]) -> str | None:
    """Compliance before governance, then the longer least retention."""
    named = sorted({one for one in locks if one is not None})
    return max(named, key=lambda key: _strictness(catalog.vault_locks[key]), default=None)


def _strictness(lock: VaultLockSpec) -> tuple[bool, int, int]:
    return lock.changeable_for_days is not None, lock.min_days, lock.max_days


def vault_lock(catalog: Catalog, lock: str | None) -> VaultLock | None:
    """The catalog's lock as the plan has it."""
    if lock is None:
        return None
    spec = catalog.vault_locks[lock]
    return VaultLock(min_days=spec.min_days, max_days=spec.max_days, changeable_for_days=spec.changeable_for_days)


# --- what the catalog must hold before any plan is made ------------------------------------------------------------


def check_backups(catalog: Catalog) -> list[Refused]:
    """Every promise about backups that the catalog's own figures do not keep: rhythm, RPO, immutability. That names exist and that each class'
    retention fits its own lock and cold storage is checked when the catalog is read."""
    found: list[Refused] = []
    for key, one in catalog.service_classes.items():
        if one.backup.every_minutes not in schedules.rhythms():
            found.append(
                Refused(
                    f"a recovery point every {one.backup.every_minutes} minutes cannot be scheduled",
                    document="catalog",
                    field=("service_classes", key, "backup", "every_minutes"),
                    value=one.backup.every_minutes,
                    allowed=[str(minutes) for minutes in schedules.rhythms()],
                    remedy="choose a rhythm that divides a day into whole hours",
                )
            )
        found += _check_rpo(catalog, key)
        found += _check_lock(catalog, key)
        found += _check_versions(catalog, key)
    return found + _check_evictions(catalog)


def filestore_days(catalog: Catalog, point_in_time_days: int, retention: str) -> int:
    """How long a deleted attachment must be kept so that every database that can be restored finds its files: as far back as the point-in-time
    window reaches and the oldest logical dump lies (a day longer than its retention, see the bucket's lifecycle), and a day more, because what
    was deleted at the moment of a dump starts to age then, and S3 counts from midnight. Recovery points of AWS Backup need none of it: they hold
    the objects themselves."""
    return max(point_in_time_days, catalog.retention_classes[retention].daily_days + 1) + 1


def filestore_budget(catalog: Catalog, owed: BackupTerms) -> Budget:
    """The days that deleted attachments are needed, of those that they are kept."""
    dumps = catalog.retention_classes[owed.retention].daily_days + 1
    return Budget(
        name="filestore-versions",
        used=filestore_days(catalog, owed.point_in_time_days, owed.retention),
        limit=owed.bucket_versions_days,
        unit="days",
        arithmetic=f"the longer of point in time {owed.point_in_time_days} and oldest dump {dumps}, + 1 for the day that it was made",
    )


def _check_versions(catalog: Catalog, key: str) -> list[Refused]:
    """Odoo deletes files that no record points at any more; a database restored from before that still does."""
    owed = catalog.service_classes[key].backup
    needed = max((filestore_days(catalog, owed.point_in_time_days, one), one) for one in owed.retention)
    if owed.bucket_versions_days >= needed[0]:
        return []
    return [
        Refused(
            f"{key} keeps deleted attachments {owed.bucket_versions_days} days; a database restored from {needed[1]} or from "
            f"{owed.point_in_time_days} days back would miss files: {needed[0]} are needed",
            document="catalog",
            field=("service_classes", key, "backup", "bucket_versions_days"),
            value=owed.bucket_versions_days,
            allowed=(f"{needed[0]} or more",),
            remedy="keep versions longer, or dumps and the point-in-time window shorter",
        )
    ]


def _check_evictions(catalog: Catalog) -> list[Refused]:
    """A full cache evicts what expires soonest; that must never be a session."""
    known = catalog.assumptions
    lives = ("cache_entry_seconds", "anonymous_session_seconds", "session_seconds")
    found = []
    for shorter, longer in pairwise(lives):
        least, most = getattr(known, shorter), getattr(known, longer)
        if least >= most:
            found.append(
                Refused(
                    f"{shorter} is {least} and {longer} {most}: a full cache evicts what expires soonest, and the first must go before the second",
                    document="catalog",
                    field=("assumptions", shorter),
                    value=least,
                    allowed=(f"less than {most}",),
                    remedy="let cached results expire before visitors' sessions, and those before users'",
                )
            )
    return found


def alarms(vault: str, parts: tuple[str, ...], owed: BackupTerms) -> dict[str, AlarmPlan]:
    """A job that fails is an event (`BackupEvents`); one that never starts, because nothing was selected or the plan is gone, is the absence of
    one. Two days and at least two rhythms without a finished job of the vault."""
    days = max(2, ceil(2 * owed.every_minutes / schedules.DAY))
    return {
        "backup-missing": AlarmPlan(
            name=name("alarm", *parts, "backup", "missing"),
            description=f"No backup job into {vault} finished for {days} days",
            namespace="AWS/Backup",
            metric="NumberOfBackupJobsCompleted",
            statistic="Sum",
            comparison="LessThanThreshold",
            threshold=1,
            period_seconds=schedules.DAY * 60,
            evaluation_periods=days,
            dimensions={"BackupVaultName": vault},
            missing_data="breaching",
        )
    }


def _check_rpo(catalog: Catalog, key: str) -> list[Refused]:
    """Between snapshots the shipped transaction log covers the primary region; without it the rhythm alone would have to keep the RPO."""
    one = catalog.service_classes[key]
    log = catalog.assumptions.log_shipping_minutes
    reached = min(log, one.backup.every_minutes) if one.backup.point_in_time_days else one.backup.every_minutes
    if reached <= one.rpo_minutes:
        return []
    return [
        Refused(
            f"{key} promises to lose at most {one.rpo_minutes} minutes; recovery points every {one.backup.every_minutes} minutes and "
            f"transaction logs every {log} minutes reach {reached}",
            document="catalog",
            field=("service_classes", key, "rpo_minutes"),
            value=one.rpo_minutes,
            allowed=(f"{reached} or more",),
            remedy="promise what is reached, or take recovery points more often",
        )
    ]


def _check_lock(catalog: Catalog, key: str) -> list[Refused]:
    """A lock without grace days stays in governance mode, which is no promise of immutability."""
    backup = catalog.service_classes[key].backup
    if (
        not backup.bucket_lock
        or backup.lock is None
        or catalog.vault_locks[backup.lock].changeable_for_days is not None
    ):
        return []
    return [
        Refused(
            f"{key} promises immutable backups, but its vault lock {backup.lock} has no grace days, and a lock without them "
            "is in governance mode: an administrator can lift it",
            document="catalog",
            field=("vault_locks", backup.lock, "changeable_for_days"),
            allowed=("3 to 36500",),
            remedy="give the lock grace days, which makes it compliance mode, or stop promising immutability (backup.bucket_lock)",
        )
    ]


def check_against_lock(catalog: Catalog, retention: str, lock: str, *, document: str, field: Path) -> list[Refused]:
    """Jobs and copies outside a lock's limits fail in AWS: refuse the retention class before."""
    limits, kept = catalog.vault_locks[lock], catalog.retention_classes[retention]
    days = {"daily": kept.daily_days, "monthly": kept.monthly_days or kept.daily_days}
    outside = {rule: length for rule, length in days.items() if not limits.min_days <= length <= limits.max_days}
    if not outside:
        return []
    fitting = [
        key
        for key, one in catalog.retention_classes.items()
        if all(limits.min_days <= d <= limits.max_days for d in (one.daily_days, one.monthly_days or one.daily_days))
    ]
    rule, length = next(iter(outside.items()))
    return [
        Refused(
            f"{retention} keeps {rule} recovery points {length} days, the vault lock {lock} accepts {limits.min_days} to {limits.max_days}",
            document=document,
            field=field,
            value=retention,
            allowed=fitting,
            remedy="choose a retention class that the lock accepts; a compliance lock itself cannot be changed any more",
        )
    ]


# --- plans ---------------------------------------------------------------------------------------------------------


def primary_vault(estate: Estate, cell: str) -> str:
    """Name of a cell's vault in its own region."""
    return name("vault", estate.estate, cell)


def copy_vault(estate: Estate, cell: str) -> str:
    """Name of a cell's vault in its copy region."""
    return name("vault", estate.estate, cell, "copy")


def account_vault(estate: Estate, lock: str | None) -> str:
    """Name of the estate's vault in the backup account, one for each region and lock."""
    return name("vault", estate.estate, "recovery", _lock_word(lock))


def account_vault_key(region: str, lock: str | None) -> str:
    """Key of that vault in the landing zone's plan."""
    return f"{region}-{_lock_word(lock)}"


def _lock_word(lock: str | None) -> str:
    return part(lock) if lock else UNLOCKED


def copies_to_account(estate: Estate, owed: BackupTerms) -> bool:
    """Whether recovery points are copied into the backup account: it exists in organisation mode only."""
    return owed.cross_account and estate.mode == "organisation"


def cell_vaults(estate: Estate, catalog: Catalog, cell: str, owed: BackupTerms) -> dict[str, VaultPlan]:
    """``primary`` in the cell's region and, where the terms ask for another region, ``copy``."""
    lock = vault_lock(catalog, owed.lock)
    glass = break_glass(estate, estate.accounts[estate.cells[cell].account])
    vaults = {"primary": VaultPlan(name=primary_vault(estate, cell), key="recovery", lock=lock, break_glass=glass)}
    region = copy_region_for(estate, cell, owed)
    if region:
        vaults["copy"] = VaultPlan(
            name=copy_vault(estate, cell), key="copy", lock=lock, region=region, break_glass=glass
        )
    return vaults


def break_glass(estate: Estate, account: str) -> tuple[str, ...]:
    """ARN of the account's emergency role: the only one that may delete recovery points, where the lock lets anybody."""
    return (f"arn:aws:iam::{account}:role/{name('iam-role', estate.estate, 'break-glass')}",)


def copy_region_for(estate: Estate, cell: str, owed: BackupTerms) -> str | None:
    """The region of the cell's copy vault, None where nothing asks for one.

    A single account has no second account to copy to: the other region stands in for it.

    Raises:
        Refused: copies are owed, but the residency zone has no second region.
    """
    wanted = owed.cross_region or (owed.cross_account and estate.mode == "single-account")
    if not wanted:
        return None
    region = copy_region(estate, cell)
    if region is None:
        one = estate.cells[cell]
        raise Refused(
            f"the backups of cell {cell} are owed a copy in another region, but the residency zone {one.residency} has only {one.region}",
            document="estate",
            field=("residency", one.residency, "regions"),
            value=", ".join(estate.residency[one.residency].regions),
            remedy="add a second region to the zone, or give the cell a band that serves only classes without copies in another region",
        )
    return region


def backup_plan(
    estate: Estate,
    catalog: Catalog,
    owed: BackupTerms,
    *,
    cell: str,
    owner: tuple[str, ...],
    select: Mapping[str, str],
    minute: int,
    document: str = "catalog",
    field: Path = (),
) -> BackupPlan:
    """The backup plan of a cell, or of a tenant in it, into the cell's vaults.

    Args:
        owner: parts of the names, e.g. estate and cell.
        select: tags that all must hold on what is backed up.
        minute: minute of the day (UTC) of the daily job.
        document, field: what a refusal points at, e.g. the contract's wish.

    Raises:
        Refused: the lock does not accept the retention; a copy is owed that has no place.
    """
    if owed.lock:
        for refused in check_against_lock(catalog, owed.retention, owed.lock, document=document, field=field):
            raise refused
    kept = catalog.retention_classes[owed.retention]
    assumptions = catalog.assumptions
    copies = _copies(estate, cell, owed)
    days = {"regular": (schedules.cron(owed.every_minutes, minute), kept.daily_days)}
    if kept.monthly_days:
        # Half an hour after the day's job: AWS Backup runs one job per resource at a time.
        days["monthly"] = (schedules.monthly(minute + 30), kept.monthly_days)
    rules = {}
    for rule, (schedule, delete_after) in days.items():
        cold = kept.cold_after_days
        fits = cold is not None and delete_after >= cold + LEAST_COLD_DAYS
        rules[rule] = BackupRule(
            schedule=schedule,
            start_window_minutes=assumptions.start_window_minutes,
            completion_window_minutes=assumptions.completion_window_minutes,
            delete_after_days=delete_after,
            cold_after_days=cold if fits else None,
            copies={
                key: BackupCopy(vault_arn=arn, delete_after_days=delete_after, cold_after_days=cold if fits else None)
                for key, arn in copies.items()
            },
        )
    return BackupPlan(
        name=name("backup-plan", *owner),
        vault="primary",
        role=name("iam-role", *owner, "backup"),
        rules=rules,
        selection=name("backup-plan", *owner, "selection"),
        select=dict(select),
        restore_test=restore_test(owner, minute) if owed.restore_test else None,
    )


def _copies(estate: Estate, cell: str, owed: BackupTerms) -> dict[str, str]:
    """Copy key to the vault it goes to."""
    one = estate.cells[cell]
    home = AwsTarget(account=estate.accounts[one.account], region=one.region)
    copies = {}
    region = copy_region_for(estate, cell, owed)
    if region:
        away = AwsTarget(account=home.account, region=region)
        copies["region"] = away.arn("backup", f"backup-vault:{copy_vault(estate, cell)}")
    if copies_to_account(estate, owed):
        safe = AwsTarget(account=estate.accounts["backup"], region=one.region)
        copies["account"] = safe.arn("backup", f"backup-vault:{account_vault(estate, owed.lock)}")
    return copies


def restore_test(owner: tuple[str, ...], minute: int) -> RestoreTest:
    """A weekly restore of a recent recovery point, six hours after the day's job, when the point is complete."""
    return RestoreTest(
        name=name("restore-test", *owner),
        schedule=schedules.weekly("WED", minute + 6 * 60),
        window_days=RESTORE_TEST_WINDOW_DAYS,
        validation_hours=RESTORE_VALIDATION_HOURS,
    )
