"""Dumps and verified restores: when they run, what they take, what they may, and what evidence changes."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.decide.contracts import HEAVY, catalog, catalog_with, cell, context, contract, dedicated_cell, estate

from odoo_estate.decide import budgets, recovery_jobs, recovery_load
from odoo_estate.decide.cell import cell_windows
from odoo_estate.decide.context import Context, Tenant
from odoo_estate.decide.objectives import objectives
from odoo_estate.decide.schedules import DAY
from odoo_estate.decide.tenant import tenant_plan
from odoo_estate.errors import Refused
from odoo_estate.plan import RecoveryPlan, TenantPlan
from odoo_estate.spec.catalog import Catalog
from odoo_estate.spec.catalog_references import catalog_problems
from odoo_estate.spec.evidence import Evidence

PRODUCTION = Tenant("acme", "production")
BUSINESS = {"service_class": "business", "workload": {"users": 80, "orders_per_day": 600}}


def planned(world: Context, tenant: Tenant = PRODUCTION) -> TenantPlan:
    return tenant_plan(world, tenant.customer, tenant.environment)


def recovery(world: Context, tenant: Tenant = PRODUCTION) -> RecoveryPlan:
    found = planned(world, tenant).recovery
    assert found is not None
    return found


def dumps_with(service_class: str, **changes: Any) -> Catalog:
    classes = catalog().model_dump()["service_classes"]
    classes[service_class]["backup"]["dumps"].update(changes)
    return catalog_with(service_classes={service_class: classes[service_class]})


def evidence(**changes: Any) -> Evidence:
    one = Evidence(
        tenant="acme.production",
        dump="20261121T030000Z",
        dump_taken_at=datetime(2026, 11, 21, 3, tzinfo=UTC),
        verified_at=datetime(2026, 11, 21, 4, tzinfo=UTC),
        passed=True,
        failed_checks=(),
        database_bytes=30 * 2**30,
        dump_bytes=8 * 2**30,
        restore_seconds=600.0,
        verify_seconds=700.0,
    )
    return replace(one, **changes)


def with_evidence(world: Context, one: Evidence) -> Context:
    return replace(world, evidence={one.tenant: one}, memo={})


# --- when ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("service_class", ["starter", "business", "premium"])
def test_no_job_meets_maintenance_or_recovery_points(service_class: str) -> None:
    tenants = [contract(f"c{n:03}", service_class=service_class) for n in range(40)]
    world = context(*tenants)
    windows = cell_windows(world, "eu-1")
    begin = windows.backup_minute
    busy = {(begin + m) % DAY for m in range((windows.maintenance.start - begin) % DAY + windows.maintenance.minutes)}
    for tenant in world.tenants:
        for verb, job in recovery_jobs.timed(world, tenant).items():
            runs = {(job.start + minute) % DAY for minute in range(job.takes)}
            assert not runs & busy, (tenant, verb)


def test_jobs_are_spread_over_the_day_and_stay_where_they_are_when_others_come() -> None:
    many = [contract(f"c{n:03}") for n in range(80)]
    world = context(*many)
    starts = {tenant: recovery_jobs.timed(world, tenant)["dump"].start for tenant in world.tenants}
    assert max(Counter(start // 60 for start in starts.values()).values()) <= 12, "80 over some 17 hours"
    alone = context(many[7])
    assert (
        recovery_jobs.timed(alone, Tenant("c007", "production"))["dump"].start == starts[Tenant("c007", "production")]
    )


def test_twice_a_week_is_at_most_four_days_apart() -> None:
    for number in range(7):
        timing = replace(recovery_jobs.timed(context(contract(**BUSINESS)), PRODUCTION)["verify"])
        first, second = map(int, recovery_jobs.cron(timing, number).split()[-1].split(","))
        assert {second - first, 7 - (second - first)} == {3, 4}


def test_a_dump_more_than_once_a_day_names_its_hours() -> None:
    world = context(contract(**BUSINESS), known=dumps_with("business", every_minutes=720))
    minute, hours, *rest = recovery(world).jobs["dump"].schedule.split()
    first, second = map(int, hours.split(","))
    assert (second - first, rest) == (12, ["*", "*", "*"])
    assert int(minute) < 60


def test_a_rhythm_shorter_than_the_job_is_refused_with_the_arithmetic() -> None:
    world = context(
        contract(**HEAVY | {"storage": {"database_gib": 900, "filestore_gib": 1}}),
        known=dumps_with("premium", every_minutes=360),
    )
    with pytest.raises(Refused) as caught:
        recovery_jobs.timed(world, PRODUCTION)
    problem = caught.value.problem
    assert problem.field == "service_classes.premium.backup.dumps.every_minutes"
    assert "1080 GiB / 2 (assumed) = 550 minutes" in problem.message
    assert "promised every 360 minutes" in problem.message
    assert "720" in problem.allowed


def test_a_rhythm_whose_absence_no_alarm_could_notice_is_refused() -> None:
    world = context(contract(**BUSINESS), known=dumps_with("business", verify_every_minutes=10_080, evidence_days=8))
    with pytest.raises(Refused, match="absence not be noticed"):
        planned(world)


def test_without_an_image_by_digest_nothing_is_planned() -> None:
    with pytest.raises(Refused) as caught:
        planned(context(contract(), of=estate(recovery_image=None)))
    assert (caught.value.problem.document, caught.value.problem.field) == ("estate", "recovery_image")
    assert "images/recovery" in caught.value.problem.remedy
    assert "harbour/recovery" in caught.value.problem.remedy


def test_the_image_comes_from_the_estates_own_registry() -> None:
    image = recovery(context(contract())).image
    assert image.startswith(f"{'5' * 12}.dkr.ecr.eu-central-1.amazonaws.com/harbour/recovery@sha256:")


# --- what it takes -------------------------------------------------------------------------------------------------


def test_scratch_space_holds_the_whole_dump_and_large_ones_get_a_volume() -> None:
    small = recovery(context(contract(**BUSINESS))).jobs["verify"]
    assert (small.scratch_mib, small.own_volume) == (3 * 1024, False)  # 3 GiB x 0.5 + 1, rounded up
    large = recovery(context(contract(**HEAVY))).jobs["verify"]
    assert (large.scratch_mib, large.own_volume) == (80 * 1024, True)  # 144 GiB x 0.5 x 1.1


def test_deadlines_allow_waiting_and_never_reach_into_the_next_run() -> None:
    for fields in ({}, BUSINESS, HEAVY):
        world = context(contract(**fields))
        for verb, job in recovery(world).jobs.items():
            timing = recovery_jobs.timed(world, PRODUCTION)[verb]
            assert timing.takes < job.deadline_seconds / 60 <= timing.every


def test_an_own_instance_has_room_for_the_scratch_database_from_the_start() -> None:
    """Storage autoscaling acts once in six hours; a verification that filled the disk would stop production."""
    world = context(contract(**HEAVY))
    instance = planned(world).own_database
    assert instance is not None
    fill = world.catalog.assumptions.shared_database_fill
    assert instance.storage_gib * fill >= 2 * 144


def test_jobs_at_once_stay_within_the_connection_reserve() -> None:
    assert not list(catalog_problems(catalog()))
    (problem,) = catalog_problems(catalog_with(assumptions={"recovery_parallel": 3}))
    assert problem.field == "assumptions.recovery_connections"
    assert "12 connections" in problem.message


def test_dumps_are_locked_no_longer_than_the_class_keeps_what_lies_beside_them() -> None:
    (problem,) = catalog_problems(dumps_with("business", keep_days=31))
    assert (problem.field, problem.allowed) == ("service_classes.business.backup.dumps.keep_days", ("at most 30",))


def test_verification_is_promised_with_its_evidence_or_not_at_all() -> None:
    (problem,) = catalog_problems(dumps_with("business", evidence_days=None))
    assert problem.field == "service_classes.business.backup.dumps.evidence_days"


def test_a_cell_with_more_job_minutes_than_a_day_has_is_refused() -> None:
    known = catalog_with(assumptions={"recovery_job_fixed_minutes": 400})
    with pytest.raises(Refused, match="recovery-minutes"):
        budgets.check(context(*(contract(f"c{n:03}") for n in range(6)), known=known), "eu-1")


# --- what it may ---------------------------------------------------------------------------------------------------

WORLDS = {
    "pooled": lambda: context(contract()),
    "namespaced": lambda: context(contract(**BUSINESS)),
    "semi-dedicated": lambda: context(contract(**HEAVY)),
    "dedicated": lambda: context(
        contract(service_class="regulated", regulation=("gdp",)),
        of=estate(
            {
                "eu-1": cell(),
                "acme-1": dedicated_cell("acme", recovery={"region": "eu-west-1", "dr_class": "warm-standby"}),
            }
        ),
    ),
}


@pytest.mark.parametrize("tenancy", WORLDS)
def test_the_role_reaches_the_tenants_own_prefix_and_deletes_nothing(tenancy: str) -> None:
    world = WORLDS[tenancy]()
    plan = planned(world)
    assert plan.tenancy == tenancy
    assert plan.recovery is not None
    statements = plan.recovery.role.statements
    allowed = [one for one in statements if one["Effect"] == "Allow"]
    denied = next(one for one in statements if one["Effect"] == "Deny")
    assert {"s3:DeleteObject", "s3:DeleteObjectVersion", "s3:BypassGovernanceRetention"} <= set(denied["Action"])  # type: ignore[arg-type]
    bucket = plan.recovery.variables["BACKUP_BUCKET"]
    for one in allowed:
        assert not any("Delete" in action or action.endswith("*") for action in one["Action"])  # type: ignore[union-attr]
        if any(action.startswith("s3:Put") for action in one["Action"]):  # type: ignore[union-attr]
            assert one["Resource"] == f"arn:aws:s3:::{bucket}/logical/acme.production/*"
        if one["Resource"] == f"arn:aws:s3:::{bucket}":
            assert one["Condition"] == {"StringLike": {"s3:prefix": "logical/acme.production/*"}}
    direct = [one for one in allowed if "kms:EncryptionContext:tenant" in str(one)]
    assert len(direct) == 1
    assert direct[0]["Condition"]["StringEquals"] == {"kms:EncryptionContext:tenant": "acme.production"}  # type: ignore[index,call-overload]
    keys = [one for one in allowed if any(action.startswith("kms:") for action in one["Action"])]  # type: ignore[union-attr]
    assert all("kms:ResourceAliases" in str(one["Condition"]) for one in keys)


def test_a_pooled_tenants_job_reads_its_own_part_of_the_shared_filestore() -> None:
    plan = recovery(context(contract()))
    files = plan.variables["FILESTORE_BUCKET"]
    assert plan.variables["FILESTORE_PREFIX"] == "starter/acme/production/"
    reads = [one for one in plan.role.statements if files in str(one["Resource"])]
    assert len(reads) == 2
    assert all("starter/acme/production/*" in str(one) for one in reads)


def test_a_pooled_database_is_dumped_as_that_of_the_shared_workers() -> None:
    variables = recovery(context(contract())).variables
    assert variables["OWNER"] == planned(context(contract())).database.pool_login


def test_staging_has_no_recovery_jobs_and_no_promise() -> None:
    world = context(contract(**BUSINESS, environments={"production": {}, "staging": {}}))
    plan = planned(world, Tenant("acme", "staging"))
    assert (plan.recovery, plan.guardrails.recovery) == (None, None)


# --- who notices ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tenancy", WORLDS)
def test_alarms_look_back_over_the_longest_gap_and_no_longer_than_cloudwatch_can(tenancy: str) -> None:
    world = WORLDS[tenancy]()
    alarms = planned(world).alarms
    for verb, timing in recovery_jobs.timed(world, PRODUCTION).items():
        alarm = alarms[f"{verb}-missing"]
        seconds = alarm.period_seconds * alarm.evaluation_periods
        assert (timing.gap + timing.takes) * 60 < seconds <= 7 * DAY * 60
        assert (alarm.missing_data, alarm.statistic, alarm.threshold) == ("breaching", "Maximum", 1), (
            "a failure is no pass"
        )
        assert alarm.dimensions == {"Tenant": "acme.production"}


# --- evidence ------------------------------------------------------------------------------------------------------


def reasons(world: Context) -> dict[str, str]:
    return {one.topic: one.reason for one in planned(world).decisions}


def test_a_measured_rate_takes_the_place_of_the_assumed_one() -> None:
    world = context(contract(**BUSINESS, storage={"database_gib": 30, "filestore_gib": 1}))
    before, _ = objectives(world, PRODUCTION)
    after, _ = objectives(with_evidence(world, evidence()), PRODUCTION)  # 3 GiB a minute, of which 0.7 are counted on
    told = {one.topic: one.reason for one in after}
    assert "/ 2.1 (measured on 2026-11-21, 3 x 0.7) = 18" in told["rto"]
    assert "assumed" in {one.topic: one.reason for one in before}["rto"]
    assert "measured on 2026-11-21" in reasons(with_evidence(world, evidence()))["verified restore"]


@pytest.mark.parametrize(
    "changes",
    [{"passed": False}, {"database_bytes": 2**20}, {"restore_seconds": 0.0}, {"tenant": "other.production"}],
)
def test_evidence_that_tells_nothing_about_the_rate_is_not_counted_on(changes: dict[str, Any]) -> None:
    world = with_evidence(context(contract(**BUSINESS)), evidence(**changes))
    assert recovery_load.reload_rate(world, PRODUCTION).source == "assumed"


def test_a_measured_rate_that_breaks_the_promised_recovery_time_is_refused() -> None:
    world = context(contract(**BUSINESS, storage={"database_gib": 30, "filestore_gib": 1}))
    slow = with_evidence(world, evidence(restore_seconds=30 * 60 * 20.0))  # 0.05 GiB a minute
    with pytest.raises(Refused, match=r"promises rto within 480 minutes.*measured on 2026-11-21"):
        objectives(slow, PRODUCTION)


def test_evidence_changes_no_resource_but_what_is_said_and_promised() -> None:
    world = context(contract(**BUSINESS))
    before, after = planned(world), planned(with_evidence(world, evidence()))
    assert after.guardrails.recovery is not None
    assert (after.guardrails.recovery.verified, after.guardrails.recovery.passed) == ("2026-11-21", True)
    assert replace(after, decisions=before.decisions, guardrails=before.guardrails, budgets=before.budgets) == replace(
        before, recovery=after.recovery, alarms=after.alarms
    )
