"""The engine's processes: kept apart from the terminal, so that an interrupt reaches them from here, and the loss of us does not."""

import contextlib
import os
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Mapping
from typing import Any

from pulumi import automation as auto
from pulumi.automation.errors import create_command_error

from odoo_estate.errors import OperationFailed


class Interrupted(OperationFailed):
    """Nothing new is started once somebody has asked to stop."""


class EngineCommand(auto.PulumiCommand):
    """The ``pulumi`` command, safe to stop and safe to lose.

    Each process leads a process group of its own: an interrupt from the terminal, a SIGTERM from a runner or a closed session is passed
    on by `interrupt`, as the SIGINT upon which the engine finishes its running operations, records them and ends. Its output goes
    to files, not to pipes: an engine whose caller was killed would die of its next line, with operations under way.
    """

    def __init__(self) -> None:
        super().__init__()
        self.stopping = threading.Event()
        self._running: set[subprocess.Popen[str]] = set()

    def interrupt(self) -> None:
        """Asks all running engines to stop; a second time makes them drop what they are doing."""
        self.stopping.set()
        for process in tuple(self._running):
            _interrupt(process)

    def run(
        self,
        args: list[str],
        cwd: str,
        additional_env: Mapping[str, str],
        on_output: Callable[[str], Any] | None = None,
        on_error: Callable[[str], Any] | None = None,
    ) -> auto.CommandResult:
        """Runs one command to its end; `CommandError` when it fails, `Interrupted` when it was not even started."""
        if self.stopping.is_set():
            raise Interrupted("interrupted before it began")
        with (
            tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as stdout,
            tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as stderr,
        ):
            process = subprocess.Popen(
                [self.command, "--non-interactive", *args],
                cwd=cwd,
                env={**os.environ, **additional_env, "PULUMI_AUTOMATION_API": "true"},
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                process_group=0,
                text=True,
            )
            self._running.add(process)
            try:
                if self.stopping.is_set():  # it started in the same moment
                    _interrupt(process)
                process.wait()
            finally:
                self._running.discard(process)
            stdout.seek(0)
            stderr.seek(0)
            result = auto.CommandResult(stdout=stdout.read(), stderr=stderr.read(), code=process.returncode)
        for text, callback in ((result.stdout, on_output), (result.stderr, on_error)):
            if callback is not None:
                for line in text.splitlines():
                    callback(line)
        if result.code != 0:
            raise create_command_error(result)
        return result


def _interrupt(process: "subprocess.Popen[str]") -> None:
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(signal.SIGINT)
