"""Nobody is shown a regular expression, and nothing in a file drives a terminal."""

from collections.abc import Iterator
from typing import Any

import pytest

from odoo_estate.spec.catalog import Catalog
from odoo_estate.spec.customer import Customer
from odoo_estate.spec.estate import Estate
from odoo_estate.spec.quoting import did_you_mean, printable, shown
from odoo_estate.spec.wording import describe, model_at


def patterns(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        if isinstance(schema.get("pattern"), str):
            yield schema["pattern"]
        for key, value in schema.items():
            if key == "patternProperties":
                yield from value
            yield from patterns(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from patterns(value)


@pytest.mark.parametrize("model", [Estate, Customer, Catalog])
def test_every_pattern_of_the_models_has_words(model: Any) -> None:
    found = set(patterns(model.model_json_schema()))
    assert found
    assert [pattern for pattern in found if describe(pattern) == "text of another form"] == []


def test_a_quoted_value_is_short_and_harmless() -> None:
    assert shown("\x1b[2Jgone\u202e") == r'"\x1b[2Jgone\u202e"'
    assert len(printable("x" * 10_000)) == 60
    assert (shown(None), shown(True), shown({"a": 1}), shown(("a",))) == (
        "nothing",
        "true",
        "a group of fields",
        "a list",
    )


def test_a_guess_is_only_made_where_something_is_close() -> None:
    assert did_you_mean("busines", ("starter", "business")) == '; did you mean "business"?'
    assert did_you_mean("Business", ("starter", "business")) == '; did you mean "business"?'
    assert did_you_mean("zzz", ("starter", "business")) == ""


def test_the_model_of_a_field_is_found_through_optional_values_maps_and_lists() -> None:
    found = model_at(Customer, ("windows", "freeze", 0))
    assert found is not None and found.__name__ == "Window"
    integration = model_at(Customer, ("workload", "integrations", "edi"))
    assert integration is not None and integration.__name__ == "Integration"
    assert model_at(Customer, ("nowhere", "at", "all")) is None
