"""Initialisation, upgrade and copy as states of a tenant environment: what each makes of the plan, and what may not begin."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, get_args

import pytest
from tests.decide.contracts import HEAVY, context, contract

from odoo_estate.decide import tenant_data, tenant_jobs
from odoo_estate.decide.change_windows import check_window, inside
from odoo_estate.decide.context import Context, Tenant
from odoo_estate.decide.expiry import due, expired
from odoo_estate.decide.tenant import tenant_plan
from odoo_estate.errors import Refused
from odoo_estate.plan import TenantPlan
from odoo_estate.spec.customer import Window
from odoo_estate.spec.fields import EnvironmentName
from odoo_estate.spec.jobs import JobKind, Phase, TenantJob
from odoo_estate.spec.jobs_references import PHASES

BUSINESS: dict[str, Any] = {
    "service_class": "business",
    "environments": {"production": {}, "staging": {}, "sandbox": {"expires": "2026-12-31"}},
}
BEFORE = "210000000005.dkr.ecr.eu-central-1.amazonaws.com/harbour/odoo@sha256:" + "b" * 64
KINDS: dict[JobKind, EnvironmentName] = {"initialise": "staging", "upgrade": "production", "copy": "staging"}
STEPS = [(kind, phase) for kind in KINDS for phase in PHASES[kind]]


def at(kind: JobKind, phase: Phase, environment: EnvironmentName, **fields: Any) -> TenantJob:
    given = {
        "tenant": f"acme.{environment}", "kind": kind, "phase": phase, "run": "r20261122080000", "attempt": 1,
        "since": "2026-11-22T08:00:00Z", "approved_by": "Ada", "reason": "release 42",
        "modules": ("sale",) if kind == "upgrade" else (),
        "source": "acme.production" if kind == "copy" else None,
        "image_before": BEFORE if kind == "upgrade" else None,
        "backed_up_at": "2026-11-22T08:10:00Z" if phase == "restore" else None,
    }  # fmt: skip
    return TenantJob(**{**given, **fields})


def world(*jobs: TenantJob, **fields: Any) -> Context:
    return replace(context(contract(**{**BUSINESS, **fields})), jobs={one.tenant: one for one in jobs}, memo={})


def plan(kind: JobKind, phase: Phase, environment: EnvironmentName = "production", **fields: Any) -> TenantPlan:
    return tenant_plan(world(at(kind, phase, environment, **fields)), "acme", environment)


@pytest.mark.parametrize(("kind", "phase"), STEPS)
def test_at_every_step_the_environment_is_closed_and_asleep_and_in_every_other_state_open(
    kind: JobKind, phase: Phase
) -> None:
    found = plan(kind, phase, KINDS[kind])
    assert found.odoo
    serving = phase in ("open", "restored", "copied")
    assert found.route.closed == ("" if serving else "maintenance")
    assert ({one.max_replicas for one in found.odoo.workloads.values()} == {0}) != serving
    assert (found.job is None) == (phase in ("close", "failed", "open", "restored", "copied"))
    usual = tenant_plan(world(), "acme", KINDS[kind])
    assert (found.buckets, found.own_database, found.backup, found.quota) == (
        usual.buckets, usual.own_database, usual.backup, usual.quota,
    )  # fmt: skip


def test_every_phase_belongs_to_a_kind_and_leads_somewhere() -> None:
    assert {phase for phases in PHASES.values() for phase in phases} == set(get_args(Phase))
    for kind, steps in tenant_jobs.AFTER.items():
        ends = set(PHASES[kind]) - steps.keys()
        assert ends <= {"failed", "open", "restored", "copied"}
        assert {one for pair in steps.values() for one in pair} <= set(PHASES[kind])


def test_a_neighbouring_environment_goes_on_meanwhile() -> None:
    working = world(at("upgrade", "upgrade", "production"))
    assert tenant_plan(working, "acme", "staging") == tenant_plan(world(), "acme", "staging")


def test_an_environment_that_was_worked_on_is_as_it_was_once_its_file_is_gone() -> None:
    assert tenant_plan(world(), "acme", "production").job is None


def test_no_statement_is_cut_off_while_modules_are_upgraded_and_every_one_is_afterwards() -> None:
    """The class' limit of 300 s ends an index over a large table, and with it the upgrade."""
    working = plan("upgrade", "upgrade").database
    assert (working.statement_timeout_seconds, working.idle_in_transaction_timeout_seconds) == (0, 0)
    for phase in ("restored",):
        assert plan("upgrade", phase).database.statement_timeout_seconds == 300
    assert plan("copy", "finish", "staging").database.statement_timeout_seconds == 300


def test_only_the_upgrade_itself_runs_the_new_image_until_it_is_through() -> None:
    images = {phase: plan("upgrade", phase).odoo for phase in PHASES["upgrade"]}
    new = tenant_plan(world(), "acme", "production").odoo
    assert new and images["upgrade"] and images["upgrade"].image == new.image
    assert {one.image for phase, one in images.items() if one and phase not in ("upgrade", "open")} == {BEFORE}


def test_odoo_waits_until_the_last_pod_must_have_left() -> None:
    job = plan("upgrade", "upgrade", closed_at="2026-11-22T08:00:00Z").job
    workloads = tenant_plan(world(), "acme", "production").odoo
    assert job and job.odoo and workloads
    longest = max(one.grace_seconds for one in workloads.workloads.values())
    waited = datetime.fromisoformat(job.odoo.not_before) - datetime(2026, 11, 22, 8, tzinfo=UTC)
    assert waited.total_seconds() == longest >= 120


def test_the_restore_takes_no_dump_of_after_the_backup() -> None:
    """A scheduled dump may meanwhile hold half an upgrade."""
    job = plan("upgrade", "restore").job
    assert job and job.recovery
    assert job.recovery.arguments == (
        "restore", "--replace", "--confirm", "acme_production", "--at", "2026-11-22T08:10:00Z",
    )  # fmt: skip


def test_what_is_not_dumped_is_not_backed_up_and_stays_closed_when_its_upgrade_fails() -> None:
    staging = Tenant("acme", "staging")
    assert tenant_jobs.steps_of(world(), staging, "upgrade") == ("close", "upgrade")
    assert tenant_jobs.following(world(), staging, "upgrade", "upgrade", well=False) == "failed"
    assert tenant_jobs.steps_of(world(), Tenant("acme", "production"), "upgrade") == ("close", "back-up", "upgrade")


def test_a_repeated_step_is_a_job_of_another_name_and_one_that_goes_on_of_the_same() -> None:
    names = [plan("initialise", "initialise", "staging", attempt=number).job for number in (1, 1, 2)]
    found = [one.name for one in names if one]
    assert found[0] == found[1] != found[2]
    assert all(len(one) <= 63 for one in found)


def test_a_copy_runs_as_productions_jobs_and_reaches_stagings_database_and_filestore() -> None:
    job = plan("copy", "copy-restore", "staging").job
    production = tenant_plan(world(), "acme", "production")
    staging = tenant_plan(world(), "acme", "staging")
    assert job and job.recovery and production.recovery
    assert job.recovery.service_account == production.recovery.service_account
    given = job.recovery.variables
    assert given["DATABASE"] == "acme_production" and given["COPY_DATABASE"] == "acme_staging"
    assert given["COPY_LOGIN"] == staging.database.login
    assert given["COPY_BUCKET"] == staging.buckets["attachments"].name
    assert given["COPY_URL"] == f"https://{staging.route.hosts[-1]}"
    odoo = plan("copy", "neutralise", "staging").job
    assert odoo and odoo.odoo and odoo.odoo.database == given["COPY_BESIDE"] == "acme_staging__copy"


def test_productions_jobs_may_write_into_the_filestores_of_copies_and_into_no_other() -> None:
    production = tenant_plan(world(), "acme", "production")
    assert production.recovery
    writable = [
        one["Resource"] for one in production.recovery.role.statements
        if isinstance(one, dict) and one.get("Action") == ["s3:AbortMultipartUpload", "s3:PutObject"]
    ]  # fmt: skip
    targets = [tenant_plan(world(), "acme", one).buckets["attachments"].name for one in ("sandbox", "staging")]
    assert writable == [f"arn:aws:s3:::{one}/*" for one in targets]
    alone = tenant_plan(world(environments={"production": {}}), "acme", "production")
    assert alone.recovery and not any(
        isinstance(one, dict) and one.get("Action") == ["s3:AbortMultipartUpload", "s3:PutObject"]
        for one in alone.recovery.role.statements
    )


def test_a_sandbox_that_holds_a_copy_is_of_productions_data_class() -> None:
    assert tenant_plan(world(), "acme", "sandbox").tags["data-class"] == "internal"
    assert plan("copy", "copied", "sandbox").tags["data-class"] == "confidential"
    assert plan("copy", "copy-restore", "sandbox").tags["data-class"] == "confidential"


def test_nothing_leaves_an_environment_that_holds_a_copy() -> None:
    for environment in ("staging", "sandbox"):
        network = plan("copy", "copied", environment).network
        assert network and not network.https_egress and not network.smtp_egress


def refusal(kind: JobKind, environment: EnvironmentName, *modules: str, **fields: Any) -> Refused:
    with pytest.raises(Refused) as caught:
        tenant_jobs.check(world(**fields), Tenant("acme", environment), kind, modules)
    return caught.value


@pytest.mark.parametrize(
    ("kind", "environment", "fields", "field", "says"),
    [
        ("copy", "production", {}, "environments.production", "never the target"),
        (
            "copy",
            "sandbox",
            {**HEAVY, "environments": {"production": {}, "sandbox": {"expires": "2026-12-31"}}},
            "environments.sandbox",
            "share machines",
        ),
        (
            "copy",
            "sandbox",
            {"service_class": "starter", "environments": {"production": {}, "sandbox": {"expires": "2026-12-31"}}},
            "environments.sandbox",
            "hold no copy",
        ),
        (
            "copy",
            "staging",
            {"placement": {"tenancy": "pooled", "reason": "eight users, nothing of their own"}},
            "environments.staging",
            "shared workers reach the outside",
        ),
        (
            "copy",
            "staging",
            {"environments": {"production": {}, "staging": {"version": "19.0"}}},
            "environments.staging.version",
            "migration",
        ),
        ("copy", "staging", {"environments": {"staging": {}}}, "environments", "no production"),
        (
            "copy",
            "sandbox",
            {"storage": {"database_gib": 40}},
            "workload.storage.database_gib",
            "is sized for 10",
        ),
        (
            "upgrade",
            "production",
            {"service_class": "starter", "environments": {"production": {}}},
            "environments.production",
            "shares its workers",
        ),
        (
            "upgrade",
            "production",
            {"suspended": {"since": "2026-10-01", "reason": "invoices are open", "approver": "Ada"}},
            "suspended",
            "is suspended",
        ),
    ],
)
def test_what_may_not_begin_is_refused_at_its_field(
    kind: JobKind, environment: EnvironmentName, fields: dict[str, Any], field: str, says: str
) -> None:
    problem = refusal(kind, environment, **fields).problem
    assert problem.document == "customer:acme" and problem.field == field
    assert says in problem.message and problem.remedy


def test_a_module_that_is_not_approved_is_not_upgraded() -> None:
    modules = {"acme_pricing": {"approval": "pending", "version": "18.0.1.0.0"}}
    made = world(service_class="premium", modules=modules)
    with pytest.raises(Refused, match="acme_pricing is pending"):
        tenant_jobs.check(made, Tenant("acme", "production"), "upgrade", ("acme_pricing",))


def test_a_copy_stays_with_its_customer_in_its_cell_and_region() -> None:
    source, target = (tenant_plan(world(), "acme", one) for one in ("production", "staging"))
    assert (source.cell, source.target) == (target.cell, target.target)
    assert {one.customer for one in tenant_data.copy_targets(world(), Tenant("acme", "production"))} == {"acme"}


def test_what_is_under_way_and_what_may_be_done_is_explained() -> None:
    decisions = {one.topic: one for one in plan("upgrade", "failed", failed_in="back-up").decisions}
    assert "release 42 (Ada)" in decisions["upgrade"].reason and "--abandon" in decisions["upgrade"].next_step
    usual = {one.topic: one for one in tenant_plan(world(), "acme", "production").decisions}
    assert "copies" in usual and usual["copies"].value == "sandbox, staging"
    assert "back-up" in usual["upgrade of modules"].reason


# --- windows and days ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "holds"),
    [
        ("2026-11-22T06:59:00+00:00", False),
        ("2026-11-22T07:00:00+00:00", True),
        ("2026-11-22T10:59:59+00:00", True),
        ("2026-11-22T11:00:00+00:00", False),
        ("2026-07-05T06:00:00+00:00", True),  # Dublin is an hour ahead in summer
        ("2026-11-23T08:00:00+00:00", False),
    ],
)
def test_a_window_is_by_the_customers_clock(now: str, holds: bool) -> None:
    window = Window(day="sun", start="07:00", hours=4, timezone="Europe/Dublin")
    assert inside(window, datetime.fromisoformat(now)) is holds


def test_a_window_over_midnight_reaches_into_the_next_day_and_week() -> None:
    window = Window(day="sun", start="23:00", hours=4, timezone="UTC")
    assert inside(window, datetime(2026, 11, 23, 2, 59, tzinfo=UTC)) and inside(
        window, datetime(2026, 11, 22, 23, tzinfo=UTC)
    )
    assert not inside(window, datetime(2026, 11, 23, 3, tzinfo=UTC))


def test_a_freeze_holds_whatever_was_agreed() -> None:
    window = {"day": "sun", "start": "07:00", "hours": 4, "timezone": "UTC"}
    agreed = contract(**BUSINESS, windows={"maintenance": window, "freeze": ({**window, "start": "09:00"},)})
    check_window(agreed, datetime(2026, 11, 22, 8, tzinfo=UTC), outside=False)
    with pytest.raises(Refused, match="agreed for"):
        check_window(agreed, datetime(2026, 11, 23, 8, tzinfo=UTC), outside=False)
    check_window(agreed, datetime(2026, 11, 23, 8, tzinfo=UTC), outside=True)
    with pytest.raises(Refused, match="nothing is changed now"):
        check_window(agreed, datetime(2026, 11, 22, 9, tzinfo=UTC), outside=True)


def test_a_sandbox_is_due_the_day_after_its_last_and_a_legal_hold_keeps_it() -> None:
    def on(day: str, **fields: Any) -> tuple[Tenant, ...]:
        environments = {"production": {}, "sandbox": {"expires": day}}
        return due(context(contract(**{**BUSINESS, "environments": environments, **fields})))

    assert on("2026-11-21") == (("acme", "sandbox"),)
    assert on("2026-11-22") == ()
    hold = {"since": "2026-10-01", "reason": "tax inspection", "approver": "Ada"}
    assert on("2026-11-21", legal_hold={**hold, "reason": "tax inspection until further notice"}) == ()


def test_only_what_has_expired_loses_its_database() -> None:
    made = world(environments={"production": {}, "sandbox": {"expires": "2026-11-21"}})
    gone = expired(tenant_plan(made, "acme", "sandbox"), made.today)
    assert gone.database.expired and gone.route.closed == "maintenance" and gone.odoo
    assert {one.max_replicas for one in gone.odoo.workloads.values()} == {0}
    for environment in ("production", "sandbox"):
        with pytest.raises(Refused, match="has not expired"):
            expired(tenant_plan(world(), "acme", environment), made.today)
