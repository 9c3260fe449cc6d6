"""An application load balancer before one class' Traefik: where TLS of a firewalled entry ends and begins anew."""

from typing import TypedDict

import pulumi
from pulumi_aws import ec2, lb, vpc

from odoo_estate.aws.references import NetworkRef
from odoo_estate.aws.security_group import tcp_rule
from odoo_estate.plan import INGRESS_LEAVE_SECONDS, INGRESS_PORT, FirewalledEntryPlan

ALIVE_PORT = 8080
"""Traefik's own entry point, which answers ``/ping``."""
CLUSTER_TAG = "elbv2.k8s.aws/cluster"
TLS_POLICY = "ELBSecurityPolicy-TLS13-1-2-2021-06"
"""TLS 1.2 with forward secrecy, and 1.3."""


class ApplicationBalancerArgs(TypedDict):
    """Inputs of `ApplicationBalancer`; pods are reached by the nodes' security group ``cluster_group_id``."""

    plan: FirewalledEntryPlan
    network: NetworkRef
    cluster: str
    """Name of the EKS cluster whose load balancer controller may register pods."""
    cluster_group_id: pulumi.Input[str]
    certificate_arn: pulumi.Input[str]
    """Of ACM, in the load balancer's region: what clients see."""


class ApplicationBalancer(pulumi.ComponentResource):
    """Open on 80, which only redirects, and on 443. It writes no access log: that would hold whole addresses with the tokens in them, which
    Traefik's drops.

    Traefik believes the forwarded headers that come from here. X-Forwarded-For and -Proto are this balancer's; X-Forwarded-Host it hands
    through as a client sent it, and Odoo would write it into the links of its mails, so requests that bring one are refused.
    """

    arn: pulumi.Output[str]
    host: pulumi.Output[str]
    """Its own DNS name."""
    listener_arn: pulumi.Output[str]
    target_group_arn: pulumi.Output[str]

    def __init__(self, name: str, args: ApplicationBalancerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("odoo-estate:aws:ApplicationBalancer", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        plan, network = args["plan"], args["network"]
        group = security_group(name, network, args["cluster_group_id"], child)
        balancer = lb.LoadBalancer(
            name,
            name=plan.name,
            load_balancer_type="application",
            internal=False,
            subnets=network.public_subnet_ids,
            security_groups=[group.id],
            idle_timeout=plan.idle_seconds,
            drop_invalid_header_fields=True,
            desync_mitigation_mode="strictest",
            # A firewall that does not answer lets nothing through.
            enable_waf_fail_open=False,
            xff_header_processing_mode="append",
            opts=child,
        )
        targets = lb.TargetGroup(
            name,
            name=plan.name,
            target_type="ip",
            vpc_id=network.vpc_id,
            port=INGRESS_PORT,
            protocol="HTTPS",
            deregistration_delay=INGRESS_LEAVE_SECONDS,
            # By this tag the load balancer controller may register pods, and in no other target group.
            tags={CLUSTER_TAG: args["cluster"]},
            health_check={"protocol": "HTTP", "port": str(ALIVE_PORT), "path": "/ping", "interval": 10, "timeout": 5},
            opts=child,
        )
        lb.Listener(
            f"{name}-plain",
            load_balancer_arn=balancer.arn,
            port=80,
            protocol="HTTP",
            default_actions=[
                {"type": "redirect", "redirect": {"port": "443", "protocol": "HTTPS", "status_code": "HTTP_301"}}
            ],
            opts=child,
        )
        listener = lb.Listener(
            name,
            load_balancer_arn=balancer.arn,
            port=443,
            protocol="HTTPS",
            ssl_policy=TLS_POLICY,
            certificate_arn=args["certificate_arn"],
            default_actions=[{"type": "forward", "target_group_arn": targets.arn}],
            opts=child,
        )
        lb.ListenerRule(
            f"{name}-forged",
            listener_arn=listener.arn,
            priority=1,
            conditions=[{"http_header": {"http_header_name": "X-Forwarded-Host", "values": ["*"]}}],
            actions=[
                {"type": "fixed-response", "fixed_response": {"content_type": "text/plain", "status_code": "400"}}
            ],
            opts=child,
        )
        self.arn, self.host = balancer.arn, balancer.dns_name
        self.listener_arn, self.target_group_arn = listener.arn, targets.arn
        self.register_outputs({"arn": self.arn, "host": self.host, "listenerArn": self.listener_arn})


def security_group(
    name: str, network: NetworkRef, cluster_group_id: pulumi.Input[str], opts: pulumi.ResourceOptions
) -> ec2.SecurityGroup:
    """In from everywhere on two ports, out to Traefik on two, and the same two into the pods' group."""
    group = ec2.SecurityGroup(
        name, description=f"Load balancer of {name}: the internet to Traefik", vpc_id=network.vpc_id, opts=opts
    )
    for port in (80, 443):
        vpc.SecurityGroupIngressRule(
            f"{name}-{port}",
            **tcp_rule(group.id, port, "From the internet"),
            cidr_ipv4="0.0.0.0/0",
            opts=opts,
        )
    for key, port in {"traefik": INGRESS_PORT, "alive": ALIVE_PORT}.items():
        vpc.SecurityGroupEgressRule(
            f"{name}-{key}",
            **tcp_rule(group.id, port, "To Traefik"),
            referenced_security_group_id=cluster_group_id,
            opts=opts,
        )
        vpc.SecurityGroupIngressRule(
            f"{name}-into-{key}",
            **tcp_rule(cluster_group_id, port, f"From the load balancer of {name}"),
            referenced_security_group_id=group.id,
            opts=opts,
        )
    return group
