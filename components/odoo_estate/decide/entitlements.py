"""What a contract may ask for: its class' environments, retention classes, Odoo series, storage and integrations."""

from datetime import date

from odoo_estate.decide import backup
from odoo_estate.decide.context import Context, Tenant
from odoo_estate.decide.exemptions import exemption
from odoo_estate.errors import Path, Refused
from odoo_estate.plan import Decision
from odoo_estate.spec.catalog import OdooVersion
from odoo_estate.spec.customer import Customer


def check(context: Context, tenant: Tenant) -> None:
    """Refuse what the class, the partner or the catalog does not include and no unexpired exemption grants."""
    customer = context.customers[tenant.customer]
    _environment(context, tenant, customer)
    _retention(context, customer)
    backup.check_shared_retention(context, tenant)
    _included(context, customer)
    _partner(context, tenant, customer)


def _environment(context: Context, tenant: Tenant, customer: Customer) -> None:
    service = context.service_class(tenant.customer)
    if tenant.environment not in service.environments and not exemption(customer, "ENT-04", context.today):
        raise _refused(
            customer,
            f"the class {customer.service_class} does not include {tenant.environment}",
            field=("environments", tenant.environment),
            value=tenant.environment,
            allowed=service.environments,
            remedy="remove the environment, move to a class that has it, or record an exception ENT-04 with approver and expiry",
        )
    if tenant.environment == "sandbox" and customer.environments["sandbox"].expires is None:
        raise _refused(
            customer,
            "a sandbox needs a day on which it ends",
            field=("environments", "sandbox", "expires"),
            value=None,
            allowed=("a date, e.g. 2027-03-31",),
            remedy="set expires; it can be moved later",
        )


def _retention(context: Context, customer: Customer) -> None:
    allowed = context.service_class(customer.customer).backup.retention
    if customer.backup and customer.backup.retention not in allowed:
        known = customer.backup.retention in context.catalog.retention_classes
        raise _refused(
            customer,
            f'"{customer.backup.retention}" is not a retention class'
            + (f" of the service class {customer.service_class}" if known else ""),
            field=("backup", "retention"),
            value=customer.backup.retention,
            allowed=allowed,
            remedy="choose one of these, or a service class that keeps longer",
        )


def _included(context: Context, customer: Customer) -> None:
    if exemption(customer, "ENT-06", context.today):
        return
    service = context.service_class(customer.customer)
    load = context.placement(customer.customer).load
    total = load.database_gib + load.filestore_gib
    if load.integrations > service.integrations:
        raise _refused(
            customer,
            f"{load.integrations} integrations, the class {customer.service_class} includes {service.integrations}",
            field=("workload", "integrations"),
            value=load.integrations,
            allowed=(f"at most {service.integrations}",),
            remedy="move to a larger class, or record an exception ENT-06 with approver and expiry",
        )
    if total > service.storage_gib:
        raise _refused(
            customer,
            f"{total} GiB of database and files by the planning horizon, the class {customer.service_class} includes "
            f"{service.storage_gib}",
            field=("workload", "storage"),
            value=total,
            allowed=(f"at most {service.storage_gib}",),
            remedy="move to a larger class, or record an exception ENT-06 with approver and expiry",
        )


def _partner(context: Context, tenant: Tenant, customer: Customer) -> None:
    partner = context.partner(tenant.customer)
    if partner is None or partner.max_tenants is None:
        return
    members = _members(context).get(customer.partner or "", ())
    if len(members) > partner.max_tenants and tenant == members[-1]:
        raise Refused(
            f"partner {customer.partner} has {len(members)} tenant environments, agreed are {partner.max_tenants}",
            document="estate",
            field=("partners", customer.partner or "", "max_tenants"),
            value=partner.max_tenants,
            allowed=(f"{len(members)} or more",),
            remedy="raise the limit with the operator, or retire environments",
        )


def _members(context: Context) -> dict[str, tuple[Tenant, ...]]:
    key: object = _members
    if key not in context.memo:
        found: dict[str, list[Tenant]] = {}
        for tenant in sorted(context.tenants):
            found.setdefault(context.customers[tenant.customer].partner or "", []).append(tenant)
        context.memo[key] = {partner: tuple(tenants) for partner, tenants in found.items()}
    known = context.memo[key]
    assert isinstance(known, dict)
    return known


# --- Odoo series ---------------------------------------------------------------------------------------------------


def odoo_series(context: Context, tenant: Tenant) -> tuple[str, Decision]:
    """The Odoo series of an environment.

    Raises:
        Refused: unknown series; production on another than the contract's; further from production than one series, or older than it (data
            is upgraded series by series, and never back); a series that needs a newer PostgreSQL.
    """
    customer = context.customers[tenant.customer]
    versions = context.catalog.versions
    wish = customer.environments[tenant.environment].version
    series = wish or customer.odoo
    field: Path = ("environments", tenant.environment, "version") if wish else ("odoo",)
    if series not in versions.odoo:
        raise _refused(
            customer,
            f"Odoo {series} is not supported",
            field=field,
            value=series,
            allowed=tuple(versions.odoo),
            remedy="choose one of these, or add the series to the catalog with its image",
        )
    step = _major(series) - _major(customer.odoo)
    if tenant.environment == "production" and step:
        raise _refused(
            customer,
            f"production would run {series}, the contract says {customer.odoo}",
            field=field,
            value=series,
            allowed=(customer.odoo,),
            remedy="upgrade by changing `odoo`; try the next series in staging first",
        )
    if not 0 <= step <= 1 and not exemption(customer, "ENT-05", context.today):
        raise _refused(
            customer,
            f"{tenant.environment} would run {series}, {abs(step)} series {'ahead of' if step > 0 else 'behind'} production's {customer.odoo}",
            field=field,
            value=series,
            allowed=tuple(one for one in versions.odoo if 0 <= _major(one) - _major(customer.odoo) <= 1),
            remedy="upgrade one series at a time, or record an exception ENT-05 with approver and expiry",
        )
    version = versions.odoo[series]
    if _major(versions.postgres) < version.postgres_min:
        raise Refused(
            f"Odoo {series} needs PostgreSQL {version.postgres_min}, the catalog has {versions.postgres}",
            document="catalog",
            field=("versions", "postgres"),
            value=versions.postgres,
            allowed=(f"{version.postgres_min} or later",),
            remedy="raise versions.postgres",
        )
    return series, _series_decision(context, series, version)


def _series_decision(context: Context, series: str, version: OdooVersion) -> Decision:
    ended = date.fromisoformat(version.support_ends) < context.today
    return Decision(
        topic="odoo",
        value=series,
        reason=f"the contract's series, image {version.image.rsplit('/', maxsplit=1)[-1][:24]}",
        entitlement=f"versions.odoo.{series}",
        binding=f"supported until {version.support_ends}",
        next_step="support has ended: upgrade" if ended else f"upgrade by {version.support_ends}",
    )


def _major(version: str) -> int:
    return int(version.split(".", maxsplit=1)[0])


def _refused(
    customer: Customer, message: str, *, field: Path, value: object, allowed: tuple[str, ...], remedy: str
) -> Refused:
    return Refused(
        message, document=f"customer:{customer.customer}", field=field, value=value, allowed=allowed, remedy=remedy
    )
