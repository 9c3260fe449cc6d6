"""A copy of the root estate, and the ways in which it is spoiled."""

import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROJECT = "name: odoo-estate\nruntime: python\nmain: stacks\nstackConfigDir: stacks\n"
"""The root's project without its virtual environment: the tests' own Python runs the programs."""


@dataclass(frozen=True)
class Estate:
    """The estate's files; ``project`` is the folder that Pulumi works in."""

    project: Path

    @property
    def directory(self) -> Path:
        return self.project / "stacks"

    def replace(self, file: str, old: str, new: str) -> None:
        path = self.directory / file
        text = path.read_text(encoding="utf-8")
        assert old in text, f"{old!r} is not in {file}"
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    def append(self, file: str, text: str) -> None:
        with (self.directory / file).open("a", encoding="utf-8") as stream:
            stream.write(text)

    def write(self, file: str, content: str | bytes) -> None:
        path = self.directory / file
        path.write_bytes(content.encode() if isinstance(content, str) else content)

    def copy(self, customer: str, other: str) -> None:
        shutil.copy(self.directory / f"customers/{customer}.yaml", self.directory / f"customers/{other}.yaml")

    def catalog(self, text: str) -> None:
        """A catalog of the estate's own over the shipped one."""
        self.replace("estate.yaml", "estate: harbour\n", "estate: harbour\ncatalog: catalog.yaml\n")
        self.write("catalog.yaml", text)


def copied(project: Path) -> Estate:
    """A copy of the root estate without the settings of its stacks."""
    project.mkdir(parents=True, exist_ok=True)
    shutil.copytree(ROOT / "stacks", project / "stacks", ignore=shutil.ignore_patterns("Pulumi.*.yaml", "__pycache__"))
    (project / "Pulumi.yaml").write_text(PROJECT, encoding="utf-8")
    return Estate(project)


@dataclass(frozen=True)
class Fault:
    """One way to spoil the estate, and what the error must say.

    ``place`` is a regular expression of ``file:line: field``; ``says`` are parts of the message; ``allowed`` whether there is a list of
    what would be accepted.
    """

    number: int
    name: str
    spoil: Callable[[Estate], None]
    place: str
    says: tuple[str, ...]
    allowed: bool = True
    remedy: bool = True

    def __str__(self) -> str:
        return f"{self.number:02}-{self.name}"

    def assert_said(self, text: str) -> None:
        heads = list(re.finditer(rf"^{self.place}: (?P<message>.*)$", text, re.MULTILINE))
        head = next((one for one in heads if all(part in one["message"] for part in self.says)), None)
        assert head, f"nothing at {self.place} says {self.says} in:\n{text}"
        following = text[head.end() :].lstrip("\n").splitlines()
        details = [line for line in following if line.startswith("  ")][:2]
        assert any(line.startswith("  allowed: ") for line in details) or not self.allowed, text
        assert any(line.startswith("  do: ") for line in details) or not self.remedy, text
