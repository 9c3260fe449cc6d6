"""The audit trail: every API call in every region, into a bucket that the audited cannot change."""

from typing import TypedDict

import pulumi
from pulumi_aws import cloudtrail

from odoo_estate.aws.log_group import log_group
from odoo_estate.aws.policy import Statement, service_trust
from odoo_estate.aws.role import Role
from odoo_estate.plan import AwsTarget, RolePlan


class TrailArgs(TypedDict):
    """Inputs of `Trail`; ``target`` is where the trail lives, ``bucket_name`` has `delivery_statements` in its policy already."""

    trail: str
    protect: bool
    target: AwsTarget
    whole_organisation: bool
    bucket_name: pulumi.Input[str]
    key_arn: pulumi.Input[str]
    log_group: str
    log_retention_days: int
    log_key_arn: pulumi.Input[str]


class Trail(pulumi.ComponentResource):
    """Multi-region, with signed digests, encrypted, and readable in CloudWatch for alarms."""

    arn: pulumi.Output[str]
    log_group: pulumi.Output[str]

    def __init__(self, name: str, args: TrailArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("odoo-estate:aws:Trail", name, None, opts)
        group = log_group(
            name,
            name=args["log_group"],
            retention_days=args["log_retention_days"],
            key_arn=args["log_key_arn"],
            parent=self,
        )
        role = Role(name, {"plan": _writer(args)}, pulumi.ResourceOptions(parent=self))
        trail = cloudtrail.Trail(
            name,
            name=args["trail"],
            s3_bucket_name=args["bucket_name"],
            kms_key_id=args["key_arn"],
            is_multi_region_trail=True,
            is_organization_trail=args["whole_organisation"],
            include_global_service_events=True,
            enable_log_file_validation=True,
            enable_logging=True,
            cloud_watch_logs_group_arn=pulumi.Output.concat(group.arn, ":*"),
            cloud_watch_logs_role_arn=role.arn,
            opts=pulumi.ResourceOptions(parent=self, protect=args["protect"], depends_on=[role]),
        )
        self.arn = trail.arn
        self.log_group = group.name
        self.register_outputs({"arn": self.arn})


def delivery_statements(bucket: str, trail: str, target: AwsTarget) -> list[Statement]:
    """What the policy of ``bucket`` must allow before the trail named ``trail`` in ``target`` can be made."""
    trail_arn = target.arn("cloudtrail", f"trail/{trail}")
    return [
        {
            "Sid": "TrailReadsAcl",
            "Effect": "Allow",
            "Principal": {"Service": "cloudtrail.amazonaws.com"},
            "Action": "s3:GetBucketAcl",
            "Resource": f"arn:aws:s3:::{bucket}",
            "Condition": {"StringEquals": {"aws:SourceArn": trail_arn}},
        },
        {
            # Covers AWSLogs/ACCOUNT and AWSLogs/ORGANISATION alike; the source condition is what keeps others out.
            "Sid": "TrailWrites",
            "Effect": "Allow",
            "Principal": {"Service": "cloudtrail.amazonaws.com"},
            "Action": "s3:PutObject",
            "Resource": f"arn:aws:s3:::{bucket}/AWSLogs/*",
            "Condition": {"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control", "aws:SourceArn": trail_arn}},
        },
    ]


def _writer(args: TrailArgs) -> RolePlan:
    target = args["target"]
    return RolePlan(
        name="",
        description=f"Writes the log group of trail {args['trail']}",
        trust=(service_trust("cloudtrail.amazonaws.com", target.account),),
        statements=(
            {
                "Effect": "Allow",
                "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
                "Resource": target.arn("logs", f"log-group:{args['log_group']}:log-stream:*"),
            },
        ),
    )
