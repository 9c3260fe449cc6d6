"""What stands for an entity that a component made, another stack exported, or somebody else owns.

Components take these instead of each other, so that a given network or cluster fits wherever a created one does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi

Text = pulumi.Input[str]
Texts = pulumi.Input[Sequence[pulumi.Input[str]]]


@dataclass(frozen=True, kw_only=True)
class NetworkRef:
    """A VPC over several zones. Subnet lists are in the order of the zones' keys; ``cidr`` is the VPC's address range."""

    vpc_id: Text
    cidr: Text
    public_subnet_ids: Texts
    private_subnet_ids: Texts
    database_subnet_ids: Texts
    database_subnet_group: Text
    cache_subnet_group: Text


@dataclass(frozen=True, kw_only=True)
class ClusterRef:
    """An EKS cluster; ``certificate_authority`` is base64 as EKS gives it, ``security_group_id`` is the one all nodes carry."""

    name: Text
    endpoint: Text
    certificate_authority: Text
    security_group_id: Text
    node_role_arn: Text


@dataclass(frozen=True, kw_only=True)
class DatabaseRef:
    """A PostgreSQL instance; ``secret_arn`` holds its master credentials as JSON with ``username`` and ``password``, ``replicas`` are the
    addresses of its read replicas."""

    arn: Text
    resource_id: Text
    address: Text
    port: pulumi.Input[int]
    secret_arn: Text
    security_group_id: Text
    replicas: Mapping[str, Text] | pulumi.Output[Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class CacheRef:
    """A Valkey replication group; ``user_group_id`` is what users are added to."""

    arn: Text
    address: Text
    port: pulumi.Input[int]
    user_group_id: Text
    security_group_id: Text


@dataclass(frozen=True, kw_only=True)
class BucketRef:
    """An S3 bucket."""

    name: Text
    arn: Text
