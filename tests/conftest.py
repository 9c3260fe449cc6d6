"""What every test leaves as it found it."""

import gc
from collections.abc import Iterator

import pytest
from hypothesis import settings

# Where others work beside, an example takes as long as it takes.
settings.register_profile("estate", deadline=None)
settings.load_profile("estate")


@pytest.fixture(autouse=True)
def collector() -> Iterator[None]:
    """Commands switch Python's collector off for their short life; here they live on."""
    yield
    gc.enable()
