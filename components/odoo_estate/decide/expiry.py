"""Environments whose day has passed: a sandbox, or another trial whose contract names a day, is taken down with its data on purpose, and nothing
else is."""

from dataclasses import replace
from datetime import date

from odoo_estate.decide.context import Context, Tenant
from odoo_estate.decide.workloads import asleep
from odoo_estate.errors import Refused
from odoo_estate.plan import TenantPlan


def due(context: Context) -> tuple[Tenant, ...]:
    """Environments past their day; the last day itself is the customer's. A legal hold keeps them."""
    return tuple(
        Tenant(name, environment)
        for name, contract in sorted(context.customers.items())
        if not contract.legal_hold
        for environment, one in sorted(contract.environments.items())
        if environment != "production" and one.expires and date.fromisoformat(one.expires) < context.today
    )


def expired(plan: TenantPlan, today: date) -> TenantPlan:
    """The plan of the update that comes before the destroy: closed, nothing running, and the database gone, which no destroy would take along.

    Raises:
        Refused: its day has not passed, or it has none.
    """
    if plan.environment == "production" or not plan.expires or date.fromisoformat(plan.expires) >= today:
        raise Refused(
            f"{plan.stack} has not expired",
            document=f"customer:{plan.customer}",
            field=("environments", plan.environment),
            value=plan.expires or plan.environment,
            remedy="it is taken down the day after the one that `expires` names",
        )
    return replace(
        plan,
        odoo=asleep(plan.odoo) if plan.odoo else None,
        route=replace(plan.route, closed="maintenance"),
        database=replace(plan.database, expired=True),
        job=None,
    )
