"""Dumps that are truncated, changed, missing, old or somebody else's."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from tests.recovery.tenant import SECRET, Tenant

from odoo_estate_recovery import restored
from odoo_estate_recovery.canonical import opened, sealed


def tampered(tenant: Tenant, dump: str, body: bytes, **changes: Any) -> None:
    """Replaces the cipher text and, as somebody with write access could, makes the manifest fit it."""
    version = tenant.put(f"{dump}/database.dump", body)
    manifest = opened(tenant.body(f"{dump}/manifest.json"))
    tenant.put(
        f"{dump}/manifest.json", sealed({**manifest, "version_id": version, "cipher_bytes": len(body), **changes})
    )


def flipped(body: bytes, place: int) -> bytes:
    return body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :]


@pytest.fixture
def dumped(tenant: Tenant) -> tuple[Tenant, str]:
    assert tenant.run("dump") == 0
    return tenant, tenant.dumps()[0]


def unchanged(tenant: Tenant) -> bool:
    """A dump that fails its checks replaces nothing."""
    assert tenant.run("restore", "--replace", "--confirm", tenant.database) == 3
    return not tenant.databases("%\\_\\_before\\_%") and not tenant.databases("estate\\_scratch%")


@pytest.mark.parametrize("place", [40, 2000, -20], ids=["header", "body", "end"])
def test_one_flipped_bit_fails_checksum_and_authentication(dumped: tuple[Tenant, str], place: int) -> None:
    tenant, dump = dumped
    body = tenant.body(f"{dump}/database.dump")
    tampered(tenant, dump, flipped(body, place % len(body)))
    assert tenant.run("verify") == 3
    assert tenant.failed_checks() == ["dump_sha256", "encryption"]
    assert unchanged(tenant)


def test_a_truncated_dump_is_noticed_before_it_is_fetched(dumped: tuple[Tenant, str]) -> None:
    tenant, dump = dumped
    manifest = opened(tenant.body(f"{dump}/manifest.json"))
    version = tenant.put(f"{dump}/database.dump", tenant.body(f"{dump}/database.dump")[:-1000])
    tenant.put(f"{dump}/manifest.json", sealed({**manifest, "version_id": version}))
    assert tenant.run("verify") == 3
    assert tenant.failed_checks() == ["dump_bytes"]


def test_truncation_is_noticed_even_where_the_manifest_agrees(dumped: tuple[Tenant, str]) -> None:
    tenant, dump = dumped
    import hashlib

    body = tenant.body(f"{dump}/database.dump")[:-1000]
    tampered(tenant, dump, body, cipher_sha256=hashlib.sha256(body).hexdigest())
    assert tenant.run("verify") == 3
    assert tenant.failed_checks() == ["encryption"]


def test_a_flipped_bit_in_the_manifest_is_noticed(dumped: tuple[Tenant, str]) -> None:
    tenant, dump = dumped
    text = tenant.body(f"{dump}/manifest.json").replace(b'"account_move":1000', b'"account_move":1001')
    tenant.put(f"{dump}/manifest.json", text)
    assert tenant.run("verify") == 3
    assert tenant.failed_checks() == ["manifest"]
    assert unchanged(tenant)


@pytest.mark.parametrize("text", [b"", b"[]", b"{}", b"\xff", b'{"schema":2}'])
def test_a_manifest_that_is_none_is_no_dump_to_trust(dumped: tuple[Tenant, str], text: bytes) -> None:
    tenant, dump = dumped
    tenant.put(f"{dump}/manifest.json", text)
    assert tenant.run("verify") == 3
    assert tenant.failed_checks() == ["manifest"]


def test_a_missing_object_is_noticed(dumped: tuple[Tenant, str]) -> None:
    tenant, dump = dumped
    manifest = opened(tenant.body(f"{dump}/manifest.json"))
    tenant.put(f"{dump}/manifest.json", sealed({**manifest, "version_id": "0" * 32}))
    assert tenant.run("verify") == 3
    assert tenant.failed_checks() == ["dump_bytes"]


def test_without_a_manifest_there_is_no_dump(tenant: Tenant) -> None:
    tenant.put("20261124T000000Z/database.dump", b"a job was killed here")
    assert tenant.run("verify") == 3
    assert tenant.failed_checks() == ["dump_exists"]
    evidence = tenant.evidence()
    assert (evidence["dump"], evidence["result"]) == ("", "failed")
    assert tenant.run("restore", "--into", "nothing") == 2


def test_a_dump_that_is_too_old_fails_though_it_restores(make_tenant: Callable[..., Tenant]) -> None:
    tenant = make_tenant()
    assert tenant.run("dump") == 0
    dump = tenant.dumps()[0]
    manifest = opened(tenant.body(f"{dump}/manifest.json"))
    tenant.put(f"{dump}/manifest.json", sealed({**manifest, "taken_at": "2026-01-01T00:00:00+00:00"}))
    assert tenant.run("verify") == 3
    assert tenant.failed_checks() == ["age_minutes"]
    assert tenant.evidence()["restore_seconds"] > 0


def test_another_tenants_dump_is_refused(make_tenant: Callable[..., Tenant]) -> None:
    """By its manifest; and where that was forged, by what its cipher text is bound to."""
    other = make_tenant()
    assert other.run("dump") == 0
    dump = other.dumps()[0]
    tenant = make_tenant(KMS_KEY_ARN=other.environment["KMS_KEY_ARN"])
    tenant.put(f"{dump}/manifest.json", other.body(f"{dump}/manifest.json"))
    assert tenant.run("verify") == 3 and tenant.failed_checks() == ["manifest"]
    version = tenant.put(f"{dump}/database.dump", other.body(f"{dump}/database.dump"))
    forged = {
        **opened(other.body(f"{dump}/manifest.json")),
        "version_id": version,
        "tenant": tenant.environment["TENANT"],
        "database": tenant.database,
    }
    tenant.put(f"{dump}/manifest.json", sealed(forged))
    assert tenant.run("verify") == 3 and tenant.failed_checks() == ["encryption"]
    assert unchanged(tenant)


def test_yesterdays_dump_cannot_pass_for_todays(dumped: tuple[Tenant, str]) -> None:
    tenant, dump = dumped
    manifest = opened(tenant.body(f"{dump}/manifest.json"))
    version = tenant.put("20990101T000000Z/database.dump", tenant.body(f"{dump}/database.dump"))
    tenant.put(
        "20990101T000000Z/manifest.json", sealed({**manifest, "dump": "20990101T000000Z", "version_id": version})
    )
    assert tenant.run("verify") == 3
    assert "encryption" in tenant.failed_checks()


def test_a_dump_under_another_key_is_refused(dumped: tuple[Tenant, str], monkeypatch: pytest.MonkeyPatch) -> None:
    tenant, _ = dumped
    monkeypatch.setenv("KMS_KEY_ARN", tenant.cloud.key())
    assert tenant.run("verify") == 3
    assert tenant.failed_checks() == ["encryption"]


def test_too_little_room_is_known_before_the_download(
    dumped: tuple[Tenant, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant, _ = dumped
    monkeypatch.setattr(restored, "SPARE_BYTES", 1 << 60)
    assert tenant.run("verify") == 3
    assert tenant.failed_checks() == ["scratch_space"]


def test_a_newer_servers_dump_is_refused_by_an_older_server(
    dumped: tuple[Tenant, str], capsys: pytest.CaptureFixture[str]
) -> None:
    tenant, dump = dumped
    manifest = opened(tenant.body(f"{dump}/manifest.json"))
    tenant.put(f"{dump}/manifest.json", sealed({**manifest, "server_version": 990001}))
    capsys.readouterr()
    assert tenant.run("restore", "--replace", "--confirm", tenant.database) == 3
    assert "server_version: expected >= 99" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "failed"),
    [
        ({"rows": {"account_move": 999}}, "rows.account_move"),
        ({"newest": {"account_move": "2099-01-01 00:00:00"}}, "newest.account_move"),
        ({"relations": {"tables": 999}}, "relations"),
        ({"extensions": {"postgis": "3.4"}}, "extensions"),
        ({"odoo_version": "18.0.1.3"}, "odoo_version"),
    ],
)
def test_each_difference_from_the_manifest_is_named(
    dumped: tuple[Tenant, str], change: dict[str, Any], failed: str
) -> None:
    tenant, dump = dumped
    manifest = opened(tenant.body(f"{dump}/manifest.json"))
    contents = manifest["contents"]
    for name, value in change.items():
        contents[name] = {**contents[name], **value} if isinstance(value, dict) else value
    tenant.put(f"{dump}/manifest.json", sealed(manifest))
    assert tenant.run("verify") == 3
    assert tenant.failed_checks() == [failed]


def test_required_extensions_must_be_there(dumped: tuple[Tenant, str], monkeypatch: pytest.MonkeyPatch) -> None:
    tenant, _ = dumped
    monkeypatch.setenv("EXTENSIONS", "pg_trgm,unaccent,vector")
    assert tenant.run("verify") == 3
    assert tenant.failed_checks() == ["extensions"]


def test_an_attachment_without_its_object_is_named_by_id(tenant: Tenant, capsys: pytest.CaptureFixture[str]) -> None:
    """Not by name: fs_attachment's objects are called like the customers' documents."""
    tenant.sql("INSERT INTO ir_attachment (id, store_fname) VALUES (77, 's3store://docs/secret-contract.pdf')")
    assert tenant.run("dump") == 0
    assert tenant.run("verify") == 3
    (check,) = [check for check in tenant.evidence()["checks"] if not check["passed"]]
    assert (check["name"], check["found"]) == ("attachments", {"missing": 1, "ids": [77]})
    assert "secret-contract" not in json.dumps(tenant.evidence()) + capsys.readouterr().err
    assert unchanged(tenant)
    assert tenant.run("restore", "--replace", "--confirm", tenant.database, "--accept", "attachments") == 0


def test_an_object_written_after_the_pointer_or_purged_since_does_not_count(tenant: Tenant) -> None:
    tenant.sql("INSERT INTO ir_attachment (id, store_fname) VALUES (78, 'ff/late')")
    assert tenant.run("dump") == 0
    bucket = tenant.environment["FILESTORE_BUCKET"]
    tenant.cloud.s3.put_object(Bucket=bucket, Key="filestore/ff/late", Body=b"too late")
    purged = f"filestore/01/{1:040x}"
    for version in tenant.cloud.s3.list_object_versions(Bucket=bucket, Prefix=purged)["Versions"]:
        tenant.cloud.s3.delete_object(Bucket=bucket, Key=purged, VersionId=version["VersionId"])
    assert tenant.run("verify") == 3
    assert tenant.failed_checks() == ["attachments", "filestore_listing"]


def test_messages_of_the_programs_are_logged_without_rows(tenant: Tenant, capsys: pytest.CaptureFixture[str]) -> None:
    """A restore that breaks in a COPY quotes the row in its CONTEXT; it is cut out."""
    # The constraint calls what no longer holds when the rows come back.
    tenant.sql(
        "CREATE FUNCTION fits(text) RETURNS boolean LANGUAGE sql AS $$ SELECT current_database() NOT LIKE 'estate\\_scratch%' $$;"
        "ALTER TABLE account_move ADD CHECK (fits(narration))"
    )
    assert tenant.run("dump") == 0 and tenant.run("verify") == 3
    assert tenant.failed_checks() == ["restore"]
    said = capsys.readouterr().err
    assert "pg_restore: error" in said and SECRET not in said
    assert not tenant.databases("estate\\_scratch%")


def test_evidence_of_a_verification_is_checked_by_its_checksum(dumped: tuple[Tenant, str]) -> None:
    tenant, _ = dumped
    assert tenant.run("verify") == 0
    evidence = json.dumps(tenant.evidence()).encode()
    assert opened(evidence)["result"] == "passed"
    with pytest.raises(ValueError, match="checksum"):
        opened(evidence.replace(b'"passed"', b'"failed"'))
