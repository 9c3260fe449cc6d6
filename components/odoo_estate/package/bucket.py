"""An S3 bucket for programs in any language."""

from enum import Enum
from typing import NotRequired, TypedDict

import pulumi

from odoo_estate.aws import bucket
from odoo_estate.plan import BucketPlan


class BucketPurpose(Enum):
    """What a bucket is for; becomes its tag `purpose`."""

    ATTACHMENTS = "attachments"
    """Odoo's attachments."""
    DOCUMENTS = "documents"
    """Documents that customers keep."""
    EXPORTS = "exports"
    """Files for other systems."""
    BACKUPS = "backups"
    """Dumps and archives."""
    LOGS = "logs"
    """Access and audit logs."""


class ObjectLockMode(Enum):
    """How firmly locked objects are kept."""

    GOVERNANCE = "GOVERNANCE"
    """Principals with a special permission can lift the lock."""
    COMPLIANCE = "COMPLIANCE"
    """Nobody can lift it, the account's owner included."""


class BucketArgs(TypedDict):
    """Inputs of `Bucket`."""

    bucket_name: str
    """Name in S3; stands in the bucket's policy."""
    purpose: BucketPurpose
    """What it is for."""
    key_arn: pulumi.Input[str]
    """KMS key that encrypts it."""
    noncurrent_days: NotRequired[int]
    """Days that overwritten and deleted versions are kept. Default: 30."""
    infrequent_after_days: NotRequired[int]
    """Days until objects move to the infrequent-access class, at least 30. Default: they do not."""
    archive_after_days: NotRequired[int]
    """Days until objects move to Glacier Instant Retrieval. Default: they do not."""
    expire_after_days: NotRequired[int]
    """Days until objects are deleted. Default: never."""
    object_lock_days: NotRequired[int]
    """Days that no version can be deleted. Default: no lock; it cannot be taken away later."""
    object_lock_mode: NotRequired[ObjectLockMode]
    """How firmly, where there is a lock. Default: `GOVERNANCE`."""
    protect: NotRequired[bool]
    """Refuse to delete it, and keep it when it leaves the program; without, it is deleted with everything in it. Default: true."""


class Bucket(pulumi.ComponentResource):
    """An S3 bucket: versioned, encrypted, closed to the public, TLS only, with life cycle and object lock as asked."""

    name: pulumi.Output[str]
    """Name of the bucket, once it is there."""
    arn: pulumi.Output[str]
    """ARN of the bucket."""

    def __init__(self, name: str, args: BucketArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("odoo-estate:index:Bucket", name, None, opts)
        made = bucket.Bucket(
            name, {"plan": _plan(args), "key_arn": args["key_arn"]}, pulumi.ResourceOptions(parent=self)
        )
        self.name = pulumi.Output.from_input(made.ref.name)
        self.arn = pulumi.Output.from_input(made.ref.arn)
        self.register_outputs({"name": self.name, "arn": self.arn})


def _plan(args: BucketArgs) -> BucketPlan:
    lock_days = args.get("object_lock_days")
    return BucketPlan(
        name=args["bucket_name"],
        purpose=args["purpose"].value,
        versioning=True,
        noncurrent_days=args.get("noncurrent_days", 30),
        infrequent_after_days=args.get("infrequent_after_days"),
        archive_after_days=args.get("archive_after_days"),
        expire_after_days=args.get("expire_after_days"),
        object_lock_days=lock_days,
        object_lock_mode=args.get("object_lock_mode", ObjectLockMode.GOVERNANCE).value if lock_days else None,
        protect=args.get("protect", True),
    )
