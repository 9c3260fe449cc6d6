"""A PostgreSQL parameter group per engine family."""

from collections.abc import Mapping

import pulumi
from pulumi_aws import rds

from odoo_estate.plan import DatabasePlan

NEEDS_REBOOT = frozenset(
    {
        "autovacuum_freeze_max_age",
        "autovacuum_max_workers",
        "huge_pages",
        "max_connections",
        "max_locks_per_transaction",
        "max_prepared_transactions",
        "max_replication_slots",
        "max_wal_senders",
        "max_worker_processes",
        "rds.logical_replication",
        "shared_buffers",
        "shared_preload_libraries",
        "superuser_reserved_connections",
        "track_activity_query_size",
        "wal_buffers",
    }
)
"""Parameters that PostgreSQL reads only when it starts (documentation of PostgreSQL 17, "parameter can only be set at server start")."""


def parameter_group(name: str, plan: DatabasePlan, *, parent: pulumi.Resource) -> rds.ParameterGroup:
    """Auto-named and keyed by family: an engine upgrade gets its new group before the old one goes."""
    return rds.ParameterGroup(
        f"{name}-{plan.family}",
        family=plan.family,
        description=f"{plan.identifier} on {plan.family}",
        parameters=_parameters(plan.parameters),
        opts=pulumi.ResourceOptions(parent=parent),
    )


def _parameters(values: Mapping[str, str]) -> list[rds.ParameterGroupParameterArgsDict]:
    return [
        {
            "name": name,
            "value": value,
            "apply_method": "pending-reboot" if name in NEEDS_REBOOT else "immediate",
        }
        for name, value in sorted(values.items())
    ]
