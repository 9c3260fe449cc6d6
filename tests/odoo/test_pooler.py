"""What plans tell PgBouncer, in front of a real server, with a real PgBouncer."""

import tempfile
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from tests.odoo.authority import Authority
from tests.odoo.database_job import Job, make_pooled, tenant
from tests.odoo.database_job import make as make_database
from tests.odoo.pooler import Connection, Pooler, answer_in, plan, wait_for
from tests.odoo.postgres_server import Server

from odoo_estate.odoo.database_sql import login_script, tenant_script
from odoo_estate.plan import PoolPlan


def make(job: Job, name: str, **changes: str) -> None:
    make_database(job, name, **changes)
    answer_in(job.server, name)


@pytest.fixture(scope="module")
def job(postgres: Server, tmp_path_factory: pytest.TempPathFactory) -> Job:
    job = Job(postgres, tmp_path_factory.mktemp("job"))
    for name in ("north", "south"):
        make(job, name)
    return job


@pytest.fixture
def pooler(postgres: Server, job: Job, short: Path) -> Iterator[Pooler]:
    one = Pooler(postgres, short / "pooler", plan(postgres), Authority("cluster"))
    yield one
    one.stop()


@pytest.fixture
def short() -> Iterator[Path]:
    """A folder that the user of PgBouncer may enter."""
    with tempfile.TemporaryDirectory(prefix="pooler-", dir="/tmp") as name:
        Path(name).chmod(0o755)
        yield Path(name)


def sessions(server: Server, condition: str) -> int:
    (count,) = server.rows(f"SELECT count(*) FROM pg_stat_activity WHERE {condition}")
    return int(count)


# --- LISTEN and NOTIFY ---------------------------------------------------------------------------------------------


def heard(listening: Connection, speaking: Connection) -> list[str]:
    listening.execute("LISTEN imbus")
    speaking.execute("SELECT 1")
    speaking.execute("NOTIFY imbus, 'ping'")
    return [one.payload for one in listening.notifies(timeout=2, stop_after=1)]


def test_a_notification_on_the_bus_reaches_the_websocket_server(pooler: Pooler) -> None:
    with pooler.connect("postgres", name="north") as websocket, pooler.connect("postgres", name="south") as web:
        assert heard(websocket, web) == ["ping"]


def test_a_transaction_pool_loses_it_which_is_why_the_bus_is_pooled_by_session(pooler: Pooler) -> None:
    """While the listener's server connection serves another, nobody hears; then whoever has it next."""
    with pooler.connect("north") as listening, pooler.connect("north") as busy, pooler.connect("north") as speaking:
        assert heard(listening, speaking) == []
        assert busy.execute("SELECT 1").fetchone() == (1,)


def test_a_job_runner_hears_its_own_database_on_the_session_path(pooler: Pooler) -> None:
    with pooler.connect("north", port=pooler.session_port) as runner, pooler.connect("north") as web:
        assert heard(runner, web) == ["ping"]


# --- limits --------------------------------------------------------------------------------------------------------


class Load:
    """Clients that run short transactions until they are told to stop."""

    def __init__(self) -> None:
        self.done, self.failed = 0, list[str]()
        self._stop, self._lock = threading.Event(), threading.Lock()
        self._threads: list[threading.Thread] = []

    def add(self, pooler: Pooler, name: str, clients: int, database: str = "") -> None:
        for _ in range(clients):
            self._threads.append(threading.Thread(target=self._work, args=(pooler, name, database or name)))
            self._threads[-1].start()

    def _work(self, pooler: Pooler, name: str, database: str) -> None:
        try:
            with pooler.connect(database, name=name) as connection:
                while not self._stop.is_set():
                    connection.execute("SELECT pg_sleep(0.01)")
                    with self._lock:
                        self.done += 1
        except psycopg.Error as error:
            self.failed.append(str(error))

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(timeout=30)


def test_server_connections_never_pass_the_sum_of_limits_under_load(postgres: Server, job: Job, short: Path) -> None:
    """Two replicas, six tenants, ten clients each on their database and four on the bus: 3 x 2 + 4 at most, as the plan says."""
    names = [f"load{number}" for number in range(6)]
    limit = 3 * 2 + 4
    for name in names:
        make(job, name, CONNECTION_LIMIT=str(limit))
    authority = Authority("cluster")
    small = plan(
        postgres,
        pools={"*": PoolPlan(mode="transaction", size=3), "postgres": PoolPlan(mode="session", size=4)},
    )
    replicas = [Pooler(postgres, short / str(number), small, authority) for number in range(2)]
    load = Load()
    try:
        for number, name in enumerate(names):
            for replica in replicas:
                load.add(replica, name, 5)
            load.add(replicas[number % 2], name, 4, "postgres")
        most: dict[str, int] = {}

        def watch() -> bool:
            counted = postgres.rows(
                "SELECT usename, count(*) FROM pg_stat_activity WHERE usename LIKE 'load%' OR usename = 'pooler' GROUP BY 1"
            )
            for row in counted:
                user, count = row.split("|")
                most[user] = max(most.get(user, 0), int(count))
            return load.done > 3000 or bool(load.failed)

        wait_for(watch, seconds=60)
    finally:
        load.stop()
        for replica in replicas:
            replica.stop()
    assert not load.failed
    assert all(most[f"{name}_user_a"] <= limit for name in names), most
    assert max(most[f"{name}_user_a"] for name in names) >= limit - 2, "the load was too small to show anything"
    assert most.get("pooler", 0) <= small.lookup_connections * 4, most


def test_the_server_holds_the_limit_whatever_number_of_poolers_there_are(job: Job, pooler: Pooler) -> None:
    """While every pooler is being replaced there are twice as many, and each of them knows its own pools only."""
    make(job, "hard", CONNECTION_LIMIT="3")  # one is the look-up of PgBouncer 1.18, see answer_in
    inside = [pooler.connect("hard") for _ in range(2)]
    for one in inside:
        one.execute("BEGIN")
    assert sessions(job.server, "usename = 'hard_user_a'") == 2
    direct = job.server.psql("SELECT 1", user="hard_user_a", password="hard-Password", database="hard")
    assert "too many connections" in direct.stderr
    for one in inside:
        one.close()


def test_shared_workers_are_held_by_their_logins_limit_over_all_databases(job: Job) -> None:
    job.succeed(login_script(), {"LOGIN": "herd", "CONNECTION_LIMIT": "1"}, {"login": "herd-Password"})
    make_pooled(job, "calf", "herd")
    with psycopg.connect(
        host="127.0.0.1", port=job.server.port, user="herd", password="herd-Password", dbname="postgres"
    ):
        refused = job.server.psql("SELECT 1", user="herd", password="herd-Password", database="calf")
    assert 'too many connections for role "herd"' in refused.stderr


def test_one_tenant_that_exhausts_its_pool_leaves_the_others_served(pooler: Pooler) -> None:
    greedy = [pooler.connect("north") for _ in range(4)]
    for one in greedy[:3]:
        one.execute("BEGIN")
        one.execute("SELECT 1")
    refused: list[str] = []

    def wait() -> None:
        try:
            greedy[3].execute("SELECT 1")
        except psycopg.Error as error:
            refused.append(str(error))

    waiting = threading.Thread(target=wait)
    waiting.start()
    with pooler.connect("south") as neighbour:
        for _ in range(200):
            assert neighbour.execute("SELECT 1").fetchone() == (1,)
        assert waiting.is_alive(), "the neighbour was served while the other waits"
    waiting.join(timeout=20)
    assert "query_wait_timeout" in refused[0], "and the one that waits is told who refuses it"
    for one in greedy:
        one.close()


# --- encryption ----------------------------------------------------------------------------------------------------


def test_both_sides_are_encrypted(pooler: Pooler) -> None:
    with pooler.connect("north") as connection:
        assert connection.pgconn.ssl_in_use
        connection.execute("SELECT 1")
        assert pooler.server.rows(
            "SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE usename = 'north_user_a'"
        ) == ["t"]


def test_a_client_without_encryption_is_refused(pooler: Pooler) -> None:
    with pytest.raises(psycopg.OperationalError, match="SSL required"):
        pooler.connect("north", sslmode="disable")


def test_a_pooler_that_another_authority_vouches_for_is_refused_by_the_client(pooler: Pooler, tmp_path: Path) -> None:
    other = tmp_path / "other.crt"
    other.write_text(Authority("somebody").pem, encoding="utf-8")
    with pytest.raises(psycopg.OperationalError, match="certificate verify failed"):
        pooler.connect("north", sslrootcert=str(other))


def test_a_pooler_under_another_name_is_refused_by_the_client(pooler: Pooler) -> None:
    with pytest.raises(psycopg.OperationalError, match="does not match host name"):
        pooler.connect("north", host="pooler-other.poolers.svc.cluster.local", hostaddr="127.0.0.1")


def test_a_server_that_another_authority_vouches_for_gets_no_connection(
    postgres: Server, job: Job, short: Path
) -> None:
    stranger = plan(postgres, server_ca=Authority("somebody").pem)
    one = Pooler(postgres, short / "pooler", stranger, Authority("cluster"))
    try:
        with pytest.raises(psycopg.OperationalError):
            one.connect("north")
        assert "certificate verify failed" in one.log()
    finally:
        one.stop()


# --- logins --------------------------------------------------------------------------------------------------------


def test_the_poolers_file_knows_no_tenant_and_lets_each_in_with_its_own_password(pooler: Pooler) -> None:
    assert "north" not in (pooler.folder / "credentials/userlist.txt").read_text(encoding="utf-8")
    with pooler.connect("north") as connection:
        assert connection.execute("SELECT session_user, current_user").fetchone() == ("north_user_a", "north_login")
    with pytest.raises(psycopg.OperationalError, match="authentication failed"):
        pooler.connect("north", password="wrong")
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        pooler.connect("south", name="north")


def test_the_poolers_own_entry_cannot_be_a_verifier(postgres: Server, job: Job, short: Path) -> None:
    """Why its password is in clear in the file: a verifier lets a client in, but PgBouncer itself cannot log in to the server with it."""
    one = Pooler(postgres, short / "pooler", plan(postgres), Authority("cluster"))
    (verifier,) = postgres.rows("SELECT rolpassword FROM pg_authid WHERE rolname = 'pooler'")
    try:
        one.write("credentials/userlist.txt", f'"pooler" "{verifier}"\n')
        wait_for(lambda: "RELOAD" in one.log() or "SIGHUP" in one.log())
        with pytest.raises(psycopg.OperationalError):
            one.connect("north")
        assert "SCRAM" in one.log()
    finally:
        one.stop()


def test_a_rotated_login_works_at_once_while_the_former_goes_on(job: Job, pooler: Pooler) -> None:
    make(job, "spin")
    with pooler.connect("spin") as old:
        old.execute("CREATE TABLE sale (id int)")
        turned = tenant("spin", USER_NAME="spin_user_b", FORMER_USER="spin_user_a")
        job.succeed(tenant_script(), turned, {"login": "turned-Password"})
        with pooler.connect("spin", user="spin_user_b", password="turned-Password") as new:
            new.execute("INSERT INTO sale VALUES (1)")
        old.execute("INSERT INTO sale VALUES (2)")
        with pooler.connect("spin") as again:
            assert again.execute("SELECT count(*) FROM sale").fetchone() == (2,)


def test_a_replaced_password_is_known_without_a_restart(job: Job, pooler: Pooler) -> None:
    make(job, "fresh")
    pooler.connect("fresh").close()
    job.succeed(tenant_script(), tenant("fresh"), {"login": "replaced-Password"})
    with pooler.connect("fresh", password="replaced-Password") as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    with pytest.raises(psycopg.OperationalError, match="authentication failed"):
        pooler.connect("fresh")


def test_a_suspended_tenant_is_refused_by_the_pooler_and_thrown_out_of_it(job: Job, pooler: Pooler) -> None:
    make(job, "halt")
    inside = pooler.connect("halt")
    bus = pooler.connect("postgres", name="halt")
    for one in (inside, bus):
        one.execute("SELECT 1")
    make(job, "halt", SUSPENDED="true")
    for one in (inside, bus):
        with pytest.raises(psycopg.OperationalError):
            one.execute("SELECT 1")
            one.execute("SELECT 1")
    assert sessions(job.server, "usename = 'halt_user_a'") == 0
    with pytest.raises(psycopg.OperationalError):
        pooler.connect("halt")
    with pooler.connect("south") as neighbour:
        assert neighbour.execute("SELECT 1").fetchone() == (1,)
    make(job, "halt")

    def served() -> bool:
        try:
            with pooler.connect("halt") as resumed:
                return resumed.execute("SELECT 1").fetchone() == (1,)
        except psycopg.Error:
            return False

    wait_for(served, seconds=30)  # PgBouncer tries a refused login again after 15 seconds (server_login_retry)


# --- change --------------------------------------------------------------------------------------------------------


def test_a_changed_configuration_is_followed_and_no_session_is_lost(postgres: Server, pooler: Pooler) -> None:
    with pooler.connect("north") as first, pooler.connect("north") as second:
        pooler.configure(replace(pooler.plan, pools={**pooler.plan.pools, "*": PoolPlan(mode="transaction", size=1)}))
        wait_for(lambda: "SIGHUP" in pooler.log())
        first.execute("BEGIN")
        first.execute("SELECT 1")
        with pytest.raises(psycopg.OperationalError, match="query_wait_timeout"):
            second.execute("SELECT 1")
        first.execute("ROLLBACK")
        assert first.execute("SELECT 1").fetchone() == (1,)


def test_a_renewed_certificate_is_followed(pooler: Pooler) -> None:
    renewed = Authority("renewed")
    renewed.issue(pooler.folder / "certificate", "pooler.poolers.svc.cluster.local")
    pooler.own(pooler.folder / "certificate/tls.key")
    wait_for(lambda: "SIGHUP" in pooler.log())
    pooler.ca.write_text(renewed.pem, encoding="utf-8")
    with pooler.connect("north") as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
