"""Recovery jobs in the cluster: who they run as, what they can reach, and what they leave behind."""

from functools import cache
from typing import Any

import pytest
from tests.compose.graphs import PROJECT, program
from tests.compose_tenant import graphs
from tests.compose_tenant.test_root_estate import estate, graph, tenants
from tests.preview.protocol import assert_same_graph

from odoo_estate.plan import TenantPlan
from odoo_estate.preview.graph import Unresolved

PRODUCTION = [plan for plan in tenants() if plan.environment == "production"]
EVERY = pytest.mark.parametrize("tenant", PRODUCTION, ids=lambda plan: plan.stack)
PLATFORM = "platform.eu-1"


@cache
def cron_jobs(stack: str) -> dict[str, dict[str, Any]]:
    """By verb."""
    found = graphs.of_kind(graph(stack), "CronJob").values()
    return {pod(one)["containers"][0]["command"][-1]: one for one in found}


def pod(job: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    return found


@EVERY
def test_every_production_database_is_dumped_and_verified_where_the_class_promises_it(tenant: TenantPlan) -> None:
    verbs = {"dump"} if tenant.service_class == "starter" else {"dump", "verify"}
    assert set(cron_jobs(tenant.stack)) == verbs


def test_other_environments_have_no_recovery_jobs() -> None:
    others = [plan for plan in tenants() if plan.environment != "production"]
    assert others
    assert not any(graphs.of_kind(graph(plan.stack), "CronJob") for plan in others)


@EVERY
def test_runs_never_overlap_end_in_time_and_keep_to_utc(tenant: TenantPlan) -> None:
    for job in cron_jobs(tenant.stack).values():
        spec = job["spec"]
        assert (spec["concurrencyPolicy"], spec["timeZone"]) == ("Forbid", "Etc/UTC")
        assert "TZ=" not in spec["schedule"]
        assert spec["startingDeadlineSeconds"] >= 10, "below, Kubernetes never starts it"
        assert 0 < spec["jobTemplate"]["spec"]["activeDeadlineSeconds"] <= 24 * 3600
        assert len(job["metadata"]["name"]) <= 52


@EVERY
def test_a_failed_check_is_not_tried_again_and_a_lost_node_costs_no_retry(tenant: TenantPlan) -> None:
    for job in cron_jobs(tenant.stack).values():
        rules = job["spec"]["jobTemplate"]["spec"]["podFailurePolicy"]["rules"]
        assert rules[0]["onExitCodes"]["values"] == [2, 3]
        assert rules[1] == {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]}
        assert pod(job)["restartPolicy"] == "Never", "podFailurePolicy needs it"


@EVERY
def test_the_autoscaler_takes_no_node_away_from_a_dump(tenant: TenantPlan) -> None:
    for job in cron_jobs(tenant.stack).values():
        head = job["spec"]["jobTemplate"]["spec"]["template"]["metadata"]
        assert head["annotations"] == {"cluster-autoscaler.kubernetes.io/safe-to-evict": "false"}


@EVERY
def test_jobs_run_beside_the_master_credentials_as_nobody_else_could(tenant: TenantPlan) -> None:
    assert tenant.recovery is not None
    associations = graph(tenant.stack).of_type("aws:eks/podIdentityAssociation:PodIdentityAssociation")
    bound = {(node.inputs["namespace"], node.inputs["serviceAccount"]) for node in associations}
    for job in cron_jobs(tenant.stack).values():
        assert job["metadata"]["namespace"] == tenant.database.job_namespace != tenant.namespace
        assert (job["metadata"]["namespace"], pod(job)["serviceAccountName"]) in bound
        assert pod(job)["automountServiceAccountToken"] is False
        assert pod(job)["containers"][0]["securityContext"]["readOnlyRootFilesystem"] is True
        volumes = {one["name"]: one for one in pod(job)["volumes"]}
        expected = "master-main" if tenant.own_database is None else f"master-{tenant.customer}-{tenant.environment}"
        assert volumes["service"]["secret"]["secretName"] == expected
    accounts = [plan.recovery.service_account for plan in PRODUCTION if plan.recovery]
    assert len(set(accounts)) == len(PRODUCTION)


@EVERY
def test_nothing_secret_is_in_a_jobs_environment_and_only_the_key_is_unknown(tenant: TenantPlan) -> None:
    for job in cron_jobs(tenant.stack).values():
        environment = {one["name"]: one["value"] for one in pod(job)["containers"][0]["env"]}
        unknown = {key for key, value in environment.items() if isinstance(value, Unresolved)}
        assert unknown == {"KMS_KEY_ARN"}
        assert not any("PASSWORD" in key for key in environment)
        assert environment["BACKUP_PREFIX"] == f"logical/{tenant.customer}.{tenant.environment}/"
        assert environment["BACKUP_BUCKET"] not in {bucket.name for bucket in tenant.buckets.values()}


@EVERY
def test_dumps_are_encrypted_with_a_key_that_another_region_has_too(tenant: TenantPlan) -> None:
    for job in cron_jobs(tenant.stack).values():
        (key,) = [one["value"] for one in pod(job)["containers"][0]["env"] if one["name"] == "KMS_KEY_ARN"]
        assert str(key).endswith(
            "::key-dumps.arn}" if tenant.dumps_key else f"::cell.{tenant.cell}.outputs.keys.dumps}}"
        )


@EVERY
def test_no_pod_of_the_tenant_reaches_its_dumps(tenant: TenantPlan) -> None:
    assert tenant.recovery is not None
    bucket = tenant.recovery.variables["BACKUP_BUCKET"]
    assert tenant.role is None or bucket not in str(tenant.role.statements)


def test_large_scratch_space_is_a_volume_that_goes_with_its_pod() -> None:
    """The cell's other storage class keeps volumes: each run would leave one behind. And a finished pod still holds its volume."""
    large = [
        plan for plan in PRODUCTION if plan.recovery and any(job.own_volume for job in plan.recovery.jobs.values())
    ]
    assert large
    classes = graphs.of_kind(graph(PLATFORM), "StorageClass")
    for plan in large:
        job = cron_jobs(plan.stack)["verify"]
        volume = next(one for one in pod(job)["volumes"] if one["name"] == "scratch")
        claim = volume["ephemeral"]["volumeClaimTemplate"]["spec"]
        assert classes[claim["storageClassName"]]["reclaimPolicy"] == "Delete"
        assert classes[claim["storageClassName"]]["parameters"]["encrypted"] == "true"
        assert job["spec"]["jobTemplate"]["spec"]["ttlSecondsAfterFinished"] <= 24 * 3600


def test_small_scratch_space_is_bounded_on_the_node() -> None:
    job = cron_jobs("tenant.copperfield.production")["dump"]
    sizes = {one["name"]: one.get("emptyDir") for one in pod(job)["volumes"] if one["name"] != "service"}
    assert all(size["sizeLimit"] for size in sizes.values())


def test_so_many_jobs_as_the_connection_reserve_allows_run_at_once() -> None:
    quota = next(
        one for one in graphs.of_kind(graph(PLATFORM), "ResourceQuota").values() if "scopeSelector" in one["spec"]
    )
    (expression,) = quota["spec"]["scopeSelector"]["matchExpressions"]
    assert quota["spec"]["hard"] == {"pods": "3"}
    used = {pod(job)["priorityClassName"] for plan in PRODUCTION for job in cron_jobs(plan.stack).values()}
    assert used == set(expression["values"]) <= set(graphs.of_kind(graph(PLATFORM), "PriorityClass"))
    assert quota["metadata"]["namespace"] == PRODUCTION[0].database.job_namespace


def test_only_recovery_jobs_and_who_measures_the_cache_speak_to_the_cloud_from_beside_the_master_credentials() -> None:
    policies = [
        node.inputs
        for node in graphs.objects(graph(PLATFORM))
        if node.inputs.get("kind") == "NetworkPolicy" and node.inputs["metadata"]["namespace"] == "provisioning"
    ]
    open_ones = [one["spec"] for one in policies if "0.0.0.0/0" in str(one["spec"])]
    assert [one["podSelector"]["matchLabels"] for one in open_ones] == [
        {"app.kubernetes.io/name": "recovery-job"},
        {"app.kubernetes.io/name": "cache-watch"},
    ]
    for plan in PRODUCTION:
        for job in cron_jobs(plan.stack).values():
            labels = job["spec"]["jobTemplate"]["spec"]["template"]["metadata"]["labels"]
            assert labels["app.kubernetes.io/name"] == "recovery-job"


@pytest.mark.parametrize("stack", ["tenant.copperfield.production", "tenant.balticpaper.production", PLATFORM])
def test_the_engine_is_asked_for_the_same(stack: str) -> None:
    assert_same_graph(lambda: program(estate().stacks[stack]), project=PROJECT, stack=stack)
