"""Locks that an interrupted run left behind."""

import json
import os
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from odoo_estate.errors import OperationFailed
from odoo_estate.fleet.recovery import (
    alone,
    drop_orphaned_salt,
    drop_torn_attributes,
    locks,
    unseen,
    wait_for_locks,
)


def lock(backend: Path, pid: int, hostname: str) -> None:
    folder = backend / ".pulumi" / "locks" / "organization" / "estate" / "cell.a"
    folder.mkdir(parents=True, exist_ok=True)
    content = {"pid": pid, "username": "root", "hostname": hostname, "timestamp": "2026-11-22T00:00:00Z"}
    (folder / f"{pid}.json").write_text(json.dumps(content))


def dead_process() -> int:
    process = subprocess.Popen(["true"])
    process.wait()
    return process.pid


def test_the_lock_of_a_process_that_is_gone_is_stale(tmp_path: Path) -> None:
    lock(tmp_path, dead_process(), socket.gethostname())
    assert [one.stale for one in locks(f"file://{tmp_path}", "estate", "cell.a")] == [True]


@pytest.fixture
def running_engine(tmp_path: Path) -> Iterator[int]:
    engine = tmp_path / "pulumi"
    engine.symlink_to("/bin/sleep")
    process = subprocess.Popen([engine, "60"])
    yield process.pid
    process.kill()
    process.wait()


def test_the_lock_of_a_running_update_is_respected(tmp_path: Path, running_engine: int) -> None:
    lock(tmp_path, running_engine, socket.gethostname())
    assert [one.stale for one in locks(f"file://{tmp_path}", "estate", "cell.a")] == [False]


def test_an_update_waits_for_a_running_one_only_so_long_and_then_names_it(tmp_path: Path, running_engine: int) -> None:
    lock(tmp_path, running_engine, socket.gethostname())
    with pytest.raises(OperationFailed, match=f"process {running_engine} on .* wait for it to end, then run again"):
        wait_for_locks(f"file://{tmp_path}", "estate", "cell.a", 0, threading.Event())
    assert len(locks(f"file://{tmp_path}", "estate", "cell.a")) == 1


def test_stale_locks_are_removed_and_nothing_waits_for_them(tmp_path: Path) -> None:
    lock(tmp_path, dead_process(), socket.gethostname())
    wait_for_locks(f"file://{tmp_path}", "estate", "cell.a", 0, threading.Event())
    assert locks(f"file://{tmp_path}", "estate", "cell.a") == []


def test_a_lock_is_stale_when_something_else_has_the_process_number_by_now(tmp_path: Path) -> None:
    lock(tmp_path, os.getpid(), socket.gethostname())
    assert [one.stale for one in locks(f"file://{tmp_path}", "estate", "cell.a")] == [True]


def test_the_lock_of_a_killed_engine_that_nobody_has_waited_for_is_stale(tmp_path: Path, running_engine: int) -> None:
    lock(tmp_path, running_engine, socket.gethostname())
    os.kill(running_engine, 9)
    while Path(f"/proc/{running_engine}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z":
        time.sleep(0.01)
    assert [one.stale for one in locks(f"file://{tmp_path}", "estate", "cell.a")] == [True]


def test_two_commands_never_work_on_one_stack_at_once(tmp_path: Path) -> None:
    nobody_stops = threading.Event()
    with alone(tmp_path, "cell.a", 0, nobody_stops):
        with (
            pytest.raises(
                OperationFailed, match=f"another estate command .process {os.getpid()}. is working on cell.a"
            ),
            alone(tmp_path, "cell.a", 0, nobody_stops),
        ):
            pass
        with alone(tmp_path, "cell.b", 0, nobody_stops):
            pass
    with alone(tmp_path, "cell.a", 0, nobody_stops):
        pass


def operation(kind: str, urn: str) -> dict[str, object]:
    return {"type": kind, "resource": {"urn": urn}}


def test_only_a_creation_that_the_state_does_not_hold_may_stand_in_the_cloud_unseen() -> None:
    state = {
        "resources": [{"urn": "made-later"}, {"urn": "half-updated"}],
        "pending_operations": [
            operation("creating", "made-later"),
            operation("creating", "lost"),
            operation("updating", "half-updated"),
            operation("deleting", "gone"),
        ],
    }
    assert unseen(state) == [operation("creating", "lost")]


def test_a_lock_from_another_machine_is_never_called_stale(tmp_path: Path) -> None:
    lock(tmp_path, dead_process(), "another-machine")
    assert [one.stale for one in locks(f"file://{tmp_path}", "estate", "cell.a")] == [False]


def test_locks_of_a_shared_backend_are_not_ours_to_judge() -> None:
    assert locks("s3://bucket/state", "estate", "cell.a") == []


def test_the_salt_of_a_state_that_was_thrown_away_does_not_lock_out_the_next_run(tmp_path: Path) -> None:
    settings = tmp_path / "Pulumi.cell.a.yaml"
    settings.write_text("encryptionsalt: v1:abc\n")
    assert drop_orphaned_salt(f"file://{tmp_path}/state", "estate", "cell.a", settings)
    assert not settings.exists()


def test_settings_that_say_anything_else_or_belong_to_a_state_are_kept(tmp_path: Path) -> None:
    settings = tmp_path / "Pulumi.cell.a.yaml"
    settings.write_text("encryptionsalt: v1:abc\nconfig:\n  estate:token: {secure: v1:def}\n")
    assert not drop_orphaned_salt(f"file://{tmp_path}/state", "estate", "cell.a", settings)
    settings.write_text("encryptionsalt: v1:abc\n")
    state = tmp_path / "state" / ".pulumi" / "stacks" / "estate" / "cell.a.json"
    state.parent.mkdir(parents=True)
    state.write_text("{}")
    assert not drop_orphaned_salt(f"file://{tmp_path}/state", "estate", "cell.a", settings)
    assert not drop_orphaned_salt("s3://bucket", "estate", "cell.a", settings)
    assert settings.exists()


def test_a_sidecar_that_a_kill_left_half_written_is_removed_and_a_whole_one_is_kept(tmp_path: Path) -> None:
    folder = tmp_path / ".pulumi" / "stacks" / "estate"
    folder.mkdir(parents=True)
    whole, empty, half = (folder / f"{name}.json.attrs" for name in ("whole", "empty", "half"))
    whole.write_text('{"user.content_type": "application/json"}')
    empty.write_text("")
    half.write_text('{"user.cache_con')
    drop_torn_attributes(f"file://{tmp_path}?metadata=skip")
    drop_torn_attributes("s3://bucket")
    assert sorted(folder.iterdir()) == [whole]
