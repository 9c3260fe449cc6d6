"""What one tenant can do to another in a cache that they share: nothing. On a real server, with the access strings that the components send."""

from collections.abc import Callable
from typing import Any

import pytest
import redis
from redis.exceptions import NoPermissionError
from tests.aws.recording import one, recorded
from tests.cache.redis_server import Server

from odoo_estate.aws.cache import OBSERVER_ACCESS, CacheUser, access_to
from odoo_estate.aws.references import CacheRef

SHARED = CacheRef(arn="arn", address="cache.example", port=6379, user_group_id="group", security_group_id="sg")
MINE, YOURS = "medsupply.production:", "nordfood.production:"
YOUR_KEYS = (f"{YOURS}stock", f"session:{YOURS}sid", f"session::{YOURS}sid")
Client = Any


def sent(prefix: str) -> str:
    """The access string as it stands in the resource."""
    graph = recorded(
        lambda opts: CacheUser(
            "x",
            {
                "user": "acme",
                "prefix": prefix,
                "cache": SHARED,
                "secret_name": "acme/cache",
                "key_arn": "arn:key",
                "memory_mib": 16,
            },
            opts,
        )
    )
    return str(one(graph, "elasticache/user:User").inputs["accessString"])


@pytest.fixture
def mine(cache: Server) -> Client:
    cache.admin.flushall()
    for key in YOUR_KEYS:
        cache.admin.set(key, "yours")
    cache.admin.rpush(f"{YOURS}queue", "job")
    cache.user("yours", sent(YOURS))
    return cache.user("mine", sent(MINE))


def test_a_tenant_has_what_its_add_ons_need(mine: Client) -> None:
    for key in (f"{MINE}stock", f"session:{MINE}sid", f"session::{MINE}sid"):
        assert mine.set(key, "value", ex=60)
        assert mine.expire(key, 120)
        assert mine.get(key) == "value"
        assert mine.delete(key) == 1
    assert mine.set(f"{MINE}lock", "token", nx=True, ex=5)
    assert mine.set(f"{MINE}lock", "other", nx=True, ex=5) is None
    assert mine.incr(f"{MINE}counter") == 1
    assert mine.rpush(f"{MINE}queue", "a", "b") == 2
    assert mine.lpop(f"{MINE}queue") == "a"
    with mine.pipeline() as pipe:
        assert pipe.set(f"{MINE}one", "1").get(f"{MINE}one").execute() == [True, "1"]
    bus = mine.pubsub(ignore_subscribe_messages=True)
    bus.subscribe(f"{MINE}bus")
    assert bus.get_message(timeout=5) is None
    assert mine.publish(f"{MINE}bus", "hello") == 1
    assert bus.get_message(timeout=5)["data"] == "hello"


FOREIGN: dict[str, Callable[[Client, str], object]] = {
    "read": lambda client, key: client.get(key),
    "read many, one's own first": lambda client, key: client.mget(f"{MINE}stock", key),
    "read a queue": lambda client, key: client.lrange(key, 0, -1),
    "write": lambda client, key: client.set(key, "mine"),
    "write many, one's own first": lambda client, key: client.mset({f"{MINE}stock": "1", key: "mine"}),
    "append a job": lambda client, key: client.rpush(key, "job"),
    "take a job": lambda client, key: client.lpop(key),
    "delete": lambda client, key: client.delete(f"{MINE}stock", key),
    "unlink": lambda client, key: client.unlink(key),
    "expire": lambda client, key: client.expire(key, 1),
    "expire while reading": lambda client, key: client.getex(key, ex=1),
    "take": lambda client, key: client.getdel(key),
    "ask whether it exists": lambda client, key: client.exists(key),
    "ask how long it lives": lambda client, key: client.ttl(key),
    "watch": lambda client, key: client.execute_command("WATCH", key),
    "rename away": lambda client, key: client.rename(key, f"{MINE}stolen"),
    "copy": lambda client, key: client.copy(key, f"{MINE}stolen"),
    "publish": lambda client, key: client.publish(key, "hello"),
}


@pytest.mark.parametrize("key", YOUR_KEYS)
@pytest.mark.parametrize("what", FOREIGN)
def test_another_tenants_keys_and_channels_are_out_of_reach(what: str, key: str, mine: Client, cache: Server) -> None:
    with pytest.raises(NoPermissionError):
        FOREIGN[what](mine, key)
    assert [cache.admin.get(one) for one in YOUR_KEYS] == ["yours"] * 3
    assert [cache.admin.ttl(one) for one in YOUR_KEYS] == [-1] * 3
    assert cache.admin.lrange(f"{YOURS}queue", 0, -1) == ["job"]


@pytest.mark.parametrize("listen", ["subscribe", "psubscribe"])
@pytest.mark.parametrize("channel", [f"{YOURS}bus", "*", f"{YOURS}*", "__keyevent@0__:expired"])
def test_another_tenants_channels_cannot_be_heard(listen: str, channel: str, mine: Client) -> None:
    bus = mine.pubsub()
    getattr(bus, listen)(channel)
    with pytest.raises(NoPermissionError):
        bus.get_message(timeout=5)


SERVER_WIDE = (
    "KEYS *", "SCAN 0", "RANDOMKEY", "DBSIZE", "PUBSUB CHANNELS", "PUBSUB NUMPAT", "FLUSHALL", "FLUSHDB", "SWAPDB 0 1", "CONFIG GET *",
    "CONFIG SET maxmemory-policy noeviction", "CONFIG REWRITE", "ACL LIST", "ACL WHOAMI", "ACL SETUSER mine allkeys", "CLIENT LIST",
    "CLIENT KILL TYPE normal", "CLIENT PAUSE 1", "CLIENT NO-EVICT on", "SCRIPT FLUSH", "SCRIPT LOAD return", "SCRIPT KILL", "EVAL return 0",
    "FUNCTION LIST", "FUNCTION FLUSH", "FUNCTION DUMP", "INFO", "MONITOR", "SLOWLOG GET", "MEMORY PURGE", "SAVE", "BGSAVE",
    "SHUTDOWN NOSAVE", "REPLICAOF NO ONE", "FAILOVER", "MODULE LIST", "MIGRATE h 1 k 0 1", "WAIT 1 1", "SELECT 1", "LATENCY RESET", "OBJECT HELP",
)  # fmt: skip


@pytest.mark.parametrize("command", SERVER_WIDE)
def test_nothing_reaches_the_whole_server(command: str, mine: Client, cache: Server) -> None:
    with pytest.raises(NoPermissionError):
        mine.execute_command(*command.split())
    assert cache.admin.get(YOUR_KEYS[0]) == "yours"


def test_a_script_is_no_way_round(mine: Client) -> None:
    with pytest.raises(NoPermissionError):
        mine.eval("return redis.call('get', KEYS[1])", 1, YOUR_KEYS[0])


@pytest.mark.parametrize(
    "neighbour", ["medsupply.production2:", "medsupply.productio:", "xmedsupply.production:", "medsupply:"]
)
def test_a_name_that_begins_alike_is_another_tenant(neighbour: str, mine: Client) -> None:
    for key in (f"{neighbour}stock", f"session:{neighbour}sid", f"session::{neighbour}sid"):
        with pytest.raises(NoPermissionError):
            mine.get(key)


def test_a_session_stores_keys_are_reached_under_a_prefix_only(mine: Client) -> None:
    for key in ("session:sid", "session::sid", f"session:::{MINE}sid"):
        with pytest.raises(NoPermissionError):
            mine.get(key)


@pytest.mark.parametrize(
    "prefix", ["", "*", "acme", "acme*:", "acme:*", "a[b]c:", "acme: ~*", "ACME:", "acme?:", "acme:\n+@all"]
)
def test_a_prefix_that_is_a_pattern_is_refused(prefix: str) -> None:
    with pytest.raises(ValueError, match="cannot limit a cache user"):
        access_to(prefix)


def test_a_tenant_alone_in_its_cache_may_list_its_sessions_and_read_no_others(cache: Server) -> None:
    cache.admin.set(f"session::{MINE}sid", "mine")
    cache.admin.set("elsewhere", "not mine")
    alone = cache.user("alone", access_to(MINE, alone=True))
    assert list(alone.scan_iter(match=f"session::{MINE}*")) == [f"session::{MINE}sid"]
    with pytest.raises(NoPermissionError):
        alone.get("elsewhere")


@pytest.mark.usefixtures("mine")
def test_who_measures_sees_no_key_and_no_value(cache: Server) -> None:
    observer: Client = cache.user("observer", OBSERVER_ACCESS)
    assert observer.ping() and observer.info("memory")["used_memory"] > 0
    for command in ("SCAN 0", "KEYS *", f"GET {YOUR_KEYS[0]}", "FLUSHALL", "CONFIG GET *"):
        with pytest.raises(NoPermissionError):
            observer.execute_command(*command.split())


def test_nobody_enters_without_a_password(cache: Server) -> None:
    with pytest.raises(redis.exceptions.AuthenticationError):
        redis.Redis(port=cache.port).ping()
