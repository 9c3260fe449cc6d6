"""A blueprint as a partner has it: copied out of this repository, with the library installed in its ``.venv``."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from sandbox import environment as sandbox_environment

ROOT = Path(__file__).resolve().parents[2]
BLUEPRINTS = ROOT / "blueprints"
NAMES = ("managed-provider", "white-label-partner")


def copied(name: str, folder: Path) -> Path:
    """`cp -r` of what is kept in the repository, and a virtual environment that has the library."""
    project = shutil.copytree(
        BLUEPRINTS / name, folder / name, ignore=shutil.ignore_patterns(".venv", ".estate", "__pycache__")
    )
    return furnished(project)


def furnished(project: Path) -> Path:
    """Gives a project the `.venv` that its `Pulumi.yaml` names: the one that runs the tests."""
    (project / ".venv").symlink_to(sys.prefix)
    return project


def _library() -> dict[str, str]:
    """Where the library is, when it is not installed."""
    try:
        distribution("odoo-estate")
    except PackageNotFoundError:
        return {"PYTHONPATH": os.pathsep.join((str(ROOT / "components"), str(ROOT / "policies")))}
    return {}


def run(
    project: Path, *command: str, variables: Mapping[str, str] | None = None, seconds: int = 540
) -> subprocess.CompletedProcess[str]:
    """One command in the project's folder, as in a shell of the partner's."""
    inherited = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    return subprocess.run(
        command,
        cwd=project,
        env={**inherited, **_library(), **(variables or {})},
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )


def estate(
    project: Path, *arguments: str, variables: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """`estate …` in the project's folder."""
    return run(project, sys.executable, "-m", "odoo_estate", *arguments, variables=variables)


class Rehearsal:
    """A project in a sandbox of its own."""

    def __init__(self, project: Path) -> None:
        self.project = project
        self.variables = {
            **sandbox_environment.environment(project),
            **sandbox_environment.UNDISTURBED,
            "ODOO_ESTATE_PYTHON": sys.executable,
        }

    def estate(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return estate(self.project, *arguments, variables=self.variables)

    def verdicts(self, *arguments: str) -> dict[str, str]:
        """Every stack's verdict of an operation that must succeed."""
        done = self.estate(*arguments, "--json")
        assert done.returncode == 0, done.stdout + done.stderr
        return {one["stack"]: one["verdict"] for one in json.loads(done.stdout)["stacks"]}

    def pulumi(self, *arguments: str) -> str:
        done = run(self.project, "pulumi", *arguments, "--non-interactive", variables=self.variables)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def stacks(self) -> list[str]:
        return [str(one["name"]) for one in json.loads(self.pulumi("stack", "ls", "--json"))]

    def left_in_the_cloud(self) -> int:
        """What the sandbox's cloud still holds."""
        with sqlite3.connect(f"file:{self.project}/.estate/sandbox/cloud.sqlite?mode=ro", uri=True) as cloud:
            return int(cloud.execute("SELECT count(*) FROM record").fetchone()[0])


SECRET = "1b47061264138c4ac30d75fd1eb44270"
"""The engine's own signature of a secret in a state file (pulumi, sdk/go/common/resource/sig)."""


def secrets_of(value: Any) -> Iterator[str]:
    """Every text that an export with ``--show-secrets`` marks as secret."""
    if isinstance(value, dict) and SECRET in value.values():
        found = json.loads(value["plaintext"])
        if isinstance(found, str):
            yield found
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from secrets_of(one)
