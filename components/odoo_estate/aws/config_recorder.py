"""AWS Config in one account: what every resource is like, and was."""

from collections.abc import Sequence
from typing import TypedDict

import pulumi
from pulumi_aws import cfg, iam

from odoo_estate.aws.policy import Statement
from odoo_estate.plan import Json

CONFIG = "config.amazonaws.com"


class ConfigRecorderArgs(TypedDict):
    """Inputs of `ConfigRecorder`; ``bucket_name`` has `history_statements` in its policy already."""

    recorder: str
    """Physical name of recorder and delivery channel in each region."""
    regions: Sequence[str]
    home: str
    frequency: str
    """``CONTINUOUS``: each change is recorded; ``DAILY``: what differs from the day before."""
    excluded: Sequence[str]
    """CloudFormation names of resource types that are not recorded in any region; empty: none is left out."""
    bucket_name: pulumi.Input[str]


class ConfigRecorder(pulumi.ComponentResource):
    """One recorder and channel in each region, which AWS allows one of; started when both are there. What is not regional is recorded at home
    only, once."""

    def __init__(self, name: str, args: ConfigRecorderArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("odoo-estate:aws:ConfigRecorder", name, None, opts)
        role = iam.ServiceLinkedRole(name, aws_service_name=CONFIG, opts=pulumi.ResourceOptions(parent=self))
        for region in args["regions"]:
            here = f"{name}-{region}"
            recorder = cfg.Recorder(
                here,
                name=args["recorder"],
                role_arn=role.arn,
                recording_group=_group(args["excluded"], at_home=region == args["home"]),
                recording_mode={"recording_frequency": args["frequency"]},
                region=region,
                opts=pulumi.ResourceOptions(parent=self),
            )
            channel = cfg.DeliveryChannel(
                here,
                name=args["recorder"],
                s3_bucket_name=args["bucket_name"],
                snapshot_delivery_properties={"delivery_frequency": "TwentyFour_Hours"},
                region=region,
                opts=pulumi.ResourceOptions(parent=self, depends_on=[recorder]),
            )
            cfg.RecorderStatus(
                here,
                name=recorder.name,
                is_enabled=True,
                region=region,
                opts=pulumi.ResourceOptions(parent=self, depends_on=[channel]),
            )
        self.register_outputs({})


GLOBAL = ("AWS::IAM::Group", "AWS::IAM::Policy", "AWS::IAM::Role", "AWS::IAM::User")


def _group(excluded: Sequence[str], *, at_home: bool) -> cfg.RecorderRecordingGroupArgsDict:
    left_out = [*excluded, *([] if at_home else GLOBAL)]
    if not left_out:
        return {"all_supported": True, "include_global_resource_types": True}
    return {
        "all_supported": False,
        "include_global_resource_types": False,
        "exclusion_by_resource_types": [{"resource_types": left_out}],
        "recording_strategies": [{"use_only": "EXCLUSION_BY_RESOURCE_TYPES"}],
    }


class ConfigAggregatorArgs(TypedDict):
    """Inputs of `ConfigAggregator`."""

    aggregator: str
    """Physical name."""
    regions: Sequence[str]
    """What was recorded there is collected."""
    accounts: Sequence[str]
    organisation_role_arn: pulumi.Input[str] | None
    """Role by which Config asks the organisation for its accounts; None: ``accounts`` are named."""


class ConfigAggregator(pulumi.ComponentResource):
    """All accounts and regions in one place."""

    def __init__(self, name: str, args: ConfigAggregatorArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("odoo-estate:aws:ConfigAggregator", name, None, opts)
        regions = list(args["regions"])
        role = args["organisation_role_arn"]
        cfg.ConfigurationAggregator(
            name,
            name=args["aggregator"],
            account_aggregation_source=None
            if role is not None
            else {"account_ids": list(args["accounts"]), "regions": regions},
            organization_aggregation_source={"role_arn": role, "regions": regions} if role is not None else None,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({})


def history_statements(bucket: str, accounts: Sequence[str]) -> list[Statement]:
    """What the policy of ``bucket`` must allow before a channel of these accounts can be made."""
    own: dict[str, Json] = {"StringEquals": {"aws:SourceAccount": list[Json](accounts)}}
    writes: dict[str, Json] = {
        "StringEquals": {"aws:SourceAccount": list[Json](accounts), "s3:x-amz-acl": "bucket-owner-full-control"}
    }
    principal: Json = {"Service": CONFIG}
    return [
        {
            "Sid": "ConfigLooks",
            "Effect": "Allow",
            "Principal": principal,
            "Action": ["s3:GetBucketAcl", "s3:ListBucket"],
            "Resource": f"arn:aws:s3:::{bucket}",
            "Condition": own,
        },
        {
            "Sid": "ConfigWrites",
            "Effect": "Allow",
            "Principal": principal,
            "Action": "s3:PutObject",
            "Resource": f"arn:aws:s3:::{bucket}/AWSLogs/*",
            "Condition": writes,
        },
    ]
