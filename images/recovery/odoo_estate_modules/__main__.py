"""``python -m odoo_estate_modules before|after``: around one run of Odoo that installs or upgrades modules.

``before`` writes the modules that Odoo is to be asked for into ``ASK``; an empty file says that nothing is left to do. ``after`` holds Odoo's work
against what was wanted. Exit codes: 0 fine, 1 unexpected, 2 bad input, 3 a check failed, 4 a server refused (run it again).
"""

import json
import os
import re
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from odoo_estate_modules import states
from odoo_estate_modules.database import connected, modules
from odoo_estate_recovery.errors import BadInput, CheckFailed, RecoveryError
from odoo_estate_recovery.log import log

KINDS = ("initialise", "upgrade")
BEFORE = "before.json"
LONGEST_WAIT_SECONDS = 3600


@dataclass(frozen=True)
class Work:
    """What the environment tells. ``not_before``: until then pods may still be leaving, with the registry in their memory."""

    kind: str
    database: str
    series: str
    wanted: tuple[str, ...]
    configuration: Path
    ask: Path
    not_before: datetime | None


def main(arguments: Sequence[str], environment: Mapping[str, str], sleep: Callable[[float], None] = time.sleep) -> int:
    """The exit code; what is said on the way is one JSON object a line on standard error."""
    try:
        if list(arguments) not in (["before"], ["after"]):
            raise BadInput(f"the verb is {' '.join(arguments) or 'missing'}; allowed: before, after")
        work = read(environment)
        if arguments[0] == "before":
            before(work, sleep)
        else:
            after(work)
    except RecoveryError as error:
        log("failed", verb=" ".join(arguments), kind=type(error).__name__, reason=str(error))
        return error.exit_code
    return 0


def read(environment: Mapping[str, str]) -> Work:
    """Raises `BadInput` with every variable that is wrong."""
    wanted = tuple(part for part in environment.get("MODULES", "").split(",") if part)
    kind, until = environment.get("KIND", ""), environment.get("NOT_BEFORE", "")
    wrong = [f"{name} is not set" for name in ("DATABASE", "SERIES", "ODOO_RC", "ASK") if not environment.get(name)]
    if kind not in KINDS:
        wrong.append(f'KIND is "{kind}"; allowed: {", ".join(KINDS)}')
    wrong += [
        f'MODULES has "{one}"; allowed: technical names' for one in wanted if not re.fullmatch(r"[a-z0-9_]+", one)
    ]
    if kind == "upgrade" and not wanted:
        wrong.append(f"MODULES is empty; allowed: names with commas between them, or {states.EVERYTHING}")
    if until and not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", until):
        wrong.append(f'NOT_BEFORE is "{until}"; allowed: a moment like 2026-11-24T21:00:00Z, or nothing')
    if wrong:
        raise BadInput("; ".join(wrong))
    return Work(
        kind=kind,
        database=environment["DATABASE"],
        series=environment["SERIES"],
        wanted=wanted,
        configuration=Path(environment["ODOO_RC"]),
        ask=Path(environment["ASK"]),
        not_before=datetime.fromisoformat(until) if until else None,
    )


def before(work: Work, sleep: Callable[[float], None]) -> None:
    """Raises `CheckFailed` where Odoo would not do what is wanted."""
    if work.not_before:
        wait = min((work.not_before - datetime.now(UTC)).total_seconds(), LONGEST_WAIT_SECONDS)
        if wait > 0:
            log("pods_may_still_leave", seconds=round(wait))
            sleep(wait)
    with connected(work.configuration, work.database) as connection:
        found = modules(connection)
    if (was := states.series(found)) not in ("", work.series):
        raise CheckFailed(
            f"the database is of Odoo {was}, the image of {work.series}: that takes a migration; nothing was changed"
        )
    if work.kind == "initialise":
        ask = states.to_install(found, work.wanted)
    else:
        ask = states.to_upgrade(work.wanted)
        if absent := states.missing(found, ask):
            raise CheckFailed(f"not installed, so not upgraded: {', '.join(absent)}; the database is as it was")
    # For `after`: what was installed must still be, whatever Odoo did.
    (work.ask.parent / BEFORE).write_text(json.dumps({name: asdict(one) for name, one in found.items()}))
    work.ask.write_text(",".join(ask))
    log(
        "odoo_asked",
        kind=work.kind,
        modules=ask,
        installed=sum(one.state == states.INSTALLED for one in found.values()),
    )


def after(work: Work) -> None:
    """Raises `CheckFailed` with every module that is not what it should be."""
    document = json.loads((work.ask.parent / BEFORE).read_text())
    former = {name: states.Module(**one) for name, one in document.items()}
    wanted = ("base", *work.wanted) if work.kind == "initialise" else states.to_upgrade(work.wanted)
    with connected(work.configuration, work.database) as connection:
        found = modules(connection)
    if told := states.problems(former, found, wanted):
        raise CheckFailed("; ".join(told))
    log("modules_checked", kind=work.kind, changes=states.changes(former, found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
