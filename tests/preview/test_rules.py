"""A project's own rules are part of its previews."""

import json
import shutil
from pathlib import Path

import pytest

from odoo_estate.cli import main
from odoo_estate.errors import BadInput
from odoo_estate.preview.rules import rules_of_project
from odoo_estate_policies.registry import shipped

BLUEPRINT = Path(__file__).parents[2] / "blueprints" / "white-label-partner"

RULE = '''
from odoo_estate_policies.rule import Violation, resource_rule

@resource_rule(id="{id}", title="Nothing is called budget", severity="high", types=("aws:budgets/budget:Budget",),
               remedy="none", source="own")
def rule(resource, rails):
    """A rule that never holds."""
    yield Violation("is a budget")
'''


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return shutil.copytree(BLUEPRINT, tmp_path / "estate", ignore=shutil.ignore_patterns(".*", "__pycache__"))


def add_rule(project: Path, text: str) -> Path:
    file = project / "policies" / "rules" / "added.py"
    file.write_text(text, encoding="utf-8")
    return file


def test_a_rule_beside_the_project_refuses_in_the_preview(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    add_rule(project, RULE.format(id="PART-77"))
    monkeypatch.chdir(project)
    assert main(["preview", "tenant.tilemarket.production", "--json"]) == 3
    (stack,) = json.loads(capsys.readouterr().out)["stacks"]
    assert {(one["rule"], one["enforcement"]) for one in stack["violations"]} == {("PART-77", "mandatory")}


def test_a_project_without_rules_is_judged_by_the_shipped_ones(tmp_path: Path) -> None:
    assert rules_of_project(tmp_path).rules == shipped().rules


def test_a_shipped_rule_cannot_be_replaced(project: Path) -> None:
    add_rule(project, RULE.format(id="BAK-02"))
    with pytest.raises(BadInput, match="BAK-02 is claimed by") as refused:
        rules_of_project(project)
    assert refused.value.exit_code == 2


@pytest.mark.parametrize("text", ["\n\ndef rule(:\n", "\n\nraise RuntimeError('stop')\n", "import a\nfrom b import\n"])
def test_a_rule_that_cannot_be_loaded_is_named_with_its_line(project: Path, text: str) -> None:
    file = add_rule(project, text)
    with pytest.raises(BadInput) as refused:
        rules_of_project(project)
    (problem,) = refused.value.problems
    assert (problem.file, problem.line) == (str(file), 3 if text.startswith("\n") else 2)
