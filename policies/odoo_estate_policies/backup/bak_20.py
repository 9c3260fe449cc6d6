"""BAK-20: deleted objects stay as long as a restored database may ask for them."""

from odoo_estate.plan import Guardrails
from odoo_estate_policies.resource import Resource
from odoo_estate_policies.rule import Verdicts, Violation, about, stack_rule
from odoo_estate_policies.stack import Stack
from odoo_estate_policies.stateful import BUCKETS, stateful

LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"


@stack_rule(
    id="BAK-20",
    title="Old versions of objects outlive every database that can be restored",
    severity="high",
    types=(*BUCKETS, LIFECYCLE),
    remedy="raise noncurrentDays to the longest point-in-time window or dump age, and a day",
    source="own; Odoo collects files that no record points at",
)
def bak_20(stack: Stack, rails: Guardrails) -> Verdicts:
    """A database of last month points at files that were deleted since. Without a lifecycle versions stay for ever, which is long enough."""
    for bucket in stateful(stack):
        if bucket.type in BUCKETS:
            yield from about(bucket, _forgotten(bucket, stack, rails.bucket_versions_days))


def _forgotten(bucket: Resource, stack: Stack, needed: int) -> Verdicts:
    for lifecycle in stack.beside(bucket, LIFECYCLE, "bucket"):
        for rule in lifecycle.items("rules").objects():
            days = rule.section("noncurrentVersionExpiration").number("noncurrentDays")
            if rule.text("status") == "Enabled" and days is not None and days < needed:
                yield Violation(f"rule {rule.text('id')} keeps old versions {days:g} days; allowed: at least {needed}")
