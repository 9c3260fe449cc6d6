"""What is previewed offline is what the engine will receive."""

from collections.abc import Callable

import pytest
from tests.compose import plans
from tests.compose.graphs import PROJECT, program
from tests.preview.protocol import assert_same_graph

from odoo_estate.plan import AnyPlan


@pytest.mark.parametrize(
    "plan",
    [
        pytest.param(plans.landing_zone, id="landing-zone"),
        pytest.param(lambda: plans.landing_zone("single-account"), id="single-account"),
        pytest.param(plans.cell, id="cell"),
        pytest.param(plans.dr, id="warm-standby"),
        pytest.param(lambda: plans.dr(warm=False), id="pilot-light"),
    ],
)
def test_the_recorded_stack_is_the_one_the_engine_would_receive(plan: Callable[[], AnyPlan]) -> None:
    made = plan()
    assert_same_graph(lambda: program(made), project=PROJECT, stack=made.stack)
