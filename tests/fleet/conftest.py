"""A whole small estate of one account: landing zone, a shared cell that is copied to another region, a pooled and a namespaced tenant."""

import fcntl
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sandbox import environment as sandbox_environment

CONTRACTS = Path(__file__).parents[2] / "blueprints" / "white-label-partner" / "stacks"
PROJECT = "name: partner\nruntime: python\nmain: stacks\nstackConfigDir: stacks\n"
OUTSIDE_THE_CLOUD = ("pulumi:", "random:")


@dataclass(frozen=True)
class Ran:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str

    def ended(self, code: int) -> "Ran":
        assert self.code == code, f"exit code {self.code}\n{self.out}\n{self.err}"
        return self


class Estate:
    """One estate with a sandbox of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.sandbox = folder / ".estate" / "sandbox"
        self.variables = sandbox_environment.environment(folder)

    @property
    def environment(self) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        return {**inherited, **self.variables}

    def start(self, *arguments: str, **variables: str) -> "subprocess.Popen[str]":
        """Starts an `estate` command as a terminal does: in a process group of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "odoo_estate", *arguments],
            cwd=self.folder,
            env={**self.environment, **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            process_group=0,
        )

    def run(self, *arguments: str, **variables: str) -> Ran:
        return end(self.start(*arguments, **variables))

    def pulumi(self, *arguments: str) -> Ran:
        done = subprocess.run(
            ["pulumi", "--non-interactive", *arguments],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    def verdicts(self, ran: Ran) -> dict[str, str]:
        """What became of each stack, from the report that the command names."""
        name = next(line.split()[1] for line in ran.out.splitlines() if line.startswith("report"))
        record = json.loads((self.folder / name).with_suffix(".json").read_text())
        return {stack["stack"]: stack["verdict"] for stack in record["stacks"]}

    def stacks(self) -> dict[str, dict[str, Any]]:
        """The recorded state of each stack."""
        folder = self.sandbox / "state" / ".pulumi" / "stacks" / "partner"
        return {
            file.stem: json.loads(file.read_text())["checkpoint"]["latest"] or {}
            for file in sorted(folder.glob("*.json"))
        }

    def cloud(self) -> list[tuple[str, str]]:
        """URN and id of all that exists in the rehearsed cloud."""
        file = self.sandbox / "cloud.sqlite"
        if not file.exists():
            return []
        connection = sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=30)
        try:
            return sorted(connection.execute("SELECT urn, id FROM record"))
        except sqlite3.OperationalError:  # not made yet
            return []
        finally:
            connection.close()

    def wait_for(self, count: int, process: "subprocess.Popen[str]") -> None:
        """Returns once the cloud holds that many things while the command runs."""
        while len(self.cloud()) < count:
            assert process.poll() is None, f"ended before {count} things existed: {process.communicate()}"
            time.sleep(0.02)

    def wait_for_silence(self) -> None:
        """Returns once no process works on this sandbox any more."""
        deadline = time.monotonic() + 30
        while left := self.processes():
            assert time.monotonic() < deadline, f"still running: {left}"
            time.sleep(0.1)

    def processes(self) -> list[tuple[int, str]]:
        """Processes of this estate: commands, engines, programs, providers."""
        mark = f"ODOO_ESTATE_SANDBOX={self.sandbox}\0".encode()
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if mark in (process / "environ").read_bytes():
                    found.append((int(process.name), (process / "comm").read_text().strip()))
            except OSError:
                continue
        return found

    def kill(self, chosen: Callable[[str], bool], number: int = signal.SIGKILL) -> None:
        """Ends processes of this estate, by name, without a chance to say anything; or sends them another signal."""
        for pid, name in self.processes():
            if chosen(name):
                os.kill(pid, number)

    def assert_whole(self, *stacks: str) -> None:
        """State and cloud agree to the id, nothing is pending and nothing exists twice."""
        states = self.stacks()
        assert set(stacks) <= set(states)
        assert not any(state.get("pending_operations") for state in states.values())
        recorded = sorted(
            (resource["urn"], resource["id"])
            for state in states.values()
            for resource in state.get("resources", ())
            if resource.get("custom") and not resource["type"].startswith(OUTSIDE_THE_CLOUD)
        )
        assert recorded == self.cloud()
        assert len({urn for urn, _ in recorded}) == len(recorded)


def end(process: "subprocess.Popen[str]") -> Ran:
    """Waits for a command and gathers what it said."""
    out, err = process.communicate(timeout=240)
    return Ran(process.returncode, out, err)


def prepare(folder: Path) -> Estate:
    """An estate of which nothing stands yet, with its sandbox inside."""
    shutil.copytree(CONTRACTS, folder / "stacks", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "Pulumi.yaml").write_text(PROJECT)
    return Estate(folder)


@pytest.fixture(autouse=True, scope="session")
def own_sandboxes() -> Iterator[None]:
    """Each estate here keeps its sandbox in its own folder, whatever shell the tests run in."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("ODOO_ESTATE_SANDBOX", raising=False)
        yield


@pytest.fixture(autouse=True, scope="session")
def interruptible() -> None:
    """A shell without job control starts what it sends to the background with SIGINT ignored, and commands started from here would inherit that."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    """A folder that all test processes of this run see."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if hasattr(request.config, "workerinput") else base) / "brought-up"
    folder.mkdir(exist_ok=True)
    return folder


@contextmanager
def once(marker: Path) -> Iterator[bool]:
    """True for the first test process that comes; the others wait until it has succeeded."""
    with marker.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield not marker.exists()
        marker.touch()


@pytest.fixture(scope="session")
def with_landing_zone(shared: Path) -> Path:
    """An estate to copy, whose landing zone stands."""
    folder = shared / "founded"
    with once(shared / "founded.done") as first:
        if first:
            prepare(folder).run("up", "landing-zone").ended(0)
    return folder


@pytest.fixture(scope="session")
def brought_up(shared: Path, with_landing_zone: Path) -> Path:
    """An estate to copy that stands whole; `up` in it is what the command printed."""
    folder = shared / "standing"
    with once(shared / "standing.done") as first:
        if first:
            shutil.copytree(with_landing_zone, folder)
            (folder / "up").write_text(Estate(folder).run("up", "--all").ended(0).out)
    return folder


@pytest.fixture
def estate(tmp_path: Path) -> Estate:
    """An estate of which nothing stands yet."""
    return prepare(tmp_path / "partner")


@pytest.fixture
def founded(with_landing_zone: Path, tmp_path: Path) -> Estate:
    """An estate whose landing zone stands."""
    return Estate(shutil.copytree(with_landing_zone, tmp_path / "partner"))


@pytest.fixture
def standing(brought_up: Path, tmp_path: Path) -> Estate:
    """An estate that stands whole."""
    return Estate(shutil.copytree(brought_up, tmp_path / "partner"))
