"""How a contract ends: suspended, retired, and never by accident."""

from typing import Any

import pytest
from tests.decide.contracts import HEAVY, context, contract

from odoo_estate.decide.context import Context
from odoo_estate.decide.tenant import tenant_plan
from odoo_estate.errors import Refused
from odoo_estate.plan import TenantPlan

WHY = {"reason": "invoices of three months are open", "approver": "Ada"}
SUSPENDED = {"since": "2026-10-01", **WHY}
RETIREMENT = {"remove_on": "2026-11-20", **WHY, "final_dumps": {"production": "20261002T030000Z"}}
BUSINESS = {"service_class": "business"}


def plan(world: Context) -> TenantPlan:
    return tenant_plan(world, "acme", "production")


def ended(**fields: Any) -> Context:
    return context(contract(**{"suspended": SUSPENDED, "retirement": RETIREMENT, **fields}))


@pytest.mark.parametrize("fields", [{}, BUSINESS, HEAVY], ids=["pooled", "namespaced", "semi-dedicated"])
def test_a_suspended_tenant_keeps_everything_and_runs_nothing(fields: dict[str, Any]) -> None:
    before, after = plan(context(contract(**fields))), plan(context(contract(**fields, suspended=SUSPENDED)))
    assert after.database.suspended and not before.database.suspended
    assert after.database.removal is None
    assert (after.buckets, after.own_database, after.backup) == (before.buckets, before.own_database, before.backup)
    if after.odoo:
        assert {one.max_replicas for one in after.odoo.workloads.values()} == {0}
    assert "suspended" in {one.topic for one in after.decisions}


def test_a_resumed_tenant_is_as_it_was() -> None:
    assert plan(context(contract(**BUSINESS, suspended=None))) == plan(context(contract(**BUSINESS)))


def test_a_retired_tenants_database_goes_when_its_day_has_come_and_its_dump_is_named() -> None:
    going = plan(ended()).database.removal
    assert going is not None
    assert (going.final_dump, going.approver, going.notice_days) == ("20261002T030000Z", "Ada", 30)
    assert plan(ended(retirement={**RETIREMENT, "final_dumps": {}})).database.removal is None
    assert plan(ended(retirement={**RETIREMENT, "remove_on": "2026-11-23"})).database.removal is None, "tomorrow"


def test_what_is_missing_for_the_end_is_explained() -> None:
    (one,) = (
        one for one in plan(ended(retirement={**RETIREMENT, "final_dumps": {}})).decisions if one.topic == "retirement"
    )
    assert "retirement.final_dumps.production" in one.next_step


@pytest.mark.parametrize(
    ("fields", "field", "says"),
    [
        ({"legal_hold": {**SUSPENDED, "reason": "tax inspection until further notice"}}, "retirement", "legal hold"),
        ({"suspended": None}, "retirement", "suspended first"),
        ({"suspended": {**SUSPENDED, "since": "2026-11-01"}}, "retirement.remove_on", "less than 30 days"),
        ({"suspended": {**SUSPENDED, "since": "2026-12-01"}}, "suspended.since", "today is 2026-11-22"),
        ({"suspended": {**SUSPENDED, "since": "2026-02-30"}}, "suspended.since", "not in the calendar"),
        (
            {"retirement": {**RETIREMENT, "final_dumps": {"production": "20260930T235959Z"}}},
            "retirement.final_dumps.production",
            "older than the suspension",
        ),
        (
            {"retirement": {**RETIREMENT, "final_dumps": {"staging": "20261002T030000Z"}}},
            "retirement.final_dumps.staging",
            "no environment staging",
        ),
        (
            {"retirement": {**RETIREMENT, "final_dumps": {"production": "20261399T030000Z"}}},
            "retirement.final_dumps.production",
            "is no moment",
        ),
    ],
)
def test_an_end_that_the_contract_speaks_against_is_refused(fields: dict[str, Any], field: str, says: str) -> None:
    with pytest.raises(Refused) as caught:
        plan(ended(**fields))
    assert caught.value.problem.field == field
    assert says in caught.value.problem.message
    assert caught.value.problem.remedy


def test_a_raised_login_version_swaps_the_users() -> None:
    first, second = (plan(context(contract(**BUSINESS, login_version=version))).database for version in (1, 2))
    assert (first.user, first.former_user) == (second.former_user, second.user)
    assert first.login == second.login
