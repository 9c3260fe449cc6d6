"""An estate in a sandbox of its own, which this process is in."""

import subprocess
import sys
from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest

from sandbox import environment as sandbox_environment


def enter(folder: Path, patch: pytest.MonkeyPatch) -> None:
    """Into the project's sandbox, and its folder."""
    patch.delenv("ODOO_ESTATE_SANDBOX", raising=False)
    for name, value in (sandbox_environment.environment(folder) | sandbox_environment.UNDISTURBED).items():
        patch.setenv(name, value)
    patch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    patch.chdir(folder)


def up(*stacks: str) -> str:
    """Brings stacks of the estate up that this process is in, in a process of its own; what it said."""
    command = [sys.executable, "-m", "odoo_estate", "up", *stacks]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stderr


def bring_up(folder: Path, *stacks: str) -> None:
    """The same for a project that nobody is in yet."""
    with pytest.MonkeyPatch.context() as patch:
        enter(folder, patch)
        up(*stacks)


def arguments(estate: Path, cell: str, **options: Any) -> Namespace:
    """What the command line makes of `estate failover CELL --yes`, with these options."""
    given: dict[str, Any] = {
        "estate": str(estate), "cell": cell, "yes": True, "measure": False, "markdown": False, "approved_by": "",
        "reason": "", "confirm": [], "override": [], "parallel": 2, "json": False,
    }  # fmt: skip
    return Namespace(**{**given, **options})
