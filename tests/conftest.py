"""What every test leaves as it found it."""

import gc
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def collector() -> Iterator[None]:
    """Commands switch Python's collector off for their short life; here they live on."""
    yield
    gc.enable()
