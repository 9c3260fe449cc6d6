"""The scripts of `odoo_estate.odoo.database_sql` against a real server."""

import subprocess
import time
from pathlib import Path

import psycopg
import pytest
from tests.odoo.authority import Authority
from tests.odoo.database_job import Job, make, make_pooled, remove, tenant
from tests.odoo.postgres_server import MASTER, Server

from odoo_estate.odoo.database_sql import login_script, pooled_tenant_script, removal_script, tenant_script


@pytest.fixture
def job(postgres: Server, tmp_path: Path) -> Job:
    return Job(postgres, tmp_path)


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


def statements(script: str) -> list[str]:
    """What is left of ``script`` when psql is killed after each statement."""
    ends, lines, quoted = [], script.splitlines(keepends=True), False
    for position, line in enumerate(lines):
        quoted ^= line.count("$$") % 2 == 1
        if not quoted and line.rstrip().endswith((";", "\\gexec", "\\gset", "\\g /dev/null", 'conninfo"')):
            ends.append("".join(lines[: position + 1]))
    return ends


def test_a_job_that_was_killed_after_any_statement_is_completed_by_the_next(job: Job) -> None:
    cut = statements(tenant_script())
    assert len(cut) > 35
    for position, broken in enumerate(cut):
        name = f"half{position}"
        job.run(broken, tenant(name), {"login": f"{name}-Password"})
        make(job, name)
        done = as_login(
            job, name, "CREATE TABLE sale (id int); SELECT tableowner FROM pg_tables WHERE tablename = 'sale'"
        )
        assert done.stdout == f"{name}_login\n", (broken[-200:], done.stderr)


def test_two_jobs_at_once_for_one_tenant_and_for_neighbours_do_not_disturb_each_other(job: Job) -> None:
    names = ["twin", "twin", "twin", "near", "far"]
    jobs = [
        job.start(tenant_script(), tenant(name), {"login": f"{name}-Password"}, place=str(position))
        for position, name in enumerate(names)
    ]
    for one in jobs:
        _, err = one.communicate(timeout=60)
        assert one.returncode == 0, err
    for name in set(names):
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


HOSTILE = (
    """x"; DROP DATABASE postgres; --'\\\\ é $$ :login %I""",
    "n" * 59,
    "%s %L %1$I %%",
    "'; --",
    "ß漢字🎉 \u202e",
    "postgres=host db",
    "-c all\t",
)


@pytest.mark.parametrize("name", HOSTILE)
def test_names_with_metacharacters_are_only_names(job: Job, name: str) -> None:
    password = "it's \"$$ a\\password"
    names = {
        key: f"{number}{name}"
        for number, key in enumerate(("LOGIN", "OWNER", "USER_NAME", "FORMER_USER", "DATABASE"), start=10)
    }
    assert all(len(one.encode()) <= 63 for one in names.values())
    for _ in range(2):
        job.succeed(tenant_script(), tenant("", **names), {"login": password})
    done = job.server.psql(
        "SELECT current_database()", user=names["USER_NAME"], password=password, database=names["DATABASE"]
    )
    assert done.stdout == f"{names['DATABASE']}\n"
    job.succeed(tenant_script(), tenant("", **names, SUSPENDED="true"), {"login": password})
    databases = job.server.rows("SELECT datname FROM pg_database")
    gone = remove(job, "", **names)
    assert gone.returncode == 0, gone.stderr
    assert set(databases) - set(job.server.rows("SELECT datname FROM pg_database")) == {names["DATABASE"]}


def test_a_new_password_replaces_the_old_one_everywhere(job: Job) -> None:
    make(job, "rotate")
    job.succeed(tenant_script(), tenant("rotate"), {"login": "another-Password"})
    assert "authentication failed" in as_login(job, "rotate", "SELECT 1").stderr
    assert (
        job.server.psql("SELECT 1", user="rotate_user_a", password="another-Password", database="rotate").returncode
        == 0
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


# --- rotation ------------------------------------------------------------------------------------------------------


def rotate(job: Job, name: str) -> None:
    turned = tenant(name, USER_NAME=f"{name}_user_b", FORMER_USER=f"{name}_user_a")
    job.succeed(tenant_script(), turned, {"login": "new-Password"})


def test_at_no_moment_of_a_rotation_is_every_login_refused(job: Job) -> None:
    """After every statement of the job one of the two users gets in and works on the same objects."""
    for position, broken in enumerate(statements(tenant_script())[-24::3]):
        name = f"turn{position}"
        make(job, name)
        assert as_login(job, name, "CREATE TABLE sale (id int)").returncode == 0
        job.run(
            broken, tenant(name, USER_NAME=f"{name}_user_b", FORMER_USER=f"{name}_user_a"), {"login": "new-Password"}
        )
        assert as_login(job, name, "INSERT INTO sale VALUES (1)").returncode == 0, broken[-200:]
        rotate(job, name)
        assert as_login(job, name, "INSERT INTO sale VALUES (2)").returncode == 0
        done = job.server.psql(
            "INSERT INTO sale VALUES (3); ALTER TABLE sale ADD note text; SELECT count(*) FROM sale",
            user=f"{name}_user_b",
            password="new-Password",
            database=name,
        )
        assert done.stdout == "3\n", done.stderr


def test_the_former_user_ends_a_day_later_however_often_the_job_runs(job: Job) -> None:
    make(job, "day")
    rotate(job, "day")
    ends = job.server.rows("SELECT rolvaliduntil FROM pg_roles WHERE rolname = 'day_user_a'")
    rotate(job, "day")
    assert job.server.rows("SELECT rolvaliduntil FROM pg_roles WHERE rolname = 'day_user_a'") == ends
    assert job.server.rows(
        "SELECT rolvaliduntil BETWEEN now() + '23 hours' AND now() + '1 day' FROM pg_roles WHERE rolname = 'day_user_a'"
    ) == ["t"]
    job.server.rows("ALTER ROLE day_user_a VALID UNTIL '2026-01-01'")
    assert as_login(job, "day", "SELECT 1").returncode != 0
    assert job.server.rows("SELECT count(*) FROM pooler.lookup('day_user_a')") == ["0"], "nor by the pooler"
    assert job.server.rows("SELECT count(*) FROM pooler.lookup('day_user_b')") == ["1"]


# --- suspension and removal ----------------------------------------------------------------------------------------


def dump_now(job: Job) -> str:
    """A dump taken now."""
    time.sleep(1.0)  # dumps are named by the second, and this one is younger than the suspension
    (now,) = job.server.rows("""SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYYMMDD"T"HH24MISS"Z"')""")
    return now


def suspend(job: Job, name: str) -> None:
    make(job, name, SUSPENDED="true")


def test_a_suspended_tenant_is_refused_its_sessions_end_and_its_data_stays(job: Job) -> None:
    make(job, "pause")
    assert as_login(job, "pause", "CREATE TABLE sale AS SELECT 7 AS id").returncode == 0
    inside = psycopg.connect(
        host="127.0.0.1", port=job.server.port, user="pause_user_a", password="pause-Password", dbname="pause"
    )
    suspend(job, "pause")
    with pytest.raises(psycopg.OperationalError):
        inside.execute("SELECT 1")
    assert "not permitted to log in" in as_login(job, "pause", "SELECT 1").stderr
    assert job.server.rows("SELECT count(*) FROM pooler.lookup('pause_user_a')") == ["0"]
    since = job.server.rows("SELECT since FROM pooler.suspended WHERE database = 'pause'")
    suspend(job, "pause")
    assert job.server.rows("SELECT since FROM pooler.suspended WHERE database = 'pause'") == since
    make(job, "pause")
    assert as_login(job, "pause", "SELECT id FROM sale").stdout == "7\n"
    assert job.server.rows("SELECT count(*) FROM pooler.suspended WHERE database = 'pause'") == ["0"]


def test_a_suspended_pooled_tenant_is_out_of_its_shared_workers_hands(job: Job) -> None:
    job.succeed(login_script(), {"LOGIN": "shop_pool", "CONNECTION_LIMIT": "-1"}, {"login": "pool-Password"})
    make_pooled(job, "still", "shop_pool")
    make_pooled(job, "going", "shop_pool")
    make_pooled(job, "still", "shop_pool", SUSPENDED="true")
    for database, allowed in (("still", False), ("going", True)):
        done = job.server.psql("SELECT 1", user="shop_pool", password="pool-Password", database=database)
        assert (done.returncode == 0) is allowed, done.stderr
    listed = job.server.rows("SELECT datname FROM pg_database WHERE datdba = 'shop_pool'::regrole")
    assert listed == ["going"], "Odoo lists what its login owns"
    make_pooled(job, "still", "shop_pool")
    assert job.server.psql("SELECT 1", user="shop_pool", password="pool-Password", database="still").returncode == 0


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"NOTICE_DAYS": "30"}, "less than 30 days"),
        ({"REMOVE_ON": "2999-01-01"}, "stays until 2999-01-01"),
        ({"FINAL_DUMP": "20200101T000000Z"}, "was not taken since"),
        ({"FINAL_DUMP": "29990101T000000Z"}, "was not taken since"),
        ({"FINAL_DUMP": ""}, "is not the name of a dump"),
        ({"APPROVER": ""}, "nobody approved"),
    ],
)
def test_a_database_stays_while_anything_speaks_against_its_removal(
    job: Job, changes: dict[str, str], says: str
) -> None:
    suspend(job, "stay")
    done = remove(job, "stay", **changes)
    assert done.returncode != 0
    assert says in done.stderr
    assert job.server.rows("SELECT count(*) FROM pg_database WHERE datname = 'stay'") == ["1"]


def test_a_database_that_is_not_suspended_or_in_use_is_not_removed(job: Job) -> None:
    make(job, "alive")
    assert "alive is not suspended" in remove(job, "alive").stderr
    suspend(job, "alive")
    job.server.rows("ALTER ROLE alive_user_a LOGIN")
    assert "can log in" in remove(job, "alive").stderr
    suspend(job, "alive")
    with psycopg.connect(host=str(job.server.folder), port=job.server.port, user="superuser", dbname="alive"):
        assert "somebody is connected" in remove(job, "alive").stderr
    assert remove(job, "alive").returncode == 0


def test_a_removal_leaves_a_record_and_nothing_else_and_may_run_again(job: Job) -> None:
    make(job, "ended")
    suspend(job, "ended")
    dump = dump_now(job)
    for _ in range(2):
        done = remove(job, "ended", FINAL_DUMP=dump)
        assert done.returncode == 0, done.stderr
    assert job.server.rows("SELECT count(*) FROM pg_database WHERE datname = 'ended'") == ["0"]
    assert job.server.rows("SELECT count(*) FROM pg_roles WHERE rolname LIKE 'ended%'") == ["0"]
    assert job.server.rows("SELECT count(*) FROM pooler.login WHERE login LIKE 'ended%'") == ["0"]
    assert job.server.rows("SELECT approver FROM pooler.removed WHERE database = 'ended'") == ["Ada"]


def test_a_removal_that_was_killed_after_any_statement_is_completed_by_the_next(job: Job) -> None:
    for position, broken in enumerate(statements(removal_script())[-10:]):
        name = f"gone{position}"
        make(job, name)
        suspend(job, name)
        dump = dump_now(job)
        terms = {"REMOVE_ON": "2026-01-01", "NOTICE_DAYS": "0", "FINAL_DUMP": dump, "APPROVER": "Ada"}
        job.run(broken, {**tenant(name), **terms}, {})
        done = remove(job, name, FINAL_DUMP=dump)
        assert done.returncode == 0, (broken[-200:], done.stderr)
        assert job.server.rows(f"SELECT count(*) FROM pg_roles WHERE rolname LIKE '{name}%'") == ["0"]
        assert job.server.rows(f"SELECT count(*) FROM pooler.removed WHERE database = '{name}'") == ["1"]


def test_no_script_but_the_removal_drops_a_database_that_works() -> None:
    for script in (tenant_script(), pooled_tenant_script(), login_script()):
        drops = [line for line in script.splitlines() if "DROP" in line and not line.startswith("--")]
        assert all("datconnlimit = -2" in line for line in drops), drops


def test_the_master_user_speaks_only_to_a_server_that_the_known_authority_vouches_for(job: Job) -> None:
    variables, passwords = tenant("vouched"), {"login": "vouched-Password"}
    job.server_ca = Authority("somebody").pem
    done = job.run(tenant_script(), variables, passwords)
    assert done.returncode != 0
    assert "certificate verify failed" in done.stderr
    assert not job.server.rows("SELECT FROM pg_database WHERE datname = 'vouched'")


def test_the_master_user_refuses_a_server_under_another_name(job: Job) -> None:
    job.host = "localhost"  # the certificate is for the address
    done = job.run(tenant_script(), tenant("elsewhere"), {"login": "elsewhere-Password"})
    assert done.returncode != 0
    assert 'does not match host name "localhost"' in done.stderr
