"""What other stacks still stand on is not taken down from under them."""

import pytest

from odoo_estate.commands.destroy import refuse_orphans
from odoo_estate.errors import BadInput

NEEDS = {
    "landing-zone": (),
    "cell.a": ("landing-zone",),
    "platform.a": ("cell.a",),
    "tenant.x.production": ("cell.a", "platform.a"),
}


def test_a_cell_whose_tenants_still_stand_is_refused_and_they_are_named() -> None:
    with pytest.raises(BadInput) as refused:
        refuse_orphans(["cell.a"], list(NEEDS), NEEDS)
    assert "cell.a: platform.a, tenant.x.production still stand on it" in str(refused.value)


def test_a_stack_is_refused_for_those_that_stand_on_it_through_others() -> None:
    with pytest.raises(BadInput):
        refuse_orphans(["landing-zone"], ["landing-zone", "tenant.x.production"], NEEDS)


def test_what_goes_together_with_all_that_stands_on_it_may_go() -> None:
    refuse_orphans(list(NEEDS), list(NEEDS), NEEDS)
    refuse_orphans(["cell.a"], ["landing-zone", "cell.a"], NEEDS)
