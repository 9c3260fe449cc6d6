"""The recovery region's plan, by DR class."""

from dataclasses import replace
from typing import Any

import pytest
from tests.decide.documents import TODAY, compiled, documents

from odoo_estate.decide import compile_estate, compile_stack
from odoo_estate.errors import BadInput
from odoo_estate.plan import CellPlan, DrillPlan, DrPlan, PlatformPlan, TenantPlan
from odoo_estate.spec.recovery import CellRecovery


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


def test_a_standby_that_lags_or_is_gone_is_heard_of_where_it_stands() -> None:
    _, plan = region("med-1")
    replica = plan.databases["main"].replica
    (alarm,) = plan.alarms.values()
    assert replica is not None and alarm.dimensions == {"DBInstanceIdentifier": replica.identifier}
    assert (alarm.metric, alarm.threshold) == ("ReplicaLag", 15 * 60), "the minutes that its DR class may lose"
    assert alarm.missing_data == "breaching", "an instance that is gone has no lag"
    assert plan.alert_topic
    _, promoted = after("med-1", "promoted")
    assert promoted.alarms and not any(one.metric == "ReplicaLag" for one in promoted.alarms.values())
    assert not region("eu-1")[1].alarms, "a pilot light has no instance"


def test_a_class_that_keeps_only_copies_has_no_recovery_stack() -> None:
    stacks = compiled(estate={"cells": {"eu-1": {"recovery": {"dr_class": "backup-copy"}}}}).stacks
    assert "dr.eu-1" not in stacks
    cell = stacks["cell.eu-1"]
    assert cell.guardrails.cross_region_copy
    assert cell.guardrails.drill_days == 365, "a yearly drill is owed all the same"
    assert any(one.topic == "drill" for one in cell.decisions)


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


# --- failing over and coming home -----------------------------------------------------------------------------------


def moved(cell: str, state: str, generation: int = 1, **fields: Any) -> CellRecovery:
    active = "eu-west-1" if state in ("promoted", "failing-back") else "eu-central-1"
    return CellRecovery.model_validate(
        {
            "cell": cell,
            "state": state,
            "active_region": active,
            "since": "2026-11-21T20:00:00Z",
            "approved_by": "Ada",
            "reason": "the region is lost",
            "generation": generation,
            **fields,
        }
    )


def after(
    name: str, state: str, generation: int = 1, points: dict[str, str] | None = None, **changes: Any
) -> tuple[CellPlan, DrPlan]:
    made = replace(
        documents(**changes), recoveries={name: moved(name, state, generation, recovery_points=points or {})}
    )
    stacks = compile_estate(made, today=TODAY).stacks
    cell, recovery = stacks[f"cell.{name}"], stacks[f"dr.{name}"]
    assert isinstance(cell, CellPlan) and isinstance(recovery, DrPlan)
    return cell, recovery


def test_a_promoted_standby_keeps_its_name_and_gains_what_a_primary_needs() -> None:
    _, before = region("med-1")
    _, plan = after("med-1", "promoted")
    was, now = before.databases["main"].replica, plan.databases["main"].replica
    assert was and now and plan.databases["main"].promoted
    assert now.identifier == was.identifier
    assert (
        (now.backup_retention_days, now.backup_window)
        == (was.backup_retention_days, was.backup_window)
        == (35, was.backup_window)
    )
    assert now.multi_az and now.final_snapshot and now.protect
    assert now.master_password == "own"


def test_a_pilot_light_is_restored_from_the_backups_that_were_replicated() -> None:
    _, plan = after("eu-1", "promoted")
    main = plan.databases["main"]
    assert main.restored is not None and main.replica is None
    assert main.mode == "automated-backups", "the replication stays: it is what the instance is restored from"
    assert main.source_arn.endswith("db:harbour-eu-1-main")


def test_a_class_that_keeps_copies_only_is_built_from_the_named_recovery_point() -> None:
    copies: dict[str, Any] = {"estate": {"cells": {"eu-1": {"recovery": {"dr_class": "backup-copy"}}}}}
    point = "arn:aws:rds:eu-west-1:210000000006:snapshot:awsbackup:copyjob-1"
    cell, plan = after("eu-1", "promoted", points={"main": point}, **copies)
    assert (plan.databases["main"].mode, plan.databases["main"].recovery_point) == ("recovery-point", point)
    assert plan.cluster is not None and plan.network.nat == cell.network.nat


def test_nodes_gateways_and_caches_come_to_their_working_size() -> None:
    for name in ("eu-1", "med-1"):
        cell, plan = after(name, "promoted")
        assert {key: pool.desired_nodes for key, pool in plan.node_pools.items()} == {
            key: pool.desired_nodes for key, pool in cell.node_pools.items()
        }
        assert plan.network.nat == cell.network.nat
        assert plan.caches["main"].node_type == cell.caches["main"].node_type


def test_failing_over_changes_nothing_in_the_lost_region() -> None:
    lost, before = after("eu-1", "promoted")[0], region("eu-1")[0]
    assert lost == replace(before, left_alone="eu-central-1 is lost: eu-west-1 is active")


@pytest.mark.parametrize("name", ["eu-1", "med-1"])
def test_a_lost_region_that_answers_again_sends_no_dumps_of_old_data(name: str) -> None:
    for state in ("promoted", "failing-back", "draining"):
        plan = after(name, state)[1]
        assert plan.halted == ("backups",)
        assert set(plan.source_buckets) == set(region(name)[1].source_buckets), "the rules at home do not change"
    assert after(name, "returned", 2)[1].halted == after(name, "standby")[1].halted == ()


def test_the_way_home_is_a_new_generation_that_follows_the_recovery_region() -> None:
    cell, plan = after("med-1", "failing-back")
    active = plan.databases["main"].replica
    coming = cell.followers["main"]
    assert active and coming.replica
    assert coming.source_arn == plan.target.arn("rds", f"db:{active.identifier}")
    assert coming.replica.generation == 2
    assert coming.replica.identifier not in {one.identifier for one in cell.databases.values()}
    assert cell.databases["main"].generation == 1, "the lost one stays until everybody is home"


def test_once_home_both_sides_hold_what_was_left_behind_unprotected() -> None:
    cell, plan = after("med-1", "returned", 2)
    assert cell.databases["main"].identifier == after("med-1", "failing-back")[0].followers["main"].replica.identifier  # type: ignore[union-attr]
    assert (cell.databases["main"].protect, cell.databases["main"].final_snapshot != "") == (True, True)
    assert not cell.former["main"].protect and not cell.former["main"].deletion_protection
    left = plan.former["main"].replica
    assert left and not left.protect and not left.deletion_protection
    following = plan.databases["main"]
    assert (following.generation, following.promoted) == (2, False)
    assert following.source_arn.endswith(cell.databases["main"].identifier)


def test_the_last_step_drops_what_was_left_behind_and_nothing_else() -> None:
    cell, plan = after("med-1", "returned", 2)
    home, waiting = after("med-1", "standby", 2)
    assert (home.former, waiting.former) == ({}, {})
    assert home.databases == cell.databases
    assert waiting.databases == plan.databases


def test_no_two_generations_share_a_name() -> None:
    cells = [after("med-1", "standby", number) for number in (1, 2, 3)]
    names = [cell.databases["main"].identifier for cell, _ in cells]
    names += [plan.databases["main"].replica.identifier for _, plan in cells if plan.databases["main"].replica]
    assert len(set(names)) == 6


HEAVY: dict[str, Any] = {
    "bulk": {
        "customer": "bulk",
        "name": "Bulk AG",
        "service_class": "premium",
        "residency": "eu",
        "odoo": "18.0",
        "workload": {
            "users": 160,
            "orders_per_day": 6000,
            "peak_factor": 4.0,
            "integrations": {"edi": {"kind": "edi", "requests_per_hour": 9000}},
            "storage": {"database_gib": 120, "filestore_gib": 150},
        },
        "environments": {"production": {}},
    }
}


def test_what_a_tenant_keeps_of_its_own_is_followed_too() -> None:
    stacks = compiled(customers=HEAVY).stacks
    plan, tenant = stacks["dr.eu-1"], stacks["tenant.bulk.production"]
    assert isinstance(plan, DrPlan) and isinstance(tenant, TenantPlan) and tenant.own_database
    assert plan.databases["bulk.production"].source_arn.endswith(tenant.own_database.identifier)
    assert plan.source_buckets["bulk.production.attachments"] == tenant.buckets["attachments"].name
    assert "tenant.bulk.production" in plan.depends_on


def test_a_tenants_own_instance_must_come_home_before_its_cell_does() -> None:
    with pytest.raises(BadInput) as caught:
        after("eu-1", "failing-back", customers=HEAVY)
    assert "bulk.production" in str(caught.value)
    assert "dump and restore" in str(caught.value)


def test_twenty_replications_a_region_are_the_most() -> None:
    further = {f"extra-{number:02}".replace("-0", "-a"): "pg-s" for number in range(20)}
    with pytest.raises(BadInput) as caught:
        compiled(estate={"cells": {"eu-1": {"databases": further}}})
    assert "21 instances would replicate their backups into eu-west-1" in str(caught.value)


def test_a_drill_copies_beside_the_standby_and_protects_nothing() -> None:
    for name, mode in (("med-1", "replica"), ("eu-1", "automated-backups")):
        _, standing = region(name)
        plan = compile_stack(documents(), f"drill.{name}", today=TODAY)
        assert isinstance(plan, DrillPlan)
        (database,) = plan.databases.values()
        copy = database.replica or database.restored
        assert database.mode == mode
        assert copy and not copy.protect and not copy.deletion_protection and not copy.final_snapshot
        taken = standing.databases["main"].replica
        assert taken is None or (copy.identifier != taken.identifier and database.source_arn.endswith(taken.identifier))
        assert plan.network is None, "it uses the network that waits"


def test_no_estate_lists_a_drill() -> None:
    assert not any(name.startswith("drill.") for name in compiled().stacks)


def test_a_pooler_leads_to_a_replica_exactly_while_its_instance_has_one() -> None:
    for state, generation in (("promoted", 1), ("failing-back", 1), ("returned", 2), ("standby", 2)):
        made = replace(documents(), recoveries={"med-1": moved("med-1", state, generation)})
        stacks = compile_estate(made, today=TODAY).stacks
        cell, platform = stacks["cell.med-1"], stacks["platform.med-1"]
        assert isinstance(cell, CellPlan) and isinstance(platform, PlatformPlan)
        for key, database in cell.databases.items():
            assert bool(platform.poolers[key].replica_size) == bool(database.replicas) == (generation == 1), state
