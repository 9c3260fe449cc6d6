"""`estate copy SOURCE TARGET`: brings a neutralised copy of production into another environment of the same customer, checked before anybody
reaches it."""

from argparse import ArgumentParser, Namespace
from datetime import UTC, datetime
from typing import Any

from odoo_estate.commands import _tenant_jobs
from odoo_estate.decide import compile_stack, sizing
from odoo_estate.decide.context import Tenant
from odoo_estate.decide.naming import tenant_stack
from odoo_estate.decide.procedure import Check
from odoo_estate.decide.shared import database_identifier, generation
from odoo_estate.errors import BadInput, OperationFailed, Problem
from odoo_estate.fleet.observation import Aws
from odoo_estate.plan import TenantPlan

SUMMARY = "bring a neutralised copy of production into another environment; a preview unless --yes"


def add_arguments(parser: ArgumentParser) -> None:
    """Options of `estate copy`."""
    parser.add_argument("source", metavar="SOURCE", help="CUSTOMER.production")
    parser.add_argument("target", metavar="TARGET", help="CUSTOMER.ENVIRONMENT, of the same customer")
    parser.add_argument(
        "--override", action="append", default=[], choices=("storage",), help="go on although this could not be shown"
    )
    _tenant_jobs.add_common_arguments(parser)


def run(args: Namespace, *, observe: Any = None) -> int:
    """Exit code 0 for the preview and for what is done, 4 where it failed and stays closed, 2 for what may not begin."""
    source, target = _tenant_jobs.works_on(args, "copy", (args.source, args.target))
    if source.tenant.customer != target.tenant.customer:
        message = f"{args.source} and {args.target} are not environments of one customer"
        remedy = "a customer's data is copied for that customer only"
        raise BadInput([Problem(message, "arguments", (), args.target, (), remedy)])
    if source.tenant.environment != "production":
        message = f"{args.source} is not production: only production is dumped, and a copy is made of a dump"
        allowed = (f"{source.tenant.customer}.production",)
        raise BadInput([Problem(message, "arguments", (), args.source, allowed, "copy production")])
    target.check()
    if args.yes and not args.abandon and not target.under_way and "storage" not in args.override:
        _room(target, observe)
    return _tenant_jobs.run(args, [target])


def _room(target: _tenant_jobs.Work, observe: Any) -> None:
    """Raises `OperationFailed` where the instance has no room for the copy beside what it holds already."""
    plan = compile_stack(target.documents, tenant_stack(*target.tenant), today=datetime.now(UTC).date())
    assert isinstance(plan, TenantPlan)
    gib = sizing.load_in(target.context, Tenant(target.tenant.customer, "production")).database_gib
    own, context = plan.own_database, target.context
    shared_one = database_identifier(context, plan.cell, plan.database.instance, generation(context, plan.cell))
    says = (
        "let the instance grow first (a larger band, or storage of its own), or answer for it with --override storage"
    )
    question = Check(
        question="free-storage",
        target=plan.target,
        subject=own.identifier if own else shared_one,
        limit=gib,
        unit="GiB",
        says=says,
    )
    seen = (observe or Aws())(question)
    if not seen.holds:
        raise OperationFailed(f"{plan.stack}: {seen.found}\n  do: {says}")
