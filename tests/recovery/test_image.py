"""The image's own files: what they pin fits what is tested."""

import re
from pathlib import Path

from odoo_estate_recovery.programs import without_data

ROOT = Path(__file__).resolve().parents[2]
IMAGE = ROOT / "images" / "recovery"


def pinned(lock: Path) -> dict[str, str]:
    return dict(re.findall(r"^([A-Za-z0-9_.-]+)==(\S+)", lock.read_text(encoding="utf-8"), re.MULTILINE))


def test_the_image_installs_what_the_tests_ran_with() -> None:
    image, tests = pinned(IMAGE / "requirements.lock"), pinned(ROOT / "requirements.lock")
    assert {"aws-encryption-sdk", "boto3", "psycopg", "psycopg-binary", "redis"} <= image.keys()
    assert not {name: version for name, version in image.items() if tests.get(name) != version}


def test_every_package_of_the_image_has_hashes() -> None:
    text = (IMAGE / "requirements.lock").read_text(encoding="utf-8")
    assert all("--hash=sha256:" in entry for entry in re.split(r"\n(?=[A-Za-z])", text.strip()))


def test_the_image_is_pinned_and_runs_without_root() -> None:
    text = (IMAGE / "Dockerfile").read_text(encoding="utf-8")
    assert re.search(r"^ARG BASE=\S+@sha256:[0-9a-f]{64}$", text, re.MULTILINE)
    assert set(re.findall(r"^FROM (\S+)", text, re.MULTILINE)) == {"${BASE}"}
    assert "\nUSER 65532:65532\n" in text


def test_every_program_of_the_folder_is_in_the_image() -> None:
    text = (IMAGE / "Dockerfile").read_text(encoding="utf-8")
    programs = {folder.parent.name for folder in IMAGE.glob("*/__main__.py")}
    assert set(re.findall(r"^COPY (\w+) /app/\1$", text, re.MULTILINE)) == programs


def test_the_release_workflow_stores_no_secret() -> None:
    text = (ROOT / ".github" / "workflows" / "images.yaml").read_text(encoding="utf-8")
    assert "${{ secrets." not in text and "cosign sign" in text and "sbom" in text


def test_messages_with_values_are_cut() -> None:
    kept = without_data
    assert kept('CONTEXT:  COPY res_partner, line 1: "1 Jane"') is None
    assert kept("pg_restore: detail: Command was: INSERT …") is None
    assert kept(
        'pg_restore: error: could not execute query: ERROR:  invalid input syntax for type integer: "Jane"'
    ) == ("pg_restore: error: could not execute query: ERROR:  invalid input syntax for type integer: (a value)")
    named = 'pg_dump: error: connection to server at "db", port 5432 failed: FATAL:  database "acme" does not exist'
    assert kept(named) == named
