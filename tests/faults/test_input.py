"""Bad input is told at its line, with value, what is accepted and what to do, by every command alike; nothing is built."""

import json
from pathlib import Path

import pytest
from tests.faults.command import assert_refused, estate
from tests.faults.spoiling import Fault, copied
from tests.faults.table import FAULTS

NOWHERE = {"PULUMI_BACKEND_URL": "file:///nonexistent"}
"""`up` must not even come to ask for its state."""


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_it_is_told_where_it_stands_and_what_to_do(fault: Fault, tmp_path: Path) -> None:
    spoiled = copied(tmp_path / "project")
    fault.spoil(spoiled)
    before = {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    said = estate(spoiled, "check")
    assert_refused(said)
    fault.assert_said(said.err)
    assert len(said.err) < 20_000, "a reader cannot use more"
    assert {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()} == before


FIRSTS = tuple({fault.number: fault for fault in FAULTS}.values())
"""One fault of each number: they all fail in the same place, so the other commands need no more."""


@pytest.mark.parametrize("fault", FIRSTS, ids=str)
def test_preview_and_up_refuse_it_in_the_same_words(fault: Fault, tmp_path: Path) -> None:
    spoiled = copied(tmp_path / "project")
    fault.spoil(spoiled)
    checked = estate(spoiled, "check")
    for arguments in (("preview", "--all"), ("up", "--all")):
        said = estate(spoiled, *arguments, variables=NOWHERE)
        assert_refused(said)
        assert said.err == checked.err, arguments


def test_programs_read_the_same_as_json(tmp_path: Path) -> None:
    spoiled = copied(tmp_path / "project")
    fault = next(one for one in FAULTS if one.number == 6)
    fault.spoil(spoiled)
    said = estate(spoiled, "preview", "--all", "--json")
    assert said.code == 2
    (problem,) = json.loads(said.out)["problems"]
    assert problem["field"] == "cells.eu-1.recovery.region"
    assert (problem["value"], problem["allowed"]) == ("eu-central-1", ["eu-west-1"])
    assert problem["line"] > 1 and problem["remedy"]


def test_ids_that_differ_only_beyond_every_limit_get_names_of_their_own(tmp_path: Path) -> None:
    """Fault 2: 32 characters, the same 31 before; names of 40 (ElastiCache) to 63 characters (S3, RDS) are cut."""
    grown = copied(tmp_path / "project")
    for last in "ab":
        name = f"{'x' * 31}{last}"
        grown.copy("nordfood", name)
        file = f"customers/{name}.yaml"
        grown.replace(file, "customer: nordfood", f"customer: {name}")
        for _ in ("domains", "proven_domains"):
            grown.replace(file, "erp.nordfood.example, edi.nordfood.example", f"erp-{last}.nordfood.example")
    for _ in ("home", "recovery"):
        grown.replace("estate.yaml", "on-demand-vcpus: 320", "on-demand-vcpus: 640")
    said = estate(grown, "check")
    assert said.code == 0, said.err


def test_every_fault_of_the_list_has_a_case() -> None:
    beside = {10, 11}  # differences between two plans: test_changes.py
    assert {fault.number for fault in FAULTS} | beside == {*range(1, 13), 14, 25}
