"""A dump that is verified and restored."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import psycopg
import pytest
from tests.odoo.postgres_server import MASTER, MASTER_PASSWORD
from tests.recovery.tenant import SECRET, Tenant

from odoo_estate_recovery.canonical import opened

HOSTILE = """x"; DROP DATABASE postgres; --'\\ é $$ %s dbname=postgres"""


def test_a_dump_is_verified_and_leaves_evidence(tenant: Tenant) -> None:
    assert tenant.run("dump") == 0
    assert tenant.run("verify") == 0
    evidence = tenant.evidence()
    assert evidence["result"] == "passed" and all(check["passed"] for check in evidence["checks"])
    assert evidence["dump"] == tenant.dumps()[0] and evidence["tenant"] == tenant.environment["TENANT"]
    names = {check["name"] for check in evidence["checks"]}
    assert {"rows.account_move", "newest.account_move", "extensions", "attachments", "filestore_listing"} <= names
    assert set(evidence) == {
        *("schema", "tenant", "dump", "dump_taken_at", "verified_at", "result", "checks", "database_bytes"),
        *("dump_bytes", "restore_seconds", "verify_seconds", "server_version", "sha256"),
    }
    assert evidence["restore_seconds"] > 0 and evidence["database_bytes"] > 1_000_000
    assert not tenant.databases("estate\\_scratch%") and not list(Path(tenant.environment["SCRATCH_DIR"]).iterdir())


def test_the_manifest_describes_the_dump(tenant: Tenant) -> None:
    assert tenant.run("dump") == 0
    (dump,) = tenant.dumps()
    text = tenant.body(f"{dump}/manifest.json")
    manifest = opened(text)
    assert manifest["contents"]["rows"] == {
        "res_users": 20,
        "sale_order": 2000,
        "account_move": 1000,
        "stock_move": 3000,
        "ir_attachment": 31,
    }
    assert manifest["contents"]["odoo_version"] == "17.0.1.3"
    assert set(manifest["contents"]["extensions"]) == {"pg_trgm", "unaccent"}
    assert manifest["filestore"]["count"] == 31
    assert manifest["filestore"]["as_of"] > manifest["taken_at"], "the database comes first"
    assert manifest["shape"]["owner"] == tenant.environment["OWNER"]


def test_every_object_is_locked_and_asks_for_no_key_but_the_buckets(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Read from the requests for the multipart upload: moto forgets their lock. The bucket's replication may use no other key than the bucket's."""
    asked: list[dict[str, Any]] = []
    session = boto3.Session()
    session.events.register(
        "provide-client-params.s3.CreateMultipartUpload", lambda params, **_: asked.append(params), unique_id="asked"
    )
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", session)
    assert tenant.run("dump") == 0 and tenant.run("verify") == 0
    documents = [key for key in tenant.objects() if key.endswith(".json")]
    assert len(documents) == 2 and len(asked) == 1
    bucket = tenant.environment["BACKUP_BUCKET"]
    for locked in (*asked, *(tenant.cloud.s3.head_object(Bucket=bucket, Key=key) for key in documents)):
        assert locked["ObjectLockMode"] == "COMPLIANCE"
        assert locked["ObjectLockRetainUntilDate"] > datetime.now(UTC) + timedelta(days=6)
        assert "SSEKMSKeyId" not in locked
    assert not any("ServerSideEncryption" in one for one in asked)


def test_the_bucket_holds_no_plain_text(tenant: Tenant) -> None:
    assert tenant.run("dump") == 0 and tenant.run("verify") == 0
    (dump,) = tenant.dumps()
    cipher_text = tenant.body(f"{dump}/database.dump")
    assert b"PGDMP" not in cipher_text and b"account_move" not in cipher_text
    for key in tenant.objects():
        body = tenant.body(key.removeprefix(tenant.environment["BACKUP_PREFIX"]))
        assert SECRET.encode() not in body and MASTER_PASSWORD.encode() not in body


def test_metrics_carry_the_tenant(tenant: Tenant) -> None:
    assert tenant.run("dump") == 0 and tenant.run("verify") == 0
    found = tenant.cloud.client("cloudwatch").list_metrics(Namespace=tenant.environment["METRIC_NAMESPACE"])["Metrics"]
    assert {metric["MetricName"] for metric in found} == {
        *("DumpSucceeded", "DumpAgeMinutes", "RestoreVerified", "RestoreSeconds")
    }
    assert all(metric["Dimensions"] == [{"Name": "Tenant", "Value": tenant.environment["TENANT"]}] for metric in found)


def test_what_is_written_during_a_dump_is_in_the_next_one(tenant: Tenant) -> None:
    """Counts and dump are of one snapshot: a row committed between them would be a difference."""
    import threading

    stop = threading.Event()

    def write() -> None:
        with tenant.connect(tenant.database) as connection:
            while not stop.is_set():
                connection.execute(
                    "INSERT INTO account_move (name, create_date, write_date) VALUES ('new', now(), now())"
                )

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert tenant.run("dump") == 0
    finally:
        stop.set()
        writer.join()
    assert tenant.run("verify") == 0, tenant.failed_checks()


def test_an_attachment_deleted_after_the_dump_does_not_fail_it(tenant: Tenant) -> None:
    assert tenant.run("dump") == 0
    tenant.cloud.s3.delete_object(Bucket=tenant.environment["FILESTORE_BUCKET"], Key=f"filestore/00/{0:040x}")
    assert tenant.run("verify") == 0, tenant.failed_checks()


def test_a_tenants_database_is_replaced_and_odoo_works_at_once(tenant: Tenant) -> None:
    before = tenant.server.rows(
        f"SELECT datacl, datconnlimit, datdba FROM pg_database WHERE datname = '{tenant.database}'"
    )
    settings = "SELECT setconfig FROM pg_db_role_setting JOIN pg_database d ON d.oid = setdatabase WHERE datname = '{}'"
    old_settings = tenant.server.rows(settings.format(tenant.database))
    assert tenant.run("dump") == 0
    tenant.sql("DELETE FROM account_move; DELETE FROM ir_attachment")
    gone = f"filestore/00/{0:040x}"
    tenant.cloud.s3.delete_object(Bucket=tenant.environment["FILESTORE_BUCKET"], Key=gone)
    assert tenant.run("restore", "--replace", "--confirm", tenant.database) == 0
    assert tenant.sql("SELECT count(*) FROM account_move") == [(1000,)]
    tenant.sql(
        "INSERT INTO sale_order (name) VALUES ('S2001'); CREATE TABLE custom (id int); ALTER TABLE sale_order ADD x int"
    )
    assert tenant.sql("SELECT convert_from(lo_get(oid), 'UTF8') FROM pg_largeobject_metadata") == [("a large object",)]
    after = tenant.server.rows(
        f"SELECT datacl, datconnlimit, datdba FROM pg_database WHERE datname = '{tenant.database}'"
    )
    assert after == before
    assert tenant.server.rows(settings.format(tenant.database)) == old_settings
    assert tenant.cloud.s3.head_object(Bucket=tenant.environment["FILESTORE_BUCKET"], Key=gone)["ContentLength"] > 0
    (kept,) = tenant.databases(f"{tenant.database}\\_\\_before%")
    with pytest.raises(psycopg.OperationalError, match="permission denied"):
        tenant.connect(kept)
    with tenant.connect(kept, MASTER, MASTER_PASSWORD) as master:
        owner = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()"
        assert master.execute(owner).fetchone() == (MASTER,), "Odoo's cron runs the jobs of what its user owns"


def test_replacing_takes_a_typed_confirmation(tenant: Tenant, capsys: pytest.CaptureFixture[str]) -> None:
    assert tenant.run("dump") == 0
    assert tenant.run("restore", "--replace") == 2
    assert tenant.run("restore", "--replace", "--confirm", "other") == 2
    assert f'allowed: \\"{tenant.database}\\"' in capsys.readouterr().err
    assert not tenant.databases("%\\_\\_before%")


def test_a_second_run_does_not_undo_what_was_entered_since(tenant: Tenant, capsys: pytest.CaptureFixture[str]) -> None:
    assert tenant.run("dump") == 0
    replace = ("restore", "--replace", "--confirm", tenant.database)
    assert tenant.run(*replace) == 0
    tenant.sql("INSERT INTO account_move (name) VALUES ('after the restore')")
    assert tenant.run(*replace) == 0
    assert "already_restored" in capsys.readouterr().err
    assert tenant.sql("SELECT count(*) FROM account_move") == [(1001,)]
    assert tenant.run(*replace, "--again") == 0
    assert tenant.sql("SELECT count(*) FROM account_move") == [(1000,)]


def test_sessions_that_come_back_at_once_do_not_stop_the_swap(tenant: Tenant) -> None:
    import threading

    assert tenant.run("dump") == 0
    stop = threading.Event()

    def reconnect() -> None:
        while not stop.is_set():
            try:
                tenant.sql("SELECT pg_sleep(0.2)")
            except psycopg.Error:
                continue

    odoo = [threading.Thread(target=reconnect) for _ in range(6)]
    for thread in odoo:
        thread.start()
    try:
        assert tenant.run("restore", "--replace", "--confirm", tenant.database) == 0
    finally:
        stop.set()
        for thread in odoo:
            thread.join()


def test_a_lost_database_comes_back_from_the_manifest(tenant: Tenant) -> None:
    before = tenant.server.rows(
        f"SELECT datacl, datconnlimit, datdba FROM pg_database WHERE datname = '{tenant.database}'"
    )
    assert tenant.run("dump") == 0
    with tenant.connect("postgres", MASTER, MASTER_PASSWORD) as master:
        master.execute(f'DROP DATABASE "{tenant.database}"')
    assert tenant.run("restore", "--replace", "--confirm", tenant.database) == 0
    assert tenant.sql("SELECT count(*) FROM account_move") == [(1000,)]
    after = tenant.server.rows(
        f"SELECT datacl, datconnlimit, datdba FROM pg_database WHERE datname = '{tenant.database}'"
    )
    assert after == before


def test_a_copy_is_closed_to_the_tenant(tenant: Tenant) -> None:
    """Odoo's cron would send the copy's mail to real customers."""
    copy = f"{tenant.database}_copy"
    assert tenant.run("dump") == 0
    assert tenant.run("restore", "--into", copy) == 0
    with pytest.raises(psycopg.OperationalError, match="permission denied"):
        tenant.connect(copy)
    with tenant.connect(copy, MASTER, MASTER_PASSWORD) as master:
        assert master.execute("SELECT count(*) FROM account_move").fetchone() == (1000,)
    assert tenant.run("restore", "--into", copy) == 2, "it exists"


def test_older_dumps_are_chosen_by_id_or_time(tenant: Tenant) -> None:
    assert tenant.run("dump") == 0
    between = datetime.now(UTC)
    tenant.sql("DELETE FROM sale_order WHERE id > 10")
    assert tenant.run("dump") == 0
    older, newer = tenant.dumps()
    for number, (choice, rows) in enumerate(
        ((("--dump", older), 2000), (("--at", between.isoformat()), 2000), (("--dump", newer), 10), ((), 10))
    ):
        copy = f"{tenant.database}_{number}"
        assert tenant.run("restore", "--into", copy, *choice) == 0
        with tenant.connect(copy, MASTER, MASTER_PASSWORD) as master:
            assert master.execute("SELECT count(*) FROM sale_order").fetchone() == (rows,)
    assert tenant.run("restore", "--into", "none", "--dump", "20000101T000000Z") == 2
    assert tenant.run("restore", "--into", "none", "--at", "2000-01-01T00:00:00Z") == 2


def test_hostile_names_are_only_names(make_tenant: Callable[..., Tenant]) -> None:
    tenant = make_tenant(HOSTILE)
    assert tenant.run("dump") == 0 and tenant.run("verify") == 0, tenant.failed_checks()
    assert tenant.run("restore", "--replace", "--confirm", HOSTILE) == 0
    assert tenant.run("restore", "--into", HOSTILE.replace("x", "y")) == 0
    assert tenant.sql("SELECT count(*) FROM account_move") == [(1000,)]
    assert len(tenant.databases("postgres")) == 1


def test_the_longest_name_leaves_room_for_the_old_database(make_tenant: Callable[..., Tenant]) -> None:
    tenant = make_tenant("é" * 31)
    assert tenant.run("dump") == 0 and tenant.run("restore", "--replace", "--confirm", "é" * 31) == 0
    (kept,) = tenant.databases("%\\_\\_before%")
    assert len(kept.encode()) <= 63


def test_list_shows_what_is_verified(tenant: Tenant, capsys: pytest.CaptureFixture[str]) -> None:
    assert tenant.run("dump") == 0 and tenant.run("verify") == 0 and tenant.run("dump") == 0
    tenant.put("20200101T000000Z/database.dump", b"a job was killed here")
    capsys.readouterr()
    assert tenant.run("list", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert [entry["state"] for entry in found] == ["unverified", "verified", "incomplete"]
    assert found[0]["age_minutes"] < 5 and found[0]["bytes"] > 1000
    assert tenant.run("list") == 0
    assert "verified" in capsys.readouterr().out
