"""Runs a procedure's steps with a journal, so that one that was cut off goes on at the first step that is not done.

Every act may be repeated: a file is written again as it was, the engine finds what it already made, a destruction what is left. The one that AWS
itself would refuse a second time, a promotion, is told to read the instances' state back first (`Operations.run`, ``resumed``).
"""

import json
import os
import tempfile
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from odoo_estate.decide.procedure import Check, Confirm, Evidence, Procedure, Run, Step, Write
from odoo_estate.errors import OperationFailed
from odoo_estate.fleet.observation import Observation

POLL_SECONDS = 15.0
LEAST_PATIENCE_MINUTES = 10
"""A step that should take a minute is still waited for so long."""


class Stopped(OperationFailed):
    """The procedure waits for people or for AWS: what was done is recorded, running it again goes on here."""


class Operations(Protocol):
    """What a procedure does to the world."""

    def write(self, act: Write, points: Mapping[str, str]) -> str:
        """Writes the recovery file; ``points`` are recovery points by database key."""

    def run(self, act: Run, points: Mapping[str, str], *, resumed: bool) -> str:
        """Runs the engine; ``resumed``: an earlier run may have been cut off in it. Raises `OperationFailed`."""

    def evidence(self, document: Mapping[str, Any]) -> str:
        """Writes a drill's evidence."""

    def observe(self, check: Check) -> Observation:
        """Asks AWS."""


@dataclass
class Record:
    """One step in the journal; moments are ISO in UTC. ``begun`` without ``finished``: it was cut off, or is running."""

    begun: str = ""
    finished: str = ""
    seconds: float = 0.0
    found: list[str] = field(default_factory=list)
    overridden: str = ""
    values: dict[str, float | str] = field(default_factory=dict)


@dataclass
class Journal:
    """What a procedure has done so far, in ``.estate/procedures/CELL.VERB.json``."""

    file: Path
    verb: str
    cell: str
    generation: int
    started: str
    approved_by: str
    reason: str
    steps: dict[str, Record] = field(default_factory=dict)
    finished: str = ""

    def save(self) -> None:
        """Replaces the file at once: whoever reads it finds the old or the new one, whole."""
        content = {key: value for key, value in self.__dict__.items() if key not in ("file", "steps")}
        content["steps"] = {key: record.__dict__ for key, record in self.steps.items()}
        write_whole(self.file, json.dumps(content, indent=1) + "\n")

    @classmethod
    def read(cls, file: Path) -> "Journal | None":
        """The journal of a procedure that is not finished; None where there is none."""
        if not file.exists():
            return None
        content = json.loads(file.read_text(encoding="utf-8"))
        steps = {key: Record(**record) for key, record in content.pop("steps").items()}
        journal = cls(file=file, steps=steps, **content)
        return None if journal.finished else journal

    def close(self, now: datetime) -> Path:
        """Marks it finished and puts it aside under its moment."""
        self.finished = moment(now)
        self.save()
        kept = self.file.with_name(f"{self.cell}.{self.verb}-{now:%Y%m%dT%H%M%SZ}.json")
        self.file.rename(kept)
        return kept


def journal_file(project: Path, cell: str, verb: str) -> Path:
    """Where the journal of an unfinished procedure lies."""
    return project / ".estate" / "procedures" / f"{cell}.{verb}.json"


def write_whole(file: Path, text: str) -> None:
    """Writes beside and renames, through to the disk."""
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, beside = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        Path(beside).chmod(0o644)
        Path(beside).replace(file)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise


def moment(now: datetime) -> str:
    return f"{now:%Y-%m-%dT%H:%M:%SZ}"


def _read(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


@dataclass
class Runner:
    """Runs one procedure. ``confirmed`` are the words that people gave, ``overrides`` the steps whose checks they answer for."""

    procedure: Procedure
    journal: Journal
    operations: Operations
    confirmed: Collection[str] = ()
    overrides: Collection[str] = ()
    say: Callable[[str], None] = lambda _: None
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    def run(self) -> Path:
        """Every step that is not done yet; returns the finished journal's file.

        Raises:
            Stopped: a check does not hold or people have to do something; the message says what.
            OperationFailed: the engine failed.
        """
        self.journal.save()
        total = len(self.procedure.steps)
        for number, step in enumerate(self.procedure.steps, 1):
            record = self.journal.steps.setdefault(step.key, Record())
            if record.finished:
                continue
            resumed = bool(record.begun)
            self.say(f"[{number}/{total}] {step.title}{' (again: it was cut off)' if resumed else ''}")
            self._step(step, record, resumed=resumed)
        return self.journal.close(self.now())

    def _step(self, step: Step, record: Record, *, resumed: bool) -> None:
        record.found = []
        for check in step.before:
            self._hold(step, check, record)
        if isinstance(step.act, Confirm) and step.act.word not in self.confirmed:
            self.journal.save()
            raise Stopped(f"{step.title}: {step.act.what}\n  do: that, then run again with --confirm {step.act.word}")
        record.begun = record.begun or moment(self.now())
        self.journal.save()
        if told := self._act(step, resumed=resumed):
            record.found.append(told)
        for check in step.done:
            self._await(step, check, record)
        record.seconds = (self.now() - _read(record.begun)).total_seconds()
        record.finished = moment(self.now())
        self.journal.save()

    def _hold(self, step: Step, check: Check, record: Record) -> None:
        seen = self._seen(check, record)
        if seen.holds:
            return
        if step.key in self.overrides:
            record.overridden = f"{seen.found}; answered for by {self.journal.approved_by or 'the caller'}"
            return
        if self.procedure.verb == "drill":  # measured, not demanded: a drill is held in whatever state things are
            return
        self.journal.save()
        raise Stopped(f"{step.title}: {seen.found}\n  do: {check.says}, or go on with --override {step.key}")

    def _await(self, step: Step, check: Check, record: Record) -> None:
        deadline = self.clock() + 60 * max(2 * step.minutes, LEAST_PATIENCE_MINUTES)
        while not (seen := self._seen(check, record)).holds:
            if step.key in self.overrides:
                record.overridden = f"{seen.found}; answered for by {self.journal.approved_by or 'the caller'}"
                return
            if self.clock() >= deadline:
                self.journal.save()
                raise Stopped(
                    f"{step.title}: {seen.found} ({check.says})\n  do: run again to go on waiting, or --override {step.key}"
                )
            self.sleep(POLL_SECONDS)

    def _seen(self, check: Check, record: Record) -> Observation:
        seen = self.operations.observe(check)
        record.found = [*(one for one in record.found if one != seen.found), seen.found]
        if seen.value is not None:
            record.values[f"{check.question} {check.subject}"] = seen.value
        return seen

    def _act(self, step: Step, *, resumed: bool) -> str:
        match step.act:
            case Write():
                return self.operations.write(step.act, self._points())
            case Run():
                return self.operations.run(step.act, self._points(), resumed=resumed) if step.act.stacks else ""
            case Evidence():
                return self.operations.evidence(evidence(self.procedure, self.journal, "passed", self.now()))
        return ""

    def _points(self) -> dict[str, str]:
        """The recovery points that were found, by the instance's identifier."""
        return {
            key.rpartition("/")[2]: str(value)
            for record in self.journal.steps.values()
            for key, value in record.values.items()
            if key.startswith("recovery-point-age ")
        }


def evidence(procedure: Procedure, journal: Journal, result: str, now: datetime) -> dict[str, Any]:
    """What a drill measured, without checksum, region and class, which the caller knows."""
    lags = [
        float(value)
        for record in journal.steps.values()
        for key, value in record.values.items()
        if key.startswith("lag ") and isinstance(value, float | int)
    ]
    seconds = {key: record.seconds for key, record in journal.steps.items() if record.finished}
    return {
        "schema": 1,
        "cell": procedure.cell,
        "started_at": journal.started,
        "finished_at": moment(now),
        "result": result,
        "database_gib": max(procedure.measured.values(), default=0),
        "restore_minutes": round(seconds.get("copy", 0.0) / 60, 2),
        "promote_minutes": round(seconds["promote"] / 60, 2) if "promote" in seconds else None,
        "lag_seconds": max(lags, default=None),
        "steps": [
            {"step": key, "seconds": record.seconds, "found": "; ".join(record.found)}
            for key, record in journal.steps.items()
            if record.finished
        ],
    }
