"""The key of logical dumps, which has to be there when its region is not.

Copies of dumps lie in another region, by bucket replication or in copied recovery points. S3 and AWS Backup encrypt them again with a key of
that region, but what the recovery program encrypted itself stays under its own key. So that is a multi-region key, whose replica stands where
the copies are: whoever plans the one has planned the other.
"""

from odoo_estate.decide import backup, tenant_data
from odoo_estate.decide.context import Context, Tenant
from odoo_estate.decide.naming import name
from odoo_estate.plan import KeyPlan

DUMPS = "dumps"


def copies_region(context: Context, cell: str) -> str:
    """The other region of the residency zone that copies of the cell's dumps lie in; empty: they lie in none."""
    recovery = context.estate.cells[cell].recovery
    if recovery:
        return recovery.region
    return backup.copy_region_for(context.estate, cell, backup.cell_terms(context, cell)) or ""


def cell_key(context: Context, cell: str) -> KeyPlan:
    """The key of the dumps of all tenants in the cell that have none of their own. A multi-region key in every cell: one that gets its recovery
    region later can open there what was dumped before."""
    return _key(context, cell, name("kms-alias", context.estate.estate, cell, DUMPS), f"Logical dumps of cell {cell}")


def tenant_key(context: Context, tenant: Tenant) -> KeyPlan | None:
    """The key of one tenant's dumps, where its class promises keys of its own."""
    if not tenant_data.own_keys(context, tenant):
        return None
    return _key(
        context,
        context.cell_of(tenant.customer),
        alias(context, tenant),
        f"Logical dumps of {tenant.customer}.{tenant.environment}",
    )


def alias(context: Context, tenant: Tenant) -> str:
    """Alias of the key that the tenant's dumps are encrypted with, in the cell's region and in that of the copies."""
    owner = tenant if tenant_data.own_keys(context, tenant) else (context.cell_of(tenant.customer),)
    return name("kms-alias", context.estate.estate, *owner, DUMPS)


def _key(context: Context, cell: str, alias: str, description: str) -> KeyPlan:
    return KeyPlan(alias=alias, description=description, multi_region=True, replica_region=copies_region(context, cell))
