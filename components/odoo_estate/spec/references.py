"""What the documents say about each other: every name that one uses must exist in the other, and promises must not contradict."""

from collections.abc import Collection, Iterator, Mapping
from datetime import date

from odoo_estate.errors import Problem
from odoo_estate.spec.catalog import Catalog
from odoo_estate.spec.catalog_references import catalog_problems
from odoo_estate.spec.customer import Customer
from odoo_estate.spec.customer_references import customer_problems, domain_problems
from odoo_estate.spec.estate import Estate
from odoo_estate.spec.estate_references import estate_problems


def problems(
    estate: Estate, catalog: Catalog, customers: Mapping[str, Customer], contracts: Collection[str], today: date | None
) -> Iterator[Problem]:
    """Everything that does not fit together, not located yet.

    ``contracts`` names all customers, those too whose file is not valid and who are therefore missing in ``customers``. ``today``
    None: dates are judged by their form alone.
    """
    yield from catalog_problems(catalog)
    yield from estate_problems(estate, catalog, customers, contracts)
    for customer in customers.values():
        yield from customer_problems(customer, estate, catalog, today)
    yield from domain_problems(customers, estate)
