"""`estate evidence` against buckets of simulated AWS."""

import json
import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from moto import mock_aws
from tests.spec.evidence_documents import sealed

from odoo_estate.cli import main
from odoo_estate.decide import compile_estate
from odoo_estate.fleet import evidence as collecting
from odoo_estate.plan import TenantPlan
from odoo_estate.spec.loader import load

ROOT = Path(__file__).parents[2]
STACK = "tenant.balticpaper.production"
TENANT = "balticpaper.production"
NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def estate(tmp_path: Path) -> Path:
    return Path(shutil.copytree(ROOT / "stacks", tmp_path / "stacks"))


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch, estate: Path) -> Iterator[Any]:
    """With the bucket of the tenant's cell."""
    for key in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(key, "testing")
    with mock_aws():
        import boto3

        client = boto3.client("s3", region_name="eu-central-1")
        client.create_bucket(Bucket=bucket(estate), CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
        yield client


def plan(estate: Path) -> TenantPlan:
    found = compile_estate(load(estate, evidence=False), today=date.today()).stacks[STACK]
    assert isinstance(found, TenantPlan) and found.recovery
    return found


def bucket(estate: Path) -> str:
    recovery = plan(estate).recovery
    assert recovery is not None
    return recovery.variables["BACKUP_BUCKET"]


def mark(moment: datetime) -> str:
    return moment.strftime("%Y%m%dT%H%M%SZ")


def put_evidence(s3: Any, estate: Path, verified: datetime, **changes: Any) -> bytes:
    content = sealed(verified_at=verified.isoformat(), **changes)
    s3.put_object(Bucket=bucket(estate), Key=f"logical/{TENANT}/evidence/{mark(verified)}.json", Body=content)
    return content


def put_dump(s3: Any, estate: Path, taken: datetime, *, whole: bool = True) -> None:
    for name in ("database.dump", *(("manifest.json",) if whole else ())):
        s3.put_object(Bucket=bucket(estate), Key=f"logical/{TENANT}/{mark(taken)}/{name}", Body=b"x")


def file(estate: Path) -> Path:
    return estate / "evidence" / f"{TENANT}.json"


def show(estate: Path, capsys: pytest.CaptureFixture[str], *options: str) -> tuple[int, dict[str, Any]]:
    code = main(["evidence", "--json", "--estate", str(estate), *options, STACK])
    answer = json.loads(capsys.readouterr().out)
    return code, answer["tenants"][0]


def test_the_newest_evidence_is_brought_unchanged(s3: Any, estate: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put_evidence(s3, estate, NOW - timedelta(days=3), result="failed")
    newest = put_evidence(s3, estate, NOW - timedelta(hours=5))
    put_dump(s3, estate, NOW - timedelta(hours=9))
    put_dump(s3, estate, NOW - timedelta(hours=1), whole=False)
    code, row = show(estate, capsys, "--collect")
    assert file(estate).read_bytes() == newest
    assert (code, row["state"], row["passed"]) == (0, "kept", True)
    assert row["newest_dump"] == (NOW - timedelta(hours=9)).isoformat(), "a dump without manifest does not exist"
    assert row["restore_gib_per_minute"] == 3


def test_collecting_twice_changes_nothing_and_older_evidence_never_takes_the_place_of_newer(
    s3: Any, estate: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put_evidence(s3, estate, NOW - timedelta(hours=5))
    show(estate, capsys, "--collect")
    kept = sealed(verified_at=(NOW - timedelta(hours=1)).isoformat())
    file(estate).write_bytes(kept)
    for _ in range(2):
        show(estate, capsys, "--collect")
        assert file(estate).read_bytes() == kept


def test_a_spoiled_file_is_mended_by_collecting(s3: Any, estate: Path, capsys: pytest.CaptureFixture[str]) -> None:
    newest = put_evidence(s3, estate, NOW - timedelta(hours=5))
    file(estate).parent.mkdir()
    file(estate).write_bytes(newest[:100])
    assert main(["check", "--estate", str(estate)]) == 2
    assert f"{file(estate)}:1: is no JSON document" in capsys.readouterr().err
    code, row = show(estate, capsys, "--collect")
    assert (code, row["state"]) == (0, "kept")


def test_evidence_that_was_changed_in_the_bucket_is_not_taken(
    s3: Any, estate: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    moment = NOW - timedelta(hours=5)
    forged = sealed(verified_at=moment.isoformat(), result="failed").replace(b'"failed"', b'"passed"')
    s3.put_object(Bucket=bucket(estate), Key=f"logical/{TENANT}/evidence/{mark(moment)}.json", Body=forged)
    code, row = show(estate, capsys, "--collect")
    assert (code, row["state"]) == (4, "unknown")
    assert "checksum" in row["reason"]
    assert not file(estate).exists()


@pytest.mark.parametrize(
    ("age", "changes", "reason"),
    [
        (timedelta(days=6), {}, "6 days old"),
        (
            timedelta(hours=1),
            {
                "result": "failed",
                "checks": [{"name": "newest_record", "passed": False, "expected": 2, "found": 1}],
            },
            "newest_record",
        ),
    ],
)
def test_a_broken_promise_is_exit_code_3(
    s3: Any, estate: Path, capsys: pytest.CaptureFixture[str], *, age: timedelta, changes: dict[str, Any], reason: str
) -> None:
    put_evidence(s3, estate, NOW - age, **changes)
    put_dump(s3, estate, NOW - timedelta(hours=1))
    code, row = show(estate, capsys, "--collect")
    assert (code, row["state"]) == (3, "broken")
    assert reason in row["reason"]
    assert show(estate, capsys)[0] == 3, "without the buckets too"


def test_a_dump_that_is_older_than_promised_is_a_broken_promise(
    s3: Any, estate: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put_evidence(s3, estate, NOW - timedelta(hours=1))
    put_dump(s3, estate, NOW - timedelta(hours=40))
    code, row = show(estate, capsys, "--collect")
    assert (code, row["state"]) == (3, "broken")
    assert "newest dump is 40 hours old" in row["reason"]


def test_one_bucket_that_cannot_be_read_leaves_the_others_be(
    s3: Any, estate: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put_evidence(s3, estate, NOW - timedelta(hours=5))
    code = main(["evidence", "--collect", "--json", "--estate", str(estate)])
    rows = {row["stack"]: row for row in json.loads(capsys.readouterr().out)["tenants"]}
    assert code == 4, "the dedicated cell's bucket is not there"
    assert "NoSuchBucket" in rows["tenant.medsupply.production"]["reason"]
    assert rows[STACK]["state"] == "kept"


def test_of_a_cell_that_failed_over_only_what_works_there_is_evidence(
    s3: Any, estate: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The lost region's own jobs go on with old data once it answers again."""
    moved = {"cell": "eu-1", "state": "promoted", "active_region": "eu-west-1", "since": "2026-11-21T20:00:00Z"}
    (estate / "recovery").mkdir()
    text = json.dumps({**moved, "approved_by": "Ada", "reason": "the region is lost"})
    (estate / "recovery" / "eu-1.yaml").write_text(text)
    old = put_evidence(s3, estate, NOW - timedelta(hours=1))
    working = compile_estate(load(estate, evidence=False), today=date.today()).stacks[f"{STACK}.dr"]
    assert isinstance(working, TenantPlan) and working.recovery
    there = working.recovery.variables["BACKUP_BUCKET"]
    s3.create_bucket(Bucket=there, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    moment = NOW - timedelta(hours=5)
    new = sealed(verified_at=moment.isoformat())
    s3.put_object(Bucket=there, Key=f"logical/{TENANT}/evidence/{mark(moment)}.json", Body=new)
    main(["evidence", "--json", "--estate", str(estate), "--collect"])
    stacks = [row["stack"] for row in json.loads(capsys.readouterr().out)["tenants"]]
    assert [stack for stack in stacks if TENANT in stack] == [f"{STACK}.dr"]
    assert file(estate).read_bytes() == new != old


def test_a_kill_at_any_moment_leaves_the_old_file_or_the_new_one(estate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Killed(BaseException):
        pass

    collecting.write_whole(file(estate), b"old")

    def die(*_: object) -> None:
        raise Killed

    for step in ("os.fsync", "pathlib.Path.replace"):
        with monkeypatch.context() as patch:
            patch.setattr(step, die)
            with pytest.raises(Killed):
                collecting.write_whole(file(estate), b"new")
        assert file(estate).read_bytes() == b"old"
        assert [one.name for one in file(estate).parent.iterdir()] == [file(estate).name]


def test_evidence_of_a_tenant_that_left_is_kept_as_a_record(estate: Path, capsys: pytest.CaptureFixture[str]) -> None:
    gone = estate / "evidence" / "formerly.production.json"
    gone.parent.mkdir()
    gone.write_bytes(sealed(tenant="formerly.production"))
    assert main(["check", "--estate", str(estate)]) == 0
    capsys.readouterr()
    assert main(["evidence", "--estate", str(estate)]) == 0
    assert "formerly.production: the estate has no such tenant" in capsys.readouterr().out
    assert gone.exists()


def test_without_any_evidence_nothing_is_claimed(estate: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, row = show(estate, capsys)
    assert (code, row["state"], row["verified"]) == (0, "unknown", None)
