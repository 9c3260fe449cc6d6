"""A real PgBouncer with the configuration that a plan comes to."""

import os
import shutil
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psycopg
from sandbox.ports import take_ports
from tests.compose_tenant import plans
from tests.odoo.authority import Authority
from tests.odoo.postgres_server import OWNER, Server

from odoo_estate.kubernetes.pgbouncer_ini import (
    FOLDER,
    FOLLOW,
    HOST,
    NEWER,
    PORT,
    REPLICA_PORT,
    SESSION_PORT,
    pgbouncer_ini,
    pooler_login,
    replica_ini,
    sessions_ini,
)
from odoo_estate.plan import PoolerPlan, PoolPlan

Connection = psycopg.Connection[tuple[Any, ...]]


def plan(server: Server, **changes: Any) -> PoolerPlan:
    """Small pools in front of the test server; waits are short."""
    small: dict[str, Any] = {
        "name": "pooler",
        "pools": {"*": PoolPlan(mode="transaction", size=3), "postgres": PoolPlan(mode="session", size=5)},
        "max_db_connections": 20,
        "query_wait_seconds": 5,
        "server_ca": server.authority.pem,
    }
    return plans.pooler(**{**small, **changes})


class Pooler:
    """The processes of one replica, started as their containers are. What differs from the cluster is replaced here, and only here."""

    def __init__(
        self, server: Server, folder: Path, plan: PoolerPlan, authority: Authority, standby: Server | None = None
    ) -> None:
        self.server, self.folder, self.plan, self.authority, self.standby = server, folder, plan, authority, standby
        self.port, self.session_port, self.replica_port = take_ports(3)
        for part in ("configuration", "certificate", "credentials"):
            (folder / part).mkdir(parents=True)
        authority.issue(folder / "certificate", "pooler.poolers.svc.cluster.local")
        self.write("credentials/userlist.txt", f'"{pooler_login(plan)}" "pooler-Password"\n')
        self.configure(plan)
        self.ca = folder / "ca.crt"
        self.ca.write_text(authority.pem, encoding="utf-8")
        files = ["pgbouncer.ini", "sessions.ini", *(["replica.ini"] if standby else [])]
        self._processes: list[subprocess.Popen[bytes]] = []
        try:
            for file in files:
                self._start(file)
        except BaseException:
            self.stop()
            raise

    def configure(self, plan: PoolerPlan) -> None:
        """Writes the configuration as the kubelet does; a running process follows."""
        self.plan = plan
        self.write("configuration/server-ca.pem", plan.server_ca)
        self.write("configuration/sessions.ini", self._here(sessions_ini(plan), SESSION_PORT, self.session_port))
        self.write("configuration/pgbouncer.ini", self._here(pgbouncer_ini(plan), PORT, self.port))
        if self.standby:
            text = self._here(replica_ini(plan), REPLICA_PORT, self.replica_port, self.standby)
            self.write("configuration/replica.ini", text)

    def _here(self, text: str, port: int, here: int, server: Server | None = None) -> str:
        """Folder, ports and host of this machine, and without what Debian's PgBouncer 1.18 does not know (`NEWER`)."""
        text = text.replace(f"host={HOST} port=5432", f"host=127.0.0.1 port={(server or self.server).port}")
        text = text.replace(f"listen_port = {port}", f"listen_port = {here}").replace(FOLDER, str(self.folder))
        lines = [line for line in text.splitlines() if line.partition(" = ")[0] not in NEWER]
        kept = [" ".join(word for word in line.split(" ") if word.partition("=")[0] not in NEWER) for line in lines]
        return "\n".join([*kept, ""])

    def write(self, file: str, text: str) -> None:
        """Replaces a file whole, readable for the user that PgBouncer runs as."""
        new = self.folder / f"{file}.new"
        new.write_text(text, encoding="utf-8")
        self.own(new)
        new.rename(self.folder / file)

    def own(self, path: Path) -> None:
        if os.geteuid() == 0:
            for one in (self.folder, *self.folder.iterdir(), *self.folder.glob("*/*"), path):
                shutil.chown(one, "postgres")

    def _start(self, file: str) -> None:
        script = FOLLOW.replace(FOLDER, str(self.folder)).replace("sleep 10", "sleep 0.2")
        with (self.folder / f"{file}.log").open("wb") as log:
            process = subprocess.Popen(
                ["sh", "-c", script, str(self.folder / "configuration" / file)],
                env={"PATH": f"{os.environ['PATH']}:/usr/sbin:/usr/bin:/bin"},
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd="/",
                start_new_session=True,
                **OWNER,
            )
        self._processes.append(process)
        wait_for(lambda: "process up" in self.log(file) or process.poll() is not None)
        assert process.poll() is None, self.log(file)

    def log(self, file: str = "pgbouncer.ini") -> str:
        return (self.folder / f"{file}.log").read_text(encoding="utf-8", errors="replace")

    def stop(self) -> None:
        for process in self._processes:
            process.kill()
            process.wait(timeout=10)

    def connect(self, database: str, *, name: str = "", password: str = "", **changes: Any) -> Connection:
        """As Odoo does: by TLS, with the pooler's certificate verified in full."""
        who: Mapping[str, Any] = {
            "host": "127.0.0.1",
            "port": self.port,
            "user": f"{name or database}_user_a",
            "password": password or f"{name or database}-Password",
            "dbname": database,
            "sslmode": "verify-full",
            "sslrootcert": str(self.ca),
            "connect_timeout": 10,
            **changes,
        }
        return psycopg.connect(**who, autocommit=True, prepare_threshold=None)


def answer_in(server: Server, database: str) -> None:
    """PgBouncer 1.18 does not know ``auth_dbname`` and asks in the client's database: there, the question is passed on to ``postgres``."""
    server.rows(
        f"""
        CREATE EXTENSION IF NOT EXISTS dblink; CREATE SCHEMA IF NOT EXISTS pooler;
        CREATE OR REPLACE FUNCTION pooler.lookup(wanted text) RETURNS TABLE (login text, verifier text) LANGUAGE sql SECURITY DEFINER AS
        $$ SELECT * FROM public.dblink('host={server.folder} port={server.port} user=superuser dbname=postgres',
                                       format('SELECT login, verifier FROM pooler.lookup(%L)', wanted)) AS found(login text, verifier text) $$;
        GRANT CONNECT ON DATABASE "{database}" TO pooler; GRANT USAGE ON SCHEMA pooler TO pooler;
        """,
        database=database,
    )


def wait_for(condition: Any, seconds: float = 10) -> None:
    """Until it holds; fails when it does not in time."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)
