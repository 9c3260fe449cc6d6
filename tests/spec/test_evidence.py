"""Evidence counts only as it was written: whole, unchanged, about the tenant that its name says."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.spec.evidence_documents import canonical, document, sealed

from odoo_estate.errors import Problem
from odoo_estate.spec.evidence import MAX_BYTES, Unusable, read_evidence, read_folder


def test_a_document_is_read_with_its_times_in_utc() -> None:
    found = read_evidence(sealed(verified_at="2026-11-21T05:00:00+01:00"))
    assert found.verified_at == datetime(2026, 11, 21, 4, tzinfo=UTC)
    assert (found.tenant, found.passed, found.failed_checks) == ("balticpaper.production", True, ())


def test_a_failed_verification_without_a_dump_is_evidence_too() -> None:
    failed = [{"name": "a dump exists", "passed": False, "expected": "one", "found": None}]
    found = read_evidence(
        sealed(result="failed", checks=failed, dump="", dump_taken_at="", restore_seconds=0, verify_seconds=0)
    )
    assert (found.passed, found.dump_taken_at, found.failed_checks) == (False, None, ("a dump exists",))


def test_line_ends_and_blanks_do_not_break_a_checksum_over_canonical_json() -> None:
    import json

    pretty = json.dumps(json.loads(sealed()), indent=2).encode() + b"\n"
    assert read_evidence(pretty) == read_evidence(sealed())


BAD: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "no JSON"),
    "cut off": (sealed()[:-30], "no JSON"),
    "a changed result": (sealed(result="failed").replace(b'"failed"', b'"passed"'), "checksum"),
    "no checksum": (canonical(document()), "checksum"),
    "a list": (b"[]", "no JSON object"),
    "a key twice": (sealed().replace(b'"schema":1', b'"schema":1,"schema":1'), "twice"),
    "not a number": (sealed().replace(b"600.0", b"NaN"), "no JSON number"),
    "too large": (b" " * (MAX_BYTES + 1), "more than"),
    "too deep": (b"[" * 100_000, "no JSON"),
    "another schema": (sealed(schema=2), "schema"),
    "an unknown field": (sealed(more=1), "more"),
    "a number as text": (sealed(database_bytes="1"), "database_bytes"),
    "a flag as number": (sealed(database_bytes=True), "database_bytes"),
    "a negative time": (sealed(restore_seconds=-1.0), "restore_seconds"),
    "a time without zone": (sealed(verified_at="2026-11-21T04:00:00"), "time zone"),
    "no time": (sealed(verified_at=""), "no moment"),
    "not UTF-8": (b"\xff\xfe", "no JSON"),
    "a lone surrogate": (b'{"tenant":"\\ud800","sha256":"x"}', "UTF-8"),
}


@pytest.mark.parametrize("what", BAD)
def test_what_may_have_been_touched_is_no_evidence(what: str) -> None:
    content, reason = BAD[what]
    with pytest.raises(Unusable, match=reason):
        read_evidence(content)


def read(folder: Path) -> tuple[dict[str, Any], list[Problem]]:
    problems: list[Problem] = []
    return read_folder(folder, problems), problems


def put(folder: Path, name: str, content: bytes) -> Path:
    (folder / "evidence").mkdir(exist_ok=True)
    file = folder / "evidence" / name
    file.write_bytes(content)
    return file


def test_an_estate_without_evidence_has_none(tmp_path: Path) -> None:
    assert read(tmp_path) == ({}, [])


def test_evidence_is_found_by_tenant_and_other_things_in_the_folder_are_left_alone(tmp_path: Path) -> None:
    put(tmp_path, "balticpaper.production.json", sealed())
    put(tmp_path, "README.md", b"kept in git")
    put(tmp_path, ".balticpaper.production.json.77.new", b"a draft that a kill left")
    (tmp_path / "evidence" / "drills").mkdir()
    found, problems = read(tmp_path)
    assert (list(found), problems) == (["balticpaper.production"], [])


@pytest.mark.parametrize("name", ["iberica.production.json", "notes.json", "Balticpaper.production.json"])
def test_a_file_under_a_foreign_name_is_refused_with_file_and_what_to_do(tmp_path: Path, name: str) -> None:
    file = put(tmp_path, name, sealed())
    found, (problem,) = read(tmp_path)
    assert found == {}
    assert (problem.file, problem.line) == (str(file), 1)
    assert "estate evidence --collect" in problem.remedy


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / "evidence").mkdir()
    os.mkfifo(tmp_path / "evidence" / "balticpaper.production.json")
    _, (problem,) = read(tmp_path)
    assert "is not a file" in problem.message
