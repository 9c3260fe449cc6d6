"""An ElastiCache (Valkey) replication group for programs in any language."""

from typing import NotRequired, TypedDict

import pulumi

from odoo_estate.aws import cache
from odoo_estate.package.given import given_network
from odoo_estate.plan import CachePlan


class CacheArgs(TypedDict):
    """Inputs of `Cache`."""

    cache_id: str
    """Id of the replication group, its user group and its observer, at most 40 characters."""
    description: str
    """What it holds."""
    engine_version: str
    """Valkey version, e.g. `8.1`; the parameter group's family follows from it."""
    node_type: str
    """ElastiCache node type, e.g. `cache.t4g.medium`."""
    vpc_id: pulumi.Input[str]
    """VPC of the cache's security group."""
    subnet_group: pulumi.Input[str]
    """ElastiCache subnet group that it stands in."""
    clients: dict[str, pulumi.Input[str]]
    """Security groups that may connect, by a key that says who; the keys name the rules."""
    key_arn: pulumi.Input[str]
    """KMS key that encrypts it."""
    nodes: NotRequired[int]
    """Primary and replicas together, 1 to 6; from two on a replica takes over by itself. Default: 2."""
    maxmemory_policy: NotRequired[str]
    """What makes room when memory is full. Default: `volatile-ttl`, what expires soonest."""
    snapshot_days: NotRequired[int]
    """Days that daily snapshots are kept; 0: none are made. Default: 3."""
    snapshot_window: NotRequired[str]
    """Daily, UTC. Default: `00:00-01:00`."""
    maintenance_window: NotRequired[str]
    """Weekly, UTC, must not meet the snapshot window. Default: `sun:04:00-sun:05:00`."""
    protect: NotRequired[bool]
    """Refuse to delete it, and keep it when it leaves the program. Default: true."""


class Cache(pulumi.ComponentResource):
    """An encrypted Valkey replication group, TLS only, that nobody enters but users of its group. Add yours to `userGroupId`."""

    arn: pulumi.Output[str]
    """ARN of the replication group."""
    address: pulumi.Output[str]
    """Host name of the primary."""
    port: pulumi.Output[int]
    """TCP port."""
    user_group_id: pulumi.Output[str]
    """User group; holds nobody but an observer who sees measurements and no keys."""
    security_group_id: pulumi.Output[str]
    """Security group of the cache."""

    def __init__(self, name: str, args: CacheArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("odoo-estate:index:Cache", name, None, opts)
        made = cache.Cache(
            name,
            {
                "plan": _plan(args),
                "network": given_network(args["vpc_id"], cache_subnet_group=args["subnet_group"]),
                "clients": args["clients"],
                "key_arn": args["key_arn"],
            },
            pulumi.ResourceOptions(parent=self),
        )
        ref = made.ref
        self.arn = pulumi.Output.from_input(ref.arn)
        self.address = pulumi.Output.from_input(ref.address)
        self.port = pulumi.Output.from_input(ref.port)
        self.user_group_id = pulumi.Output.from_input(ref.user_group_id)
        self.security_group_id = pulumi.Output.from_input(ref.security_group_id)
        self.register_outputs({"arn": self.arn, "address": self.address})


def _plan(args: CacheArgs) -> CachePlan:
    return CachePlan(
        id=args["cache_id"],
        band="",
        engine_version=args["engine_version"],
        family=f"valkey{args['engine_version'].split('.', maxsplit=1)[0]}",
        node_type=args["node_type"],
        nodes=args.get("nodes", 2),
        maxmemory_policy=args.get("maxmemory_policy", "volatile-ttl"),
        maxmemory_samples=64,
        snapshot_days=args.get("snapshot_days", 3),
        snapshot_window=args.get("snapshot_window", "00:00-01:00"),
        maintenance_window=args.get("maintenance_window", "sun:04:00-sun:05:00"),
        description=args["description"],
        protect=args.get("protect", True),
    )
