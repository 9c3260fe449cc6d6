"""What only reads, through a real PgBouncer, from a real standby."""

import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from tests.odoo.authority import Authority
from tests.odoo.database_job import Job, make
from tests.odoo.pooler import Connection, Pooler, answer_in, plan
from tests.odoo.postgres_server import Server
from tests.odoo.standby import Standby, standby


@pytest.fixture(scope="module")
def replica(postgres: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standby]:
    job = Job(postgres, tmp_path_factory.mktemp("job"))
    make(job, "reports", EXTENSIONS="")
    answer_in(postgres, "reports")
    with standby(postgres) as one:
        one.caught_up()
        yield one


@pytest.fixture
def pooler(postgres: Server, replica: Standby) -> Iterator[Pooler]:
    with tempfile.TemporaryDirectory(prefix="pooler-", dir="/tmp") as name:
        Path(name).chmod(0o755)
        small = plan(postgres, replica_size=3)
        one = Pooler(postgres, Path(name) / "pooler", small, Authority("cluster"), replica.server)
        yield one
        one.stop()


def reports(pooler: Pooler) -> Connection:
    """As Odoo opens it: the pooler's host and certificate, the tenant's user and password, another port."""
    return pooler.connect("reports", port=pooler.replica_port)


def test_reports_come_from_the_replica_and_everything_else_from_the_primary(pooler: Pooler) -> None:
    asked = "SELECT pg_is_in_recovery(), session_user, current_user"
    with reports(pooler) as reading, pooler.connect("reports") as writing:
        assert reading.execute(asked).fetchone() == (True, "reports_user_a", "reports_login")
        assert writing.execute(asked).fetchone() == (False, "reports_user_a", "reports_login")


def test_a_read_only_transaction_as_odoo_begins_it_works_and_a_write_does_not(pooler: Pooler) -> None:
    with reports(pooler) as reading:
        reading.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        assert reading.execute("SELECT count(*) FROM pg_class").fetchone()
        reading.execute("COMMIT")
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            reading.execute("CREATE TABLE sale (id int)")


def test_the_replica_answers_whose_password_is_right_by_itself(postgres: Server, replica: Standby) -> None:
    asked = "SELECT login, verifier FROM pooler.lookup('reports_user_a')"
    answer = replica.server.psql(asked, user="pooler", password="pooler-Password")
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.startswith("reports_user_a|SCRAM-SHA-256$")


def test_a_wrong_password_is_refused_at_the_replica_too(pooler: Pooler) -> None:
    with pytest.raises(psycopg.OperationalError, match="authentication failed"):
        pooler.connect("reports", password="wrong", port=pooler.replica_port)


def test_connections_to_the_replica_never_pass_the_pool(pooler: Pooler, replica: Standby) -> None:
    failed: list[str] = []

    def report() -> None:
        try:
            with reports(pooler) as one:
                one.execute("SELECT pg_sleep(0.5)")
        except psycopg.Error as error:
            failed.append(str(error))

    threads = [threading.Thread(target=report) for _ in range(9)]
    for thread in threads:
        thread.start()
    most = 0
    while any(thread.is_alive() for thread in threads):
        counted = replica.server.rows("SELECT count(*) FROM pg_stat_activity WHERE usename = 'reports_user_a'")
        most = max(most, int(counted[0]))
    assert not failed
    assert most == pooler.plan.replica_size == 3


def test_a_suspended_tenants_reports_end_with_it(pooler: Pooler, replica: Standby, tmp_path: Path) -> None:
    job = Job(pooler.server, tmp_path)
    make(job, "reports", EXTENSIONS="", SUSPENDED="true")
    replica.caught_up()
    with pytest.raises(psycopg.OperationalError), reports(pooler) as reading:
        reading.execute("SELECT 1")
    make(job, "reports", EXTENSIONS="")  # for the tests that follow
    answer_in(pooler.server, "reports")
    replica.caught_up()


def test_without_its_replica_a_client_hears_at_once_and_goes_to_the_primary(postgres: Server) -> None:
    """Odoo then reads from the primary; what it must not do is wait as long as its users."""
    with tempfile.TemporaryDirectory(prefix="pooler-", dir="/tmp") as name, standby(postgres) as gone:
        Path(name).chmod(0o755)
        pooler = Pooler(
            postgres, Path(name) / "pooler", plan(postgres, replica_size=3), Authority("cluster"), gone.server
        )
        try:
            with reports(pooler) as reading:
                reading.execute("SELECT 1")
            gone.stop()
            began = time.monotonic()
            with pytest.raises(psycopg.OperationalError), reports(pooler) as reading:
                reading.execute("SELECT 1")
            assert time.monotonic() - began < 10
            with pooler.connect("reports") as writing:
                assert writing.execute("SELECT pg_is_in_recovery()").fetchone() == (False,)
        finally:
            pooler.stop()
