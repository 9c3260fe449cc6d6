"""A security group with standalone rules: who may come in, keyed by a name that says who."""

from collections.abc import Mapping
from typing import Any, NotRequired, TypedDict

import pulumi
from pulumi_aws import ec2, vpc


class SecurityGroupArgs(TypedDict):
    """Inputs of `SecurityGroup`. ``groups`` and ``cidrs`` are the sources that may reach ``port`` over TCP, by key. Nothing may go out."""

    description: str
    vpc_id: pulumi.Input[str]
    port: int
    groups: NotRequired[Mapping[str, pulumi.Input[str]]]
    cidrs: NotRequired[Mapping[str, pulumi.Input[str]]]


class SecurityGroup(pulumi.ComponentResource):
    """One port, stated sources, no way out: what a database, a cache or an endpoint needs."""

    id: pulumi.Output[str]

    def __init__(self, name: str, args: SecurityGroupArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("odoo-estate:aws:SecurityGroup", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        group = ec2.SecurityGroup(name, description=args["description"], vpc_id=args["vpc_id"], opts=child)
        for source, group_id in args.get("groups", {}).items():
            vpc.SecurityGroupIngressRule(
                f"{name}-{source}",
                **tcp_rule(group.id, args["port"], f"From {source}"),
                referenced_security_group_id=group_id,
                opts=child,
            )
        for source, cidr in args.get("cidrs", {}).items():
            vpc.SecurityGroupIngressRule(
                f"{name}-{source}",
                **tcp_rule(group.id, args["port"], f"From {source}"),
                cidr_ipv4=cidr,
                opts=child,
            )
        self.id = group.id
        self.register_outputs({"id": self.id})


def tcp_rule(group_id: pulumi.Input[str], port: int, description: str) -> dict[str, Any]:
    """What a rule of a group says of one port, but for who is on the other side."""
    return {
        "security_group_id": group_id,
        "description": description,
        "ip_protocol": "tcp",
        "from_port": port,
        "to_port": port,
    }
