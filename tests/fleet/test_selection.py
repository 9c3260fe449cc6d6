"""Which stacks a command means."""

from typing import Any, cast

import pytest

from odoo_estate.errors import BadInput
from odoo_estate.fleet.selection import select
from odoo_estate.plan import AnyPlan, EstatePlan

NAMES = ("landing-zone", "cell.eu-1", "tenant.medsupply.production", "tenant.nordfood.production")
PLAN = EstatePlan(estate="e", project="p", stacks={name: cast(AnyPlan, cast(Any, None)) for name in NAMES})


def test_wildcards_choose_in_the_plans_order() -> None:
    assert select(PLAN, ["tenant.*", "landing-zone"], everything=False) == (NAMES[0], *NAMES[2:])


def test_an_unknown_stack_is_refused_with_its_nearest_names() -> None:
    with pytest.raises(BadInput) as refused:
        select(PLAN, ["tenant.medsuply.production", "cell.eu-1"], everything=False)
    assert "tenant.medsuply.production" in str(refused.value)
    assert "allowed: tenant.medsupply.production" in str(refused.value)


def test_naming_nothing_is_refused_rather_than_taken_for_everything() -> None:
    with pytest.raises(BadInput):
        select(PLAN, [], everything=False)
