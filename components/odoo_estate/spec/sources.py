"""Where every document came from, and which line of it a field stands in."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from odoo_estate.errors import Path, Problem
from odoo_estate.spec.quoting import printable
from odoo_estate.spec.yaml_source import parse


@dataclass(frozen=True)
class Source:
    """One file: its name as the reader gave it, and what was read."""

    file: str
    content: bytes


@dataclass(frozen=True)
class Sources:
    """The files by document name: ``estate``, ``catalog``, ``customer:NAME`` and, below an override, ``catalog:default``."""

    by_document: Mapping[str, Source]
    _lines: dict[str, dict[Path, int]] = field(default_factory=dict, repr=False, compare=False)

    def locate(self, problem: Problem) -> Problem:
        """``problem`` with file and line, the line of the field's key or of its nearest parent that is there; unprintable characters
        in the names that it carries are escaped. A problem that already has a file is returned as it is."""
        if problem.file:
            return problem
        candidates = [name for name in (problem.document, f"{problem.document}:default") if name in self.by_document]
        if not candidates:
            return replace(problem, path=_printable(problem.path))
        # An override and the document below it: the one that says more about the field, the override where both do.
        nearest = [(self._nearest(name, problem.path), name) for name in candidates]
        (_, line), document = max(nearest, key=lambda found: found[0][0])
        return replace(
            problem,
            path=_printable(problem.path),
            file=printable(self.by_document[document].file, 200),
            line=problem.line or line,
        )

    def _nearest(self, document: str, path: Path) -> tuple[int, int]:
        """How many steps of ``path`` the document knows, and the line of the last of them."""
        lines = self._lines.get(document)
        if lines is None:
            lines = self._lines[document] = parse(self.by_document[document].content, document, lines=True).lines
        for length in range(len(path), 0, -1):
            if path[:length] in lines:
                return length, lines[path[:length]]
        return 0, 1


def _printable(path: Path) -> Path:
    return tuple(part if isinstance(part, int) else printable(part) for part in path)
