"""`estate drill CELL`: rehearses recovery beside what waits, measures it, writes the evidence, removes it; shows the steps unless told `--yes`."""

from argparse import ArgumentParser, Namespace

from odoo_estate.commands import _procedure

SUMMARY = "rehearse recovery beside what waits and write the evidence; a preview unless --yes"


def add_arguments(parser: ArgumentParser) -> None:
    """Options of `estate drill`."""
    _procedure.add_common_arguments(parser)
    parser.add_argument(
        "--abandon",
        action="store_true",
        help="give up a drill that is under way: remove its copies, record it as failed",
    )


def run(args: Namespace) -> int:
    """Exit code 0 for the preview and for a procedure that is finished, 4 where it waits or failed, 2 for what may not begin."""
    return _procedure.abandon(args) if args.abandon else _procedure.run(args, "drill")
