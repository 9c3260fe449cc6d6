"""Servers that tests start never fight over a port."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox import ports

CHILD = """
import sys
from sandbox import ports
ports._RANGE = range(int(sys.argv[1]), int(sys.argv[1]) + 4)
try:
    print(*ports.take_ports(int(sys.argv[2])), flush=True)
except RuntimeError as error:
    print(error, flush=True)
sys.stdin.read()
"""


def child(first: int, count: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, str(first), str(count)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )


def answer(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline()


def test_two_processes_are_never_given_the_same_port() -> None:
    (first,) = ports.take_ports(1)
    with child(first + 1, 2) as one, child(first + 1, 2) as other:
        both = [*answer(one).split(), *answer(other).split()]
        assert len(set(both)) == 4, both
        with child(first + 1, 1) as late:
            assert "no 1 free ports" in answer(late)
            late.communicate()
        one.communicate()
        other.communicate()
    with child(first + 1, 4) as after:
        assert len(answer(after).split()) == 4, "a process that ended holds none"
        after.communicate()


def test_a_port_that_somebody_listens_on_is_not_given(monkeypatch: pytest.MonkeyPatch) -> None:
    first = ports.take_port()
    monkeypatch.setattr(ports, "_RANGE", range(first + 1, first + 3))
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", first + 1))
        busy.listen()
        assert ports.take_ports(1) == [first + 2]
