"""One estate, from nothing to nothing, in a simulated AWS of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import yaml
from sandbox.environment import environment

from conformance import between, changes
from conformance.plugin import Plugin
from conformance.simulator import simulator
from odoo_estate.compose import compose
from odoo_estate.decide import compile_estate
from odoo_estate.fleet import schedule
from odoo_estate.fleet.engine import Engine, Verb
from odoo_estate.fleet.outcome import Outcome
from odoo_estate.fleet.project import Project, find_project
from odoo_estate.plan import AnyPlan
from odoo_estate.preview.graph import Graph
from odoo_estate.preview.recorder import record
from odoo_estate.preview.stack import ORGANIZATION
from odoo_estate.spec.loader import load

ROOT = Path(__file__).resolve().parent.parent
ESTATES: Mapping[str, Path] = {
    "root": ROOT / "stacks",
    "managed-provider": ROOT / "blueprints" / "managed-provider" / "stacks",
    "white-label-partner": ROOT / "blueprints" / "white-label-partner" / "stacks",
}
BEYOND_THE_SIMULATOR = ROOT / "conformance" / "beyond_the_simulator.yaml"
"""Types whose calls the simulator cannot answer, each with the reason."""
_REPLACING = frozenset({"replace", "create-replacement", "delete-replaced"})


@dataclass
class Finding:
    """One thing that was tried. ``problems`` is empty where it went as it should."""

    estate: str
    stack: str
    what: str
    seconds: float
    said: str = ""
    problems: Sequence[str] = ()

    def __str__(self) -> str:
        verdict = "FAILED" if self.problems else "ok"
        line = (
            f"{self.estate:20} {self.stack:30} {self.what:52} {verdict:7} {self.seconds:6.1f} s  {self.said}".rstrip()
        )
        return "\n".join([line, *(f"    {problem}" for problem in self.problems)])


@dataclass
class Trial:
    """``folder`` is where the estate is copied to and everything about it is kept."""

    name: str
    folder: Path
    plugin: Plugin
    cloud: Mapping[str, str]
    chosen: Sequence[str]
    parallel: int
    findings: list[Finding] = field(default_factory=list)

    def __post_init__(self) -> None:
        source = find_project(ESTATES[self.name])
        self.project = _copied(source, self.folder)
        self.plans: Mapping[str, AnyPlan] = _plans(self.folder / "stacks")
        self.stacks = _with_what_they_stand_on(self.plans, self.chosen)
        self.environment = {
            **_environment(self.folder, self.plugin),
            **self.cloud,
            "ODOO_ESTATE_DIR": str(self.folder / "stacks"),
            # One run says everything that fails, not only what fails first.
            "PULUMI_CONTINUE_ON_ERROR": "true",
        }

    def run(self) -> list[Finding]:
        """Up, up again, the changes previewed, down; what stands is taken down whatever happened."""
        if self._all("up", "up", self._changed):
            self._all("up", "second run", _unchanged)
            # So that the engine gets as far as to say what would be replaced.
            if self._lift():
                for stack in self.stacks:
                    self._previews(stack)
        self._lift()
        self._all("destroy", "destroy", _gone, reverse=True)
        self._look_beyond()
        return self.findings

    def _look_beyond(self) -> None:
        """Whether what the table says is still true: what it lists was tried all the same."""
        tried = between.Attempts(self.folder / ".estate" / "sandbox" / "attempts").all()
        problems = {
            kind: {one["problem"] for one in tried if one["type"] == kind} for kind in {t["type"] for t in tried}
        }
        able = sorted(kind for kind, found in problems.items() if found == {""})
        said = f"{len(tried)} of {len(problems)} types"
        wrong = [f"the simulator can do {kind}: take it off {BEYOND_THE_SIMULATOR.name}" for kind in able]
        self._say(Finding(self.name, "all", "what the simulator cannot do", 0.0, said, wrong))

    def _all(self, verb: Verb, what: str, judge: Any, *, reverse: bool = False, lifting: bool = False) -> bool:
        needs = schedule.closure(self.stacks, {name: plan.depends_on for name, plan in self.plans.items()})
        if reverse:
            needs = {name: tuple(other for other, wants in needs.items() if name in wants) for name in needs}
        engine = self._engine(lifting=lifting)
        if verb == "destroy" or lifting:
            known = engine.known()
            needs = {name: tuple(n for n in wants if n in known) for name, wants in needs.items() if name in known}
        fine = True

        def report(outcome: Outcome) -> None:
            nonlocal fine
            problems = _failures(outcome) if outcome.failed else judge(outcome)
            fine = fine and not problems
            counts = ", ".join(f"{count} {name}" for name, count in sorted(outcome.operations.items()))
            self._say(Finding(self.name, outcome.stack, what, outcome.seconds, counts, problems))

        schedule.run(
            needs,
            partial(engine.operate, verb),
            report=report,
            parallel=self.parallel,
            interrupt=engine.command.interrupt,
        )
        return fine

    def _engine(self, *, lifting: bool = False) -> Engine:
        lift = {"ODOO_ESTATE_LIFT_PROTECTION": "yes"} if lifting else {}
        return Engine(self.project, {**self.environment, **lift}, [] if lifting else [ROOT / "policies"])

    def _changed(self, outcome: Outcome) -> list[str]:
        wanted = sum(not node.read for node in self._graph(outcome.stack))
        if outcome.resources != wanted:
            return [f"{outcome.resources} resources stand, the program registers {wanted}"]
        endpoints = self._clusters(outcome.stack)
        if endpoints:  # the sandbox's Kubernetes answers for clusters of the sandbox's AWS, and for what is listed here
            with (self.folder / ".estate" / "sandbox" / "existing").open("a", encoding="utf-8") as existing:
                existing.write("\n".join(endpoints) + "\n")
        return []

    def _clusters(self, stack: str) -> list[str]:
        resources = self._engine().state(stack).get("resources", ())
        return [one["outputs"]["endpoint"] for one in resources if one["type"] == "aws:eks/cluster:Cluster"]

    def _say(self, finding: Finding) -> None:
        self.findings.append(finding)
        print(finding, flush=True)

    def _lift(self) -> bool:
        """Takes protection off."""
        return self._all("lift", "protection lifted", lambda _: [], lifting=True)

    # -- changes

    def _graph(self, stack: str, ordered: tuple[changes.Change, ...] = ()) -> Graph:
        import pulumi.runtime

        from odoo_estate.decide.lifting import lift_protection

        def program() -> None:
            if ordered:
                pulumi.runtime.register_resource_transform(changes.transform(ordered))
            compose(lift_protection(self.plans[stack]), organization=ORGANIZATION, project=self.project.name)

        return record(program, project=self.project.name, stack=stack)

    def _previews(self, stack: str) -> None:
        before = self._graph(stack)
        for group in changes.of(before):
            started = time.monotonic()
            wanted = changes.expected(before, self._graph(stack, group))
            found, errors = self._preview(stack, group)
            problems = [
                *errors,
                *(
                    f"the provider replaces {_short(urn)}, the offline preview does not"
                    for urn in sorted(found - wanted)
                ),
                *(
                    f"the offline preview replaces {_short(urn)}, the provider does not"
                    for urn in sorted(wanted - found)
                ),
            ]
            what = "changed in place" if len(group) > 1 or not group[0].replaces else f"changed {group[0]}"
            said = f"{len(found)} replaced" + (f", {len(group)} changes" if len(group) > 1 else "")
            self._say(Finding(self.name, stack, what, time.monotonic() - started, said, problems))

    def _preview(self, stack: str, group: tuple[changes.Change, ...]) -> tuple[frozenset[str], list[str]]:
        run = subprocess.run(
            ["pulumi", "--non-interactive", "preview", "--json", "--stack", stack],
            cwd=self.folder / "changed",
            env={**os.environ, **self.environment, **changes.ordered(group), "ODOO_ESTATE_LIFT_PROTECTION": "yes"},
            capture_output=True,
            text=True,
            check=False,
        )
        try:
            told = json.loads(run.stdout)
        except ValueError:
            return frozenset(), [f"no preview: {run.stdout[-1000:]}{run.stderr[-2000:]}"]
        errors = [one["message"].strip() for one in told.get("diagnostics") or () if one.get("severity") == "error"]
        steps = told.get("steps") or ()
        touched = {step["urn"] for step in steps if step["op"] not in ("same", "read", "refresh")}
        missing = [
            f"{change} changes nothing"
            for change in group
            if not any(urn.endswith(f"{change.type}::{change.resource}") for urn in touched)
        ]
        return frozenset(step["urn"] for step in steps if step["op"] in _REPLACING), [*errors, *missing]


def _failures(outcome: Outcome) -> list[str]:
    """Never empty, whatever the engine left unsaid."""
    violations = [f"{one.policy}: {one.message} ({_short(one.urn)})" for one in outcome.findings if one.mandatory]
    return [f"the engine's verdict: {outcome.verdict}", *outcome.messages, *violations]


def _unchanged(outcome: Outcome) -> list[str]:
    touched = {name: count for name, count in outcome.operations.items() if name not in ("same", "read")}
    return [f"the second run is not quiet: {touched}"] if touched else []


def _gone(outcome: Outcome) -> list[str]:
    return [] if set(outcome.operations) <= {"delete", "discard", "read", "same"} else [str(outcome.operations)]


def _short(urn: str) -> str:
    return " ".join(urn.split("::")[2:]).rpartition("$")[2]


def _with_what_they_stand_on(plans: Mapping[str, AnyPlan], chosen: Sequence[str]) -> tuple[str, ...]:
    wanted = set(chosen)
    for name in reversed(list(plans)):
        if name in wanted:
            wanted |= set(plans[name].depends_on)
    return tuple(name for name in plans if name in wanted)


def _copied(source: Project, folder: Path) -> Project:
    """The project in a folder of its own, and beside it one whose program makes changes."""
    estate = source.settings
    shutil.copytree(
        estate, folder / "stacks", ignore=shutil.ignore_patterns("Pulumi.*.yaml", "__pycache__", "recovery")
    )
    for place, main in (("", "stacks"), ("changed", str(ROOT / "conformance" / "changed"))):
        target = folder / place
        target.mkdir(parents=True, exist_ok=True)
        settings = {
            "name": source.name,
            "runtime": "python",
            "main": main,
            "stackConfigDir": "stacks" if not place else "../stacks",
        }
        (target / "Pulumi.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    return find_project(folder)


def beyond_the_simulator() -> dict[str, str]:
    """Type to the reason."""
    found: dict[str, str] = yaml.safe_load(BEYOND_THE_SIMULATOR.read_text(encoding="utf-8")) or {}
    return found


def _environment(folder: Path, plugin: Plugin) -> dict[str, str]:
    """The sandbox's variables, with the real provider in front of the rehearsed one."""
    plugins = folder / "plugins"
    plugins.mkdir()
    script = plugins / "pulumi-resource-aws"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{Path(between.__file__)}" "$@"\n', encoding="utf-8")
    script.chmod(0o755)
    variables = environment(folder)
    return {
        **variables,
        "PATH": os.pathsep.join((str(plugins), variables["PATH"])),
        "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH")))),
        between.PROVIDER: str(plugin.executable),
        between.BEYOND: ",".join(sorted(beyond_the_simulator())),
        **plugin.settings,
    }


def trial(name: str, folder: Path, plugin: Plugin, stacks: Sequence[str], parallel: int) -> list[Finding]:
    """One estate in its own simulated cloud."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with simulator(folder / "simulator.log") as cloud:
        return Trial(name, folder, plugin, cloud, stacks, parallel).run()


def stacks_of(name: str) -> Iterator[str]:
    """The names of an estate's stacks."""
    yield from _plans(ESTATES[name])


def _plans(estate: Path) -> Mapping[str, AnyPlan]:
    today = datetime.now(UTC).date()
    return compile_estate(load(estate, today=today), today=today).stacks
