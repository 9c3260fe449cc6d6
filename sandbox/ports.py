"""Ports of this machine for servers that tests start, each for one taker at a time."""

import fcntl
import os
import random
import socket
import tempfile
from itertools import islice
from pathlib import Path
from typing import IO

_RANGE = range(12_000, 32_000)
"""Below the ports that Linux and macOS give to outgoing connections (32768, 49152): one of those would be lost to the next connection of
anybody between the moment it is found free and the moment its server listens."""

_held: list[IO[bytes]] = []
"""Locks, kept until this process ends."""


def take_ports(count: int) -> list[int]:
    """Ports that nobody listens on, and that no other process is given as long as this one lives."""
    folder = Path(tempfile.gettempdir()) / f"odoo-estate-ports-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    free = (port for port in random.sample(_RANGE, len(_RANGE)) if _lock(folder / str(port)) and _nobody_listens(port))
    taken = list(islice(free, count))
    if len(taken) < count:
        raise RuntimeError(f"no {count} free ports between {_RANGE.start} and {_RANGE.stop - 1}")
    return taken


def _lock(path: Path) -> bool:
    lock = path.open("wb")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        return False
    _held.append(lock)
    return True


def _nobody_listens(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("0.0.0.0", port))  # on every interface, and closed again at once
        except OSError:
            return False
    return True


def take_port() -> int:
    """One of them."""
    return take_ports(1)[0]
