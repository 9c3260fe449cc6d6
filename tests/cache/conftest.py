"""A private Redis server for the tests that need a real one."""

from collections.abc import Iterator

import pytest
from tests.cache.redis_server import Server, running


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("redis")) as server:
        yield server
