"""Failures on order: the k-th create, update or delete of one engine run.

`ODOO_ESTATE_SANDBOX_FAIL_AT=k` refuses it before anything is written, as a throttled or unavailable service does.
`ODOO_ESTATE_SANDBOX_CRASH_AT=k` ends the provider process after the cloud has changed but before the engine has its
answer, as a lost connection or a killed runner does.
`ODOO_ESTATE_SANDBOX_LOST_REGION=eu-central-1` loses a region: no provider gets an answer there, nothing in it can be read, changed or deleted.
"""

from __future__ import annotations

import os
from pathlib import Path

from sandbox.provider.cloud import Cloud
from sandbox.provider.refusal import Refused, aws_error

FAIL_AT = "ODOO_ESTATE_SANDBOX_FAIL_AT"
CRASH_AT = "ODOO_ESTATE_SANDBOX_CRASH_AT"
LOST_REGION = "ODOO_ESTATE_SANDBOX_LOST_REGION"


def _engine_run() -> str:
    """The engine process that started this provider; its start time tells it from an earlier one with the same id."""
    parent = os.getppid()
    try:
        started = Path(f"/proc/{parent}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[19]
    except OSError:
        started = "0"
    return f"{parent}-{started}"


_RUN = _engine_run()


def _wanted(variable: str) -> int | None:
    given = os.environ.get(variable)
    if not given:
        return None
    if not given.isdigit() or int(given) < 1:
        raise Refused(f"{variable}={given!r}: give the number of the operation that is to fail, from 1")
    return int(given)


def refuse_lost(region: str, doing: str) -> None:
    """Raise `Refused` where ``region`` is the lost one, as an endpoint that does not answer."""
    if region and region == os.environ.get(LOST_REGION):
        raise Refused(f"{doing}: dial tcp: lookup {region}: no answer from the region")


class Operation:
    """One change of the cloud, which may have been ordered to fail."""

    def __init__(self, cloud: Cloud, doing: str) -> None:
        fail_at, crash_at = _wanted(FAIL_AT), _wanted(CRASH_AT)
        self._crash = False
        if fail_at is None and crash_at is None:
            return
        with cloud.change():
            number = cloud.count_operation(_RUN)
        if number == fail_at:
            message = "The service is temporarily unavailable. Please try again later."
            raise Refused(aws_error(doing, "Sandbox", "Rehearsal", 503, "ServiceUnavailable", message))
        self._crash = number == crash_at

    def written(self) -> None:
        """The cloud has changed; the answer is not yet on its way."""
        if self._crash:
            os._exit(70)
