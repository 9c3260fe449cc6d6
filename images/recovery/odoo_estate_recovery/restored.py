"""Brings a dump back beside the tenant's database and checks it: what verifying and restoring have in common."""

import hashlib
import os
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

from psycopg import sql

from odoo_estate_recovery import cipher
from odoo_estate_recovery.backups import DUMP, Backups
from odoo_estate_recovery.contents import columns_of, contents, same_or_newer
from odoo_estate_recovery.dump import Measured
from odoo_estate_recovery.errors import CheckFailed, OperationFailed
from odoo_estate_recovery.evidence import Checks
from odoo_estate_recovery.filestore import Filestore, Version, key_of
from odoo_estate_recovery.log import log
from odoo_estate_recovery.manifest import Manifest
from odoo_estate_recovery.postgres import Connection, become_member, connected, row, server_version
from odoo_estate_recovery.programs import major, restore_command, running
from odoo_estate_recovery.scratch import scratch_database
from odoo_estate_recovery.settings import Settings

SPARE_BYTES = 64 << 20
"""Left free in ``SCRATCH_DIR``, for others that use it."""


@dataclass(frozen=True)
class Restored:
    """A checked database beside the tenant's. ``deleted``: attachments' versions that were deleted since the dump."""

    database: str
    bytes: int
    seconds: float
    """From the first byte asked for to a database with statistics: the time that a real restore takes."""
    deleted: list[Version]


@contextmanager
def restored(
    settings: Settings,
    backups: Backups,
    admin: Connection,
    manifest: Manifest,
    checks: Checks,
    *,
    role: str = "",
) -> Iterator[Restored]:
    """Each check is noted in ``checks``; one without which there is nothing to restore raises `CheckFailed`. With ``role`` everything becomes that
    role's, instead of whose it was in the dump."""
    checks.require(
        "server_version",
        f">= {manifest.server_version // 10000}",
        server_version(admin) // 10000,
        passed=same_or_newer(admin, manifest.server_version),
    )
    made_by = int(manifest.tools["pg_dump"].split(".")[0])
    checks.require("pg_restore", f">= {made_by}", major("pg_restore"), passed=major("pg_restore") >= made_by)
    become_member(admin, *([role] if role else [settings.owner, settings.login]))
    started = time.monotonic()
    with scratch_database(admin, manifest.shape) as database:
        with fetched(settings, backups, manifest, checks) as file:
            log("dump_fetched", dump=manifest.dump, seconds=round(time.monotonic() - started, 3))
            _load(
                settings,
                database,
                file,
                checks,
                role=role,
                extensions=manifest.contents.extensions if role else (),
            )
        seconds = round(time.monotonic() - started, 3)
        log("database_restored", dump=manifest.dump, seconds=seconds)
        deleted = _judge(settings, database, manifest, checks)
        (size,) = row(admin, "SELECT pg_database_size(%s::name)", database)
        yield Restored(database, size, seconds, deleted)


@contextmanager
def fetched(settings: Settings, backups: Backups, manifest: Manifest, checks: Checks) -> Iterator[IO[bytes]]:
    """The plain dump in a file of ``SCRATCH_DIR`` that never has a name: a kill at any moment leaves nothing there."""
    name = f"{manifest.dump}/{DUMP}"
    checks.require("dump_bytes", manifest.cipher_bytes, backups.size(name, manifest.version_id))
    needed, free = manifest.plain_bytes + SPARE_BYTES, _free(settings)
    checks.require("scratch_space", f">= {needed}", free, passed=free >= needed)
    with _anonymous_file(settings) as file:
        text = Measured(backups.download(name, manifest.version_id, manifest.cipher_bytes))
        plain = hashlib.sha256()
        problem = _decrypt(settings, manifest, text, file, plain)
        while text.read(cipher.FRAME_BYTES):  # its checksum tells whether the object or the key is at fault
            pass
        checks.note("dump_sha256", manifest.cipher_sha256, text.sha256)
        checks.require("encryption", "authentic", problem or "authentic")
        checks.require("plain_sha256", manifest.plain_sha256, plain.hexdigest())
        yield file


def _decrypt(
    settings: Settings, manifest: Manifest, text: Measured, file: IO[bytes], digest: "hashlib._Hash"
) -> str | None:
    """Into ``file``; what is wrong with the cipher text, or None."""
    bound = cipher.context(manifest.tenant, manifest.dump, manifest.database)
    try:
        stream = cipher.decrypting(text, settings.kms_key_arn, bound)
        while block := stream.read(cipher.FRAME_BYTES):
            digest.update(block)
            file.write(block)
        file.flush()
    except OSError as error:
        raise _no_scratch(settings, error) from error
    except CheckFailed as error:
        return str(error)
    except cipher.BROKEN as error:
        return f"it was cut off or changed ({type(error).__name__})"
    return None


def _load(
    settings: Settings, database: str, file: IO[bytes], checks: Checks, *, role: str, extensions: Iterable[str]
) -> None:
    with connected(database) as session:
        # What belongs to a role is given to it as soon as it is made, which takes this grant; the dump's own grants come last.
        for holder in dict.fromkeys((role,) if role else (settings.owner, settings.login)):
            if holder:
                session.execute(sql.SQL("GRANT USAGE, CREATE ON SCHEMA public TO {}").format(sql.Identifier(holder)))
        for extension in extensions:  # a tenant's role may make the trusted ones only
            session.execute(sql.SQL("CREATE EXTENSION IF NOT EXISTS {}").format(sql.Identifier(extension)))
    command = restore_command(database, file.fileno(), settings.parallel, role)
    with running(command, files=[file.fileno()]) as process:
        status = process.wait()
    checks.require("restore", 0, status)
    with connected(database) as session:
        session.execute("ANALYZE")  # without statistics, Odoo's first hours would be slow


def _judge(settings: Settings, database: str, manifest: Manifest, checks: Checks) -> list[Version]:
    """Compares with the manifest; gives the attachments' versions that have to be brought back for real use."""
    with connected(database) as session:
        found = contents(session)
        expected = manifest.contents
        for table, rows in expected.rows.items():
            checks.note(f"rows.{table}", rows, found.rows.get(table))
            checks.note(f"newest.{table}", expected.newest[table], found.newest.get(table))
        checks.note("relations", expected.relations, found.relations)
        needed = sorted({*settings.extensions, *expected.extensions})
        checks.note("extensions", needed, [name for name in needed if name in found.extensions])
        checks.note("odoo_version", expected.odoo_version, found.odoo_version)
        return _attachments(session, Filestore(settings), manifest, checks)


def _attachments(session: Connection, filestore: Filestore, manifest: Manifest, checks: Checks) -> list[Version]:
    """Each attachment's object must have been there at the pointer, and its version must still be."""
    if "store_fname" not in columns_of(session, "ir_attachment"):
        return []
    there: dict[str, Version | None] = {}
    for found in filestore.versions(manifest.filestore.taken):
        there[found.key] = None if found.current else found
    deleted: dict[str, Version] = {}
    missing: list[int] = []
    with session.transaction(), session.cursor(name="attachments") as cursor:
        cursor.itersize = 10_000
        for number, store_fname in cursor.execute(
            "SELECT id, store_fname FROM public.ir_attachment WHERE store_fname IS NOT NULL"
        ):
            key = key_of(filestore.prefix, store_fname)
            if key not in there:
                missing.append(number)
            elif (version := there[key]) is not None:
                deleted[key] = version
    # Ids, not names: fs_attachment's objects are named like the documents.
    checks.note("attachments", {"missing": 0, "ids": []}, {"missing": len(missing), "ids": missing[:5]})
    return list(deleted.values())


def _anonymous_file(settings: Settings) -> IO[bytes]:
    try:
        return tempfile.TemporaryFile(dir=settings.scratch_dir)
    except OSError as error:
        raise _no_scratch(settings, error) from error


def _free(settings: Settings) -> int:
    try:
        room = os.statvfs(settings.scratch_dir)
    except OSError as error:
        raise _no_scratch(settings, error) from error
    return room.f_bavail * room.f_frsize


def _no_scratch(settings: Settings, error: OSError) -> OperationFailed:
    return OperationFailed(f"SCRATCH_DIR {settings.scratch_dir}: {error.strerror or type(error).__name__}")
