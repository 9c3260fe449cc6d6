"""What a contract asks of the machines, per busiest hour: the measures that placement and sizing compare with the catalog."""

from dataclasses import dataclass
from math import ceil

from odoo_estate.spec.catalog import Assumptions
from odoo_estate.spec.customer import Customer


@dataclass(frozen=True, kw_only=True)
class Load:
    """Measures of one contract. Rates are those of the busiest hour; storage is what is reached at the planning horizon."""

    concurrent_users: int
    orders_per_hour: int
    integrations: int
    integration_requests_per_hour: int
    database_gib: int
    filestore_gib: int
    custom_modules: int
    heavy_modules: int
    unapproved_modules: tuple[str, ...]
    arithmetic: str


def load_of(customer: Customer, assumptions: Assumptions) -> Load:
    """The load of ``customer`` in production, with storage grown to ``assumptions.growth_years`` from today."""
    work = customer.workload
    hours = assumptions.working_hours_per_day
    orders = ceil(work.orders_per_day / hours * work.peak_factor)
    users = max(1, ceil(work.users * assumptions.concurrent_user_share))
    growth = (1 + work.storage.growth_percent_per_year / 100) ** assumptions.growth_years
    modules = customer.modules.values()
    return Load(
        concurrent_users=users,
        orders_per_hour=orders,
        integrations=len(work.integrations),
        integration_requests_per_hour=sum(one.requests_per_hour for one in work.integrations.values()),
        database_gib=ceil(work.storage.database_gib * growth),
        filestore_gib=ceil(work.storage.filestore_gib * growth),
        custom_modules=len(customer.modules),
        heavy_modules=sum(module.heavy for module in modules),
        unapproved_modules=tuple(
            sorted(name for name, module in customer.modules.items() if module.approval != "approved")
        ),
        arithmetic=(
            f"{work.orders_per_day} orders/day / {hours} h x peak {work.peak_factor:g} = {orders} orders/h; "
            f"{work.users} users x {assumptions.concurrent_user_share:g} = {users} at once; "
            f"{work.storage.database_gib} GiB x {growth:.2f} = {ceil(work.storage.database_gib * growth)} GiB "
            f"in {assumptions.growth_years:g} year(s)"
        ),
    )
