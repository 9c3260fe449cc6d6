"""Plans as text: stable, readable, comparable."""

import json
from dataclasses import replace
from types import MappingProxyType

import pytest
from tests.decide.documents import compiled

from odoo_estate.decide.render import Change, diff, flat, plain, plan_json, plan_text
from odoo_estate.plan import AwsTarget


def test_json_is_sorted_indented_and_ends_in_a_line_break() -> None:
    plan = compiled().stacks["cell.eu-1"]
    text = plan_json(plan)
    data = json.loads(text)
    assert text == json.dumps(data, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    assert data["databases"]["main"]["identifier"] == "harbour-eu-1-main"


def test_text_has_one_line_for_each_value() -> None:
    plan = compiled().stacks["dr.eu-1"]
    lines = plan_text(plan).splitlines()
    assert lines == sorted(lines)
    assert len(lines) == len(flat(plain(plan)))
    assert 'databases.main.mode = "automated-backups"' in lines


def test_a_difference_names_path_and_both_values() -> None:
    before = AwsTarget(account="1", region="a")
    assert diff_of(before, replace(before, region="b")) == ['~ region: "a" -> "b"']


def diff_of(before: AwsTarget, after: AwsTarget) -> list[str]:
    plan = compiled().stacks["cell.eu-1"]
    return [str(one).replace("target.", "") for one in diff(replace(plan, target=before), replace(plan, target=after))]


def test_equal_plans_have_no_difference() -> None:
    assert diff(compiled(), compiled()) == ()


def test_added_and_removed_values_are_told_apart() -> None:
    few, many = compiled(customers={"copper": None}), compiled()
    changes = {str(change)[0] for change in diff(few, many) if change.path.startswith("stacks.tenant.copper")}
    assert changes == {"+"}
    changes = {str(change)[0] for change in diff(many, few) if change.path.startswith("stacks.tenant.copper")}
    assert changes == {"-"}


def test_a_change_reads_as_a_sentence_of_a_diff() -> None:
    assert str(Change("a.b", None, "1")) == "+ a.b = 1"
    assert str(Change("a.b", "1", None)) == "- a.b = 1"
    assert str(Change("a.b", "1", "2")) == "~ a.b: 1 -> 2"


def test_read_only_maps_and_letters_of_every_language_are_rendered() -> None:
    assert plain(MappingProxyType({"name": ("Grünwerk", 1)})) == {"name": ["Grünwerk", 1]}
    assert flat({"empty": {}, "list": [], "deep": [{"a": None}]}) == {"empty": "{}", "list": "[]", "deep[0].a": "null"}


def test_what_is_no_plain_data_is_refused() -> None:
    with pytest.raises(TypeError, match="plain data only, not set"):
        plain({"a": {1, 2}})
