"""Which resources hold a customer's data."""

from collections.abc import Iterator

from odoo_estate_policies.resource import Resource
from odoo_estate_policies.stack import Stack

INSTANCE = "aws:rds/instance:Instance"
DB_CLUSTER = "aws:rds/cluster:Cluster"
BUCKET = "aws:s3/bucket:Bucket"
BUCKETS = (BUCKET, "aws:s3/bucketV2:BucketV2")
TABLE = "aws:dynamodb/table:Table"
FILE_SYSTEM = "aws:efs/fileSystem:FileSystem"
STATEFUL = (INSTANCE, DB_CLUSTER, *BUCKETS, TABLE, FILE_SYSTEM)

_NOT_DATA = frozenset({"logs", "backups"})
"""Bucket purposes that are not a customer's data: backups are copies, logs have their own retention."""


def stateful(stack: Stack) -> Iterator[Resource]:
    """Everything whose loss would lose data. Replicas are not: they are rebuilt from their source."""
    for one in stack.of_type(*STATEFUL):
        if "replicateSourceDb" in one or "replicationSourceIdentifier" in one:
            continue
        if one.type not in BUCKETS or purpose(one) not in _NOT_DATA:
            yield one


def purpose(bucket: Resource) -> str:
    """What a bucket is for, by its tag ``purpose``; empty where it does not say, which counts as data."""
    return bucket.tags().text("purpose")
