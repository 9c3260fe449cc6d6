"""A private PostgreSQL server: where its programs are, how it is run, how it is asked."""

import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.odoo.authority import Authority

MASTER = "estate_master"
MASTER_PASSWORD = "master-Password-1"

OWNER: dict[str, Any] = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
"""PostgreSQL refuses to run as root."""


@dataclass(frozen=True)
class Server:
    """A running server. ``superuser`` connects over the socket, everybody else over TCP with a password, as on RDS."""

    binaries: Path
    folder: Path
    port: int
    authority: Authority = field(default_factory=lambda: Authority("database"))
    """Signed the certificate that the server answers with."""

    def psql(
        self, sql: str, *, user: str = "superuser", password: str = "", database: str = "postgres"
    ) -> subprocess.CompletedProcess[str]:
        host = str(self.folder) if user == "superuser" else "127.0.0.1"
        return subprocess.run(
            [self.binaries / "psql", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1"],
            input=sql,
            env={
                **os.environ,
                "PGHOST": host,
                "PGPORT": str(self.port),
                "PGUSER": user,
                "PGDATABASE": database,
                "PGPASSWORD": password,
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def rows(self, sql: str, *, database: str = "postgres") -> list[str]:
        done = self.psql(sql, database=database)
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()


def postgres_binaries() -> Path:
    """The newest server that is installed; Debian keeps it outside PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    assert on_path, "PostgreSQL's server is not installed: apt-get install postgresql"
    return Path(on_path).resolve().parent


def run(*command: str | Path) -> None:
    done = subprocess.run(
        [str(part) for part in command],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        cwd="/",
        check=False,
        timeout=120,
        **OWNER,
    )
    assert done.returncode == 0, done.stderr
