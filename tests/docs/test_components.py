"""The tables of inputs: every component, every input, with its meaning."""

import ast
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "docs"))
component_inputs: Any = import_module("component_inputs")

FOUND = {one.name: one for one in component_inputs.components()}
DOCUMENT = (ROOT / "docs" / "components.md").read_text(encoding="utf-8")


def test_the_tables_are_those_of_the_code() -> None:
    assert component_inputs.tables() in DOCUMENT, "run `make docs`"


def test_every_component_is_there() -> None:
    folders = [ROOT / "components" / "odoo_estate" / folder for folder in component_inputs.FOLDERS]
    made = {
        node.name
        for folder in folders
        for file in folder.glob("*.py")
        for node in ast.parse(file.read_text(encoding="utf-8")).body
        if isinstance(node, ast.ClassDef) and "ComponentResource" in ast.unparse(node).split("\n")[0]
    }
    assert made == set(FOUND)
    assert {"Cluster", "NodePool", "Network", "PostgresInstance", "OdooEnvironment", "WorkloadNamespace"} <= made


@pytest.mark.parametrize("name", FOUND)
def test_every_input_has_a_meaning(name: str) -> None:
    assert FOUND[name].meaning
    assert [one.name for one in FOUND[name].inputs if not one.meaning] == [], "give it a docstring"


def test_every_field_of_a_plan_has_a_meaning() -> None:
    plans = list(component_inputs.plans_of(list(FOUND.values())))
    assert {"ClusterPlan", "AddonPlan", "AccessPlan", "NodePoolPlan"} <= {name for name, _, _ in plans}
    empty = [f"{plan}.{one.name}" for plan, _, fields in plans for one in fields if not one.meaning]
    assert empty == [], "give it a docstring"


def test_type_unit_and_default_are_those_of_the_declaration() -> None:
    inputs = {one.name: one for one in FOUND["NodePool"].inputs}
    assert inputs["key_arn"].default == "" and inputs["plan"].default is None
    assert (inputs["key_arn"].type, inputs["key_arn"].unit) == ("str, may be an output or None", "ARN")
    fields = {name: {one.name: one for one in own} for name, _, own in component_inputs.plans_of(list(FOUND.values()))}
    assert fields["NodePoolPlan"]["image_release"].default == "''"
    assert fields["NodePoolPlan"]["volume_gib"].unit == "GiB"
    assert fields["ClusterPlan"]["public_access_cidrs"].default == "()"
