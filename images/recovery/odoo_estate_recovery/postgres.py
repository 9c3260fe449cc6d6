"""Connections as the instance's master user, which is no superuser on RDS, and the roles it has to be a member of."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from odoo_estate_recovery.errors import OperationFailed

Connection = psycopg.Connection[tuple[Any, ...]]

SERVICE = "service=admin"
PATIENT = "SET statement_timeout = 0; SET lock_timeout = 0; SET idle_in_transaction_session_timeout = 0; SET idle_session_timeout = 0"
"""A parameter group's limits are meant for Odoo. These sessions idle for as long as pg_dump or pg_restore work."""


def conninfo(database: str | None = None) -> str:
    """What to give libpq; user, host and password stand in the service file alone. None: the service's own database."""
    more = {} if database is None else {"dbname": database}
    return make_conninfo(
        SERVICE, application_name="odoo_estate_recovery", keepalives_idle=30, connect_timeout=20, **more
    )


@contextmanager
def connected(database: str | None = None) -> Iterator[Connection]:
    """An autocommitting session. Raises `OperationFailed` with the server's message for whatever the server refuses."""
    try:
        with psycopg.connect(conninfo(database), autocommit=True) as connection:
            connection.execute(PATIENT)
            connection.execute("SET datestyle = 'ISO'")
            yield connection
    except psycopg.Error as error:
        raise OperationFailed(f"PostgreSQL: {spoken(error)}") from error


def spoken(error: psycopg.Error) -> str:
    """The first line, without DETAIL and CONTEXT, which repeat rows."""
    primary = error.diag.message_primary or str(error).splitlines()[0] if str(error) else type(error).__name__
    return primary or type(error).__name__


def row(connection: Connection, query: str | sql.Composable, *parameters: object) -> tuple[Any, ...]:
    """The one row of ``query``."""
    found = connection.execute(query, parameters or None).fetchone()  # type: ignore[arg-type]
    if found is None:
        raise OperationFailed("PostgreSQL answered with no row where one was certain")
    return found


def server_version(connection: Connection) -> int:
    """As PostgreSQL numbers it: 160015 is 16.15."""
    return connection.info.server_version


def lock_key(name: str) -> int:
    """A key for an advisory lock, the same for the same name."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)


def become_member(connection: Connection, *roles: str) -> None:
    """Lets the master user read what ``roles`` own and give it to them; empty names are passed over.

    On RDS the master is no superuser, and since PostgreSQL 16 having made a role does not include using it. Waits for jobs that grant at the
    same moment: two grants of one role fail with "tuple concurrently updated".
    """
    use = ["USAGE", "SET"] if server_version(connection) >= 160000 else ["USAGE"]
    with advisory_lock(connection, "SELECT hashtext('estate database jobs')"):
        for role in dict.fromkeys(roles):
            if not role:
                continue
            if not row(connection, "SELECT count(*) FROM pg_roles WHERE rolname = %s", role)[0]:
                raise OperationFailed(f'role "{role}" is missing on this server: run the tenant\'s database job first')
            if not all(row(connection, "SELECT pg_has_role(current_user, %s::name, %s)", role, way)[0] for way in use):
                connection.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(sql.Identifier(role)))


@contextmanager
def advisory_lock(connection: Connection, key_query: str) -> Iterator[None]:
    """Held by the session and released with it, whatever kills it. The service's database is where all jobs meet."""
    (key,) = row(connection, key_query)
    connection.execute("SELECT pg_advisory_lock(%s)", (key,))
    try:
        yield
    finally:
        if not connection.closed:
            connection.execute("SELECT pg_advisory_unlock(%s)", (key,))


def end_sessions(connection: Connection, database: str) -> None:
    """Ends every client's session in ``database`` that this user may end."""
    for (pid,) in connection.execute(
        "SELECT pid FROM pg_stat_activity WHERE datname = %s AND backend_type = 'client backend' AND pid <> pg_backend_pid()",
        (database,),
    ).fetchall():
        try:
            connection.execute("SELECT pg_terminate_backend(%s)", (pid,))
        except psycopg.errors.InsufficientPrivilege:
            continue  # what it would hold up says so by itself: the database "is being accessed by other users"
