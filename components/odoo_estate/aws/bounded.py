"""The permissions boundary of all roles that a stack makes."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_BOUNDARY: ContextVar[str] = ContextVar("boundary", default="")


@contextmanager
def bounded(boundary_arn: str) -> Iterator[None]:
    """Every role made inside has this permissions boundary (empty: none), whichever component makes it: a role that somebody forgot would be one
    without, and the deploy role may not make it."""
    token = _BOUNDARY.set(boundary_arn)
    try:
        yield
    finally:
        _BOUNDARY.reset(token)


def boundary() -> str | None:
    """The boundary of roles made here."""
    return _BOUNDARY.get() or None
