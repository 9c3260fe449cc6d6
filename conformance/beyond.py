"""What the simulator cannot do: the table, and whether it still says the truth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

TABLE = Path(__file__).with_name("beyond_the_simulator.yaml")


@dataclass(frozen=True)
class Beyond:
    """Types whose calls the simulator cannot answer, each with the reason."""

    types: Mapping[str, str]


def read(table: Path = TABLE) -> Beyond:
    """The table as it is written."""
    return Beyond(dict(yaml.safe_load(table.read_text(encoding="utf-8")) or {}))
