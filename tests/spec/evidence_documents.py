"""Evidence as the recovery program writes it."""

import hashlib
import json
from typing import Any


def document(**changes: Any) -> dict[str, Any]:
    """Schema 1, without its checksum."""
    return {
        "schema": 1,
        "tenant": "balticpaper.production",
        "dump": "20261121T030000Z",
        "dump_taken_at": "2026-11-21T03:00:00.123456+00:00",
        "verified_at": "2026-11-21T04:00:00+00:00",
        "result": "passed",
        "checks": [{"name": "counts", "passed": True, "expected": {"res_partner": 12}, "found": {"res_partner": 12}}],
        "database_bytes": 30 * 2**30,
        "dump_bytes": 8 * 2**30,
        "restore_seconds": 600.0,
        "verify_seconds": 700.5,
        "server_version": 160015,
        **changes,
    }


def sealed(**changes: Any) -> bytes:
    """Canonical JSON that carries its checksum."""
    found = document(**changes)
    return canonical({**found, "sha256": hashlib.sha256(canonical(found)).hexdigest()})


def canonical(found: dict[str, Any]) -> bytes:
    return json.dumps(found, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
