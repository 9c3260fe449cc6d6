"""Checks of a restore, and the evidence made of them."""

import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from odoo_estate_recovery.backups import EVIDENCE, Backups, Exists
from odoo_estate_recovery.canonical import sealed
from odoo_estate_recovery.errors import CheckFailed
from odoo_estate_recovery.manifest import dump_id

SCHEMA = 1


@dataclass(frozen=True)
class Check:
    """``expected`` and ``found`` are plain values without data of customers."""

    name: str
    passed: bool
    expected: Any
    found: Any


class Checks:
    """What was checked so far, in that order."""

    def __init__(self) -> None:
        self.done: list[Check] = []

    @property
    def failed(self) -> list[Check]:
        """Those that did not hold."""
        return [check for check in self.done if not check.passed]

    def note(self, name: str, expected: Any, found: Any, *, passed: bool | None = None) -> bool:
        """Without ``passed``, both must be equal."""
        check = Check(name, expected == found if passed is None else passed, expected, found)
        self.done.append(check)
        return check.passed

    def require(self, name: str, expected: Any, found: Any, *, passed: bool | None = None) -> None:
        """A check without which the next ones make no sense; raises `CheckFailed`."""
        if not self.note(name, expected, found, passed=passed):
            raise CheckFailed(told(self.done[-1]))


def told(check: Check) -> str:
    """One failed check in words."""
    return f"{check.name}: expected {check.expected}, found {check.found}"


@dataclass(frozen=True)
class Evidence:
    """One verification. Empty strings and zeros stand for what it did not come to."""

    tenant: str
    dump: str
    dump_taken_at: str
    verified_at: str
    result: str
    checks: list[Check]
    database_bytes: int
    dump_bytes: int
    restore_seconds: float
    verify_seconds: float
    server_version: int

    def text(self) -> bytes:
        """Canonical JSON that carries its checksum."""
        return sealed({"schema": SCHEMA, **asdict(self)})


def store(backups: Backups, evidence: Evidence, retain_until: datetime | None) -> None:
    """Under the next second that is free: another verification may have ended in this one."""
    while True:
        try:
            backups.write(f"{EVIDENCE}{dump_id(datetime.now(UTC))}.json", evidence.text(), retain_until)
            return
        except Exists:
            time.sleep(0.5)
