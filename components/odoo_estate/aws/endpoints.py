"""VPC endpoints: the ways to AWS services that do not lead through the internet."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypedDict

import pulumi
from pulumi_aws import ec2

from odoo_estate.aws.policy import Statement, policy_text
from odoo_estate.aws.security_group import SecurityGroup
from odoo_estate.plan import AwsTarget, Json, NetworkPlan

HTTPS_PORT = 443


class EndpointsArgs(TypedDict):
    """Inputs of `Endpoints`; ``route_table_ids`` get the way to S3, by key."""

    plan: NetworkPlan
    target: AwsTarget
    vpc_id: pulumi.Input[str]
    subnet_ids: Sequence[pulumi.Input[str]]
    route_table_ids: Sequence[pulumi.Input[str]]


class Endpoints(pulumi.ComponentResource):
    """The S3 gateway and the plan's interface endpoints; through either only principals of the own account act, on what is the estate's."""

    def __init__(self, name: str, args: EndpointsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("odoo-estate:aws:Endpoints", name, None, opts)
        plan, target = args["plan"], args["target"]
        child = pulumi.ResourceOptions(parent=self)
        ec2.VpcEndpoint(
            f"{name}-s3",
            vpc_id=args["vpc_id"],
            vpc_endpoint_type="Gateway",
            service_name=f"com.amazonaws.{target.region}.s3",
            route_table_ids=list(args["route_table_ids"]),
            policy=_policy(plan, target, "s3"),
            tags=_named(plan, "s3"),
            opts=child,
        )
        access = SecurityGroup(
            name,
            {
                "description": f"HTTPS to the VPC endpoints of {plan.name}",
                "vpc_id": args["vpc_id"],
                "port": HTTPS_PORT,
                "cidrs": {"vpc": plan.cidr},
            },
            child,
        )
        for service in plan.interface_endpoints:
            ec2.VpcEndpoint(
                f"{name}-{service}",
                vpc_id=args["vpc_id"],
                vpc_endpoint_type="Interface",
                service_name=f"com.amazonaws.{target.region}.{service}",
                subnet_ids=list(args["subnet_ids"]),
                security_group_ids=[access.id],
                private_dns_enabled=True,
                policy=None if service in WITHOUT_POLICY else _policy(plan, target, service),
                tags=_named(plan, service),
                opts=child,
            )
        self.register_outputs({})


WITHOUT_POLICY = frozenset({"eks", "eks-auth"})
"""Services whose endpoints had no endpoint policies when this was written (November 2026)."""
PULLS: list[Json] = [
    "ecr:BatchCheckLayerAvailability",
    "ecr:BatchGetImage",
    "ecr:GetAuthorizationToken",
    "ecr:GetDownloadUrlForLayer",
]


def _policy(plan: NetworkPlan, target: AwsTarget, service: str) -> str:
    """Our principals on what is the estate's, and nobody else: whoever gets at a pod can neither use keys of another account from here nor carry
    data into one. A condition on accounts takes no wildcards in endpoint policies, so they are listed (PrivateLink guide, read 2026-11)."""
    own: Statement = {
        "Sid": "OursOnOurs",
        "Effect": "Allow",
        "Principal": "*",
        "Action": "*",
        "Resource": "*",
        "Condition": {
            "StringEquals": {
                "aws:PrincipalAccount": target.account,
                "aws:ResourceAccount": list[Json](plan.accounts or (target.account,)),
            }
        },
    }
    return policy_text([own, *(EXCEPTIONS[service](target) if service in EXCEPTIONS else ())])


def _pulls(target: AwsTarget) -> tuple[Statement, ...]:
    # Images of EKS' add-ons and of the nodes' own containers lie in accounts of AWS, other ones in every region.
    return (
        {
            "Sid": "OursPullFromAnywhere",
            "Effect": "Allow",
            "Principal": "*",
            "Action": PULLS,
            "Resource": "*",
            "Condition": {"StringEquals": {"aws:PrincipalAccount": target.account}},
        },
    )


def _downloads(target: AwsTarget) -> tuple[Statement, ...]:
    # Image layers and the nodes' packages come from buckets of AWS, signed by AWS, not by a principal of ours.
    return (
        {
            "Sid": "ImageLayersAndPackages",
            "Effect": "Allow",
            "Principal": "*",
            "Action": "s3:GetObject",
            "Resource": [
                f"arn:aws:s3:::prod-{target.region}-starport-layer-bucket/*",
                f"arn:aws:s3:::al2023-repos-{target.region}-*/*",
            ],
        },
    )


EXCEPTIONS: Mapping[str, Callable[[AwsTarget], tuple[Statement, ...]]] = {
    "ecr.api": _pulls,
    "ecr.dkr": _pulls,
    "s3": _downloads,
}
"""What one service needs besides."""


def _named(plan: NetworkPlan, service: str) -> Mapping[str, str]:
    return {"Name": f"{plan.name}-{service}"}
