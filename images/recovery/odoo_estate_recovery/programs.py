"""pg_dump and pg_restore as child processes: credentials by service file, messages without data."""

import os
import re
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import IO

from odoo_estate_recovery.errors import OperationFailed
from odoo_estate_recovery.log import log
from odoo_estate_recovery.postgres import conninfo

COMPRESSION = 1
"""gzip level: 1 makes dumps a ninth larger than 6 in half the time; measured (docs/performance.md)."""
LOCK_WAIT = "120s"
"""An upgrade that holds a table for longer fails the dump: waiting in the queue, pg_dump would hold up everybody behind it."""
KEPT_LINES = 20


def major(program: str) -> int:
    """Of the installed client programs."""
    return int(version(program).split(".")[0])


def version(program: str) -> str:
    """``16.4``, say."""
    done = subprocess.run([program, "--version"], capture_output=True, text=True, check=True, env=environment())
    found = re.search(r"\d+(\.\d+)*", done.stdout)
    if found is None:
        raise OperationFailed(f"{program} --version answers {done.stdout.strip()}")
    return found.group()


def dump_command(database: str, snapshot: str) -> list[str]:
    """Everything of the database at the exported ``snapshot``, as one stream."""
    return [
        "pg_dump",
        "--no-password",
        "--format=custom",
        f"--compress={COMPRESSION}",
        f"--snapshot={snapshot}",
        f"--lock-wait-timeout={LOCK_WAIT}",
        # Words that became reserved in the major version a dump is restored into.
        "--quote-all-identifiers",
        "--no-tablespaces",
        # Replication belongs to the instance (blue/green); only a superuser could make it again.
        "--no-publications",
        "--no-subscriptions",
        f"--dbname={conninfo(database)}",
    ]


def restore_command(database: str, file: int, jobs: int, role: str = "") -> list[str]:
    """From an open file: it needs no name in any folder, so that nothing is left of it whatever happens.

    With ``role`` everything becomes that role's, whoever owned it and was granted it in the dump: roles that another server may not have.
    Comments stay behind then, because extensions, which are the master's, have some.
    """
    becoming = [f"--role={role}", "--no-owner", "--no-privileges", "--no-comments"] if role else []
    return [
        "pg_restore",
        "--no-password",
        "--exit-on-error",
        f"--jobs={jobs}",
        *becoming,
        f"--dbname={conninfo(database)}",
        f"/proc/self/fd/{file}",
    ]


@contextmanager
def running(
    command: Sequence[str], *, output: bool = False, files: Sequence[int] = ()
) -> Iterator[subprocess.Popen[bytes]]:
    """The program, which is ended with the block. What it said stands in the log; `finished` judges it."""
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE if output else subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=environment(),
        pass_fds=files,
        start_new_session=True,
    )
    lines: deque[str] = deque(maxlen=KEPT_LINES)
    reader = threading.Thread(target=_keep, args=(process.stderr, lines), daemon=True)
    reader.start()
    try:
        yield process
    finally:
        if process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # pg_restore's parallel workers too
        process.wait()
        reader.join()
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()
        for line in lines:
            log("program_said", program=command[0], message=line)


def finished(process: subprocess.Popen[bytes], program: str) -> None:
    """Raises `OperationFailed` where the program did not end well."""
    status = process.wait()
    if status:
        raise OperationFailed(f"{program} ended with status {status}; its messages stand in the log")


def environment(source: Mapping[str, str] | None = None) -> dict[str, str]:
    """For the programs: how to reach PostgreSQL, and none of the AWS credentials."""
    kept = os.environ if source is None else source
    return {
        key: value
        for key, value in kept.items()
        if key in ("PATH", "HOME", "LANG", "TZ", "LD_LIBRARY_PATH") or (key.startswith("PG") and key != "PGOPTIONS")
    }


def without_data(line: str) -> str | None:
    """A message of pg_dump or pg_restore that may be logged; None for lines that repeat rows or statements (DETAIL, CONTEXT, "Command was")."""
    if not re.match(r"pg_(dump|restore): (error|warning|fatal)?", line):
        return None
    if re.match(r"pg_(dump|restore): (detail|hint):", line):
        return None
    # A value that did not fit follows after a colon, in quotes: invalid input syntax for type integer: "…".
    return re.sub(r': ".*$', ": (a value)", line)


def _keep(stream: IO[bytes] | None, lines: deque[str]) -> None:
    for line in stream or ():
        kept = without_data(line.decode(errors="replace").rstrip())
        if kept:
            lines.append(kept)
