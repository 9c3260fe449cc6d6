"""`estate drill CELL`: rehearses recovery beside what waits, measures it, writes the evidence, removes it; shows the steps unless told `--yes`."""

from argparse import ArgumentParser, Namespace

from odoo_estate.commands import _procedure

SUMMARY = "rehearse recovery beside what waits and write the evidence; a preview unless --yes"


def add_arguments(parser: ArgumentParser) -> None:
    """Options of `estate drill`."""
    _procedure.add_common_arguments(parser)


def run(args: Namespace) -> int:
    """Exit code 0 for the preview and for a procedure that is finished, 4 where it waits or failed, 2 for what may not begin."""
    return _procedure.run(args, "drill")
