"""The estate as it was at a commit, and what would change from there to the working tree."""

import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from odoo_estate.errors import BadInput, OperationFailed, Problem

CODE = ("components", "policies")
"""Folders that hold the library where the estate lives in the library's own repository."""
CATALOG = Path("components/odoo_estate/catalog/default.yaml")
"""Where the library keeps the catalog that it ships with."""


@dataclass(frozen=True)
class Commit:
    """A commit of the repository that an estate lies in. ``estate`` is the estate's path from the repository's top."""

    repository: Path
    hash: str
    estate: Path

    @property
    def code_changed(self) -> bool:
        """True when the library itself differs between the commit and the working tree, tracked or not yet."""
        paths = [folder for folder in CODE if (self.repository / folder).is_dir()]
        if not paths:
            return False
        if subprocess.run(
            ["git", "diff", "--quiet", self.hash, "--", *paths], cwd=self.repository, check=False
        ).returncode:
            return True
        return bool(_git(self.repository, "ls-files", "--others", "--exclude-standard", "--", *paths).strip())

    @contextmanager
    def checkout(self) -> Iterator[Path]:
        """The commit's estate (and library, where it has one) in a temporary folder; gives that folder.

        Raises:
            BadInput: something in it is a link that leads out of the repository.
        """
        with tempfile.TemporaryDirectory(prefix="estate-") as folder:
            tree = _git(self.repository, "ls-tree", "--name-only", "-z", self.hash, "--", str(self.estate), *CODE)
            paths = [path for path in tree.split("\0") if path]
            for extra in ("Pulumi.yaml",):
                if _git(self.repository, "ls-tree", "--name-only", self.hash, "--", extra).strip():
                    paths.append(extra)
            if paths:
                archive = subprocess.run(
                    ["git", "archive", "--format=tar", self.hash, "--", *paths],
                    cwd=self.repository,
                    check=True,
                    capture_output=True,
                ).stdout
                try:
                    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
                        tar.extractall(folder, filter="data")
                except tarfile.FilterError as error:
                    remedy = "commit the file itself instead of the link"
                    raise BadInput([Problem(str(error), "--changed-since", remedy=remedy)]) from error
            yield Path(folder)


def find_commit(estate: Path, reference: str) -> Commit:
    """Resolves ``reference`` in the repository that holds ``estate``; bad input when there is none."""
    if shutil.which("git") is None:
        raise BadInput([Problem("git is not installed", "--changed-since", remedy="install git")])
    top = subprocess.run(
        ["git", "rev-parse", "--show-toplevel"], cwd=estate, check=False, capture_output=True, text=True
    )
    if top.returncode:
        raise BadInput(
            [
                Problem(
                    f"{estate} does not lie in a git repository: {(top.stderr.strip().splitlines() or ['git failed'])[-1]}",
                    "--changed-since",
                    value=reference,
                    remedy="run in a clone, or preview without --changed-since",
                )
            ]
        )
    repository = Path(top.stdout.strip())
    resolved = subprocess.run(
        ["git", "rev-parse", "--verify", "--quiet", "--end-of-options", f"{reference}^{{commit}}"],
        cwd=repository,
        check=False,
        capture_output=True,
        text=True,
    )
    if resolved.returncode:
        raise BadInput(
            [
                Problem(
                    f'"{reference}" names no commit here',
                    "--changed-since",
                    value=reference,
                    remedy="fetch it first (a shallow clone lacks older commits), or name another",
                )
            ]
        )
    return Commit(repository, resolved.stdout.strip(), estate.resolve().relative_to(repository.resolve()))


def previews_by_old_code(commit: Commit, checkout: Path) -> Mapping[str, Mapping[str, Any]]:
    """The commit's previews as its own library made them: stack name to its JSON. Raises when that library cannot."""
    search = os.pathsep.join(str(checkout / folder) for folder in CODE)
    done = subprocess.run(
        [sys.executable, "-m", "odoo_estate", "preview", "--all", "--json", "--estate", str(checkout / commit.estate)],
        env={**os.environ, "PYTHONPATH": search, "PYTHONSAFEPATH": "1"},
        cwd=checkout,
        check=False,
        capture_output=True,
        text=True,
    )
    try:
        document = json.loads(done.stdout)
        return {stack["name"]: stack for stack in document["stacks"]}
    except (ValueError, KeyError, TypeError) as error:
        said = (done.stderr.strip().splitlines() or ["nothing"])[-1]
        raise OperationFailed(f"the library at {commit.hash[:12]} cannot preview its own estate: {said}") from error


def _git(repository: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=repository, check=True, capture_output=True, text=True).stdout
