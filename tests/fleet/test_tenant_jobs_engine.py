"""`estate initialise`, `upgrade`, `copy` and `expire` under the real engine: engine, files and provider's rules are real, the cluster's jobs are
played."""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.recovery.rehearsal import bring_up, enter

from odoo_estate.cli import main
from odoo_estate.fleet import tenant_jobs as fleet
from odoo_estate.fleet.tenant_jobs import Ended

pytestmark = [pytest.mark.engine, pytest.mark.timeout(900)]

CONTRACTS = Path(__file__).parents[2] / "blueprints" / "managed-provider" / "stacks"
APPROVED = ("--approved-by", "Ada", "--reason", "release 42", "--outside-window")
CONTRACT = "customers/oakfurniture.yaml"
READ = fleet.ended


@pytest.fixture(scope="module")
def brought_up(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shared cell with a namespaced customer's production, staging and sandbox."""
    folder = tmp_path_factory.mktemp("standing") / "provider"
    shutil.copytree(CONTRACTS, folder / "stacks", ignore=shutil.ignore_patterns("__pycache__"))
    contract = folder / "stacks" / CONTRACT
    text = contract.read_text()
    assert "  staging: {}\n" in text
    contract.write_text(text.replace("  staging: {}\n", "  staging: {}\n  sandbox: {expires: 2099-12-31}\n"))
    (folder / "Pulumi.yaml").write_text("name: provider\nruntime: python\nmain: stacks\nstackConfigDir: stacks\n")
    bring_up(folder, "landing-zone", "cell.eu-a", "platform.eu-a", "tenant.oakfurniture.*")
    return folder


@pytest.fixture
def stacks(brought_up: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(fleet, "POLL_SECONDS", 0.1)
    folder = Path(shutil.copytree(brought_up, tmp_path / "provider"))
    enter(folder, monkeypatch)
    return folder / "stacks"


def state(stack: str) -> list[dict[str, Any]]:
    done = subprocess.run(["pulumi", "stack", "export", "--stack", stack], capture_output=True, text=True, check=True)
    found: list[dict[str, Any]] = json.loads(done.stdout)["deployment"]["resources"]
    return found


def jobs(stack: str) -> list[str]:
    return [
        one["inputs"]["metadata"]["name"]
        for one in state(stack)
        if one["type"] == "kubernetes:batch/v1:Job" and "::work-" in one["urn"]
    ]


def replicas(stack: str) -> set[int]:
    return {
        one["inputs"]["spec"].get("replicas", -1)
        for one in state(stack)
        if one["type"] == "kubernetes:apps/v1:Deployment"
    }


def gates(stack: str) -> list[str]:
    return [one["urn"] for one in state(stack) if one["urn"].endswith("::route-gate")]


def play(monkeypatch: pytest.MonkeyPatch, answer: Callable[[str], Ended]) -> list[str]:
    """The cluster, which says how each job ended; the names that it was asked about."""
    asked: list[str] = []

    def ended(resources: list[Any], name: str) -> Ended:
        asked.append(name)
        assert READ(resources, name).how == "well", "the engine has made it, and reads it back"
        return answer(name)

    monkeypatch.setattr(fleet, "ended", ended)
    return asked


def estate(*arguments: str) -> int:
    return main([*arguments])


def test_an_upgrade_closes_backs_up_upgrades_and_opens_again(stacks: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stack = "tenant.oakfurniture.production"
    seen: list[tuple[set[int], int]] = []

    def answer(name: str) -> Ended:
        seen.append((replicas(stack), len(gates(stack))))
        assert jobs(stack) == [name]
        return Ended(how="well")

    asked = play(monkeypatch, answer)
    assert estate("upgrade", "oakfurniture.production", "--modules", "all", "--yes", *APPROVED) == 0
    assert [name.split("-oakfurniture")[0] for name in asked] == ["back-up", "upgrade"]
    assert seen == [({0}, 1), ({0}, 1)], "nothing runs and nobody gets in meanwhile"
    assert jobs(stack) == [] and gates(stack) == [] and 0 not in replicas(stack)
    assert not (stacks / "jobs" / "oakfurniture.production.yaml").exists()
    (kept,) = (stacks / "evidence" / "changes").glob("*.json")
    assert json.loads(kept.read_text())["result"] == "done"


def test_an_upgrade_that_fails_goes_back_to_the_dump_and_the_image_from_before(
    stacks: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stack = "tenant.oakfurniture.production"
    before = fleet.running_image(state(stack))
    asked = play(monkeypatch, lambda name: Ended(how="badly" if name.startswith("upgrade-") else "well", why="exit 3"))
    new = before.partition("@")[0] + "@sha256:" + "c" * 64
    catalog = stacks / "catalog.yaml"
    known = yaml.safe_load(catalog.read_text()) if catalog.exists() else {}
    known.setdefault("versions", {}).setdefault("odoo", {}).setdefault("18.0", {})["image"] = new
    catalog.write_text(yaml.safe_dump(known))
    settings = stacks / "estate.yaml"
    if "catalog:" not in settings.read_text():
        settings.write_text(settings.read_text() + "catalog: catalog.yaml\n")
    assert estate("upgrade", "oakfurniture.production", "--modules", "sale", "--yes", *APPROVED) == 4
    assert [name.split("-oakfurniture")[0] for name in asked] == ["back-up", "upgrade", "restore"]
    assert fleet.running_image(state(stack)) == before and gates(stack) == [] and 0 not in replicas(stack)
    assert "serves what was there before" in capsys.readouterr().out
    assert estate("up", stack) == 0
    assert fleet.running_image(state(stack)) == before, "the old code stays with the old database"
    play(monkeypatch, lambda name: Ended(how="well"))
    assert estate("upgrade", "oakfurniture.production", "--modules", "sale", "--yes", *APPROVED) == 0
    assert fleet.running_image(state(stack)) == new


def test_a_copy_that_fails_stays_closed_until_it_is_given_up_or_repeated(
    stacks: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack, file = "tenant.oakfurniture.staging", stacks / "jobs" / "oakfurniture.staging.yaml"
    copy = ("copy", "oakfurniture.production", "oakfurniture.staging", "--yes", "--override", "storage")
    failed = play(monkeypatch, lambda name: Ended(how="badly" if name.startswith("finish-") else "well", why="exit 3"))
    assert estate(*copy) == 4
    assert [name.split("-oakfurniture")[0] for name in failed] == ["copy-restore", "neutralise", "finish", "drop"]
    assert replicas(stack) == {0} and len(gates(stack)) == 1
    given_up = play(monkeypatch, lambda name: Ended(how="well"))
    assert estate(*copy, "--abandon") == 0
    assert [name.split("-oakfurniture")[0] for name in given_up] == ["drop"]
    assert gates(stack) == [] and 0 not in replicas(stack) and not file.exists()
    again = play(monkeypatch, lambda name: Ended(how="well"))
    assert estate(*copy) == 0
    assert len(again) == 3 and not set(again) & set(failed), "a repeated step is a job of another name"
    assert gates(stack) == [] and 0 not in replicas(stack)
    kept = yaml.safe_load(file.read_text())
    assert (kept["phase"], kept["source"]) == ("copied", "oakfurniture.production")


def test_several_environments_are_initialised_with_one_command(stacks: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = play(monkeypatch, lambda name: Ended(how="well"))
    assert estate("initialise", "oakfurniture.staging", "oakfurniture.sandbox", "--yes") == 0
    assert len(asked) == 2
    assert jobs("tenant.oakfurniture.sandbox") == [] and gates("tenant.oakfurniture.sandbox") == []


def test_a_sandbox_whose_day_has_passed_is_taken_down_with_its_data_and_nothing_else_is(
    stacks: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert estate("expire") == 0
    assert "nothing has expired" in capsys.readouterr().out
    contract = stacks / CONTRACT
    contract.write_text(contract.read_text().replace("2099-12-31", "2026-01-31"))
    assert estate("expire") == 0
    assert "tenant.oakfurniture.sandbox: expired on 2026-01-31" in capsys.readouterr().out
    neighbours = state("tenant.oakfurniture.staging")
    assert estate("expire", "--yes") == 0
    listed = subprocess.run(["pulumi", "stack", "ls", "--json"], capture_output=True, text=True, check=True).stdout
    names = {one["name"].rsplit("/", 1)[-1] for one in json.loads(listed)}
    assert "tenant.oakfurniture.sandbox" not in names and "tenant.oakfurniture.staging" in names
    assert state("tenant.oakfurniture.staging") == neighbours
    assert estate("expire", "--yes") == 0, "again, and there is nothing left to do"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("upgrade", "oakfurniture.production"), "--modules"),
        (("upgrade", "oakfurniture.production", "--modules", "Sale!"), "no technical name"),
        (("upgrade", "oakfurniture.production", "--modules", "all", "--yes"), "--approved-by"),
        (("upgrade", "oakfurniture.live", "--modules", "all"), "oakfurniture.staging"),
        (("upgrade", "cornerhardware.production", "--modules", "all"), "shares its workers"),
        (("copy", "oakfurniture.production", "oakfurniture.production"), "never the target"),
        (("copy", "pharmalog.production", "oakfurniture.staging"), "not environments of one customer"),
        (("copy", "oakfurniture.staging", "oakfurniture.sandbox"), "only production is dumped"),
        (("copy", "oakfurniture.production", "oakfurniture.staging", "--yes", "--abandon"), "nothing to give up"),
        (("initialise", "nobody.production"), "not a tenant environment"),
    ],
)
def test_a_wrong_command_changes_nothing_and_says_what_to_do(
    stacks: Path, arguments: tuple[str, ...], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert estate(*arguments) == 2
    assert says in capsys.readouterr().err
    assert not (stacks / "jobs").exists()


def test_the_preview_shows_steps_minutes_and_what_happens_otherwise(
    stacks: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert estate("upgrade", "oakfurniture.production", "--modules", "all") == 0
    said = capsys.readouterr().out
    assert said.index("1. close") < said.index("2. back-up") < said.index("3. upgrade")
    assert "back to the dump and the image from before" in said and "nothing was touched" in said
    assert estate("copy", "oakfurniture.production", "oakfurniture.staging", "--json") == 0
    (preview,) = json.loads(capsys.readouterr().out)["previews"]
    assert [one["step"] for one in preview["steps"]] == ["copy-restore", "neutralise", "finish"]
    assert not (stacks / "jobs").exists()
