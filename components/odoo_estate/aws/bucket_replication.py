"""Replication of one bucket into its copy in another region."""

from typing import NotRequired, TypedDict

import pulumi
from pulumi_aws import iam, s3

from odoo_estate.aws.policy import Statement, document, plain_service_trust
from odoo_estate.aws.references import BucketRef
from odoo_estate.aws.role import Role
from odoo_estate.plan import AwsTarget, RolePlan


class BucketReplicationArgs(TypedDict):
    """Inputs of `BucketReplication`; ``source_region`` is where the source bucket lives; both buckets keep versions. ``copy_key_arn`` may be
    that of an alias. ``source_key_rights`` and ``copy_key_rights``: resource and condition of a statement, where a key's own ARN is not known."""

    source: BucketRef
    source_region: str
    source_key_arn: pulumi.Input[str]
    copy: BucketRef
    copy_key_arn: pulumi.Input[str]
    minutes: int
    role: str
    """Name of the role that S3 takes on: buckets that admit named roles only have to know it."""
    halted: NotRequired[bool]
    """S3 may read the source and write nothing: a change of the role alone, so that the source's region need not answer."""
    source_key_rights: NotRequired[Statement | None]
    copy_key_rights: NotRequired[Statement | None]


class BucketReplication(pulumi.ComponentResource):
    """Every object within ``minutes`` (S3 Replication Time Control), encrypted again with the copy's key.

    A deletion is carried over as a marker, so that what must be forgotten is forgotten on both sides once old versions expire, and a mistake can
    be undone until then; the deletion of a version is never carried over. Changes of a replica's metadata flow back, so that two of these can
    face each other; replicas are not replicated again.
    """

    def __init__(self, name: str, args: BucketReplicationArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("odoo-estate:aws:BucketReplication", name, None, opts)
        role = Role(
            name,
            {
                "plan": RolePlan(
                    name=args["role"],
                    description=f"Replicates {name} into the recovery region",
                    trust=(plain_service_trust("s3.amazonaws.com"),),
                )
            },
            pulumi.ResourceOptions(parent=self),
        )
        rights = iam.RolePolicy(name, role=role.name, policy=_rights(args), opts=pulumi.ResourceOptions(parent=self))
        s3.BucketReplicationConfig(
            name,
            bucket=args["source"].name,
            region=args["source_region"],
            role=role.arn,
            rules=[
                {
                    "id": "everything",
                    "status": "Enabled",
                    "priority": 1,
                    "filter": {},
                    "delete_marker_replication": {"status": "Enabled"},
                    "source_selection_criteria": {
                        "sse_kms_encrypted_objects": {"status": "Enabled"},
                        "replica_modifications": {"status": "Enabled"},
                    },
                    "destination": {
                        "bucket": args["copy"].arn,
                        "encryption_configuration": {"replica_kms_key_id": args["copy_key_arn"]},
                        "replication_time": {"status": "Enabled", "time": {"minutes": args["minutes"]}},
                        "metrics": {"status": "Enabled", "event_threshold": {"minutes": args["minutes"]}},
                    },
                }
            ],
            opts=pulumi.ResourceOptions(parent=self, depends_on=[rights]),
        )
        self.register_outputs({})


def _rights(args: BucketReplicationArgs) -> pulumi.Output[str]:
    source, copy = args["source"].arn, args["copy"].arn
    write: dict[str, object] = {
        "Effect": "Allow",
        "Action": ["s3:ReplicateObject", "s3:ReplicateDelete", "s3:ReplicateTags"],
        "Resource": pulumi.Output.concat(copy, "/*"),
    }
    statements: list[dict[str, object]] = [
        {"Effect": "Allow", "Action": ["s3:GetReplicationConfiguration", "s3:ListBucket"], "Resource": source},
        {
            "Effect": "Allow",
            "Action": [
                "s3:GetObjectVersionForReplication",
                "s3:GetObjectVersionAcl",
                "s3:GetObjectVersionTagging",
                "s3:GetObjectRetention",
                "s3:GetObjectLegalHold",
            ],
            "Resource": pulumi.Output.concat(source, "/*"),
        },
        *([] if args.get("halted") else [write]),
        _key_use("kms:Decrypt", args["source_key_arn"], args.get("source_key_rights")),
        _key_use("kms:Encrypt", args["copy_key_arn"], args.get("copy_key_rights")),
    ]
    return pulumi.Output.json_dumps({**document(()), "Statement": statements})


def _key_use(action: str, key_arn: pulumi.Input[str], rights: Statement | None) -> dict[str, object]:
    return {"Effect": "Allow", "Action": action, **(rights or {"Resource": key_arn})}


def key_by_alias(target: AwsTarget, alias: str) -> Statement:
    """Resource and condition that mean the key behind ``alias``: IAM grants nothing on an alias itself."""
    return {
        "Resource": target.arn("kms", "key/*"),
        "Condition": {"ForAnyValue:StringEquals": {"kms:ResourceAliases": f"alias/{alias}"}},
    }
