"""BAK-21: restore tests say where databases are restored to."""

from odoo_estate.plan import Guardrails
from odoo_estate_policies.resource import Resource
from odoo_estate_policies.rule import Verdicts, Violation, resource_rule


@resource_rule(
    id="BAK-21",
    title="Restore tests of databases name a subnet group",
    severity="high",
    types=("aws:backup/restoreTestingSelection:RestoreTestingSelection",),
    remedy="set restoreMetadataOverrides.dbSubnetGroupName",
    source="AWS Backup developer guide, restore testing inferred metadata",
)
def bak_21(resource: Resource, rails: Guardrails) -> Verdicts:  # noqa: ARG001 every rule has this signature
    """AWS Backup infers the default VPC. Where there is none every test fails, where there is one customers' data is restored into it."""
    if resource.text("protectedResourceType") != "RDS":
        return
    if "dbSubnetGroupName" not in resource.section("restoreMetadataOverrides"):
        yield Violation("restoreMetadataOverrides has no dbSubnetGroupName")
