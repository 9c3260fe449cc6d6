"""PgBouncer's configuration from a plan."""

from odoo_estate.plan import PoolerPlan

PORT = 5432
CREDENTIALS = "/etc/pgbouncer/credentials/userlist.txt"
HOST = "{host}"
"""Stands for the instance's endpoint, which only the cloud knows."""


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
    databases = [
        f"{database} = host={HOST} port=5432 pool_mode={pool.mode} pool_size={pool.size}"
        for database, pool in sorted(plan.pools.items(), key=lambda item: (item[0] == "*", item[0]))
    ]
    settings = {
        "listen_addr": "0.0.0.0",
        "listen_port": str(PORT),
        "unix_socket_dir": "",
        "auth_type": "scram-sha-256",
        "auth_file": CREDENTIALS,
        "auth_user": pooler_login(plan),
        "auth_dbname": "postgres",
        "auth_query": "SELECT login, verifier FROM pooler.lookup($1)",
        "server_tls_sslmode": "require",
        "max_client_conn": str(plan.max_client_connections),
        "max_db_connections": str(plan.max_db_connections),
        "query_wait_timeout": str(plan.query_wait_seconds),
        "ignore_startup_parameters": "extra_float_digits",
        "max_prepared_statements": "200",
        "stats_users": pooler_login(plan),
        "log_connections": "0",
        "log_disconnections": "0",
    }
    return "\n".join(
        ["[databases]", *databases, "", "[pgbouncer]", *(f"{key} = {value}" for key, value in settings.items()), ""]
    )
