"""The recovery region's plan, by DR class."""

from typing import Any

from tests.decide.documents import compiled

from odoo_estate.plan import CellPlan, DrPlan


def region(name: str, **changes: Any) -> tuple[CellPlan, DrPlan]:
    stacks = compiled(**changes).stacks
    cell, recovery = stacks[f"cell.{name}"], stacks[f"dr.{name}"]
    assert isinstance(cell, CellPlan)
    assert isinstance(recovery, DrPlan)
    return cell, recovery


def test_a_pilot_light_keeps_logs_and_a_cluster_without_nodes() -> None:
    cell, plan = region("eu-1")
    assert plan.target.region == "eu-west-1"
    assert {one.mode for one in plan.databases.values()} == {"automated-backups"}
    assert plan.databases["main"].source_arn == cell.target.arn("rds", "db:harbour-eu-1-main")
    assert plan.cluster is not None
    assert {pool.min_nodes for pool in plan.node_pools.values()} == {0}
    assert {pool.desired_nodes for pool in plan.node_pools.values()} == {0}
    assert {key: pool.max_nodes for key, pool in plan.node_pools.items()} == {
        key: pool.max_nodes for key, pool in cell.node_pools.items()
    }
    assert plan.network.nat == "none"
    assert plan.caches == {}


def test_a_warm_standby_keeps_a_replica_and_a_small_cluster() -> None:
    cell, plan = region("med-1")
    replica = plan.databases["main"].replica
    assert replica is not None
    assert plan.databases["main"].mode == "replica"
    assert replica.identifier != cell.databases["main"].identifier
    assert replica.instance_class == cell.databases["main"].instance_class
    assert replica.final_snapshot == ""
    assert all(0 < pool.min_nodes <= cell.node_pools[key].min_nodes for key, pool in plan.node_pools.items())
    assert plan.network.nat == "single"
    assert plan.caches["main"].node_type == cell.caches["main"].node_type


def test_a_class_that_keeps_only_copies_has_no_recovery_stack() -> None:
    stacks = compiled(estate={"cells": {"eu-1": {"recovery": {"dr_class": "backup-copy"}}}}).stacks
    assert "dr.eu-1" not in stacks
    assert stacks["cell.eu-1"].guardrails.cross_region_copy


def test_nothing_in_the_recovery_region_takes_a_name_of_the_cell() -> None:
    for name in ("eu-1", "med-1"):
        cell, plan = region(name)
        assert plan.cluster is not None
        assert {plan.cluster.name, plan.cluster.role, plan.cluster.node_role}.isdisjoint(
            {cell.cluster.name, cell.cluster.role, cell.cluster.node_role}
        )
        ours = {bucket.name for bucket in plan.buckets.values()}
        assert ours.isdisjoint(bucket.name for bucket in cell.buckets.values())


def test_buckets_are_copied_under_the_same_keys_with_the_same_locks() -> None:
    cell, plan = region("eu-1")
    assert set(plan.buckets) == {"attachments", "backups", "paper.production.attachments"}
    for key in ("attachments", "backups"):
        bucket = plan.buckets[key]
        assert plan.source_buckets[key] == cell.buckets[key].name
        assert bucket.object_lock_days == cell.buckets[key].object_lock_days
        assert bucket.versioning


def test_a_dedicated_customers_own_host_decides_its_failover() -> None:
    assert region("med-1")[1].health_checks == {"tenant.medsupply.production": "erp.medsupply.example"}
    assert region("eu-1")[1].health_checks == {}


def test_recovery_comes_after_the_cell() -> None:
    assert region("eu-1")[1].depends_on == ("cell.eu-1", "tenant.paper.production")


def test_the_recovery_region_changes_with_no_tenant_of_a_shared_cell() -> None:
    assert region("eu-1")[1] == region("eu-1", customers={"copper": None})[1]
