"""The command as a reader runs it."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from tests.faults.spoiling import Estate


@dataclass(frozen=True)
class Said:
    """What one command answered."""

    code: int
    out: str
    err: str


def estate(of: Estate, *arguments: str, variables: Mapping[str, str] | None = None) -> Said:
    """``estate ARGUMENTS`` in the estate's project."""
    done = subprocess.run(
        [sys.executable, "-m", "odoo_estate", *arguments],
        cwd=of.project,
        env={**os.environ, **(variables or {})},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    return Said(done.returncode, done.stdout, done.stderr)


def assert_refused(said: Said) -> None:
    """Exit code 2, the problem counted, nothing that looks like success, no traceback."""
    assert said.code == 2, f"{said.code}\n{said.out}\n{said.err}"
    assert said.out == ""
    assert "Traceback" not in said.err
    assert "nothing was touched" in said.err
