"""`estate upgrade TENANT`: closes the environment, dumps it, upgrades its modules in the catalog's image, checks them, and opens again; or goes
back."""

from argparse import ArgumentParser, Namespace

from odoo_estate.commands import _tenant_jobs
from odoo_estate.errors import BadInput, Problem

SUMMARY = "upgrade modules behind the maintenance page, or go back; a preview unless --yes"


def add_arguments(parser: ArgumentParser) -> None:
    """Options of `estate upgrade`."""
    parser.add_argument("tenant", metavar="TENANT", help="CUSTOMER.ENVIRONMENT")
    parser.add_argument(
        "--modules", default="", metavar="NAMES", help="technical names with commas between them, or all"
    )
    _tenant_jobs.add_common_arguments(parser)


def run(args: Namespace) -> int:
    """Exit code 0 for the preview and for what is done, 4 where it went back or stays closed, 2 for what may not begin."""
    (work,) = _tenant_jobs.works_on(args, "upgrade", [args.tenant])
    there = work.under_way
    modules = tuple(dict.fromkeys(one.strip() for one in args.modules.split(",") if one.strip()))
    if not modules and not (there and there.modules):
        message = "which modules are to be upgraded is not said"
        raise BadInput([Problem(message, "arguments", remedy="say --modules NAME,NAME or --modules all")])
    wrong = [one for one in modules if not one.replace("_", "a").isalnum() or not one.isascii() or not one.islower()]
    if wrong:
        message = f"{', '.join(wrong)}: no technical name of a module"
        raise BadInput([Problem(message, "arguments", remedy="lower-case letters, digits and underscores")])
    return _tenant_jobs.run(args, [work], modules)
