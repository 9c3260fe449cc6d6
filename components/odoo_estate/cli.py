"""The ``estate`` command: finds the asked-for command, runs it, reports errors in the words of the input, gives the exit code.

Each command is a module of ``odoo_estate.commands`` with ``SUMMARY``, ``add_arguments(parser)`` and ``run(args)``. Only the one that
is asked for is imported, so that commands without resources start without the Pulumi SDK.
"""

import argparse
import gc
import io
import json
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from odoo_estate.errors import BadInput, EstateError, Problem

COMMANDS = {
    "check": "validate the estate, the catalog and every contract, and compute all plans",
    "explain": "show every decision for a customer or a cell, with its reason",
    "new": "write the first file of a new customer",
    "preview": "show what the engine would be asked for, with policies and cost; offline",
    "evidence": "show the evidence of dumps and verified restores against what is promised",
    "render": "write the clusters' objects for Argo CD or Flux",
    "up": "bring stacks up with the engine, in dependency order",
    "refresh": "read the real state of stacks back",
    "destroy": "take stacks down, dependents first",
    "initialise": "install Odoo's modules in new environments; a preview unless --yes",
    "upgrade": "upgrade modules behind the maintenance page, or go back; a preview unless --yes",
    "copy": "bring a neutralised copy of production into another environment; a preview unless --yes",
    "expire": "take environments down whose day has passed; a preview unless --yes",
    "failover": "make the recovery region the active one; a preview unless --yes",
    "failback": "bring a cell home from its recovery region; a preview unless --yes",
    "drill": "rehearse recovery beside what waits and write the evidence; a preview unless --yes",
}

INTERRUPTED = 130
"""What a shell expects of a command that was stopped from the keyboard."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns 0 fine, 2 bad input, 3 policy violation, 4 an operation failed. Anything unexpected raises."""
    if argv is None:
        gc.disable()  # the process is short and what it builds stays until the end
        # Looking for plugins, of which we use none, reads the metadata of every installed distribution (30 of 300 ms, pydantic 2.14).
        os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="backslashreplace")  # names in any script, on any terminal
    arguments = list(sys.argv[1:] if argv is None else argv)
    args = _parser(next((word for word in arguments if word in COMMANDS), "")).parse_args(arguments)
    try:
        code: int = import_module(f"odoo_estate.commands.{args.command}").run(args)
        sys.stdout.flush()
    except EstateError as error:
        return _report(error, args)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # the reader, e.g. `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return code


def _parser(chosen: str) -> argparse.ArgumentParser:
    """The parser with the options of the chosen command only; the others are listed by name."""
    parser = argparse.ArgumentParser(
        "estate", description="What is sold, placed, sized and run: an Odoo estate from its contracts."
    )
    commands = parser.add_subparsers(prog="estate", dest="command", required=True, metavar="COMMAND")
    for name, summary in COMMANDS.items():
        command = commands.add_parser(name, help=summary, description=summary)
        command.add_argument(
            "--estate", default="stacks", metavar="DIR", help="the estate's directory (default: stacks)"
        )
        command.add_argument("--json", action="store_true", help="print JSON")
        if name == chosen:
            import_module(f"odoo_estate.commands.{name}").add_arguments(command)
    return parser


def _report(error: EstateError, args: argparse.Namespace) -> int:
    from odoo_estate.spec.loader import explained

    error = explained(error, Path(args.estate))
    if isinstance(error, BadInput):
        if args.json:
            print(
                json.dumps({"problems": [as_json(problem) for problem in error.problems]}, indent=2, ensure_ascii=False)
            )
        else:
            print(error, file=sys.stderr)
            print(f"\n{_count(len(error.problems))}; nothing was touched", file=sys.stderr)
    elif args.json:
        print(json.dumps({"problems": [{"message": str(error)}]}, indent=2, ensure_ascii=False))
    else:
        print(f"estate: {error}", file=sys.stderr)
    return error.exit_code


def as_json(problem: Problem) -> dict[str, object]:
    """A problem as ``--json`` prints it; ``value`` only where it is a scalar."""
    return {
        "file": problem.file or problem.document,
        "line": problem.line,
        "field": problem.field,
        "message": problem.message,
        "value": problem.value if isinstance(problem.value, str | int | float | bool) else None,
        "allowed": list(problem.allowed),
        "remedy": problem.remedy,
    }


def _count(problems: int) -> str:
    return "1 problem" if problems == 1 else f"{problems} problems"
