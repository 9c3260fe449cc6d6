"""A public DNS zone, and its delegation from the parent zone."""

from collections.abc import Sequence
from typing import TypedDict

import pulumi
from pulumi_aws import route53


class DnsZoneArgs(TypedDict):
    """Inputs of `DnsZone`."""

    domain: str
    comment: str
    protect: bool


class DnsZone(pulumi.ComponentResource):
    """To be protected: a new zone has new name servers, and every delegation to the old ones would point nowhere."""

    id: pulumi.Output[str]
    name_servers: pulumi.Output[Sequence[str]]

    def __init__(self, name: str, args: DnsZoneArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("odoo-estate:aws:DnsZone", name, None, opts)
        zone = route53.Zone(
            name,
            name=args["domain"],
            comment=args["comment"],
            force_destroy=not args["protect"],
            opts=pulumi.ResourceOptions(parent=self, protect=args["protect"]),
        )
        self.id = zone.zone_id
        self.name_servers = zone.name_servers
        self.register_outputs({"id": self.id, "name_servers": self.name_servers})


class DelegationArgs(TypedDict):
    """Inputs of `Delegation`: the NS record in the parent zone."""

    domain: str
    parent_zone_id: pulumi.Input[str]
    name_servers: pulumi.Input[Sequence[pulumi.Input[str]]]
    ttl_seconds: int


class Delegation(pulumi.ComponentResource):
    """Lives in the account of the parent zone."""

    def __init__(self, name: str, args: DelegationArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("odoo-estate:aws:Delegation", name, None, opts)
        route53.Record(
            name,
            zone_id=args["parent_zone_id"],
            name=args["domain"],
            type="NS",
            ttl=args["ttl_seconds"],
            records=args["name_servers"],
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({})
