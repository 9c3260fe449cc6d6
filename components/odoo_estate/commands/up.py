"""`estate up`: brings stacks up with the real engine, in dependency order, with policies enforced."""

import time
from argparse import ArgumentParser, Namespace
from pathlib import Path

from odoo_estate.commands import _operate
from odoo_estate.errors import BadInput, Problem

SUMMARY = "bring stacks up with the engine, in dependency order"


def add_arguments(parser: ArgumentParser) -> None:
    """Options of `estate up`."""
    _operate.add_common_arguments(parser)
    parser.add_argument(
        "--policy-pack", action="append", default=[], type=Path, metavar="DIR", help="policies enforced by the engine"
    )


def run(args: Namespace) -> int:
    """Brings the stacks up; a second run without changes changes nothing. Changes that need approval are refused before any stack."""
    started = time.monotonic()
    problems = [
        Problem(
            f"{pack} is no policy pack: it has no PulumiPolicy.yaml", "--policy-pack", remedy="name the pack's folder"
        )
        for pack in args.policy_pack
        if not (pack / "PulumiPolicy.yaml").is_file()
    ]
    if problems:
        raise BadInput(problems)
    command = _operate.Run(args, policy_packs=args.policy_pack)
    command.refuse_unapproved()
    return command.close("up", command.operate("up"), started)
