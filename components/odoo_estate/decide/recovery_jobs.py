"""Logical dumps of each production database, and their verification by restoring: when, how long, with what, and how anybody notices that they fail.

All dumps lie in their cell's backup bucket, below the tenant's own prefix: locked, replicated with the bucket, and out of reach of the tenant's
pods. A job is the tenant's alone: its role reaches that prefix, the tenant's filestore and the keys of both, and deletes nothing.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from math import ceil

from odoo_estate.decide import backup, dumps_key, identities, shared, tenant_data
from odoo_estate.decide.cell import cell_windows
from odoo_estate.decide.context import Context, Tenant
from odoo_estate.decide.landing_zone import RECOVERY_REPOSITORY, recovery_image
from odoo_estate.decide.naming import name
from odoo_estate.decide.recovery_load import Verb, Work, dumps, scratch_database_gib, scratch_gib, work
from odoo_estate.decide.schedules import DAY, GUARD_MINUTES, customer_windows, starts
from odoo_estate.errors import Refused
from odoo_estate.plan import (
    OWN,
    AlarmPlan,
    ContainerSize,
    Decision,
    Json,
    RecoveryJobPlan,
    RecoveryPlan,
    RecoveryPromise,
    RolePlan,
    TenantDatabasePlan,
)

PREFIX = "logical/"
TWICE_A_WEEK = 5040
"""Half a week; the longer of the two gaps is four days."""
RHYTHMS: Mapping[int, int] = {240: 240, 360: 360, 480: 480, 720: 720, DAY: DAY, TWICE_A_WEEK: 4 * DAY}
"""Minutes between jobs as the catalog may ask for them, and the longest gap that comes of it. CloudWatch looks back seven days at most
(period x evaluation periods, CloudWatch user guide), so a missing job of a weekly rhythm could not be alarmed about."""
TIMEZONE = "Etc/UTC"
LATE_SECONDS = 3600
"""A job whose time passed while the control plane was away is made up for within the hour."""
RETRIES = 2
"""Of a job that a server or a node's loss ended; what was found wrong stays wrong (`odoo_estate.odoo.recovery_job`)."""
HOUR = 3600


@dataclass(frozen=True, kw_only=True)
class Timing:
    """One job's rhythm and how long it takes, in minutes; ``start`` is the minute of the day (UTC) of its first run."""

    every: int
    gap: int
    start: int
    takes: int
    deadline: int
    arithmetic: str


def recovery_plan(
    context: Context, tenant: Tenant, database: TenantDatabasePlan, attachments: str
) -> RecoveryPlan | None:
    """The tenant's recovery jobs.

    Args:
        attachments: bucket of the tenant's filestore.

    Raises:
        Refused: the estate names no image; a job takes longer than its rhythm, or finds no time of the day.
    """
    promised = dumps(context, tenant)
    if promised is None:
        return None
    timings = timed(context, tenant)
    known = context.catalog.assumptions
    jobs: dict[Verb, RecoveryJobPlan] = {}
    for verb, one in timings.items():
        scratch = scratch_gib(context, tenant) if verb == "verify" else 0
        jobs[verb] = RecoveryJobPlan(
            name=name("cron-job", verb, *tenant),
            schedule=cron(one, _number(tenant, "day")),
            starting_deadline_seconds=LATE_SECONDS,
            deadline_seconds=one.deadline * 60,
            retries=RETRIES,
            scratch_mib=scratch * 1024,
            own_volume=scratch > known.recovery_scratch_on_node_gib,
        )
    return RecoveryPlan(
        image=image(context),
        namespace=shared.PROVISIONING_NAMESPACE,
        service_account=name("kubernetes", "recovery", *tenant),
        role=role(context, tenant, attachments),
        size=ContainerSize(cpu_millicores=known.recovery_cpu_millicores, memory_mib=known.recovery_memory_mib),
        priority_class=shared.RECOVERY_PRIORITY,
        jobs=jobs,
        variables={
            "TENANT": _tenant(tenant),
            "DATABASE": database.name,
            "OWNER": database.pool_login or database.owner,
            "LOGIN": database.login,
            "EXTENSIONS": ",".join(database.extensions),
            "BACKUP_BUCKET": _bucket(context, tenant),
            "BACKUP_PREFIX": prefix(tenant),
            "RETAIN_DAYS": str(promised.keep_days if _locked(context, tenant) else 0),
            "FILESTORE_BUCKET": attachments,
            "FILESTORE_PREFIX": tenant_data.object_prefix(context, tenant),
            "PARALLEL": str(known.recovery_parallel),
            "MAX_AGE_MINUTES": str(timings["dump"].gap + timings["dump"].deadline),
            "METRIC_NAMESPACE": metric_namespace(context),
            "AWS_REGION": shared.target(context, context.cell_of(tenant.customer)).region,
        },
    )


def image(context: Context) -> str:
    """The recovery program's image in the estate's own registry, by digest.

    Raises:
        Refused: the estate does not say which.
    """
    found = recovery_image(context)
    if found is None:
        repository = name("repository", context.estate.estate, RECOVERY_REPOSITORY)
        raise Refused(
            "production databases are dumped, but the estate names no image of the recovery program",
            document="estate",
            field=("recovery_image",),
            allowed=("sha256: and 64 hexadecimal digits",),
            remedy=f"build images/recovery, push it to the repository {repository} that the landing zone made, and write the digest here",
        )
    return found


def prefix(tenant: Tenant) -> str:
    """Where the tenant's dumps and evidence lie in the bucket."""
    return f"{PREFIX}{_tenant(tenant)}/"


def metric_namespace(context: Context) -> str:
    return f"{context.estate.estate}/recovery"


def _tenant(tenant: Tenant) -> str:
    return f"{tenant.customer}.{tenant.environment}"


def _bucket(context: Context, tenant: Tenant) -> str:
    return shared.cell_bucket(context, context.cell_of(tenant.customer), "backups")


def _locked(context: Context, tenant: Tenant) -> bool:
    return backup.cell_terms(context, context.cell_of(tenant.customer)).bucket_lock


# --- when ----------------------------------------------------------------------------------------------------------


def timed(context: Context, tenant: Tenant) -> dict[Verb, Timing]:
    """Rhythm, start and length of each job; stable for a tenant whoever else comes or goes.

    Raises:
        Refused: the class' rhythm cannot be kept.
    """
    key: object = (timed, tenant)
    if key not in context.memo:
        context.memo[key] = {verb: _slot(context, tenant, verb, one) for verb, one in work(context, tenant).items()}
    found = context.memo[key]
    assert isinstance(found, dict)
    return found


def _slot(context: Context, tenant: Tenant, verb: Verb, job: Work) -> Timing:
    leaf = "every_minutes" if verb == "dump" else "verify_every_minutes"
    field = ("service_classes", context.customers[tenant.customer].service_class, "backup", "dumps", leaf)
    if job.every not in RHYTHMS:
        raise Refused(
            f"a {verb} every {job.every} minutes cannot be scheduled, or its absence not be noticed",
            document="catalog",
            field=field,
            value=job.every,
            allowed=[str(one) for one in RHYTHMS],
            remedy=f"choose one of these; {TWICE_A_WEEK} is twice a week",
        )
    step = min(job.every, DAY)
    free = _free(_busy(context, tenant), step, job.takes) if job.takes <= step else ()
    if not free:
        why = f"it is promised every {job.every} minutes"
        if job.takes <= step:
            why = "there is no such stretch outside maintenance and AWS Backup's recovery points"
        raise Refused(
            f"a {verb} of {_tenant(tenant)} takes {job.takes} minutes ({job.arithmetic}); {why}",
            document="catalog",
            field=field,
            value=job.every,
            allowed=[str(one) for one in RHYTHMS if one > job.every],
            remedy="promise it less often, or collect evidence: a measured rate takes the assumed one's place",
        )
    known = context.catalog.assumptions
    return Timing(
        every=job.every,
        gap=RHYTHMS[job.every],
        start=free[_number(tenant, verb) % len(free)],
        takes=job.takes,
        deadline=min(step, ceil(job.takes * known.recovery_deadline_factor) + known.recovery_wait_minutes),
        arithmetic=job.arithmetic,
    )


def _busy(context: Context, tenant: Tenant) -> tuple[tuple[int, int], ...]:
    """Stretches of every day, begin and length, that belong to others on the tenant's instance: from AWS Backup's job over the automated backup to
    the end of maintenance, which is kept free on all days of the week, and the hour in which a further recovery point of the day may begin."""
    cell = context.cell_of(tenant.customer)
    windows, owed = cell_windows(context, cell), backup.cell_terms(context, cell)
    if context.database_of(tenant) == OWN:
        owed = backup.tenant_terms(context, tenant.customer)
        windows = customer_windows(context.customers[tenant.customer], context.today) or windows
    begin, maintenance = windows.backup_minute, windows.maintenance
    further = [start for start in starts(owed.every_minutes, begin) if start != begin]
    return (
        (begin, (maintenance.start - begin) % DAY + maintenance.minutes),
        *((start, GUARD_MINUTES) for start in further),
    )


@cache
def _free(busy: tuple[tuple[int, int], ...], step: int, takes: int) -> tuple[int, ...]:
    """The minutes of a day at which a job of that length can start, at all its times of the day. Five minutes apart, which spreads enough."""
    return tuple(
        minute
        for minute in range(0, step, 5)
        if not any(
            (start - begin) % DAY < length or (begin - start) % DAY < takes
            for start in range(minute, minute + DAY, step)
            for begin, length in busy
        )
    )


def _number(tenant: Tenant, what: str) -> int:
    """The same for ever for one tenant; evenly spread over all."""
    return int.from_bytes(hashlib.sha256(f"{what}\0{_tenant(tenant)}".encode()).digest()[:6])


def cron(timing: Timing, number: int) -> str:
    """Kubernetes' cron of a job; ``number`` chooses the days where not every day has one."""
    hour, minute = divmod(timing.start % DAY, 60)
    if timing.every == TWICE_A_WEEK:
        days = sorted((number % 7, (number + 3) % 7))
        return f"{minute} {hour} * * {days[0]},{days[1]}"
    hours = sorted({start % DAY // 60 for start in range(timing.start, timing.start + DAY, timing.every)})
    return f"{minute} {','.join(map(str, hours))} * * *"


# --- with what -----------------------------------------------------------------------------------------------------


def _copies(context: Context, tenant: Tenant) -> list[dict[str, Json]]:
    """Write into the filestores of those environments that may hold a copy, and see what they have."""
    filestores = [tenant_data.filestore(context, one) for one in tenant_data.copy_targets(context, tenant)]
    found: list[dict[str, Json]] = []
    for bucket, below in filestores:
        listed: dict[str, Json] = {"Effect": "Allow", "Action": ["s3:ListBucket"], "Resource": f"arn:aws:s3:::{bucket}"}
        if below:
            listed["Condition"] = {"StringLike": {"s3:prefix": f"{below}*"}}
        found += [
            listed,
            {
                "Effect": "Allow",
                "Action": ["s3:AbortMultipartUpload", "s3:PutObject"],
                "Resource": f"arn:aws:s3:::{bucket}/{below}*",
            },
        ]
    return found


def role(context: Context, tenant: Tenant, attachments: str) -> RolePlan:
    """Write what is new below the tenant's prefix, read it back, read the versions of its filestore, use the keys of both buckets through S3, and
    the dumps' key with the tenant in the encryption context, which a dump of another tenant does not have. Whatever is allowed elsewhere, it
    deletes nothing."""
    cell = context.cell_of(tenant.customer)
    target = shared.target(context, cell)
    backups, own = f"arn:aws:s3:::{_bucket(context, tenant)}", prefix(tenant)
    files, below = f"arn:aws:s3:::{attachments}", tenant_data.object_prefix(context, tenant)
    keys = sorted({tenant_data.key_alias(context, tenant), identities.data_key_alias(context.estate.estate, cell)})
    own_context: dict[str, Json] = {
        "ForAnyValue:StringEquals": {"kms:ResourceAliases": f"alias/{dumps_key.alias(context, tenant)}"},
        "StringEquals": {"kms:EncryptionContext:tenant": _tenant(tenant)},
    }
    files_listed: dict[str, Json] = {
        "Effect": "Allow",
        "Action": ["s3:ListBucket", "s3:ListBucketVersions"],
        "Resource": files,
    }
    if below:
        files_listed["Condition"] = {"StringLike": {"s3:prefix": f"{below}*"}}
    return RolePlan(
        name=tenant_data.role_name(context, tenant, "recovery"),
        description=f"Dumps and verifies the database of {_tenant(tenant)}",
        trust=(identities.pod_trust(target, shared.cluster(context, cell)),),
        statements=(
            {
                "Effect": "Allow",
                "Action": ["s3:ListBucket"],
                "Resource": backups,
                "Condition": {"StringLike": {"s3:prefix": f"{own}*"}},
            },
            {
                "Effect": "Allow",
                # Retention is given with each object, and only ever lengthened: S3 lets nobody shorten compliance mode.
                "Action": [
                    "s3:AbortMultipartUpload",
                    "s3:GetObject",
                    "s3:GetObjectVersion",
                    "s3:PutObject",
                    "s3:PutObjectRetention",
                ],
                "Resource": f"{backups}/{own}*",
            },
            files_listed,
            {
                "Effect": "Allow",
                "Action": ["s3:GetObject", "s3:GetObjectVersion"],
                "Resource": f"{files}/{below}*",
            },
            *_copies(context, tenant),
            *(identities.use_key(target, one, "s3", ["kms:Decrypt", "kms:GenerateDataKey"]) for one in keys),
            {
                "Effect": "Allow",
                "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
                "Resource": target.arn("kms", "key/*"),
                "Condition": own_context,
            },
            {
                "Effect": "Allow",
                "Action": ["cloudwatch:PutMetricData"],
                "Resource": "*",  # the action knows no resources
                "Condition": {"StringEquals": {"cloudwatch:namespace": metric_namespace(context)}},
            },
            {
                "Effect": "Deny",
                "Action": [
                    "s3:BypassGovernanceRetention",
                    "s3:DeleteObject",
                    "s3:DeleteObjectVersion",
                    "s3:PutBucketObjectLockConfiguration",
                    "s3:PutLifecycleConfiguration",
                    "s3:PutObjectLegalHold",
                ],
                "Resource": "*",
            },
        ),
    )


# --- how anybody notices -------------------------------------------------------------------------------------------


def alarms(context: Context, tenant: Tenant) -> dict[str, AlarmPlan]:
    """No dump, no passed verification within the longest gap and the job's own deadline. A verification that failed is one that did not pass:
    it is heard of when the last good one leaves the window, within its successor's deadline."""
    timings = timed(context, tenant)
    owner = (context.estate.estate, *tenant)

    found: dict[str, AlarmPlan] = {}
    watched: dict[Verb, tuple[str, str]] = {
        "dump": ("DumpSucceeded", "no dump"),
        "verify": ("RestoreVerified", "no passed verification of a dump"),
    }
    for verb, (metric, what) in watched.items():
        if one := timings.get(verb):
            hours = ceil((one.gap + one.deadline) / 60)
            found[f"{verb}-missing"] = AlarmPlan(
                name=name("alarm", *owner, "recovery", f"{verb}-missing"),
                description=f"{_tenant(tenant)}: {what} for {hours} hours",
                namespace=metric_namespace(context),
                metric=metric,
                statistic="Maximum",
                comparison="LessThanThreshold",
                threshold=1,
                period_seconds=HOUR,
                evaluation_periods=hours,
                dimensions={"Tenant": _tenant(tenant)},
                missing_data="breaching",
            )
    return found


def promise(context: Context, tenant: Tenant, plan: RecoveryPlan | None) -> RecoveryPromise | None:
    """What rules hold the stack to, with the evidence that there is."""
    promised = dumps(context, tenant)
    if plan is None or promised is None:
        return None
    verify = plan.jobs.get("verify")
    evidence = context.evidence.get(_tenant(tenant))
    return RecoveryPromise(
        tenant=_tenant(tenant),
        dump_schedule=plan.jobs["dump"].schedule,
        verify_schedule=verify.schedule if verify else "",
        metric_namespace=metric_namespace(context),
        evidence_days=promised.evidence_days or 0,
        since=context.customers[tenant.customer].environments[tenant.environment].since or "",
        verified=evidence.verified_at.date().isoformat() if evidence else "",
        passed=evidence is not None and evidence.passed,
        failed_checks=evidence.failed_checks if evidence else (),
    )


def decisions(context: Context, tenant: Tenant, plan: RecoveryPlan | None) -> tuple[Decision, ...]:
    """When the jobs run, how long they take, what they add to the recovery point, and what evidence there is."""
    promised = dumps(context, tenant)
    if plan is None or promised is None:
        return ()
    timings = timed(context, tenant)
    entitlement = f"service_classes.{context.customers[tenant.customer].service_class}.backup.dumps"
    dump = timings["dump"]
    found = [
        Decision(
            topic="logical dump",
            value=f"{plan.jobs['dump'].schedule} UTC",
            reason=f"every {dump.every} minutes outside maintenance and recovery points, at a time of its own; {dump.arithmetic}; "
            f"without the instance's recovery points at most {dump.gap + dump.takes} minutes are lost",
            entitlement=entitlement,
            binding=f"ended after {dump.deadline} minutes",
            next_step=f"locked {plan.variables['RETAIN_DAYS']} days below {plan.variables['BACKUP_PREFIX']}",
        )
    ]
    if verify := timings.get("verify"):
        job = plan.jobs["verify"]
        evidence = context.evidence.get(_tenant(tenant))
        newest = "no evidence has been collected"
        if evidence:
            newest = f"newest evidence: {'passed' if evidence.passed else 'FAILED'} on {evidence.verified_at.date()}"
        found.append(
            Decision(
                topic="verified restore",
                value=f"{job.schedule} UTC",
                reason=f"{verify.arithmetic}; scratch {job.scratch_mib // 1024} GiB {'on a volume' if job.own_volume else 'on the node'} "
                f"and {scratch_database_gib(context, tenant)} GiB on the instance; {newest}",
                entitlement=entitlement,
                binding=f"evidence at most {promised.evidence_days} days old",
            )
        )
    return tuple(found)
