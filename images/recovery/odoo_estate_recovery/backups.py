"""The tenant's part of the backup bucket: dumps, manifests, evidence."""

import base64
import hashlib
import io
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from urllib3.exceptions import HTTPError

from odoo_estate_recovery.cipher import Readable
from odoo_estate_recovery.errors import OperationFailed
from odoo_estate_recovery.settings import Settings

PART_BYTES = 16 << 20
MAX_PARTS = 10_000
IN_FLIGHT = 4
"""Parts under way at once: one connection to S3 carries less than a dump produces, and each part is held in memory."""
RANGE_TRIES = 4
MANIFEST = "manifest.json"
DUMP = "database.dump"
EVIDENCE = "evidence/"


def client(service: str, region: str) -> Any:
    """A boto3 client; credentials by the default chain (Pod Identity in the cluster)."""
    return boto3.client(
        service,
        region_name=region,
        config=Config(retries={"mode": "standard", "max_attempts": 6}, connect_timeout=10, read_timeout=60),
    )


class Exists(OperationFailed):
    """There is an object of that name already."""


@contextmanager
def asking(what: str) -> Iterator[None]:
    """Turns what AWS answers into `OperationFailed` that says what was asked; nothing that is in a bucket is repeated."""
    try:
        yield
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "refused")
        kind = Exists if code == "PreconditionFailed" else OperationFailed
        raise kind(f"{what}: {code}") from error
    except (BotoCoreError, HTTPError) as error:
        raise OperationFailed(f"{what}: {type(error).__name__}") from error


@dataclass(frozen=True)
class Uploaded:
    """One version of an object."""

    version_id: str
    bytes: int
    sha256: str


class Backups:
    """Reads and writes below ``BACKUP_PREFIX``; every object is locked if asked. S3 encrypts it with the bucket's own key, which is the one that the
    bucket's replication may use."""

    def __init__(self, settings: Settings) -> None:
        self._s3 = client("s3", settings.aws_region)
        self.bucket = settings.backup_bucket
        self.prefix = settings.backup_prefix

    def dump_ids(self) -> list[str]:
        """Whatever lies below the prefix as a folder, newest first, with or without a manifest."""
        with asking(f"listing {self.prefix} in {self.bucket}"):
            pages = self._s3.get_paginator("list_objects_v2").paginate(
                Bucket=self.bucket, Prefix=self.prefix, Delimiter="/"
            )
            found = [entry["Prefix"] for page in pages for entry in page.get("CommonPrefixes", ())]
        names = [prefix.removeprefix(self.prefix) for prefix in found]
        return sorted((name.rstrip("/") for name in names if name != EVIDENCE), reverse=True)

    def manifest(self, dump: str) -> bytes | None:
        """The manifest's text; None where the dump was never completed."""
        return self._text(f"{dump}/{MANIFEST}")

    def evidence(self) -> Iterator[bytes]:
        """Every evidence document, newest first."""
        with asking(f"listing {self.prefix}{EVIDENCE} in {self.bucket}"):
            pages = self._s3.get_paginator("list_objects_v2").paginate(
                Bucket=self.bucket, Prefix=f"{self.prefix}{EVIDENCE}"
            )
            keys = sorted((entry["Key"] for page in pages for entry in page.get("Contents", ())), reverse=True)
        for key in keys:
            text = self._text(key.removeprefix(self.prefix))
            if text is not None:
                yield text

    def write(self, name: str, text: bytes, retain_until: datetime | None) -> None:
        """A document that does not exist yet: nothing is ever replaced here."""
        with asking(f"writing {self.prefix}{name} in {self.bucket}"):
            self._s3.put_object(
                Bucket=self.bucket,
                Key=self.prefix + name,
                Body=text,
                ContentType="application/json",
                ChecksumAlgorithm="SHA256",
                IfNoneMatch="*",
                **_lock(retain_until),
            )

    def size(self, name: str, version_id: str) -> int | None:
        """Bytes of that version; None where it is gone."""
        try:
            answer = self._s3.head_object(Bucket=self.bucket, Key=self.prefix + name, VersionId=version_id)
        except ClientError as error:
            if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") in (400, 404, 405):
                return None
            raise OperationFailed(f"looking at {self.prefix}{name}: {error.response['Error']['Code']}") from error
        except BotoCoreError as error:
            raise OperationFailed(f"looking at {self.prefix}{name}: {type(error).__name__}") from error
        return int(answer["ContentLength"])

    def upload(
        self,
        name: str,
        source: Readable,
        *,
        expected_bytes: int,
        retain_until: datetime | None,
        before_completing: Callable[[], None],
    ) -> Uploaded:
        """Streams ``source`` into a new object, never holding more than a few parts of it.

        The object comes into being when ``before_completing`` has returned: where that, or anything before it, raises, there is none.
        ``expected_bytes`` (roughly) sizes the parts, of which S3 takes 10,000.
        """
        part_bytes = max(PART_BYTES, -(-expected_bytes * 11 // (MAX_PARTS * 10)))
        target = {"Bucket": self.bucket, "Key": self.prefix + name}
        with asking(f"uploading {self.prefix}{name} to {self.bucket}"):
            upload_id = self._s3.create_multipart_upload(**target, ChecksumAlgorithm="SHA256", **_lock(retain_until))[
                "UploadId"
            ]
            upload = {**target, "UploadId": upload_id}
            digest, total, parts = hashlib.sha256(), 0, []
            try:
                with ThreadPoolExecutor(IN_FLIGHT) as pool:
                    under_way: deque[Future[dict[str, Any]]] = deque()
                    try:
                        for number, block in enumerate(_blocks(source, part_bytes), 1):
                            digest.update(block)
                            total += len(block)
                            under_way.append(pool.submit(self._part, upload, number, block))
                            if len(under_way) >= IN_FLIGHT:
                                parts.append(under_way.popleft().result())
                        parts += [part.result() for part in under_way]
                    except BaseException:
                        pool.shutdown(wait=True, cancel_futures=True)
                        raise
                before_completing()
                answer = self._s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts}, IfNoneMatch="*")
            except BaseException:
                # Where this fails too, the bucket's own rule for unfinished uploads clears it away.
                self._s3.abort_multipart_upload(**upload)
                raise
        return Uploaded(answer.get("VersionId", "null"), total, digest.hexdigest())

    def download(self, name: str, version_id: str, size: int) -> Readable:
        """The object as one stream, fetched in ranges: each is asked again by itself when its connection breaks."""
        return io.BufferedReader(_Ranges(self._ranges(self.prefix + name, version_id, size)), PART_BYTES)

    def _part(self, upload: Mapping[str, str], number: int, block: bytes) -> dict[str, Any]:
        checksum = base64.b64encode(hashlib.sha256(block).digest()).decode()
        answer = self._s3.upload_part(**upload, PartNumber=number, Body=block, ChecksumSHA256=checksum)
        return {"PartNumber": number, "ETag": answer["ETag"], "ChecksumSHA256": checksum}

    def _ranges(self, key: str, version_id: str, size: int) -> Iterator[bytes]:
        with asking(f"downloading {key} from {self.bucket}"), ThreadPoolExecutor(IN_FLIGHT) as pool:
            starts = iter(range(0, size, PART_BYTES))
            under_way: deque[Future[bytes]] = deque()
            try:
                for start in starts:
                    under_way.append(pool.submit(self._range, key, version_id, start, min(start + PART_BYTES, size)))
                    if len(under_way) >= IN_FLIGHT:
                        yield under_way.popleft().result()
                while under_way:
                    yield under_way.popleft().result()
            finally:
                pool.shutdown(wait=True, cancel_futures=True)

    def _range(self, key: str, version_id: str, start: int, end: int) -> bytes:
        for tries_left in reversed(range(RANGE_TRIES)):
            try:
                answer = self._s3.get_object(
                    Bucket=self.bucket, Key=key, VersionId=version_id, Range=f"bytes={start}-{end - 1}"
                )
                return bytes(answer["Body"].read())
            except (HTTPClientError, HTTPError):  # botocore repeats requests, but not the reading of their answers
                if not tries_left:
                    raise
        raise AssertionError("not reached")

    def _text(self, name: str) -> bytes | None:
        try:
            return bytes(self._s3.get_object(Bucket=self.bucket, Key=self.prefix + name)["Body"].read())
        except ClientError as error:
            if error.response["Error"]["Code"] in ("NoSuchKey", "404"):
                return None
            raise OperationFailed(f"reading {self.prefix}{name}: {error.response['Error']['Code']}") from error
        except (BotoCoreError, HTTPError) as error:
            raise OperationFailed(f"reading {self.prefix}{name}: {type(error).__name__}") from error


class _Ranges(io.RawIOBase):
    """An iterator of blocks as a raw stream."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._rest:
            self._rest = memoryview(next(self._blocks, b""))
        taken = self._rest[: len(buffer)]
        buffer[: len(taken)] = taken
        self._rest = self._rest[len(taken) :]
        return len(taken)


def _blocks(source: Readable, size: int) -> Iterator[bytes]:
    """Blocks of exactly ``size``, the last one shorter: S3 takes no small part before the last."""
    while True:
        block = bytearray()
        while len(block) < size and (piece := source.read(size - len(block))):
            block += piece
        if block:
            yield bytes(block)
        if len(block) < size:
            return


def _lock(retain_until: datetime | None) -> dict[str, Any]:
    """Compliance mode: nobody shortens it, the account's root user neither."""
    if retain_until is None:
        return {}
    return {"ObjectLockMode": "COMPLIANCE", "ObjectLockRetainUntilDate": retain_until}
