"""Whatever ends a run in the middle, running again finishes it: nothing lost, nothing twice."""

import os
import signal
from typing import Any

import pytest
from tests.fleet.conftest import Estate, end

pytestmark = [pytest.mark.engine, pytest.mark.timeout(300)]


def is_engine(name: str) -> bool:
    return name == "pulumi"


def is_anything(name: str) -> bool:
    return True


def test_an_interrupt_from_the_keyboard_during_the_update_of_a_cell_loses_nothing(founded: Estate) -> None:
    begun = len(founded.cloud())
    command = founded.start("up", "cell.main", "platform.main")
    founded.wait_for(begun + 40, command)
    os.killpg(command.pid, signal.SIGINT)
    ran = end(command).ended(4)
    assert founded.processes() == []
    assert founded.verdicts(ran) == {"cell.main": "interrupted", "platform.main": "skipped"}
    assert "what was done is recorded; run again to go on" in ran.err
    founded.assert_whole("cell.main")
    assert "create" in founded.run("up", "cell.main").ended(0).err
    founded.assert_whole("cell.main")
    founded.pulumi("preview", "--stack", "cell.main", "--expect-no-changes").ended(0)


def test_a_cell_whose_update_was_killed_with_all_its_processes_is_finished_by_the_next_run(founded: Estate) -> None:
    begun = len(founded.cloud())
    command = founded.start("up", "cell.main")
    for further in (15, 60):
        founded.wait_for(begun + further, command)
        founded.kill(is_anything)
        assert end(command).code == -signal.SIGKILL
        founded.wait_for_silence()
        command = founded.start("up", "cell.main")
    end(command).ended(0)
    founded.assert_whole("cell.main")
    assert founded.verdicts(founded.run("up", "cell.main").ended(0)) == {"cell.main": "unchanged"}


def test_a_runner_that_ends_the_command_leaves_no_engine_behind(estate: Estate) -> None:
    command = estate.start("up", "landing-zone")
    estate.wait_for(5, command)
    command.send_signal(signal.SIGTERM)
    ran = end(command).ended(4)
    assert estate.processes() == []
    assert estate.verdicts(ran) == {"landing-zone": "interrupted"}
    estate.assert_whole("landing-zone")
    estate.run("up", "landing-zone").ended(0)
    estate.assert_whole("landing-zone")


def test_an_engine_outlives_the_command_that_was_killed_and_the_next_run_waits_for_it(estate: Estate) -> None:
    command = estate.start("up", "landing-zone")
    estate.wait_for(5, command)
    command.kill()
    end(command)
    estate.kill(is_engine, signal.SIGSTOP)  # or it might be done before the next run begins
    following = estate.start("up", "landing-zone")
    assert following.stderr is not None
    assert "landing-zone: waiting for an engine (process " in following.stderr.readline()
    estate.kill(is_engine, signal.SIGCONT)
    ran = end(following).ended(0)
    assert estate.verdicts(ran) == {"landing-zone": "unchanged"}
    estate.assert_whole("landing-zone")


def test_an_engine_that_was_killed_leaves_a_lock_and_half_made_things_that_the_next_run_takes_over(
    estate: Estate,
) -> None:
    command = estate.start("up", "landing-zone")
    estate.wait_for(20, command)
    estate.kill(is_engine)
    ran = end(command).ended(4)
    assert estate.verdicts(ran) == {"landing-zone": "failed"}
    assert list(estate.sandbox.glob("state/.pulumi/locks/**/*.json"))
    estate.run("up", "landing-zone").ended(0)
    estate.assert_whole("landing-zone")


def test_a_backend_that_a_kill_made_unreadable_is_mended_by_the_next_run(founded: Estate) -> None:
    state = next(founded.sandbox.glob("state/.pulumi/stacks/*/landing-zone.json"))
    state.with_name("landing-zone.json.attrs").touch()
    assert "EOF" in founded.pulumi("stack", "ls").ended(1).err
    founded.run("up", "landing-zone").ended(0)
    founded.pulumi("stack", "ls").ended(0)
    assert list(founded.sandbox.rglob("*.attrs")) == []


def test_a_provider_that_dies_after_it_made_something_does_not_make_it_twice(estate: Estate) -> None:
    ran = estate.run("up", "landing-zone", ODOO_ESTATE_SANDBOX_CRASH_AT="12").ended(4)
    assert estate.verdicts(ran) == {"landing-zone": "failed"}
    estate.run("up", "landing-zone").ended(0)
    estate.assert_whole("landing-zone")


def test_two_runs_at_once_work_one_after_the_other(estate: Estate) -> None:
    both = [estate.start("up", "landing-zone") for _ in range(2)]
    said = [end(command).ended(0) for command in both]
    reports: list[Any] = sorted(
        line.split()[2] for ran in said for line in ran.err.splitlines() if line.startswith("[1/1]")
    )
    assert reports == ["changed", "unchanged"]
    assert sum("waiting for another estate command" in ran.err for ran in said) == 1
    estate.assert_whole("landing-zone")
