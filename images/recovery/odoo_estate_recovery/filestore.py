"""The filestore's versions as they were at an instant.

Odoo writes attachments once and never changes them; deleting leaves a version behind for as long as the bucket keeps it. So "the filestore as of
the dump" needs no copy: it is an instant, and the proof that every version of it is still there.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

from odoo_estate_recovery.backups import asking, client
from odoo_estate_recovery.settings import Settings


@dataclass(frozen=True)
class Pointer:
    """``digest`` is over each key and version id, in order of keys."""

    bucket: str
    prefix: str
    as_of: str
    count: int
    bytes: int
    digest: str

    @property
    def taken(self) -> datetime:
        """The instant."""
        return datetime.fromisoformat(self.as_of)


@dataclass(frozen=True)
class Version:
    """The version of ``key`` that was current at the instant; ``current``: it still is."""

    key: str
    version_id: str
    bytes: int
    current: bool


def key_of(prefix: str, store_fname: str) -> str:
    """Object of an attachment: ``ab/abc…`` as Odoo writes it, or ``STORAGE://path`` as OCA's fs_attachment does."""
    return prefix + store_fname.partition("://")[2] if "://" in store_fname else prefix + store_fname


class Filestore:
    """A tenant's attachments in object storage."""

    def __init__(self, settings: Settings) -> None:
        self._s3 = client("s3", settings.aws_region)
        self.bucket = settings.filestore_bucket
        self.prefix = settings.filestore_prefix

    def pointer(self, instant: datetime) -> Pointer:
        """What `versions` gives, summed up."""
        digest, count, total = hashlib.sha256(), 0, 0
        for version in self.versions(instant):
            digest.update(f"{version.key}\0{version.version_id}\n".encode())
            count += 1
            total += version.bytes
        return Pointer(self.bucket, self.prefix, instant.isoformat(), count, total, digest.hexdigest())

    def versions(self, instant: datetime) -> Iterator[Version]:
        """One for each key that had a version at ``instant`` and was not deleted then, in order of keys."""
        with asking(f"listing versions of {self.prefix} in {self.bucket}"):
            for key, entries in groupby(self._entries(), itemgetter("Key")):
                then = [entry for entry in entries if entry["LastModified"] <= instant]
                # S3 tells whole seconds. Written and deleted in the same one: the version is taken, because it can be brought back.
                newest = max(then, key=lambda entry: (entry["LastModified"], "Size" in entry), default=None)
                if newest is not None and "Size" in newest:
                    yield Version(key, newest["VersionId"], newest["Size"], newest["IsLatest"])

    def bring_back(self, version: Version) -> None:
        """Makes a version current again that was deleted since. Safe to repeat."""
        with asking(f"bringing back an object of {self.prefix} in {self.bucket}"):
            source = {"Bucket": self.bucket, "Key": version.key, "VersionId": version.version_id}
            self._s3.copy_object(Bucket=self.bucket, Key=version.key, CopySource=source)

    def copy(self, version: Version, bucket: str, key: str) -> None:
        """Into another bucket, inside S3; in parts where it is large. Safe to repeat."""
        with asking(f"copying an object of {self.prefix} in {self.bucket} to {bucket}"):
            source = {"Bucket": self.bucket, "Key": version.key, "VersionId": version.version_id}
            self._s3.copy(source, bucket, key)

    def sizes(self, bucket: str, prefix: str) -> dict[str, int]:
        """Bytes of what another bucket holds below ``prefix``, by key."""
        with asking(f"listing {prefix} in {bucket}"):
            pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
            return {entry["Key"]: entry["Size"] for page in pages for entry in page.get("Contents", ())}

    def _entries(self) -> Iterator[dict[str, Any]]:
        """Versions and delete markers; S3 lists them apart on each page."""
        pages = self._s3.get_paginator("list_object_versions").paginate(Bucket=self.bucket, Prefix=self.prefix)
        for page in pages:
            yield from sorted([*page.get("Versions", ()), *page.get("DeleteMarkers", ())], key=itemgetter("Key"))
