"""Procedures are interrupted after every step and go on where they stopped; a check that does not hold stops them with what to do."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.decide.documents import TODAY, documents

from odoo_estate.decide import compile_stack
from odoo_estate.decide.context import Context
from odoo_estate.decide.procedure import Check, Confirm, Evidence, Procedure, Run, Verb, Write, check_start, procedure
from odoo_estate.errors import OperationFailed, Refused
from odoo_estate.fleet.observation import Observation
from odoo_estate.fleet.procedure import Journal, Runner, Stopped
from odoo_estate.spec.recovery import CellRecovery

VERBS: tuple[Verb, ...] = ("failover", "failback", "drill")
CELLS = ("eu-1", "med-1", "copies")
"""A pilot light, a warm standby, and a cell that keeps copies of recovery points only."""


@pytest.fixture(autouse=True)
def quick_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.fsync", lambda _: None)  # thousands of journals; a power cut is another test's


def context(**recoveries: CellRecovery) -> Context:
    copies = {"slot": 2, "region": "eu-central-1", "residency": "eu", "band": "cell-s", "closed": True}
    made = documents(
        estate={"cells": {"copies": {**copies, "recovery": {"region": "eu-west-1", "dr_class": "backup-copy"}}}}
    )
    return Context(made.estate, made.catalog, made.customers, TODAY, recoveries)


def steps(verb: Verb, cell: str, generation: int = 1) -> Procedure:
    return procedure(context(), verb, cell, generation)


class Killed(BaseException):
    """The process ends here, whatever it was doing."""


class FakeWorld:
    """A fake estate, engine and AWS: remembers what was done to it, and dies at the chosen call."""

    def __init__(self, die_at: int = -1) -> None:
        self.done: list[Any] = []
        self.resumed: list[Any] = []
        self.evidences: list[Mapping[str, Any]] = []
        self.calls = 0
        self.die_at = die_at
        self.time = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
        self.answers: dict[str, list[Observation]] = {}

    def _tick(self) -> None:
        self.calls += 1
        self.time += timedelta(seconds=60)
        if self.calls == self.die_at:
            raise Killed

    def write(self, act: Write, points: Mapping[str, str]) -> str:
        self._tick()
        self.done.append(act)
        self._tick()
        return "written"

    def run(self, act: Run, points: Mapping[str, str], *, resumed: bool) -> str:
        self._tick()
        self.done.append(act)
        if resumed:
            self.resumed.append(act)
        self._tick()
        return "changed"

    def evidence(self, document: Mapping[str, Any]) -> str:
        self._tick()
        self.evidences.append(document)
        return "evidence"

    def observe(self, check: Check) -> Observation:
        self._tick()
        if queue := self.answers.get(check.question):
            return queue.pop(0) if len(queue) > 1 else queue[0]
        value = {"lag": 12.0, "recovery-point-age": "arn:point"}.get(check.question)
        return Observation(holds=True, found=f"{check.question} {check.subject}: as wanted", value=value)

    def now(self) -> datetime:
        return self.time

    def clock(self) -> float:
        return self.time.timestamp()


def runner(folder: Path, made: Procedure, world: FakeWorld, **options: Any) -> Runner:
    file = folder / f"{made.cell}.{made.verb}.json"
    journal = Journal.read(file) or Journal(
        file, made.verb, made.cell, made.generation, "2026-11-24T08:00:00Z", "Ada", "drill"
    )
    words = [step.act.word for step in made.steps if isinstance(step.act, Confirm)]
    options = {
        "confirmed": words,
        "clock": world.clock,
        "sleep": lambda s: None,
        "now": world.now,
        **options,
    }
    return Runner(made, journal, world, **options)


def acts(made: Procedure) -> list[Any]:
    return [
        step.act
        for step in made.steps
        if isinstance(step.act, Write) or (isinstance(step.act, Run) and step.act.stacks)
    ]


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("verb", VERBS)
def test_an_undisturbed_procedure_does_every_act_once_in_order(verb: Verb, cell: str, tmp_path: Path) -> None:
    made, world = steps(verb, cell), FakeWorld()
    kept = runner(tmp_path, made, world).run()
    assert world.done == acts(made)
    assert not world.resumed
    assert json.loads(kept.read_text())["finished"]
    assert [file.name for file in tmp_path.iterdir()] == [kept.name], "nothing half-written is left"


@pytest.mark.parametrize("cell", ["med-1", "copies"])
@pytest.mark.parametrize("verb", VERBS)
def test_killed_at_any_moment_it_goes_on_at_the_first_step_that_is_not_done(
    verb: Verb, cell: str, tmp_path: Path
) -> None:
    made = steps(verb, cell)
    whole = FakeWorld()
    runner(tmp_path / "whole", made, whole).run()
    for moment in range(1, whole.calls + 1):
        folder, first = tmp_path / str(moment), FakeWorld(die_at=moment)
        with pytest.raises(Killed):
            runner(folder, made, first).run()
        finished = [
            key
            for key, one in (Journal.read(folder / f"{cell}.{verb}.json") or whole_journal()).steps.items()
            if one.finished
        ]
        second = FakeWorld()
        runner(folder, made, second).run()
        repeated = [step.act for step in made.steps if step.key in finished]
        assert not [act for act in second.done if act in repeated and Counter(acts(made))[act] == 1], moment
        together = first.done + [act for act in second.done if act not in first.done]
        assert sorted(map(str, set(together))) == sorted(map(str, set(acts(made)))), moment
        again = [
            act for act in second.done if act in first.done and isinstance(act, Run) and Counter(acts(made))[act] == 1
        ]
        assert all(act in second.resumed for act in again), "what was cut off reads the instances' state back first"


def whole_journal() -> Journal:
    raise AssertionError("a run that was killed leaves its journal")


def test_a_journal_that_was_half_written_is_the_one_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made, world = steps("failover", "med-1"), FakeWorld()
    one = runner(tmp_path, made, world)
    one.journal.save()
    before = one.journal.file.read_text()

    def die(*_: Any) -> None:
        raise Killed

    monkeypatch.setattr("os.fsync", die)
    one.journal.reason = "something else"
    with pytest.raises(Killed):
        one.journal.save()
    assert one.journal.file.read_text() == before
    assert len(list(tmp_path.iterdir())) == 1


def test_a_primary_that_still_answers_stops_a_failover_before_anything_is_touched(tmp_path: Path) -> None:
    made, world = steps("failover", "med-1"), FakeWorld()
    world.answers["primary-gone"] = [Observation(holds=False, found="main is available")]
    with pytest.raises(Stopped) as caught:
        runner(tmp_path, made, world).run()
    assert "main is available" in str(caught.value)
    assert (
        "two primaries" in str(caught.value)
        and "cannot be stopped" in str(caught.value)
        and "--override fence" in str(caught.value)
    )
    assert caught.value.exit_code == 4
    assert world.done == []


def test_somebody_may_answer_for_a_check_and_the_journal_says_who(tmp_path: Path) -> None:
    made, world = steps("failover", "med-1"), FakeWorld()
    world.answers["lag"] = [Observation(holds=False, found="no ReplicaLag")]
    kept = runner(tmp_path, made, world, overrides=["measure"]).run()
    record = json.loads(kept.read_text())["steps"]["measure"]
    assert record["overridden"] == "no ReplicaLag; answered for by Ada"


def test_what_people_do_is_waited_for_by_name(tmp_path: Path) -> None:
    made, world = steps("failback", "copies"), FakeWorld()
    with pytest.raises(Stopped) as caught:
        runner(tmp_path, made, world, confirmed=()).run()
    assert "--confirm objects" in str(caught.value)
    with pytest.raises(Stopped) as caught:
        runner(tmp_path, made, world, confirmed=("objects",)).run()
    assert "--confirm drop" in str(caught.value)
    runner(tmp_path, made, world, confirmed=("drop",)).run()
    assert world.done == acts(made)


@pytest.mark.parametrize("cell", ["eu-1", "med-1"])
def test_a_region_that_was_prepared_is_failed_over_to_without_a_hand(tmp_path: Path, cell: str) -> None:
    made, world = steps("failover", cell), FakeWorld()
    runner(tmp_path, made, world, confirmed=()).run()
    assert world.done == acts(made)
    ran = [act.stacks for act in world.done if isinstance(act, Run)]
    assert ran[:2] == [(f"dr.{cell}",), (f"platform.{cell}.dr",)], "each after what it stands on"
    assert ran[2] and all(stack.startswith("tenant.") and stack.endswith(".production.dr") for stack in ran[2])


def test_the_way_home_stops_the_writing_before_anything_is_promoted_and_serves_until_home_is_up() -> None:
    keys = [step.key for step in steps("failback", "eu-1").steps]
    order = ["follow", "record-draining", "stop-writing", "drained", "record-returned", "swap", "workloads", "traffic"]
    assert [key for key in keys if key in order] == order


def test_what_served_in_the_recovery_region_is_taken_down_with_the_platform_last() -> None:
    traffic = next(step for step in steps("failback", "eu-1").steps if step.key == "traffic")
    assert isinstance(traffic.act, Run) and traffic.act.verb == "destroy"
    assert traffic.act.stacks[-1] == "platform.eu-1.dr"
    assert any(check.question == "serving" for check in traffic.done)


def test_a_procedure_takes_as_long_as_the_promise_reckons_with() -> None:
    """The arithmetic of `objectives` is that of the steps, but for measuring, recording and the neighbours' data."""
    made = {step.key: step.minutes for step in steps("failover", "med-1").steps}
    counted = sum(made[key] for key in ("promote", "nodes", "platform", "workloads", "traffic"))
    plan = compile_stack(documents(), "tenant.medsupply.production", today=TODAY)
    assert next(one for one in plan.budgets if one.name == "region-rto").used == counted


def test_a_step_is_over_when_aws_says_so_and_not_before(tmp_path: Path) -> None:
    made, world = steps("failover", "med-1"), FakeWorld()
    waiting = Observation(holds=False, found="main-dr is modifying")
    world.answers["is-primary"] = [waiting, waiting, Observation(holds=True, found="main-dr is available")]
    kept = runner(tmp_path, made, world).run()
    promote = json.loads(kept.read_text())["steps"]["promote"]
    assert promote["seconds"] >= 180
    assert promote["found"][-2:] == ["main-dr is modifying", "main-dr is available"]


def test_waiting_has_an_end_and_goes_on_when_run_again(tmp_path: Path) -> None:
    made, world = steps("failover", "med-1"), FakeWorld()
    world.answers["is-primary"] = [Observation(holds=False, found="main-dr is modifying")]
    with pytest.raises(Stopped) as caught:
        runner(tmp_path, made, world).run()
    assert "run again to go on waiting" in str(caught.value)
    del world.answers["is-primary"]
    runner(tmp_path, made, world).run()
    assert len(world.resumed) == 1


def test_an_engine_that_fails_leaves_the_step_to_be_done_again(tmp_path: Path) -> None:
    made = steps("failover", "med-1")

    class Failing(FakeWorld):
        def run(self, act: Run, points: Mapping[str, str], *, resumed: bool) -> str:
            raise OperationFailed("dr.med-1: failed")

    with pytest.raises(OperationFailed):
        runner(tmp_path, made, Failing()).run()
    world = FakeWorld()
    runner(tmp_path, made, world).run()
    assert world.done == [act for act in acts(made) if isinstance(act, Run)]
    assert world.resumed == world.done[:1]


# --- what the steps are ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("verb", VERBS)
def test_every_step_says_how_long_why_and_what_undoes_it(verb: Verb, cell: str) -> None:
    made = steps(verb, cell)
    keys = [step.key for step in made.steps]
    assert len(set(keys)) == len(keys)
    for step in made.steps:
        assert step.title and step.basis and step.undo
        assert step.minutes or isinstance(step.act, Confirm)
        assert all(check.says for check in (*step.before, *step.done))


def test_what_cannot_be_undone_is_what_takes_a_source_away_or_an_instance() -> None:
    assert [step.key for step in steps("failover", "med-1").final] == ["promote"]
    assert [step.key for step in steps("failback", "med-1").final] == ["swap", "drop"]
    assert steps("drill", "med-1").final == ()
    assert steps("failover", "med-1").needs_approval and steps("failback", "med-1").needs_approval


def test_a_failover_writes_the_state_only_after_everything_was_checked() -> None:
    for cell in CELLS:
        keys = [step.key for step in steps("failover", cell).steps]
        assert keys.index("fence") < keys.index("measure") < keys.index("record") < keys.index("promote")


def test_a_failback_promotes_only_after_writing_stopped_and_everything_arrived() -> None:
    keys = [step.key for step in steps("failback", "eu-1").steps]
    order = [
        "follow",
        "stop-writing",
        "drained",
        "record-returned",
        "swap",
        "workloads",
        "traffic",
        "follow-again",
        "keep-or-drop",
        "drop",
    ]
    assert [key for key in keys if key in order] == order


def test_an_idle_replica_may_be_reported_five_minutes_behind() -> None:
    drained = next(step for step in steps("failback", "med-1").steps if step.key == "drained")
    assert {check.limit for check in drained.before} == {300}


def test_what_is_asked_before_a_failover_follows_the_class() -> None:
    def asked(cell: str) -> set[str]:
        return {check.question for step in steps("failover", cell).steps[:2] for check in step.before}

    assert asked("med-1") == {"primary-gone", "is-standby", "lag"}
    assert asked("eu-1") == {"primary-gone", "backups-age"}
    assert asked("copies") == {"primary-gone", "recovery-point-age"}


def test_a_drill_touches_no_stack_but_its_own() -> None:
    for cell in CELLS:
        runs = [step.act for step in steps("drill", cell).steps if isinstance(step.act, Run)]
        assert {stack for act in runs for stack in act.stacks} == {f"drill.{cell}"}
        assert runs[-1].verb == "destroy"


def test_a_drill_measures_and_its_evidence_has_what_the_arithmetic_needs(tmp_path: Path) -> None:
    made, world = steps("drill", "med-1"), FakeWorld()
    runner(tmp_path, made, world).run()
    (document,) = world.evidences
    assert document["result"] == "passed"
    assert document["restore_minutes"] >= 2 and document["promote_minutes"] >= 2
    assert document["lag_seconds"] == 12
    assert document["database_gib"] == made.measured["main"] > 0
    assert [one["step"] for one in document["steps"]] == ["measure", "copy", "promote"]


def test_a_drill_is_held_although_the_other_region_is_behind(tmp_path: Path) -> None:
    made, world = steps("drill", "med-1"), FakeWorld()
    world.answers["lag"] = [Observation(holds=False, found="4000 seconds behind", value=4000.0)]
    runner(tmp_path, made, world).run()
    assert world.evidences[0]["lag_seconds"] == 4000


def test_a_recovery_point_that_was_found_reaches_the_recovery_file(tmp_path: Path) -> None:
    made = steps("failover", "copies")
    seen: list[Mapping[str, str]] = []

    class Watching(FakeWorld):
        def write(self, act: Write, points: Mapping[str, str]) -> str:
            seen.append(dict(points))
            return super().write(act, points)

    runner(tmp_path, made, Watching()).run()
    assert seen == [{"harbour-copies-main": "arn:point"}]


@pytest.mark.parametrize(
    ("verb", "state"),
    [("failover", "promoted"), ("failover", "returned"), ("failback", "standby"), ("drill", "promoted")],
)
def test_a_procedure_begins_only_in_the_state_it_is_for(verb: Verb, state: str) -> None:
    active = "eu-west-1" if state == "promoted" else "eu-central-1"
    written = CellRecovery(
        cell="med-1",
        state=state,
        active_region=active,
        since="2026-11-21T20:00:00Z",
        approved_by="Ada",
        reason="lost",  # type: ignore[arg-type]
    )
    world = replace(context(), recoveries={"med-1": written})
    with pytest.raises(Refused) as caught:
        check_start(world, verb, "med-1")
    assert state in caught.value.problem.message


def test_a_cell_without_recovery_cannot_fail_over() -> None:
    made = documents(
        estate={
            "cells": {
                "plain": {"slot": 3, "region": "eu-central-1", "residency": "eu", "band": "cell-s", "closed": True}
            }
        }
    )
    with pytest.raises(Refused) as caught:
        procedure(Context(made.estate, made.catalog, made.customers, TODAY), "failover", "plain", 1)
    assert "backup-copy" in caught.value.problem.allowed


def test_minutes_follow_the_newest_drill() -> None:
    from tests.decide.test_objectives import drill

    measured = drill("med-1", dr_class="warm-standby", promote_minutes=6.2)
    world = replace(context(), drills={"med-1": measured})
    promote = next(step for step in procedure(world, "failover", "med-1", 1).steps if step.key == "promote")
    assert (promote.minutes, "drill of 2026-11-20" in promote.basis) == (7, True)
    assumed = next(step for step in steps("failover", "med-1").steps if step.key == "promote")
    assert assumed.minutes == 15


def test_evidence_is_an_act_of_the_drill_alone() -> None:
    for verb in VERBS:
        assert any(isinstance(step.act, Evidence) for step in steps(verb, "med-1").steps) == (verb == "drill")
