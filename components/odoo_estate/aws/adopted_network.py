"""A VPC that somebody else made and keeps: looked up and checked, never created, changed or destroyed."""

from collections.abc import Callable, Mapping
from typing import TypedDict

import pulumi
from pulumi_aws import ec2

from odoo_estate.aws.dns_firewall import DnsFirewall, DnsFirewallArgs
from odoo_estate.aws.network import LOAD_BALANCER_TAGS, subnet_groups
from odoo_estate.aws.references import NetworkRef
from odoo_estate.errors import EstateError
from odoo_estate.plan import AdoptedNetworkPlan, NetworkPlan
from odoo_estate.resolved import passthrough


class NotAsDeclared(EstateError, pulumi.RunError):
    """What stands in AWS is not what the estate says of it."""


class AdoptedNetworkArgs(TypedDict):
    """Inputs of `AdoptedNetwork`; ``key_arn`` encrypts the log of resolved names, where the plan bounds them."""

    plan: NetworkPlan
    key_arn: pulumi.Input[str]


class AdoptedNetwork(pulumi.ComponentResource):
    """Of its own it has the groups of subnets for RDS and ElastiCache, the tags by which load balancers find theirs, and the bounds of names.
    VPC and subnets are read: ids that do not exist, and ranges or zones that differ from the estate's, end the update before anything is made."""

    ref: NetworkRef
    subnets: Mapping[str, Mapping[str, pulumi.Output[str]]]
    """Tier (``public``, ``private``, ``database``) to zone key to subnet id."""

    def __init__(self, name: str, args: AdoptedNetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("odoo-estate:aws:AdoptedNetwork", name, None, opts)
        plan = args["plan"]
        given = plan.adopted
        assert given is not None
        child = pulumi.ResourceOptions(parent=self)
        vpc = ec2.Vpc.get(name, given.vpc_id, opts=child)
        # Whatever is made in the network takes its ids from a check, so that none of it is made where something differs.
        vpc_id = _checked(
            vpc,
            {"cidr_block": plan.cidr, "enable_dns_support": True, "enable_dns_hostnames": True},
            given.vpc_id,
        )
        self.subnets = {tier: self._tier(name, plan, given, tier) for tier in given.subnets}
        if plan.firewall:
            firewall: DnsFirewallArgs = {"plan": plan.firewall, "vpc_id": vpc_id, "key_arn": args["key_arn"]}
            DnsFirewall(f"{name}-names", firewall, child)
        database_ids = list(self.subnets["database"].values())
        database_group, cache_group = subnet_groups(name, plan, database_ids, child)
        self.ref = NetworkRef(
            vpc_id=vpc_id,
            cidr=plan.cidr,
            public_subnet_ids=list(self.subnets["public"].values()),
            private_subnet_ids=list(self.subnets["private"].values()),
            database_subnet_ids=database_ids,
            database_subnet_group=database_group.name,
            cache_subnet_group=cache_group.name,
        )
        self.register_outputs({"vpc_id": self.ref.vpc_id})

    def _tier(
        self, name: str, plan: NetworkPlan, given: AdoptedNetworkPlan, tier: str
    ) -> Mapping[str, pulumi.Output[str]]:
        child = pulumi.ResourceOptions(parent=self)
        found: dict[str, pulumi.Output[str]] = {}
        for zone, subnet_id in given.subnets[tier].items():
            key, laid = f"{name}-{tier}-{zone}", plan.zones[zone]
            cidrs = {"public": laid.public_cidr, "private": laid.private_cidr, "database": laid.database_cidr}
            subnet = ec2.Subnet.get(key, subnet_id, opts=child)
            found[zone] = _checked(
                subnet,
                {"vpc_id": given.vpc_id, "cidr_block": cidrs[tier], "availability_zone": laid.availability_zone},
                subnet_id,
            )
            for tag, value in LOAD_BALANCER_TAGS[tier].items():
                ec2.Tag(key, resource_id=found[zone], key=tag, value=value, opts=child)
        return found


def _checked(found: pulumi.CustomResource, declared: Mapping[str, object], what: str) -> pulumi.Output[str]:
    """The id of ``found``, once its properties are what the estate declares."""
    seen = pulumi.Output.all(id=found.id, **{key: getattr(found, key) for key in declared})
    checked: pulumi.Output[str] = seen.apply(_same(declared, what))["id"]
    return checked


def _same(declared: Mapping[str, object], what: str) -> Callable[[dict[str, object]], dict[str, object]]:
    @passthrough
    def check(seen: dict[str, object]) -> dict[str, object]:
        for key, expected in declared.items():
            if seen[key] != expected:
                raise NotAsDeclared(
                    f"{what}: {key} is {seen[key]} in AWS, the estate says {expected}\n"
                    "  do: correct the cell's `network` in estate.yaml, or the network"
                )
        return seen

    return check
