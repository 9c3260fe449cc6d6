"""A private Redis server, as strict as ElastiCache: nobody enters but users of the access strings that the components send."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import redis
from sandbox.ports import take_port

ADMIN_PASSWORD = "administrator"


@dataclass(frozen=True)
class Server:
    """A running server; ``admin`` may do anything, which nobody may in ElastiCache."""

    port: int
    admin: redis.Redis

    def user(self, name: str, access: str) -> redis.Redis:
        """A client of a user with this access string and nothing else."""
        self.admin.execute_command(  # type: ignore[no-untyped-call]
            "ACL", "SETUSER", name, "reset", *access.split(), f">{name}"
        )
        return redis.Redis(port=self.port, username=name, password=name, decode_responses=True)


@contextmanager
def running(folder: Path, **settings: str) -> Iterator[Server]:
    """A server with these settings, kept nowhere."""
    binary = shutil.which("redis-server")
    assert binary, "Redis is not installed: tests/install-servers"
    port = take_port()
    given = {
        "bind": "127.0.0.1",
        "save": "",
        "appendonly": "no",
        "dir": str(folder),
        "requirepass": ADMIN_PASSWORD,
        **settings,
    }
    options = [word for key, value in given.items() for word in (f"--{key}", value)]
    with (folder / "redis.log").open("w") as log:
        process = subprocess.Popen([binary, "--port", str(port), *options], stdout=log, stderr=log)
    try:
        admin = redis.Redis(port=port, password=ADMIN_PASSWORD, decode_responses=True)
        _wait(admin, folder / "redis.log")
        yield Server(port, admin)
    finally:
        process.terminate()
        process.wait(timeout=20)


def _wait(admin: redis.Redis, log: Path) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            admin.ping()
            return
        except redis.exceptions.ConnectionError:
            assert time.monotonic() < deadline, log.read_text(encoding="utf-8")
            time.sleep(0.02)
