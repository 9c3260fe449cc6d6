"""`estate expire`: takes environments down whose day has passed, with their data. Made to be run every night."""

import json
import time
from argparse import ArgumentParser, Namespace
from datetime import UTC, datetime
from pathlib import Path

from odoo_estate.commands import _operate
from odoo_estate.decide.compiler import context_of
from odoo_estate.decide.expiry import due
from odoo_estate.decide.naming import tenant_stack
from odoo_estate.program import EXPIRE
from odoo_estate.spec.loader import load

SUMMARY = "take environments down whose day has passed; a preview unless --yes"


def add_arguments(parser: ArgumentParser) -> None:
    """Options of `estate expire`."""
    parser.add_argument("--yes", action="store_true", help="really do it, with their data")
    parser.add_argument("--parallel", type=int, default=2, metavar="N", help="stacks side by side (default: 2)")


def run(args: Namespace) -> int:
    """Exit code 0 where nothing is left of them or nothing was due, 4 where something stays; repeating it goes on. The contract's entry is removed by
    whoever owns the contract: until then `estate check` says that its day has passed."""
    today = datetime.now(UTC).date()
    documents = load(Path(args.estate))  # without the day: with it, an expired sandbox is an error
    tenants = due(context_of(documents, today))
    stacks = [tenant_stack(*tenant) for tenant in tenants]
    if not args.yes or not stacks:
        told = {
            stack: documents.customers[one.customer].environments[one.environment].expires
            for stack, one in zip(stacks, tenants, strict=True)
        }
        if args.json:
            print(json.dumps({"due": told}))
        else:
            print("\n".join(f"{stack}: expired on {day}" for stack, day in told.items()) or "nothing has expired")
            print("nothing was touched; add --yes\n" if told else "", end="")
        return 0
    started = time.monotonic()
    names = Namespace(estate=args.estate, stacks=stacks, all=False, parallel=args.parallel, json=args.json)
    command = _operate.Run(names, environment={EXPIRE: "yes"}, expired=True)
    known = command.engine.known()
    command.stacks = tuple(stack for stack in command.stacks if stack in known)
    emptied = command.operate("up")
    gone = {outcome.stack for outcome in emptied if not outcome.failed}
    failed = [outcome for outcome in emptied if outcome.failed]
    command.stacks = tuple(stack for stack in command.stacks if stack in gone)
    outcomes = [*failed, *command.operate("destroy")]
    for tenant in tenants:
        if tenant_stack(*tenant) in {outcome.stack for outcome in outcomes if not outcome.failed}:
            (Path(args.estate) / "jobs" / f"{'.'.join(tenant)}.yaml").unlink(missing_ok=True)
    return command.close("destroy", outcomes, started)
