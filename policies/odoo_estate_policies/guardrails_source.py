"""Where the engine's pack gets a stack's plan from: the estate's own documents, compiled once per process."""

import os
from collections.abc import Callable
from functools import cache
from pathlib import Path

from odoo_estate.errors import BadInput, Problem
from odoo_estate.plan import AnyPlan

DIRECTORY = "ODOO_ESTATE_DIR"
"""Environment variable that names the folder of ``estate.yaml``."""

PlanOf = Callable[[str], AnyPlan]
"""The plan of a stack by its name; raises an `EstateError` where there is none."""


def plans(pack: Path) -> PlanOf:
    """The plans of the estate that belongs to a pack's folder; nothing is read before the first stack is asked for."""

    @cache
    def plan_of(stack: str) -> AnyPlan:
        from odoo_estate.decide import compile_stack
        from odoo_estate.spec.loader import load

        return compile_stack(load(estate_directory(pack)), stack)

    return plan_of


def estate_directory(pack: Path) -> Path:
    """The folder of ``estate.yaml``.

    In this order: what ``ODOO_ESTATE_DIR`` says; ``stacks`` beside the pack's folder, or that folder's parent itself; the same two of the
    project whose ``Pulumi.yaml`` lies in or above the working directory.

    Raises:
        BadInput: none of them has one.
    """
    named = os.environ.get(DIRECTORY)
    here = Path.cwd()
    project = next((one for one in (here, *here.parents) if (one / "Pulumi.yaml").is_file()), here)
    homes = (
        [Path(named)]
        if named
        else [one for home in (pack.resolve().parent, project) for one in (home / "stacks", home)]
    )
    for home in homes:
        if (home / "estate.yaml").is_file():
            return home
    raise BadInput(
        [
            Problem(
                "the policy pack finds no estate.yaml",
                document="estate",
                value=named,
                allowed=tuple(str(home / "estate.yaml") for home in homes),
                remedy=f"set {DIRECTORY} to the folder that holds estate.yaml",
            )
        ]
    )
