"""How much memory each tenant's keys take in a cache that many share: an estimate from a sample, with its error.

``SCAN`` walks the table in the order of its keys' hashes, which are seeded at random when the server starts, so what it shows first is a random
sample of all keys, whoever owns them. ``MEMORY USAGE`` of the sample, scaled to all keys, is the estimate; a walk to the end has no sampling error
(of large lists and hashes the server itself weighs a few members only). What the server itself takes (buffers, tables, fragments) is nobody's. Key
names hold session ids: they are attributed and forgotten, never kept, logged or sent.
"""

import re
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import sqrt
from typing import Any

MIB = 1 << 20
BATCH = 500
"""Keys for each ``SCAN`` and pipeline: about a millisecond of the server's one thread, then others have their turn."""
CONFIDENCE = 1.96
"""Standard errors on either side within which 95 of 100 samples have the truth. Few and very large keys are met by chance: an estimate says most
about tenants with hundreds of keys in the sample."""
OWNER = re.compile(rb"(?:session::?)?([a-z0-9][a-z0-9.-]*):")
"""Keys as the users' access strings allow them: below the tenant's prefix, or the session store's before it."""


@dataclass
class Tally:
    """The keys of one owner in the sample."""

    keys: int = 0
    bytes: int = 0
    squares: float = 0

    def add(self, size: int) -> None:
        self.keys += 1
        self.bytes += size
        self.squares += float(size) ** 2


@dataclass(frozen=True)
class Share:
    """Estimated memory of one owner's keys; the truth lies within ``error_mib`` on either side, 95 times of 100."""

    mib: float
    error_mib: float


NOTHING = Share(0.0, 0.0)


@dataclass
class Sample:
    """What a walk saw: ``total`` keys in the cache, ``complete`` where it saw all of them."""

    total: int = 0
    keys: int = 0
    complete: bool = False
    owners: dict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))

    def shares(self) -> Mapping[str, Share]:
        """Owner to its share; "" owns what nobody's prefix fits."""
        return {owner: self._share(tally) for owner, tally in self.owners.items()}

    def _share(self, tally: Tally) -> Share:
        if self.complete or self.keys >= self.total:
            return Share(tally.bytes / MIB, 0.0)
        # A key that belongs to another counts as one of size 0; the finite population leaves the less room the more was seen.
        mean = tally.bytes / self.keys
        variance = max(tally.squares / self.keys - mean**2, 0.0)
        error = CONFIDENCE * self.total * sqrt(variance / self.keys * (1 - self.keys / self.total))
        return Share(mean * self.total / MIB, error / MIB)


def sample(cache: Any, *, keys: int, seconds: float) -> Sample:
    """Walks until ``keys`` were looked at, or ``seconds`` have passed, or there are no more.

    Args:
        cache: a client of the redis library that returns bytes.
    """
    until = time.monotonic() + seconds
    found = Sample()
    cursor = 0
    while True:
        cursor, names = cache.scan(cursor=cursor, count=BATCH)
        with cache.pipeline(transaction=False) as pipe:
            for name in names:
                pipe.memory_usage(name)
            sizes = pipe.execute()
        for name, size in zip(names, sizes, strict=True):
            if size is not None:  # else it expired in between
                owner = OWNER.match(name)
                found.owners[owner[1].decode() if owner else ""].add(size)
                found.keys += 1
        if cursor == 0 or found.keys >= keys or time.monotonic() >= until:
            break
    found.complete = cursor == 0
    found.total = cache.dbsize()
    return found
