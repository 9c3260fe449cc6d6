"""Loaded server-wide by the shared job processes (Odoo 16 to 19): no tenant holds more than its share of them.

A job process (``WorkerCron``) takes one database after the other, and works on everything that is due there; of itself, all of them may be in the
same database at once. Here it first takes one of the database's places: an advisory lock on its own connection to ``postgres``, which the pooler
keeps for the session. That is no connection more, and a place is free again whatever way a process ends. Without one it goes on to the next.
Processes for ``cron`` leave jobs of the queue alone, those for ``integration`` take nothing else (OCA ``queue_job_cron_jobrunner``: a queued job
is run by a scheduled action of its model).
"""

import functools
import logging
import os

_logger = logging.getLogger(__name__)

PLACE = "SELECT pg_try_advisory_lock(hashtext(%s), hashtext(%s))"
LEAVE = "SELECT pg_advisory_unlock(hashtext(%s), hashtext(%s))"
QUEUED = """SELECT cron.id FROM ir_cron AS cron JOIN ir_act_server AS action ON action.id = cron.ir_actions_server_id
 WHERE action.model_name = 'queue.job'"""


def take(cursor, pool, database, share):
    """The lock of a free place of ``database`` in ``pool``; None where all ``share`` of them are taken."""
    for place in range(share):
        lock = (f"odoo-estate turns {pool}", f"{database} {place}")
        cursor.execute(PLACE, lock)
        taken = cursor.fetchone()[0]
        cursor.commit()
        if taken:
            return lock
    return None


def leave(cursor, lock):
    """Gives the place to the next."""
    cursor.execute(LEAVE, lock)
    cursor.commit()


def install(server, cron, pool, share):
    """Puts turns before what ``server`` (``odoo.service.server``) and ``cron`` (the class ``ir.cron``) do."""
    session = {}
    start, process, ready = server.WorkerCron.start, cron._process_jobs, cron._get_all_ready_jobs.__func__

    @functools.wraps(start)
    def start_with_session(worker):
        start(worker)
        session["cursor"] = worker.dbcursor

    @functools.wraps(process)
    def process_in_turn(database, *args, **kwargs):
        lock = take(session["cursor"], pool, database, share)
        if lock is None:
            _logger.info("%s: all %s places of %s are taken; next database", pool, share, database)
            return None
        try:
            return process(database, *args, **kwargs)
        finally:
            leave(session["cursor"], lock)

    @functools.wraps(ready)
    def ready_in_pool(cls, cursor):
        jobs = ready(cls, cursor)
        cursor.execute(QUEUED)
        queued = {row[0] for row in cursor.fetchall()}
        return [job for job in jobs if (job["id"] in queued) == (pool == "integration")]

    server.WorkerCron.start = start_with_session
    cron._process_jobs = staticmethod(process_in_turn)
    cron._get_all_ready_jobs = classmethod(ready_in_pool)


if os.environ.get("ESTATE_TURNS_POOL"):
    from odoo.addons.base.models import ir_cron
    from odoo.service import server

    # The class was called ir_cron up to 17.
    install(
        server,
        getattr(ir_cron, "IrCron", None) or ir_cron.ir_cron,
        os.environ["ESTATE_TURNS_POOL"],
        int(os.environ["ESTATE_TURNS_SHARE"]),
    )
