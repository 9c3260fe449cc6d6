"""``odoo.conf`` as a pure function of the plan.

Passwords appear as template variables: External Secrets fills them in inside the cluster, so that the text here is not secret.
"""

from collections.abc import Mapping

from odoo_estate.kubernetes.external_secret import literal
from odoo_estate.kubernetes.network_policies import HTTP_PORT, POSTGRES_PORT, WEBSOCKET_PORT
from odoo_estate.kubernetes.pgbouncer_ini import REPLICA_PORT
from odoo_estate.plan import OdooPlan, WorkloadPlan

PASSWORD = "{{ .password }}"
DATA = "/var/lib/odoo"

BASE: Mapping[str, str] = {
    "data_dir": DATA,
    # The database manager and its remote procedures stay shut; the ingress does not route to them either.
    "list_db": "False",
    # X-Forwarded-* count only from the ingress, the only one that network policies let in.
    "proxy_mode": "True",
    # template1 may have been changed by somebody; a database with another collation than its template is refused.
    "db_template": "template0",
    "http_port": str(HTTP_PORT),
    "gevent_port": str(WEBSOCKET_PORT),
    # Cron runs in pods of its own, once.
    "max_cron_threads": "0",
    "logfile": "",
}


def workload_settings(odoo: OdooPlan, workload: WorkloadPlan, *, host: str, user: str, database: str) -> dict[str, str]:
    """The ``[options]`` of one workload: base, environment, workload, and last what the budget of connections was proved with.

    With ``database`` it is pinned by ``db_name``: a cron process without it runs the jobs of every database it can list, whatever ``dbfilter``
    says. ``dbfilter`` is left out then, because with it Odoo asks the server for databases that its own user owns, and the tenant's login owns
    none (``list_dbs`` in ``odoo/service/db.py``, 16 to 19). Without ``database`` the shared workers see what their login owns.
    """
    settings = {**BASE, **odoo.settings, **workload.settings}
    settings |= {
        "db_host": host,
        "db_port": str(POSTGRES_PORT),
        "db_sslmode": "verify-full",
        "db_user": user,
        "db_password": PASSWORD,
        "db_maxconn": str(workload.max_connections),
        # Odoo's default is "admin". Nobody needs it while the database manager is shut, so it is as unguessable as the other.
        "admin_passwd": PASSWORD,
    }
    if workload.reads_replica:
        # Odoo 18 and later; user, password and TLS are those of db_host, and each process opens up to db_maxconn connections there as well.
        settings |= {"db_replica_host": host, "db_replica_port": str(REPLICA_PORT)}
    if database:
        settings |= {"db_name": database}
        settings.pop("dbfilter", None)
    return settings


def odoo_conf(settings: Mapping[str, str]) -> str:
    """The file's text, with keys sorted so that equal settings give equal bytes.

    Raises:
        ValueError: a key or value with a line break, which would smuggle in another setting.
    """
    for key, value in settings.items():
        if any(character in key + value for character in "\r\n"):
            raise ValueError(f"odoo.conf: {key!r} = {value!r} holds a line break; a setting is one line")
    lines = (f"{key} = {value if value == PASSWORD else literal(value)}" for key, value in sorted(settings.items()))
    return "\n".join(["[options]", *lines, ""])
