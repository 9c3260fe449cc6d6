"""Whether a copy of production can do harm, and what ``odoo neutralize`` leaves to whoever copies.

The command runs each installed module's ``neutralize.sql`` (Odoo 16 and later). It keeps the database's uuid, by which Odoo's services take the copy
for production (odoo/odoo#132379), the secrets of integrations, and what waits in queues of add-ons.
"""

from dataclasses import dataclass
from uuid import uuid4

from psycopg import sql

from odoo_estate_recovery.contents import columns_of
from odoo_estate_recovery.evidence import Checks
from odoo_estate_recovery.postgres import Connection, row

SECRETS = r"(secret|token|passw|private_key|api_?key|vapid)"
"""Keys of parameters that hold somebody's credentials; those that begin with "database." are the database's own."""

SETTLED = (
    ("ir_config_parameter", ("key", "value"), "UPDATE {} SET value = gen_random_uuid() WHERE key = 'database.secret'"),
    (
        "ir_config_parameter",
        ("key",),
        "DELETE FROM {} WHERE key IN ('database.enterprise_code', 'database.expiration_date', 'database.expiration_reason', 'report.url')",
    ),
    ("ir_config_parameter", ("key",), f"DELETE FROM {{}} WHERE key ~* '{SECRETS}' AND key NOT LIKE 'database.%'"),
    ("mail_mail", ("state",), "UPDATE {} SET state = 'cancel' WHERE state IN ('outgoing', 'exception')"),
    ("sms_sms", ("state",), "UPDATE {} SET state = 'canceled' WHERE state IN ('outgoing', 'process', 'pending')"),
    (
        "queue_job",
        ("state",),
        "UPDATE {} SET state = 'cancelled' WHERE state IN ('wait_dependencies', 'pending', 'enqueued', 'started')",
    ),
    ("res_users_apikeys", (), "DELETE FROM {}"),
)
"""Table, columns that it must have, statement. Odoo cancels no mail: its queue would be sent as soon as somebody sets a mail server up."""


@dataclass(frozen=True)
class Question:
    """Counts what could do harm; where the table or a column is missing there is none of it."""

    name: str
    table: str
    columns: tuple[str, ...]
    condition: str


AUTOVACUUM = "id NOT IN (SELECT res_id FROM public.ir_model_data WHERE model = 'ir.cron' AND module = 'base' AND name = 'autovacuum_job')"
QUESTIONS = (
    # Odoo puts an active server that resolves to nothing in the place of all others, so that none from odoo.conf is used instead.
    Question(
        "outgoing_mail_servers",
        "ir_mail_server",
        ("active", "smtp_host"),
        "active AND smtp_host IS DISTINCT FROM 'invalid'",
    ),
    Question("incoming_mail_servers", "fetchmail_server", ("active",), "active"),
    Question("scheduled_actions", "ir_cron", ("active",), f"active AND {AUTOVACUUM}"),
    Question("payment_providers", "payment_provider", ("state",), "state NOT IN ('disabled', 'test')"),
    Question("carriers", "delivery_carrier", ("prod_environment",), "prod_environment"),
    Question(
        "webhooks",
        "ir_act_server",
        ("state", "webhook_url"),
        "state = 'webhook' AND coalesce(webhook_url, '') NOT IN ('', 'neutralization - disable webhook')",
    ),
    Question(
        "iap_accounts",
        "iap_account",
        ("account_token",),
        "account_token IS NOT NULL AND account_token NOT LIKE '%+disabled'",
    ),
    Question("login_providers", "auth_oauth_provider", ("enabled",), "enabled"),
    Question("api_keys", "res_users_apikeys", (), "true"),
    Question("waiting_mail", "mail_mail", ("state",), "state IN ('outgoing', 'exception')"),
    Question("waiting_text_messages", "sms_sms", ("state",), "state IN ('outgoing', 'process', 'pending')"),
    Question(
        "waiting_jobs", "queue_job", ("state",), "state IN ('wait_dependencies', 'pending', 'enqueued', 'started')"
    ),
    Question("secrets", "ir_config_parameter", ("key",), f"key ~* '{SECRETS}' AND key NOT LIKE 'database.%'"),
    Question("enterprise_code", "ir_config_parameter", ("key",), "key = 'database.enterprise_code'"),
)


def uuid_of(session: Connection) -> str:
    """What Odoo's services know the database by; empty where it has none."""
    return _parameter(session, "database.uuid")


def settle(session: Connection, url: str) -> None:
    """What ``odoo neutralize`` leaves undone, in one transaction. Safe to repeat."""
    with session.transaction():
        for table, columns, statement in SETTLED:
            if _has(session, table, columns):
                session.execute(sql.SQL(statement).format(sql.Identifier("public", table)))
        if _has(session, "ir_config_parameter", ("key", "value")):
            for key, value in {
                "database.uuid": str(uuid4()),
                "web.base.url": url,
                "web.base.url.freeze": "True",
            }.items():
                session.execute("DELETE FROM public.ir_config_parameter WHERE key = %s", (key,))
                session.execute("INSERT INTO public.ir_config_parameter (key, value) VALUES (%s, %s)", (key, value))


def check(session: Connection, checks: Checks, *, source_uuid: str, url: str) -> None:
    """Each check is noted; counts and names only, nothing that stands in the database."""
    found = _parameter(session, "database.is_neutralized").lower()
    checks.note("neutralised_by_odoo", "true", found)
    for one in QUESTIONS:
        count = 0
        if _has(session, one.table, one.columns):
            query = sql.SQL(f"SELECT count(*) FROM {{}} WHERE {one.condition}")
            (count,) = row(session, query.format(sql.Identifier("public", one.table)))
        checks.note(one.name, 0, count)
    uuid = uuid_of(session)
    checks.note("database_uuid", "a new one", "a new one" if uuid and uuid != source_uuid else "production's, or none")
    checks.note("url", url, _parameter(session, "web.base.url"))


def _parameter(session: Connection, key: str) -> str:
    if not _has(session, "ir_config_parameter", ("key", "value")):
        return ""
    found = session.execute("SELECT value FROM public.ir_config_parameter WHERE key = %s", (key,)).fetchone()
    return str(found[0] or "") if found else ""


def _has(session: Connection, table: str, columns: tuple[str, ...]) -> bool:
    there = columns_of(session, table)
    return bool(there) and there.issuperset(columns)
