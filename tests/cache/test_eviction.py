"""What goes first when memory is full, on a real server with the settings that the component sends."""

import random
from collections.abc import Mapping
from itertools import count
from pathlib import Path

import pytest
from redis.exceptions import OutOfMemoryError
from tests.aws.recording import GIVEN_NETWORK, one, recorded
from tests.cache.redis_server import Server, running
from tests.decide.contracts import catalog
from tests.decide.documents import context

from odoo_estate.aws.cache import Cache
from odoo_estate.decide.cell import cell_plan

KNOWN = catalog().assumptions
PREFIX = "medsupply.production:"
MEMORY = "16mb"
SESSION, RESULT = "s" * 8000, "r" * 2000


def sent() -> Mapping[str, str]:
    """The parameters of the shipped catalog's cache as they stand in the resource."""
    plan = cell_plan(context(), "eu-1").caches["main"]
    graph = recorded(
        lambda opts: Cache("x", {"plan": plan, "network": GIVEN_NETWORK, "clients": {}, "key_arn": "arn:key"}, opts)
    )
    group = one(graph, "elasticache/parameterGroup:ParameterGroup", f"x-{plan.family}")
    return {parameter["name"]: parameter["value"] for parameter in group.inputs["parameters"]}


def sessions(server: Server, number: int, chance: random.Random) -> None:
    """Sessions of any age: from just signed in to idle for as long as a result may live."""
    for sid in range(number):
        life = chance.randint(KNOWN.cache_entry_seconds + 60, KNOWN.session_seconds)
        server.admin.set(f"session::{PREFIX}{sid}", SESSION, ex=life)


def results(server: Server, number: int, chance: random.Random) -> None:
    with server.admin.pipeline(transaction=False) as pipe:
        for key in range(number):
            pipe.set(f"{PREFIX}result-{key}", RESULT, ex=chance.randint(1, KNOWN.cache_entry_seconds))
        pipe.execute()


def left(server: Server, pattern: str) -> int:
    return sum(1 for _ in server.admin.scan_iter(match=pattern, count=1000))


def test_a_flood_of_cached_results_throws_nobody_out(tmp_path: Path) -> None:
    chance = random.Random(1)
    with running(tmp_path, maxmemory=MEMORY, **sent()) as server:
        sessions(server, 500, chance)
        results(server, 20_000, chance)
        assert server.admin.info("stats")["evicted_keys"] > 1000
        assert left(server, "session:*") == 500


def test_cached_results_make_room_down_to_the_last_hundredth_before_a_session_goes(tmp_path: Path) -> None:
    # Sampling is no proof for the last few: one that no sample meets may outlive a session.
    chance = random.Random(2)
    with running(tmp_path, maxmemory=MEMORY, **sent()) as server:
        results(server, 4000, chance)
        for sid in count(1):
            life = chance.randint(KNOWN.anonymous_session_seconds, KNOWN.session_seconds)
            server.admin.set(f"session::{PREFIX}{sid}", SESSION, ex=life)
            if sid % 50 == 0 and left(server, "session:*") < sid:
                break
        assert sid > 1000
        assert left(server, f"{PREFIX}result-*") * len(RESULT) < server.admin.info("memory")["maxmemory"] / 100


def test_the_default_policy_would_have_thrown_users_out(tmp_path: Path) -> None:
    chance = random.Random(1)
    with running(tmp_path, maxmemory=MEMORY, **{"maxmemory-policy": "volatile-lru"}) as server:
        sessions(server, 500, chance)
        results(server, 20_000, chance)
        assert left(server, f"{PREFIX}result-*") > 0
        assert left(server, "session:*") < 500


def test_locks_and_queues_stay_until_writing_is_refused(tmp_path: Path) -> None:
    chance = random.Random(3)
    with running(tmp_path, maxmemory=MEMORY, **sent()) as server:
        server.admin.set(f"{PREFIX}lock", "token")
        results(server, 1000, chance)
        with pytest.raises(OutOfMemoryError):
            for job in range(100_000):
                server.admin.set(f"{PREFIX}job-{job}", SESSION)
        assert server.admin.get(f"{PREFIX}lock") == "token"
        assert left(server, f"{PREFIX}result-*") == 0
