"""Who may touch the objects of a bucket: its tenant, the jobs that save and restore them, and people in an emergency. Nobody else, whatever IAM
allows them: the bucket's own policy refuses."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from odoo_estate.decide import shared
from odoo_estate.decide.context import Context
from odoo_estate.decide.naming import name
from odoo_estate.plan import BucketPlan

EMERGENCY = ("break-glass", "restore")
ENGINE = ("deploy", "preview")
"""The engine asks whether a bucket is there, which S3 answers only to who may list it; it never sees an object."""


INVENTORY: Literal["Daily"] = "Daily"
"""A list of all versions each day says which of them a dump of that day points at."""


def closed(
    context: Context, cell: str, bucket: BucketPlan, roles: Sequence[str] = (), *, by_cell: bool = False
) -> BucketPlan:
    """``bucket`` for these roles (names) and those of backup and emergencies, with its access logged in the cell's log bucket.

    Args:
        by_cell: for all roles that carry the cell's tag, because tenants' stacks make them after the bucket; which prefix of it each reaches is
            said by its own policy.
    """
    estate = context.estate
    wanted = (
        *roles,
        name("iam-role", estate.estate, cell, "backup"),
        *(name("iam-role", estate.estate, one) for one in EMERGENCY),
    )
    engine = [name("iam-role", estate.estate, one) for one in ENGINE]
    if estate.deploy_role:
        engine.append(estate.deploy_role)
    return replace(
        bucket,
        roles=_arns(context, cell, wanted),
        role_tags={"cell": cell} if by_cell else {},
        listing_roles=_arns(context, cell, engine),
        log_bucket=shared.cell_bucket(context, cell, "logs"),
    )


def log_bucket(context: Context, cell: str, archive_days: int) -> BucketPlan:
    """Where S3 and the load balancers write. S3 delivers access logs into no bucket whose default is a KMS key or that has a default retention
    (S3 API reference, LoggingEnabled, read 2026-11), so this one has S3's own encryption and no lock."""
    return BucketPlan(
        name=shared.cell_bucket(context, cell, "logs"),
        purpose="logs",
        versioning=True,
        noncurrent_days=1,
        archive_after_days=archive_days,
        expire_after_days=max(context.catalog.assumptions.audit_log_days, archive_days + 1),
        encryption="s3",
        delivered_from=shared.target(context, cell).account,
    )


def _arns(context: Context, cell: str, roles: Sequence[str]) -> tuple[str, ...]:
    target = shared.target(context, cell)
    return tuple(target.arn("iam", f"role/{one}", regional=False) for one in dict.fromkeys(roles))
