"""Replication of one bucket into its copy in another region."""

from typing import TypedDict

import pulumi
from pulumi_aws import iam, s3

from odoo_estate.aws.policy import document, plain_service_trust
from odoo_estate.aws.references import BucketRef
from odoo_estate.aws.role import Role
from odoo_estate.plan import RolePlan


class BucketReplicationArgs(TypedDict):
    """Inputs of `BucketReplication`; ``source_region`` is where the source bucket lives; both buckets keep versions."""

    source: BucketRef
    source_region: str
    source_key_arn: pulumi.Input[str]
    copy: BucketRef
    copy_key_arn: pulumi.Input[str]


class BucketReplication(pulumi.ComponentResource):
    """Every object, encrypted again with the copy's key; deletions are not carried over, so that a mistake stays in one region."""

    def __init__(self, name: str, args: BucketReplicationArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("odoo-estate:aws:BucketReplication", name, None, opts)
        role = Role(
            name,
            {
                "plan": RolePlan(
                    name="",
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
                    "delete_marker_replication": {"status": "Disabled"},
                    "source_selection_criteria": {"sse_kms_encrypted_objects": {"status": "Enabled"}},
                    "destination": {
                        "bucket": args["copy"].arn,
                        "encryption_configuration": {"replica_kms_key_id": args["copy_key_arn"]},
                        "metrics": {"status": "Enabled"},
                    },
                }
            ],
            opts=pulumi.ResourceOptions(parent=self, depends_on=[rights]),
        )
        self.register_outputs({})


def _rights(args: BucketReplicationArgs) -> pulumi.Output[str]:
    source, copy = args["source"].arn, args["copy"].arn
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
        {
            "Effect": "Allow",
            "Action": ["s3:ReplicateObject", "s3:ReplicateTags"],
            "Resource": pulumi.Output.concat(copy, "/*"),
        },
        {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": args["source_key_arn"]},
        {"Effect": "Allow", "Action": "kms:Encrypt", "Resource": args["copy_key_arn"]},
    ]
    return pulumi.Output.json_dumps({**document(()), "Statement": statements})
