"""People who look into an instance, against a real server: read-only, without passwords, and nobody who is not named."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from tests.odoo.database_job import Job, remove, tenant
from tests.odoo.postgres_server import MASTER, Server

from odoo_estate.odoo.database_sql import instance_script, login_script, pooled_tenant_script, tenant_script
from odoo_estate.odoo.reader_sql import instance_readers_script, reader_variables, tenant_readers_script

PASSWORD = "reader-Password"
"""Only here: a role that IAM lets in has none, so the tests give it one to come in by."""


@pytest.fixture
def job(postgres: Server, tmp_path: Path) -> Iterator[Job]:
    """On RDS the master may hand out these roles; ``rds_iam`` is RDS's own, and here as good as any."""
    rds = f"CREATE ROLE rds_iam; GRANT pg_read_all_settings, pg_stat_scan_tables, pg_read_all_stats TO {MASTER} WITH ADMIN OPTION"
    assert postgres.psql(rds).returncode == 0
    yield Job(postgres, tmp_path)
    roles = ", ".join(
        postgres.rows("SELECT rolname FROM pg_roles WHERE rolname ~ '^(estate_(sup|aud)|between|acme_|rds_iam)'")
    )
    gone = (
        f"DROP DATABASE IF EXISTS acme; DROP SCHEMA IF EXISTS pooler CASCADE; DROP OWNED BY {roles}; DROP ROLE {roles};"
    )
    done = postgres.psql(f"{gone} REVOKE pg_read_all_settings, pg_stat_scan_tables, pg_read_all_stats FROM {MASTER}")
    assert done.returncode == 0, done.stderr


def prepare(job: Job, **readers: bool) -> None:
    variables = {"POOLER": "pooler", "CONNECTION_LIMIT": "40", **reader_variables(readers)}
    job.succeed(instance_script() + instance_readers_script(), variables, {"pooler": "pooler-Password"})


def make(job: Job, name: str, **readers: bool) -> None:
    variables = {**tenant(name), "DATA_READERS": reader_variables(readers)["DATA_READERS"]}
    job.succeed(tenant_script() + tenant_readers_script(), variables, {"login": f"{name}-Password"})
    work(job, name, "CREATE TABLE sale_order (id int); INSERT INTO sale_order VALUES (7)")


def work(job: Job, name: str, sql: str, user: str = "user_a", password: str = "") -> None:
    """As the tenant's workers do."""
    done = job.server.psql(sql, user=f"{name}_{user}", password=password or f"{name}-Password", database=name)
    assert done.returncode == 0, done.stderr


def change(job: Job, password: str = "acme-Password", **changes: str) -> None:
    """The tenant's job once more, with the same readers."""
    variables = tenant("acme", **changes) | {"DATA_READERS": "estate_support"}
    job.succeed(tenant_script() + tenant_readers_script(), variables, {"login": password})


def ask(server: Server, user: str, sql: str, database: str = "postgres") -> str:
    """The answer to ``user``, or the error."""
    assert server.psql(f"ALTER ROLE {user} PASSWORD '{PASSWORD}'").returncode == 0
    done = server.psql(sql, user=user, password=PASSWORD, database=database)
    return done.stdout.strip() if done.returncode == 0 else done.stderr


def test_support_reads_tenants_data_and_changes_nothing(job: Job) -> None:
    prepare(job, estate_support=True)
    make(job, "acme", estate_support=True)
    assert ask(job.server, "estate_support", "SELECT id FROM sale_order", "acme") == "7"
    write = "SET default_transaction_read_only = off; DELETE FROM sale_order"
    assert "permission denied" in ask(job.server, "estate_support", write, "acme")
    assert "read-only transaction" in ask(job.server, "estate_support", "CREATE TABLE mine ()", "acme")
    assert "permission denied" in ask(job.server, "estate_support", "SET SESSION AUTHORIZATION acme_owner", "acme")


def test_support_reads_pooled_tenants_too(job: Job) -> None:
    prepare(job, estate_support=True)
    job.succeed(login_script(), {"LOGIN": "acme_pool", "CONNECTION_LIMIT": "-1"}, {"login": "pool-Password"})
    variables = tenant("acme", POOL_LOGIN="acme_pool") | {"DATA_READERS": "estate_support"}
    job.succeed(pooled_tenant_script() + tenant_readers_script(), variables, {})
    made = "CREATE TABLE sale_order (id int); INSERT INTO sale_order VALUES (8)"
    work(job, "acme", made, user="pool", password="pool-Password")
    assert ask(job.server, "estate_support", "SELECT id FROM sale_order", "acme") == "8"
    job.succeed(pooled_tenant_script() + tenant_readers_script(), variables | {"SUSPENDED": "true"}, {})
    assert "permission denied for database" in ask(job.server, "estate_support", "SELECT 1", "acme")
    change(job)
    work(job, "acme", "CREATE TABLE stock_move AS SELECT 9 AS id")
    assert (
        ask(job.server, "estate_support", "SELECT sale_order.id, stock_move.id FROM sale_order, stock_move", "acme")
        == "8|9"
    )


def test_support_reads_what_either_of_a_tenants_users_makes_later(job: Job) -> None:
    prepare(job, estate_support=True)
    make(job, "acme", estate_support=True)
    change(job, "new-Password", USER_NAME="acme_user_b", FORMER_USER="acme_user_a")
    work(job, "acme", "CREATE TABLE by_the_new AS SELECT 1 AS id", user="user_b", password="new-Password")
    work(job, "acme", "CREATE TABLE by_the_former AS SELECT 2 AS id")
    for table, answer in (("by_the_new", "1"), ("by_the_former", "2")):
        assert ask(job.server, "estate_support", f"SELECT id FROM {table}", "acme") == answer


def test_a_suspension_ends_reading_until_the_tenant_is_back(job: Job) -> None:
    prepare(job, estate_support=True)
    make(job, "acme", estate_support=True)
    assert job.server.psql(f"ALTER ROLE estate_support PASSWORD '{PASSWORD}'").returncode == 0
    inside = psycopg.connect(
        host="127.0.0.1", port=job.server.port, user="estate_support", password=PASSWORD, dbname="acme"
    )
    change(job, SUSPENDED="true")
    with pytest.raises(psycopg.OperationalError):
        inside.execute("SELECT 1")
    assert "permission denied for database" in ask(job.server, "estate_support", "SELECT 1", "acme")
    change(job)
    assert ask(job.server, "estate_support", "SELECT id FROM sale_order", "acme") == "7"


def test_a_tenant_that_was_read_can_be_removed_and_leaves_nothing_with_the_reader(job: Job) -> None:
    prepare(job, estate_support=True)
    make(job, "acme", estate_support=True)
    change(job, SUSPENDED="true")
    done = remove(job, "acme")
    assert done.returncode == 0, done.stderr
    assert job.server.rows("SELECT count(*) FROM pg_roles WHERE rolname LIKE 'acme%'") == ["0"]
    left = """SELECT count(*) FROM pg_shdepend WHERE refobjid = 'estate_support'::regrole
      AND dbid NOT IN (SELECT oid FROM pg_database UNION SELECT 0) OR classid = 'pg_database'::regclass
      AND objid NOT IN (SELECT oid FROM pg_database)"""
    assert job.server.rows(left) == ["0"]


def test_a_database_that_somebody_may_still_read_is_not_removed(job: Job) -> None:
    prepare(job, estate_support=True)
    make(job, "acme", estate_support=True)
    change(job, SUSPENDED="true")
    assert job.server.psql("GRANT CONNECT ON DATABASE acme TO estate_support").returncode == 0
    assert "a role may still connect" in remove(job, "acme").stderr
    change(job, SUSPENDED="true")
    assert remove(job, "acme").returncode == 0


def test_an_auditor_sees_statistics_and_no_tenants_data(job: Job) -> None:
    prepare(job, estate_auditor=False, estate_support=True)
    make(job, "acme", estate_auditor=False, estate_support=True)
    assert ask(job.server, "estate_auditor", "SELECT count(*) FROM pg_database WHERE datname = 'acme'") == "1"
    assert ask(job.server, "estate_auditor", "SHOW hba_file").endswith("pg_hba.conf")
    assert "permission denied for database" in ask(job.server, "estate_auditor", "SELECT 1", "acme")


def test_nobody_who_reads_sees_a_password_verifier(job: Job) -> None:
    prepare(job, estate_support=True)
    make(job, "acme", estate_support=True)
    assert job.server.rows("SELECT count(*) FROM pooler.login") == ["1"]
    for question in (
        "SELECT * FROM pooler.login",
        "SELECT * FROM pooler.lookup('acme_user_a')",
        "SELECT rolpassword FROM pg_authid",
    ):
        assert "permission denied" in ask(job.server, "estate_support", question)


def test_readers_come_in_by_iam_alone_and_never_as_masters(job: Job) -> None:
    prepare(job, estate_support=True)
    has = "SELECT pg_has_role('{}', '{}', 'MEMBER')"
    assert job.server.rows(has.format("estate_support", "rds_iam")) == ["t"]
    assert job.server.rows(has.format(MASTER, "rds_iam")) == ["f"], "RDS would turn the master's password away"
    assert job.server.rows(has.format("estate_support", MASTER)) == ["f"]
    assert job.server.rows("SELECT rolpassword IS NULL FROM pg_authid WHERE rolname = 'estate_support'") == ["t"]


def test_a_master_who_would_be_locked_out_keeps_everything_as_it_was(job: Job) -> None:
    assert job.server.psql(f"CREATE ROLE between IN ROLE rds_iam ROLE {MASTER}").returncode == 0
    variables = {"POOLER": "pooler", "CONNECTION_LIMIT": "40", **reader_variables({"estate_support": True})}
    done = job.run(instance_script() + instance_readers_script(), variables, {"pooler": "pooler-Password"})
    assert done.returncode != 0 and "would lock it out" in done.stderr
    assert job.server.rows("SELECT count(*) FROM pg_roles WHERE rolname = 'estate_support'") == ["0"]


def test_an_estate_without_readers_has_nothing_of_it(job: Job) -> None:
    prepare(job)
    make(job, "acme")
    assert (
        job.server.rows(
            "SELECT datacl FROM pg_database WHERE datname = 'acme' AND datacl::text LIKE '%estate_support%'"
        )
        == []
    )
    assert job.server.rows("SELECT count(*) FROM pg_default_acl", database="acme") == ["0"]


def test_twice_is_as_once(job: Job) -> None:
    state = "SELECT rolname, rolcanlogin, rolconnlimit, rolconfig FROM pg_roles WHERE rolname LIKE 'estate%' ORDER BY 1"
    prepare(job, estate_support=True, estate_auditor=False)
    make(job, "acme", estate_support=True)
    once = job.server.rows(state), job.server.rows("SELECT datacl FROM pg_database WHERE datname = 'acme'")
    prepare(job, estate_support=True, estate_auditor=False)
    job.succeed(
        tenant_script() + tenant_readers_script(),
        {**tenant("acme"), "DATA_READERS": "estate_support"},
        {"login": "acme-Password"},
    )
    assert ask(job.server, "estate_support", "SELECT id FROM sale_order", "acme") == "7", (
        "tables that were there before count as well"
    )
    assert once == (job.server.rows(state), job.server.rows("SELECT datacl FROM pg_database WHERE datname = 'acme'"))


def test_whoever_is_no_longer_named_loses_everything(job: Job) -> None:
    prepare(job, estate_support=True)
    make(job, "acme", estate_support=True)
    prepare(job, estate_support=False)
    job.succeed(
        tenant_script() + tenant_readers_script(), {**tenant("acme"), "DATA_READERS": ""}, {"login": "acme-Password"}
    )
    assert job.server.rows(
        "SELECT count(*) FROM information_schema.role_table_grants WHERE grantee = 'estate_support'", database="acme"
    ) == ["0"]
    assert "permission denied" in ask(job.server, "estate_support", "SELECT id FROM sale_order", "acme")
    prepare(job)
    assert "not permitted to log in" in ask(job.server, "estate_support", "SELECT 1")
    assert job.server.rows("SELECT count(*) FROM pg_auth_members WHERE member = 'estate_support'::regrole") == ["0"]
