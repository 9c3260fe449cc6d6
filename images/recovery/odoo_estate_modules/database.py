"""The tenant's database, entered as Odoo enters it: by what stands in its ``odoo.conf``."""

from collections.abc import Iterator
from configparser import RawConfigParser
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from odoo_estate_modules.states import Module
from odoo_estate_recovery.errors import BadInput, OperationFailed
from odoo_estate_recovery.postgres import spoken

Connection = psycopg.Connection[tuple[Any, ...]]
OPTIONS = ("db_host", "db_port", "db_user", "db_password", "db_sslmode")


@contextmanager
def connected(configuration: Path, database: str) -> Iterator[Connection]:
    """Raises `BadInput` for a file that is not Odoo's, `OperationFailed` with the server's message for what the server refuses."""
    parser = RawConfigParser(interpolation=None)
    try:
        parser.read_string(configuration.read_text(encoding="utf-8"))
        host, port, user, password, sslmode = (parser["options"][one] for one in OPTIONS)
    except Exception as error:  # the message may repeat a line of the file
        raise BadInput(f"{configuration} is no odoo.conf with {', '.join(OPTIONS)} ({type(error).__name__})") from None
    try:
        with psycopg.connect(
            host=host,
            port=port,
            user=user,
            password=password,
            sslmode=sslmode,
            dbname=database,
            application_name="odoo_estate_modules",
            connect_timeout=20,
            autocommit=True,
            prepare_threshold=None,  # behind a pooler in transaction mode
        ) as connection:
            yield connection
    except psycopg.Error as error:
        raise OperationFailed(f"PostgreSQL: {spoken(error)}") from None


def modules(connection: Connection) -> dict[str, Module]:
    """By name; empty before Odoo has ever been there."""
    there = connection.execute("SELECT to_regclass('public.ir_module_module') IS NOT NULL").fetchone()
    if there != (True,):
        return {}
    rows = connection.execute(
        "SELECT name, state, coalesce(latest_version, '') FROM public.ir_module_module"
    ).fetchall()
    return {name: Module(state or "", version) for name, state, version in rows}
