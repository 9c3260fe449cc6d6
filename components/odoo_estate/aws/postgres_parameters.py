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


REPEATED = {"rds.force_ssl": "1"}
"""RDS's own defaults (PostgreSQL 15 and later) that are written down all the same. RDS keeps their apply method, ``pending-reboot``, whatever is
asked for, and another one would differ for ever (aws provider, public issue threads)."""


def parameter_groups(name: str, plan: DatabasePlan, *, parent: pulumi.Resource) -> list[rds.ParameterGroup]:
    """The instance's group and those it leaves behind only in its window. Auto-named and keyed by family: an engine upgrade gets its new group
    before the old one goes, and RDS lets no group go that has a member."""
    return [
        rds.ParameterGroup(
            f"{name}-{family}",
            family=family,
            description=f"{plan.identifier} on {family}",
            parameters=_parameters(plan.parameters),
            opts=pulumi.ResourceOptions(parent=parent),
        )
        for family in (plan.family, *plan.kept_families)
    ]


def _parameters(values: Mapping[str, str]) -> list[rds.ParameterGroupParameterArgsDict]:
    return [
        {
            "name": name,
            "value": value,
            "apply_method": "pending-reboot" if name in NEEDS_REBOOT or REPEATED.get(name) == value else "immediate",
        }
        for name, value in sorted(values.items())
    ]
