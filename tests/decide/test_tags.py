"""Owner tags and labels."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.decide.documents import compiled, context, documents

from odoo_estate.decide.cell import cell_tags
from odoo_estate.decide.tags import label_value, labels, tag_value, tags
from odoo_estate.errors import Refused

LABEL = re.compile(r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?\Z")
DOMAIN_KEYS = {
    "operator",
    "partner",
    "tenant",
    "environment",
    "tier",
    "owner",
    "cost-center",
    "data-class",
    "backup-class",
    "residency",
    "managed-by",
}


@given(st.text(max_size=300))
def test_every_text_becomes_a_value_that_aws_accepts(text: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9 _.:/=+@-]{0,256}", tag_value(text))


@given(st.text(max_size=300))
def test_every_text_becomes_a_label_value_that_kubernetes_accepts(text: str) -> None:
    value = label_value(text)
    assert len(value) <= 63
    assert LABEL.match(value)


def test_every_stack_carries_every_owner_tag() -> None:
    for plan in compiled().stacks.values():
        assert set(plan.tags) >= DOMAIN_KEYS, plan.stack
        assert all(plan.tags[key] for key in DOMAIN_KEYS), plan.stack


def test_a_tenants_stack_is_tagged_with_its_own_tenant_and_cost_centre() -> None:
    stacks = compiled(customers={"paper": {"cost_center": "CC-77"}}).stacks
    assert stacks["tenant.paper.staging"].tags["tenant"] == "paper"
    assert stacks["tenant.paper.staging"].tags["environment"] == "staging"
    assert stacks["tenant.paper.staging"].tags["cost-center"] == "CC-77"
    assert stacks["tenant.copper.production"].tags["partner"] == "bright"
    assert stacks["tenant.copper.production"].tags["cost-center"] == "CC-2"


def test_a_dedicated_cell_belongs_to_its_customer_and_a_shared_one_to_nobody() -> None:
    made = context()
    assert cell_tags(made, "med-1")["tenant"] == "medsupply"
    assert cell_tags(made, "med-1")["data-class"] == "restricted"
    assert cell_tags(made, "eu-1")["tenant"] == "shared"


def test_labels_repeat_the_tags_under_our_prefix() -> None:
    found = labels(cell_tags(context(), "eu-1"))
    assert found["odoo-estate/cell"] == "eu-1"
    assert found["odoo-estate/managed-by"] == "odoo-estate"
    assert all(key.startswith("odoo-estate/") for key in found)


def test_a_value_outside_the_catalogs_pattern_is_refused_with_the_pattern() -> None:
    made = documents(catalog={"tag_patterns": {"cost-center": "[0-9]{4}"}})
    with pytest.raises(Refused, match='cost-center would be "CC-1"') as caught:
        tags(
            made.estate,
            made.catalog,
            tenant="shared",
            environment="shared",
            tier="shared",
            data_class="internal",
            residency="eu",
        )
    assert caught.value.problem.allowed == ("[0-9]{4}",)


def test_a_required_tag_that_nothing_gives_is_refused() -> None:
    made = documents(catalog={"required_tags": ("tenant", "moon-phase")})
    with pytest.raises(Refused, match="moon-phase"):
        tags(
            made.estate,
            made.catalog,
            tenant="shared",
            environment="shared",
            tier="shared",
            data_class="internal",
            residency="eu",
        )
