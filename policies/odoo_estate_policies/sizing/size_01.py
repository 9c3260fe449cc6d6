"""SIZE-01: a database runs on a class of its band."""

from odoo_estate.plan import Guardrails
from odoo_estate_policies.resource import Resource
from odoo_estate_policies.rule import NotDecidable, Verdicts, Violation, resource_rule

CLUSTER = "aws:rds/cluster:Cluster"


@resource_rule(
    id="SIZE-01",
    title="Database instance classes are in the band",
    severity="high",
    types=("aws:rds/instance:Instance", "aws:rds/clusterInstance:ClusterInstance", CLUSTER),
    remedy="use a class of the band, or move the contract to a service class whose bands have it",
    source="own: the database is the biggest cost after compute",
)
def size_01(resource: Resource, rails: Guardrails) -> Verdicts:
    """A class above the band is paid for by nobody, one outside it was never tested; replicas count too."""
    # Only a Multi-AZ DB cluster has a class itself; an Aurora cluster's stands at its instances.
    key = "dbClusterInstanceClass" if resource.type == CLUSTER else "instanceClass"
    found = resource.text(key)
    if not found and resource.type != CLUSTER:
        yield NotDecidable("instanceClass is left to the service")
    elif found and found not in rails.database_classes:
        yield Violation(f"{key} is {found}; allowed: {', '.join(rails.database_classes) or 'no database at all'}")
