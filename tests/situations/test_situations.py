"""The business situations, from their contracts to what would be built."""

from collections import Counter
from datetime import date
from functools import cache
from pathlib import Path

import pytest

from odoo_estate.cli import main
from odoo_estate.decide import compile_estate
from odoo_estate.plan import CellPlan, EstatePlan, TenantPlan
from odoo_estate.spec.loader import Documents, load

HERE = Path(__file__).parent
TODAY = date(2026, 12, 1)
ESTATES = sorted(str(file.parent.relative_to(HERE)) for file in HERE.rglob("estate.yaml"))


@cache
def documents(estate: str) -> Documents:
    return load(HERE / estate, today=TODAY)


@cache
def plan(estate: str) -> EstatePlan:
    return compile_estate(documents(estate), today=TODAY)


def tenants(estate: str) -> dict[str, TenantPlan]:
    return {
        one.customer: one
        for one in plan(estate).stacks.values()
        if isinstance(one, TenantPlan) and one.environment == "production"
    }


def tenancies(estate: str) -> Counter[str]:
    return Counter(one.tenancy for one in tenants(estate).values())


def test_all_six_situations_are_here() -> None:
    assert {Path(estate).parts[0] for estate in ESTATES} == {
        "wholesale-network",
        "medical-distributor",
        "white-label-cluster",
        "oem-franchises",
        "growing-distributor",
        "boutique-consultancy",
    }


@pytest.mark.parametrize("estate", ESTATES)
def test_every_decision_has_a_reason_and_every_budget_holds(estate: str) -> None:
    for stack in plan(estate).stacks.values():
        assert stack.decisions, stack.stack
        for decision in stack.decisions:
            assert decision.value and decision.reason, (stack.stack, decision)
        for budget in stack.budgets:
            assert budget.used <= budget.limit, (stack.stack, budget)


@pytest.mark.parametrize("estate", ESTATES)
def test_stacks_only_stand_on_stacks_before_them(estate: str) -> None:
    seen: set[str] = set()
    for name, stack in plan(estate).stacks.items():
        assert set(stack.depends_on) <= seen, name
        seen.add(name)


@pytest.mark.parametrize("estate", ESTATES)
def test_nothing_leaves_its_residency_zone(estate: str) -> None:
    zones = documents(estate).estate.residency
    allowed = {region for zone in zones.values() for region in zone.regions}
    for stack in plan(estate).stacks.values():
        assert stack.target.region in allowed
        if isinstance(stack, CellPlan):
            zone = zones[documents(estate).estate.cells[stack.cell].residency]
            assert {vault.region or stack.target.region for vault in stack.vaults.values()} <= set(zone.regions)


@pytest.mark.parametrize("estate", ESTATES)
def test_check_and_explain_answer_for_everybody(estate: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--estate", str(HERE / estate)]) == 0
    assert "no problems" in capsys.readouterr().out
    names = [*documents(estate).estate.cells, *list(documents(estate).customers)[:3]]
    for name in names:
        assert main(["explain", name, "--estate", str(HERE / estate)]) == 0
        page = capsys.readouterr().out
        assert page.startswith(f"{name}: ")
        assert max(map(len, page.splitlines())) <= 120


@pytest.mark.parametrize("estate", ESTATES)
def test_the_preview_holds_every_policy(estate: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["preview", "--all", "--processes", "1", "--estate", str(HERE / estate)]) == 0, capsys.readouterr().out


def test_eighty_resellers_share_one_cell_and_its_workers() -> None:
    assert tenancies("wholesale-network") == {"pooled": 80}
    assert {one.cell for one in tenants("wholesale-network").values()} == {"pool-1"}
    assert all(one.odoo is None for one in tenants("wholesale-network").values())
    assert len({one.database.login for one in tenants("wholesale-network").values()}) == 80


def test_the_medical_distributor_has_cell_database_and_keys_of_its_own() -> None:
    medilog = tenants("medical-distributor")["medilog"]
    cell = plan("medical-distributor").stacks[f"cell.{medilog.cell}"]
    assert isinstance(cell, CellPlan)
    assert (medilog.tenancy, cell.tenancy) == ("dedicated", "dedicated")
    longest = max(rule.delete_after_days for rule in (medilog.backup or cell.backup).rules.values())
    assert longest >= 3650, "records are kept for ten years"


def test_the_heavy_tenants_of_the_white_label_partner_have_machines_of_their_own_and_the_other_seven_do_not_feel_them() -> (
    None
):
    found = tenants("white-label-cluster")
    heavy = {"harbour-foods", "irish-autoparts", "jet-stationery"}
    assert {name for name, one in found.items() if one.tenancy == "semi-dedicated"} == heavy
    assert tenancies("white-label-cluster")["namespaced"] == 7
    for name in heavy:
        assert found[name].own_database is not None and found[name].node_pool is not None
    assert {one.database.instance for name, one in found.items() if name not in heavy} == {"main"}


def test_a_heavy_tenant_can_be_moved_without_touching_the_others(tmp_path: Path) -> None:
    import shutil

    shutil.copytree(HERE / "white-label-cluster", tmp_path / "after")
    (tmp_path / "after/customers/harbour-foods.yaml").unlink()
    after = compile_estate(load(tmp_path / "after", today=TODAY), today=TODAY)
    before = plan("white-label-cluster")
    for name, stack in before.stacks.items():
        if name.startswith("tenant.") and not name.startswith("tenant.harbour-foods."):
            assert after.stacks[name] == stack, name


def test_the_season_of_the_oem_is_inside_the_bounds_before_it_begins() -> None:
    central = tenants("oem-franchises")["gruenwerk-central"]
    assert central.tenancy == "semi-dedicated"
    assert central.odoo is not None
    web = central.odoo.workloads["web"]
    assert web.max_replicas > web.min_replicas, "capacity is raised by itself, up to a bound"
    assert tenancies("oem-franchises")["namespaced"] == 12


def test_the_growing_distributor_climbs_the_ladder_step_by_step() -> None:
    stages = ["1-multi-tenant", "2-own-machines", "3-dedicated"]
    climbed = [tenants(f"growing-distributor/{stage}")["weserstahl"].tenancy for stage in stages]
    assert climbed == ["namespaced", "semi-dedicated", "dedicated"]
    for neighbour in ("ostseeholz", "moselwein"):
        assert len({tenants(f"growing-distributor/{stage}")[neighbour].tenancy for stage in stages}) == 1


def test_the_premium_brands_of_the_consultancy_do_not_notice_the_shared_offer() -> None:
    before, after = plan("boutique-consultancy/1-premium-brands"), plan("boutique-consultancy/2-with-shared-offer")
    for name, stack in before.stacks.items():
        if stack.kind != "landing-zone":
            assert after.stacks[name] == stack, name
    assert tenancies("boutique-consultancy/2-with-shared-offer") == {"dedicated": 2, "pooled": 4, "namespaced": 1}
