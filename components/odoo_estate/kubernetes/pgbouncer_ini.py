"""PgBouncer's configuration from a plan."""

from collections.abc import Mapping
from types import MappingProxyType

from odoo_estate.plan import PoolerPlan, PoolPlan

PORT = 5432
SESSION_PORT = 5433
"""Every database in session mode: for OCA's ``queue_job``, whose runner LISTENs in the tenant's own database."""
REPLICA_PORT = 5434
"""Every database on the instance's read replica, in transaction mode; nobody LISTENs there, a standby cannot."""
FOLDER = "/etc/pgbouncer"
CREDENTIALS = f"{FOLDER}/credentials/userlist.txt"
CONFIGURATION = f"{FOLDER}/configuration"
CERTIFICATE = f"{FOLDER}/certificate"
SERVER_CA = "server-ca.pem"
HOST = "{host}"
"""Stands for the instance's endpoint, which only the cloud knows."""
IDLE_SECONDS = 60
"""After which an unused server connection is closed: a process of PgBouncer does not see that another one needs it."""

NEWER: Mapping[str, str] = MappingProxyType(
    {"auth_dbname": "1.19", "max_prepared_statements": "1.21", "max_db_client_connections": "1.24"}
)
"""Settings that PgBouncer 1.18, the oldest that the tests run with, does not know, with the version that brought them. The catalog's image is
newer than all of them."""

FOLLOW = f"""
watched() {{ cat {FOLDER}/*/* | sha256sum; }}
seen=$(watched)
while sleep 10 && kill -0 $$; do
  now=$(watched)
  [ "$now" = "$seen" ] || kill -HUP $$
  seen=$now
done &
exec pgbouncer "$0"
"""
"""Runs PgBouncer and has it read its files again when one has changed: configuration and certificates are renewed without a client noticing."""


def pooler_login(plan: PoolerPlan) -> str:
    """The role that looks up other roles' password verifiers (`odoo_estate.odoo.database_sql`); one per pooler, whatever instance it shares."""
    return plan.name.replace("-", "_")


def pgbouncer_ini(plan: PoolerPlan) -> str:
    """``pgbouncer.ini`` with ``{host}`` where the database instance's endpoint belongs.

    The database ``postgres`` is Odoo's bus: cron and the websocket server LISTEN there, which a transaction pool loses. It therefore has to be
    in session mode whatever the others are; ``*`` comes last, as a fallback. Verifiers come from a table of our own, because RDS shows
    ``pg_authid`` to nobody, and the server gets the same verifier, so that PgBouncer can pass SCRAM through.
    """
    if plan.pools["postgres"].mode != "session":
        raise ValueError(
            f"pooler {plan.name}: the database postgres must be pooled in session mode, not {plan.pools['postgres'].mode}"
        )
    return _ini(plan, PORT, plan.pools)


def sessions_ini(plan: PoolerPlan) -> str:
    """The same for the second process of each replica, in which every database is pooled by session."""
    return _ini(plan, SESSION_PORT, {"*": PoolPlan(mode="session", size=plan.session_size)})


def replica_ini(plan: PoolerPlan) -> str:
    """The same for the third process, with ``{host}`` where the read replica's endpoint belongs. Passwords are looked up there as well: the
    table of verifiers is replicated, and a process that asked the primary would fail together with it."""
    return _ini(plan, REPLICA_PORT, {"*": PoolPlan(mode="transaction", size=plan.replica_size)})


def _ini(plan: PoolerPlan, port: int, pools: Mapping[str, PoolPlan]) -> str:
    def entry(database: str, pool: PoolPlan) -> str:
        # What one tenant may take of the places for clients; the bus is everybody's.
        share = f" max_db_client_connections={plan.max_database_clients}" if database == "*" else ""
        return f"{database} = host={HOST} port=5432 pool_mode={pool.mode} pool_size={pool.size}{share}"

    login = pooler_login(plan)
    settings = {
        "listen_addr": "0.0.0.0",
        "listen_port": str(port),
        "unix_socket_dir": "",
        "auth_type": "scram-sha-256",
        "auth_file": CREDENTIALS,
        "auth_user": login,
        "auth_dbname": "postgres",
        "auth_query": "SELECT login, verifier FROM pooler.lookup($1)",
        "client_tls_sslmode": "require",
        "client_tls_key_file": f"{CERTIFICATE}/tls.key",
        "client_tls_cert_file": f"{CERTIFICATE}/tls.crt",
        "server_tls_sslmode": "verify-full",
        "server_tls_ca_file": f"{CONFIGURATION}/{SERVER_CA}",
        "max_client_conn": str(plan.max_client_connections),
        "max_db_connections": str(plan.max_db_connections),
        "query_wait_timeout": str(plan.query_wait_seconds),
        "server_idle_timeout": str(IDLE_SECONDS),
        "ignore_startup_parameters": "extra_float_digits",
        "max_prepared_statements": "200",
        "stats_users": login,
        "log_connections": "0",
        "log_disconnections": "0",
    }
    return "\n".join(
        [
            "[databases]",
            *(entry(*one) for one in sorted(pools.items(), key=lambda item: (item[0] == "*", item[0]))),
            "",
            "[users]",
            f"{login} = max_user_connections={plan.lookup_connections}",
            "",
            "[pgbouncer]",
            *(f"{key} = {value}" for key, value in settings.items()),
            "",
        ]
    )
