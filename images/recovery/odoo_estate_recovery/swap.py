"""Puts a restored database in the tenant's place, in one transaction: before it everything is old, after it everything is new."""

import hashlib
import json
import re
from datetime import UTC, datetime
from typing import Any

import psycopg
from psycopg import sql

from odoo_estate_recovery.contents import Shape, shape
from odoo_estate_recovery.errors import OperationFailed
from odoo_estate_recovery.log import log
from odoo_estate_recovery.manifest import Manifest, dump_id
from odoo_estate_recovery.postgres import Connection, become_member, end_sessions, row
from odoo_estate_recovery.settings import NAME_BYTES

SWAP_TRIES = 10
"""Odoo and the pooler connect again at once. Each try ends their sessions and then keeps new ones waiting for at most 5 s."""


def before_name(database: str, instant: datetime) -> str:
    """``NAME__before_TIMESTAMP``; a name too long for that is cut and made unlike its neighbours by a checksum."""
    suffix = f"__before_{dump_id(instant)}"
    raw = database.encode()
    if len(raw) + len(suffix) > NAME_BYTES:
        mark = "_" + hashlib.sha256(raw).hexdigest()[:8]
        kept = raw[: NAME_BYTES - len(suffix) - len(mark)].decode(errors="ignore")
        return kept + mark + suffix
    return database + suffix


def restored_from(admin: Connection, database: str) -> str | None:
    """Id of the dump that ``database`` was restored from by the newest swap; None where there was none."""
    found = notes(admin, database).get("estate_restored_from")
    return None if found is None else str(found)


def notes(admin: Connection, database: str) -> dict[str, Any]:
    """What this program noted at ``database``; empty where it noted nothing, or there is no such database."""
    found = admin.execute(
        "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", (database,)
    ).fetchone()
    try:
        document = json.loads(found[0]) if found and found[0] else {}
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def replace(admin: Connection, beside: str, database: str, manifest: Manifest) -> str | None:
    """``beside`` becomes ``database``, with the owner, grants, limit and settings of the old one, or of the dump where there is no old one.

    The old one is kept under the name that is returned, and only this user can enter it: Odoo's cron runs the jobs of every database that its
    user owns. Raises `OperationFailed` where somebody's sessions cannot be ended; then everything is as before.
    """
    now = datetime.now(UTC)
    old = shape(admin, database)
    kept = before_name(database, now) if old else None
    form = old or manifest.shape
    become_member(admin, form.owner)
    for tries_left in reversed(range(SWAP_TRIES)):
        end_sessions(admin, database)
        end_sessions(admin, beside)
        try:
            with admin.transaction():
                if kept:
                    _set_aside(admin, database, kept, form)
                _take_place(admin, beside, database, form)
                _comment(admin, database, {"estate_restored_from": manifest.dump, "at": now.isoformat(), "old": kept})
            return kept
        except psycopg.errors.ObjectInUse as error:
            log("swap_waits", reason=error.diag.message_primary)
            if not tries_left:
                raise OperationFailed(f"{database} stays as it is: {error.diag.message_primary}") from error
    raise AssertionError("not reached")


def name_copy(admin: Connection, beside: str, name: str, manifest: Manifest, **noted: str) -> None:
    """``beside`` becomes ``name`` and stays this user's alone: Odoo's cron would send a copy's mail to real customers."""
    end_sessions(admin, beside)
    with admin.transaction():
        admin.execute(_rename(beside, name))
        _comment(admin, name, {"estate_restored_from": manifest.dump, "at": datetime.now(UTC).isoformat(), **noted})


def _set_aside(admin: Connection, database: str, kept: str, form: Shape) -> None:
    admin.execute(_rename(database, kept))  # holds new sessions up until the end of the transaction
    admin.execute(sql.SQL("ALTER DATABASE {} OWNER TO CURRENT_USER").format(sql.Identifier(kept)))
    for grantee in {"", form.owner, *(grant["grantee"] for grant in form.grants)}:
        if grantee != row(admin, "SELECT current_user::text")[0]:
            admin.execute(
                sql.SQL("REVOKE ALL ON DATABASE {} FROM {} CASCADE").format(sql.Identifier(kept), _role(grantee))
            )


def _take_place(admin: Connection, beside: str, database: str, form: Shape) -> None:
    admin.execute(_rename(beside, database))
    name = sql.Identifier(database)
    for grant in form.grants:
        if not _exists(admin, grant["grantee"]):
            continue
        further = sql.SQL(" WITH GRANT OPTION" if grant["grantable"] else "")
        privilege = sql.SQL({"CREATE": "CREATE", "CONNECT": "CONNECT", "TEMPORARY": "TEMPORARY"}[grant["privilege"]])
        admin.execute(
            sql.SQL("GRANT {} ON DATABASE {} TO {}{}").format(privilege, name, _role(grant["grantee"]), further)
        )
    limit = sql.Literal(max(form.connection_limit, -1))  # -2 marks a database whose removal broke off
    admin.execute(sql.SQL("ALTER DATABASE {} CONNECTION LIMIT {}").format(name, limit))
    for setting in form.settings:
        role = setting["role"]
        if not _exists(admin, role):
            continue
        whose = (
            sql.SQL("ROLE {} IN DATABASE {}").format(_role(role), name) if role else sql.SQL("DATABASE {}").format(name)
        )
        values = _values(setting["name"], setting["value"])
        parameter = sql.SQL(".").join(sql.Identifier(part) for part in setting["name"].split("."))
        admin.execute(sql.SQL("ALTER {} SET {} TO {}").format(whose, parameter, values))
    # Last: from here on the database is its owner's.
    admin.execute(sql.SQL("ALTER DATABASE {} OWNER TO {}").format(name, sql.Identifier(form.owner)))


def _comment(admin: Connection, database: str, document: dict[str, str | None]) -> None:
    text = sql.Literal(json.dumps(document))
    admin.execute(sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(database), text))


def _rename(old: str, new: str) -> sql.Composed:
    return sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(old), sql.Identifier(new))


def _role(name: str) -> sql.Composable:
    return sql.Identifier(name) if name else sql.SQL("PUBLIC")


def _exists(admin: Connection, role: str) -> bool:
    found = not role or bool(row(admin, "SELECT count(*) FROM pg_roles WHERE rolname = %s", role)[0])
    if not found:
        log("role_missing", role=role)
    return found


LISTS = (
    "local_preload_libraries",
    "search_path",
    "session_preload_libraries",
    "temp_tablespaces",
    "unix_socket_directories",
)
"""Parameters that PostgreSQL keeps as a list of quoted names (GUC_LIST_QUOTE): given back as one value they would be one name."""


def _values(name: str, value: str) -> sql.Composable:
    if name not in LISTS:
        return sql.Literal(value)
    parts = re.findall(r'"(?:[^"]|"")*"|[^,\s]+', value)
    plain = [part[1:-1].replace('""', '"') if part.startswith('"') else part for part in parts]
    return sql.SQL(", ").join(sql.Literal(part) for part in plain or [""])
