"""A CloudWatch log group that exists before its writer, so that retention and key are ours and not the service's defaults."""

import pulumi
from pulumi_aws import cloudwatch


def log_group(
    logical_name: str, *, name: str, retention_days: int, key_arn: pulumi.Input[str], parent: pulumi.Resource
) -> cloudwatch.LogGroup:
    """The log group ``name``, encrypted with the key, kept for ``retention_days``."""
    return cloudwatch.LogGroup(
        logical_name,
        name=name,
        retention_in_days=retention_days,
        kms_key_id=key_arn,
        opts=pulumi.ResourceOptions(parent=parent),
    )
