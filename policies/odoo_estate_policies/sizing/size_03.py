"""SIZE-03: a cache runs on nodes of its band."""

from odoo_estate.plan import Guardrails
from odoo_estate_policies.resource import Resource
from odoo_estate_policies.rule import NotDecidable, Verdicts, Violation, resource_rule


@resource_rule(
    id="SIZE-03",
    title="Cache node types and counts are in the band",
    severity="medium",
    types=("aws:elasticache/replicationGroup:ReplicationGroup", "aws:elasticache/cluster:Cluster"),
    remedy="use a node type and count of the band, or move the contract to a class whose bands have them",
    source="own: memory is governed, never unlimited",
)
def size_03(resource: Resource, rails: Guardrails) -> Verdicts:
    """Redis has no ceiling but its node: type times count is the memory that somebody pays for."""
    member = "replicationGroupId" in resource and resource.type.endswith(
        ":Cluster"
    )  # a node of a group that is judged itself
    kind = resource.text("nodeType")
    if not kind and not member:
        yield NotDecidable("nodeType is inherited from a global datastore")
    elif kind and kind not in rails.cache_node_types:
        yield Violation(f"nodeType is {kind}; allowed: {', '.join(rails.cache_node_types) or 'no cache at all'}")
    nodes = _nodes(resource)
    if nodes > rails.cache_nodes:
        yield Violation(f"has {nodes:g} nodes; allowed: at most {rails.cache_nodes}")


def _nodes(resource: Resource) -> float:
    """All nodes of all shards, primaries included."""
    if "numNodeGroups" in resource or "replicasPerNodeGroup" in resource:
        return (resource.number("numNodeGroups") or 1) * (1 + (resource.number("replicasPerNodeGroup") or 0))
    return resource.number("numCacheClusters") or resource.number("numCacheNodes") or 1
