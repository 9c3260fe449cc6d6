"""One JSON object a line on standard error: standard output belongs to what a verb was asked for."""

import json
import sys
from datetime import UTC, datetime
from typing import Any


def log(event: str, **fields: Any) -> None:
    """``event`` in the past tense (``dump_finished``), ``fields`` without data of customers."""
    line = {"time": datetime.now(UTC).isoformat(timespec="milliseconds"), "event": event, **fields}
    print(json.dumps(line, ensure_ascii=False, default=str), file=sys.stderr, flush=True)
