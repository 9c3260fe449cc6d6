"""Every kind of stack of the root estate, tenants of every tenancy included, is previewed as the engine would receive it."""

from datetime import date
from functools import cache
from pathlib import Path

import pytest
from tests.preview.protocol import assert_same_graph

from odoo_estate.compose import compose
from odoo_estate.decide import compile_estate
from odoo_estate.plan import AnyPlan, EstatePlan, TenantPlan
from odoo_estate.spec.loader import load

ROOT = Path(__file__).resolve().parents[2]
PROJECT = "odoo-estate"
KINDS = [
    "landing-zone",
    "cell",
    "platform",
    "dr",
    "tenant pooled",
    "tenant namespaced",
    "tenant semi-dedicated",
    "tenant dedicated",
]


@cache
def _estate() -> EstatePlan:
    return compile_estate(load(ROOT / "stacks"), today=date(2026, 11, 22))


def _kind(plan: AnyPlan) -> str:
    return f"{plan.kind} {plan.tenancy}" if isinstance(plan, TenantPlan) else plan.kind


def test_the_root_estate_has_no_other_kinds() -> None:
    assert {_kind(plan) for plan in _estate().stacks.values()} == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_the_preview_of_a_stack_is_what_the_engine_would_receive(kind: str) -> None:
    for plan in _estate().stacks.values():
        if _kind(plan) == kind:
            _assert_same(plan)


def _assert_same(plan: AnyPlan) -> None:
    assert_same_graph(
        lambda: compose(plan, organization="organization", project=PROJECT), project=PROJECT, stack=plan.stack
    )
