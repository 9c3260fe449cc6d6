"""The scripts of `odoo_estate.odoo.database_sql` against a real server."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
from tests.odoo.postgres_server import MASTER, MASTER_PASSWORD, Server

from odoo_estate.odoo.database_job import psql_command
from odoo_estate.odoo.database_sql import instance_script, login_script, pooled_tenant_script, tenant_script

HOSTILE = """x"; DROP DATABASE postgres; --'\\ é $$ :login %I"""


@pytest.fixture
def job(postgres: Server, tmp_path: Path) -> "Job":
    job = Job(postgres, tmp_path)
    job.succeed(instance_script(), {"POOLER": "pooler", "CONNECTION_LIMIT": "40"}, {"pooler": "pooler-Password"})
    return job


class Job:
    """Runs a script as the Kubernetes Job does: names in the environment, passwords and master credentials in files."""

    def __init__(self, server: Server, folder: Path) -> None:
        self.server = server
        self.folder = folder

    def run(
        self, script: str, variables: Mapping[str, str], passwords: Mapping[str, str]
    ) -> subprocess.CompletedProcess[str]:
        (self.folder / "job.sql").write_text(script, encoding="utf-8")
        for name, password in passwords.items():
            (self.folder / name).write_text(password, encoding="utf-8")
        service = {
            "host": "127.0.0.1",
            "port": str(self.server.port),
            "user": MASTER,
            "password": MASTER_PASSWORD,
            "dbname": "postgres",
        }
        service_file = self.folder / "pg_service.conf"
        service_file.write_text("\n".join(["[admin]", *(f"{k}={v}" for k, v in service.items())]), encoding="utf-8")
        return subprocess.run(
            psql_command(str(self.folder / "job.sql")),
            env={
                "PATH": f"{self.server.binaries}:{os.environ['PATH']}",
                "PASSWORDS": str(self.folder),
                "PGSERVICEFILE": str(service_file),
                **variables,
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

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


def make_pooled(job: Job, name: str, pool: str) -> None:
    job.succeed(pooled_tenant_script(), tenant(name, POOL_LOGIN=pool), {})


def as_login(job: Job, name: str, sql: str, database: str = "") -> subprocess.CompletedProcess[str]:
    return job.server.psql(sql, user=f"{name}_user_a", password=f"{name}-Password", database=database or name)


def verifiers(job: Job) -> list[str]:
    return job.server.rows("SELECT rolname, rolpassword FROM pg_authid WHERE rolcanlogin ORDER BY 1")


def test_a_tenants_login_works_in_its_own_database(job: Job) -> None:
    make(job, "alpha")
    done = as_login(job, "alpha", "CREATE TABLE sale (id int); SELECT similarity('a', 'a'), unaccent('é')")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "1|e\n"


def test_the_job_may_run_again_and_changes_nothing(job: Job) -> None:
    make(job, "again")
    before = verifiers(job)
    make(job, "again")
    assert verifiers(job) == before


@pytest.mark.parametrize("statements", range(2, 42, 3))
def test_a_job_that_broke_off_half_way_is_completed_by_the_next(job: Job, statements: int) -> None:
    script, name = tenant_script(), f"half{statements}"
    lines = script.splitlines(keepends=True)
    start = next(n for n, line in enumerate(lines) if "getenv login" in line)
    broken = "".join(lines[: start + statements]) + "\nSELECT 1/0;\n"
    assert job.run(broken, tenant(name), {"login": f"{name}-Password"}).returncode != 0
    make(job, name)
    assert as_login(job, name, "CREATE TABLE sale (id int)").returncode == 0


def test_a_tenants_login_cannot_drop_its_database(job: Job) -> None:
    make(job, "keep")
    done = as_login(job, "keep", 'DROP DATABASE "keep"', database="postgres")
    assert "must be owner of database keep" in done.stderr


def test_a_tenants_login_cannot_enter_its_neighbours_database(job: Job) -> None:
    make(job, "left")
    make(job, "right")
    done = as_login(job, "left", "SELECT 1", database="right")
    assert "permission denied for database" in done.stderr


def test_a_tenants_login_cannot_read_the_poolers_verifiers(job: Job) -> None:
    make(job, "curious")
    for statement in ("SELECT * FROM pooler.login", "SELECT * FROM pooler.lookup('left_user_a')"):
        assert "permission denied" in as_login(job, "curious", statement, database="postgres").stderr


def test_a_tenants_login_creates_neither_databases_nor_roles(job: Job) -> None:
    make(job, "plain")
    for statement in ("CREATE DATABASE more", "CREATE ROLE more"):
        assert "permission denied" in as_login(job, "plain", statement, database="postgres").stderr


def test_the_bus_is_open_to_every_tenant(job: Job) -> None:
    make(job, "bus")
    assert as_login(job, "bus", "LISTEN imbus; NOTIFY imbus", database="postgres").returncode == 0


def test_the_database_sorts_by_bytes_and_is_bounded(job: Job) -> None:
    make(job, "bounds", CONNECTION_LIMIT="7")
    assert job.server.rows("SELECT datcollate, datconnlimit FROM pg_database WHERE datname = 'bounds'") == ["C|7"]
    assert as_login(job, "bounds", "SHOW statement_timeout").stdout == "5min\n"
    assert as_login(job, "bounds", "SHOW idle_in_transaction_session_timeout").stdout == "10min\n"


def test_names_with_metacharacters_are_only_names(job: Job) -> None:
    variables = tenant(
        "hostile", LOGIN="l " + HOSTILE[:40], OWNER="o " + HOSTILE[:40], USER_NAME=HOSTILE[:40], FORMER_USER="f " + HOSTILE[:40], DATABASE=HOSTILE[:50]
    )
    for _ in range(2):
        job.succeed(tenant_script(), variables, {"login": "it's \"$$ a\\password"})
    done = job.server.psql(
        "SELECT current_database()", user=HOSTILE[:40], password="it's \"$$ a\\password", database=HOSTILE[:50]
    )
    assert done.stdout == f"{HOSTILE[:50]}\n"
    assert "postgres" in job.server.rows("SELECT datname FROM pg_database")


def test_a_new_password_replaces_the_old_one_everywhere(job: Job) -> None:
    make(job, "rotate")
    job.succeed(tenant_script(), tenant("rotate"), {"login": "another-Password"})
    assert "authentication failed" in as_login(job, "rotate", "SELECT 1").stderr
    assert (
        job.server.psql("SELECT 1", user="rotate_user_a", password="another-Password", database="rotate").returncode == 0
    )


def test_the_pooler_finds_the_servers_own_verifier(job: Job) -> None:
    make(job, "scram")
    looked_up = job.server.psql(
        "SELECT verifier FROM pooler.lookup('scram_user_a')", user="pooler", password="pooler-Password"
    )
    assert looked_up.stdout.splitlines() == job.server.rows(
        "SELECT rolpassword FROM pg_authid WHERE rolname = 'scram_user_a'"
    )


def test_a_password_longer_than_a_hash_block_is_accepted_by_the_server(job: Job) -> None:
    long = "Password-" * 12
    job.succeed(tenant_script(), tenant("long"), {"login": long})
    assert job.server.psql("SELECT 1", user="long_user_a", password=long, database="long").returncode == 0


def test_shared_workers_see_their_tenants_databases_and_work_as_the_tenant(job: Job) -> None:
    pool = {"LOGIN": "pool", "CONNECTION_LIMIT": "-1"}
    job.succeed(login_script(), pool, {"login": "pool-Password"})
    make_pooled(job, "shop", "pool")
    make_pooled(job, "store", "pool")
    # Odoo's own question in list_dbs, odoo/service/db.py.
    listed = job.server.psql(
        "SELECT datname FROM pg_database WHERE datdba=(SELECT usesysid FROM pg_user WHERE usename=current_user)"
        " AND NOT datistemplate AND datallowconn ORDER BY datname",
        user="pool",
        password="pool-Password",
    )
    assert listed.stdout.split() == ["shop", "store"]
    made = job.server.psql(
        "CREATE TABLE sale (id int); SELECT tableowner FROM pg_tables WHERE tablename = 'sale'; SHOW statement_timeout",
        user="pool",
        password="pool-Password",
        database="shop",
    )
    assert made.stdout.split() == ["shop_login", "5min"], made.stderr
    assert as_login(job, "shop", "SELECT 1").returncode != 0, "nobody logs in as a pooled tenant"


def test_work_for_one_pooled_tenant_cannot_touch_the_objects_of_another(job: Job) -> None:
    job.succeed(login_script(), {"LOGIN": "crowd", "CONNECTION_LIMIT": "-1"}, {"login": "crowd-Password"})
    make_pooled(job, "first", "crowd")
    make_pooled(job, "second", "crowd")
    owners = job.server.rows(
        "SELECT has_database_privilege('first_login', 'second', 'CONNECT'), pg_has_role('first_login', 'second_login', 'MEMBER')"
    )
    assert owners == ["f|f"]


def test_a_pooled_tenant_that_gets_its_own_workers_keeps_its_data(job: Job) -> None:
    job.succeed(login_script(), {"LOGIN": "leave", "CONNECTION_LIMIT": "-1"}, {"login": "leave-Password"})
    make_pooled(job, "grown", "leave")
    job.server.psql("CREATE TABLE sale AS SELECT 1 AS id", user="leave", password="leave-Password", database="grown")
    make(job, "grown")
    assert as_login(job, "grown", "SELECT id FROM sale").stdout == "1\n"
    gone = job.server.psql("SELECT 1", user="leave", password="leave-Password", database="grown")
    assert "permission denied for database" in gone.stderr


def test_a_tenant_that_joins_shared_workers_hands_its_database_over(job: Job) -> None:
    job.succeed(login_script(), {"LOGIN": "join", "CONNECTION_LIMIT": "-1"}, {"login": "join-Password"})
    make(job, "small")
    assert as_login(job, "small", "CREATE TABLE sale AS SELECT 2 AS id").returncode == 0
    make_pooled(job, "small", "join")
    assert (
        job.server.psql("SELECT id FROM sale", user="join", password="join-Password", database="small").stdout == "2\n"
    )
    assert job.server.rows("SELECT count(*) FROM pooler.lookup('small_user_a')") == ["0"]


def test_a_pooled_tenant_is_refused_while_the_shared_login_is_missing(job: Job) -> None:
    done = job.run(pooled_tenant_script(), tenant("early", POOL_LOGIN="missing"), {})
    assert done.returncode != 0
    assert 'role "missing" does not exist' in done.stderr


def test_no_password_reaches_the_servers_log_where_the_user_may_silence_it(job: Job) -> None:
    job.server.rows(
        f"GRANT SET ON PARAMETER log_statement, log_min_duration_statement, log_min_error_statement TO {MASTER}"
    )
    job.succeed(tenant_script(), tenant("quiet"), {"login": "never-logged-Password"})
    assert "never-logged-Password" not in (job.server.folder / "log").read_text(encoding="utf-8", errors="replace")
