"""A VPC for programs in any language."""

from collections.abc import Sequence
from enum import Enum
from typing import NotRequired, TypedDict

import pulumi

from odoo_estate.aws import network
from odoo_estate.plan import AwsTarget, NetworkPlan, ZonePlan


class Nat(Enum):
    """How private subnets reach the internet."""

    PER_ZONE = "per-zone"
    """One NAT gateway in each zone: a zone that fails takes no other with it."""
    SINGLE = "single"
    """One NAT gateway in the zone whose key comes first."""
    NONE = "none"
    """Not at all."""


class NetworkZone(TypedDict):
    """The subnets of one availability zone."""

    availability_zone: str
    """Name of the zone, e.g. `eu-central-1a`."""
    public_cidr: str
    """Addresses for load balancers and NAT gateways."""
    private_cidr: str
    """Addresses for nodes and pods."""
    database_cidr: str
    """Addresses for databases and caches, without any way to the internet."""


class NetworkArgs(TypedDict):
    """Inputs of `Network`."""

    account: str
    """Account that the network is made in, 12 digits."""
    region: str
    """Region that the network is made in: the provider's."""
    network_name: str
    """Name in tags, descriptions and the flow log's group, `/NAME/flow-log`."""
    cidr: str
    """Address range of the VPC, e.g. `10.20.0.0/16`."""
    zones: dict[str, NetworkZone]
    """Two or three zones by a key of their own, e.g. `a`, which stays when a neighbour comes or goes."""
    key_arn: pulumi.Input[str]
    """KMS key of the flow log; its policy must let the service `logs` use it."""
    nat: NotRequired[Nat]
    """How private subnets reach the internet. Default: `per-zone`."""
    interface_endpoints: NotRequired[list[str]]
    """AWS services reached without the internet, e.g. `ecr.api`, `sts`; S3 always is. Default: none."""
    flow_log_retention_days: NotRequired[int]
    """Days that the flow log is kept: a step that CloudWatch Logs offers (30, 60, 90, 180, 365 …). Default: 90."""


class Network(pulumi.ComponentResource):
    """A VPC with public, private and database subnets in each zone, closed default security group, endpoints and flow log."""

    vpc_id: pulumi.Output[str]
    """Id of the VPC."""
    public_subnet_ids: pulumi.Output[list[str]]
    """Subnets for load balancers, in the order of the zones' keys."""
    private_subnet_ids: pulumi.Output[list[str]]
    """Subnets for nodes and pods."""
    database_subnet_ids: pulumi.Output[list[str]]
    """Subnets for databases and caches."""
    database_subnet_group: pulumi.Output[str]
    """RDS subnet group over the database subnets."""
    cache_subnet_group: pulumi.Output[str]
    """ElastiCache subnet group over the database subnets."""

    def __init__(self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("odoo-estate:index:Network", name, None, opts)
        if not 2 <= len(args["zones"]) <= 3:
            raise pulumi.InputPropertyError(
                "zones",
                f"has {len(args['zones'])} entries; allowed: 2 or 3, because databases need subnets in two zones",
            )
        made = network.Network(
            name,
            {
                "plan": _plan(args),
                "target": AwsTarget(account=args["account"], region=args["region"]),
                "key_arn": args["key_arn"],
            },
            pulumi.ResourceOptions(parent=self),
        )
        ref = made.ref
        self.vpc_id = pulumi.Output.from_input(ref.vpc_id)
        self.public_subnet_ids = _texts(ref.public_subnet_ids)
        self.private_subnet_ids = _texts(ref.private_subnet_ids)
        self.database_subnet_ids = _texts(ref.database_subnet_ids)
        self.database_subnet_group = pulumi.Output.from_input(ref.database_subnet_group)
        self.cache_subnet_group = pulumi.Output.from_input(ref.cache_subnet_group)
        self.register_outputs({"vpcId": self.vpc_id})


def _plan(args: NetworkArgs) -> NetworkPlan:
    return NetworkPlan(
        name=args["network_name"],
        cidr=args["cidr"],
        zones={
            key: ZonePlan(
                availability_zone=zone["availability_zone"],
                public_cidr=zone["public_cidr"],
                private_cidr=zone["private_cidr"],
                database_cidr=zone["database_cidr"],
            )
            for key, zone in sorted(args["zones"].items())  # they arrive in no order
        },
        nat=args.get("nat", Nat.PER_ZONE).value,
        interface_endpoints=tuple(args.get("interface_endpoints", ())),
        flow_log_group=f"/{args['network_name']}/flow-log",
        flow_log_retention_days=args.get("flow_log_retention_days", 90),
    )


def _texts(values: pulumi.Input[Sequence[pulumi.Input[str]]]) -> pulumi.Output[list[str]]:
    found: pulumi.Output[list[str]] = pulumi.Output.from_input(values)  # type: ignore[arg-type]
    return found
