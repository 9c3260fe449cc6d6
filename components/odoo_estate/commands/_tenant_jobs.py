"""What `initialise`, `upgrade` and `copy` share: the preview as default, the run with ``--yes``, what a step does to estate and engine."""

import getpass
import json
import os
import sys
import threading
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from odoo_estate.commands import _operate
from odoo_estate.decide import compile_stack, tenant_jobs
from odoo_estate.decide.change_windows import check_window
from odoo_estate.decide.compiler import context_of
from odoo_estate.decide.context import Context, Tenant
from odoo_estate.decide.naming import tenant_stack
from odoo_estate.errors import BadInput, OperationFailed, Problem, Refused
from odoo_estate.fleet import procedure as procedures
from odoo_estate.fleet import recovery
from odoo_estate.fleet import tenant_jobs as fleet
from odoo_estate.fleet.engine import Engine
from odoo_estate.fleet.project import find_project
from odoo_estate.plan import TenantPlan
from odoo_estate.spec.jobs import JobKind, Phase, TenantJob
from odoo_estate.spec.loader import Documents, load, located
from odoo_estate.spec.quoting import unknown

DOES = {
    "initialise": "install base and the contract's modules, without demonstration data, and check them",
    "close": "the maintenance page, and no workload any more",
    "back-up": "a dump, verified while it is written",
    "upgrade": "upgrade the modules, and check them",
    "copy-restore": "restore production's newest dump beside the environment's database, with its attachments",
    "neutralise": "odoo neutralize, in a namespace that nothing leaves",
    "finish": "check the copy, and put it in the environment's place",
}
OTHERWISE = {
    "initialise": "it stays closed; repeated, it goes on with what is missing",
    "close": "nothing was changed",
    "back-up": "nothing was changed; repeat it, or --abandon",
    "upgrade": "back to the dump and the image from before, then open",
    "copy-restore": "the environment's database is as it was; repeat it, or --abandon",
    "neutralise": "the copy is dropped; nobody could ever reach it",
    "finish": "the copy is dropped; nobody could ever reach it",
}


def add_common_arguments(parser: ArgumentParser) -> None:
    """The options of the three commands."""
    parser.add_argument("--yes", action="store_true", help="really do it; without it the steps are shown")
    parser.add_argument(
        "--abandon", action="store_true", help="with --yes: give up what failed, and open what was there before"
    )
    parser.add_argument("--approved-by", default="", metavar="WHO", help="who decided it; needed for production")
    parser.add_argument("--reason", default="", metavar="WHY", help="why; stands in the record of the change")
    parser.add_argument("--outside-window", action="store_true", help="although it is not the agreed window")
    parser.add_argument(
        "--parallel", type=int, default=os.cpu_count() or 2, metavar="N", help="stacks side by side (default: cores)"
    )


class Work:
    """One command on one environment."""

    def __init__(self, args: Namespace, kind: JobKind, name: str, documents: Documents, context: Context) -> None:
        self.args, self.kind, self.directory = args, kind, Path(args.estate)
        self.documents, self.context = documents, context
        self.tenant = self._known(name)
        self.name = name

    def _known(self, name: str) -> Tenant:
        customer, _, environment = name.partition(".")
        contract = self.documents.customers.get(customer)
        for known in contract.environments if contract else ():
            if known == environment:
                return Tenant(customer, known)
        names = [f"{one}.{env}" for one, found in self.documents.customers.items() for env in found.environments]
        near = [one for one in names if one.startswith(f"{customer}.")] or names[:20]
        raise BadInput([unknown("a tenant environment of this estate", name, near, "arguments", ())])

    @property
    def under_way(self) -> TenantJob | None:
        job = tenant_jobs.job_of(self.context, self.tenant)
        return job if job and (job.phase == "open" or job.phase not in tenant_jobs.SERVING) else None

    def preview(self) -> dict[str, Any]:
        """The steps, as far as this environment has them."""
        steps = []
        for phase in tenant_jobs.steps_of(self.context, self.tenant, self.kind):
            lasts = tenant_jobs.length(self.context, self.tenant, self.kind, phase)
            steps.append({"step": phase, "does": DOES[phase], **asdict(lasts), "otherwise": self._otherwise(phase)})
        job = self.under_way
        return {
            "tenant": self.name,
            "does": self.kind,
            "at": job.phase if job else None,
            "minutes": sum(one["minutes"] for one in steps),
            "steps": steps,
        }

    def _otherwise(self, phase: Phase) -> str:
        if phase == "upgrade" and "back-up" not in tenant_jobs.steps_of(self.context, self.tenant, self.kind):
            return "it stays closed: it is not dumped, so there is nothing to go back to but another copy"
        return OTHERWISE[phase]

    def check(self, modules: tuple[str, ...] = ()) -> None:
        """Raises `BadInput` where it may not begin, with file and line."""
        try:
            tenant_jobs.check(self.context, self.tenant, self.kind, modules)
        except Refused as refused:
            raise BadInput(located([refused.problem], self.documents.sources)) from refused

    def job(self, modules: tuple[str, ...] = ()) -> TenantJob:
        """Where to go on, or to begin. Raises `BadInput` for what may not be begun."""
        now = datetime.now(UTC)
        there = self.under_way
        if there is not None:
            if there.kind != self.kind:
                message = f"{self.name} is in the middle of its {there.kind} ({there.phase})"
                remedy = f"finish that first: estate {there.kind}"
                raise BadInput([Problem(message, "arguments", (), self.kind, (there.kind,), remedy)])
            if there.phase != "failed":
                return there
            # What a failed restore left is half an upgrade: it must not be what a new dump holds.
            first: Phase = "restore" if there.failed_in == "restore" else tenant_jobs.FIRST[self.kind]
            again = {"phase": first, "attempt": there.attempt + 1, "since": procedures.moment(now), "failed_in": None}
            return there.model_copy(update={**again, **({"modules": modules} if modules else {})})
        if self.tenant.environment == "production":
            if not (self.args.approved_by and self.args.reason):
                remedy = "say --approved-by WHO and --reason WHY"
                raise BadInput([Problem(f"a change of {self.name} needs an approval", "arguments", remedy=remedy)])
            if self.kind == "upgrade":
                check_window(self.context.customers[self.tenant.customer], now, outside=self.args.outside_window)
        stands = self._standing() if self.kind == "upgrade" else ""
        return TenantJob(
            tenant=self.name,
            kind=self.kind,
            phase=tenant_jobs.FIRST[self.kind],
            run=f"r{now:%Y%m%d%H%M%S}",
            since=procedures.moment(now),
            approved_by=self.args.approved_by or getpass.getuser(),
            reason=self.args.reason or f"{self.kind} on demand",
            modules=modules,
            source=f"{self.tenant.customer}.production" if self.kind == "copy" else None,
            image_before=stands or None,
            held_copy=tenant_jobs.holds_copy(self.context, self.tenant),
        )

    def _standing(self) -> str:
        engine, stack = Operations(self).engine, tenant_stack(*self.tenant)
        if stack not in engine.known():
            message = f"{self.name} does not stand yet: there is nothing to upgrade"
            raise BadInput([Problem(message, "arguments", remedy=f"estate initialise {self.name}")])
        return fleet.running_image(engine.state(stack).get("resources", []))

    def run(self, job: TenantJob) -> int:
        """Runs it to its end; exit code 0 where it came to what was wanted, 4 where it went back or stays closed."""
        if not self.args.abandon:
            self.check(job.modules)
        project = find_project(self.directory).directory
        operations = Operations(self)
        with recovery.alone(project, f"job.{self.name}", 0, threading.Event()):
            runner = fleet.Runner(operations, say=lambda text: print(text, file=sys.stderr, flush=True))
            came_to = None
            if self.args.abandon:
                self._abandon(operations, job)
            else:
                came_to = runner.run(job)
        phase = "abandoned" if self.args.abandon else came_to.phase if came_to and came_to.kind == self.kind else "done"
        kept = fleet.record(self.directory, came_to or job, datetime.now(UTC), phase)
        if self.args.json:
            print(json.dumps({"tenant": self.name, "does": self.kind, "result": phase, "record": str(kept)}))
        else:
            print(f"{self.kind} of {self.name}: {_TOLD.get(phase, phase)}\nrecord     {os.path.relpath(kept)}")
        return 4 if phase in ("failed", "restored") else 0

    def _abandon(self, operations: "Operations", job: TenantJob) -> None:
        """What failed is given up: nothing of it is left, and what was there before opens again, in its image. Raises `BadInput` where that is not
        there any more."""
        at = job.failed_in or job.phase
        if job.kind != "copy" and at not in ("close", "back-up"):
            message = f"{self.name} may be half through its {job.kind}: there is nothing whole to open"
            raise BadInput([Problem(message, "arguments", (), at, (), "run it again without --abandon: it goes on")])
        if self.kind == "copy":
            # Whatever the restore has left beside goes first.
            dropping = job.model_copy(update={"phase": "drop", "attempt": min(99, job.attempt + 1)})
            fleet.Runner(operations).run(dropping)
            operations.write(fleet.remembered(job))
        else:
            operations.write(job.model_copy(update={"phase": "restored"}))
        operations.up()


_TOLD = {
    "done": "done, it is open",
    "copied": "done, it serves a copy of production",
    "restored": "the upgrade failed; it serves what was there before, in the image from before",
    "failed": "it failed and stays closed; repeat it, or give it up with --abandon",
    "abandoned": "given up, it serves what was there before",
}


def works_on(args: Namespace, kind: JobKind, names: Iterable[str]) -> list[Work]:
    """One piece of work for each environment, in an estate that is read once."""
    today = datetime.now(UTC).date()
    documents = load(Path(args.estate), today=today)
    context = context_of(documents, today)
    return [Work(args, kind, name, documents, context) for name in names]


def run(args: Namespace, works: Sequence[Work], modules: tuple[str, ...] = ()) -> int:
    """Shows the steps for each environment, or with ``--yes`` goes through them, one environment after the other."""
    if args.abandon and not (args.yes and len(works) == 1 and works[0].under_way):
        remedy = "name one environment that is in the middle of something, and add --yes"
        raise BadInput([Problem("there is nothing to give up", "arguments", remedy=remedy)])
    for work in works:
        if not args.abandon:
            work.check(modules)
    if not args.yes:
        _print_preview(args, [work.preview() for work in works])
        return 0
    jobs = [work.under_way if args.abandon else work.job(modules) for work in works]
    codes = [work.run(job) for work, job in zip(works, jobs, strict=True) if job is not None]
    return max(codes, default=0)


def _print_preview(args: Namespace, previews: list[dict[str, Any]]) -> None:
    if args.json:
        print(json.dumps({"previews": previews}, indent=1, ensure_ascii=False))
        return
    for one in previews:
        print(f"{one['does']} of {one['tenant']}: about {one['minutes']} minutes behind the maintenance page")
        for number, step in enumerate(one["steps"], 1):
            here = " (here)" if step["step"] == one["at"] else ""
            print(f"  {number}. {step['step']}{here}: {step['does']}, {step['minutes']} min ({step['basis']})")
            print(f"     otherwise: {step['otherwise']}")
        print("nothing was touched; add --yes\n")


# --- the world -----------------------------------------------------------------------------------------------------


class Operations:
    """Files of the estate, the engine, and through it the cluster."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self.stack = tenant_stack(*work.tenant)

    def write(self, job: TenantJob | None) -> None:
        """Writes the environment's file; None removes it."""
        fleet.write(self.work.directory, self.work.name, job)

    def command(self) -> _operate.Run:
        """The engine's command for the environment's stack, with the estate as it is now."""
        args = self.work.args
        return _operate.Run(
            Namespace(estate=args.estate, stacks=[self.stack], all=False, parallel=args.parallel, json=args.json)
        )

    @cached_property
    def engine(self) -> Engine:
        """For looking at what stands, again and again: the estate is not compiled each time."""
        return self.command().engine

    def up(self) -> str:
        """Brings the environment's stack up."""
        command = self.command()
        command.refuse_unapproved()
        (outcome,) = command.operate("up")
        if outcome.failed:
            told = " ".join(outcome.messages)
            raise OperationFailed(
                f"{outcome.stack}: {outcome.verdict}: {told}\n  do: mend it, then run again: it goes on here"
            )
        return f"{outcome.stack} {outcome.verdict}"

    def job(self, phase: Phase) -> tuple[str, int]:
        """Name of the step's job and its deadline in seconds."""
        plan = compile_stack(load(self.work.directory), self.stack, today=datetime.now(UTC).date())
        assert isinstance(plan, TenantPlan)
        return (plan.job.name, plan.job.deadline_seconds) if plan.job and plan.job.phase == phase else ("", 0)

    def ended(self, name: str) -> fleet.Ended:
        """Reads the Job back through the engine, whose credentials reach the cluster."""
        resources = self.engine.state(self.stack).get("resources", [])
        urns = [
            one["urn"]
            for one in resources
            if one["type"] == "kubernetes:batch/v1:Job" and one["outputs"]["metadata"].get("name") == name
        ]
        return fleet.ended(self.engine.read_back(self.stack, urns).get("resources", []), name)

    def following(self, job: TenantJob, *, well: bool) -> Phase:
        """The step after this one."""
        return tenant_jobs.following(self.work.context, self.work.tenant, job.kind, job.phase, well=well)
