"""BAK-10: a production database leaves a snapshot behind when it is destroyed."""

from odoo_estate.plan import AnyPlan, Guardrails
from odoo_estate_policies.resource import Resource
from odoo_estate_policies.rule import Verdicts, Violation, resource_rule


def _keep_final_snapshot(resource: Resource, plan: AnyPlan) -> dict[str, object]:  # noqa: ARG001 every repair has this signature
    name = resource.text("identifier") or resource.text("clusterIdentifier") or resource.name
    return {
        "skipFinalSnapshot": False,
        "finalSnapshotIdentifier": resource.text("finalSnapshotIdentifier") or f"{name}-final",
    }


@resource_rule(
    id="BAK-10",
    title="Production databases take a final snapshot",
    severity="high",
    types=("aws:rds/instance:Instance", "aws:rds/cluster:Cluster"),
    remedy="set skipFinalSnapshot to false and name a finalSnapshotIdentifier; both must be in the state before a destroy",
    source="own; pulumi-aws 7.51",
    repair=_keep_final_snapshot,
)
def bak_10(resource: Resource, rails: Guardrails) -> Verdicts:
    """The last copy of a customer's data must not depend on nobody ever destroying the wrong stack. Replicas cannot take one."""
    if not rails.production or "replicateSourceDb" in resource or "replicationSourceIdentifier" in resource:
        return
    if resource.flag("skipFinalSnapshot"):
        yield Violation("skipFinalSnapshot is true; allowed in production: false")
    elif "finalSnapshotIdentifier" not in resource:
        yield Violation("has no finalSnapshotIdentifier, without which its destruction fails half-way")
