"""``python -m odoo_estate_recovery VERB``. Exit codes: 0 fine, 1 unexpected, 2 bad input, 3 a check failed, 4 an operation failed."""

import argparse
import json
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from types import FrameType
from typing import NoReturn

from odoo_estate_recovery.catalogue import LATEST, Entry, entries
from odoo_estate_recovery.errors import BadInput, OperationFailed, RecoveryError, Terminated
from odoo_estate_recovery.log import log
from odoo_estate_recovery.settings import Settings, read_copy_settings, read_settings


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code; everything that is said on the way is one JSON object a line on standard error."""
    options = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, _terminate)
    try:
        run(options, read_settings(os.environ))
    except RecoveryError as error:
        log("failed", verb=options.verb, kind=type(error).__name__, reason=str(error))
        return error.exit_code
    except Terminated:
        log("terminated", verb=options.verb)
        return OperationFailed.exit_code
    except Exception as error:  # the message may hold data; type and place do not
        place = error.__traceback__
        while place is not None and place.tb_next is not None:
            place = place.tb_next
        where = f"{place.tb_frame.f_code.co_filename}:{place.tb_lineno}" if place else ""
        log("failed", verb=options.verb, kind=type(error).__name__, reason="unexpected", where=where)
        return 1
    return 0


def run(options: argparse.Namespace, settings: Settings) -> None:
    """One verb. The modules of AWS and PostgreSQL are imported once the input is known to be right."""
    if options.verb == "dump":
        from odoo_estate_recovery.dump import dump

        dump(settings)
    elif options.verb == "verify":
        from odoo_estate_recovery.verify import verify

        verify(settings)
    elif options.verb == "restore":
        _restore(options, settings)
    elif options.verb == "copy":
        from odoo_estate_recovery.copying import STEPS

        STEPS[options.step](settings, read_copy_settings(os.environ, settings), options.dump)
    else:
        from odoo_estate_recovery.backups import Backups

        found = entries(Backups(settings), datetime.now(UTC))
        print(json.dumps([asdict(entry) for entry in found], indent=1) if options.json else table(found))


def table(found: Sequence[Entry]) -> str:
    """Dumps as text, newest first."""
    lines = [f"{'dump':<18}{'age':>12}{'size':>12}  state"]
    for entry in found:
        age = "" if entry.age_minutes is None else f"{entry.age_minutes:.0f} min"
        size = "" if entry.bytes is None else f"{entry.bytes / 1e6:.1f} MB"
        lines.append(f"{entry.dump:<18}{age:>12}{size:>12}  {entry.state}")
    return "\n".join(lines)


def _restore(options: argparse.Namespace, settings: Settings) -> None:
    from odoo_estate_recovery.restore import Wanted, restore

    if options.replace and options.confirm != settings.database:
        raise BadInput(
            f'--confirm is "{options.confirm or ""}"; allowed: "{settings.database}", the database to replace'
        )
    at = _instant(options.at) if options.at else None
    restore(settings, Wanted(options.into, options.dump, at, options.again, frozenset(options.accept)))


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadInput(f'--at is "{text}"; allowed: a time like 2026-11-24T21:00:00Z') from error
    if instant.tzinfo is None:
        raise BadInput(f'--at is "{text}", which has no time zone; allowed: a time like 2026-11-24T21:00:00Z')
    return instant


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="odoo_estate_recovery", allow_abbrev=False)
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("dump", help="take a dump")
    verbs.add_parser("verify", help="restore the newest dump into a scratch database, check it, leave evidence")
    restore = verbs.add_parser("restore", help="restore for real", allow_abbrev=False)
    target = restore.add_mutually_exclusive_group(required=True)
    target.add_argument("--into", metavar="NAME", help="a new database, which only the admin user can enter")
    target.add_argument("--replace", action="store_true", help="the tenant's database; the old one is kept beside it")
    restore.add_argument("--confirm", metavar="DATABASE", help="the database's name, typed, for --replace")
    dump = restore.add_mutually_exclusive_group()
    dump.add_argument("--dump", default=LATEST, metavar="ID", help="latest (the default) or an id that list shows")
    dump.add_argument("--at", metavar="TIME", help="the newest dump taken at or before this time")
    restore.add_argument("--again", action="store_true", help="even where the database was restored from that dump")
    restore.add_argument(
        "--accept",
        action="append",
        default=[],
        metavar="CHECK",
        help="restore although this check fails (attachments, say)",
    )
    copy = verbs.add_parser("copy", help="the tenant's database into another environment of the same customer")
    copy.add_argument(
        "step",
        choices=("restore", "finish", "drop"),
        help="beside that environment's database; in its place, once it is neutralised and passed the checks; not at all",
    )
    copy.add_argument("--dump", default=LATEST, metavar="ID", help="latest (the default) or an id that list shows")
    verbs.add_parser("list", help="all dumps").add_argument("--json", action="store_true")
    return parser


def _terminate(signum: int, frame: FrameType | None) -> NoReturn:
    del signum, frame
    raise Terminated("told to stop")


if __name__ == "__main__":
    sys.exit(main())
