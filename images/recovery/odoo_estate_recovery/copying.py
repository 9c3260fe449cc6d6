"""A copy of production in another environment: restored beside that environment's database, neutralised by Odoo, checked, and only then swapped in.

Until the swap the copy belongs to the master user, so that no worker lists it and no cron runs its jobs; the environment's own role may enter it
for ``odoo neutralize``. A copy that fails one check is dropped, and the environment's database is as it was.
"""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from psycopg import sql

from odoo_estate_recovery.backups import Backups
from odoo_estate_recovery.catalogue import chosen, some
from odoo_estate_recovery.contents import columns_of
from odoo_estate_recovery.errors import CheckFailed, OperationFailed
from odoo_estate_recovery.evidence import Checks, told
from odoo_estate_recovery.filestore import Filestore, Version, key_of
from odoo_estate_recovery.log import log
from odoo_estate_recovery.manifest import Manifest
from odoo_estate_recovery.neutralised import check, settle, uuid_of
from odoo_estate_recovery.postgres import Connection, become_member, connected, lock_key, row
from odoo_estate_recovery.restored import restored
from odoo_estate_recovery.scratch import drop
from odoo_estate_recovery.settings import CopySettings, Settings
from odoo_estate_recovery.swap import name_copy, notes, replace, restored_from

AT_ONCE = 16
"""Objects copied side by side inside S3; each waits for S3, not for this job."""


def restore(settings: Settings, copy: CopySettings, dump: str) -> None:
    """The dump as ``copy.beside``, with its attachments' objects in the environment's own filestore. A copy of that very dump is kept as it is."""
    backups = Backups(settings)
    with _alone(copy) as admin:
        _require_target(admin, copy)
        manifest = some(chosen(settings, backups, dump), dump)
        if dump == manifest.dump and restored_from(admin, copy.beside) == dump:
            log("already_restored", database=copy.beside, dump=dump)
            return
        drop(admin, copy.beside)
        checks = Checks()
        with restored(settings, backups, admin, manifest, checks, role=copy.login) as result:
            if checks.failed:
                raise CheckFailed("; ".join(map(told, checks.failed)))
            with connected(result.database) as session:
                copied = _attachments(session, Filestore(settings), manifest, copy)
                source_uuid = uuid_of(session)
            admin.execute(
                sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(
                    sql.Identifier(result.database), sql.Identifier(copy.login)
                )
            )
            name_copy(admin, result.database, copy.beside, manifest, source_uuid=source_uuid)
        log("copy_restored", database=copy.beside, dump=manifest.dump, objects_copied=copied, seconds=result.seconds)


def finish(settings: Settings, copy: CopySettings, dump: str) -> None:
    """Checks the neutralised copy and puts it in the environment's place; raises `CheckFailed`, and drops it, where one check does not hold."""
    del dump
    with _alone(copy) as admin:
        _require_target(admin, copy)
        made = notes(admin, copy.beside)
        if not made:
            _finish_again(admin, copy)
            return
        manifest = some(chosen(settings, Backups(settings), str(made["estate_restored_from"])), "of the copy")
        checks = Checks()
        with connected(copy.beside) as session:
            settle(session, copy.url)
            check(session, checks, source_uuid=str(made["source_uuid"]), url=copy.url)
        if checks.failed:
            drop(admin, copy.beside)
            raise CheckFailed("the copy was dropped: " + "; ".join(map(told, checks.failed)))
        # Whoever came in for the neutralisation comes in by the grants of the environment's own database from here on.
        admin.execute(
            sql.SQL("REVOKE ALL ON DATABASE {} FROM {}").format(sql.Identifier(copy.beside), sql.Identifier(copy.login))
        )
        replace(admin, copy.beside, copy.database, manifest)
        _drop_former(admin, copy)
        log("copy_finished", database=copy.database, dump=manifest.dump, checks=[one.name for one in checks.done])


def remove(settings: Settings, copy: CopySettings, dump: str) -> None:
    """What was begun goes; the environment's database stays."""
    del settings, dump
    with _alone(copy) as admin:
        drop(admin, copy.beside)
        log("copy_dropped", database=copy.beside)


STEPS: Mapping[str, Callable[[Settings, CopySettings, str], None]] = {
    "restore": restore,
    "finish": finish,
    "drop": remove,
}


@contextmanager
def _alone(copy: CopySettings) -> Iterator[Connection]:
    with connected() as admin:
        if not row(admin, "SELECT pg_try_advisory_lock(%s)", lock_key(f"estate restore {copy.database}"))[0]:
            raise OperationFailed(f'another restore of "{copy.database}" is under way')
        become_member(admin, copy.login)
        yield admin


def _require_target(admin: Connection, copy: CopySettings) -> None:
    if not row(admin, "SELECT count(*) FROM pg_database WHERE datname = %s", copy.database)[0]:
        raise OperationFailed(f'"{copy.database}" is missing on this server: bring the environment up first')


def _finish_again(admin: Connection, copy: CopySettings) -> None:
    """Nothing is beside: a run that was cut off after the swap is finished; where there never was a copy, there is nothing to finish."""
    if restored_from(admin, copy.database) is None:
        raise OperationFailed(f'"{copy.beside}" is missing on this server: restore the copy first')
    _drop_former(admin, copy)
    log("already_finished", database=copy.database)


def _drop_former(admin: Connection, copy: CopySettings) -> None:
    """The environment's former database: production can be copied again, and two copies would fill the instance."""
    if former := notes(admin, copy.database).get("old"):
        drop(admin, str(former))


def _attachments(session: Connection, filestore: Filestore, manifest: Manifest, copy: CopySettings) -> int:
    """Every object that an attachment names, as it was at the dump; what is there already is passed over."""
    if "store_fname" not in columns_of(session, "ir_attachment"):
        return 0
    then = {version.key: version for version in filestore.versions(manifest.filestore.taken)}
    there = filestore.sizes(copy.bucket, copy.prefix)
    names = session.execute("SELECT DISTINCT store_fname FROM public.ir_attachment WHERE store_fname IS NOT NULL")
    wanted: dict[str, Version] = {}
    for (store_fname,) in names:
        version, key = then[key_of(filestore.prefix, store_fname)], key_of(copy.prefix, store_fname)
        if there.get(key) != version.bytes:
            wanted[key] = version
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for _ in pool.map(lambda one: filestore.copy(one[1], copy.bucket, one[0]), wanted.items()):
            pass
    return len(wanted)
