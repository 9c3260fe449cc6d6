"""What a database holds, as far as a restore is judged by it."""

from dataclasses import dataclass
from typing import Any

from psycopg import sql

from odoo_estate_recovery.postgres import Connection, row, server_version

SENTINELS = (
    "res_users",
    "res_company",
    "res_partner",
    "product_product",
    "sale_order",
    "purchase_order",
    "account_move",
    "account_move_line",
    "stock_move",
    "stock_quant",
    "ir_attachment",
    "mail_message",
)
"""Tables of Odoo's standard modules that grow with the business; those that a tenant has are counted."""

RELATIONS = """
SELECT CASE relkind WHEN 'r' THEN 'tables' WHEN 'p' THEN 'tables' WHEN 'v' THEN 'views' WHEN 'm' THEN 'views'
                    WHEN 'S' THEN 'sequences' ELSE 'indexes' END AS kind, count(*)
FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
WHERE relkind IN ('r', 'p', 'v', 'm', 'S', 'i', 'I') AND nspname !~ '^pg_' AND nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid AND deptype = 'e')
GROUP BY 1
"""


@dataclass(frozen=True)
class Contents:
    """``rows`` and ``newest`` (last time that a record was written or made) by sentinel table; ``relations`` by kind."""

    rows: dict[str, int]
    newest: dict[str, str | None]
    relations: dict[str, int]
    extensions: dict[str, str]
    odoo_version: str | None
    """Of the module ``base``; None where the database is not Odoo's."""


def contents(connection: Connection) -> Contents:
    """In the transaction, and so the snapshot, that ``connection`` is in."""
    rows: dict[str, int] = {}
    newest: dict[str, str | None] = {}
    for table in SENTINELS:
        columns = columns_of(connection, table)
        if columns:
            times = [column for column in ("create_date", "write_date") if column in columns]
            latest = sql.SQL(", ").join(sql.SQL("max({})").format(sql.Identifier(column)) for column in times)
            query = sql.SQL("SELECT count(*), {}::text FROM public.{}").format(
                sql.SQL("greatest({})").format(latest) if times else sql.SQL("NULL"), sql.Identifier(table)
            )
            rows[table], newest[table] = row(connection, query)
    return Contents(
        rows=rows,
        newest=newest,
        relations=dict(connection.execute(RELATIONS).fetchall()),
        extensions=dict(
            connection.execute("SELECT extname, extversion FROM pg_extension WHERE extname <> 'plpgsql'").fetchall()
        ),
        odoo_version=_odoo_version(connection),
    )


def columns_of(connection: Connection, table: str) -> set[str]:
    """Of a table in ``public``; empty where there is none."""
    found = connection.execute(
        "SELECT attname FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid WHERE relname = %s AND relkind IN ('r', 'p')"
        " AND relnamespace = 'public'::regnamespace AND attnum > 0 AND NOT attisdropped",
        (table,),
    )
    return {name for (name,) in found.fetchall()}


def _odoo_version(connection: Connection) -> str | None:
    if not {"name", "latest_version"} <= columns_of(connection, "ir_module_module"):
        return None
    found = connection.execute("SELECT latest_version FROM public.ir_module_module WHERE name = 'base'").fetchone()
    return None if found is None else found[0]


@dataclass(frozen=True)
class Shape:
    """What belongs to a database and is in no dump of it: needed to make it again so that Odoo works at once."""

    encoding: str
    collate: str
    ctype: str
    owner: str
    connection_limit: int
    grants: list[dict[str, Any]]
    """``grantee`` (empty: everybody), ``privilege``, ``grantable``."""
    settings: list[dict[str, str]]
    """``role`` (empty: all), ``name``, ``value``: what ALTER DATABASE … SET and ALTER ROLE … IN DATABASE … SET made."""


def shape(connection: Connection, database: str) -> Shape | None:
    """From any database of the server; None where ``database`` does not exist."""
    found = connection.execute(
        "SELECT pg_encoding_to_char(encoding), datcollate, datctype, pg_get_userbyid(datdba), datconnlimit"
        " FROM pg_database WHERE datname = %s",
        (database,),
    ).fetchone()
    if found is None:
        return None
    grants = connection.execute(
        "SELECT CASE grantee WHEN 0 THEN '' ELSE pg_get_userbyid(grantee) END, privilege_type, is_grantable"
        " FROM pg_database, aclexplode(coalesce(datacl, acldefault('d', datdba))) WHERE datname = %s AND grantee <> datdba ORDER BY 1, 2",
        (database,),
    ).fetchall()
    settings = connection.execute(
        "SELECT CASE setrole WHEN 0 THEN '' ELSE pg_get_userbyid(setrole) END, split_part(setting, '=', 1),"
        " substr(setting, strpos(setting, '=') + 1)"
        " FROM pg_db_role_setting JOIN pg_database ON pg_database.oid = setdatabase, unnest(setconfig) WITH ORDINALITY AS kept(setting, place)"
        " WHERE datname = %s ORDER BY setrole, place",
        (database,),
    ).fetchall()
    encoding, collate, ctype, owner, limit = found
    return Shape(
        encoding=encoding,
        collate=collate,
        ctype=ctype,
        owner=owner,
        connection_limit=limit,
        grants=[{"grantee": who, "privilege": what, "grantable": further} for who, what, further in grants],
        settings=[{"role": role, "name": name, "value": value} for role, name, value in settings],
    )


def same_or_newer(connection: Connection, version_number: int) -> bool:
    """Whether this server's major version is at least that of ``version_number``."""
    return server_version(connection) // 10000 >= version_number // 10000
