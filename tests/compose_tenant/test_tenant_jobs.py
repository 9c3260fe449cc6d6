"""The objects of a step: one job, in the right place, as the right account, within the stack's size; and nothing once the work is through."""

from dataclasses import replace
from datetime import date
from functools import cache
from typing import Any

import kubernetes_validate
import pytest
from tests.compose_tenant import graphs
from tests.compose_tenant.pod_security import containers, violations
from tests.compose_tenant.test_root_estate import KUBERNETES, STACKS, estate, plain
from tests.decide.test_tenant_jobs import at

from odoo_estate.decide import compile_stack
from odoo_estate.plan import TenantPlan
from odoo_estate.preview.graph import Graph, Unresolved
from odoo_estate.spec.jobs import TenantJob
from odoo_estate.spec.jobs_references import PHASES
from odoo_estate.spec.loader import load


def work(kind: Any, phase: Any, tenant: str) -> TenantJob:
    customer = tenant.partition(".")[0]
    source = f"{customer}.production" if kind == "copy" else None
    return at(kind, phase, "production", tenant=tenant, source=source)


EVERY = [
    *(work("initialise", phase, tenant) for phase in PHASES["initialise"] for tenant in ("iberica.production", "lumen.production")),
    *(work("upgrade", phase, tenant) for phase in PHASES["upgrade"] for tenant in ("iberica.production", "nordfood.production")),
    *(work("copy", phase, "balticpaper.staging") for phase in PHASES["copy"]),
]  # fmt: skip
WITH_JOB = [one for one in EVERY if one.phase not in ("close", "failed", "open", "restored", "copied")]


def ident(one: TenantJob) -> str:
    return f"{one.tenant}-{one.kind}-{one.phase}"


@cache
def plan(one: TenantJob) -> TenantPlan:
    documents = replace(load(STACKS), jobs={one.tenant: one})
    found = compile_stack(documents, f"tenant.{one.tenant}", today=date(2026, 11, 22))
    assert isinstance(found, TenantPlan)
    return found


@cache
def graph(one: TenantJob) -> Graph:
    return graphs.recorded(plan(one))


def job(one: TenantJob) -> dict[str, Any]:
    wanted = plan(one).job
    assert wanted
    return graphs.of_kind(graph(one), "Job")[wanted.name]


def pod(one: TenantJob) -> dict[str, Any]:
    found: dict[str, Any] = job(one)["spec"]["template"]["spec"]
    return found


@pytest.mark.parametrize("one", EVERY, ids=ident)
def test_a_stack_that_is_worked_on_stays_within_its_size(one: TenantJob) -> None:
    """A namespaced one has no autoscaler and no disruption budget meanwhile. A pooled one, which has neither, is larger by the closed gate, the job
    and its configuration, for minutes."""
    most = {"pooled": 19, "namespaced": 60}.get(plan(one).tenancy)
    if most:
        assert len(graphs.resources(graph(one))) <= most


@pytest.mark.parametrize("one", WITH_JOB, ids=ident)
def test_each_step_is_one_job_that_nobody_can_make_twice(one: TenantJob) -> None:
    extra = [node for node in graph(one) if node.name.startswith("work-")]
    jobs = [node for node in extra if node.type == "kubernetes:batch/v1:Job"]
    (made,) = jobs
    assert made.inputs["metadata"]["name"] == plan(one).job.name  # type: ignore[union-attr]
    assert made.inputs["metadata"]["annotations"] == {"pulumi.com/skipAwait": "true"}, (
        "a run of hours outlives an engine"
    )
    spec = made.inputs["spec"]
    assert spec["podReplacementPolicy"] == "Failed", "a pod that still ends must not meet its successor in the database"
    assert "ttlSecondsAfterFinished" not in spec
    assert spec["backoffLimit"] == 1 and 600 <= spec["activeDeadlineSeconds"] <= 7 * 86400
    assert spec["podFailurePolicy"]["rules"][0] == {
        "action": "FailJob",
        "onExitCodes": {"operator": "In", "values": [2, 3]},
    }


@pytest.mark.parametrize("one", [one for one in EVERY if one not in WITH_JOB], ids=ident)
def test_a_state_without_a_job_has_none(one: TenantJob) -> None:
    assert not [node for node in graph(one) if node.name.startswith("work-")]


@pytest.mark.parametrize("one", WITH_JOB, ids=ident)
def test_its_pod_is_restricted_and_fits_kubernetes_own_schema(one: TenantJob) -> None:
    kubernetes_validate.validate(plain(job(one)), KUBERNETES, strict=True)
    assert violations(pod(one)) == []
    assert pod(one)["automountServiceAccountToken"] is False and pod(one)["restartPolicy"] == "Never"
    for container in containers(pod(one)):
        assert "@sha256:" in container["image"]
        assert container["securityContext"]["readOnlyRootFilesystem"] is True
        assert container["resources"]["limits"]["memory"]


@pytest.mark.parametrize(
    "one", [one for one in WITH_JOB if one.phase in ("initialise", "upgrade", "neutralise")], ids=ident
)
def test_odoo_runs_in_the_tenants_namespace_and_sees_no_master_credentials(one: TenantJob) -> None:
    assert job(one)["metadata"]["namespace"] == plan(one).namespace
    secrets = [volume["secret"]["secretName"] for volume in pod(one)["volumes"] if "secret" in volume]
    (configuration,) = (name for name in secrets if name != "pooler-trust")
    assert "admin" not in str(configuration) and "master" not in str(configuration)
    assert pod(one)["serviceAccountName"] == plan(one).service_account
    names = [container["name"] for container in containers(pod(one))]
    assert sorted(names) == (["odoo"] if one.phase == "neutralise" else ["after", "before", "odoo"])


@pytest.mark.parametrize(
    "one", [one for one in WITH_JOB if one.phase not in ("initialise", "upgrade", "neutralise")], ids=ident
)
def test_what_needs_master_credentials_runs_in_the_platforms_namespace(one: TenantJob) -> None:
    assert job(one)["metadata"]["namespace"] == "provisioning"
    customer = one.tenant.partition(".")[0]
    assert pod(one)["serviceAccountName"] == f"recovery-{customer}-production"


def test_the_command_lines_of_odoo_end_serve_nobody_and_run_no_scheduled_action() -> None:
    for phase, kind, tenant in (
        ("initialise", "initialise", "iberica.production"),
        ("upgrade", "upgrade", "iberica.production"),
    ):
        (line,) = (one["command"][-1] for one in containers(pod(work(kind, phase, tenant))) if one["name"] == "odoo")
        for option in ("--stop-after-init", "--no-http", "--workers=0", "--max-cron-threads=0"):
            assert option in line
    (line,) = (one["command"][-1] for one in containers(pod(work("copy", "neutralise", "balticpaper.staging"))))
    assert line == 'exec odoo neutralize --database="$DATABASE"'


def test_a_shared_logins_configuration_names_the_one_database_and_holds_no_password() -> None:
    """The shared login sees the databases of its neighbours too."""
    one = work("initialise", "initialise", "lumen.production")
    found = plan(one)
    assert found.job and found.tenancy == "pooled"
    text = graphs.of_kind(graph(one), "ExternalSecret")[found.job.name]["spec"]["target"]["template"]["data"][
        "cron.conf"
    ]
    assert f"db_name = {found.database.name}\n" in text and "\ndbfilter = " not in text
    assert "db_password = {{ .password }}" in text


def test_the_job_comes_after_the_workloads_were_told_to_go_and_the_database_was_prepared() -> None:
    one = work("upgrade", "upgrade", "iberica.production")
    (node,) = (node for node in graph(one) if node.name == "work-upgrade")
    before = {urn.rsplit("::", 1)[-1] for urn in node.dependencies}
    assert {"odoo-web-deployment", "odoo-cron-deployment", "odoo-integration-deployment", "database-run"} <= before


def test_nothing_of_a_plan_knows_a_password() -> None:
    for one in WITH_JOB:
        assert "assword" not in str([entry for c in containers(pod(one)) for entry in c["env"]])
        assert not isinstance(job(one)["metadata"]["name"], Unresolved)


def test_without_work_a_stack_is_as_it_ever_was() -> None:
    usual = estate().stacks["tenant.iberica.production"]
    assert isinstance(usual, TenantPlan) and usual.job is None
