"""What `failover`, `failback` and `drill` share: the preview as default, the run with ``--yes``, what a step does to estate and engine."""

import json
import os
import shlex
import sys
import threading
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from odoo_estate.commands import _operate
from odoo_estate.decide import compile_stack, stack_names
from odoo_estate.decide.cell import cell_plan
from odoo_estate.decide.compiler import context_of
from odoo_estate.decide.dr import state_of
from odoo_estate.decide.naming import cell_stack, dr_stack, drill_stack
from odoo_estate.decide.procedure import Check, Confirm, Procedure, Run, Verb, Write, check_start, procedure
from odoo_estate.errors import BadInput, OperationFailed, Problem, Refused
from odoo_estate.fleet import procedure as fleet
from odoo_estate.fleet import recovery, schedule
from odoo_estate.fleet.observation import Aws, Observation
from odoo_estate.fleet.outcome import Outcome
from odoo_estate.fleet.project import find_project
from odoo_estate.plan import AnyPlan
from odoo_estate.procedure_page import page
from odoo_estate.program import DRILL, LIFT_PROTECTION
from odoo_estate.spec.drills import checksum
from odoo_estate.spec.loader import Documents, load, located
from odoo_estate.spec.recovery import AWAY, CellRecovery


def add_common_arguments(parser: ArgumentParser) -> None:
    """The options of the three commands."""
    parser.add_argument("cell", metavar="CELL", help="the cell's id")
    parser.add_argument(
        "--yes", action="store_true", help="really do it; without it the steps are shown and nothing is touched"
    )
    parser.add_argument("--measure", action="store_true", help="preview: ask AWS how far the other region is behind")
    parser.add_argument("--markdown", action="store_true", help="preview: as a runbook page")
    parser.add_argument(
        "--approved-by", default="", metavar="WHO", help="who decided it; needed for what cannot be undone"
    )
    parser.add_argument("--reason", default="", metavar="WHY", help="why; stands in the cell's recovery file")
    parser.add_argument(
        "--confirm", action="append", default=[], metavar="WORD", help="what people have done, by the step's word"
    )
    parser.add_argument(
        "--override", action="append", default=[], metavar="STEP", help="go on although this step's check does not hold"
    )
    parser.add_argument(
        "--parallel", type=int, default=os.cpu_count() or 2, metavar="N", help="stacks side by side (default: cores)"
    )


def run(args: Namespace, verb: Verb, *, observe: Any = None) -> int:
    """Shows the procedure, or with ``--yes`` runs it from its first step that is not done."""
    today = datetime.now(UTC).date()
    documents = load(Path(args.estate), today=today)
    context = context_of(documents, today)
    if args.cell not in context.estate.cells:
        cells = tuple(context.estate.cells)
        raise BadInput(
            [
                Problem(
                    f'"{args.cell}" is not a cell of this estate',
                    "arguments",
                    (),
                    args.cell,
                    cells,
                    "name one of these",
                )
            ]
        )
    file = fleet.journal_file(find_project(Path(args.estate)).directory, args.cell, verb)
    journal = fleet.Journal.read(file)
    try:
        if journal is None:
            check_start(context, verb, args.cell)
        generation = journal.generation if journal else state_of(context, args.cell).generation
        steps = procedure(context, verb, args.cell, generation)
    except Refused as refused:
        raise BadInput(located([refused.problem], documents.sources)) from refused
    operations = Operations(args, steps, observe or Aws())
    if not args.yes:
        return _preview(args, documents, operations, journal, today=today)
    _check_words(args, steps)
    if journal is None:
        _check_approval(args, steps)
        journal = fleet.Journal(
            file, verb, args.cell, generation, fleet.moment(datetime.now(UTC)), args.approved_by, args.reason
        )
    operations.journal = journal
    with recovery.alone(find_project(Path(args.estate)).directory, f"procedure.{args.cell}", 0, threading.Event()):
        runner = fleet.Runner(
            steps,
            journal,
            operations,
            args.confirm,
            args.override,
            say=lambda text: print(text, file=sys.stderr, flush=True),
        )
        kept = runner.run()
    seconds = {key: record.seconds for key, record in journal.steps.items()}
    if args.json:
        print(
            json.dumps(
                {
                    "procedure": verb,
                    "cell": args.cell,
                    "finished": journal.finished,
                    "seconds": seconds,
                    "journal": str(kept),
                }
            )
        )
    else:
        print(
            f"{verb} of {args.cell} finished in {sum(seconds.values()) / 60:.0f} minutes of steps\njournal    {os.path.relpath(kept)}"
        )
    return 0


def abandon(args: Namespace) -> int:
    """Removes what a drill that is under way has made, and records it as failed. Repeating it goes on where it stopped."""
    today = datetime.now(UTC).date()
    documents = load(Path(args.estate), today=today)
    file = fleet.journal_file(find_project(Path(args.estate)).directory, args.cell, "drill")
    journal = fleet.Journal.read(file)
    if journal is None:
        raise BadInput(
            [
                Problem(
                    f"no drill of {args.cell} is under way",
                    "arguments",
                    remedy=f"begin one: estate drill {args.cell} --yes",
                )
            ]
        )
    steps = procedure(context_of(documents, today), "drill", args.cell, journal.generation)
    operations = Operations(args, steps, None)
    with recovery.alone(find_project(Path(args.estate)).directory, f"procedure.{args.cell}", 0, threading.Event()):
        print(operations.run(Run(verb="destroy", stacks=(drill_stack(args.cell),)), {}, resumed=False))
        print(operations.evidence(fleet.evidence(steps, journal, "failed", datetime.now(UTC))))
        journal.close(datetime.now(UTC))
    return 0


def _check_words(args: Namespace, steps: Procedure) -> None:
    words = [step.act.word for step in steps.steps if isinstance(step.act, Confirm)]
    keys = [step.key for step in steps.steps if step.before or step.done]
    problems = [
        Problem(f'"{given}" is no {what} of this procedure', "arguments", (), given, tuple(known), "use one of these")
        for what, given_all, known in (
            ("confirmation", args.confirm, words),
            ("step with a check", args.override, keys),
        )
        for given in given_all
        if given not in known
    ]
    if problems:
        raise BadInput(problems)


def _check_approval(args: Namespace, steps: Procedure) -> None:
    if steps.needs_approval and not (args.approved_by and args.reason):
        final = "; ".join(step.title for step in steps.final)
        raise BadInput(
            [
                Problem(
                    f"{steps.verb} cannot be undone ({final}) and needs an approval",
                    "arguments",
                    remedy="say --approved-by WHO and --reason WHY",
                )
            ]
        )


# --- preview -------------------------------------------------------------------------------------------------------


def _preview(
    args: Namespace, documents: Documents, operations: "Operations", journal: fleet.Journal | None, *, today: date
) -> int:
    steps = operations.steps
    measured = (
        [operations.observe(check).found for step in steps.steps[:2] for check in step.before] if args.measure else []
    )
    changes = _changes(args, documents, steps, today)
    finished = {key for key, record in journal.steps.items() if record.finished} if journal else set()
    if args.json:
        print(
            json.dumps(
                {
                    "procedure": steps.verb,
                    "cell": steps.cell,
                    "minutes": steps.minutes,
                    "final": [step.key for step in steps.final],
                    "loses": list(steps.loses),
                    "measured": measured,
                    "steps": [{**asdict(step), "finished": step.key in finished} for step in steps.steps],
                    "changes": [one.as_json() for one in changes],
                },
                indent=1,
            )
        )
    else:
        command = shlex.join(["estate", steps.verb, steps.cell])
        print(page(steps, changes, measured, finished, command=command, markdown=args.markdown))
    return 0


def _changes(args: Namespace, documents: Documents, steps: Procedure, today: date) -> Sequence[Any]:
    """What the engine will be asked for from state to state, in the stacks of both regions."""
    from odoo_estate.preview.changes import changes, stack_json
    from odoo_estate.preview.fleet import preview_each
    from odoo_estate.preview.rules import rules_of_project

    project = find_project(Path(args.estate))
    names = (dr_stack(steps.cell), cell_stack(steps.cell))

    def shown(at: Documents) -> dict[str, Any]:
        known = stack_names(at)
        plans: list[AnyPlan] = [compile_stack(at, one, today=today) for one in names if one in known]
        rules = rules_of_project(project.directory)
        previews = preview_each(plans, stack_json, project=project.name, today=today, rules=rules)
        return dict(zip((one.stack for one in plans), previews, strict=True))

    found: list[Any] = []
    before = shown(documents) if steps.states else {}
    for state, generation in steps.states:
        away = state in AWAY
        cell = documents.estate.cells[steps.cell]
        recovery_region = cell.recovery.region if cell.recovery else cell.region
        written = CellRecovery(
            cell=steps.cell,
            state=state,
            active_region=recovery_region if away else cell.region,
            since="2000-01-01T00:00:00Z",
            approved_by="preview",
            reason="preview",
            generation=generation,
            recovery_points=dict.fromkeys(("main", *cell.databases), "found by the procedure"),
        )
        documents = replace(documents, recoveries={**documents.recoveries, steps.cell: written})
        after = shown(documents)
        found += [replace(one, name=f"{one.name} ({state})") for one in changes(before, after)]
        before = after
    return found


# --- the world -----------------------------------------------------------------------------------------------------


class Operations:
    """Files of the estate, the engine, and AWS."""

    def __init__(self, args: Namespace, steps: Procedure, observe: Any) -> None:
        self.args, self.steps, self._observe = args, steps, observe
        self.directory = Path(args.estate)
        self.journal: fleet.Journal | None = None

    def observe(self, check: Check) -> Observation:
        """Asks AWS."""
        seen: Observation = self._observe(check)
        return seen

    def write(self, act: Write, points: Mapping[str, str]) -> str:
        """Writes the recovery file, unless it says so already."""
        documents = load(self.directory)
        known = documents.recoveries.get(self.steps.cell)
        if known and (known.state, known.generation) == (act.state, act.generation):
            return f"recovery/{self.steps.cell}.yaml says so already"
        assert self.journal is not None
        named = {key: points[one] for key, one in self._identifiers(documents).items() if one in points}
        kept = named or (known.recovery_points if known and act.state in AWAY else {})
        lines = [
            "# Written by the procedures of this estate; commit it. Every preview from here on is made from it.",
            *(
                f"{key}: {json.dumps(value, ensure_ascii=False)}"
                for key, value in {
                    "cell": self.steps.cell,
                    "state": act.state,
                    "active_region": act.active_region,
                    "since": fleet.moment(datetime.now(UTC)),
                    "approved_by": self.journal.approved_by,
                    "reason": self.journal.reason,
                    "generation": act.generation,
                    **({"recovery_points": dict(kept)} if kept else {}),
                }.items()
            ),
        ]
        file = self.directory / "recovery" / f"{self.steps.cell}.yaml"
        fleet.write_whole(file, "\n".join(lines) + "\n")
        return f"{file}: {act.state}"

    def run(self, act: Run, points: Mapping[str, str], *, resumed: bool) -> str:
        """Runs the engine on the stacks."""
        if act.verb == "destroy":
            return self._take_down(act.stacks)
        if act.promoted is not None:
            return self._alone(act, points, resumed=resumed)
        command = self._command(act.stacks, {})
        command.refuse_unapproved()
        outcomes = command.operate("resume" if resumed else "up")
        return _told(outcomes)

    def _alone(self, act: Run, points: Mapping[str, str], *, resumed: bool) -> str:
        """A stack that the estate does not list: by the engine itself."""
        (stack,) = act.stacks
        documents = load(self.directory)
        named = {key: points[one] for key, one in self._identifiers(documents).items() if one in points}
        drill = json.dumps({"promoted": bool(act.promoted), "recovery_points": named})
        engine = self._command((cell_stack(self.steps.cell),), {DRILL: drill}).engine
        return _told([engine.operate("resume" if resumed else "up", stack)])

    def _take_down(self, stacks: Sequence[str]) -> str:
        """Those that still stand, what keeps them lifted first; a platform after its tenants."""
        command = self._command((cell_stack(self.steps.cell),), {LIFT_PROTECTION: "yes"})
        standing = command.engine.known()
        left = [stack for stack in stacks if stack in standing]
        tenants = tuple(stack for stack in left if stack.startswith("tenant."))

        def gone(stack: str) -> Outcome:
            lifted = command.engine.operate("lift", stack)
            return lifted if lifted.failed else command.engine.operate("destroy", stack)

        outcomes = schedule.run(
            {stack: () if stack in tenants else tenants for stack in left},
            gone,
            report=lambda outcome: print(f"  {outcome.stack} {outcome.verdict}", file=sys.stderr, flush=True),
            parallel=max(1, self.args.parallel),
            interrupt=command.engine.command.interrupt,
        )
        return _told(outcomes) or "gone already"

    def evidence(self, document: Mapping[str, Any]) -> str:
        """Writes what a drill measured, with its checksum."""
        recovery_region = load(self.directory).estate.cells[self.steps.cell].recovery
        assert recovery_region is not None
        whole = {**document, "region": recovery_region.region, "dr_class": recovery_region.dr_class}
        whole["sha256"] = checksum(whole)
        stamp = str(document["started_at"]).replace("-", "").replace(":", "")
        file = self.directory / "evidence" / "drills" / f"{self.steps.cell}-{stamp}.json"
        fleet.write_whole(file, json.dumps(whole, sort_keys=True, indent=1, ensure_ascii=False) + "\n")
        return f"{file}"

    def _command(self, stacks: Sequence[str], environment: Mapping[str, str]) -> _operate.Run:
        args = Namespace(
            estate=self.args.estate, stacks=list(stacks), all=False, parallel=self.args.parallel, json=self.args.json
        )
        return _operate.Run(args, environment=environment)

    def _identifiers(self, documents: Documents) -> dict[str, str]:
        """Database key to the identifier of the cell's primary instance."""
        context = context_of(documents, datetime.now(UTC).date())
        return {key: one.identifier for key, one in cell_plan(context, self.steps.cell).databases.items()}


def _told(outcomes: Sequence[Any]) -> str:
    failed = [outcome for outcome in outcomes if outcome.failed]
    if failed:
        told = "; ".join(f"{one.stack}: {one.verdict}: {' '.join(one.messages)}" for one in failed)
        raise OperationFailed(f"{told}\n  do: mend it, then run again: it goes on here")
    return ", ".join(f"{one.stack} {one.verdict}" for one in outcomes)
