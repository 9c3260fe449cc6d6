"""An initialisation, upgrade or copy is cut off at every call and goes on where it stopped; what fails goes back, or stays closed, and nothing runs
twice."""

from argparse import Namespace
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.decide.test_tenant_jobs import at, world

from odoo_estate.commands import copy
from odoo_estate.decide import compile_stack, tenant_jobs
from odoo_estate.decide.compiler import context_of
from odoo_estate.decide.context import Tenant
from odoo_estate.decide.naming import cell_stack
from odoo_estate.decide.procedure import Check
from odoo_estate.decide.sizing import load_in
from odoo_estate.errors import BadInput, OperationFailed
from odoo_estate.fleet.observation import Observation
from odoo_estate.fleet.tenant_jobs import Ended, Runner, ended, record, running_image, write
from odoo_estate.plan import CellPlan
from odoo_estate.spec.fields import EnvironmentName
from odoo_estate.spec.jobs import JobKind, Phase, TenantJob
from odoo_estate.spec.loader import load

BEGINS: dict[JobKind, EnvironmentName] = {"initialise": "production", "upgrade": "production", "copy": "staging"}


class Killed(BaseException):
    """The process ends here, whatever it was doing."""


class FakeWorld:
    """A fake estate, engine and cluster. What stands outlives the process; the process dies at the chosen call, before or after it had its effect."""

    def __init__(self, kind: JobKind, *, fails: frozenset[Phase] = frozenset(), polls: int = 2) -> None:
        self.tenant = Tenant("acme", BEGINS[kind])
        self.file: TenantJob | None = None
        self.standing: TenantJob | None = None
        self.jobs: dict[str, int] = {}
        """Jobs that were ever made in the cluster, by name, with how often they were asked for."""
        self.fails, self.polls = fails, polls
        self.time = datetime(2026, 11, 22, 8, tzinfo=UTC)
        self.calls, self.die_at, self.die_after = 0, -1, False
        self.seen: list[Phase] = []

    def _tick(self, effect: Any) -> None:
        self.calls += 1
        if self.calls == self.die_at and not self.die_after:
            raise Killed
        effect()
        if self.calls == self.die_at:
            raise Killed

    def write(self, job: TenantJob | None) -> None:
        def effect() -> None:
            self.file = job

        self._tick(effect)

    def up(self) -> str:
        def effect() -> None:
            self.standing = self.file
            assert self.file
            self.seen.append(self.file.phase)
            if name := self._name(self.file):
                self.jobs.setdefault(name, 0)

        self._tick(effect)
        return "changed"

    def _name(self, job: TenantJob) -> str:
        jobless = job.phase in ("close", "failed", "open", "restored", "copied")
        return "" if jobless else f"{job.phase}-{job.run}-{job.attempt}"

    def job(self, phase: Phase) -> tuple[str, int]:
        assert self.file and self.file.phase == phase
        return self._name(self.file), 600

    def ended(self, name: str) -> Ended:
        self._tick(dict)
        assert name in self.jobs, "only what stands can be asked about"
        self.jobs[name] += 1
        if self.jobs[name] < self.polls:
            return Ended(how="running")
        failed = any(name.startswith(f"{phase}-") for phase in self.fails)
        return Ended(how="badly", why="exit code 3") if failed else Ended(how="well")

    def following(self, job: TenantJob, *, well: bool) -> Phase:
        return tenant_jobs.following(world(), self.tenant, job.kind, job.phase, well=well)

    def run(self, job: TenantJob) -> TenantJob | None:
        return Runner(self, now=self._now, clock=lambda: self._now().timestamp(), sleep=self._sleep).run(job)

    def _now(self) -> datetime:
        return self.time

    def _sleep(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


def begin(kind: JobKind) -> TenantJob:
    return at(kind, tenant_jobs.FIRST[kind], BEGINS[kind])


@pytest.mark.parametrize(
    ("kind", "fails", "comes_to", "passes"),
    [
        ("initialise", (), None, ["initialise", "open"]),
        ("initialise", ("initialise",), "failed", ["initialise", "failed"]),
        ("upgrade", (), None, ["close", "back-up", "upgrade", "open"]),
        ("upgrade", ("back-up",), "failed", ["close", "back-up", "failed"]),
        ("upgrade", ("upgrade",), "restored", ["close", "back-up", "upgrade", "restore", "restored"]),
        ("upgrade", ("upgrade", "restore"), "failed", ["close", "back-up", "upgrade", "restore", "failed"]),
        ("copy", (), "copied", ["copy-restore", "neutralise", "finish", "copied"]),
        ("copy", ("copy-restore",), "failed", ["copy-restore", "failed"]),
        ("copy", ("neutralise",), "failed", ["copy-restore", "neutralise", "drop", "failed"]),
        ("copy", ("finish",), "failed", ["copy-restore", "neutralise", "finish", "drop", "failed"]),
    ],
)
def test_each_end_is_reached_through_these_states(
    kind: JobKind, fails: tuple[Phase, ...], comes_to: Phase | None, passes: list[Phase]
) -> None:
    stage = FakeWorld(kind, fails=frozenset(fails))
    end = stage.run(begin(kind))
    assert (end.phase if end else None) == comes_to
    assert stage.seen == passes
    assert stage.file == end
    assert stage.standing and stage.standing.phase == passes[-1]
    if comes_to == "failed":
        assert end and end.failed_in == fails[-1]


def interruptions() -> Iterator[tuple[JobKind, tuple[Phase, ...], int, bool]]:
    for kind, fails in (
        ("initialise", ()),
        ("upgrade", ()),
        ("upgrade", ("upgrade",)),
        ("copy", ()),
        ("copy", ("finish",)),
    ):
        whole = FakeWorld(kind, fails=frozenset(fails))  # type: ignore[arg-type]
        whole.run(begin(kind))  # type: ignore[arg-type]
        for call in range(1, whole.calls + 1):
            for after in (False, True):
                yield kind, fails, call, after  # type: ignore[misc]


@pytest.mark.parametrize(("kind", "fails", "call", "after"), list(interruptions()))
def test_killed_at_any_call_it_goes_on_and_makes_no_job_twice(
    kind: JobKind, fails: tuple[Phase, ...], call: int, after: bool
) -> None:
    whole = FakeWorld(kind, fails=frozenset(fails))
    expected = whole.run(begin(kind))
    stage = FakeWorld(kind, fails=frozenset(fails))
    stage.die_at, stage.die_after = call, after
    with pytest.raises(Killed):
        stage.run(begin(kind))
    went_on = stage.file
    if went_on is not None or not stage.seen:  # else the file is gone, which is the last that happens
        end = stage.run(went_on or begin(kind))
        assert (end.phase if end else None) == (expected.phase if expected else None)
    assert stage.standing and stage.standing.phase == whole.seen[-1]
    assert stage.jobs.keys() == whole.jobs.keys()
    order = [phase for number, phase in enumerate(stage.seen) if number == 0 or phase != stage.seen[number - 1]]
    assert order == whole.seen


def test_the_moments_that_later_steps_need_are_kept() -> None:
    stage = FakeWorld("upgrade", fails=frozenset({"upgrade"}))
    end = stage.run(begin("upgrade"))
    assert end and end.closed_at == "2026-11-22T08:00:00Z"
    assert end.backed_up_at and end.backed_up_at > end.closed_at


def test_that_an_environment_holds_a_copy_is_remembered_through_its_upgrades() -> None:
    end = FakeWorld("upgrade").run(begin("upgrade").model_copy(update={"tenant": "acme.staging", "held_copy": True}))
    assert end and (end.kind, end.phase, end.source) == ("copy", "copied", "acme.production")
    assert end.image_before is None and end.modules == ()


def test_a_job_that_somebody_took_away_is_made_again() -> None:
    stage = FakeWorld("initialise")
    answers = iter([Ended(how="absent"), Ended(how="well")])
    stage.ended = lambda name: next(answers)  # type: ignore[method-assign]
    assert stage.run(begin("initialise")) is None
    assert stage.seen == ["initialise", "initialise", "open"]


def test_a_job_that_never_ends_is_not_waited_for_for_ever() -> None:
    stage = FakeWorld("initialise", polls=10_000)
    with pytest.raises(OperationFailed, match="has not ended"):
        stage.run(begin("initialise"))
    assert stage.file and stage.file.phase == "initialise", "running it again goes on waiting"


def test_how_a_job_ended_is_read_from_its_conditions() -> None:
    def state(*conditions: dict[str, str]) -> list[dict[str, Any]]:
        head = {"metadata": {"name": "upgrade-1"}, "status": {"conditions": list(conditions)}}
        return [{"type": "kubernetes:batch/v1:Job", "outputs": head}]

    why = {"reason": "PodFailurePolicy", "message": "Container after failed with exit code 3"}
    assert ended(state(), "upgrade-1").how == "running"
    assert ended(state({"type": "Complete", "status": "True"}), "upgrade-1").how == "well"
    assert ended(state({"type": "FailureTarget", "status": "True"}), "upgrade-1").how == "running", "its pods still end"
    found = ended(state({"type": "Failed", "status": "True", **why}), "upgrade-1")
    assert found == Ended(how="badly", why="PodFailurePolicy Container after failed with exit code 3")
    assert ended(state(), "another").how == "absent"


def test_the_image_that_runs_is_read_from_what_stands() -> None:
    spec = {"template": {"spec": {"containers": [{"image": "registry/odoo@sha256:1"}]}}}
    web = {"type": "kubernetes:apps/v1:Deployment", "inputs": {"metadata": {"name": "odoo-web"}, "spec": spec}}
    assert running_image([web]) == "registry/odoo@sha256:1"
    assert running_image([]) == ""


STACKS = Path(__file__).parents[2] / "stacks"


@pytest.fixture
def estate(tmp_path: Path) -> Path:
    (tmp_path / "customers").mkdir()
    for file in (STACKS / "estate.yaml", *STACKS.glob("*.xml")):
        (tmp_path / file.name).write_text(file.read_text())
    for file in (STACKS / "customers").glob("*.yaml"):
        (tmp_path / "customers" / file.name).write_text(file.read_text())
    return tmp_path


def test_what_is_written_is_what_is_read(estate: Path) -> None:
    job = at("upgrade", "restore", "production", tenant="iberica.production", reason='"quoted": #1 é')
    write(estate, job.tenant, job)
    assert load(estate).jobs == {job.tenant: job}
    write(estate, job.tenant, None)
    write(estate, job.tenant, None)
    assert load(estate).jobs == {}


def test_a_copy_does_not_begin_on_an_instance_that_has_no_room_for_it(estate: Path) -> None:
    asked: list[Check] = []

    def full(check: Check) -> Observation:
        asked.append(check)
        return Observation(holds=False, found=f"{check.subject} has 3 GiB free")

    names = {"source": "balticpaper.production", "target": "balticpaper.staging"}
    args = Namespace(estate=str(estate), yes=True, abandon=False, override=[], **names)
    with pytest.raises(
        OperationFailed, match=r"tenant\.balticpaper\.staging: \S+ has 3 GiB free\n  do: .*--override storage"
    ):
        copy.run(args, observe=full)
    (check,) = asked
    context = context_of(load(estate), None)
    cell = compile_stack(load(estate), cell_stack(context.cell_of("balticpaper")))
    assert isinstance(cell, CellPlan)
    production = load_in(context, Tenant("balticpaper", "production"))
    assert (check.question, check.limit, check.unit) == ("free-storage", production.database_gib, "GiB")
    assert check.subject in {one.identifier for one in cell.databases.values()}
    assert load(estate).jobs == {}


def test_the_record_of_a_change_says_who_what_and_how_it_ended(estate: Path) -> None:
    job = at("upgrade", "upgrade", "production", tenant="iberica.production")
    kept = yaml.safe_load(record(estate, job, datetime(2026, 11, 22, 9, tzinfo=UTC), "done").read_text())
    assert (kept["approved_by"], kept["result"], kept["modules"], kept["ended_at"]) == (
        "Ada", "done", ["sale"], "2026-11-22T09:00:00Z",
    )  # fmt: skip
    load(estate)  # and disturbs nobody


@pytest.mark.parametrize(
    ("changes", "field", "says"),
    [
        ({"tenant": "nobody.production"}, "tenant", "not an environment"),
        ({"phase": "neutralise"}, "phase", "no step"),
        ({"kind": "copy", "phase": "finish"}, "source", "names its source"),
        ({"kind": "copy", "phase": "finish", "source": "iberica.production"}, "source", "not copied into"),
        ({"phase": "restore"}, "backed_up_at", "no dump"),
        ({"run": "x"}, "run", ""),
        ({"image": "x"}, "image", ""),
    ],
)
def test_a_file_that_contradicts_the_contracts_is_refused_with_its_line(
    estate: Path, changes: dict[str, Any], field: str, says: str
) -> None:
    job = at("upgrade", "upgrade", "production", tenant="iberica.production")
    content = {**job.model_dump(mode="json", exclude_defaults=True), **changes}
    file = estate / "jobs" / f"{content['tenant']}.yaml"
    file.parent.mkdir()
    file.write_text(yaml.safe_dump(content))
    with pytest.raises(BadInput) as caught:
        load(estate)
    (problem,) = (one for one in caught.value.problems if one.field == field)
    assert problem.file == str(file) and problem.line >= 1 and says in problem.message


def test_a_file_under_another_name_is_refused(estate: Path) -> None:
    write(estate, "iberica.production", at("upgrade", "upgrade", "production", tenant="iberica.production"))
    (estate / "jobs" / "iberica.production.yaml").rename(estate / "jobs" / "nordfood.production.yaml")
    with pytest.raises(BadInput, match="not the name of its file"):
        load(estate)
