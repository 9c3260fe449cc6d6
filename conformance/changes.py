"""One changed input of each kind that holds state: what may be changed in place, and what makes a new thing."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from odoo_estate.preview.compare import compare, resources_of
from odoo_estate.preview.graph import Graph, Reference, references
from odoo_estate.preview.replacements import forces_replacement

ORDERED = "ODOO_ESTATE_CONFORMANCE_CHANGES"


@dataclass(frozen=True)
class Change:
    """Another value for one input of the first resource of a type in a stack. ``replaces``: AWS can only honour it with a new one.

    ``path`` is dotted; ``resource`` is the logical name, found when the stack is known.
    """

    type: str
    path: str
    value: Any
    replaces: bool
    resource: str = ""

    def __str__(self) -> str:
        return f"{self.type.rpartition(':')[2]}.{self.path}"


def _new(type_token: str, path: str, value: Any) -> Change:
    return Change(type_token, path, value, replaces=True)


def _same(type_token: str, path: str, value: Any) -> Change:
    return Change(type_token, path, value, replaces=False)


CHANGES = (
    _same("aws:rds/instance:Instance", "backupRetentionPeriod", 21),
    _same("aws:rds/instance:Instance", "instanceClass", "db.r6g.4xlarge"),
    _new("aws:rds/instance:Instance", "username", "somebodyelse"),
    _new("aws:rds/instance:Instance", "storageEncrypted", False),
    _same("aws:elasticache/replicationGroup:ReplicationGroup", "nodeType", "cache.r7g.4xlarge"),
    _new("aws:elasticache/replicationGroup:ReplicationGroup", "port", 6390),
    _same("aws:s3/bucket:Bucket", "tags.reviewed", "yes"),
    _new("aws:s3/bucket:Bucket", "bucket", "another-name-altogether"),
    _same("aws:kms/key:Key", "description", "another description"),
    _new("aws:kms/key:Key", "customerMasterKeySpec", "RSA_2048"),
    _same("aws:eks/cluster:Cluster", "upgradePolicy.supportType", "EXTENDED"),
    _new("aws:eks/cluster:Cluster", "kubernetesNetworkConfig.serviceIpv4Cidr", "172.31.0.0/16"),
    _same("aws:ec2/vpc:Vpc", "tags.reviewed", "yes"),
    _new("aws:ec2/vpc:Vpc", "cidrBlock", "10.250.0.0/16"),
    _same("aws:ec2/subnet:Subnet", "mapPublicIpOnLaunch", True),
    _new("aws:ec2/subnet:Subnet", "cidrBlock", "10.250.1.0/24"),
    _same("aws:backup/vault:Vault", "tags.reviewed", "yes"),
    _new("aws:backup/vault:Vault", "name", "another-vault"),
)


def of(graph: Graph) -> list[tuple[Change, ...]]:
    """The changes that a stack has resources for, in the groups that are previewed together: all harmless ones, then each of the others."""
    first: dict[str, str] = {}
    for node in graph:
        first.setdefault(node.type, node.name)
    found = [replace(one, resource=first[one.type]) for one in CHANGES if one.type in first]
    harmless = tuple(one for one in found if not one.replaces)
    return [group for group in (harmless, *((one,) for one in found if one.replaces)) if group]


def ordered(changes: tuple[Change, ...]) -> dict[str, str]:
    """The variable with which the program in `changed` makes them."""
    return {ORDERED: json.dumps([asdict(one) for one in changes])}


def run_changed() -> None:
    """The stack's program, with the changes that were ordered."""
    import pulumi.runtime

    from odoo_estate.program import run

    changes = [Change(**one) for one in json.loads(os.environ[ORDERED])]
    pulumi.runtime.register_resource_transform(transform(changes))
    run(Path(os.environ["ODOO_ESTATE_DIR"]))


def transform(changes: Any) -> Callable[[Any], Any]:
    """Pulumi's own way to change what a program registers."""
    from pulumi import ResourceTransformResult

    def changed(args: Any) -> Any:
        mine = [one for one in changes if (args.type_, args.name) == (one.type, one.resource)]
        if not mine:
            return None
        props = dict(args.props)
        for one in mine:
            _put(props, one.path.split("."), one.value)
        return ResourceTransformResult(props, args.opts)

    return changed


def _put(props: dict[str, Any], path: list[str], value: Any) -> None:
    for key in path[:-1]:
        props[key] = dict(props.get(key) or {})
        props = props[key]
    props[path[-1]] = value


def expected(before: Graph, after: Graph) -> frozenset[str]:
    """What is replaced: by the offline comparison, and by what must take another value from something that is replaced or changed."""
    found = {one.urn: one for one in compare(resources_of(before), resources_of(after))}
    replaced = {urn for urn, one in found.items() if one.change == "replace"}
    changed = {urn: {path.partition(".")[0] for path in one.properties} for urn, one in found.items()}
    nodes = {node.urn: node for node in after}

    def is_other(source: Reference) -> bool:
        # What a new one is given is known before it is made; everything else about it is not.
        key = source.path.partition(".")[0]
        return key in changed.get(source.urn, ()) or (source.urn in replaced and key not in nodes[source.urn].inputs)

    for node in after:  # in the order of registration, so what a node takes values from comes before it
        others = {key for key, value in node.inputs.items() if any(map(is_other, references(value)))}
        changed.setdefault(node.urn, set()).update(others)
        if any(forces_replacement(node.type, key) for key in others):
            replaced.add(node.urn)
    return frozenset(replaced)
