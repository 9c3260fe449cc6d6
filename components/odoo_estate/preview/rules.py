"""The rules that a project's stacks are judged by: the shipped ones and those of the project's own."""

from pathlib import Path

from odoo_estate.errors import BadInput, Problem
from odoo_estate_policies.registry import DuplicateRule, Registry, rules_in, shipped

FOLDER = Path("policies") / "rules"
"""Beside ``Pulumi.yaml``; a project's own policy pack takes its rules from the same folder."""


def rules_of_project(directory: Path) -> Registry:
    """The shipped rules, with those in the project's ``policies/rules``, so that a preview says what the engine's pack will.

    Raises:
        BadInput: a file there cannot be loaded, or claims an id that is taken.
    """
    folder = directory / FOLDER
    try:
        return shipped().with_rules(rules_in(folder))
    except DuplicateRule as error:
        raise BadInput([_problem(folder, str(error), "give the rule an id of its own")]) from error
    except Exception as error:  # whatever a project's file does while it is loaded
        file, line = _place(error, folder)
        message = f"the rule cannot be loaded: {type(error).__name__}: {error}"
        raise BadInput([_problem(file, message, "mend the file or remove it", line)]) from error


def _place(error: Exception, folder: Path) -> tuple[Path, int]:
    """The line of the folder's own files that the error is about, or passed through last."""
    if isinstance(error, SyntaxError) and error.filename and error.lineno:
        return Path(error.filename), error.lineno
    found, trace = (folder, 1), error.__traceback__
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if Path(file).parent == folder:
            found = (Path(file), trace.tb_lineno)
        trace = trace.tb_next
    return found


def _problem(file: Path, message: str, remedy: str, line: int = 1) -> Problem:
    return Problem(message, "policies", file=str(file), line=line, remedy=remedy)
