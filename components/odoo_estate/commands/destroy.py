"""`estate destroy`: takes stacks down, dependents first. What is protected stays, unless protection is lifted first."""

import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Collection, Mapping

from odoo_estate.commands import _operate
from odoo_estate.errors import BadInput, Problem
from odoo_estate.fleet.protection import protected
from odoo_estate.fleet.schedule import closure

SUMMARY = "take stacks down, dependents first"


def add_arguments(parser: ArgumentParser) -> None:
    """Options of `estate destroy`."""
    _operate.add_common_arguments(parser)
    parser.add_argument("--yes", action="store_true", help="really do it")
    parser.add_argument(
        "--lift-protection",
        action="store_true",
        help="first update what is protected or kept, so that everything can go, data too",
    )


def run(args: Namespace) -> int:
    """Destroys the stacks and forgets them; refused whole, before anything is touched, where something is protected.

    The engine itself would delete everything up to the first protected resource. Repeating an interrupted run goes on where it stopped.
    """
    if not args.yes:
        raise BadInput([Problem("destroying needs --yes", "arguments", remedy="read `estate preview`, then add --yes")])
    started = time.monotonic()
    lifting = {"ODOO_ESTATE_LIFT_PROTECTION": "yes"} if args.lift_protection else {}
    command = _operate.Run(args, environment=lifting)
    known = command.engine.known()
    command.stacks = tuple(name for name in command.stacks if name in known)
    refuse_orphans(command.stacks, known, {name: plan.depends_on for name, plan in command.plan.stacks.items()})
    if args.lift_protection:
        print("lifting protection …", file=sys.stderr)
        lifted = command.operate("lift")
        if any(outcome.failed for outcome in lifted):
            return command.close("destroy", lifted, started)
        print("destroying …", file=sys.stderr)
    else:
        _refuse_protected(command)
    return command.close("destroy", command.operate("destroy", reverse=True), started)


def refuse_orphans(
    chosen: Collection[str], standing: Collection[str], depends_on: Mapping[str, Collection[str]]
) -> None:
    """Refuses to take down what stacks that were not chosen still stand on: they could be neither updated nor destroyed afterwards."""
    problems = []
    for stack in chosen:
        left = sorted(
            name
            for name in standing
            if name not in chosen and stack in closure([name, stack], depends_on).get(name, ())
        )
        if left:
            problems.append(
                Problem(f"{', '.join(left)} still stand on it", stack, remedy="destroy them first, or name them too")
            )
    if problems:
        raise BadInput(problems)


def _refuse_protected(command: _operate.Run) -> None:
    held = {stack: protected(command.engine.state(stack)) for stack in command.stacks}
    problems = [
        Problem(
            f"{len(urns)} protected: {', '.join(_short(urn) for urn in urns)}",
            stack,
            remedy="name the stacks that may go, or destroy data too with --lift-protection",
        )
        for stack, urns in held.items()
        if urns
    ]
    if problems:
        raise BadInput(problems)


def _short(urn: str) -> str:
    """Type and name of a resource: ``Instance database-main``."""
    kind, name = urn.split("::", 3)[2:]
    return f"{kind.rsplit(':', 1)[-1]} {name}"
