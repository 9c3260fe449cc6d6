"""Databases beside the tenant's: made for a restore, gone with it.

While a run lives, its session holds the advisory lock that its database's name spells. Whoever gets that lock knows that the run is dead and may
clear up after it; two living runs never touch each other's.
"""

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql

from odoo_estate_recovery.contents import Shape
from odoo_estate_recovery.log import log
from odoo_estate_recovery.postgres import Connection, end_sessions, row, spoken

PREFIX = "estate_scratch_"
NAME = re.compile(PREFIX + r"[0-9a-f]{16}")
DROP_TRIES = 5


@contextmanager
def scratch_database(admin: Connection, form: Shape) -> Iterator[str]:
    """An empty database that only this user can enter. Dropped at the end, unless it was renamed.

    It belongs to this user and not to the tenant's owner, because the shared workers of the pooled tenancy own their tenants' databases, and
    Odoo's cron runs the jobs of every database that its user owns.
    """
    clear_leftovers(admin)
    name = PREFIX + secrets.token_hex(8)
    admin.execute("SELECT pg_advisory_lock(%s)", (_key(name),))
    try:
        # Nobody gets in before the grants are gone.
        create = "CREATE DATABASE {} TEMPLATE template0 ENCODING {} LC_COLLATE {} LC_CTYPE {} ALLOW_CONNECTIONS false"
        admin.execute(
            sql.SQL(create).format(
                sql.Identifier(name), sql.Literal(form.encoding), sql.Literal(form.collate), sql.Literal(form.ctype)
            )
        )
        for change in ("REVOKE ALL ON DATABASE {} FROM PUBLIC", "ALTER DATABASE {} ALLOW_CONNECTIONS true"):
            admin.execute(sql.SQL(change).format(sql.Identifier(name)))
        yield name
    finally:
        if admin.closed:
            log("scratch_database_left", database=name, reason="the server is gone; the next run clears it away")
        else:
            drop(admin, name)
            admin.execute("SELECT pg_advisory_unlock(%s)", (_key(name),))


def clear_leftovers(admin: Connection) -> None:
    """Drops scratch databases of runs that were killed."""
    for (name,) in admin.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", (f"{PREFIX}%",)).fetchall():
        if not NAME.fullmatch(name) or not row(admin, "SELECT pg_try_advisory_lock(%s)", _key(name))[0]:
            continue
        try:
            log("leftover_found", database=name)
            drop(admin, name)
        except psycopg.errors.InsufficientPrivilege as error:
            log("leftover_kept", database=name, reason=spoken(error))
        finally:
            admin.execute("SELECT pg_advisory_unlock(%s)", (_key(name),))


def drop(admin: Connection, name: str) -> None:
    """Not WITH (FORCE): autovacuum may be at work, whose sessions a mere owner cannot end; without it, the server ends those by itself."""
    for tries_left in reversed(range(DROP_TRIES)):
        end_sessions(admin, name)  # a killed run's pg_restore
        try:
            admin.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))
            return
        except psycopg.errors.ObjectInUse:
            if not tries_left:
                raise


def _key(name: str) -> int:
    return int.from_bytes(bytes.fromhex(name.removeprefix(PREFIX)), signed=True)
