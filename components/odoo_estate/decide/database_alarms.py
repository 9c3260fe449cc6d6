"""Alarms of database instances: thresholds follow from the band, how many there are from the class' monitoring depth."""

from collections.abc import Iterator
from math import ceil

from odoo_estate.decide.naming import name
from odoo_estate.plan import AlarmPlan, DatabasePlan
from odoo_estate.spec.catalog import Assumptions, PostgresBand

DEPTHS = ("basic", "standard", "full")
PERIOD_SECONDS = 300
"""Of RDS's free metrics, none is finer than a minute; five of them smooth a burst."""
QUARTER_HOUR, HALF_HOUR = 3, 6
"""In periods."""
GIB = 2**30
OLDEST_TRANSACTION = 1_000_000_000
"""Half-way to where PostgreSQL stops taking writes (2^31); autovacuum begins to hurry at a fifth of this."""
BASELINE_IOPS = 3000
QUEUE_SECONDS = 0.01
"""Requests that wait at the volume, over its IOPS: ten milliseconds are ten times a gp3's latency."""


def lag_alarm(identifier: str, parts: tuple[str, ...], *, seconds: int) -> AlarmPlan:
    """A standby in another region that lags behind, or has stopped to say how much."""
    return AlarmPlan(
        name=name("alarm", *parts),
        description=f"{identifier}: more than {seconds} s behind its primary in the other region, or gone",
        namespace="AWS/RDS",
        metric="ReplicaLag",
        statistic="Average",
        comparison="GreaterThanThreshold",
        threshold=seconds,
        period_seconds=PERIOD_SECONDS,
        evaluation_periods=QUARTER_HOUR,
        dimensions={"DBInstanceIdentifier": identifier},
        missing_data="breaching",
    )


def database_alarms(
    database: DatabasePlan,
    size: PostgresBand,
    parts: tuple[str, ...],
    *,
    key: str,
    depth: str,
    known: Assumptions,
    standby: bool = False,
) -> dict[str, AlarmPlan]:
    """The alarms of one instance and its replicas.

    Args:
        parts: the names' parts.
        key: what the alarms' keys begin with.
        depth: ``basic``, ``standard`` or ``full``.
        standby: a replica of it waits in the recovery region. How far that one is behind shows here, in the log that is kept back for it.
    """

    def alarm(
        what: str,
        metric: str,
        above: bool,
        threshold: float,
        description: str,
        *,
        identifier: str = database.identifier,
        periods: int = QUARTER_HOUR,
    ) -> tuple[str, AlarmPlan]:
        return what, AlarmPlan(
            name=name("alarm", *parts, what),
            description=f"{identifier}: {description}",
            namespace="AWS/RDS",
            metric=metric,
            statistic="Average",
            comparison="GreaterThanThreshold" if above else "LessThanThreshold",
            threshold=threshold,
            period_seconds=PERIOD_SECONDS,
            evaluation_periods=periods,
            dimensions={"DBInstanceIdentifier": identifier},
        )

    def found() -> Iterator[tuple[str, AlarmPlan]]:
        yield alarm("cpu", "CPUUtilization", True, 80, "over 80 % CPU for a quarter of an hour")
        # RDS grows the volume when less than a tenth has been free for five minutes; where that lasts, it could not: the limit is reached,
        # or the last growth is less than six hours ago.
        yield alarm(
            "storage",
            "FreeStorageSpace",
            False,
            database.storage_gib * GIB // 10,
            f"less than {database.storage_gib / 10:g} GiB have been free for half an hour: autoscaling (up to "
            f"{database.max_storage_gib} GiB) did not help",
            periods=HALF_HOUR,
        )
        connections = ceil(database.max_connections * known.shared_database_fill)
        yield alarm(
            "connections",
            "DatabaseConnections",
            True,
            connections,
            f"more than {connections} of {database.max_connections} connections",
        )
        yield alarm(
            "memory",
            "FreeableMemory",
            False,
            size.memory_gib * GIB // 20,
            f"less than a twentieth of {size.memory_gib} GiB of memory is left for the file cache",
        )
        yield alarm(
            "transaction-age",
            "MaximumUsedTransactionIDs",
            True,
            OLDEST_TRANSACTION,
            "the oldest transaction is a billion old: autovacuum does not keep up, at two billion the instance stops taking writes",
        )
        for replica, identifier in database.replicas.items():
            yield alarm(
                f"{replica}-lag",
                "ReplicaLag",
                True,
                known.replica_lag_seconds,
                f"more than {known.replica_lag_seconds} s behind its primary",
                identifier=identifier,
            )
        if standby:
            yield alarm(
                "standby-log",
                "OldestReplicationSlotLag",
                True,
                database.storage_gib * GIB // 20,
                "the log that waits for the standby in the recovery region takes a twentieth of the volume: it is far behind, or gone",
            )
        if DEPTHS.index(depth) >= DEPTHS.index("standard"):
            yield from deeper()
        if depth == "full":
            yield alarm(
                "load", "DBLoad", True, 2 * size.vcpus, f"more than two sessions at work for each of {size.vcpus} vCPUs"
            )

    def deeper() -> Iterator[tuple[str, AlarmPlan]]:
        iops = database.iops or BASELINE_IOPS
        queue = int(iops * QUEUE_SECONDS)
        yield alarm(
            "disk-queue", "DiskQueueDepth", True, queue, f"more than {queue} requests wait at a volume of {iops} IOPS"
        )
        if size.burst_baseline_percent:
            credits = size.vcpus * 60 * (100 - size.burst_baseline_percent) // 100
            yield alarm(
                "cpu-credits",
                "CPUCreditBalance",
                False,
                credits,
                f"saved for less than an hour at full speed; then each hour above {size.burst_baseline_percent} % is billed",
            )
            yield alarm(
                "disk-burst", "EBSByteBalance%", False, 20, "less than a fifth of the instance's disk burst is left"
            )

    return {f"{key}-{what}": plan for what, plan in found()}
