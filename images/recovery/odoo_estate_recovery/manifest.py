"""The manifest of a dump: written last, so that a dump without one does not exist."""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from odoo_estate_recovery.canonical import opened, sealed
from odoo_estate_recovery.contents import Contents, Shape
from odoo_estate_recovery.filestore import Pointer

SCHEMA = 1
ID_FORMAT = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True)
class Manifest:
    """Everything that a restore is checked against. Times are ISO 8601 in UTC, sizes bytes."""

    tenant: str
    dump: str
    database: str
    taken_at: str
    """Time of the snapshot: what was committed before it is in the dump."""
    version_id: str
    """Of the object with the cipher text."""
    cipher_bytes: int
    cipher_sha256: str
    plain_bytes: int
    plain_sha256: str
    kms_key_arn: str
    database_bytes: int
    server_version: int
    contents: Contents
    shape: Shape
    filestore: Pointer
    tools: dict[str, str]
    dump_seconds: float

    @property
    def taken(self) -> datetime:
        """Time of the snapshot."""
        return datetime.fromisoformat(self.taken_at)

    def text(self) -> bytes:
        """As it is stored."""
        return sealed({"schema": SCHEMA, **asdict(self)})


def read_manifest(text: bytes) -> Manifest:
    """Raises `ValueError` where it was changed, or is of a schema that this program does not know."""
    document = opened(text)
    if document.pop("schema", None) != SCHEMA:
        raise ValueError(f"its schema is not {SCHEMA}: made by another version of this program")
    parts: dict[str, Any] = {
        "contents": Contents(**document.pop("contents")),
        "shape": Shape(**document.pop("shape")),
        "filestore": Pointer(**document.pop("filestore")),
    }
    return Manifest(**document, **parts)


def dump_id(instant: datetime) -> str:
    """Ids sort as their times do."""
    return instant.astimezone(UTC).strftime(ID_FORMAT)
