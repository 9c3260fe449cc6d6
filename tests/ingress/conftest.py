"""One ingress for all tests of this folder."""

from collections.abc import Iterator

import pytest
from tests.ingress.world import World, world


@pytest.fixture(scope="session")
def ingress(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Two pooled neighbours, a pooled tenant of another class, one in a namespace of its own, and one behind a firewall."""
    with world(
        tmp_path_factory.mktemp("ingress"), ("tessera", "vintner", "copperfield", "iberica", "nordfood")
    ) as made:
        yield made
