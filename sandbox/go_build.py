"""Programs that are built from Go modules, once, and kept outside every work tree.

A build is keyed by its `go.mod`, its `go.sum` and the Go version, and lies in `${XDG_CACHE_HOME:-~/.cache}/odoo-estate/NAME/KEY/`.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path


class Unavailable(Exception):
    """Something is missing and cannot be built; the message says what to install."""


@dataclass(frozen=True, kw_only=True)
class GoBuild:
    """Programs of one Go module: `folder` holds its `go.mod` and `go.sum`, `packages` maps a program's name to its package.

    `files` maps a file or folder beside the programs to the module and the path in it that it is copied from (definitions that a module ships).
    `sources` are programs of our own in it, which are part of what is built; `unlisted` are modules that are in no checksum database, so that
    only the `go.sum` vouches for them.
    `instead` maps a file of ours to the module and the path in it that it stands for; the module is copied for that, because Go lets
    nothing beneath its cache be overlaid.
    `link` are the linker's flags beside those that leave out debugging data; `minutes` is what to tell who waits; `otherwise` is what else
    would do, as an end to the sentence "Install Go … or later and put it on PATH, or …".
    """

    name: str
    folder: Path
    packages: Mapping[str, str]
    minutes: str
    otherwise: str
    link: str = ""
    files: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    sources: tuple[str, ...] = ()
    unlisted: str = ""
    instead: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    @property
    def _sources(self) -> str:
        names = ("go.mod", "go.sum", *self.sources, *self.instead)
        content = b"".join((self.folder / name).read_bytes() for name in names)
        wanted = repr((sorted(self.packages.items()), sorted(self.files.items()), self.link))
        return hashlib.sha256(content + wanted.encode()).hexdigest()[:16]

    @property
    def _products(self) -> tuple[str, ...]:
        return (*self.packages, *self.files)

    def cached(self) -> Path | None:
        """The folder of a build of these sources, whatever Go made it; found without asking Go, so at once."""
        found = sorted(cache(self.name).glob(f"{self._sources}-*"))
        return next((folder for folder in found if all((folder / one).exists() for one in self._products)), None)

    def ensure(self) -> Path:
        """The folder with the programs, built where they are not.

        Raises:
            Unavailable: with what to install.
        """
        return self.cached() or self._build(*self._go())

    def _go(self) -> tuple[str, str]:
        needed = go_needed(self.folder)
        remedy = f"Install Go {needed} or later and put it on PATH, or {self.otherwise}."
        go = shutil.which("go") or shutil.which("/usr/local/go/bin/go")
        if go is None:
            raise Unavailable(f"Go is not on PATH, so the {self.name} cannot be built. {remedy}")
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
            raise Unavailable(f"{go} is Go {version or 'of unknown version'}, the {self.name} needs {needed}. {remedy}")
        return go, version

    def _build(self, go: str, go_version: str) -> Path:
        folder = cache(self.name) / f"{self._sources}-go{go_version}"
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                say(f"Another process is building the {self.name}; waiting for it")
                fcntl.flock(lock, fcntl.LOCK_EX)
            missing = [one for one in self._products if not (folder / one).exists()]
            if missing:
                say(f"Building the {self.name} with Go {go_version}: about {self.minutes}, once. Result: {folder}")
            for one in missing:
                if one in self.packages:
                    self._compile(go, folder / one, self.packages[one])
                else:
                    self._copy(go, folder / one, *self.files[one])
        return folder

    def _copy(self, go: str, target: Path, module: str, path: str) -> None:
        required = re.search(rf"^(?:require|\s)\s*{re.escape(module)} (\S+)", _go_mod(self.folder), re.MULTILINE)
        if required is None:
            raise Unavailable(f"{self.folder / 'go.mod'} does not require {module}")
        run = self._run([go, "mod", "download", "-json", f"{module}@{required[1]}"], stdout=subprocess.PIPE)
        source = Path(json.loads(run.stdout)["Dir"]) / path
        unfinished = target.with_name(f"{target.name}.{os.getpid()}")
        if source.is_dir():
            shutil.copytree(source, unfinished, copy_function=shutil.copyfile)
            unfinished.chmod(0o755)
        else:
            shutil.copyfile(source, unfinished)
        unfinished.rename(target)

    def _with_ours(self, go: str, folder: Path) -> list[str]:
        """Copies of the modules in which files of ours stand for their own, and the option that makes Go take them."""
        if not self.instead:
            return []
        mod = _go_mod(self.folder)
        for ours, (module, path) in self.instead.items():
            target = folder / "modules" / module
            if not target.exists():
                run = self._run([go, "mod", "download", "-json", module], stdout=subprocess.PIPE)
                unneeded = shutil.ignore_patterns("*_test.go", "testdata", "website", "docs", "examples", ".*")
                shutil.copytree(json.loads(run.stdout)["Dir"], target, ignore=unneeded, copy_function=shutil.copyfile)
                for place, _, _ in os.walk(target):  # read-only in Go's cache
                    Path(place).chmod(0o755)
                mod = re.sub(rf"(?m)^(\s*(?:replace )?{re.escape(module)} => ).*$", rf"\g<1>{target}", mod)
            shutil.copyfile(self.folder / ours, target / path)
        (folder / "go.mod").write_text(mod, encoding="utf-8")
        shutil.copyfile(self.folder / "go.sum", folder / "go.sum")
        return ["-modfile", str(folder / "go.mod")]

    def _compile(self, go: str, program: Path, package: str) -> None:
        with tempfile.TemporaryDirectory(dir=program.parent, ignore_cleanup_errors=True) as folder:
            self._link(go, program, package, self._with_ours(go, Path(folder)))

    def _link(self, go: str, program: Path, package: str, options: Sequence[str]) -> None:
        unfinished = program.with_name(f"{program.name}.{os.getpid()}")
        linked = f"-s -w {self.link}".strip()
        how = ["-trimpath", "-mod=readonly", *options, "-ldflags", linked]
        command = [go, "build", *how, "-o", str(unfinished), package]
        try:
            self._run(command, stdout=2)
        except Unavailable:
            unfinished.unlink(missing_ok=True)
            raise
        unfinished.rename(program)
        say(f"Built {program}")

    def _run(self, command: list[str], *, stdout: int) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "", "GOWORK": "off"}
        if self.unlisted:
            environment["GONOSUMDB"] = self.unlisted
        ran = subprocess.run(command, cwd=self.folder, env=environment, stdout=stdout, text=True, check=False)
        if ran.returncode != 0:
            raise Unavailable(
                f"Building the {self.name} failed; Go's own message stands above. It needs the Go module proxy "
                f"(go env GOPROXY) or a filled module cache; alternatively {self.otherwise}."
            )
        return ran


def cache(name: str) -> Path:
    """Where builds called `name` are kept."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "odoo-estate" / name


def go_needed(folder: Path) -> str:
    """The Go version that the `go.mod` in `folder` asks for."""
    version = re.search(r"^go (\S+)", _go_mod(folder), re.MULTILINE)
    if version is None:
        raise Unavailable(f"{folder / 'go.mod'} names no Go version")
    return version[1]


def _go_mod(folder: Path) -> str:
    return (folder / "go.mod").read_text(encoding="utf-8")


def say(text: str) -> None:
    """Progress, to standard error."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
