"""`estate failback CELL`: brings a cell home from its recovery region, step by step; shows the steps unless told `--yes`."""

from argparse import ArgumentParser, Namespace

from odoo_estate.commands import _procedure

SUMMARY = "bring a cell home from its recovery region; a preview unless --yes"


def add_arguments(parser: ArgumentParser) -> None:
    """Options of `estate failback`."""
    _procedure.add_common_arguments(parser)


def run(args: Namespace) -> int:
    """Exit code 0 for the preview and for a procedure that is finished, 4 where it waits or failed, 2 for what may not begin."""
    return _procedure.run(args, "failback")
