"""Prints how fast dumps are taken, restored and verified, beside plain pg_dump and pg_restore on the same data. Asserts nothing.

    python benchmarks/recovery.py [MIB]

A private PostgreSQL server and simulated S3 and KMS over HTTP on this machine, whose cores all of them share: real S3 takes the storing off
it and adds a network. The default size shows that it works; figures of docs/performance.md are of 1,024 MiB and more.
"""

import contextlib
import io
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import boto3

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "images" / "recovery")]

from sandbox.ports import take_port  # noqa: E402
from tests.odoo.conftest import postgres as fixture  # noqa: E402
from tests.odoo.postgres_server import MASTER, MASTER_PASSWORD, Server  # noqa: E402

from odoo_estate_recovery import cipher  # noqa: E402
from odoo_estate_recovery.programs import COMPRESSION  # noqa: E402

DEFAULT_MIB = 64
DATABASE = "bench"
ROWS_PER_MIB = 4000
"""Measured: lines of this kind, with their indexes."""

LINES = """
CREATE TABLE account_move_line (
  id serial PRIMARY KEY, move_name text, product text, partner int, debit numeric(16, 2), credit numeric(16, 2),
  note text, create_date timestamp, write_date timestamp);
INSERT INTO account_move_line (move_name, product, partner, debit, credit, note, create_date, write_date)
  SELECT 'INV/2026/' || n / 8, 'Article ' || n % 5000 || ', box of ' || n % 12, n % 20000, (n::bigint * 7919 % 1000000) / 100.0, 0,
         md5(n::text) || ' delivered as agreed, see order S' || n / 3 || ', ' || md5((n % 1000)::text), now(), now()
  FROM generate_series(1, {rows}) n;
CREATE INDEX ON account_move_line (partner);
CREATE INDEX ON account_move_line (move_name);
"""


@contextmanager
def cloud() -> Iterator[str]:
    """Simulated AWS, as a process of its own."""
    port = take_port()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        url = f"http://127.0.0.1:{port}"
        while True:
            with contextlib.suppress(Exception):
                boto3.client("s3", endpoint_url=url, **CREDENTIALS).list_buckets()
                break
            time.sleep(0.2)
        yield url
    finally:
        process.kill()
        process.wait()


CREDENTIALS = {
    "region_name": "eu-central-1",
    "aws_access_key_id": "testing",
    "aws_secret_access_key": "testing",
}


def environment(server: Server, url: str, folder: Path) -> dict[str, str]:
    """A tenant's settings."""
    service = folder / "pg_service.conf"
    service.write_text(
        f"[admin]\nhost=127.0.0.1\nport={server.port}\nuser={MASTER}\npassword={MASTER_PASSWORD}\ndbname=postgres\n"
    )
    s3 = boto3.client("s3", endpoint_url=url, **CREDENTIALS)
    for bucket in ("backups", "files"):
        s3.create_bucket(
            Bucket=bucket,
            CreateBucketConfiguration={"LocationConstraint": "eu-central-1"},
            ObjectLockEnabledForBucket=True,
        )
    key = boto3.client("kms", endpoint_url=url, **CREDENTIALS).create_key()["KeyMetadata"]["Arn"]
    return {
        "PATH": f"{server.binaries}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT / "images" / "recovery"),
        "PGSERVICEFILE": str(service),
        "TENANT": "bench.production",
        "DATABASE": DATABASE,
        "OWNER": MASTER,
        "BACKUP_BUCKET": "backups",
        "BACKUP_PREFIX": "logical/bench.production/",
        "KMS_KEY_ARN": key,
        "RETAIN_DAYS": "1",
        "FILESTORE_BUCKET": "files",
        "SCRATCH_DIR": str(folder),
        "PARALLEL": "2",
        "AWS_REGION": "eu-central-1",
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
    }


def timed(command: list[str], settings: dict[str, str]) -> tuple[float, str]:
    """Wall seconds, and what was said on standard error."""
    started = time.perf_counter()
    done = subprocess.run(command, env=settings, check=True, capture_output=True, text=True)
    return time.perf_counter() - started, done.stderr


def row(work: str, seconds: float, mib: float, note: str = "") -> None:
    print(f"{work:<52} {seconds:>8.1f} s {mib / seconds:>8.1f} MiB/s   {note}", flush=True)


def frames() -> None:
    """Encryption alone, by frame length: 64 MiB, data key given."""
    from aws_encryption_sdk.identifiers import EncryptionKeyType, WrappingAlgorithm
    from aws_encryption_sdk.internal.crypto.wrapping_keys import WrappingKey
    from aws_encryption_sdk.key_providers.raw import RawMasterKeyProvider

    class Local(RawMasterKeyProvider):  # type: ignore[misc]
        provider_id = "bench"

        def _get_raw_key(self, key_id: bytes) -> WrappingKey:
            del key_id
            return WrappingKey(
                WrappingAlgorithm.AES_256_GCM_IV12_TAG16_NO_PADDING, bytes(32), EncryptionKeyType.SYMMETRIC
            )

    data = os.urandom(64 << 20)
    for length in (4096, 65536, cipher.FRAME_BYTES):
        keys = Local()
        keys.add_master_key("bench")
        started = time.perf_counter()
        stream = cipher._client().stream(
            mode="encrypt", source=io.BytesIO(data), key_provider=keys, algorithm=cipher.ALGORITHM, frame_length=length
        )
        while stream.read(cipher.FRAME_BYTES):
            pass
        row(f"encrypt, frames of {length >> 10} KiB", time.perf_counter() - started, 64)


def main(mib: int) -> None:
    """Prints one line for each kind of work."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="recovery-bench-")))
        server = stack.enter_context(contextmanager(fixture.__wrapped__)())  # type: ignore[attr-defined]
        settings = environment(server, stack.enter_context(cloud()), folder)
        server.rows(f"CREATE DATABASE {DATABASE} OWNER {MASTER} TEMPLATE template0")
        rows = mib * ROWS_PER_MIB
        loaded = subprocess.run(
            [server.binaries / "psql", "-q", f"service=admin dbname={DATABASE}", "-c", LINES.format(rows=rows)],
            env=settings,
            capture_output=True,
            text=True,
            check=False,
        )
        assert loaded.returncode == 0, loaded.stderr
        size = int(server.rows(f"SELECT pg_database_size('{DATABASE}')")[0]) / (1 << 20)
        print(f"database of {size:,.0f} MiB, {rows:,} rows; throughput is of the database's size")
        for level in sorted({COMPRESSION, 6}):
            file = folder / f"plain-{level}.dump"
            command = ["pg_dump", "-Fc", f"-Z{level}", f"--file={file}", f"--dbname=service=admin dbname={DATABASE}"]
            seconds, _ = timed(command, settings)
            row(f"pg_dump -Fc -Z{level} to a file", seconds, size, f"{file.stat().st_size / (1 << 20):,.0f} MiB")
            if level != COMPRESSION:
                file.unlink()
        program = [sys.executable, "-m", "odoo_estate_recovery"]
        seconds, said = timed([*program, "dump"], settings)
        dumped = next(json.loads(line) for line in said.splitlines() if "database_dumped" in line)
        row(
            "dump: encrypted, checksummed, to S3",
            seconds,
            size,
            f"{dumped['cipher_bytes'] / (1 << 20):,.0f} MiB; 2 s of it wait for S3's clock",
        )
        server.rows(f"CREATE DATABASE plain OWNER {MASTER} TEMPLATE template0")
        plain = [
            "pg_restore",
            "--jobs=2",
            "--dbname=service=admin dbname=plain",
            str(folder / f"plain-{COMPRESSION}.dump"),
        ]
        row("pg_restore --jobs=2 from a file", timed(plain, settings)[0], size)
        server.rows("DROP DATABASE plain")
        seconds, said = timed([*program, "verify"], settings)
        events = {event["event"]: event for event in map(json.loads, said.splitlines())}
        fetched, restored = events["dump_fetched"]["seconds"], events["database_restored"]["seconds"]
        row("verify: fetch, authenticate and decrypt", fetched, size)
        row("verify: pg_restore --jobs=2 and ANALYZE", restored - fetched, size)
        row("verify: the whole job, with its checks", seconds, size)
        seconds, _ = timed([*program, "restore", "--replace", "--confirm", DATABASE], settings)
        row("restore --replace: the whole job", seconds, size)
    frames()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT_MIB)
