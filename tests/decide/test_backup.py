"""Recovery points: rhythm, retention, vaults, copies, locks."""

from dataclasses import replace

import pytest
from tests.decide.documents import compiled, context

from odoo_estate.decide import backup
from odoo_estate.errors import BadInput, Refused
from odoo_estate.plan import BackupPlan, CellPlan, EstatePlan, LandingZonePlan

SINGLE_ACCOUNT = {"mode": "single-account"}


def cell(plan: EstatePlan, name: str = "eu-1") -> CellPlan:
    found = plan.stacks[f"cell.{name}"]
    assert isinstance(found, CellPlan)
    return found


def landing_zone(plan: EstatePlan) -> LandingZonePlan:
    found = plan.stacks["landing-zone"]
    assert isinstance(found, LandingZonePlan)
    return found


def test_no_copy_goes_to_another_region_and_another_account_at_once() -> None:
    plan = cell(compiled())
    for rule in plan.backup.rules.values():
        assert set(rule.copies) == {"region", "account"}
        for copy in rule.copies.values():
            region, account = copy.vault_arn.split(":")[3:5]
            assert (region == plan.target.region) != (account == plan.target.account)


def test_every_copy_goes_into_a_vault_that_a_stack_makes() -> None:
    plan = compiled()
    zone = landing_zone(plan)
    made = {zone.targets[target].arn("backup", f"backup-vault:{vault.name}") for target, vault in zone.vaults.values()}
    for name in ("eu-1", "med-1"):
        one = cell(plan, name)
        for vault in one.vaults.values():
            region = vault.region or one.target.region
            made.add(replace(one.target, region=region).arn("backup", f"backup-vault:{vault.name}"))
    for name in ("eu-1", "med-1"):
        for rule in cell(plan, name).backup.rules.values():
            assert {copy.vault_arn for copy in rule.copies.values()} <= made


def test_every_vault_is_locked_in_compliance_mode_by_the_shipped_catalog() -> None:
    plan = compiled()
    vaults = [vault for _, vault in landing_zone(plan).vaults.values()]
    vaults += [vault for name in ("eu-1", "med-1") for vault in cell(plan, name).vaults.values()]
    assert len(vaults) == 5
    for vault in vaults:
        assert vault.lock is not None
        assert vault.lock.changeable_for_days is not None
        assert vault.lock.changeable_for_days >= 3


def test_every_recovery_point_lives_within_its_vaults_lock() -> None:
    plan = compiled()
    for name in ("eu-1", "med-1"):
        one = cell(plan, name)
        for rule in one.backup.rules.values():
            for days in (rule.delete_after_days, *(copy.delete_after_days for copy in rule.copies.values())):
                for vault in one.vaults.values():
                    assert vault.lock is not None
                    assert vault.lock.min_days <= days <= vault.lock.max_days


def test_recovery_keys_encrypt_recovery_points_only() -> None:
    plan = cell(compiled())
    assert {vault.key for vault in plan.vaults.values()} == {"recovery", "copy"}
    assert plan.keys["copy"].region == "eu-west-1"
    assert plan.keys["recovery"].alias != plan.keys["data"].alias


def test_a_single_account_keeps_its_locked_copy_in_the_other_region() -> None:
    plan = compiled(estate=SINGLE_ACCOUNT)
    one = cell(plan)
    assert landing_zone(plan).vaults == {}
    assert set(one.backup.rules["regular"].copies) == {"region"}
    assert one.vaults["copy"].region == "eu-west-1"
    assert one.vaults["copy"].lock is not None


def test_a_class_that_is_owed_another_account_gets_another_region_where_there_is_one_account() -> None:
    away = {"backup": {"cross_region": False, "cross_account": True}}
    classes = dict.fromkeys(("starter", "business", "premium", "regulated"), away)
    plan = cell(compiled(estate=SINGLE_ACCOUNT, catalog={"service_classes": classes}))
    assert set(plan.backup.rules["regular"].copies) == {"region"}


def test_a_zone_with_one_region_cannot_hold_copies_in_another() -> None:
    made = context(estate={"residency": {"eu": {"regions": ("eu-central-1",)}}, "cells": {"eu-1": {"recovery": None}}})
    with pytest.raises(Refused, match="has only eu-central-1") as caught:
        backup.copy_region_for(made.estate, "eu-1", backup.cell_terms(made, "eu-1"))
    assert caught.value.problem.field == "residency.eu.regions"


def test_retention_outside_the_cells_lock_is_refused_with_what_fits() -> None:
    lock = {"vault_locks": {"compliance": {"max_days": 3000}}}
    with pytest.raises(BadInput, match="long-10y keeps monthly recovery points 3653 days") as caught:
        compiled(catalog=lock)
    problem = caught.value.problems[0]
    assert problem.document == "customer:medsupply"
    assert problem.field == "backup.retention"
    assert "long-7y" in problem.allowed
    assert "long-10y" not in problem.allowed


def test_a_lock_without_grace_days_is_no_promise_of_immutability() -> None:
    with pytest.raises(BadInput, match="governance mode") as caught:
        compiled(catalog={"vault_locks": {"compliance": {"changeable_for_days": None}}})
    assert caught.value.problems[0].field == "vault_locks.compliance.changeable_for_days"
    assert "3 to 36500" in caught.value.problems[0].allowed


def test_points_go_cold_only_where_ninety_days_remain() -> None:
    classes = {"standard-1y": {"cold_after_days": 30}}
    rules = cell(compiled(catalog={"retention_classes": classes})).backup.rules
    assert rules["regular"].cold_after_days is None
    assert rules["monthly"].cold_after_days == 30
    assert rules["monthly"].delete_after_days >= 30 + 90


def test_an_rpo_that_the_rhythm_does_not_reach_is_refused() -> None:
    with pytest.raises(BadInput, match="reach 5") as caught:
        compiled(catalog={"service_classes": {"premium": {"rpo_minutes": 3}}})
    assert caught.value.problems[0].field == "service_classes.premium.rpo_minutes"


def test_a_shared_cell_is_backed_up_by_the_strictest_class_that_shares_it() -> None:
    owed = backup.cell_terms(context(), "eu-1")
    assert owed.every_minutes == 720
    assert owed.point_in_time_days == 35
    assert (
        owed.retention == "standard-1y"
    )  # regulated customers share no instance, so they do not make everybody's last seven years


def test_a_dedicated_cell_keeps_what_its_customers_contract_says() -> None:
    plan = cell(compiled(), "med-1")
    assert plan.tags["backup-class"] == "long-10y-every-12h"
    assert plan.backup.rules["monthly"].delete_after_days == 3653


def test_the_cells_plan_selects_by_the_tags_that_its_own_things_carry() -> None:
    for name in ("eu-1", "med-1"):
        plan = cell(compiled(), name)
        assert {key: plan.tags[key] for key in plan.backup.select} == dict(plan.backup.select)


def test_names_are_legal_for_aws_backup() -> None:
    plan: BackupPlan = cell(compiled()).backup
    assert plan.restore_test is not None
    assert "-" not in plan.restore_test.name
    assert max(len(plan.name), len(plan.selection), len(plan.restore_test.name)) <= 50


def test_a_contract_that_chose_longer_than_its_shared_instance_is_kept_is_refused() -> None:
    wish = {"service_class": "premium", "backup": {"retention": "long-7y"}}
    with pytest.raises(BadInput, match="long-7y keeps recovery points 2557 days") as caught:
        compiled(customers={"paper": wish})
    (problem,) = caught.value.problems
    assert problem.field == "backup.retention"
    assert problem.allowed == ("standard-1y",)
    own = {**wish, "placement": {"tenancy": "semi-dedicated", "reason": "audits ask for seven years"}}
    assert "tenant.paper.production" in compiled(customers={"paper": own}).stacks
