"""BAK-08: objects survive their own deletion."""

from odoo_estate.plan import AnyPlan, Guardrails
from odoo_estate_policies.resource import Resource
from odoo_estate_policies.rule import Verdicts, Violation, about, stack_rule
from odoo_estate_policies.stack import Stack
from odoo_estate_policies.stateful import BUCKETS, purpose

VERSIONING = "aws:s3/bucketVersioning:BucketVersioning"
OBJECT_LOCK = "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration"
REPLICATION = "aws:s3/bucketReplicationConfig:BucketReplicationConfig"


def _enable_versioning(resource: Resource, plan: AnyPlan) -> dict[str, object]:
    wanted = resource.type == VERSIONING and plan.guardrails.bucket_versioning
    status = resource.section("versioningConfiguration").text("status") if wanted else "Enabled"
    return {} if status == "Enabled" else {"versioningConfiguration": {"status": "Enabled"}}


@stack_rule(
    id="BAK-08",
    title="Buckets are versioned, locked and replicated as the class promises",
    severity="high",
    types=(*BUCKETS, VERSIONING, OBJECT_LOCK, REPLICATION),
    remedy="add BucketVersioning (status Enabled), for backups an object lock with a default retention, and replication where promised",
    source="S3.14, S3.15",
    repair=_enable_versioning,
)
def bak_08(stack: Stack, rails: Guardrails) -> Verdicts:
    """An overwritten attachment is as lost as a deleted one. The settings are resources beside the bucket, so they are joined here."""
    for bucket in stack.of_type(*BUCKETS):
        yield from about(bucket, _faults(bucket, stack, rails))


def _faults(bucket: Resource, stack: Stack, rails: Guardrails) -> Verdicts:
    kind = purpose(bucket)
    if kind == "logs":
        return
    if rails.bucket_versioning and not _versioned(bucket, stack):
        yield Violation("is not versioned")
    if kind == "backups":
        if rails.bucket_object_lock and not bucket.flag("objectLockEnabled"):
            yield Violation("objectLockEnabled is not true; it can be set only when a bucket is created")
        if rails.bucket_object_lock and not _retention(bucket, stack):
            yield Violation("has no object lock with a default retention")
    elif rails.bucket_replication and not _replicated(bucket, stack):
        yield Violation("has no enabled replication rule")


def _versioned(bucket: Resource, stack: Stack) -> bool:
    beside = (one.section("versioningConfiguration") for one in stack.beside(bucket, VERSIONING, "bucket"))
    return bucket.section("versioning").flag("enabled") or any(one.text("status") == "Enabled" for one in beside)


def _retention(bucket: Resource, stack: Stack) -> bool:
    beside = (one.section("rule").section("defaultRetention") for one in stack.beside(bucket, OBJECT_LOCK, "bucket"))
    return any("mode" in one and ("days" in one or "years" in one) for one in beside)


def _replicated(bucket: Resource, stack: Stack) -> bool:
    beside = stack.beside(bucket, REPLICATION, "bucket")
    return any(rule.text("status") == "Enabled" for one in beside for rule in one.items("rules").objects())
