"""What an interrupted run leaves behind: locks of processes that are gone, torn records, and operations whose end nobody saw.

Only a ``file://`` backend's locks are looked at: there the lock names the process that holds it. A shared backend's lock is a
colleague's until the colleague says otherwise.
"""

import fcntl
import json
import os
import socket
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import yaml

from odoo_estate.errors import OperationFailed
from odoo_estate.fleet.process import Interrupted


@dataclass(frozen=True)
class Lock:
    """A lock file of the file backend."""

    file: Path
    pid: int
    hostname: str

    @property
    def stale(self) -> bool:
        """True: it was taken on this machine by an engine that has ended, whatever process has its number now."""
        return self.hostname == socket.gethostname() and not _is_engine(self.pid)


def _is_engine(pid: int) -> bool:
    """Whether the process runs and, where the system tells, is the engine. A zombie has ended (proc(5), fields 2 and 3)."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        name, state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").split("(", 1)[1].rsplit(")", 1)
    except (OSError, IndexError):
        return True
    return "pulumi" in name and state.split()[0] != "Z"


def locks(backend: str, project: str, stack: str) -> list[Lock]:
    """The locks on one stack in a ``file://`` backend; empty for any other backend."""
    folder = _folder(backend)
    if folder is None:
        return []
    directory = folder / "locks" / "organization" / project / stack
    found = []
    for file in sorted(directory.glob("*.json")):
        try:
            content = json.loads(file.read_text(encoding="utf-8"))
            found.append(Lock(file, int(content["pid"]), str(content["hostname"])))
        except (FileNotFoundError, ValueError, KeyError):
            continue  # released, or not yet written, while we looked
    return found


def _folder(backend: str) -> Path | None:
    """Where a ``file://`` backend keeps its records; None for any other."""
    url = urlparse(backend)
    return Path(url.netloc + url.path) / ".pulumi" if url.scheme == "file" else None


def drop_torn_attributes(backend: str) -> None:
    """Removes half-written sidecars (``*.attrs``) of a file backend.

    The backend replaces its records in one step but writes the sidecar beside them in place: a kill in that moment leaves it empty, and
    from then on the engine cannot even list its stacks (``error: EOF``). Nothing in a sidecar is needed: one that is missing is no error.
    """
    folder = _folder(backend)
    for sidecar in folder.rglob("*.attrs") if folder else ():
        try:
            json.loads(sidecar.read_text(encoding="utf-8"))
        except FileNotFoundError:
            continue  # a running engine was done with it while we looked
        except ValueError:
            sidecar.unlink(missing_ok=True)


def drop_orphaned_salt(backend: str, project: str, stack: str, settings: Path) -> bool:
    """Removes stack settings that are nothing but the salt of a state that no longer exists; True when it did.

    A file backend that was thrown away leaves them behind, and the next passphrase cannot open them. With anything else in the file, or
    with a state beside it, nothing is touched.
    """
    folder = _folder(backend)
    if folder is None or not settings.is_file() or (folder / "stacks" / project / f"{stack}.json").exists():
        return False
    content = yaml.load(settings.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    if not isinstance(content, dict) or set(content) != {"encryptionsalt"}:
        return False
    settings.unlink()
    return True


@contextmanager
def alone(project: Path, stack: str, patience_seconds: float, stopping: threading.Event) -> Iterator[None]:
    """Keeps other ``estate`` commands on this machine off the stack meanwhile; the system lets go when the process ends, however it ends.

    Two at once would both make the stack, each with a salt of its own.
    """
    folder = project / ".estate" / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / stack).open("a+", encoding="utf-8") as file:
        deadline = time.monotonic() + patience_seconds
        said = False
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                file.seek(0)
                holder = f"another estate command (process {file.read().strip() or 'unknown'})"
                said = said or _waiting(stack, holder)
                _pause(stack, holder, deadline, stopping)
        file.seek(0)
        file.truncate()
        file.write(str(os.getpid()))
        file.flush()
        yield


def wait_for_locks(backend: str, project: str, stack: str, patience_seconds: float, stopping: threading.Event) -> None:
    """Removes locks of dead processes; waits up to ``patience_seconds`` for a live one to end, then refuses."""
    deadline = time.monotonic() + patience_seconds
    said = False
    while held := locks(backend, project, stack):
        for lock in held:
            if lock.stale:
                lock.file.unlink(missing_ok=True)
        live = [lock for lock in held if not lock.stale]
        if live:
            holder = f"an engine (process {live[0].pid} on {live[0].hostname})"
            said = said or _waiting(stack, holder)
            _pause(stack, holder, deadline, stopping)


def _waiting(stack: str, holder: str) -> bool:
    print(f"{stack}: waiting for {holder} that is working on it", file=sys.stderr, flush=True)
    return True


def _pause(stack: str, holder: str, deadline: float, stopping: threading.Event) -> None:
    if time.monotonic() > deadline:
        raise OperationFailed(f"{holder} is working on {stack}; wait for it to end, then run again")
    if stopping.wait(0.5):
        raise Interrupted("interrupted before it began")


def unseen(state: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The creations that were cut off and whose resource the state does not hold: it may stand in the cloud unseen.

    Once a later update has created that resource the record says nothing any more; cut-off updates and deletions are made again from
    what the state holds, and need no record either.
    """
    held = {resource["urn"] for resource in state.get("resources") or ()}
    return [
        operation
        for operation in state.get("pending_operations") or ()
        if operation.get("type") in ("creating", "importing") and operation["resource"]["urn"] not in held
    ]
