"""What became of one stack's operation."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Verdict = Literal["changed", "unchanged", "failed", "refused", "skipped", "interrupted"]


@dataclass(frozen=True, kw_only=True)
class PolicyFinding:
    """A violation that the engine reported; ``mandatory`` ones stop the update."""

    policy: str
    urn: str
    message: str
    mandatory: bool


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """``operations`` counts what the engine did (``create``, ``update``, ``same`` …); ``refused``: a mandatory policy stopped it."""

    stack: str
    verdict: Verdict
    seconds: float = 0.0
    operations: Mapping[str, int] = field(default_factory=dict)
    findings: tuple[PolicyFinding, ...] = ()
    messages: tuple[str, ...] = ()

    @property
    def resources(self) -> int:
        """Resources that the stack holds after the operation."""
        return sum(
            count
            for operation, count in self.operations.items()
            if not operation.startswith(("delete", "discard", "read"))
        )

    @property
    def failed(self) -> bool:
        return self.verdict in ("failed", "refused", "skipped", "interrupted")
