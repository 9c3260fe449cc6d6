"""What our programs register is what AWS's provider understands; what forces a replacement is what its schema says."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from conformance.estate import beyond_the_simulator
from conformance.recorded import ROOT, estates, nodes
from conformance.schema import facts, problems, replaces

from odoo_estate.preview.graph import Node
from odoo_estate.preview.replacements import AWS, forces_replacement

NAMES = {str(estate.relative_to(ROOT)): estate for estate in estates()}


@pytest.mark.parametrize("estate", NAMES)
def test_the_provider_knows_every_type_and_property_of_an_estate(estate: str) -> None:
    wrong = {problem for node in nodes(NAMES[estate]) for problem in problems(node)}
    assert not wrong, "\n".join(sorted(wrong))


def _instance() -> Node:
    return next(node for node in nodes(ROOT / "stacks") if node.type == "aws:rds/instance:Instance")


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({"instanceKlass": "db.m7g.large"}, "Instance.instanceKlass does not exist"),
        ({"allocatedStorage": "100"}, "Instance.allocatedStorage is '100', not integer"),
        ({"multiAz": 1}, "Instance.multiAz is 1, not boolean"),
        ({"allocatedStorage": True}, "Instance.allocatedStorage is True, not integer"),
        ({"tags": ["a"]}, "Instance.tags is ['a'], not a map"),
        ({"vpcSecurityGroupIds": "sg-1"}, "Instance.vpcSecurityGroupIds is 'sg-1', not a list"),
        ({"instanceClass": None}, "Instance.instanceClass is required"),
    ],
)
def test_a_wrong_name_type_or_omission_is_found(inputs: dict[str, object], said: str) -> None:
    node = _instance()
    assert problems(node) == []
    (found,) = problems(replace(node, inputs={**node.inputs, **inputs}))
    assert found.startswith(said)


@pytest.mark.parametrize("token", sorted(AWS.keys() & facts()["resources"].keys()))
def test_what_the_providers_schema_replaces_is_replaced_in_preview_and_sandbox(token: str) -> None:
    assert not [path for path in sorted(replaces(token)) if not forces_replacement(token, path)]


def test_every_type_that_we_use_has_its_place_in_the_bridge() -> None:
    names = json.loads(Path(ROOT, "sandbox/tools/aws/types.json").read_text("utf-8")).values()
    used = {node.type for estate in estates() for node in nodes(estate)}
    assert used <= set(names)


def test_what_the_simulator_cannot_do_is_used_and_has_a_reason() -> None:
    used = {node.type for estate in estates() for node in nodes(estate)}
    assert beyond_the_simulator().keys() <= used
    assert all(len(reason) > 20 for reason in beyond_the_simulator().values())
