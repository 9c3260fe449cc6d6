"""A VPC's flow log in CloudWatch."""

from typing import TypedDict

import pulumi
from pulumi_aws import ec2

from odoo_estate.aws.log_group import log_group
from odoo_estate.aws.policy import service_trust
from odoo_estate.aws.role import Role
from odoo_estate.plan import AwsTarget, NetworkPlan, RolePlan

FIELDS = (
    *("version", "account-id", "interface-id", "srcaddr", "dstaddr", "srcport", "dstport", "protocol", "packets"),
    *("bytes", "start", "end", "action", "log-status", "vpc-id", "subnet-id", "az-id", "tcp-flags", "flow-direction"),
    *("traffic-path", "pkt-srcaddr", "pkt-dstaddr", "pkt-src-aws-service", "pkt-dst-aws-service"),
)
"""Beside the default ones: what a packet's own addresses are, because pods hide behind their node's and everything behind NAT, and who opened
the connection (VPC user guide, flow log records, version 5)."""


class FlowLogArgs(TypedDict):
    """Inputs of `FlowLog`."""

    plan: NetworkPlan
    target: AwsTarget
    vpc_id: pulumi.Input[str]
    key_arn: pulumi.Input[str]


class FlowLog(pulumi.ComponentResource):
    """Accepted and rejected traffic of the whole VPC."""

    def __init__(self, name: str, args: FlowLogArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("odoo-estate:aws:FlowLog", name, None, opts)
        plan, target = args["plan"], args["target"]
        group = log_group(
            name,
            name=plan.flow_log_group,
            retention_days=plan.flow_log_retention_days,
            key_arn=args["key_arn"],
            parent=self,
        )
        role = Role(name, {"plan": _writer(plan, target)}, pulumi.ResourceOptions(parent=self))
        ec2.FlowLog(
            name,
            vpc_id=args["vpc_id"],
            traffic_type="ALL",
            log_format=" ".join(f"${{{field}}}" for field in FIELDS),
            log_destination_type="cloud-watch-logs",
            log_destination=group.arn,
            iam_role_arn=role.arn,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[role]),
        )
        self.register_outputs({})


def _writer(plan: NetworkPlan, target: AwsTarget) -> RolePlan:
    group = target.arn("logs", f"log-group:{plan.flow_log_group}")
    return RolePlan(
        name="",
        description=f"Writes the flow log of {plan.name}",
        trust=(service_trust("vpc-flow-logs.amazonaws.com", target.account),),
        statements=(
            {
                "Effect": "Allow",
                "Action": ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"],
                "Resource": [group, f"{group}:*"],
            },
        ),
    )
