"""One value, the state in ``recovery/CELL.yaml``, puts a cell's platform and tenants into its recovery region."""

import json
from dataclasses import asdict, replace
from ipaddress import IPv4Network
from itertools import combinations
from typing import Any

import pytest
from tests.decide.documents import TODAY, compiled, documents
from tests.decide.test_dr_plan import moved

from odoo_estate.decide import compile_estate, compile_stack
from odoo_estate.decide.changes import refused_changes, standing
from odoo_estate.errors import BadInput, Refused
from odoo_estate.fleet.selection import reachable, select
from odoo_estate.plan import CellPlan, DrPlan, EstatePlan, PlatformPlan, TenantPlan

HEAVY = {"users": 300, "orders_per_day": 3000, "storage": {"database_gib": 60, "filestore_gib": 50}}
SEMI: dict[str, Any] = {
    "customer": "semi", "name": "Semi SA", "service_class": "premium", "residency": "eu", "odoo": "18.0", "workload": HEAVY,
    "environments": {"production": {}}, "placement": {"tenancy": "semi-dedicated", "reason": "agreed in the contract"}, "cell": "eu-1",
}  # fmt: skip


def at(state: str, *cells: str, generation: int = 1, **changes: Any) -> EstatePlan:
    made = documents(**changes)
    return compile_estate(
        replace(made, recoveries={cell: moved(cell, state, generation) for cell in cells}), today=TODAY
    )


def platform(estate: EstatePlan, cell: str) -> PlatformPlan:
    found = estate.stacks[f"platform.{cell}.dr"]
    assert isinstance(found, PlatformPlan)
    return found


def tenant(estate: EstatePlan, name: str) -> TenantPlan:
    found = estate.stacks[f"tenant.{name}.dr"]
    assert isinstance(found, TenantPlan)
    return found


def test_one_value_puts_platform_and_production_into_the_recovery_region() -> None:
    estate = at("promoted", "eu-1")
    there = [plan for name, plan in estate.stacks.items() if name.endswith(".dr") and "med" not in name]
    assert {plan.stack for plan in there} == {
        "platform.eu-1.dr", "tenant.copper.production.dr", "tenant.paper.production.dr",
    }  # fmt: skip
    recovery = estate.stacks["dr.eu-1"]
    assert isinstance(recovery, DrPlan) and recovery.cluster
    for plan in there:
        assert isinstance(plan, PlatformPlan | TenantPlan)
        assert (plan.target, plan.cluster, plan.left_alone) == (recovery.target, recovery.cluster.name, "")
        assert set(plan.depends_on) <= {"dr.eu-1", "platform.eu-1.dr"}, "nothing of the lost region comes first"
    assert recovery.depends_on == ()


@pytest.mark.parametrize("state", ["promoted", "failing-back", "draining"])
def test_what_stands_at_home_stays_as_it_is_and_says_why(state: str) -> None:
    before, after = at("standby"), at(state, "eu-1")
    for name in ("platform.eu-1", "tenant.copper.production", "tenant.paper.production", "tenant.paper.staging"):
        assert after.stacks[name].left_alone
        assert after.stacks[name] == replace(before.stacks[name], left_alone=after.stacks[name].left_alone)
    assert bool(after.stacks["cell.eu-1"].left_alone) == (state == "promoted"), "on the way home the cell comes first"
    assert not any(
        after.stacks[name].left_alone for name in ("landing-zone", "cell.med-1", "platform.med-1", "dr.eu-1")
    )


def test_a_platform_waits_only_where_nodes_wait_and_without_what_needs_a_primary() -> None:
    estate = compiled()
    assert "platform.eu-1.dr" not in estate.stacks
    waiting = platform(estate, "med-1")
    assert not waiting.serving and not waiting.poolers and not waiting.pooled
    assert waiting.charts == platform(at("promoted", "med-1"), "med-1").charts
    serving = platform(at("promoted", "med-1"), "med-1")
    assert serving.serving and serving.poolers


def test_nobody_writes_while_a_cell_drains_and_the_names_stay() -> None:
    estate = at("draining", "eu-1")
    assert platform(estate, "eu-1").serving
    pooled = platform(estate, "eu-1").pooled.values()
    runtimes = [*(one.odoo for one in pooled), tenant(estate, "paper.production").odoo]
    for odoo in runtimes:
        assert odoo and all(one.max_replicas == 0 for one in odoo.workloads.values())


def test_once_the_cell_has_returned_what_served_away_can_still_be_taken_down_but_is_not_brought_up() -> None:
    made = replace(documents(), recoveries={"eu-1": moved("eu-1", "returned", 2)})
    assert not [
        name for name in compile_estate(made, today=TODAY).stacks if name.startswith("tenant.") and name.endswith(".dr")
    ]
    left = compile_stack(made, "tenant.paper.production.dr", today=TODAY)
    assert isinstance(left, TenantPlan) and left.odoo
    assert all(one.max_replicas == 0 for one in left.odoo.workloads.values()), "taking it down wakes nobody up"
    with pytest.raises(Refused, match=r"no stack"):
        compile_stack(documents(), "tenant.paper.production.dr", today=TODAY)


def test_sizes_limits_and_versions_are_those_of_home() -> None:
    estate = at("promoted", "eu-1")
    home, there = estate.stacks["tenant.paper.production"], tenant(estate, "paper.production")
    assert isinstance(home, TenantPlan)
    assert (there.quota, there.route) == (home.quota, home.route)
    assert there.odoo == home.odoo and there.database == home.database
    cell, recovery = estate.stacks["cell.eu-1"], estate.stacks["dr.eu-1"]
    assert isinstance(cell, CellPlan) and isinstance(recovery, DrPlan) and recovery.cluster
    assert recovery.cluster.version == cell.cluster.version
    addons = {key: one.version for key, one in recovery.cluster.addons_after_nodes.items()}
    assert addons == {key: one.version for key, one in cell.cluster.addons_after_nodes.items()}
    for key, pool in cell.node_pools.items():
        assert recovery.node_pools[key] == replace(pool, name=recovery.node_pools[key].name), "at working size"


def test_a_tenant_reaches_its_copies_there_and_nothing_at_home() -> None:
    estate = at("promoted", "eu-1")
    there, recovery = tenant(estate, "paper.production"), estate.stacks["dr.eu-1"]
    assert isinstance(recovery, DrPlan) and there.role and there.secrets_role and there.recovery
    copy = recovery.buckets["paper.production.attachments"]
    assert there.copies == {"attachments": copy.name} and not there.buckets
    said = json.dumps([asdict(one) for one in (there.role, there.secrets_role, there.recovery.role)])
    assert "eu-central-1" not in said and copy.name in said
    home = estate.stacks["tenant.paper.production"]
    assert isinstance(home, TenantPlan) and home.role
    assert home.buckets["attachments"].name not in said
    for role in (there.role, there.recovery.role):
        assert there.target.arn("iam", f"role/{role.name}", regional=False) in copy.roles, "the copy lets it in"
    assert there.recovery.variables["BACKUP_BUCKET"] == recovery.buckets["backups"].name
    assert there.recovery.variables["AWS_REGION"] == "eu-west-1"


def test_a_pooled_class_writes_into_the_cells_copy() -> None:
    recovery = at("promoted", "eu-1").stacks["dr.eu-1"]
    assert isinstance(recovery, DrPlan)
    pooled = json.dumps(asdict(recovery.identities["pooled-starter"].role))
    assert recovery.buckets["attachments"].name in pooled and "eu-central-1" not in pooled
    assert recovery.buckets["attachments"].role_tags == {"cell": "eu-1"}


def test_a_tenant_with_machines_of_its_own_finds_its_instance_there_and_gets_new_nodes_and_cache() -> None:
    estate = at("promoted", "eu-1", customers={"semi": SEMI})
    there, recovery = tenant(estate, "semi.production"), estate.stacks["dr.eu-1"]
    assert isinstance(recovery, DrPlan) and there.own_database is None and there.database.instance == "own"
    promoted = recovery.databases["semi.production"].restored
    assert promoted is not None
    watched = {one.dimensions.get("DBInstanceIdentifier") for one in there.alarms.values()} - {None}
    assert watched == {promoted.identifier}
    assert there.node_pool and there.own_cache and not there.pooler.replica_size


def test_nothing_that_an_account_has_once_is_made_twice() -> None:
    there = tenant(at("promoted", "med-1"), "medsupply.production")
    assert there.spend is None and there.backup is None and there.key is None


def test_images_come_from_the_registrys_copy_in_that_region() -> None:
    digest = "@sha256:" + "0" * 64
    own = {
        "versions": {
            "images": {"pgbouncer": f"210000000005.dkr.ecr.eu-central-1.amazonaws.com/harbour-pgbouncer{digest}"}
        }
    }
    estate = at("promoted", "eu-1", catalog=own)
    there, home = platform(estate, "eu-1"), estate.stacks["platform.eu-1"]
    assert isinstance(home, PlatformPlan)
    assert "eu-central-1" in home.poolers["main"].image
    assert there.poolers["main"].image == home.poolers["main"].image.replace("eu-central-1", "eu-west-1")
    assert there.cache_watch and ".ecr.eu-west-1." in there.cache_watch.image
    assert there.provisioning.image == home.provisioning.image, "others' registries are not ours to copy"


def test_all_networks_of_cells_and_their_recovery_regions_are_disjoint() -> None:
    stacks = compiled().stacks
    networks = [plan.network.cidr for plan in stacks.values() if isinstance(plan, CellPlan | DrPlan)]
    assert len(networks) == 4
    assert not any(IPv4Network(one).overlaps(IPv4Network(other)) for one, other in combinations(networks, 2))
    there, recovery = platform(at("promoted", "eu-1"), "eu-1"), at("promoted", "eu-1").stacks["dr.eu-1"]
    assert isinstance(recovery, DrPlan)
    assert set(there.provisioning.database_cidrs) == {one.database_cidr for one in recovery.network.zones.values()}


def test_the_recovery_network_is_proved_to_hold_what_it_has_to_at_working_size() -> None:
    stacks = compiled().stacks
    home, away = (
        {one.name: one.used for one in stacks[stack].budgets if one.unit == "addresses"}
        for stack in ("cell.eu-1", "dr.eu-1")
    )
    assert home == away, "although its pools have no nodes yet"


@pytest.mark.parametrize(("field", "path"), [("region", ("region",)), ("recovery", ("recovery", "region"))])
def test_a_region_without_the_database_class_is_refused_before_it_is_needed(field: str, path: tuple[str, ...]) -> None:
    regions = ("eu-central-1", "eu-west-1", "eu-south-1")
    cell: dict[str, Any] = {"region": "eu-south-1"} if field == "region" else {"recovery": {"region": "eu-south-1"}}
    with pytest.raises(BadInput) as caught:
        compiled(estate={"residency": {"eu": {"regions": regions}}, "cells": {"eu-1": cell}})
    said = str(caught.value)
    assert "RDS has no db.m7g" in said and f"cells.eu-1.{'.'.join(path)}" in said and "eu-south-1" in said


# --- commands --------------------------------------------------------------------------------------------------------


def test_a_name_means_the_stack_that_works_now() -> None:
    estate = at("promoted", "eu-1")
    assert select(estate, ["tenant.paper.production"], everything=False) == ("tenant.paper.production.dr",)
    assert select(compiled(), ["platform.med-1"], everything=False) == ("platform.med-1",), (
        "one that waits is not meant"
    )
    touched = reachable(estate, tuple(estate.stacks), everything=True)
    assert not set(touched) & {"cell.eu-1", "platform.eu-1", "tenant.paper.production", "tenant.paper.staging"}
    with pytest.raises(BadInput, match=r"eu-central-1 is lost"):
        reachable(estate, ("cell.eu-1",), everything=False)


def test_a_failover_is_no_renaming_and_needs_no_exception() -> None:
    before, after = compiled().stacks, at("promoted", "eu-1").stacks
    assert refused_changes(standing(before), after, ("starter", "business", "premium", "regulated"), TODAY) == ()
    home = at("returned", "eu-1", generation=2).stacks
    assert not list(
        refused_changes(standing({**before, **after}), home, ("starter", "business", "premium", "regulated"), TODAY)
    )
