"""One stack's operation through the engine, its events gathered into an outcome."""

import json
import os
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pulumi.automation.errors import CommandError, ConcurrentUpdateError, StackAlreadyExistsError, StackNotFoundError
from pulumi.automation.events import EngineEvent

from odoo_estate.errors import OperationFailed
from odoo_estate.fleet import recovery
from odoo_estate.fleet.events import Events, errors_of
from odoo_estate.fleet.outcome import Outcome, Verdict
from odoo_estate.fleet.process import EngineCommand, Interrupted
from odoo_estate.fleet.project import Project
from odoo_estate.fleet.protection import held_back

Verb = Literal["up", "refresh", "destroy", "lift", "resume"]
"""``resume``: an `up` that may have been cut off in a promotion; see `_read_instances`."""
INSTANCE = "aws:rds/instance:Instance"
IN_CLUSTER = ("--exclude", "**kubernetes:**", "--exclude-dependents")
"""The engine's own way to leave out all objects of the cluster, and what needs their answers."""
UNTOUCHED = frozenset({"same", "read"})
"""Operations that change nothing: a stack reference is read in every run."""


@dataclass(frozen=True)
class Engine:
    """Runs the engine for the stacks of one project. ``environment`` is added to every engine's and program's environment.

    ``patience_seconds``: how long an operation waits for another one on the same stack before it is refused.
    """

    project: Project
    environment: Mapping[str, str]
    policy_packs: Sequence[Path] = ()
    patience_seconds: float = 120.0
    command: EngineCommand = field(default_factory=EngineCommand)
    delivered: frozenset[str] = frozenset()
    """Stacks whose objects reach the cluster by Git: only what is in the cloud is made here."""

    def operate(self, verb: Verb, stack: str) -> Outcome:
        """One operation on one stack. Never raises for what the engine reports: that is in the outcome."""
        started = time.monotonic()
        events = Events()
        messages: list[str] = []
        verdict: Verdict
        try:
            with recovery.alone(self.project.directory, stack, self.patience_seconds, self.command.stopping):
                self._run(verb, stack, events)
            verdict = "unchanged" if set(events.operations) <= UNTOUCHED else "changed"
        except Interrupted:
            verdict, messages = "skipped", ["interrupted before it began"]
        except ConcurrentUpdateError:
            verdict, messages = "failed", ["another update of it is running; wait for it to end, then run again"]
        except (CommandError, OperationFailed) as error:
            if any(finding.mandatory for finding in events.findings):
                verdict, messages = "refused", events.messages
            elif self.command.stopping.is_set():
                verdict, messages = "interrupted", ["stopped, what was done is recorded; run again to go on"]
            else:
                verdict, messages = "failed", events.messages or errors_of(str(error))
        return Outcome(
            stack=stack,
            verdict=verdict,
            seconds=time.monotonic() - started,
            operations=dict(events.operations),
            findings=tuple(events.findings),
            messages=tuple(dict.fromkeys(messages)),
        )

    def known(self) -> frozenset[str]:
        """Names of the project's stacks that the backend knows."""
        recovery.drop_torn_attributes(self._backend)
        listed = json.loads(self._pulumi("stack", "ls", "--json"))
        return frozenset(str(one["name"]).rsplit("/", 1)[-1] for one in listed)

    def state(self, stack: str) -> dict[str, Any]:
        """The stack's recorded state, secrets in it encrypted; empty before its first update."""
        exported = json.loads(self._pulumi("stack", "export", "--stack", stack))
        return dict(exported.get("deployment") or {})

    def read_back(self, stack: str, urns: Sequence[str]) -> dict[str, Any]:
        """The stack's state after reading those resources, and no others, from where they are."""
        targets = [word for urn in urns for word in ("--target", urn)]
        with recovery.alone(self.project.directory, stack, self.patience_seconds, self.command.stopping):
            recovery.wait_for_locks(
                self._backend, self.project.name, stack, self.patience_seconds, self.command.stopping
            )
            if targets:
                self._operation(Events(), "refresh", "--skip-preview", *targets, stack=stack)
        return self.state(stack)

    @property
    def _backend(self) -> str:
        return self.environment.get("PULUMI_BACKEND_URL") or os.environ.get("PULUMI_BACKEND_URL", "")

    def _run(self, verb: Verb, stack: str, events: Events) -> None:
        settings = self.project.settings / f"Pulumi.{stack}.yaml"
        recovery.drop_orphaned_salt(self._backend, self.project.name, stack, settings)
        recovery.wait_for_locks(self._backend, self.project.name, stack, self.patience_seconds, self.command.stopping)
        recovery.drop_torn_attributes(self._backend)
        if verb == "resume":
            self._read_instances(stack, events)
        if verb in ("up", "resume"):
            packs = [word for pack in self.policy_packs for word in ("--policy-pack", str(pack.resolve()))]
            packs += IN_CLUSTER if stack in self.delivered else ()
            try:
                self._operation(events, "up", "--skip-preview", *packs, stack=stack)
            except StackNotFoundError:
                self._create(stack)
                self._operation(events, "up", "--skip-preview", *packs, stack=stack)
        elif verb == "lift":
            targets = [word for urn in held_back(self.state(stack)) for word in ("--target", urn)]
            if targets:
                self._operation(events, "up", "--skip-preview", *targets, stack=stack)
            return
        else:
            self._operation(events, verb, "--skip-preview", stack=stack)
        if events.pending:
            self._settle(stack)
        if verb == "destroy":
            self._pulumi("stack", "rm", "--yes", "--stack", stack)

    def _read_instances(self, stack: str, events: Events) -> None:
        """Reads the database instances back, and nothing else, which may lie in a lost region: one that was promoted just before the run was cut
        off is still a replica in the state, and AWS refuses to promote what is no replica."""
        try:
            resources = self.state(stack).get("resources", ())
        except StackNotFoundError:
            return
        urns = [one["urn"] for one in resources if one["type"] == INSTANCE]
        if urns:
            targets = [word for urn in urns for word in ("--target", urn)]
            self._operation(events, "refresh", "--skip-preview", *targets, stack=stack)

    def _settle(self, stack: str) -> None:
        """Clears the record of operations that were cut off, once it says nothing any more."""
        exported = json.loads(self._pulumi("stack", "export", "--stack", stack))
        state = exported.get("deployment") or {}
        unseen = recovery.unseen(state)
        if len(unseen) < len(state.get("pending_operations") or ()):
            state["pending_operations"] = unseen
            with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".json") as file:
                json.dump(exported, file)
                file.flush()
                self._pulumi("stack", "import", "--stack", stack, "--file", file.name)
        if unseen:
            raise OperationFailed(
                "an earlier run was cut off while it created what the state does not hold: "
                + ", ".join(operation["resource"]["urn"] for operation in unseen)
                + f"; look for it in the cloud, then `pulumi refresh --stack {stack} --clear-pending-creates`"
            )

    def _create(self, stack: str) -> None:
        try:
            self._pulumi("stack", "init", "--no-select", "--stack", stack)
        except StackAlreadyExistsError:
            return

    def _operation(self, events: Events, *args: str, stack: str) -> None:
        with tempfile.TemporaryDirectory(prefix="odoo-estate-") as folder:
            log = Path(folder) / "events"
            options = (
                "--yes",
                "--color",
                "never",
                "--suppress-outputs",
                "--suppress-progress",
                "--event-log",
                str(log),
            )
            try:
                self._pulumi(*args, *options, "--stack", stack)
            finally:
                for event in _events(log):
                    events(event)

    def _pulumi(self, *args: str) -> str:
        environment = {"PULUMI_DEBUG_COMMANDS": "true", **self.environment}  # without it, --event-log is not known
        return self.command.run(list(args), str(self.project.directory), environment).stdout


def _events(log: Path) -> Iterator[EngineEvent]:
    """What the engine wrote down; an engine that was killed leaves half a line at the end."""
    if not log.exists():
        return
    for line in log.read_text(encoding="utf-8").splitlines():
        try:
            yield EngineEvent.from_json(json.loads(line))
        except ValueError:
            return
