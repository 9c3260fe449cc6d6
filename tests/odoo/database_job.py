"""Runs the scripts of `odoo_estate.odoo.database_sql` as the Kubernetes Job does."""

import os
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from tests.odoo.postgres_server import MASTER, MASTER_PASSWORD, Server

from odoo_estate.kubernetes.pgbouncer_ini import HOST
from odoo_estate.odoo.database_access import service_file
from odoo_estate.odoo.database_job import SCRIPT, SERVER_CA, SERVICE, SERVICE_FOLDER, psql_command
from odoo_estate.odoo.database_sql import instance_script, pooled_tenant_script, removal_script, tenant_script


class Job:
    """Names in the environment, passwords and master credentials in files."""

    def __init__(self, server: Server, folder: Path) -> None:
        self.server, self.folder = server, folder
        self.host, self.server_ca = "127.0.0.1", server.authority.pem
        self.succeed(instance_script(), {"POOLER": "pooler", "CONNECTION_LIMIT": "40"}, {"pooler": "pooler-Password"})

    def start(
        self, script: str, variables: Mapping[str, str], passwords: Mapping[str, str], place: str = "job"
    ) -> subprocess.Popen[str]:
        folder = self.folder / place
        folder.mkdir(exist_ok=True)
        for name, password in passwords.items():
            (folder / name).write_text(password, encoding="utf-8")
        (folder / SERVER_CA).write_text(self.server_ca, encoding="utf-8")
        written = folder / SERVICE
        written.write_text(self.service_text(folder), encoding="utf-8")
        return subprocess.Popen(
            psql_command(),
            env={
                "PATH": f"{self.server.binaries}:{os.environ['PATH']}",
                "PASSWORDS": str(folder),
                "PGSERVICEFILE": str(written),
                SCRIPT: script,
                **variables,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def service_text(self, folder: Path) -> str:
        """The service file of the cluster, with the secrets that External Secrets puts in, and port and folder of this machine."""
        text = service_file()
        for there, here in {
            HOST: self.host,
            "{{ .username }}": MASTER,
            "{{ .password }}": MASTER_PASSWORD,
            "port=5432": f"port={self.server.port}",
            SERVICE_FOLDER: str(folder),
        }.items():
            assert there in text
            text = text.replace(there, here)
        return text

    def run(
        self, script: str, variables: Mapping[str, str], passwords: Mapping[str, str]
    ) -> subprocess.CompletedProcess[str]:
        job = self.start(script, variables, passwords)
        out, err = job.communicate(timeout=60)
        return subprocess.CompletedProcess(job.args, job.returncode, out, err)

    def succeed(self, script: str, variables: Mapping[str, str], passwords: Mapping[str, str]) -> None:
        done = self.run(script, variables, passwords)
        assert done.returncode == 0, done.stderr


def tenant(name: str, **changes: str) -> dict[str, str]:
    return {
        "LOGIN": f"{name}_login",
        "OWNER": f"{name}_owner",
        "POOL_LOGIN": "",
        "USER_NAME": f"{name}_user_a",
        "FORMER_USER": f"{name}_user_b",
        "SUSPENDED": "false",
        "DATABASE": name,
        "EXTENSIONS": "pg_trgm,unaccent",
        "CONNECTION_LIMIT": "20",
        "STATEMENT_TIMEOUT": "300s",
        "IDLE_TIMEOUT": "600s",
    } | changes


def make(job: Job, name: str, **changes: str) -> None:
    job.succeed(tenant_script(), tenant(name, **changes), {"login": f"{name}-Password"})


def make_pooled(job: Job, name: str, pool: str, **changes: str) -> None:
    job.succeed(pooled_tenant_script(), tenant(name, POOL_LOGIN=pool, **changes), {})


def remove(job: Job, name: str, **changes: str) -> subprocess.CompletedProcess[str]:
    """Removes what was suspended, with a dump of the next second: dumps are named by the second."""
    time.sleep(0 if "FINAL_DUMP" in changes else 1)
    (now,) = job.server.rows("""SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYYMMDD"T"HH24MISS"Z"')""")
    terms = {"REMOVE_ON": "2026-01-01", "NOTICE_DAYS": "0", "FINAL_DUMP": now, "APPROVER": "Ada"}
    return job.run(removal_script(), {**tenant(name), **terms, **changes}, {})
