"""``recovery/CELL.yaml`` and ``evidence/drills/``: strict, with file and line; what contradicts the estate is refused."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from odoo_estate.errors import BadInput
from odoo_estate.spec.drills import checksum
from odoo_estate.spec.loader import load

ROOT = Path(__file__).parents[2] / "stacks"
PROMOTED: dict[str, Any] = {
    "cell": "med-1",
    "state": "promoted",
    "active_region": "eu-west-1",
    "since": "2026-11-24T20:00:00Z",
    "approved_by": "Ada",
    "reason": "eu-central-1 is lost",
}


@pytest.fixture
def estate(tmp_path: Path) -> Path:
    return Path(shutil.copytree(ROOT, tmp_path / "stacks", ignore=shutil.ignore_patterns("Pulumi.*", "__pycache__")))


def recovery(estate: Path, name: str = "med-1", **fields: Any) -> Path:
    file = estate / "recovery" / f"{name}.yaml"
    file.parent.mkdir(exist_ok=True)
    values = {**PROMOTED, **fields}
    file.write_text("".join(f"{key}: {json.dumps(value)}\n" for key, value in values.items() if value is not None))
    return file


def refusal(estate: Path) -> str:
    with pytest.raises(BadInput) as caught:
        load(estate)
    return str(caught.value)


def test_no_file_means_that_nothing_ever_moved(estate: Path) -> None:
    assert load(estate).recoveries == {}


def test_a_promoted_cell_is_read(estate: Path) -> None:
    recovery(estate)
    assert load(estate).recoveries["med-1"].generation == 1


@pytest.mark.parametrize(
    ("fields", "line", "words"),
    [
        ({"state": "lost"}, 2, "standby"),
        ({"active_region": "eu-central-1"}, 3, "is not the active region of a cell that is promoted"),
        ({"since": "yesterday"}, 4, "a moment in UTC"),
        ({"approved_by": None}, 1, "approved_by"),
        ({"generation": 0}, 7, "generation"),
        ({"recovery_points": {"man": "arn"}}, 7, "main"),
        ({"forced": True}, 7, "forced"),
    ],
)
def test_a_mistake_is_answered_with_file_and_line(estate: Path, fields: dict[str, Any], line: int, words: str) -> None:
    file = recovery(estate, **fields)
    said = refusal(estate)
    assert f"{file}:{line}" in said
    assert words in said


def test_a_file_speaks_for_the_cell_that_it_is_named_after(estate: Path) -> None:
    recovery(estate, "eu-1")
    assert '"med-1" is not the name of its file' in refusal(estate)


def test_a_file_that_would_not_be_read_is_named_with_what_its_directory_takes(estate: Path) -> None:
    recovery(estate).rename(estate / "recovery" / "med-1.yml")
    (estate / "jobs").mkdir()
    (estate / "jobs" / "medsupply.production.yml").touch()
    said = refusal(estate)
    assert '"med-1.yml" would not be read' in said
    assert "documents CELL.yaml" in said
    assert "documents TENANT.yaml" in said
    assert "CUSTOMER" not in said


def test_a_cell_that_does_not_exist_or_has_no_recovery_cannot_have_moved(estate: Path) -> None:
    recovery(estate, "med-2", cell="med-2")
    assert "is not a cell of this estate" in refusal(estate)


def test_where_only_copies_are_kept_the_recovery_point_is_named(estate: Path) -> None:
    file = estate / "estate.yaml"
    file.write_text(file.read_text().replace("dr_class: pilot-light", "dr_class: backup-copy"))
    customers = estate / "customers"
    recovery(estate, "eu-1", cell="eu-1")
    assert "none is named for the database main" in refusal(estate)
    assert customers.is_dir()


def drill(estate: Path, **fields: Any) -> Path:
    document: dict[str, Any] = {
        "schema": 1,
        "cell": "med-1",
        "region": "eu-west-1",
        "dr_class": "warm-standby",
        "started_at": "2026-11-20T08:00:00Z",
        "finished_at": "2026-11-20T09:30:00Z",
        "result": "passed",
        "database_gib": 40,
        "restore_minutes": 62,
        "promote_minutes": 6.2,
        "lag_seconds": None,
        "steps": [{"step": "copy", "seconds": 3720, "found": ""}],
        **fields,
    }
    document["sha256"] = checksum(document)
    file = estate / "evidence" / "drills" / f"med-1-{document['started_at'].replace(':', '').replace('-', '')}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(document))
    return file


def test_the_newest_drill_that_passed_counts(estate: Path) -> None:
    drill(estate, promote_minutes=9.0)
    drill(estate, started_at="2026-11-22T08:00:00Z", finished_at="2026-11-22T09:00:00Z", promote_minutes=5.0)
    drill(estate, started_at="2026-11-23T08:00:00Z", finished_at="2026-11-23T09:00:00Z", result="failed")
    assert load(estate).drills["med-1"].promote_minutes == 5.0


def test_evidence_that_was_touched_up_or_cut_short_is_refused(estate: Path) -> None:
    file = drill(estate)
    whole = file.read_text()
    file.write_text(whole.replace("62", "2"))
    assert "was changed after the drill wrote it" in refusal(estate)
    file.write_text(whole[:100])
    assert "cannot be read" in refusal(estate)
    file.write_text(whole.replace('"med-1"', '"MED"'))
    assert "cell" in refusal(estate)
