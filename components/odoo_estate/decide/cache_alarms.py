"""What is watched at a cache, and from where on somebody is told."""

from collections.abc import Mapping

from odoo_estate.decide.naming import name
from odoo_estate.plan import AlarmPlan, CachePlan
from odoo_estate.spec.catalog import Assumptions

PERIOD_SECONDS = 300
MEMORY_PERCENT = 90
"""Of maxmemory, which leaves out what is reserved: the budget proved that all shares together fit, so somebody is past its own."""
ENGINE_PERCENT = 80
"""Commands run on one thread: near its end everybody waits, however idle the other cores are."""
LAG_SECONDS = 30
"""What a failover would lose of sessions."""


def cache_alarms(cache: CachePlan, parts: tuple[str, ...], key: str, known: Assumptions) -> dict[str, AlarmPlan]:
    """Memory, evictions, connections, replication, engine, and users that reach for keys of others.

    ElastiCache publishes these for each node, none for the group; nodes are called ``ID-001`` and so on, and which of them is the primary
    changes, so each alarm looks at the highest value of all nodes.
    """
    nodes: tuple[Mapping[str, str], ...] = tuple(
        {"CacheClusterId": f"{cache.id}-{number:03}"} for number in range(1, cache.nodes + 1)
    )

    def alarm(metric: str, statistic: str, above: float, periods: int, description: str, *, what: str) -> AlarmPlan:
        return AlarmPlan(
            name=name("alarm", *parts, what),
            description=f"Cache {cache.id}: {description}",
            namespace="AWS/ElastiCache",
            metric=metric,
            statistic=statistic,
            comparison="GreaterThanThreshold",
            threshold=above,
            period_seconds=PERIOD_SECONDS,
            evaluation_periods=periods,
            dimensions={},
            members=nodes,
        )

    found = {
        f"{key}-memory": alarm(
            "DatabaseMemoryUsagePercentage",
            "Maximum",
            MEMORY_PERCENT,
            3,
            "almost full; next, cached results are thrown away, then sessions",
            what="memory",
        ),
        f"{key}-evictions": alarm(
            "Evictions", "Sum", 0, 1, "full: keys are thrown away before their time", what="evictions"
        ),
        f"{key}-connections": alarm(
            "CurrConnections",
            "Maximum",
            known.pooler_clients,
            3,
            f"more than {known.pooler_clients} connections, as many as a pooler takes: somebody does not close theirs",
            what="connections",
        ),
        f"{key}-engine": alarm(
            "EngineCPUUtilization",
            "Average",
            ENGINE_PERCENT,
            3,
            "its one thread is busy for a quarter of an hour",
            what="engine",
        ),
        f"{key}-intruder": alarm(
            "KeyAuthorizationFailures", "Sum", 0, 1, "a user reached for keys outside its own prefix", what="intruder"
        ),
    }
    if cache.nodes > 1:
        found[f"{key}-lag"] = alarm(
            "ReplicationLag",
            "Maximum",
            LAG_SECONDS,
            3,
            "a replica falls behind: a failover would lose sessions",
            what="lag",
        )
    return found
