"""A network load balancer that only private connections reach: an endpoint service for PrivateLink, VPN connections for sites."""

from collections.abc import Mapping, Sequence
from typing import Any, NotRequired, TypedDict

import pulumi
from pulumi_aws import ec2, lb, vpc

from odoo_estate.aws.security_group import SecurityGroup, tcp_rule
from odoo_estate.plan import INGRESS_LEAVE_SECONDS, INGRESS_PORT, PrivateAccessPlan, VpnSitePlan

HTTPS_PORT = 443
AMAZON_ASN = 64512
SITE_ASN = 65000
"""Private numbers that BGP would need; routes are static, so that a site's router can announce nothing that is not in the contract."""
STRONG: Mapping[str, Sequence[str | int]] = {
    "ike_versions": ["ikev2"],
    "phase1_encryption_algorithms": ["AES256", "AES256-GCM-16"],
    "phase2_encryption_algorithms": ["AES256", "AES256-GCM-16"],
    "phase1_integrity_algorithms": ["SHA2-256", "SHA2-384", "SHA2-512"],
    "phase2_integrity_algorithms": ["SHA2-256", "SHA2-384", "SHA2-512"],
    "phase1_dh_group_numbers": [14, 19, 20, 21],
    "phase2_dh_group_numbers": [14, 19, 20, 21],
}
"""What the tunnels offer; AWS' own default also takes IKEv1, SHA-1 and a group of 1024 bits."""


class PrivateEntryArgs(TypedDict):
    """Inputs of `PrivateEntry`. ``subnet_ids`` hold the balancer, ``pod_cidrs`` what it forwards to. ``route_table_id``: the table of these
    subnets, which alone learns the way back to VPN sites; needed where the plan has some."""

    plan: PrivateAccessPlan
    vpc_id: pulumi.Input[str]
    subnet_ids: pulumi.Input[Sequence[pulumi.Input[str]]]
    pod_cidrs: Mapping[str, str]
    route_table_id: NotRequired[pulumi.Input[str]]


class PrivateEntry(pulumi.ComponentResource):
    """TLS is passed through: certificates and routes are those of the public way in."""

    target_group_arn: pulumi.Output[str]
    security_group_id: pulumi.Output[str]
    host: pulumi.Output[str]
    """The balancer's own name, for sites."""
    service_name: pulumi.Output[str] | None
    """What consumers connect to; None: no PrivateLink."""

    def __init__(self, name: str, args: PrivateEntryArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("odoo-estate:aws:PrivateEntry", name, None, opts)
        plan = args["plan"]
        access = self._access(name, args)
        balancer = self._balancer(name, args, access)
        self.service_name = self._endpoint_service(name, plan, balancer).service_name if plan.consumers else None
        if plan.sites:
            self._vpn(name, args)
        self.security_group_id = access.id
        self.host = balancer.dns_name
        self.register_outputs({"host": self.host})

    def _access(self, name: str, args: PrivateEntryArgs) -> SecurityGroup:
        """A balancer that begins without a security group can never be given one."""
        child = pulumi.ResourceOptions(parent=self)
        sites = args["plan"].sites
        access = SecurityGroup(
            name,
            {
                "description": f"HTTPS to {args['plan'].name}",
                "vpc_id": args["vpc_id"],
                "port": HTTPS_PORT,
                "cidrs": {f"{key}-{cidr}": cidr for key, site in sites.items() for cidr in site.networks},
            },
            child,
        )
        for zone, cidr in args["pod_cidrs"].items():
            vpc.SecurityGroupEgressRule(
                f"{name}-pods-{zone}",
                **tcp_rule(access.id, INGRESS_PORT, "To the ingress"),
                cidr_ipv4=cidr,
                opts=child,
            )
        return access

    def _balancer(self, name: str, args: PrivateEntryArgs, access: SecurityGroup) -> lb.LoadBalancer:
        child = pulumi.ResourceOptions(parent=self)
        balancer = lb.LoadBalancer(
            name,
            name=args["plan"].name,
            load_balancer_type="network",
            internal=True,
            subnets=args["subnet_ids"],
            security_groups=[access.id],
            # Who comes through PrivateLink was accepted by name; its addresses are the consumer's and mean nothing here.
            enforce_security_group_inbound_rules_on_private_link_traffic="off",
            opts=child,
        )
        group = lb.TargetGroup(
            name,
            name=args["plan"].name,
            port=INGRESS_PORT,
            protocol="TCP",
            target_type="ip",
            vpc_id=args["vpc_id"],
            proxy_protocol_v2=True,
            deregistration_delay=INGRESS_LEAVE_SECONDS,
            health_check={"protocol": "TCP", "port": "traffic-port"},
            opts=child,
        )
        lb.Listener(
            name,
            load_balancer_arn=balancer.arn,
            port=HTTPS_PORT,
            protocol="TCP",
            default_actions=[{"type": "forward", "target_group_arn": group.arn}],
            opts=child,
        )
        self.target_group_arn = group.arn
        return balancer

    def _endpoint_service(
        self, name: str, plan: PrivateAccessPlan, balancer: lb.LoadBalancer
    ) -> ec2.VpcEndpointService:
        service = ec2.VpcEndpointService(
            name,
            acceptance_required=True,
            network_load_balancer_arns=[balancer.arn],
            tags={"Name": plan.name},
            opts=pulumi.ResourceOptions(parent=self, protect=plan.protect),
        )
        for account in plan.consumers:
            ec2.VpcEndpointServiceAllowedPrinciple(
                f"{name}-{account}",
                vpc_endpoint_service_id=service.id,
                principal_arn=f"arn:aws:iam::{account}:root",
                opts=pulumi.ResourceOptions(parent=self),
            )
        return service

    def _vpn(self, name: str, args: PrivateEntryArgs) -> None:
        child = pulumi.ResourceOptions(parent=self)
        plan = args["plan"]
        gateway = ec2.VpnGateway(
            name,
            vpc_id=args["vpc_id"],
            amazon_side_asn=str(AMAZON_ASN),
            tags={"Name": plan.name},
            opts=child,
        )
        ec2.VpnGatewayRoutePropagation(
            name, vpn_gateway_id=gateway.id, route_table_id=args["route_table_id"], opts=child
        )
        for key, site in plan.sites.items():
            self._site(f"{name}-{key}", f"{plan.name}-{key}", site, gateway)

    def _site(self, name: str, label: str, site: VpnSitePlan, gateway: ec2.VpnGateway) -> None:
        child = pulumi.ResourceOptions(parent=self)
        router = ec2.CustomerGateway(
            name,
            bgp_asn=str(SITE_ASN),
            ip_address=site.address,
            type="ipsec.1",
            tags={"Name": label},
            opts=child,
        )
        tunnels: dict[str, Any] = {f"tunnel{number}_{key}": value for number in (1, 2) for key, value in STRONG.items()}
        connection = ec2.VpnConnection(
            name,
            customer_gateway_id=router.id,
            vpn_gateway_id=gateway.id,
            type="ipsec.1",
            static_routes_only=True,
            # AWS makes the keys up and keeps them where the site's administrators read them: they are in no state and no log.
            preshared_key_storage="SecretsManager",
            **tunnels,
            tags={"Name": label},
            opts=child,
        )
        for cidr in site.networks:
            ec2.VpnConnectionRoute(
                f"{name}-{cidr}",
                vpn_connection_id=connection.id,
                destination_cidr_block=cidr,
                opts=child,
            )
