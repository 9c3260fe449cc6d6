"""What `up`, `refresh` and `destroy` share: options, the run over the stacks, exit code."""

import json
import os
import shutil
import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from odoo_estate.decide import compile_estate
from odoo_estate.decide.changes import refused_changes
from odoo_estate.errors import BadInput, Problem
from odoo_estate.fleet import report, schedule
from odoo_estate.fleet.engine import Engine, Verb
from odoo_estate.fleet.outcome import Outcome
from odoo_estate.fleet.project import Project, find_project
from odoo_estate.fleet.selection import reachable, select
from odoo_estate.fleet.standing import standing
from odoo_estate.plan import EstatePlan
from odoo_estate.spec.loader import load, located


def add_common_arguments(parser: ArgumentParser) -> None:
    """The options of every command that runs the engine."""
    parser.add_argument(
        "stacks", nargs="*", metavar="STACK", help="stack names; wildcards such as 'tenant.*' are allowed"
    )
    parser.add_argument("--all", action="store_true", help="every stack of the estate")
    parser.add_argument(
        "--parallel", type=int, default=os.cpu_count() or 2, metavar="N", help="stacks side by side (default: cores)"
    )


class Run:
    """One command over a selection of stacks."""

    def __init__(
        self,
        args: Namespace,
        *,
        environment: Mapping[str, str] | None = None,
        policy_packs: Sequence[Path] = (),
        expired: bool = False,
    ) -> None:
        """``expired``: environments whose day has passed are no error, because they are what is worked on."""
        self.args = args
        directory = Path(args.estate)
        self.project: Project = find_project(directory)
        self.today = datetime.now(UTC).date()
        self.documents = load(directory, today=None if expired else self.today)
        self.plan: EstatePlan = compile_estate(self.documents, today=self.today)
        self.stacks = reachable(self.plan, select(self.plan, args.stacks, everything=args.all), everything=args.all)
        self.policies = [str(pack) for pack in policy_packs]
        if shutil.which("pulumi") is None:
            raise BadInput(
                [
                    Problem(
                        "the command `pulumi` is not on PATH",
                        "engine",
                        remedy='eval "$(sandbox/env)" for the sandbox, or install Pulumi for a real cloud',
                    )
                ]
            )
        self.engine = Engine(
            self.project,
            {"ODOO_ESTATE_DIR": str(directory.resolve()), **(environment or {})},
            policy_packs,
            delivered=frozenset(
                name
                for name, one in self.plan.stacks.items()
                if self.documents.estate.delivery and one.kind in ("platform", "tenant")
            ),
        )

    def refuse_unapproved(self) -> None:
        """Raises `BadInput` for every change to what stands that needs an approval it does not have, before any stack is touched."""
        before = standing(self.engine, self.stacks, parallel=self.args.parallel)
        refused = refused_changes(
            {name: kept for name, kept in before.items() if name in self.stacks or name not in self.plan.stacks},
            {name: self.plan.stacks[name] for name in self.stacks},
            tuple(self.documents.catalog.service_classes),
            self.today,
        )
        if refused:
            raise BadInput(located([one.problem for one in refused], self.documents.sources))

    def dependencies(self) -> dict[str, tuple[str, ...]]:
        """Each selected stack with the selected ones that it stands on."""
        return schedule.closure(self.stacks, {name: plan.depends_on for name, plan in self.plan.stacks.items()})

    def operate(self, verb: Verb, *, reverse: bool = False) -> list[Outcome]:
        """Runs ``verb`` over the stacks with progress on standard error; ``reverse``: what stands on a stack goes before it."""
        needs = self.dependencies()
        if reverse:
            needs = {name: tuple(other for other, wants in needs.items() if name in wants) for name in needs}
        width = max(map(len, needs), default=0)
        done = 0

        def progress(outcome: Outcome) -> None:
            nonlocal done
            done += 1
            print(report.line(outcome, done, len(needs), width), file=sys.stderr, flush=True)

        weight = {name: -_dependents(name, needs) for name in needs}
        return schedule.run(
            needs,
            lambda stack: self.engine.operate(verb, stack),
            report=progress,
            parallel=max(1, self.args.parallel),
            rank=weight,
            interrupt=self.engine.command.interrupt,
        )

    def close(self, verb: str, outcomes: Sequence[Outcome], started: float) -> int:
        """Writes the report, prints the summary and gives the exit code."""
        seconds = time.monotonic() - started
        file = report.write(self.project.directory / ".estate" / "reports", outcomes, verb, seconds, self.policies)
        if self.args.json:
            print(
                json.dumps(
                    {"verb": verb, "report": str(file), "stacks": [asdict(outcome) for outcome in outcomes]},
                    sort_keys=True,
                )
            )
        else:
            print(report.summary(outcomes, verb, seconds, self.policies))
            print(f"report     {os.path.relpath(file)}")
        return exit_code(outcomes)


def exit_code(outcomes: Sequence[Outcome]) -> int:
    """4 when an operation failed, 3 when only policies stopped something, else 0."""
    if any(outcome.verdict in ("failed", "interrupted") for outcome in outcomes):
        return 4
    if any(outcome.verdict == "refused" for outcome in outcomes):
        return 3
    return 4 if any(outcome.failed for outcome in outcomes) else 0


def _dependents(name: str, needs: Mapping[str, Sequence[str]]) -> int:
    """How many stacks wait for this one, directly or not: what most wait for goes first."""
    waiting = {other for other, wants in needs.items() if name in wants}
    return len(waiting) + sum(_dependents(other, needs) for other in waiting)
