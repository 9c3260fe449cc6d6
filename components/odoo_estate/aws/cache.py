"""An ElastiCache (Valkey) replication group and the users that share it."""

import re
from collections.abc import Mapping
from typing import NotRequired, TypedDict

import pulumi
from pulumi_aws import elasticache

from odoo_estate.aws.credentials import Credentials, Password
from odoo_estate.aws.references import CacheRef, NetworkRef
from odoo_estate.aws.security_group import SecurityGroup
from odoo_estate.plan import CachePlan

ENGINE = "valkey"
VALKEY_PORT = 6379
OBSERVER_ACCESS = "on -@all +ping +info +latency +slowlog|get +dbsize"
"""Measurements without any key."""
WATCHER_ACCESS = "on ~* -@all +ping +scan +dbsize +memory|usage"
"""How large each key is. No command of these reads or writes a value, whatever the key; but names of keys hold session ids, so that nobody but the
program that measures may be this user."""
COMMANDS = (
    *("ping", "multi", "exec", "discard", "watch", "unwatch"),
    *("get", "mget", "set", "setex", "psetex", "setnx", "mset", "getdel", "getex", "incr", "incrby", "decr", "decrby"),
    *("del", "unlink", "exists", "expire", "pexpire", "ttl", "pttl"),
    *("lpush", "rpush", "lpop", "rpop", "llen", "lrange", "ltrim"),
    *("publish", "subscribe", "unsubscribe", "psubscribe", "punsubscribe"),
)
"""What sessions, cached results, locks (``SET … NX``), queues and a bus need, one by one: categories grow with each version of the server, and
``@read`` already lists everybody's keys (``SCAN``, ``RANDOMKEY``), ``@pubsub`` everybody's channels. No script, because scripts and functions
belong to the whole server."""
PREFIX = re.compile(r"[a-z0-9][a-z0-9.-]*:")


class CacheArgs(TypedDict):
    """Inputs of `Cache`; ``clients`` are the security groups that may connect, by key."""

    plan: CachePlan
    network: NetworkRef
    clients: Mapping[str, pulumi.Input[str]]
    key_arn: pulumi.Input[str]


class Cache(pulumi.ComponentResource):
    """TLS only; nobody but users of the group gets in. Tenants add their own user with `CacheUser`."""

    ref: CacheRef

    def __init__(self, name: str, args: CacheArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("odoo-estate:aws:Cache", name, None, opts)
        plan = args["plan"]
        child = pulumi.ResourceOptions(parent=self)
        access = SecurityGroup(
            name,
            {
                "description": f"Clients of cache {plan.id}",
                "vpc_id": args["network"].vpc_id,
                "port": VALKEY_PORT,
                "groups": args["clients"],
            },
            child,
        )
        parameters = elasticache.ParameterGroup(
            f"{name}-{plan.family}",
            family=plan.family,
            description=f"{plan.id} on {plan.family}",
            parameters=[
                {"name": "maxmemory-policy", "value": plan.maxmemory_policy},
                {"name": "maxmemory-samples", "value": str(plan.maxmemory_samples)},
            ],
            opts=child,
        )
        # The first user comes in with an IAM token, so there is no password to keep.
        observer = elasticache.User(
            name,
            engine=ENGINE,
            user_id=plan.id,
            user_name=plan.id,
            access_string=OBSERVER_ACCESS,
            authentication_mode={"type": "iam"},
            opts=child,
        )
        users = elasticache.UserGroup(
            name,
            engine=ENGINE,
            user_group_id=plan.id,
            user_ids=[observer.user_id],
            # Tenants' users come and go by associations of their own stacks.
            opts=pulumi.ResourceOptions(parent=self, ignore_changes=["userIds"]),
        )
        group = elasticache.ReplicationGroup(
            name,
            replication_group_id=plan.id,
            description=plan.description,
            engine=ENGINE,
            engine_version=plan.engine_version,
            node_type=plan.node_type,
            num_cache_clusters=plan.nodes,
            automatic_failover_enabled=plan.nodes > 1,
            multi_az_enabled=plan.nodes > 1,
            parameter_group_name=parameters.name,
            port=VALKEY_PORT,
            subnet_group_name=args["network"].cache_subnet_group,
            security_group_ids=[access.id],
            user_group_ids=[users.user_group_id],
            at_rest_encryption_enabled=True,
            transit_encryption_enabled=True,
            kms_key_id=args["key_arn"],
            snapshot_retention_limit=plan.snapshot_days,
            snapshot_window=plan.snapshot_window,
            maintenance_window=plan.maintenance_window,
            auto_minor_version_upgrade=True,
            opts=pulumi.ResourceOptions(parent=self, protect=plan.protect, retain_on_delete=plan.protect),
        )
        self.ref = CacheRef(
            arn=group.arn,
            address=group.primary_endpoint_address,
            port=VALKEY_PORT,
            user_group_id=users.user_group_id,
            security_group_id=access.id,
        )
        self.register_outputs({"address": group.primary_endpoint_address})


class CacheUserArgs(TypedDict):
    """Inputs of `CacheUser`: ``user`` is its id and name, ``prefix`` the start of every key it may touch, ``secret_name`` where its
    password is handed out, ``memory_mib`` what the budget grants it (0: nothing of its own), ``alone`` whether nobody else keeps keys in this
    cache, ``recoverable`` as in `CredentialsArgs`."""

    user: str
    prefix: str
    cache: CacheRef
    secret_name: str
    key_arn: pulumi.Input[str]
    memory_mib: int
    alone: NotRequired[bool]
    password_version: NotRequired[int]
    recoverable: NotRequired[bool]


class CacheUser(pulumi.ComponentResource):
    """One tenant's user: reads and writes keys under its prefix, sees and flushes nothing else."""

    secret_arn: pulumi.Output[str]
    secret_version: pulumi.Output[str]

    def __init__(self, name: str, args: CacheUserArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("odoo-estate:aws:CacheUser", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        password = Password(name, {"version": args.get("password_version", 1)}, child)
        user = elasticache.User(
            name,
            engine=ENGINE,
            user_id=args["user"],
            user_name=args["user"],
            access_string=access_to(args["prefix"], alone=args.get("alone", False)),
            authentication_mode={"type": "password", "passwords": [password.text]},
            # Whoever measures the cache learns from these whose keys are whose, and how much each may take.
            tags={
                "cache": args["cache"].user_group_id,
                "cache-prefix": args["prefix"],
                "cache-mib": str(args["memory_mib"]),
            },
            opts=child,
        )
        elasticache.UserGroupAssociation(
            name, user_group_id=args["cache"].user_group_id, user_id=user.user_id, opts=child
        )
        secret = Credentials(
            name,
            {
                "description": f"Cache user {args['user']}",
                "secret_name": args["secret_name"],
                "values": {
                    "host": args["cache"].address,
                    "port": args["cache"].port,
                    "username": args["user"],
                    "password": password.text,
                    "prefix": args["prefix"],
                },
                "key_arn": args["key_arn"],
                "recoverable": args.get("recoverable", True),
            },
            child,
        )
        self.secret_arn = secret.arn
        self.secret_version = secret.version
        self.register_outputs({"secret_arn": self.secret_arn})


class CacheWatcherArgs(TypedDict):
    """Inputs of `CacheWatcher`: ``user`` is its id and name, which IAM wants to be the same."""

    user: str
    cache: CacheRef


class CacheWatcher(pulumi.ComponentResource):
    """The user that measures keys; it comes in with an IAM token, so there is no password to keep."""

    def __init__(self, name: str, args: CacheWatcherArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("odoo-estate:aws:CacheWatcher", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        user = elasticache.User(
            name,
            engine=ENGINE,
            user_id=args["user"],
            user_name=args["user"],
            access_string=WATCHER_ACCESS,
            authentication_mode={"type": "iam"},
            opts=child,
        )
        elasticache.UserGroupAssociation(
            name, user_group_id=args["cache"].user_group_id, user_id=user.user_id, opts=child
        )
        self.register_outputs({})


def access_to(prefix: str, *, alone: bool = False) -> str:
    """The ACL of a user that may only touch keys starting with ``prefix``, and sessions under it: the add-on ``session_redis`` writes
    ``session:PREFIX:…`` (its README, camptocamp/odoo-cloud-platform) or ``session::PREFIX:…`` (its ``session.py``, read 2026-11); both
    patterns end with this tenant's own prefix.

    Args:
        alone: nobody else keeps keys in this cache, so listing them gives nothing away; elsewhere no pattern limits what ``SCAN`` shows.

    Raises:
        ValueError: the prefix holds what an ACL reads as a pattern or as another rule.
    """
    if not PREFIX.fullmatch(prefix):
        raise ValueError(
            f"{prefix!r} cannot limit a cache user: lower-case letters, digits, hyphens and dots, then a colon"
        )
    patterns = [f"~{prefix}*", *(f"~session:{colon}{prefix}*" for colon in ("", ":"))]
    commands = [f"+{command}" for command in (*COMMANDS, *(("scan",) if alone else ()))]
    return " ".join(("on", *patterns, "resetchannels", f"&{prefix}*", "-@all", *commands))
