"""A blueprint that was copied out of this repository goes through the real engine in a sandbox of its own."""

import json
import shutil
from pathlib import Path

import pytest
import yaml
from tests.blueprints.copies import BLUEPRINTS, NAMES, Rehearsal, copied, estate, furnished, run, secrets_of

pytestmark = pytest.mark.engine

UP = ("up", "--all", "--policy-pack", "policies")


@pytest.fixture(autouse=True)
def _own_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ODOO_ESTATE_SANDBOX", raising=False)


def assert_no_secret_in_clear(rehearsal: Rehearsal) -> None:
    """No password of any stack stands in any stack's exported state."""
    stacks = rehearsal.stacks()
    kept = {name: rehearsal.pulumi("stack", "export", "--stack", name) for name in stacks}
    secrets = {
        secret
        for name in stacks
        if '"random:index/randomPassword:RandomPassword"' in kept[name]
        for secret in secrets_of(json.loads(rehearsal.pulumi("stack", "export", "--show-secrets", "--stack", name)))
    }
    assert len(secrets) > len(stacks)
    shown = [(name, secret[:4] + "…") for name, text in kept.items() for secret in secrets if secret in text]
    assert shown == []


@pytest.mark.timeout(600)
def test_the_managed_provider_comes_up_whole_under_its_policies(tmp_path: Path) -> None:
    rehearsal = Rehearsal(copied("managed-provider", tmp_path))
    verdicts = rehearsal.verdicts(*UP)
    assert {name.partition(".")[0] for name in verdicts} == {"landing-zone", "cell", "platform", "tenant", "dr"}
    assert set(verdicts.values()) == {"changed"}
    assert_no_secret_in_clear(rehearsal)


@pytest.mark.timeout(600)
def test_the_white_label_partner_comes_up_stays_as_it_is_and_goes_without_a_trace(tmp_path: Path) -> None:
    rehearsal = Rehearsal(copied("white-label-partner", tmp_path))
    assert set(rehearsal.verdicts(*UP).values()) == {"changed"}
    assert_no_secret_in_clear(rehearsal)
    assert set(rehearsal.verdicts(*UP).values()) == {"unchanged"}
    rehearsal.verdicts("destroy", "--all", "--lift-protection", "--yes")
    assert rehearsal.stacks() == []
    assert rehearsal.left_in_the_cloud() == 0


def test_the_engine_enforces_the_partners_own_rule(tmp_path: Path) -> None:
    rehearsal = Rehearsal(copied("white-label-partner", tmp_path))
    rule = rehearsal.project / "policies" / "rules" / "part_01.py"
    text = rule.read_text(encoding="utf-8")
    assert text.count("PROMISED_DAYS = 90") == 1
    rule.write_text(text.replace("PROMISED_DAYS = 90", "PROMISED_DAYS = 30"), encoding="utf-8")
    done = rehearsal.estate("up", "landing-zone", "--policy-pack", "policies")
    assert done.returncode == 3, done.stdout + done.stderr
    assert "PART-01" in done.stdout + done.stderr


@pytest.mark.parametrize("name", NAMES)
def test_pulumi_new_makes_a_project_of_a_blueprint(name: str, tmp_path: Path) -> None:
    template = shutil.copytree(
        BLUEPRINTS / name, tmp_path / "template", ignore=shutil.ignore_patterns(".venv", ".estate", "__pycache__")
    )
    outside = tmp_path / "outside"
    outside.mkdir()
    variables = Rehearsal(outside).variables
    made = run(
        outside,
        *("pulumi", "new", str(template), "--generate-only", "--yes", "--name", "my-estate", "--dir", "my-estate"),
        variables=variables,
    )
    assert made.returncode == 0, made.stdout + made.stderr
    project = furnished(outside / "my-estate")
    settings = yaml.safe_load((project / "Pulumi.yaml").read_text(encoding="utf-8"))
    assert (settings["name"], settings["main"], settings["stackConfigDir"]) == ("my-estate", "stacks", "stacks")
    assert "template" not in settings
    done = estate(project, "check")
    assert done.returncode == 0, done.stderr
    Rehearsal(project).pulumi("stack", "init", "landing-zone")
    Rehearsal(project).pulumi("preview", "--stack", "landing-zone", "--policy-pack", "policies")
