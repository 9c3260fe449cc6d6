"""Failover, fail-back and drill of a small estate under the real engine: the engine, providers' rules and files are real, AWS's answers are fake."""

import json
import shutil
import sqlite3
from argparse import Namespace
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.recovery.rehearsal import arguments, bring_up, enter

from odoo_estate.cli import main
from odoo_estate.commands import _procedure
from odoo_estate.decide.procedure import Check
from odoo_estate.errors import OperationFailed
from odoo_estate.fleet.observation import Observation
from odoo_estate.fleet.procedure import Stopped

pytestmark = [pytest.mark.engine, pytest.mark.timeout(600)]

CONTRACTS = Path(__file__).parents[2] / "blueprints" / "white-label-partner" / "stacks"
INSTANCE = "aws:rds/instance:Instance"
APPROVED = {"approved_by": "Ada", "reason": "eu-central-1 is lost"}


def fake_answers(check: Check) -> Observation:
    """A fake AWS that always gives the wanted answer."""
    value = {"lag": 3.0}.get(check.question)
    return Observation(holds=True, found=f"{check.question} {check.subject}: as wanted", value=value)


class Estate:
    """A partner's estate with a warm standby, in a sandbox of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.stacks = folder / "stacks"

    def arguments(self, **options: Any) -> Namespace:
        return arguments(self.stacks, "main", **options)

    def instances(self) -> dict[str, dict[str, Any]]:
        """Identifier to id, region and inputs of every database instance in the rehearsed cloud."""
        cloud = sqlite3.connect(f"file:{self.folder / '.estate/sandbox/cloud.sqlite'}?mode=ro", uri=True)
        cloud.row_factory = sqlite3.Row
        rows = cloud.execute("SELECT * FROM record WHERE token = ?", (INSTANCE,)).fetchall()
        cloud.close()
        found = {}
        for row in rows:
            inputs = json.loads(row["inputs"])
            found[str(inputs["identifier"])] = {**inputs, "id": row["id"], "scope": row["scope"]}
        return found


def data_only(real: Callable[..., str]) -> Callable[..., str]:
    """`Operations.run` without platform and tenants, which this small estate does not bring up: they have a rehearsal of their own
    (`test_elsewhere`)."""

    def run(self: Any, act: Any, points: Any, *, resumed: bool) -> str:
        stacks = tuple(one for one in act.stacks if not one.startswith(("platform.", "tenant.")))
        return real(self, replace(act, stacks=stacks), points, resumed=resumed) if stacks else ""

    return run


def partner(folder: Path, dr_class: str) -> Path:
    """Landing zone, cell and recovery region of the partner's estate, with that DR class."""
    shutil.copytree(CONTRACTS, folder / "stacks", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "stacks" / "customers" / "winebroker.yaml").unlink()  # its own buckets would need its own stack
    estate = folder / "stacks" / "estate.yaml"
    raised = "    eu-central-1: {on-demand-vcpus: 128}\n"
    text = estate.read_text()
    assert raised in text
    text = text.replace(raised, raised + raised.replace("eu-central-1", "eu-west-1"))
    estate.write_text(text.replace("dr_class: backup-copy", f"dr_class: {dr_class}"))
    (folder / "Pulumi.yaml").write_text("name: partner\nruntime: python\nmain: stacks\nstackConfigDir: stacks\n")
    bring_up(folder, "landing-zone", "cell.main", "dr.main")
    return folder


@pytest.fixture(scope="module")
def brought_up(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return partner(tmp_path_factory.mktemp("standing") / "partner", "warm-standby")


def at(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Estate:
    """The estate with this process in its sandbox."""
    enter(folder, monkeypatch)
    return Estate(folder)


@pytest.fixture
def estate(brought_up: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Estate]:
    yield at(Path(shutil.copytree(brought_up, tmp_path / "partner")), monkeypatch)


def test_the_preview_names_what_is_final_first_and_promotes_in_place(
    estate: Estate, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["failover", "main", "--estate", str(estate.stacks)]) == 0
    said = capsys.readouterr().out
    assert said.index("CANNOT BE UNDONE") < said.index("Lost:") < said.index("Steps:")
    assert "dr.main (promoted): update Instance database-main" in said
    assert "replicateSourceDb" in said
    assert "replace" not in said.split("Steps:", maxsplit=1)[0]
    assert not (estate.stacks / "recovery").exists()


def test_a_failover_needs_an_approval(estate: Estate, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["failover", "main", "--yes", "--estate", str(estate.stacks)]) == 2
    assert "--approved-by WHO" in capsys.readouterr().err


def test_a_cell_fails_over_comes_home_and_is_followed_again(estate: Estate, capsys: pytest.CaptureFixture[str]) -> None:
    before = estate.instances()
    home, away = "brandpartner-main-main", "brandpartner-main-main-dr"
    assert before[away]["replicateSourceDb"].endswith(home)

    # Cut off after the engine has promoted the standby and before the journal knows.
    real = _procedure.Operations.run

    def cut_off(self: Any, act: Any, points: Any, *, resumed: bool) -> str:
        real(self, act, points, resumed=resumed)
        raise OperationFailed("cut off")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_procedure.Operations, "run", cut_off)
        with pytest.raises(OperationFailed):
            _procedure.run(estate.arguments(**APPROVED), "failover", observe=fake_answers)
    assert (estate.stacks / "recovery" / "main.yaml").read_text().count('state: "promoted"') == 1

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_procedure.Operations, "run", data_only(real))
        assert _procedure.run(estate.arguments(), "failover", observe=fake_answers) == 0
    after = estate.instances()
    assert after[away]["id"] == before[away]["id"], "promoted in place"
    assert not after[away].get("replicateSourceDb")
    assert after[away]["multiAz"] and after[away]["backupRetentionPeriod"] == before[away]["backupRetentionPeriod"] > 0
    assert after[home] == before[home], "the lost region is left alone"
    assert main(["check", "--estate", str(estate.stacks)]) == 0

    # A second failover has nothing to begin with.
    assert (
        main(["failover", "main", "--yes", "--approved-by", "Ada", "--reason", "again", "--estate", str(estate.stacks)])
        == 2
    )
    capsys.readouterr()
    assert main(["failback", "main", "--estate", str(estate.stacks)]) == 0
    plan = capsys.readouterr().out
    assert "cell.main (failing-back): add Instance database-main-2" in plan
    assert "cell.main (returned): update Instance database-main-2" in plan
    assert "cell.main (standby): destroy Instance database-main" in plan

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_procedure.Operations, "run", data_only(real))
        with pytest.raises(Stopped, match="--confirm drop"):
            _procedure.run(estate.arguments(**APPROVED), "failback", observe=fake_answers)
        homeward = estate.instances()
        second = f"{home}-g2"
        assert not homeward[second].get("replicateSourceDb") and homeward[second]["deletionProtection"]
        assert not homeward[home]["deletionProtection"] and homeward[home]["finalSnapshotIdentifier"]
        assert homeward[f"{away}-g2"]["replicateSourceDb"].endswith(second)
        assert _procedure.run(estate.arguments(confirm=["drop"]), "failback", observe=fake_answers) == 0
    at_last = estate.instances()
    assert set(at_last) == {second, f"{away}-g2"}


def test_a_drill_leaves_evidence_and_nothing_else(estate: Estate, capsys: pytest.CaptureFixture[str]) -> None:
    before = estate.instances()
    assert _procedure.run(estate.arguments(), "drill", observe=fake_answers) == 0
    assert estate.instances() == before
    (file,) = (estate.stacks / "evidence" / "drills").iterdir()
    assert main(["drill", "main", "--abandon", "--estate", str(estate.stacks)]) == 2, "there is none under way any more"
    evidence = json.loads(file.read_text())
    assert (evidence["cell"], evidence["result"], evidence["dr_class"]) == ("main", "passed", "warm-standby")
    assert evidence["lag_seconds"] == 3
    capsys.readouterr()
    assert main(["explain", "main", "--estate", str(estate.stacks)]) == 0
    assert "due by" in capsys.readouterr().out
    file.write_text(file.read_text().replace('"lag_seconds": 3.0', '"lag_seconds": 0.0'))
    assert main(["check", "--estate", str(estate.stacks)]) == 2
    assert "was changed after the drill wrote it" in capsys.readouterr().err


def test_an_abandoned_drill_leaves_nothing_and_counts_as_failed(estate: Estate) -> None:
    before = estate.instances()

    def never(check: Check) -> Observation:
        return Observation(holds=False, found="not there yet")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("odoo_estate.fleet.procedure.Runner._await", _stop)
        with pytest.raises(Stopped):
            _procedure.run(estate.arguments(), "drill", observe=never)
    assert set(estate.instances()) - set(before) == {"brandpartner-main-main-drill"}
    assert main(["drill", "main", "--abandon", "--estate", str(estate.stacks)]) == 0
    assert estate.instances() == before
    (file,) = (estate.stacks / "evidence" / "drills").iterdir()
    assert json.loads(file.read_text())["result"] == "failed"
    assert main(["check", "--estate", str(estate.stacks)]) == 0


def _stop(*_: Any) -> None:
    raise Stopped("the copy does not come up")


def test_a_pilot_light_is_drilled_beside_its_replicated_backups_and_restored_from_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    estate = at(partner(tmp_path / "partner", "pilot-light"), monkeypatch)
    before = estate.instances()
    assert set(before) == {"brandpartner-main-main"}
    assert _procedure.run(estate.arguments(), "drill", observe=fake_answers) == 0
    assert estate.instances() == before
    real = _procedure.Operations.run
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_procedure.Operations, "run", data_only(real))
        assert _procedure.run(estate.arguments(**APPROVED), "failover", observe=fake_answers) == 0
    restored = estate.instances()["brandpartner-main-main-dr"]
    assert "auto-backup" in restored["restoreToPointInTime"]["sourceDbInstanceAutomatedBackupsArn"]
    assert main(["up", "dr.main", "--estate", str(estate.stacks)]) == 0
    assert estate.instances()["brandpartner-main-main-dr"] == restored, "a second update changes nothing"
