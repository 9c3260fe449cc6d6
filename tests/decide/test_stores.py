"""Caches, buckets and backups as the catalog and the contracts decide them."""

from dataclasses import replace

import pytest
from tests.decide.contracts import catalog
from tests.decide.documents import compiled, context

from odoo_estate.decide import backup
from odoo_estate.decide.cache_alarms import cache_alarms
from odoo_estate.decide.cell import cell_plan
from odoo_estate.decide.naming import name
from odoo_estate.errors import BadInput
from odoo_estate.plan import CellPlan, TenantPlan

CATALOG = catalog()


def test_a_cache_is_watched_at_every_node_because_the_group_publishes_nothing() -> None:
    plan = cell_plan(context(), "eu-1")
    alarms = {key: one for key, one in plan.alarms.items() if key.startswith("cache-")}
    assert {key.rpartition("-")[2] for key in alarms} == {
        "memory",
        "evictions",
        "connections",
        "engine",
        "intruder",
        "lag",
    }
    cache = plan.caches["main"]
    for alarm in alarms.values():
        assert [one["CacheClusterId"] for one in alarm.members] == [f"{cache.id}-001", f"{cache.id}-002"]
    alone = cache_alarms(replace(cache, nodes=1), ("acme",), "cache", CATALOG.assumptions)
    assert "cache-lag" not in alone


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"cache_entry_seconds": 10800}, "assumptions.cache_entry_seconds"),
        ({"anonymous_session_seconds": 604800}, "assumptions.anonymous_session_seconds"),
    ],
)
def test_what_would_be_evicted_after_a_session_is_refused(changes: dict[str, int], field: str) -> None:
    with pytest.raises(BadInput, match="evicts what expires soonest") as caught:
        compiled(catalog={"assumptions": changes})
    assert caught.value.problems[0].field == field


def test_deleted_attachments_outlive_every_database_that_can_be_restored() -> None:
    for service in CATALOG.service_classes.values():
        owed = service.backup
        for retention in owed.retention:
            dumps = CATALOG.retention_classes[retention].daily_days + 1
            assert owed.bucket_versions_days > dumps
            assert owed.bucket_versions_days > owed.point_in_time_days


def test_a_catalog_whose_restores_would_miss_files_is_refused() -> None:
    with pytest.raises(BadInput, match="would miss files: 37 are needed") as caught:
        compiled(catalog={"service_classes": {"premium": {"backup": {"bucket_versions_days": 36}}}})
    assert caught.value.problems[0].field == "service_classes.premium.backup.bucket_versions_days"


def test_the_cells_plan_shows_the_arithmetic() -> None:
    budget = next(one for one in cell_plan(context(), "eu-1").budgets if one.name == "filestore-versions")
    assert (budget.used, budget.limit, budget.unit) == (37, 37, "days")
    assert "oldest dump 36" in budget.arithmetic


def test_every_bucket_of_objects_is_shut_to_strangers_and_its_access_is_logged() -> None:
    for plan in compiled().stacks.values():
        if not isinstance(plan, CellPlan | TenantPlan):
            continue
        for key, bucket in plan.buckets.items():
            if bucket.purpose in ("logs", "backups") and isinstance(plan, TenantPlan):
                continue
            if key == "logs":
                assert (bucket.encryption, bucket.object_lock_days, bucket.roles) == ("s3", None, ())
                continue
            assert bucket.roles and bucket.log_bucket, (plan.stack, key)
            assert bucket.encryption == "kms"


def test_a_tenants_bucket_admits_its_own_roles_and_no_neighbours() -> None:
    plans = [plan for plan in compiled().stacks.values() if isinstance(plan, TenantPlan) and plan.buckets]
    assert len(plans) > 1
    for plan in plans:
        assert plan.role
        for key, bucket in plan.buckets.items():
            if key == "backups":
                continue
            assert any(arn.endswith(f"role/{plan.role.name}") for arn in bucket.roles)
            others = {one.role.name for one in plans if one.role and one is not plan}
            assert not {arn.rpartition("/")[2] for arn in bucket.roles} & others
            assert not bucket.role_tags


def test_only_the_emergency_role_is_excepted_from_keeping_recovery_points() -> None:
    plan = cell_plan(context(), "eu-1")
    account = plan.target.account
    for vault in plan.vaults.values():
        assert vault.break_glass == (f"arn:aws:iam::{account}:role/{name('iam-role', plan.estate, 'break-glass')}",)


def test_a_vault_into_which_nothing_is_backed_up_is_noticed() -> None:
    plan = cell_plan(context(), "eu-1")
    alarm = plan.alarms["backup-missing"]
    assert alarm.missing_data == "breaching"
    assert alarm.dimensions == {"BackupVaultName": plan.vaults["primary"].name}
    assert (
        alarm.period_seconds * alarm.evaluation_periods >= 2 * 60 * backup.cell_terms(context(), "eu-1").every_minutes
    )


def test_restore_tests_have_names_without_hyphens() -> None:
    # AWS Backup takes underscores only there, and at most fifty characters.
    for plan in compiled().stacks.values():
        if isinstance(plan, CellPlan) and plan.backup.restore_test:
            assert "-" not in plan.backup.restore_test.name
            assert len(plan.backup.restore_test.name) <= 50
