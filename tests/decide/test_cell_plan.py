"""A cell's plan: what AWS accepts, what the catalog entitles to, what survives."""

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from tests.decide.documents import compiled, context

from odoo_estate.decide.cell import cell_plan
from odoo_estate.decide.logs import STEPS, log_days
from odoo_estate.errors import BadInput
from odoo_estate.plan import CellPlan, EstatePlan, RolePlan


def cell(name: str = "eu-1", **changes: Any) -> CellPlan:
    return cell_in(compiled(**changes), name)


def cell_in(plan: EstatePlan, name: str = "eu-1") -> CellPlan:
    found = plan.stacks[f"cell.{name}"]
    assert isinstance(found, CellPlan)
    return found


@pytest.mark.parametrize("name", ["eu-1", "med-1"])
def test_nothing_in_a_cell_passes_its_own_guard_rails(name: str) -> None:
    plan = cell(name)
    rails = plan.guardrails
    for database in plan.databases.values():
        assert database.instance_class in rails.database_classes
        assert database.storage_gib <= rails.database_storage_gib
        assert database.max_storage_gib <= rails.database_max_storage_gib
        assert (database.iops or 3000) <= rails.database_iops
        assert database.backup_retention_days >= rails.backup_retention_days
    for cache in plan.caches.values():
        assert cache.node_type in rails.cache_node_types
        assert cache.nodes <= rails.cache_nodes
        assert cache.snapshot_days >= rails.cache_snapshot_days
    for pool in plan.node_pools.values():
        assert set(pool.instance_types) <= set(rails.node_instance_types)
        assert pool.max_nodes <= rails.nodes
    for key in rails.required_tags:
        assert re.fullmatch(rails.tag_patterns[key], plan.tags[key])


def test_iops_are_asked_for_only_where_gp3_takes_them() -> None:
    large, small = cell("eu-1").databases["main"], cell("med-1").databases["main"]
    assert large.storage_gib >= 400
    assert large.iops is not None
    assert large.iops >= 12_000
    assert small.storage_gib < 400
    assert (small.iops, small.throughput_mibps) == (None, None)


def test_a_band_with_iops_below_400_gib_is_refused() -> None:
    with pytest.raises(BadInput, match="gp3 takes them from 400 GiB on"):
        compiled(catalog={"postgres_bands": {"pg-m": {"iops": 4000}}})


def test_the_master_password_is_managed_unless_a_standby_forbids_it() -> None:
    assert cell("eu-1").databases["main"].master_password == "managed"
    assert cell("med-1").databases["main"].master_password == "own"


def test_connections_are_limited_in_the_parameter_group_and_tls_is_forced() -> None:
    database = cell().databases["main"]
    assert database.parameters["max_connections"] == str(database.max_connections) == "3200"
    assert database.parameters["rds.force_ssl"] == "1"
    assert database.family == "postgres16"


def test_what_holds_data_is_protected_and_leaves_a_snapshot() -> None:
    plan = cell()
    for database in plan.databases.values():
        assert database.deletion_protection
        assert database.protect
        assert database.final_snapshot
    assert plan.cluster.deletion_protection
    assert all(cache.protect for cache in plan.caches.values())
    assert all(bucket.protect for bucket in plan.buckets.values())


def test_further_instances_of_a_cell_have_names_and_windows_of_their_own() -> None:
    plan = cell(
        estate={"cells": {"eu-1": {"databases": {"heavy": "pg-xl"}}}}, customers={"paper": {"database": "main"}}
    )
    assert {key: one.identifier for key, one in plan.databases.items()} == {
        "main": "harbour-eu-1-main",
        "heavy": "harbour-eu-1-heavy",
    }
    assert plan.databases["heavy"].band == "pg-xl"
    assert "database-heavy-cpu" in plan.alarms


def test_nodes_need_network_addons_first_and_others_come_after() -> None:
    cluster = cell().cluster
    assert list(cluster.addons_before_nodes) == ["vpc-cni", "kube-proxy", "eks-pod-identity-agent"]
    assert {"coredns", "aws-ebs-csi-driver", "metrics-server"} <= set(cluster.addons_after_nodes)
    configuration = cluster.addons_before_nodes["vpc-cni"].configuration
    assert configuration["enableNetworkPolicy"] == "true"
    environment = configuration["env"]
    assert isinstance(environment, dict)
    assert environment["ENABLE_PREFIX_DELEGATION"] == "true"
    assert len(cluster.log_types) == 5
    assert cluster.public_access_cidrs == ()


def test_a_tainted_pool_says_what_it_is_for() -> None:
    pools = cell().node_pools
    assert pools["integration"].taints == {"odoo-estate/pool": ("integration", "NO_SCHEDULE")}
    assert pools["general"].taints == {}
    assert all(pool.labels["odoo-estate/pool"] == key for key, pool in pools.items())


def test_only_shared_cells_have_a_bucket_for_pooled_attachments_and_roles_for_pooled_workers() -> None:
    shared, own = cell("eu-1"), cell("med-1")
    assert "attachments" in shared.buckets
    assert "attachments" not in own.buckets
    assert {"pooled-starter", "pooled-business"} <= set(shared.identities)
    assert not [key for key in own.identities if key.startswith("pooled")]


def test_backup_buckets_are_locked_for_as_long_as_their_points_are_kept() -> None:
    bucket = cell().buckets["backups"]
    assert bucket.object_lock_mode == "COMPLIANCE"
    assert bucket.object_lock_days == 35
    assert bucket.expire_after_days is not None
    assert bucket.expire_after_days > bucket.object_lock_days


def statements(role: RolePlan) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(json.dumps([dict(one) for one in role.statements]))
    return found


def as_list(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


def test_no_identity_may_do_everything_anywhere() -> None:
    for name in ("eu-1", "med-1"):
        for key, identity in cell(name).identities.items():
            for statement in statements(identity.role):
                if "*" in as_list(statement["Resource"]):
                    assert not [action for action in as_list(statement["Action"]) if "*" in action], key


def test_the_shared_workers_of_a_class_reach_their_classs_prefix_only() -> None:
    plan = cell()
    for service_class in ("starter", "business"):
        text = json.dumps(statements(plan.identities[f"pooled-{service_class}"].role))
        other = "business" if service_class == "starter" else "starter"
        assert f"{plan.buckets['attachments'].name}/{service_class}/*" in text
        assert other not in text


def test_every_identity_is_bound_to_this_cluster() -> None:
    plan = cell()
    for identity in plan.identities.values():
        (trust,) = identity.role.trust
        condition = json.loads(json.dumps(trust["Condition"]))
        assert condition["ArnEquals"]["aws:SourceArn"] == plan.target.arn("eks", f"cluster/{plan.cluster.name}")


def test_certificates_are_proved_by_challenge_records_only() -> None:
    text = json.dumps(statements(cell().identities["cert-manager"].role))
    assert "_acme-challenge.*" in text


def test_a_cells_resources_do_not_change_with_its_tenants() -> None:
    few = context(customers={"copper": None})
    many = context()
    before, after = cell_plan(few, "eu-1"), cell_plan(many, "eu-1")
    assert before.budgets != after.budgets
    assert replace(before, budgets=()) == replace(after, budgets=())


def test_the_cells_domain_is_delegated_from_the_landing_zones() -> None:
    plan = cell()
    assert plan.zone_domain == "eu-1.erp.harbour.example"
    assert plan.delegation is not None
    assert plan.delegation.target.account == "210000000005"


def test_every_decision_says_why() -> None:
    for name in ("eu-1", "med-1"):
        assert {one.topic for one in cell(name).decisions} >= {
            "band",
            "network",
            "database",
            "backup",
            "maintenance",
            "recovery",
        }
        assert all(one.reason and one.value for one in cell(name).decisions)


@pytest.mark.parametrize(("days", "kept"), [(1, 1), (31, 60), (365, 365), (2556, 2557), (2557, 2557), (9999, 3653)])
def test_logs_are_kept_in_steps_that_cloudwatch_offers_and_never_shorter_than_asked(days: int, kept: int) -> None:
    assert log_days(days) == kept
    assert log_days(days) in STEPS
