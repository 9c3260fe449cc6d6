"""Shared job processes on a real server: no tenant holds more than its share of them, and a place is free again whatever way its holder ends."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Barrier, Event, Lock, Thread
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from tests.odoo.postgres_server import Server

from odoo_estate.odoo.addons import estate_turns

PROCESSES = 4


class Cursor:
    """What Odoo calls a cursor: it also commits."""

    def __init__(self, server: Server, database: str = "postgres") -> None:
        self.connection = psycopg.connect(
            host=str(server.folder), port=server.port, user="superuser", dbname=database, autocommit=False
        )
        self.cursor = self.connection.cursor()
        self.execute, self.fetchone, self.fetchall = self.cursor.execute, self.cursor.fetchone, self.cursor.fetchall
        self.commit = self.connection.commit


class Odoo:
    """Odoo's job processes as far as turns touch them; ``work`` is what a database has due. Each process loads the module for itself, as a fork has
    memory of its own."""

    def __init__(self, server: Server, pool: str, share: int, work: Any) -> None:
        class WorkerCron:
            def start(self) -> None:
                self.dbcursor = Cursor(server)

        class IrCron:
            @staticmethod
            def _process_jobs(database: str) -> None:
                work(database)

            @classmethod
            def _get_all_ready_jobs(cls, cursor: Any) -> list[dict[str, int]]:
                cursor.execute("SELECT id FROM ir_cron ORDER BY id")
                return [{"id": row[0]} for row in cursor.fetchall()]

        self.cron: Any = IrCron
        self.worker: Any = WorkerCron()
        estate_turns.install(SimpleNamespace(WorkerCron=WorkerCron), IrCron, pool, share)
        self.worker.start()

    def turn(self, database: str) -> None:
        self.cron._process_jobs(database)

    def killed(self) -> None:
        self.worker.dbcursor.connection.close()


@contextmanager
def holding(postgres: Server, pool: str, share: int, database: str) -> Iterator[Odoo]:
    """A process in the middle of a job of ``database``."""
    inside, done = Event(), Event()

    def work(_: str) -> None:
        inside.set()
        assert done.wait(60)

    odoo = Odoo(postgres, pool, share, work)
    thread = Thread(target=odoo.turn, args=[database])
    thread.start()
    assert inside.wait(60)
    try:
        yield odoo
    finally:
        done.set()
        thread.join()
        odoo.killed()


def turns(postgres: Server, pool: str, share: int, *databases: str) -> list[str]:
    """The databases in which a further process finds a place."""
    served: list[str] = []
    odoo = Odoo(postgres, pool, share, served.append)
    for database in databases:
        odoo.turn(database)
    odoo.killed()
    return served


def test_a_tenant_with_endless_jobs_holds_its_share_and_all_others_are_served(postgres: Server) -> None:
    with holding(postgres, "cron", 1, "heavy"):
        assert turns(postgres, "cron", 1, "heavy", "light_1", "heavy", "light_2") == ["light_1", "light_2"]


def test_a_share_of_two_is_two(postgres: Server) -> None:
    with holding(postgres, "cron", 2, "wide"):
        assert turns(postgres, "cron", 2, "wide") == ["wide"]
        with holding(postgres, "cron", 2, "wide"):
            assert turns(postgres, "cron", 2, "wide", "light") == ["light"]


def test_the_pools_do_not_take_each_others_places(postgres: Server) -> None:
    with holding(postgres, "cron", 1, "both"):
        assert turns(postgres, "integration", 1, "both") == ["both"]


def test_all_processes_at_once_never_pass_the_share_of_any_tenant(postgres: Server) -> None:
    names = [f"crowd_{number}" for number in range(3)]
    inside = dict.fromkeys(names, 0)
    most = dict.fromkeys(names, 0)
    lock, begin = Lock(), Barrier(PROCESSES)

    def work(database: str) -> None:
        with lock:
            inside[database] += 1
            most[database] = max(most[database], inside[database])
        Cursor(postgres).connection.close()  # as long as a connection takes
        with lock:
            inside[database] -= 1

    def process() -> None:
        odoo = Odoo(postgres, "integration", 1, work)
        begin.wait(60)
        for _ in range(5):
            for name in names:
                odoo.turn(name)
        odoo.killed()

    threads = [Thread(target=process) for _ in range(PROCESSES)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == dict.fromkeys(names, 1)


def test_a_place_is_free_after_a_job_that_failed(postgres: Server) -> None:
    def fails(_: str) -> None:
        raise ZeroDivisionError

    odoo = Odoo(postgres, "cron", 1, fails)
    with pytest.raises(ZeroDivisionError):
        odoo.turn("failing")
    assert turns(postgres, "cron", 1, "failing") == ["failing"]
    odoo.killed()


def test_a_place_is_free_after_a_process_that_was_killed(postgres: Server) -> None:
    stuck = Odoo(postgres, "cron", 1, lambda _: None)
    estate_turns.take(stuck.worker.dbcursor, "cron", "stuck", 1)
    assert turns(postgres, "cron", 1, "stuck") == []
    pid = stuck.worker.dbcursor.connection.info.backend_pid
    stuck.killed()
    while postgres.rows(f"SELECT 1 FROM pg_stat_activity WHERE pid = {pid}"):
        pass  # the server notices within a moment
    assert turns(postgres, "cron", 1, "stuck") == ["stuck"]


def test_what_is_queued_is_run_by_integration_and_everything_else_by_cron(postgres: Server) -> None:
    postgres.rows("DROP DATABASE IF EXISTS turns WITH (FORCE)")
    postgres.rows("CREATE DATABASE turns")
    sql = """CREATE TABLE ir_act_server (id int, model_name text);
    CREATE TABLE ir_cron (id int, ir_actions_server_id int);
    INSERT INTO ir_act_server VALUES (10, 'queue.job'), (11, 'stock.rule');
    INSERT INTO ir_cron VALUES (1, 10), (2, 11);"""
    postgres.rows(sql, database="turns")
    cursor = Cursor(postgres, "turns")
    cron, integration = (Odoo(postgres, pool, 1, lambda _: None) for pool in ("cron", "integration"))
    assert cron.cron._get_all_ready_jobs(cursor) == [{"id": 2}]
    assert integration.cron._get_all_ready_jobs(cursor) == [{"id": 1}]
    for one in (cron, integration):
        one.killed()
    cursor.connection.close()
    postgres.rows("DROP DATABASE turns WITH (FORCE)")
