"""``estate new customer ID``: a first contract to fill in, valid as it is written."""

import json
from argparse import ArgumentParser, Namespace
from datetime import UTC, date, datetime
from pathlib import Path

from pydantic import ValidationError

from odoo_estate.decide import compile_estate
from odoo_estate.errors import BadInput, EstateError, Problem
from odoo_estate.spec.catalog import Catalog
from odoo_estate.spec.customer import Customer
from odoo_estate.spec.loader import Documents, explained, load
from odoo_estate.spec.quoting import printable, unknown
from odoo_estate.spec.wording import problems_of
from odoo_estate.spec.yaml_source import parse

SUMMARY = "write the first file of a new customer"

TEMPLATE = """\
customer: {customer}
name: {name}
{partner}service_class: {service_class}
residency: {residency}
odoo: "{odoo}"
workload: # at the busiest time of the year, as far as it is known
  users: {users}
  orders_per_day: {orders_per_day}
  peak_factor: 3.0 # busiest hour over average hour of a working day
  storage:
    database_gib: {database_gib}
    filestore_gib: {filestore_gib}
environments:
  production: {{}}
{cell}{database}"""


def add_arguments(parser: ArgumentParser) -> None:
    """`estate new customer ID`; everything that is not given is a small contract's."""
    parser.add_argument("what", choices=["customer"], help="what to write")
    parser.add_argument("id", metavar="ID", help="lower-case letters, digits and hyphens; also the file's name")
    parser.add_argument("--name", help="legal name (default: made from the id)")
    parser.add_argument("--partner", help="the partner who sells to it")
    parser.add_argument(
        "--service-class", metavar="CLASS", help="a service class of the catalog (default: the first that may be sold)"
    )
    parser.add_argument("--residency", metavar="ZONE", help="a residency zone (default: the estate's only one)")
    parser.add_argument("--odoo", metavar="SERIES", help="an Odoo series of the catalog (default: the second newest)")
    parser.add_argument("--cell", help="the cell to place it in, where more than one qualifies")
    parser.add_argument(
        "--database", metavar="INSTANCE", help="its database instance, where the cell has more than one"
    )
    parser.add_argument("--users", type=int, default=5)
    parser.add_argument("--orders-per-day", type=int, default=40)
    parser.add_argument("--database-gib", type=int, default=1)
    parser.add_argument("--filestore-gib", type=int, default=2)


def run(args: Namespace) -> int:
    """Writes the file and proves that the estate with it is valid; where it is not, the file is removed again."""
    today = datetime.now(UTC).date()
    directory = Path(args.estate)
    documents = load(directory, today=today)
    text = _contract(args, documents)
    file = directory / "customers" / f"{args.id}.yaml"
    file.parent.mkdir(exist_ok=True)
    try:
        with file.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except FileExistsError:
        remedy = "change that file, or choose another id"
        raise BadInput(
            [Problem(f"{args.id} exists already", "arguments", file=str(file), line=1, remedy=remedy)]
        ) from None
    try:
        _prove(directory, today)
    except BaseException:
        file.unlink()
        raise
    if args.json:
        print(json.dumps({"file": str(file), "stack": f"tenant.{args.id}.production"}, indent=2))
    else:
        print(f"{file} is written; now\n  estate explain {args.id}\n  estate preview tenant.{args.id}.production")
    return 0


def _contract(args: Namespace, documents: Documents) -> str:
    """The file's text; `BadInput` where the arguments make no valid contract."""
    estate, catalog = documents.estate, documents.catalog
    partner = estate.partners.get(args.partner) if args.partner else None
    if args.partner and partner is None:
        raise BadInput([unknown("a partner of this estate", args.partner, estate.partners, "arguments", ("partner",))])
    sold = partner.service_classes if partner and partner.service_classes else tuple(catalog.service_classes)
    zone = args.residency or (next(iter(estate.residency)) if len(estate.residency) == 1 else None)
    if zone is None:
        message = "the estate has more than one residency zone"
        problem = Problem(message, "arguments", ("residency",), None, tuple(estate.residency), "add --residency ZONE")
        raise BadInput([problem])
    text = TEMPLATE.format(
        customer=args.id,
        name=json.dumps(args.name or args.id.replace("-", " ").title(), ensure_ascii=False),
        partner=f"partner: {args.partner}\n" if args.partner else "",
        service_class=args.service_class or sold[0],
        residency=zone,
        odoo=args.odoo or _series(catalog),
        cell=f"cell: {args.cell}\n" if args.cell else "",
        database=f"database: {args.database}\n" if args.database else "",
        **{key: getattr(args, key) for key in ("users", "orders_per_day", "database_gib", "filestore_gib")},
    )
    parsed = parse(text.encode("utf-8", "replace"), "arguments")
    if parsed.problems:
        problem = Problem(
            f"{printable(args.id)} makes no contract", "arguments", remedy="use plain words in the arguments"
        )
        raise BadInput([problem])
    try:
        Customer.model_validate(parsed.value)
    except ValidationError as error:
        raise BadInput(problems_of(error, Customer, "arguments")) from None
    return text


def _series(catalog: Catalog) -> str:
    """The newest series but one: modules of third parties follow a new release with months of delay."""
    series = sorted(catalog.versions.odoo)
    return series[-2] if len(series) > 1 else series[-1]


def _prove(directory: Path, today: date) -> None:
    """All stacks: what the customer takes of AWS' quotas only the whole estate can say."""
    try:
        compile_estate(load(directory, today=today), today=today)
    except EstateError as error:
        raise explained(error, directory) from None
