"""Which dumps there are, and which one is meant."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from odoo_estate_recovery.backups import Backups
from odoo_estate_recovery.canonical import opened
from odoo_estate_recovery.errors import BadInput, CheckFailed
from odoo_estate_recovery.log import log
from odoo_estate_recovery.manifest import Manifest, read_manifest
from odoo_estate_recovery.settings import Settings

LATEST = "latest"


@dataclass(frozen=True)
class Entry:
    """``state``: verified, failed or unverified by the newest evidence; damaged: the manifest cannot be trusted; incomplete: there is none."""

    dump: str
    state: str
    taken_at: str | None
    age_minutes: float | None
    bytes: int | None
    database_bytes: int | None


def entries(backups: Backups, now: datetime) -> list[Entry]:
    """Newest first."""
    results: dict[str, str] = {}
    for text in backups.evidence():
        try:
            document = opened(text)
            results.setdefault(document["dump"], "verified" if document["result"] == "passed" else "failed")
        except (ValueError, KeyError) as error:
            log("evidence_not_trusted", reason=str(error))
    return [_entry(backups, dump, results, now) for dump in backups.dump_ids()]


def chosen(settings: Settings, backups: Backups, dump: str = LATEST, at: datetime | None = None) -> Manifest | None:
    """The newest dump, the newest one that is not younger than ``at``, or the one of that id; None where there is none.

    Raises `CheckFailed` where the manifest is damaged or another tenant's: an older dump is never taken in place of the one that was meant.
    """
    if at is None and dump != LATEST:
        return _read(settings, backups, dump)
    for manifest in _manifests(settings, backups):
        if at is None or manifest.taken <= at:
            return manifest
    return None


def some(manifest: Manifest | None, wanted: str) -> Manifest:
    """Raises `BadInput` where there is none."""
    if manifest is None:
        raise BadInput(f"there is no complete dump {wanted}; the verb list shows those that exist")
    return manifest


def _manifests(settings: Settings, backups: Backups) -> Iterator[Manifest]:
    for dump in backups.dump_ids():
        manifest = _read(settings, backups, dump)
        if manifest is not None:
            yield manifest


def _read(settings: Settings, backups: Backups, dump: str) -> Manifest | None:
    text = backups.manifest(dump)
    if text is None:
        return None
    try:
        manifest = read_manifest(text)
    except (ValueError, TypeError, KeyError) as error:
        raise CheckFailed(f"manifest of dump {dump}: {error}") from error
    meant = (settings.tenant, settings.database, dump)
    if (manifest.tenant, manifest.database, manifest.dump) != meant:
        found = f"dump {manifest.dump} of database {manifest.database} of {manifest.tenant}"
        raise CheckFailed(f"manifest of dump {dump}: it belongs to {found}")
    return manifest


def _entry(backups: Backups, dump: str, results: dict[str, str], now: datetime) -> Entry:
    text = backups.manifest(dump)
    if text is None:
        return Entry(dump, "incomplete", None, None, None, None)
    try:
        manifest = read_manifest(text)
    except (ValueError, TypeError, KeyError):
        return Entry(dump, "damaged", None, None, None, None)
    age = (now.astimezone(UTC) - manifest.taken).total_seconds() / 60
    state = results.get(dump, "unverified")
    return Entry(dump, state, manifest.taken_at, round(age, 1), manifest.cipher_bytes, manifest.database_bytes)
