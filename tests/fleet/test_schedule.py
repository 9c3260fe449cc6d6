"""Many stacks, in dependency order, side by side."""

import threading
import time

from odoo_estate.fleet.outcome import Outcome
from odoo_estate.fleet.schedule import closure, run

NEEDS: dict[str, tuple[str, ...]] = {
    "landing-zone": (),
    "cell.a": ("landing-zone",),
    "cell.b": ("landing-zone",),
    "platform.a": ("cell.a",),
    "tenant.x.production": ("platform.a",),
}


def test_a_stack_starts_only_after_all_that_it_stands_on_have_succeeded() -> None:
    finished: list[str] = []

    def operation(stack: str) -> Outcome:
        assert all(needed in finished for needed in NEEDS[stack])
        finished.append(stack)
        return Outcome(stack=stack, verdict="changed")

    outcomes = run(NEEDS, operation, report=lambda _: None, parallel=2)
    assert [outcome.stack for outcome in outcomes] == list(NEEDS)
    assert sorted(finished) == sorted(NEEDS)


def test_independent_stacks_run_side_by_side() -> None:
    both = threading.Barrier(2, timeout=5)

    def operation(stack: str) -> Outcome:
        if stack.startswith("cell."):
            both.wait()  # breaks unless the two cells run at the same time
        return Outcome(stack=stack, verdict="changed")

    assert not any(outcome.failed for outcome in run(NEEDS, operation, report=lambda _: None, parallel=2))


def test_never_more_run_at_once_than_allowed() -> None:
    running = 0
    most = 0
    lock = threading.Lock()

    def operation(stack: str) -> Outcome:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.005)
        with lock:
            running -= 1
        return Outcome(stack=stack, verdict="changed")

    run({f"s{i}": () for i in range(12)}, operation, report=lambda _: None, parallel=3)
    assert most <= 3


def test_a_failure_stops_only_what_depends_on_it() -> None:
    def operation(stack: str) -> Outcome:
        return Outcome(stack=stack, verdict="failed" if stack == "cell.a" else "changed")

    verdicts = {one.stack: one.verdict for one in run(NEEDS, operation, report=lambda _: None, parallel=2)}
    assert verdicts == {
        "landing-zone": "changed",
        "cell.a": "failed",
        "cell.b": "changed",
        "platform.a": "skipped",
        "tenant.x.production": "skipped",
    }


def test_what_most_others_wait_for_goes_first() -> None:
    started: list[str] = []

    def operation(stack: str) -> Outcome:
        started.append(stack)
        return Outcome(stack=stack, verdict="changed")

    run({"a": (), "b": (), "c": ("b",)}, operation, report=lambda _: None, parallel=1, rank={"b": -1})
    assert started == ["b", "a", "c"]


def test_dependencies_through_stacks_that_were_not_asked_for_still_count() -> None:
    assert closure(["landing-zone", "tenant.x.production"], NEEDS) == {
        "landing-zone": (),
        "tenant.x.production": ("landing-zone",),
    }
