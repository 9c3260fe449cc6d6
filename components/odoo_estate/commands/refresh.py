"""`estate refresh`: reads back what is really there, stack by stack."""

import time
from argparse import ArgumentParser, Namespace

from odoo_estate.commands import _operate

SUMMARY = "read back what is really there"


def add_arguments(parser: ArgumentParser) -> None:
    """Options of `estate refresh`."""
    _operate.add_common_arguments(parser)


def run(args: Namespace) -> int:
    """Refreshes the stacks' state from the cloud."""
    started = time.monotonic()
    command = _operate.Run(args)
    return command.close("refresh", command.operate("refresh"), started)
