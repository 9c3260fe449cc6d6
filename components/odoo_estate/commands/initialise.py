"""`estate initialise TENANT…`: installs Odoo's modules in environments whose database is new; what is installed already is left alone."""

from argparse import ArgumentParser, Namespace

from odoo_estate.commands import _tenant_jobs

SUMMARY = "install Odoo's modules in new environments; a preview unless --yes"


def add_arguments(parser: ArgumentParser) -> None:
    """Options of `estate initialise`."""
    parser.add_argument("tenants", nargs="+", metavar="TENANT", help="CUSTOMER.ENVIRONMENT; several are done in turn")
    _tenant_jobs.add_common_arguments(parser)


def run(args: Namespace) -> int:
    """Exit code 0 for the preview and for what is done, 4 where it failed and stays closed, 2 for what may not begin."""
    return _tenant_jobs.run(args, _tenant_jobs.works_on(args, "initialise", dict.fromkeys(args.tenants)))
