"""Tiny Pulumi projects that run through the real engine."""

import json
import os
import subprocess
import textwrap
from dataclasses import dataclass
from pathlib import Path

import pytest

from sandbox import environment as sandbox_environment

PROGRAM = """
import pulumi, pulumi_aws as aws

provider = aws.Provider(
    "eu", region="eu-central-1", assume_roles=[{"role_arn": "arn:aws:iam::444455556666:role/deploy"}],
    default_tags={"tags": {"owner": "operations"}},
)
opts = pulumi.ResourceOptions(provider=provider)
"""


@dataclass
class Run:
    """What one call of `pulumi` said."""

    code: int
    text: str

    def assert_fine(self) -> "Run":
        assert self.code == 0, self.text
        return self

    def assert_failed(self, *words: str) -> "Run":
        assert self.code != 0, self.text
        for word in words:
            assert word in self.text, f"{word!r} not in:\n{self.text}"
        return self


class Project:
    """One project in a folder of its own; several may share a sandbox."""

    def __init__(self, folder: Path, variables: dict[str, str]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.variables = variables
        (folder / "Pulumi.yaml").write_text(f"name: {folder.name}\nruntime: python\n", encoding="utf-8")

    def program(self, body: str, head: str = PROGRAM) -> "Project":
        (self.folder / "__main__.py").write_text(head + textwrap.dedent(body), encoding="utf-8")
        return self

    def start(self, *arguments: str, **variables: str) -> "subprocess.Popen[str]":
        inherited = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        return subprocess.Popen(
            ["pulumi", *arguments, "--non-interactive", "--color", "never"],
            cwd=self.folder,
            env={**inherited, **self.variables, **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def pulumi(self, *arguments: str, **variables: str) -> Run:
        process = self.start(*arguments, **variables)
        text, _ = process.communicate(timeout=120)
        return Run(process.returncode, text)

    def init(self, stack: str = "dev") -> "Project":
        self.pulumi("stack", "init", stack).assert_fine()
        return self

    def up(self, *arguments: str, **variables: str) -> Run:
        return self.pulumi("up", "--yes", "--skip-preview", *arguments, **variables)

    def preview(self, *arguments: str) -> Run:
        return self.pulumi("preview", *arguments)

    def planned(self) -> dict[str, str]:
        """What a preview would do, by logical name."""
        run = self.pulumi("preview", "--json").assert_fine()
        document = json.loads(run.text[run.text.index("{\n") :])
        return {step["urn"].rsplit("::", 1)[-1]: step["op"] for step in document["steps"]}

    def destroy(self) -> Run:
        return self.pulumi("destroy", "--yes", "--skip-preview")

    def exported(self) -> str:
        return self.pulumi("stack", "export").assert_fine().text

    def resources(self) -> dict[str, dict[str, object]]:
        """Resources of the stack's state by logical name."""
        document = json.loads(self.exported())
        found = document["deployment"].get("resources", [])
        return {r["urn"].rsplit("::", 1)[-1]: r for r in found}

    def outputs(self) -> dict[str, object]:
        found: dict[str, object] = json.loads(self.pulumi("stack", "output", "--json").assert_fine().text)
        return found


@pytest.fixture
def variables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The environment of a sandbox of this test's own."""
    monkeypatch.setenv("ODOO_ESTATE_SANDBOX", str(tmp_path / "sandbox"))
    return sandbox_environment.environment(tmp_path)


@pytest.fixture
def project(tmp_path: Path, variables: dict[str, str]) -> Project:
    """A project with one stack, `dev`."""
    return Project(tmp_path / "tiny", variables).init()


@pytest.fixture
def another(tmp_path: Path, variables: dict[str, str]) -> Project:
    """A second project in the same sandbox."""
    return Project(tmp_path / "other", variables).init()
