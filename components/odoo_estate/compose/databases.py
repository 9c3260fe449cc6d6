"""PostgreSQL instances of a cell, of its recovery region and of a drill: which component each is, by how it began and what it is now."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi

from odoo_estate.aws.backup_replication import BackupReplication
from odoo_estate.aws.postgres import (
    PostgresInstance,
    PostgresRestored,
    PostgresRestoredArgs,
    PostgresStandby,
    PostgresStandbyArgs,
)
from odoo_estate.aws.references import DatabaseRef, NetworkRef
from odoo_estate.compose.outputs import Outputs, database_outputs
from odoo_estate.plan import AwsTarget, DatabasePlan, DatabaseReplicationPlan


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where instances live, who may connect, and what encrypts them."""

    target: AwsTarget
    network: NetworkRef
    clients: Mapping[str, pulumi.Input[str]]
    key_arn: pulumi.Input[str]
    log_key_arn: pulumi.Input[str]


def logical(key: str, generation: int) -> str:
    """The first generation has the plain name."""
    return f"database-{key}" if generation == 1 else f"database-{key}-{generation}"


def primary(key: str, plan: DatabasePlan, place: Place, options: pulumi.ResourceOptions) -> DatabaseRef:
    """A primary instance: made new, or from the second generation on the replica that was promoted."""
    name = logical(key, plan.generation)
    if plan.generation == 1:
        return PostgresInstance(
            name,
            {
                "plan": plan,
                "target": place.target,
                "network": place.network,
                "clients": place.clients,
                "key_arn": place.key_arn,
                "log_key_arn": place.log_key_arn,
            },
            options,
        ).ref
    promoted = _standby(name, plan, place, options).ref
    assert promoted is not None
    return promoted


def _standby(
    name: str, plan: DatabasePlan, place: Place, options: pulumi.ResourceOptions, source_arn: str | None = None
) -> PostgresStandby:
    """A replica of the instance ``source_arn``; promoted without one."""
    args: PostgresStandbyArgs = {
        "plan": plan,
        "target": place.target,
        "network": place.network,
        "clients": place.clients,
        "key_arn": place.key_arn,
        "log_key_arn": place.log_key_arn,
    }
    if source_arn is not None:
        args["source_arn"] = source_arn
    return PostgresStandby(name, args, options)


def follow(
    plans: Mapping[str, DatabaseReplicationPlan],
    place: Place,
    options: pulumi.ResourceOptions,
    backups: Mapping[str, pulumi.Output[str]] | None = None,
) -> dict[str, Outputs]:
    """Everything that follows an instance elsewhere, or has been made of what did. By key: the instances' ARN and address, of a primary all that its
    clients need, and the ARN of the replicated backups. ``backups``: those that are replicated already, because RDS replicates an instance's once
    a region."""
    made: dict[str, dict[str, Any]] = {}
    for key, plan in plans.items():
        name = logical(key, plan.generation)
        arn = (backups or {}).get(key)
        if plan.mode == "automated-backups" and plan.source_arn and arn is None:
            arn = BackupReplication(
                name,
                {"source_arn": plan.source_arn, "retention_days": plan.retention_days, "key_arn": place.key_arn},
                options,
            ).backups_arn
            made[key] = {"backups": arn}
        if plan.replica:
            replica = _standby(name, plan.replica, place, options, None if plan.promoted else plan.source_arn)
            made[key] = {"arn": replica.arn, "address": replica.address}
            if replica.ref is not None:
                made[key] |= database_outputs(replica.ref)
        elif plan.restored:
            args: PostgresRestoredArgs = {
                "plan": plan.restored,
                "target": place.target,
                "network": place.network,
                "clients": place.clients,
                "key_arn": place.key_arn,
                "log_key_arn": place.log_key_arn,
            }
            if arn is not None:
                args["backups_arn"] = arn
            elif plan.recovery_point:
                args["recovery_point"] = plan.recovery_point
            restored = PostgresRestored(name, args, options)
            made.setdefault(key, {}).update(database_outputs(restored.ref))
    return dict(made)
