"""The faults that only show beside what stands: differences between two states of an estate."""

from collections.abc import Callable

from tests.faults.spoiling import Estate, Fault

NORDFOOD = "customers/nordfood.yaml"
PRODUCTION = r"stacks/customers/nordfood\.yaml:\d+: service_class"
INSTANCE = r"stacks/customers/nordfood\.yaml:\d+: environments\.production"


def lighter(estate: Estate) -> None:
    """A contract that fits smaller machines."""
    estate.replace(NORDFOOD, "orders_per_day: 6000", "orders_per_day: 600")
    estate.replace(NORDFOOD, "database_gib: 120", "database_gib: 20")


def lowered(estate: Estate) -> None:
    lighter(estate)
    estate.replace(NORDFOOD, "service_class: premium", "service_class: business")
    estate.replace(NORDFOOD, "requests_per_hour: 6000", "requests_per_hour: 600")
    estate.replace(NORDFOOD, "requests_per_hour: 3500", "requests_per_hour: 350")
    estate.replace(NORDFOOD, "filestore_gib: 150", "filestore_gib: 60")
    estate.replace(NORDFOOD, "users: 160", "users: 30")
    estate.replace(NORDFOOD, "    heavy: true\n", "")


def renamed(estate: Estate) -> None:
    (estate.directory / NORDFOOD).rename(estate.directory / "customers/nordmeer.yaml")
    estate.replace("customers/nordmeer.yaml", "customer: nordfood", "customer: nordmeer")


def renamed_without_a_domain(estate: Estate) -> None:
    """Most small resellers have no domain of their own: then only the legal name is the same."""
    renamed(estate)
    estate.replace("customers/nordmeer.yaml", "domains: [erp.nordfood.example, edi.nordfood.example]\n", "")
    estate.replace("customers/nordmeer.yaml", "proven_domains: [erp.nordfood.example, edi.nordfood.example]\n", "")


def catalog(text: str) -> Callable[[Estate], None]:
    return lambda estate: estate.catalog(text)


CHANGES = (
    Fault(10, "a-lower-class", lowered, PRODUCTION, ("lowered from premium to business",), allowed=False),
    Fault(10, "a-smaller-disk", lighter, PRODUCTION, ("storage would shrink from",), allowed=False),
    Fault(
        10,
        "one-zone-instead-of-two",
        catalog("service_classes:\n  premium:\n    availability:\n      database_multi_az: false\n"),
        PRODUCTION,
        ("lose its second zone",),
        allowed=False,
    ),
    Fault(
        11,
        "a-renamed-tenant",
        renamed,
        r"stacks/customers/nordmeer\.yaml:\d+: customer",
        ("from tenant.nordfood.production and begin empty",),
        allowed=False,
    ),
    Fault(
        11,
        "a-renamed-tenant-without-a-domain",
        renamed_without_a_domain,
        r"stacks/customers/nordmeer\.yaml:\d+: customer",
        ("the contract of Nordfood Grosshandel AG from tenant.nordfood.production and begin empty",),
        allowed=False,
    ),
    Fault(
        12,
        "postgresql-two-versions-ahead",
        catalog("versions:\n  postgres: '18.1'\n"),
        INSTANCE,
        ("PostgreSQL would go from 16.", "to 18.1"),
        allowed=False,
    ),
    Fault(
        12,
        "an-older-postgresql",
        catalog("versions:\n  postgres: '15.9'\n  postgres_newest: {'15': '15.14'}\n"),
        INSTANCE,
        ("PostgreSQL would go from 16.", "to 15.9"),
        allowed=False,
    ),
    Fault(
        12,
        "postgresql-without-approval",
        catalog("versions:\n  postgres: '17.11'\n"),
        INSTANCE,
        ("PostgreSQL would go from 16.", "to 17.11: nobody approved it"),
        allowed=False,
    ),
    Fault(
        12,
        "an-older-odoo",
        lambda estate: estate.replace("customers/iberica.yaml", 'odoo: "19.0"', 'odoo: "18.0"'),
        r"stacks/customers/iberica\.yaml:\d+: odoo",
        ("Odoo would go from 19.0 to 18.0",),
        allowed=False,
    ),
)


def before(estate: Estate) -> None:
    """What stood: the root estate, one customer on a later Odoo, and without the list that approves modules by series."""
    (estate.directory / "modules.yaml").unlink()
    estate.replace("customers/iberica.yaml", 'odoo: "18.0"', 'odoo: "19.0"')
