"""The exception tree: everything that goes wrong in a way a reader can mend."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

Path = tuple[str | int, ...]
"""Keys and positions that lead to a field inside one document, e.g. ``("workload", "integrations", "edi", "kind")``."""


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with the input, in the words of the file it stands in.

    ``document`` is the input document's name (``estate``, ``catalog``, ``customer:medsupply``) until the loader has located it;
    ``file`` and ``line`` (from 1) are filled in by the loader. ``value`` is what was found, ``allowed`` what would be accepted,
    ``remedy`` what to do.
    """

    message: str
    document: str
    path: Path = ()
    value: object = None
    allowed: tuple[str, ...] = ()
    remedy: str = ""
    file: str = ""
    line: int = 0

    @property
    def field(self) -> str:
        """The path as it is written in messages: ``workload.integrations.edi.kind``."""
        return ".".join(str(part) for part in self.path)

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.file else self.document
        head = f"{place}: {self.field}: {self.message}" if self.path else f"{place}: {self.message}"
        lines = [head]
        if self.allowed:
            lines.append(f"  allowed: {', '.join(self.allowed)}")
        if self.remedy:
            lines.append(f"  do: {self.remedy}")
        return "\n".join(lines)


class EstateError(Exception):
    """Base of all errors that are reported without a traceback; ``exit_code`` is the command's."""

    exit_code: ClassVar[int] = 1


class BadInput(EstateError):
    """The YAML, or an argument, cannot be accepted. Carries every problem found, never only the first."""

    exit_code = 2

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class Refused(EstateError):
    """A decision that the contract, the catalog or arithmetic does not allow; becomes a located `Problem`."""

    exit_code = 2

    def __init__(
        self,
        message: str,
        *,
        document: str,
        field: Path = (),
        value: object = None,
        allowed: Sequence[str] = (),
        remedy: str = "",
    ) -> None:
        self.problem = Problem(message, document, field, value, tuple(allowed), remedy)
        super().__init__(str(self.problem))


class PolicyViolated(EstateError):
    """A mandatory policy rule does not hold."""

    exit_code = 3


class OperationFailed(EstateError):
    """An operation of the engine failed or was interrupted; the message says how to go on."""

    exit_code = 4
