"""An S3 bucket with everything that makes it safe to keep data in."""

from collections.abc import Sequence
from typing import NotRequired, TypedDict

import pulumi
from pulumi_aws import s3

from odoo_estate.aws.policy import Statement, kms_only, log_delivery, only_roles, policy_text, tls_only
from odoo_estate.aws.references import BucketRef
from odoo_estate.plan import BucketPlan


class BucketArgs(TypedDict):
    """Inputs of `Bucket`; ``statements`` are further statements of the bucket's policy beside TLS only."""

    plan: BucketPlan
    key_arn: pulumi.Input[str]
    statements: NotRequired[Sequence[Statement]]


class Bucket(pulumi.ComponentResource):
    """Closed to the public and to all roles but its own, owner enforced, encrypted, TLS only; versions, lifecycle, lock and records as planned."""

    ref: BucketRef

    def __init__(self, name: str, args: BucketArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("odoo-estate:aws:Bucket", name, None, opts)
        plan = args["plan"]
        child = pulumi.ResourceOptions(parent=self)
        bucket = s3.Bucket(
            name,
            bucket=plan.name,
            force_destroy=not plan.protect,
            object_lock_enabled=plan.object_lock_days is not None,
            tags={"purpose": plan.purpose},
            opts=pulumi.ResourceOptions(parent=self, protect=plan.protect, retain_on_delete=plan.protect),
        )
        # Without ownership controls of its own a bucket has no ACLs: "bucket owner enforced" is what S3 makes every bucket with since April 2023.
        closed = s3.BucketPublicAccessBlock(
            name,
            bucket=bucket.bucket,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=child,
        )
        s3.BucketServerSideEncryptionConfiguration(
            name,
            bucket=bucket.bucket,
            rules=[_encryption(plan, args["key_arn"])],
            opts=child,
        )
        versioning = self._versioning(name, plan, bucket)
        s3.BucketLifecycleConfiguration(
            name,
            bucket=bucket.bucket,
            rules=_lifecycle(plan),
            opts=pulumi.ResourceOptions(parent=self, depends_on=versioning),
        )
        self._object_lock(name, plan, bucket, versioning)
        s3.BucketPolicy(
            name,
            bucket=bucket.bucket,
            policy=policy_text([*_statements(plan), *args.get("statements", ())]),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[closed]),
        )
        self._records(name, plan, bucket)
        self.ref = BucketRef(name=bucket.bucket, arn=bucket.arn)
        self.register_outputs({"name": bucket.bucket, "arn": bucket.arn})

    def _versioning(self, name: str, plan: BucketPlan, bucket: s3.Bucket) -> list[pulumi.Resource]:
        if not plan.versioning:
            return []
        return [
            s3.BucketVersioning(
                name,
                bucket=bucket.bucket,
                versioning_configuration={"status": "Enabled"},
                opts=pulumi.ResourceOptions(parent=self),
            )
        ]

    def _object_lock(self, name: str, plan: BucketPlan, bucket: s3.Bucket, versioning: list[pulumi.Resource]) -> None:
        if plan.object_lock_days is None:
            return
        s3.BucketObjectLockConfiguration(
            name,
            bucket=bucket.bucket,
            rule={"default_retention": {"mode": plan.object_lock_mode, "days": plan.object_lock_days}},
            opts=pulumi.ResourceOptions(parent=self, depends_on=versioning),
        )

    def _records(self, name: str, plan: BucketPlan, bucket: s3.Bucket) -> None:
        """Who asked for what, and what is there; both lie in the log bucket, below this bucket's name."""
        child = pulumi.ResourceOptions(parent=self)
        if plan.log_bucket:
            s3.BucketLogging(
                name,
                bucket=bucket.bucket,
                target_bucket=plan.log_bucket,
                target_prefix=f"access/{plan.name}/",
                opts=child,
            )
        if plan.inventory:
            s3.Inventory(
                name,
                bucket=bucket.bucket,
                name="all-versions",
                included_object_versions="All",
                schedule={"frequency": plan.inventory},
                # Without what a restore needs to find a version again, the list would only count.
                optional_fields=["Size", "LastModifiedDate", "ETag", "EncryptionStatus", "ReplicationStatus"],
                destination={
                    "bucket": {
                        "bucket_arn": f"arn:aws:s3:::{plan.log_bucket}",
                        "format": "Parquet",
                        "prefix": "inventory",
                        "encryption": {"sse_s3": {}},
                    }
                },
                opts=child,
            )


def _encryption(plan: BucketPlan, key_arn: pulumi.Input[str]) -> s3.BucketServerSideEncryptionConfigurationRuleArgsDict:
    if plan.encryption == "s3":
        return {"apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"}}
    return {
        "apply_server_side_encryption_by_default": {"sse_algorithm": "aws:kms", "kms_master_key_id": key_arn},
        "bucket_key_enabled": True,
    }


def _statements(plan: BucketPlan) -> list[Statement]:
    found = [tls_only(plan.name)]
    if plan.encryption == "kms":
        found.append(kms_only(plan.name))
    if plan.roles or plan.role_tags:
        found += only_roles(plan.name, plan.roles, plan.role_tags, plan.listing_roles)
    if plan.delivered_from:
        found.append(log_delivery(plan.name, plan.delivered_from))
    return found


def _lifecycle(plan: BucketPlan) -> list[s3.BucketLifecycleConfigurationRuleArgsDict]:
    rules: list[s3.BucketLifecycleConfigurationRuleArgsDict] = [
        {
            "id": "abort-unfinished-uploads",
            "status": "Enabled",
            "filter": {},
            "abort_incomplete_multipart_upload": {"days_after_initiation": plan.abort_multipart_days},
        }
    ]
    # Glacier Instant Retrieval, because a restore must not wait hours for a thaw.
    steps = (("STANDARD_IA", plan.infrequent_after_days), ("GLACIER_IR", plan.archive_after_days))
    transitions: list[s3.BucketLifecycleConfigurationRuleTransitionArgsDict] = [
        {"storage_class": storage_class, "days": days} for storage_class, days in steps if days is not None
    ]
    if transitions:
        rules.append({"id": "move-to-colder", "status": "Enabled", "filter": {}, "transitions": transitions})
    if plan.expire_after_days is not None:
        rules.append(
            {"id": "expire", "status": "Enabled", "filter": {}, "expiration": {"days": plan.expire_after_days}}
        )
    rules += [
        {
            "id": f"expire-{prefix.strip('/')}",
            "status": "Enabled",
            "filter": {"prefix": prefix},
            "expiration": {"days": days},
        }
        for prefix, days in plan.expire_prefixes.items()
    ]
    if plan.versioning:
        rules.append(
            {
                "id": "expire-old-versions",
                "status": "Enabled",
                "filter": {},
                "noncurrent_version_expiration": {"noncurrent_days": plan.noncurrent_days},
            }
        )
    return rules
