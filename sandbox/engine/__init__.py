"""Finds the Pulumi command line tool: an installed one, else one built from the `go.mod` beside this file and kept for good."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from sandbox.go_build import GoBuild, Unavailable, cache, say

__all__ = ["OLDEST", "Unavailable", "ensure_engine", "installed"]

OLDEST = (3, 250, 0)
"""The oldest installed version that is used; the language host is tried against this one's protocol and later."""

_HERE = Path(__file__).resolve().parent


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


def _build() -> GoBuild:
    version = re.search(r"github\.com/pulumi/pulumi/pkg/v3 (v[\d.]+)", (_HERE / "go.mod").read_text(encoding="utf-8"))
    if version is None:
        raise Unavailable(f"{_HERE / 'go.mod'} does not require the engine")
    return GoBuild(
        name="engine",
        folder=_HERE,
        packages={"pulumi": "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"},
        minutes="three minutes",
        otherwise=f"install Pulumi {_dotted(OLDEST)} or later and put it on PATH (https://www.pulumi.com/docs/install/)",
        link=f"-X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version={version[1]}",
    )


def _version(executable: Path) -> tuple[int, ...] | None:
    environment = {**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "1"}
    try:
        run = subprocess.run(
            [executable, "version"], capture_output=True, text=True, timeout=60, env=environment, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = re.match(r"v?(\d+)\.(\d+)\.(\d+)", run.stdout.strip())
    return tuple(int(part) for part in match.groups()) if match else None


def installed() -> Path | None:
    """A `pulumi` on PATH that is new enough and not one of ours."""
    ours = str(cache("engine"))
    path = os.pathsep.join(p for p in os.environ.get("PATH", "").split(os.pathsep) if p and not p.startswith(ours))
    found = shutil.which("pulumi", path=path)
    if found is None:
        return None
    version = _version(Path(found))
    if version is None:
        say(f"{found} does not tell its version; building an engine instead")
        return None
    if version < OLDEST:
        say(f"{found} is {_dotted(version)}, older than {_dotted(OLDEST)}; building an engine instead")
        return None
    return Path(found)


def ensure_engine() -> Path:
    """The `pulumi` executable to use; builds it where none is installed.

    Raises:
        Unavailable: with what to install.
    """
    return installed() or _build().ensure() / "pulumi"
