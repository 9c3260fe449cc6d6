"""Brings an initialisation, upgrade or copy from step to step: write where it is, bring that up, see how the step's job ends.

The file is the journal. A run that was cut off, at any point, begins again at the step that the file names: its plan is what stands already or what
was being made, and its job bears the run's name, so that it is found and not made twice.
"""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, Protocol

from odoo_estate.decide.tenant_jobs import AFTER
from odoo_estate.errors import OperationFailed
from odoo_estate.fleet.procedure import moment, write_whole
from odoo_estate.spec.jobs import Phase, TenantJob

POLL_SECONDS = 15.0
SLACK_SECONDS = 600
"""After a job's deadline, until its controller has said so."""
HEAD = "# Written by the estate command while it works on this environment; commit it. Every preview is made from it.\n"


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How a job ended; ``absent``: there is none of that name, somebody took it away."""

    how: Literal["running", "well", "badly", "absent"]
    why: str = ""


class Operations(Protocol):
    """What a run does to the world."""

    def write(self, job: TenantJob | None) -> None:
        """Writes the environment's file; None removes it."""

    def up(self) -> str:
        """Brings the environment's stack up. Raises `OperationFailed`."""

    def job(self, phase: Phase) -> tuple[str, int]:
        """Name of the step's job and its deadline in seconds; an empty name where it has none."""

    def ended(self, name: str) -> Ended:
        """Asks how the job of that name is doing."""

    def following(self, job: TenantJob, *, well: bool) -> Phase:
        """The step after this one."""


@dataclass
class Runner:
    """Runs one environment's job to its end."""

    operations: Operations
    say: Callable[[str], None] = lambda _: None
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    def run(self, job: TenantJob) -> TenantJob | None:
        """The state that it came to: None where nothing is left to remember.

        Raises:
            OperationFailed: the engine failed, or a job did not end; running again goes on.
        """
        failures: list[str] = []
        while True:
            self.operations.write(job)
            self.say(f"{job.tenant}: {job.phase}{f' (attempt {job.attempt})' if job.attempt > 1 else ''}")
            self.operations.up()
            if job.phase == "open":
                left = remembered(job)
                self.operations.write(left)
                return left
            if job.phase not in AFTER[job.kind]:
                return job
            ended = self._await(job)
            if ended.how == "badly":
                failures.append(f"{job.phase}: {ended.why}")
                self.say(f"{job.tenant}: {failures[-1]}")
            following = self.operations.following(job, well=ended.how == "well")
            job = self._moved(job, following, well=ended.how == "well")

    def _await(self, job: TenantJob) -> Ended:
        name, deadline_seconds = self.operations.job(job.phase)
        if not name:
            return Ended(how="well")
        deadline = self.clock() + deadline_seconds + SLACK_SECONDS
        while True:
            ended = self.operations.ended(name)
            if ended.how in ("well", "badly"):
                return ended
            if ended.how == "absent":
                self.operations.up()
            if self.clock() >= deadline:
                raise OperationFailed(f"{job.tenant}: job {name} has not ended\n  do: look at its pods, then run again")
            self.sleep(POLL_SECONDS)

    def _moved(self, job: TenantJob, phase: Phase, *, well: bool) -> TenantJob:
        now = moment(self.now())
        changed: dict[str, Any] = {"phase": phase, "since": now, "attempt": 1}
        if job.phase == "close":
            changed["closed_at"] = now
        if job.phase == "back-up" and well:
            changed["backed_up_at"] = now
        if not well and job.phase != "drop":
            changed["failed_in"] = job.phase
        if phase == "failed":
            changed["attempt"] = job.attempt
        return job.model_copy(update=changed)


def remembered(job: TenantJob) -> TenantJob | None:
    """What stays on record once nothing is under way: that the environment holds a copy of production."""
    if not job.held_copy:
        return None
    source = f"{job.tenant.partition('.')[0]}.production"
    forgotten = {"modules": (), "image_before": None, "failed_in": None, "closed_at": None, "held_copy": False}
    return job.model_copy(update={"kind": "copy", "phase": "copied", "source": source, "attempt": 1, **forgotten})


def write(directory: Path, tenant: str, job: TenantJob | None) -> None:
    """The environment's file, whole or not at all; None removes it."""
    file = directory / "jobs" / f"{tenant}.yaml"
    if job is None:
        file.unlink(missing_ok=True)
        return
    content = job.model_dump(mode="json", exclude_defaults=True)
    lines = [f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in content.items()]
    write_whole(file, HEAD + "\n".join(lines) + "\n")


def record(directory: Path, job: TenantJob, ended_at: datetime, result: str) -> Path:
    """The record of the change, for whoever asks later who did what and how it ended."""
    document = {**job.model_dump(mode="json", exclude_defaults=True), "ended_at": moment(ended_at), "result": result}
    file = directory / "evidence" / "changes" / f"{job.tenant}-{job.run}-{job.attempt}.json"
    write_whole(file, json.dumps(document, sort_keys=True, indent=1, ensure_ascii=False) + "\n")
    return file


def ended(resources: Sequence[Mapping[str, Any]], name: str) -> Ended:
    """How the Job of that name is doing, by what a stack's state says of it."""
    for resource in resources:
        head = (resource.get("outputs") or {}).get("metadata") or {}
        if resource["type"] == "kubernetes:batch/v1:Job" and head.get("name") == name:
            status = resource["outputs"].get("status") or {}
            for condition in status.get("conditions") or ():
                if condition.get("status") == "True" and condition.get("type") == "Complete":
                    return Ended(how="well")
                if condition.get("status") == "True" and condition.get("type") == "Failed":
                    why = " ".join(str(condition.get(one, "")) for one in ("reason", "message")).strip()
                    return Ended(how="badly", why=why or "it failed")
            return Ended(how="running")
    return Ended(how="absent")


def running_image(resources: Sequence[Mapping[str, Any]]) -> str:
    """The image that the environment's web workload runs, by a stack's state; empty where it has none of its own."""
    for resource in resources:
        inputs = resource.get("inputs") or {}
        if (
            resource["type"] == "kubernetes:apps/v1:Deployment"
            and (inputs.get("metadata") or {}).get("name") == "odoo-web"
        ):
            (container,) = inputs["spec"]["template"]["spec"]["containers"]
            return str(container["image"])
    return ""
