"""Takes a dump: the database first, then the filestore's version pointer, the manifest last."""

import hashlib
import time
from datetime import UTC, datetime, timedelta

from odoo_estate_recovery import __version__, cipher
from odoo_estate_recovery.backups import DUMP, MANIFEST, Backups
from odoo_estate_recovery.cipher import Readable
from odoo_estate_recovery.contents import contents, shape
from odoo_estate_recovery.errors import OperationFailed
from odoo_estate_recovery.filestore import Filestore, Pointer
from odoo_estate_recovery.log import log
from odoo_estate_recovery.manifest import Manifest, dump_id
from odoo_estate_recovery.metrics import publish
from odoo_estate_recovery.postgres import (
    Connection,
    advisory_lock,
    become_member,
    connected,
    lock_key,
    row,
    server_version,
)
from odoo_estate_recovery.programs import dump_command, finished, major, running, version
from odoo_estate_recovery.settings import Settings


def dump(settings: Settings) -> Manifest:
    """Raises `OperationFailed`; then there is no manifest, and so no dump."""
    started = time.monotonic()
    backups = Backups(settings)
    with (
        connected() as admin,
        # A second dump of the database waits: both become dumps, and their ids, which are seconds, differ.
        advisory_lock(admin, f"SELECT {lock_key(f'estate dump {settings.database}')}"),
    ):
        _refuse_older_program(admin)
        become_member(admin, settings.owner, settings.login)
        manifest = _taken(settings, backups, admin, started)
        backups.write(f"{manifest.dump}/{MANIFEST}", manifest.text(), _retain_until(settings, manifest.taken))
    seconds = round(time.monotonic() - started, 3)
    log("dump_finished", dump=manifest.dump, cipher_bytes=manifest.cipher_bytes, seconds=seconds)
    age = (datetime.now(UTC) - manifest.taken).total_seconds() / 60
    publish(settings, {"DumpSucceeded": 1, "DumpAgeMinutes": round(age, 2)})
    return manifest


def _taken(settings: Settings, backups: Backups, admin: Connection, started: float) -> Manifest:
    identity = _free_id(backups, admin)
    key = settings.kms_key_arn
    with connected(settings.database) as session, session.transaction():
        session.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        taken_at, snapshot, size = row(
            session, "SELECT now(), pg_export_snapshot(), pg_database_size(current_database())"
        )
        log("dump_started", dump=identity, database_bytes=size)
        held = contents(session)
        form = shape(session, settings.database)
        if form is None:
            raise OperationFailed(f'database "{settings.database}" was removed meanwhile')
        with running(dump_command(settings.database, snapshot), output=True) as process:
            plain = Measured(process.stdout)  # type: ignore[arg-type]
            uploaded = backups.upload(
                f"{identity}/{DUMP}",
                cipher.encrypting(plain, key, cipher.context(settings.tenant, identity, settings.database)),
                expected_bytes=size,
                retain_until=_retain_until(settings, taken_at),
                # The end of its output says nothing: pg_dump may have died.
                before_completing=lambda: finished(process, "pg_dump"),
            )
    log("database_dumped", dump=identity, plain_bytes=plain.bytes, cipher_bytes=uploaded.bytes)
    pointer = filestore_pointer(Filestore(settings))
    log("filestore_noted", dump=identity, as_of=pointer.as_of, versions=pointer.count, bytes=pointer.bytes)
    return Manifest(
        tenant=settings.tenant,
        dump=identity,
        database=settings.database,
        taken_at=taken_at.astimezone(UTC).isoformat(),
        version_id=uploaded.version_id,
        cipher_bytes=uploaded.bytes,
        cipher_sha256=uploaded.sha256,
        plain_bytes=plain.bytes,
        plain_sha256=plain.sha256,
        kms_key_arn=key,
        database_bytes=size,
        server_version=server_version(admin),
        contents=held,
        shape=form,
        filestore=pointer,
        tools={"pg_dump": version("pg_dump"), "odoo_estate_recovery": __version__},
        dump_seconds=round(time.monotonic() - started, 3),
    )


def filestore_pointer(filestore: Filestore) -> Pointer:
    """As of the next full second, once that has passed: S3 tells times in seconds, and what changes within the one that is listed would make
    a listing that cannot be had again."""
    instant = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=1)
    time.sleep((instant + timedelta(seconds=1) - datetime.now(UTC)).total_seconds())
    return filestore.pointer(instant)


class Measured:
    """Passes a stream on; counts and hashes it."""

    def __init__(self, source: Readable) -> None:
        self._source = source
        self._digest = hashlib.sha256()
        self.bytes = 0

    @property
    def sha256(self) -> str:
        """Of what was read so far."""
        return self._digest.hexdigest()

    def read(self, size: int = -1, /) -> bytes:
        """As the source's."""
        block = self._source.read(size)
        self._digest.update(block)
        self.bytes += len(block)
        return block


def _free_id(backups: Backups, admin: Connection) -> str:
    """By the server's clock, as the snapshot's time is."""
    taken = set(backups.dump_ids())
    while True:
        identity = dump_id(row(admin, "SELECT clock_timestamp()")[0])
        if identity not in taken:
            return identity
        time.sleep(0.2)


def _refuse_older_program(admin: Connection) -> None:
    server, program = server_version(admin) // 10000, major("pg_dump")
    if program < server:
        raise OperationFailed(f"pg_dump {program} cannot dump a server of version {server}: use a newer image")


def _retain_until(settings: Settings, taken: datetime) -> datetime | None:
    return taken + timedelta(days=settings.retain_days) if settings.retain_days else None
