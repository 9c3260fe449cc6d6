"""A VPC with three tiers of subnets in each zone."""

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

import pulumi
from pulumi_aws import ec2, elasticache, rds

from odoo_estate.aws.dns_firewall import DnsFirewall, DnsFirewallArgs
from odoo_estate.aws.endpoints import Endpoints
from odoo_estate.aws.flow_log import FlowLog
from odoo_estate.aws.references import NetworkRef
from odoo_estate.plan import AwsTarget, NetworkPlan

ANYWHERE = "0.0.0.0/0"


class NetworkArgs(TypedDict):
    """Inputs of `Network`; ``key_arn`` encrypts the flow log."""

    plan: NetworkPlan
    target: AwsTarget
    key_arn: pulumi.Input[str]


class Network(pulumi.ComponentResource):
    """Public subnets for load balancers and NAT, private ones for nodes, database ones without any way to the internet."""

    ref: NetworkRef
    vpc_id: pulumi.Output[str]
    public_route_table_id: pulumi.Output[str]
    """The only table that learns the way to a customer's private networks."""
    subnets: Mapping[str, Mapping[str, pulumi.Output[str]]]
    """Tier (``public``, ``private``, ``database``) to zone key to subnet id."""

    def __init__(self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("odoo-estate:aws:Network", name, None, opts)
        plan = args["plan"]
        vpc = self._vpc(name, plan)
        gateway = self._internet_gateway(name, plan, vpc)
        public = self._tier(name, plan, vpc, "public", {z: zone.public_cidr for z, zone in plan.zones.items()})
        private = self._tier(name, plan, vpc, "private", {z: zone.private_cidr for z, zone in plan.zones.items()})
        database = self._tier(name, plan, vpc, "database", {z: zone.database_cidr for z, zone in plan.zones.items()})
        public_table, public_routes = self._public_routes(name, plan, vpc, gateway, public)
        nat = self._nat(name, plan, public, [gateway, *public_routes])
        private_tables = self._private_routes(name, plan, vpc, private, nat)
        database_table = self._database_routes(name, plan, vpc, database)
        closed = self._database_acl(name, plan, vpc, database)
        self._prefixes(name, plan, private)
        child = pulumi.ResourceOptions(parent=self)
        Endpoints(
            f"{name}-endpoint",
            {
                "plan": plan,
                "target": args["target"],
                "vpc_id": vpc.id,
                "subnet_ids": [subnet.id for subnet in private.values()],
                "route_table_ids": [*(table.id for table in private_tables.values()), database_table.id],
            },
            child,
        )
        FlowLog(
            f"{name}-flow-log",
            {"plan": plan, "target": args["target"], "vpc_id": vpc.id, "key_arn": args["key_arn"]},
            child,
        )
        if plan.firewall:
            firewall: DnsFirewallArgs = {"plan": plan.firewall, "vpc_id": vpc.id, "key_arn": args["key_arn"]}
            DnsFirewall(f"{name}-names", firewall, child)
        database_ids = [subnet.id for subnet in database.values()]
        database_group, cache_group = subnet_groups(name, plan, database_ids, self._child(closed))
        self.vpc_id, self.public_route_table_id = vpc.id, public_table.id
        self.subnets = {
            tier: {zone: subnet.id for zone, subnet in subnets.items()}
            for tier, subnets in (("public", public), ("private", private), ("database", database))
        }
        self.ref = NetworkRef(
            vpc_id=vpc.id,
            cidr=plan.cidr,
            public_subnet_ids=[subnet.id for subnet in public.values()],
            private_subnet_ids=[subnet.id for subnet in private.values()],
            database_subnet_ids=database_ids,
            database_subnet_group=database_group.name,
            cache_subnet_group=cache_group.name,
        )
        self.register_outputs({"vpc_id": vpc.id})

    def _database_acl(
        self, name: str, plan: NetworkPlan, vpc: ec2.Vpc, subnets: Mapping[str, ec2.Subnet]
    ) -> list[pulumi.Resource]:
        """The rules stand before a subnet is moved under them: without its rules a network ACL lets nothing through."""
        if not plan.database_acl:
            return []
        acl = ec2.NetworkAcl(
            f"{name}-database", vpc_id=vpc.id, tags={"Name": f"{plan.name}-database"}, opts=self._child()
        )
        rules: list[pulumi.Resource] = [
            ec2.NetworkAclRule(
                f"{name}-database-{key}",
                network_acl_id=acl.id,
                rule_number=rule.number,
                egress=rule.egress,
                protocol="tcp",
                rule_action="allow",
                cidr_block=rule.cidr,
                from_port=rule.from_port,
                to_port=rule.to_port,
                # Nothing of a rule can be changed, and its number can be taken once only.
                opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True),
            )
            for key, rule in plan.database_acl.items()
        ]
        return [
            ec2.NetworkAclAssociation(
                f"{name}-database-{zone}", network_acl_id=acl.id, subnet_id=subnet.id, opts=self._child(rules)
            )
            for zone, subnet in subnets.items()
        ]

    def _prefixes(self, name: str, plan: NetworkPlan, subnets: Mapping[str, ec2.Subnet]) -> None:
        """Half of each private subnet is for whole /28 only: single addresses of balancers and endpoints scatter over the other half."""
        for zone, subnet in subnets.items():
            if plan.zones[zone].prefix_cidr:
                ec2.SubnetCidrReservation(
                    f"{name}-prefixes-{zone}",
                    subnet_id=subnet.id,
                    cidr_block=plan.zones[zone].prefix_cidr,
                    reservation_type="prefix",
                    description="Prefixes for pods",
                    opts=self._child(),
                )

    def _child(self, depends_on: list[pulumi.Resource] | None = None) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, depends_on=depends_on)

    def _vpc(self, name: str, plan: NetworkPlan) -> ec2.Vpc:
        vpc = ec2.Vpc(
            name,
            cidr_block=plan.cidr,
            enable_dns_support=True,
            enable_dns_hostnames=True,  # the endpoints' private names need it
            tags={"Name": plan.name},
            opts=self._child(),
        )
        # Adopting the default group empties it: whoever forgets a security group reaches nothing.
        ec2.DefaultSecurityGroup(name, vpc_id=vpc.id, tags={"Name": f"{plan.name}-closed"}, opts=self._child())
        return vpc

    def _internet_gateway(self, name: str, plan: NetworkPlan, vpc: ec2.Vpc) -> ec2.InternetGateway:
        return ec2.InternetGateway(name, vpc_id=vpc.id, tags={"Name": plan.name}, opts=self._child())

    def _tier(
        self, name: str, plan: NetworkPlan, vpc: ec2.Vpc, tier: str, cidrs: Mapping[str, str]
    ) -> Mapping[str, ec2.Subnet]:
        return {
            zone: ec2.Subnet(
                f"{name}-{tier}-{zone}",
                vpc_id=vpc.id,
                **_in_zone(plan.zones[zone].availability_zone),
                cidr_block=cidr,
                map_public_ip_on_launch=False,
                tags={"Name": f"{plan.name}-{tier}-{zone}", "subnet-tier": tier, **LOAD_BALANCER_TAGS[tier]},
                opts=self._child(),
            )
            for zone, cidr in cidrs.items()
        }

    def _public_routes(
        self,
        name: str,
        plan: NetworkPlan,
        vpc: ec2.Vpc,
        gateway: ec2.InternetGateway,
        subnets: Mapping[str, ec2.Subnet],
    ) -> tuple[ec2.RouteTable, list[pulumi.Resource]]:
        table = self._route_table(f"{name}-public", f"{plan.name}-public", vpc)
        route = ec2.Route(
            f"{name}-public",
            route_table_id=table.id,
            destination_cidr_block=ANYWHERE,
            gateway_id=gateway.id,
            opts=self._child(),
        )
        return table, [route, *(self._associate(f"{name}-public-{zone}", table, net) for zone, net in subnets.items())]

    def _nat(
        self, name: str, plan: NetworkPlan, public: Mapping[str, ec2.Subnet], ready: list[pulumi.Resource]
    ) -> Mapping[str, ec2.NatGateway]:
        """The NAT gateway that serves each zone; a single one stands in the first zone."""
        first = next(iter(plan.zones))
        serving = {
            "per-zone": {zone: zone for zone in plan.zones},
            "single": dict.fromkeys(plan.zones, first),
            "none": {},
        }[plan.nat]
        gateways: dict[str, ec2.NatGateway] = {}
        for zone in dict.fromkeys(serving.values()):
            tags = {"Name": f"{plan.name}-{zone}"}
            address = ec2.Eip(f"{name}-nat-{zone}", domain="vpc", tags=tags, opts=self._child(ready))
            gateways[zone] = ec2.NatGateway(
                f"{name}-{zone}",
                subnet_id=public[zone].id,
                allocation_id=address.allocation_id,
                tags=tags,
                opts=self._child(ready),
            )
        return {zone: gateways[home] for zone, home in serving.items()}

    def _private_routes(
        self,
        name: str,
        plan: NetworkPlan,
        vpc: ec2.Vpc,
        subnets: Mapping[str, ec2.Subnet],
        nat: Mapping[str, ec2.NatGateway],
    ) -> Mapping[str, ec2.RouteTable]:
        tables: dict[str, ec2.RouteTable] = {}
        for zone, subnet in subnets.items():
            key = f"{name}-private-{zone}"
            tables[zone] = self._route_table(key, f"{plan.name}-private-{zone}", vpc)
            self._associate(key, tables[zone], subnet)
            if zone in nat:
                ec2.Route(
                    key,
                    route_table_id=tables[zone].id,
                    destination_cidr_block=ANYWHERE,
                    nat_gateway_id=nat[zone].id,
                    opts=self._child(),
                )
        return tables

    def _database_routes(
        self, name: str, plan: NetworkPlan, vpc: ec2.Vpc, subnets: Mapping[str, ec2.Subnet]
    ) -> ec2.RouteTable:
        table = self._route_table(f"{name}-database", f"{plan.name}-database", vpc)
        for zone, subnet in subnets.items():
            self._associate(f"{name}-database-{zone}", table, subnet)
        return table

    def _route_table(self, key: str, label: str, vpc: ec2.Vpc) -> ec2.RouteTable:
        return ec2.RouteTable(key, vpc_id=vpc.id, tags={"Name": label}, opts=self._child())

    def _associate(self, key: str, table: ec2.RouteTable, subnet: ec2.Subnet) -> ec2.RouteTableAssociation:
        return ec2.RouteTableAssociation(key, route_table_id=table.id, subnet_id=subnet.id, opts=self._child())


def _in_zone(zone: str) -> dict[str, Any]:
    """A zone is given by its name, or by its id (``use1-az1``), which is the same place in every account."""
    return {"availability_zone_id" if "-az" in zone else "availability_zone": zone}


def subnet_groups(
    name: str, plan: NetworkPlan, subnet_ids: Sequence[pulumi.Input[str]], opts: pulumi.ResourceOptions
) -> tuple[rds.SubnetGroup, elasticache.SubnetGroup]:
    """Where RDS and ElastiCache may put what they make."""
    return (
        rds.SubnetGroup(name, description=f"Database subnets of {plan.name}", subnet_ids=subnet_ids, opts=opts),
        elasticache.SubnetGroup(name, description=f"Cache subnets of {plan.name}", subnet_ids=subnet_ids, opts=opts),
    )


LOAD_BALANCER_TAGS: Mapping[str, Mapping[str, str]] = {
    "public": {"kubernetes.io/role/elb": "1"},
    "private": {"kubernetes.io/role/internal-elb": "1"},
    "database": {},
}
"""How the load balancer controller finds its subnets."""
