"""Jobs as processes: killed at every stage, side by side, and looked at while they run."""

import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.odoo.postgres_server import MASTER, MASTER_PASSWORD
from tests.recovery.tenant import SECRET, Tenant, until


def sleeping_program(tenant: Tenant, program: str, seconds: int, after: bool = False) -> dict[str, str]:
    """``program`` put before the real one in PATH, which takes its time: there is a moment to kill in."""
    folder = tenant.folder / f"slow-{program}"
    folder.mkdir()
    real = tenant.server.binaries / program
    script = folder / program
    nap = f'case "$1" in --version) ;; *) sleep {seconds} ;; esac'
    script.write_text(f'#!/bin/sh\n{"" if after else nap}\n"{real}" "$@" || exit\n{nap if after else ""}\n')
    script.chmod(0o755)
    return {"PATH": f"{folder}:{tenant.environment['PATH']}"}


def scratch_is_empty(tenant: Tenant) -> bool:
    return not list(Path(tenant.environment["SCRATCH_DIR"]).iterdir())


@pytest.mark.parametrize("event", ["dump_started", "database_dumped", "filestore_noted"])
def test_a_killed_dump_is_no_dump_and_the_next_one_is(tenant: Tenant, event: str) -> None:
    tenant.kill_at(event, "dump")
    assert tenant.dumps() == []
    process = tenant.start("dump")
    said = process.communicate(timeout=60)[1]
    assert process.returncode == 0, said
    assert len(tenant.dumps()) == 1
    assert tenant.run("verify") == 0


def test_a_dump_whose_pg_dump_dies_is_no_dump(tenant: Tenant) -> None:
    """The end of its output looks like the end of a dump."""
    folder = tenant.folder / "dying"
    folder.mkdir()
    (folder / "pg_dump").write_text(
        f'#!/bin/sh\ncase "$1" in --version) exec {tenant.server.binaries}/pg_dump "$@" ;; esac\n'
        f'{tenant.server.binaries}/pg_dump "$@" | head -c 5000\nexit 1\n'
    )
    (folder / "pg_dump").chmod(0o755)
    process = tenant.start("dump", PATH=f"{folder}:{tenant.environment['PATH']}")
    said = process.communicate(timeout=60)[1]
    assert process.returncode == 4 and "pg_dump ended with status 1" in said
    assert tenant.objects() == [], "no object either"
    uploads = tenant.cloud.s3.list_multipart_uploads(Bucket=tenant.environment["BACKUP_BUCKET"])
    assert not uploads.get("Uploads")


@pytest.mark.parametrize("event", ["restore_started", "dump_fetched", "database_restored"])
def test_a_killed_restore_leaves_the_old_database_and_the_next_one_finishes(tenant: Tenant, event: str) -> None:
    assert tenant.run("dump") == 0
    tenant.sql("DELETE FROM account_move WHERE id > 5")
    tenant.kill_at(event, "restore", "--replace", "--confirm", tenant.database)
    assert tenant.sql("SELECT count(*) FROM account_move") == [(5,)]
    assert not tenant.databases("%\\_\\_before\\_%") and scratch_is_empty(tenant)
    assert tenant.run("restore", "--replace", "--confirm", tenant.database) == 0
    assert tenant.sql("SELECT count(*) FROM account_move") == [(1000,)]
    assert not tenant.databases("estate\\_scratch%")


def test_a_restore_killed_while_it_loads_leaves_no_plain_text_and_no_database(tenant: Tenant) -> None:
    assert tenant.run("dump") == 0
    process = tenant.start("verify", **sleeping_program(tenant, "pg_restore", 30))
    open_to = "SELECT pg_get_userbyid(datdba), datacl FROM pg_database WHERE datname LIKE 'estate\\_scratch%' AND datallowconn"
    until(lambda: bool(tenant.server.rows(open_to)))
    # Not its owner's either: the shared workers' cron runs the jobs of every database that they own.
    assert tenant.server.rows(open_to) == [f"{MASTER}|{{{MASTER}=CTc/{MASTER}}}"]
    process.kill()
    process.communicate()
    assert scratch_is_empty(tenant)
    assert len(tenant.databases("estate\\_scratch%")) == 1
    assert tenant.run("verify") == 0
    assert not tenant.databases("estate\\_scratch%"), "the next run clears up"


def test_killed_in_the_swap_everything_is_old_or_new(tenant: Tenant) -> None:
    """A session that holds the swap up; the kill comes while the renaming transaction is open."""
    assert tenant.run("dump") == 0
    tenant.sql("DELETE FROM account_move WHERE id > 5")
    # The superuser's session cannot be ended by the master, so that the swap waits for it.
    holder = tenant.start_superuser_session()
    try:
        process = tenant.start("restore", "--replace", "--confirm", tenant.database)
        until(
            lambda: bool(
                tenant.server.rows(
                    "SELECT 1 FROM pg_stat_activity WHERE query LIKE 'ALTER DATABASE%RENAME%' AND state = 'active'"
                )
            )
        )
        process.kill()
        process.communicate()
    finally:
        tenant.server.rows(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(120)%'"
        )
        holder.kill()
        holder.communicate()
    until(lambda: not tenant.server.rows("SELECT 1 FROM pg_stat_activity WHERE query LIKE 'ALTER DATABASE%RENAME%'"))
    assert len(tenant.databases(tenant.database)) == 1
    rows = tenant.sql("SELECT count(*) FROM account_move")[0][0]
    kept = tenant.databases("%\\_\\_before\\_%")
    assert (rows, len(kept)) in ((5, 0), (1000, 1))
    assert tenant.run("restore", "--replace", "--confirm", tenant.database) == 0
    assert tenant.sql("SELECT count(*) FROM account_move") == [(1000,)]
    assert len(tenant.databases("%\\_\\_before\\_%")) == 1 and not tenant.databases("estate\\_scratch%")


def test_a_job_that_is_told_to_stop_clears_up_and_leaves_no_evidence(tenant: Tenant) -> None:
    assert tenant.run("dump") == 0
    process = tenant.start("verify", **sleeping_program(tenant, "pg_restore", 30))
    until(lambda: len(tenant.databases("estate\\_scratch%")) == 1)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    assert process.returncode == 4
    assert not tenant.databases("estate\\_scratch%") and scratch_is_empty(tenant)
    assert not [key for key in tenant.objects() if "/evidence/" in key]


def test_dumps_and_verifications_run_side_by_side(tenant: Tenant) -> None:
    assert tenant.run("dump") == 0
    jobs = [tenant.start(verb) for verb in ("dump", "dump", "verify", "verify")]
    said = [job.communicate(timeout=120)[1] for job in jobs]
    assert [job.returncode for job in jobs] == [0, 0, 0, 0], said
    assert len(tenant.dumps()) == 3
    assert len([key for key in tenant.objects() if "/evidence/" in key]) == 2
    assert not tenant.databases("estate\\_scratch%")


def test_two_restores_of_one_database_do_not_meet(tenant: Tenant) -> None:
    assert tenant.run("dump") == 0
    first = tenant.start(
        "restore", "--replace", "--confirm", tenant.database, **sleeping_program(tenant, "pg_restore", 5)
    )
    until(lambda: len(tenant.databases("estate\\_scratch%")) == 1)
    second = tenant.start("restore", "--replace", "--confirm", tenant.database)
    said = second.communicate(timeout=60)[1]
    assert second.returncode == 4 and "another restore" in said
    first.communicate(timeout=60)
    assert first.returncode == 0


@pytest.mark.parametrize(("verb", "program"), [("dump", "pg_dump"), ("verify", "pg_restore")])
def test_no_secret_is_on_a_command_line_in_an_environment_or_in_the_log(
    tenant: Tenant, verb: str, program: str
) -> None:
    assert tenant.run("dump") == 0
    process = tenant.start(verb, **sleeping_program(tenant, program, 2, after=True))
    lines, environments = set(), set()
    seen_child = False
    while process.poll() is None:
        for pid in [entry.name for entry in Path("/proc").iterdir() if entry.name.isdigit()]:
            try:
                line = Path("/proc", pid, "cmdline").read_bytes()
                mine = (
                    process.pid == int(pid) or f"\nPPid:\t{process.pid}\n" in Path("/proc", pid, "status").read_text()
                )
                # Between fork and exec a child still has its parent's environment: it counts from when it is the program.
                if mine and program.encode() in b"".join(line.split(b"\0")[:2]):
                    environments.add(Path("/proc", pid, "environ").read_bytes())
                    seen_child = True
            except OSError:
                continue
            if mine:
                lines.add(line)
    said = process.communicate()[1]
    assert process.returncode == 0 and seen_child
    secrets = (MASTER_PASSWORD, SECRET)
    assert not [secret for secret in secrets for text in lines | environments if secret.encode() in text]
    assert not [secret for secret in secrets if secret in said]
    assert not [text for text in environments if b"AWS_SECRET" in text], "the programs need no AWS credentials"


def test_what_a_job_says_is_one_json_object_a_line(tenant: Tenant) -> None:
    import json

    process = tenant.start("dump")
    out, said = process.communicate(timeout=60)
    assert process.returncode == 0 and out == ""
    events = [json.loads(line)["event"] for line in said.splitlines()]
    assert events == ["dump_started", "database_dumped", "filestore_noted", "dump_finished"]


def test_every_wrong_setting_is_named_with_its_value_and_what_is_allowed(
    make_tenant: Callable[..., Tenant],
) -> None:
    tenant = make_tenant()
    process = tenant.start(
        "dump", PARALLEL="many", TENANT="ACME", BACKUP_PREFIX="logical", KMS_KEY_ARN="alias/x", RETAIN_DAYS="-1"
    )
    said = process.communicate(timeout=60)[1]
    assert process.returncode == 2
    for part in (
        'PARALLEL is \\"many\\"; allowed: a whole number from 1 to 64',
        "TENANT is",
        "BACKUP_PREFIX is",
        "KMS_KEY_ARN is",
        "RETAIN_DAYS is",
    ):
        assert part in said


@pytest.mark.parametrize(
    ("setting", "value", "reason"),
    [
        ("DATABASE", "no-such-database", "does not exist"),
        ("OWNER", "no-such-role", "run the tenant's database job first"),
        ("BACKUP_BUCKET", "no-such-bucket", "NoSuchBucket"),
        ("FILESTORE_BUCKET", "no-such-bucket", "NoSuchBucket"),
        ("KMS_KEY_ARN", "arn:aws:kms:eu-central-1:123456789012:key/0", "KMS"),
    ],
)
def test_what_refuses_is_named_and_there_is_no_dump(tenant: Tenant, setting: str, value: str, reason: str) -> None:
    process = tenant.start("dump", **{setting: value})
    said = process.communicate(timeout=60)[1]
    assert process.returncode == 4 and reason in said, said
    assert tenant.dumps() == [] and "Traceback" not in said
