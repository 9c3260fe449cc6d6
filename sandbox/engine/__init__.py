"""Finds the Pulumi command line tool: an installed one, else one built from Go modules and kept for good.

Built from the `go.mod` beside this file, once per (go.mod, go.sum, Go version), into
`${XDG_CACHE_HOME:-~/.cache}/odoo-estate/engine/KEY/pulumi`, so outside every work tree.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

OLDEST = (3, 250, 0)
"""The oldest installed version that is used; the language host is tried against this one's protocol and later."""

_HERE = Path(__file__).resolve().parent
_TOOL = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"


class EngineUnavailable(Exception):
    """There is no engine and none can be built; the message says what to install."""


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


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


def cache() -> Path:
    """Where built engines are kept."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "odoo-estate" / "engine"


def installed() -> Path | None:
    """A `pulumi` on PATH that is new enough and not one of ours."""
    ours = str(cache())
    path = os.pathsep.join(p for p in os.environ.get("PATH", "").split(os.pathsep) if p and not p.startswith(ours))
    found = shutil.which("pulumi", path=path)
    if found is None:
        return None
    version = _version(Path(found))
    if version is None:
        _say(f"{found} does not tell its version; building an engine instead")
        return None
    if version < OLDEST:
        _say(f"{found} is {_dotted(version)}, older than {_dotted(OLDEST)}; building an engine instead")
        return None
    return Path(found)


def _go_needed() -> str:
    for line in (_HERE / "go.mod").read_text(encoding="utf-8").splitlines():
        if line.startswith("go "):
            return line.split()[1]
    raise EngineUnavailable(f"{_HERE / 'go.mod'} names no Go version")


def _go() -> tuple[str, str]:
    needed = _go_needed()
    remedy = (
        f"Install Go {needed} or later and put it on PATH, or install Pulumi {_dotted(OLDEST)} or later "
        "(https://www.pulumi.com/docs/install/)."
    )
    go = shutil.which("go") or shutil.which("/usr/local/go/bin/go")
    if go is None:
        raise EngineUnavailable(
            f"Neither pulumi nor go is on PATH, so there is no engine and none can be built. {remedy}"
        )
    # GOTOOLCHAIN=local: the question is what is installed, not what could be downloaded.
    run = subprocess.run(
        [go, "env", "GOVERSION"],
        capture_output=True,
        text=True,
        env={**os.environ, "GOTOOLCHAIN": "local"},
        check=False,
    )
    version = run.stdout.strip().removeprefix("go")
    numbers = [int(n) for n in re.findall(r"\d+", version)[:3]]
    if not numbers or numbers < [int(n) for n in needed.split(".")]:
        raise EngineUnavailable(f"{go} is Go {version or 'of unknown version'}, the engine needs {needed}. {remedy}")
    return go, version


def _engine_version() -> str:
    match = re.search(r"github\.com/pulumi/pulumi/pkg/v3 (v[\d.]+)", (_HERE / "go.mod").read_text(encoding="utf-8"))
    if match is None:
        raise EngineUnavailable(f"{_HERE / 'go.mod'} does not require the engine")
    return match[1]


def _cached() -> Path | None:
    """A built engine of these sources, whatever Go built it; found without asking Go, so at once."""
    return next((p for p in sorted(cache().glob(f"{_sources()}-*/pulumi"))), None)


def _sources() -> str:
    both = (_HERE / "go.mod").read_bytes() + (_HERE / "go.sum").read_bytes()
    return hashlib.sha256(both).hexdigest()[:16]


def _build(go: str, go_version: str) -> Path:
    folder = cache() / f"{_sources()}-go{go_version}"
    binary = folder / "pulumi"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _say("Another process is building the engine; waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        if binary.exists():
            return binary
        version = _engine_version()
        _say(f"Building Pulumi {version} with Go {go_version}: about three minutes, once. Result: {binary}")
        unfinished = folder / f"pulumi.{os.getpid()}"
        linked = f"-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version={version}"
        command = [go, "build", "-trimpath", "-mod=readonly", "-ldflags", linked, "-o", str(unfinished), _TOOL]
        environment = {**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "", "GOWORK": "off"}
        built = subprocess.run(command, cwd=_HERE, env=environment, stdout=2, check=False)
        if built.returncode != 0:
            unfinished.unlink(missing_ok=True)
            raise EngineUnavailable(
                "Building the engine failed; Go's own message stands above. It needs the Go module proxy "
                "(go env GOPROXY) or a filled module cache; alternatively install Pulumi "
                f"{_dotted(OLDEST)} or later and put it on PATH."
            )
        unfinished.rename(binary)
        _say(f"Built {binary}")
    return binary


def ensure_engine() -> Path:
    """The `pulumi` executable to use; builds it where none is installed.

    Raises:
        EngineUnavailable: with what to install.
    """
    return installed() or _cached() or _build(*_go())
