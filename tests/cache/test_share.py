"""Who takes how much of a shared cache: measured on a real server, as the user that the component makes, with the tags that the components write."""

import json
import random
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
from moto import mock_aws
from redis.exceptions import NoPermissionError
from tests.aws.recording import one, recorded
from tests.cache.redis_server import Server, running
from tests.cache.test_isolation import SHARED

from odoo_estate.aws.cache import CacheUser, CacheWatcher
from odoo_estate_watch import cloud
from odoo_estate_watch.__main__ import SETTINGS, main, values, watch
from odoo_estate_watch.shares import MIB, Sample, sample

REGION, CACHE = "eu-central-1", "estate-eu-1"
BIG, SMALL, IDLE, POOLED = "medsupply.production", "nordfood.production", "acme.staging", "pooled-starter"
ENVIRONMENT = {
    "AWS_REGION": REGION,
    "CACHE_ADDRESS": "127.0.0.1",
    "CACHE_ID": CACHE,
    "CACHE_USER": "watcher",
    "METRIC_NAMESPACE": "estate/cache",
    "SAMPLE_KEYS": "100000",
    "SAMPLE_SECONDS": "60",
}


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Two tenants with sessions of very different sizes, results and a queue; a pooled class; and 40,000 keys in all."""
    chance = random.Random(7)
    with running(tmp_path_factory.mktemp("redis")) as server:
        with server.admin.pipeline(transaction=False) as pipe:
            for key in range(10_000):
                pipe.set(f"session::{BIG}:{key}", "s" * chance.randint(500, 4000), ex=3600)
            for key in range(10_000):
                pipe.set(f"session:{SMALL}:{key}", "s" * chance.randint(50, 200), ex=3600)
            for key in range(15_000):
                pipe.set(f"{SMALL}:result-{key}", "r" * 50)
            for key in range(5_000):
                pipe.set(f"{POOLED}:{key}", "p" * 100)
            pipe.rpush(f"{SMALL}:queue", *("job" for _ in range(100)))
            pipe.execute()
        yield server


def access() -> str:
    graph = recorded(lambda opts: CacheWatcher("x", {"user": "watcher", "cache": SHARED}, opts))
    user = one(graph, "elasticache/user:User")
    assert user.inputs["userId"] == user.inputs["userName"]
    assert user.inputs["authenticationMode"] == {"type": "iam"}
    return str(user.inputs["accessString"])


@pytest.fixture
def watcher(full: Server) -> object:
    client = full.user("watcher", access())
    client.connection_pool.connection_kwargs["decode_responses"] = False
    return client


def owned(server: Server, tenant: str) -> float:
    """MiB of every key of a tenant, one by one."""
    patterns = (f"{tenant}:*", f"session:{tenant}:*", f"session::{tenant}:*")
    keys = [key for pattern in patterns for key in server.admin.scan_iter(match=pattern, count=1000)]
    with server.admin.pipeline(transaction=False) as pipe:
        for key in keys:
            pipe.memory_usage(key)
        return float(sum(pipe.execute())) / MIB


def test_a_walk_to_the_end_has_no_error(full: Server, watcher: object) -> None:
    seen = sample(watcher, keys=1_000_000, seconds=60)
    assert seen.complete and seen.keys == seen.total == 40_001
    for tenant in (BIG, SMALL, POOLED):
        share = seen.shares()[tenant]
        assert share.mib == pytest.approx(owned(full, tenant)) and share.error_mib == 0


def test_a_tenth_of_the_keys_finds_the_big_tenant_within_the_stated_error(full: Server, watcher: object) -> None:
    seen = sample(watcher, keys=4000, seconds=60)
    assert not seen.complete and 4000 <= seen.keys < 6000
    shares = seen.shares()
    assert max(shares, key=lambda tenant: shares[tenant].mib) == BIG
    for tenant in (BIG, SMALL, POOLED):
        # Twice the stated error, 3.9 standard errors: one of ten thousand servers' seeds would fail this test.
        assert 0 < shares[tenant].error_mib < owned(full, tenant) * 0.2
        assert abs(shares[tenant].mib - owned(full, tenant)) <= 2 * shares[tenant].error_mib


def test_a_walk_ends_with_its_time(watcher: object) -> None:
    seen = sample(watcher, keys=1_000_000, seconds=0)
    assert not seen.complete and 0 < seen.keys < 5000


def test_an_empty_cache_is_measured_too(cache: Server) -> None:
    cache.admin.flushall()
    assert sample(cache.user("watcher", access()), keys=1000, seconds=60) == Sample(complete=True)


def test_a_key_that_goes_between_listing_and_measuring_counts_for_nobody() -> None:
    class Vanishing:
        def scan(self, *, cursor: int, count: int) -> tuple[int, list[bytes]]:
            return 0, [b"a.production:here", b"a.production:gone"]

        def pipeline(self, *, transaction: bool) -> "Vanishing":
            return self

        def __enter__(self) -> "Vanishing":
            return self

        def __exit__(self, *error: object) -> None:
            pass

        def memory_usage(self, name: bytes) -> None:
            pass

        def execute(self) -> list[int | None]:
            return [100, None]

        def dbsize(self) -> int:
            return 1

    seen = sample(Vanishing(), keys=10, seconds=60)
    assert seen.keys == 1 and seen.owners["a.production"].bytes == 100


READS = (
    "GET {key}", "MGET {key}", "GETRANGE {key} 0 -1", "STRLEN {key}", "GETEX {key}", "DUMP {key}", "LRANGE {queue} 0 -1", "SORT {queue} ALPHA",
    "LLEN {queue}", "OBJECT ENCODING {key}", "TYPE {key}", "COPY {key} other", "MIGRATE h 1 {key} 0 1", "KEYS *", "RANDOMKEY", "MONITOR",
    "SUBSCRIBE bus", "CONFIG GET *", "CLIENT LIST", "ACL LIST", "SLOWLOG GET", "MEMORY DOCTOR", "MEMORY STATS", "INFO",
    "SET {key} x", "DEL {key}", "EXPIRE {key} 1", "RENAME {key} other", "FLUSHALL", "EVAL return 0", "SELECT 1", "SHUTDOWN NOSAVE",
)  # fmt: skip


@pytest.mark.parametrize("command", READS)
def test_who_measures_reads_no_value_and_changes_nothing(command: str, full: Server, watcher: Server) -> None:
    words = command.format(key=f"session::{BIG}:1", queue=f"{SMALL}:queue").split()
    with pytest.raises(NoPermissionError):
        watcher.execute_command(*words)  # type: ignore[attr-defined]
    assert full.admin.dbsize() == 40_001


# --- AWS -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "example")
    with mock_aws():
        yield


def tags(tenant: str, mib: int, cache: str = CACHE) -> list[dict[str, str]]:
    """As they stand in the resource."""
    own = replace(SHARED, user_group_id=cache)
    graph = recorded(
        lambda opts: CacheUser(
            "x",
            {
                "user": "u",
                "prefix": f"{tenant}:",
                "cache": own,
                "secret_name": "s",
                "key_arn": "arn:key",
                "memory_mib": mib,
            },
            opts,
        )
    )
    found = one(graph, "elasticache/user:User").inputs["tags"]
    return [{"Key": key, "Value": value} for key, value in found.items()]


@pytest.fixture
def users(aws: None) -> None:
    elasticache = boto3.client("elasticache", region_name=REGION)
    for user, given in {
        "big": tags(BIG, 16),
        "small": tags(SMALL, 100),
        "idle": tags(IDLE, 16),
        "pooled": tags(POOLED, 0),
        "elsewhere": tags("elsewhere.production", 16, cache="another"),
        "watcher": [],
    }.items():
        elasticache.create_user(
            UserId=user, UserName=user, Engine="valkey", AccessString="on", NoPasswordRequired=True, Tags=given
        )


@pytest.mark.usefixtures("users")
def test_grants_are_those_of_this_caches_users() -> None:
    granted = cloud.granted(boto3.client("elasticache", region_name=REGION), CACHE)
    assert granted == {BIG: 16, SMALL: 100, IDLE: 16, POOLED: 0}


@pytest.mark.usefixtures("users")
def test_the_big_tenant_is_past_its_share_and_the_others_are_not(full: Server, watcher: object) -> None:
    watch(ENVIRONMENT, watcher)
    cloudwatch = boto3.client("cloudwatch", region_name=REGION)
    listed = cloudwatch.list_metrics(Namespace="estate/cache")["Metrics"]
    found = {
        (metric["MetricName"], *(one["Value"] for one in sorted(metric["Dimensions"], key=lambda one: one["Name"])))
        for metric in listed
    }
    assert found == {
        *(("CacheShareMiB", CACHE, tenant) for tenant in (BIG, SMALL, IDLE, POOLED)),
        *(("CacheSharePercent", CACHE, tenant) for tenant in (BIG, SMALL, IDLE)),
        ("CacheShareMeasured", CACHE),
    }
    seen = sample(watcher, keys=100_000, seconds=60)
    found_values = values(seen, {BIG: 16, SMALL: 100, IDLE: 16, POOLED: 0})
    assert found_values[BIG]["CacheSharePercent"] == pytest.approx(100 * owned(full, BIG) / 16)
    assert found_values[BIG]["CacheSharePercent"] > 100 > found_values[SMALL]["CacheSharePercent"] > 0
    assert found_values[IDLE] == {"CacheShareMiB": 0, "CacheSharePercent": 0}
    assert found_values[POOLED].keys() == {"CacheShareMiB"}


@pytest.mark.usefixtures("users")
def test_the_log_says_how_sure_it_is_and_names_no_key(watcher: object, capsys: pytest.CaptureFixture[str]) -> None:
    watch({**ENVIRONMENT, "SAMPLE_KEYS": "4000"}, watcher)
    (line,) = capsys.readouterr().err.splitlines()
    said = json.loads(line)
    assert said["keys"] == 40_001 and not said["complete"] and said["error_mib"][BIG] > 0 and said["unowned_mib"] == 0
    assert "session" not in line and "result-" not in line


@pytest.mark.usefixtures("aws")
def test_the_token_is_a_signed_request_to_the_cache_as_the_user() -> None:
    token = cloud.token(boto3.Session(), region=REGION, cache=CACHE, user="watcher")
    at = urlsplit(f"//{token}")
    query = {key: value for key, (value,) in parse_qs(at.query).items()}
    assert at.netloc == CACHE and at.path == "/"
    assert query["Action"] == "connect" and query["User"] == "watcher" and int(query["X-Amz-Expires"]) == 900
    assert f"/{REGION}/elasticache/aws4_request" in query["X-Amz-Credential"] and query["X-Amz-Signature"]


@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_that_is_missing_is_named(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    given = {key: value for key, value in ENVIRONMENT.items() if key != name}
    assert main(["cache-share"], given) == 2
    assert name in capsys.readouterr().err


@pytest.mark.usefixtures("users")
def test_a_cache_that_does_not_answer_ends_the_run_and_publishes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cache-share"], {**ENVIRONMENT, "CACHE_ADDRESS": "127.0.0.254"}) == 4
    assert json.loads(capsys.readouterr().err.splitlines()[-1])["kind"] == "ConnectionError"
    assert not boto3.client("cloudwatch", region_name=REGION).list_metrics(Namespace="estate/cache")["Metrics"]
