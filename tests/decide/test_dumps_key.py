"""A dump's copies can be opened where they are, without the region that made them."""

import json
from typing import Any

import pytest
from tests.decide.contracts import HEAVY, catalog, catalog_with, cell, context, contract, dedicated_cell, estate
from tests.decide.documents import compiled

from odoo_estate.decide.cell import cell_plan
from odoo_estate.decide.claims import claims
from odoo_estate.decide.context import Context
from odoo_estate.decide.roles import account_roles
from odoo_estate.decide.tenant import tenant_plan
from odoo_estate.plan import CellPlan, DrPlan, KeyPlan, TenantPlan

REGULATED: dict[str, Any] = {"service_class": "regulated", "regulation": ("gdp",)}
POOLED: dict[str, Any] = {}


def regulated(recovery: dict[str, str]) -> Context:
    return context(
        contract(**REGULATED), of=estate({"eu-1": cell(), "acme-1": dedicated_cell("acme", recovery=recovery)})
    )


def keys_of_dumps(plan: CellPlan | TenantPlan) -> list[KeyPlan]:
    found = plan.keys["dumps"] if isinstance(plan, CellPlan) else plan.dumps_key
    return [found] if found else []


def test_wherever_buckets_are_copied_to_every_key_of_dumps_has_its_replica() -> None:
    """By construction: both come from where the copies are. Regions without copies have none."""
    stacks = compiled().stacks
    away = {plan.cell: plan.target.region for plan in stacks.values() if isinstance(plan, DrPlan)}
    checked = 0
    for plan in stacks.values():
        if isinstance(plan, CellPlan | TenantPlan) and plan.cell in away:
            for key in keys_of_dumps(plan):
                assert key.multi_region and key.replica_region == away[plan.cell] != plan.target.region
                checked += 1
    assert checked > len(away), "tenants with keys of their own are among them"


@pytest.mark.parametrize("dr_class", ["backup-copy", "pilot-light", "warm-standby"])
def test_copied_recovery_points_hold_dumps_too(dr_class: str) -> None:
    """AWS Backup takes the bucket of dumps along, so a class without anything waiting needs the replica as well."""
    world = context(contract(), of=estate({"eu-1": cell(recovery={"region": "eu-west-1", "dr_class": dr_class})}))
    assert cell_plan(world, "eu-1").keys["dumps"].replica_region == "eu-west-1"


def test_without_a_recovery_region_the_replica_stands_by_the_copy_vault_in_the_residency_zone() -> None:
    plan = cell_plan(context(contract(), of=estate({"eu-1": cell(recovery=None)})), "eu-1")
    assert plan.keys["dumps"].replica_region == plan.keys["copy"].region == "eu-west-1"


def test_a_zone_of_one_region_keeps_its_key_of_dumps_there() -> None:
    """A multi-region key none the less, because it can never become one; its policy lets nobody replicate it."""
    one = estate(
        {"eu-1": cell(recovery=None, residency="here")},
        residency={"here": {"description": "Here", "regions": ("eu-central-1",)}},
    )
    classes = catalog().model_dump()["service_classes"]
    for service in classes.values():
        service["backup"]["cross_region"] = False  # else such a zone is refused
    world = context(of=one, known=catalog_with(service_classes=classes))
    key = cell_plan(world, "eu-1").keys["dumps"]
    assert (key.multi_region, key.replica_region) == (True, "")


def test_a_tenant_with_keys_of_its_own_has_its_own_key_of_dumps() -> None:
    world = regulated({"region": "eu-west-1", "dr_class": "warm-standby"})
    plan = tenant_plan(world, "acme", "production")
    assert plan.key and plan.dumps_key and plan.recovery
    assert len({plan.key.alias, plan.dumps_key.alias, cell_plan(world, "acme-1").keys["dumps"].alias}) == 3
    assert not plan.key.multi_region
    assert f"alias/{plan.dumps_key.alias}" in json.dumps(plan.recovery.role.statements)
    scopes = {claim.scope for claim in claims(plan) if claim.name == plan.dumps_key.alias}
    assert {scope.split("/")[1] for scope in scopes} == {"eu-central-1", "eu-west-1"}


def test_the_job_opens_and_makes_dumps_with_that_key_and_no_other() -> None:
    for service in (POOLED, HEAVY):
        world = context(contract(**service))
        plan = tenant_plan(world, "acme", "production")
        assert plan.recovery and plan.dumps_key is None
        direct = [one for one in plan.recovery.role.statements if "kms:EncryptionContext:tenant" in json.dumps(one)]
        assert [one["Condition"] for one in direct] == [
            {
                "ForAnyValue:StringEquals": {
                    "kms:ResourceAliases": f"alias/{cell_plan(world, plan.cell).keys['dumps'].alias}"
                },
                "StringEquals": {"kms:EncryptionContext:tenant": "acme.production"},
            }
        ]


def test_whoever_restores_opens_dumps_in_every_region_and_nothing_else_by_itself() -> None:
    statements = account_roles(context(), "production")["restore"].statements
    opens = [one for one in statements if one["Action"] == ["kms:Decrypt"]]
    assert len(opens) == 2
    assert all(str(one["Resource"]).startswith("arn:aws:kms:*:") for one in opens)
    through_s3, direct = opens
    assert through_s3["Condition"] == {"StringLike": {"kms:ViaService": "s3.*.amazonaws.com"}}
    assert direct["Condition"] == {
        "Bool": {"kms:MultiRegion": "true"},
        "Null": {"kms:EncryptionContext:tenant": "false"},
    }
    (reads,) = [one for one in statements if "s3:GetObject" in one["Action"]]  # type: ignore[operator]
    assert str(reads["Resource"]).endswith("/logical/*")
