"""What the README shows is what the program prints today."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BLOCKS = re.findall(r"^```text\n(.*?)^```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


def block(start: str) -> str:
    (found,) = [text for text in BLOCKS if text.startswith(start)]
    return found


def estate(*arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "odoo_estate", *arguments], cwd=cwd, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    ("start", "subject"), [("tenant.iberica.production", "iberica"), ("eu-1: shared", "eu-1")], ids=["customer", "cell"]
)
def test_an_explanation_in_the_readme_is_printed_as_shown(start: str, subject: str) -> None:
    assert block(start) in estate("explain", subject).stdout


def test_the_mistake_in_the_readme_is_answered_as_shown(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "stacks", tmp_path / "stacks")
    contract = tmp_path / "stacks" / "customers" / "medsupply.yaml"
    contract.write_text(contract.read_text(encoding="utf-8").replace("long-10y", "platinum"), encoding="utf-8")
    done = estate("check", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert block("stacks/customers/medsupply.yaml") in done.stderr


def test_a_new_customer_takes_the_commands_of_the_readme(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "stacks", tmp_path / "stacks")
    shutil.copy(ROOT / "Pulumi.yaml", tmp_path)
    for arguments in (
        ("new", "customer", "acme"),
        ("check",),
        ("explain", "acme"),
        ("preview", "tenant.acme.production"),
    ):
        done = estate(*arguments, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert f".venv/bin/estate {' '.join(arguments)}" in (ROOT / "README.md").read_text(encoding="utf-8")
