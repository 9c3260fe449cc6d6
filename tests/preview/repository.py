"""An estate in a real git repository, and what `estate preview --changed-since` says about it."""

import contextlib
import gc
import io
import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from odoo_estate.cli import main

ROOT = Path(__file__).parents[2]
ALONE = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
"""No settings of whoever runs the tests (signing, hooks, line ends)."""


@dataclass(frozen=True)
class Said:
    """What the command answered."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.out)
        return found

    @property
    def stacks(self) -> dict[str, dict[str, Any]]:
        return {one["name"]: one for one in self.document["changes"]}


@dataclass(frozen=True)
class Repository:
    """``estate`` is the estate's folder in it."""

    top: Path
    estate: Path

    def git(self, *arguments: str) -> str:
        return subprocess.run(
            ["git", "-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false", *arguments],
            cwd=self.top,
            env={**os.environ, **ALONE},
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()

    def commit(self) -> str:
        """Commits everything; gives the hash."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "state")
        return self.git("rev-parse", "HEAD")

    def edit(self, file: str, old: str, new: str) -> None:
        path = self.estate / file
        text = path.read_text(encoding="utf-8")
        assert old in text, f"{old!r} is not in {file}"
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    def since(self, reference: str, *options: str) -> Said:
        """The command's answer; in this process, because the SDK is loaded here already."""
        command = ["preview", "--changed-since", reference, "--processes", "1", *options, "--estate", str(self.estate)]
        out, err = io.StringIO(), io.StringIO()
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                code = main(command)
        finally:
            gc.enable()
        return Said(code, out.getvalue(), err.getvalue())


def repository(top: Path, *folders: str) -> Repository:
    """A new repository with the root estate, and ``folders`` of this one, committed."""
    top.mkdir(parents=True)
    shutil.copytree(ROOT / "stacks", top / "stacks", ignore=shutil.ignore_patterns("Pulumi.*.yaml", "__pycache__"))
    shutil.copy(ROOT / "Pulumi.yaml", top)
    (top / ".gitignore").write_text("__pycache__/\n", encoding="utf-8")
    for folder in folders:
        shutil.copytree(ROOT / folder, top / folder, ignore=shutil.ignore_patterns("__pycache__"))
    made = Repository(top, top / "stacks")
    made.git("init", "--quiet", "--initial-branch=main")
    made.commit()
    return made
