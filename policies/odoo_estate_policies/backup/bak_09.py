"""BAK-09: caches keep snapshots where the class promises them."""

from odoo_estate.plan import AnyPlan, Guardrails
from odoo_estate_policies.resource import Resource
from odoo_estate_policies.rule import Verdicts, Violation, resource_rule


def _raise_retention(resource: Resource, plan: AnyPlan) -> dict[str, object]:  # noqa: ARG001 every repair has this signature
    return {"snapshotRetentionLimit": plan.guardrails.cache_snapshot_days}


@resource_rule(
    id="BAK-09",
    title="Cache snapshots are kept long enough",
    severity="medium",
    types=("aws:elasticache/replicationGroup:ReplicationGroup", "aws:elasticache/cluster:Cluster"),
    remedy="set snapshotRetentionLimit to the class's days",
    source="ElastiCache.1; default 0: pulumi-aws 7.51",
    repair=_raise_retention,
)
def bak_09(resource: Resource, rails: Guardrails) -> Verdicts:
    """AWS Backup does not know ElastiCache: its own snapshots are the only copies of sessions and queues."""
    if resource.text("engine") == "memcached" or (
        resource.type.endswith(":Cluster") and "replicationGroupId" in resource
    ):
        return  # memcached has no snapshots; a member's stand at its group
    days = resource.number("snapshotRetentionLimit") or 0
    if days < rails.cache_snapshot_days:
        yield Violation(f"snapshotRetentionLimit is {days:g} days; allowed: at least {rails.cache_snapshot_days}")
