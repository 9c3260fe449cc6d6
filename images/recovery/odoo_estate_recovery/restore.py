"""Restores for real: into a new database, or in the place of the tenant's."""

from dataclasses import dataclass, field
from datetime import datetime

from odoo_estate_recovery.backups import Backups
from odoo_estate_recovery.catalogue import LATEST, chosen, some
from odoo_estate_recovery.errors import BadInput, CheckFailed, OperationFailed
from odoo_estate_recovery.evidence import Checks, told
from odoo_estate_recovery.filestore import Filestore
from odoo_estate_recovery.log import log
from odoo_estate_recovery.postgres import Connection, connected, lock_key, row
from odoo_estate_recovery.restored import restored
from odoo_estate_recovery.settings import NAME_BYTES, Settings
from odoo_estate_recovery.swap import name_copy, replace, restored_from


@dataclass(frozen=True)
class Wanted:
    """``into``: name of a new database, or None to replace the tenant's. ``accepted``: checks that may fail."""

    into: str | None
    dump: str = LATEST
    at: datetime | None = None
    again: bool = False
    accepted: frozenset[str] = field(default_factory=frozenset)


def restore(settings: Settings, wanted: Wanted) -> None:
    """Raises `CheckFailed` where the dump is not what its manifest says; whatever is raised, the tenant's database is as it was."""
    backups = Backups(settings)
    target = wanted.into or settings.database
    with connected() as admin:
        if not row(admin, "SELECT pg_try_advisory_lock(%s)", lock_key(f"estate restore {target}"))[0]:
            raise OperationFailed(f'another restore of "{target}" is under way')
        if wanted.into is not None:
            _refuse_existing(admin, wanted.into)
        told_time = f"taken at or before {wanted.at.isoformat()}" if wanted.at else wanted.dump
        manifest = some(chosen(settings, backups, wanted.dump, wanted.at), told_time)
        if wanted.into is None and not wanted.again and restored_from(admin, target) == manifest.dump:
            # A job that was killed right after the swap is started again; what was entered since must not be lost by that.
            log("already_restored", database=target, dump=manifest.dump, remedy="--again restores it once more")
            return
        log("restore_started", database=target, dump=manifest.dump, taken_at=manifest.taken_at)
        checks = Checks()
        with restored(settings, backups, admin, manifest, checks) as result:
            refused = [check for check in checks.failed if check.name not in wanted.accepted]
            if refused:
                raise CheckFailed("; ".join(told(check) for check in refused))
            if wanted.into is not None:
                name_copy(admin, result.database, wanted.into, manifest)
                kept = None
            else:
                filestore = Filestore(settings)
                for version in result.deleted:
                    filestore.bring_back(version)
                kept = replace(admin, result.database, target, manifest)
        log(
            "restore_finished",
            database=target,
            dump=manifest.dump,
            old_kept_as=kept,
            accepted=[told(check) for check in checks.failed],
            attachments_brought_back=0 if wanted.into else len(result.deleted),
            seconds=result.seconds,
        )


def _refuse_existing(admin: Connection, name: str) -> None:
    if not 0 < len(name.encode()) <= NAME_BYTES or "\0" in name:
        raise BadInput(f'--into is "{name}"; allowed: a name of 1 to {NAME_BYTES} bytes')
    if row(admin, "SELECT count(*) FROM pg_database WHERE datname = %s", name)[0]:
        raise BadInput(f'--into is "{name}", which exists; allowed: a name that does not')
