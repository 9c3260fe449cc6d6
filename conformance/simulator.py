"""Moto as a proxy: programs and providers reach it at AWS's own addresses, so that nothing in them is changed."""

from __future__ import annotations

import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import moto.moto_proxy
from sandbox.ports import take_port

_PATIENCE_SECONDS = 60.0


@contextmanager
def simulator(log: Path) -> Iterator[dict[str, str]]:
    """An AWS of its own, with no resources in it; yields the variables that lead there."""
    port = take_port()
    address = f"http://127.0.0.1:{port}"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [str(Path(sys.executable).with_name("moto_proxy")), "--port", str(port)],
            stdout=out,
            stderr=subprocess.STDOUT,
            # The policies that AWS itself keeps, which roles of clusters and nodes attach.
            env={"PATH": "/usr/bin:/bin", "MOTO_IAM_LOAD_MANAGED_POLICIES": "true"},
        )
    try:
        _wait(process, address, log)
        yield {
            "HTTPS_PROXY": address,
            "HTTP_PROXY": address,
            "NO_PROXY": "localhost,127.0.0.1",
            "AWS_CA_BUNDLE": str(Path(moto.moto_proxy.__path__[0]) / "ca.crt"),
            "AWS_ACCESS_KEY_ID": "simulated",
            "AWS_SECRET_ACCESS_KEY": "simulated",
            "AWS_EC2_METADATA_DISABLED": "true",
        }
    finally:
        process.terminate()
        process.wait(timeout=30)


def _wait(process: subprocess.Popen[bytes], address: str, log: Path) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(f"{address}/moto-api/", timeout=5).close()
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise RuntimeError(f"the simulator does not answer at {address}: {log.read_text(errors='replace')[-2000:]}")
