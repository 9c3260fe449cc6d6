"""The Pulumi project that an estate's stacks belong to."""

from dataclasses import dataclass
from pathlib import Path

import yaml

from odoo_estate.errors import BadInput, Problem


@dataclass(frozen=True)
class Project:
    """``directory`` holds ``Pulumi.yaml``; ``name`` is the project's; ``settings`` is the folder of its stacks' settings."""

    directory: Path
    name: str
    settings: Path


def find_project(estate: Path) -> Project:
    """The project of the nearest ``Pulumi.yaml`` at or above the estate's directory."""
    start = estate.resolve()
    for directory in (start, *start.parents):
        file = directory / "Pulumi.yaml"
        if file.is_file():
            settings = _read(file)
            if isinstance(settings, dict) and isinstance(settings.get("name"), str):
                return Project(directory, settings["name"], directory / str(settings.get("stackConfigDir", "")))
            raise BadInput([Problem("a Pulumi project needs a name", "Pulumi.yaml", ("name",), file=str(file), line=1)])
    raise BadInput(
        [
            Problem(
                "no Pulumi.yaml at or above the estate's directory",
                str(estate),
                remedy="run from the project, or name the estate's directory with --estate",
            )
        ]
    )


def _read(file: Path) -> object:
    try:
        return yaml.load(file.read_bytes(), Loader=yaml.CSafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        message = f"not valid YAML: {getattr(error, 'problem', None) or error}"
        raise BadInput([Problem(message, "Pulumi.yaml", file=str(file), line=line, remedy="mend the file")]) from error
