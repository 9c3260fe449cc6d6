"""SIZE-02: a database's storage stays within its band."""

from odoo_estate.plan import Guardrails
from odoo_estate_policies.resource import Resource
from odoo_estate_policies.rule import Verdicts, Violation, resource_rule

INSTANCE = "aws:rds/instance:Instance"


@resource_rule(
    id="SIZE-02",
    title="Database storage is in the band",
    severity="medium",
    types=(INSTANCE, "aws:rds/cluster:Cluster"),
    remedy="lower the value to the band's, or move the contract to a larger band; RDS storage never shrinks again",
    source="own; defaults: pulumi-aws 7.51",
)
def size_02(resource: Resource, rails: Guardrails) -> Verdicts:
    """Storage only ever grows, so the ceiling of autoscaling counts as much as what is allocated today."""
    for key, limit, unit in (
        ("allocatedStorage", rails.database_storage_gib, "GiB"),
        ("maxAllocatedStorage", rails.database_max_storage_gib, "GiB"),
        ("iops", rails.database_iops, "IOPS"),
    ):
        found = resource.number(key)
        if found is not None and found > limit:
            yield Violation(f"{key} is {found} {unit}; allowed: at most {limit} {unit}")
    kind = resource.text("storageType")
    if (
        not kind
        and resource.type == INSTANCE
        and not {"replicateSourceDb", "snapshotIdentifier", "restoreToPointInTime"} & set(resource)
    ):
        kind = (
            "io1" if "iops" in resource else "gp2"
        )  # what RDS takes when nothing is said; copies inherit their source's
    if kind and kind not in rails.database_storage_types:
        yield Violation(f"storageType is {kind}; allowed: {', '.join(rails.database_storage_types) or 'none'}")
