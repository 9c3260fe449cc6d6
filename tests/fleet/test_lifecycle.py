"""An estate from its first run to its end: what a second run, a failure, a refusal and a destruction do."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.fleet.conftest import Estate, Ran, end

pytestmark = [pytest.mark.engine, pytest.mark.timeout(300)]

SECRET = "4dabf18193072939515e22adb298388d"
"""The key under which the engine writes a marked value."""
STACKS = ["landing-zone", "cell.main", "platform.main", "tenant.tilemarket.production", "tenant.winebroker.production"]


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from strings(part)
    elif isinstance(value, list):
        for part in value:
            yield from strings(part)


def test_a_second_run_changes_nothing(standing: Estate) -> None:
    before = standing.cloud()
    ran = standing.run("up", "--all").ended(0)
    assert set(standing.verdicts(ran).values()) == {"unchanged"}
    assert "(0 changed, 5 unchanged, 0 not done)" in ran.out
    assert standing.cloud() == before
    standing.assert_whole(*STACKS)


def test_the_summary_names_stacks_resources_time_and_report(brought_up: Path) -> None:
    said = (brought_up / "up").read_text()
    names = [line.split()[0] for line in said.splitlines()]
    assert names == ["stacks", "resources", "time", "report"]
    assert "(4 changed, 1 unchanged, 0 not done)" in said


def test_progress_is_one_plain_line_a_stack(founded: Estate) -> None:
    said = founded.run("up", "landing-zone").ended(0)
    assert said.err.splitlines() == [line for line in said.err.splitlines() if line.startswith("[1/1] landing-zone")]
    assert "\x1b" not in said.out + said.err
    assert "\r" not in said.out + said.err


def test_no_secret_stands_in_clear_in_state_logs_or_reports(standing: Estate) -> None:
    plain: dict[str, str] = {}
    drawn: set[str] = set()
    for stack in standing.stacks():
        plain[f"export of {stack}"] = standing.pulumi("stack", "export", "--stack", stack).ended(0).out
        shown = json.loads(standing.pulumi("stack", "export", "--show-secrets", "--stack", stack).ended(0).out)
        for resource in shown["deployment"]["resources"]:
            if resource["type"] == "random:index/randomPassword:RandomPassword":
                assert resource["outputs"]["result"][SECRET]
                drawn |= {json.loads(resource["outputs"][name]["plaintext"]) for name in ("result", "bcryptHash")}
            elif resource["type"] == "aws:secretsmanager/secretVersion:SecretVersion":
                drawn |= set(strings(json.loads(resource["inputs"]["secretString"]["plaintext"])))
    assert len(drawn) > 10
    passphrase = standing.sandbox / "passphrase"
    drawn.add(passphrase.read_text().strip())
    rehearsed_cloud = {standing.sandbox / f"cloud.sqlite{suffix}" for suffix in ("", "-wal", "-shm")}
    for file in standing.folder.rglob("*"):
        if file.is_file() and file != passphrase and file not in rehearsed_cloud:
            plain[str(file.relative_to(standing.folder))] = file.read_text(encoding="utf-8", errors="replace")
    assert any("reports" in name for name in plain)
    assert any("logs" in name for name in plain)
    leaks = [name for name, text in plain.items() for secret in drawn if secret in text]
    assert leaks == []


def test_destroying_an_estate_with_something_protected_is_refused_before_anything_goes(standing: Estate) -> None:
    before = standing.cloud()
    ran = standing.run("destroy", "--all", "--yes").ended(2)
    kept = [one for one in standing.stacks()["cell.main"]["resources"] if one.get("protect")]
    assert len(kept) > 10 and f"cell.main: {len(kept)} protected: " in ran.err
    assert "Instance database-main" in ran.err
    assert "--lift-protection" in ran.err
    assert "nothing was touched" in ran.err
    assert standing.cloud() == before
    standing.assert_whole(*STACKS)


def test_a_destruction_that_was_cut_off_goes_on_where_it_stopped_and_leaves_nothing(standing: Estate) -> None:
    before = len(standing.cloud())
    command = standing.start("destroy", "--all", "--yes", "--lift-protection")
    while len(standing.cloud()) > before - 150:
        assert command.poll() is None
        time.sleep(0.05)
    left = len(standing.cloud())
    standing.kill(lambda name: True)
    end(command)
    standing.wait_for_silence()
    again = standing.start("destroy", "--all", "--yes", "--lift-protection")
    most = left
    while again.poll() is None:
        most = max(most, len(standing.cloud()))
        time.sleep(0.05)
    ran = end(again).ended(0)
    assert most == left, "something was made again in order to be destroyed"
    assert standing.cloud() == []
    assert standing.stacks() == {}
    assert list((standing.folder / "stacks").glob("Pulumi.*.yaml")) == []
    assert standing.processes() == []
    assert "0 not done" in ran.out
    standing.run("destroy", "--all", "--yes").ended(0)


def test_a_failing_stack_stops_what_stands_on_it_and_nothing_else(founded: Estate) -> None:
    (founded.folder / "stacks" / "__main__.py").write_text(
        "import pulumi\n"
        "from pathlib import Path\n"
        "from odoo_estate.program import run\n"
        "if pulumi.get_stack().startswith('cell.'):\n"
        "    raise pulumi.RunError('the cell cannot be had')\n"
        "run(Path(__file__).parent)\n"
    )
    ran = founded.run("up", "--all").ended(4)
    verdicts = founded.verdicts(ran)
    assert (verdicts.pop("landing-zone"), verdicts.pop("cell.main")) == ("unchanged", "failed")
    assert set(verdicts.values()) == {"skipped"}
    at = ran.err.splitlines().index(next(line for line in ran.err.splitlines() if "cell.main " in line))
    assert ran.err.splitlines()[at + 1].strip() == "the cell cannot be had"


def test_a_failed_operation_is_told_in_the_services_words_and_nothing_else(estate: Estate) -> None:
    ran = estate.run("up", "landing-zone", ODOO_ESTATE_SANDBOX_FAIL_AT="20").ended(4)
    progress, *messages = ran.err.splitlines()
    assert "failed" in progress
    assert len(messages) == 1
    assert "StatusCode: 503" in messages[0]
    assert "temporarily unavailable" in report(estate, ran)


def test_a_policy_that_refuses_is_quoted_with_its_rule_and_exit_code_3(estate: Estate) -> None:
    pack = estate.folder / "pack"
    pack.mkdir()
    (pack / "PulumiPolicy.yaml").write_text("runtime: python\n")
    (pack / "__main__.py").write_text(
        "from pulumi_policy import EnforcementLevel, PolicyPack, ResourceValidationPolicy\n"
        "def judge(resource, report):\n"
        "    if resource.resource_type == 'aws:cloudtrail/trail:Trail':\n"
        "        report('no trails\\n  do: leave it out')\n"
        "PolicyPack('house', enforcement_level=EnforcementLevel.MANDATORY, policies=[\n"
        "    ResourceValidationPolicy(name='no-trails', description='House rule', validate=judge)])\n"
    )
    ran = estate.run("up", "landing-zone", "--policy-pack", "pack").ended(3)
    assert "refused by no-trails: " in ran.err
    assert "do: leave it out" in ran.err
    assert "1 violations" in ran.out
    assert estate.verdicts(ran) == {"landing-zone": "refused"}
    assert "no trails" in report(estate, ran)


def report(estate: Estate, ran: Ran) -> str:
    """The text of the report that a command names."""
    return (
        estate.folder / next(line.split()[1] for line in ran.out.splitlines() if line.startswith("report"))
    ).read_text()
