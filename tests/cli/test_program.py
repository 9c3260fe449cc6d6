"""What a stack's Pulumi program says when its input is bad."""

import shutil
from pathlib import Path

import pulumi
import pytest

from odoo_estate.program import DIRECTORY, run

STACKS = Path(__file__).parents[2] / "stacks"


def test_bad_input_ends_the_program_with_its_line_and_without_a_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    estate = Path(shutil.copytree(STACKS, tmp_path / "stacks"))
    (estate / "customers/lumen.yaml").write_text("customer: lumen\n", encoding="utf-8")
    monkeypatch.delenv(DIRECTORY, raising=False)
    with pytest.raises(pulumi.RunError, match=r"customers/lumen\.yaml:1: workload: the field is missing"):
        run(estate)


def test_the_command_can_point_the_program_to_another_estate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(DIRECTORY, str(tmp_path / "elsewhere"))
    with pytest.raises(pulumi.RunError, match=r"elsewhere.*there is no such directory"):
        run(STACKS)
