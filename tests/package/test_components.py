"""What the published components make of their inputs."""

from typing import Any

import pulumi
import pytest
from tests.aws.recording import ACCOUNT, REGION, one, recorded

from odoo_estate.package import Bucket, Cache, Key, Network, PostgresInstance
from odoo_estate.package.bucket import BucketPurpose, ObjectLockMode
from odoo_estate.package.network import Nat, NetworkArgs, NetworkZone
from odoo_estate.preview.graph import Graph
from odoo_estate.stateful import is_stateful

ZONE: NetworkZone = {
    "availability_zone": "eu-central-1a",
    "public_cidr": "10.20.0.0/24",
    "private_cidr": "10.20.64.0/19",
    "database_cidr": "10.20.16.0/24",
}
NETWORK: NetworkArgs = {
    "account": ACCOUNT,
    "region": REGION,
    "network_name": "shop",
    "cidr": "10.20.0.0/16",
    "zones": {"b": ZONE, "a": ZONE},
    "key_arn": "arn:logs",
}
PLACE: Any = {"vpc_id": "vpc-given", "subnet_group": "given", "clients": {"web": "sg-web"}, "key_arn": "arn:key"}
DATABASE: Any = {
    **PLACE,
    "account": ACCOUNT,
    "region": REGION,
    "identifier": "shop",
    "engine_version": "17.6",
    "instance_class": "db.m7g.large",
    "storage_gib": 100,
    "max_storage_gib": 500,
    "max_connections": 400,
    "log_key_arn": "arn:logs",
}
CACHE: Any = {
    **PLACE,
    "cache_id": "shop",
    "description": "Sessions",
    "engine_version": "8.1",
    "node_type": "cache.t4g.medium",
}
KEY: Any = {"account": ACCOUNT, "region": REGION, "alias": "shop", "description": "Shop"}
BUCKET: Any = {"bucket_name": "acme-shop", "purpose": BucketPurpose.DOCUMENTS, "key_arn": "arn:key"}
EVERY = ((Key, KEY), (PostgresInstance, DATABASE), (Cache, CACHE), (Bucket, BUCKET))


def _made(component: Any, args: Any) -> Graph:
    return recorded(lambda opts: component("x", args, opts))


@pytest.mark.parametrize(("component", "args"), EVERY, ids=lambda value: getattr(value, "__name__", ""))
def test_what_holds_data_is_protected_unless_its_owner_says_otherwise(component: Any, args: Any) -> None:
    for protect, given in ((True, args), (False, {**args, "protect": False})):
        holding = [node for node in _made(component, given) if is_stateful(node.type)]
        assert holding and {node.protect for node in holding} == {protect}


def test_the_library_s_component_stands_below_the_published_one() -> None:
    graph = _made(Bucket, BUCKET)
    [published] = graph.of_type("odoo-estate:index:Bucket")
    [own] = graph.of_type("odoo-estate:aws:Bucket")
    assert own.parent == published.urn


def test_a_database_stands_in_the_given_place_and_lets_in_only_the_given_clients() -> None:
    graph = _made(PostgresInstance, DATABASE)
    instance = one(graph, "rds/instance:Instance").inputs
    assert instance["dbSubnetGroupName"] == "given"
    assert instance["maxAllocatedStorage"] == 500
    (life,) = graph.of_type("random:index/randomId:RandomId")
    assert life.inputs["prefix"] == "shop-final-"
    assert str(instance["finalSnapshotIdentifier"]) == f"${{{life.urn}.hex}}"
    [rule] = graph.of_type("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule")
    assert rule.inputs["referencedSecurityGroupId"] == "sg-web"
    parameters = one(graph, "rds/parameterGroup:ParameterGroup", "x-postgres17").inputs["parameters"]
    assert {entry["name"]: entry["value"] for entry in parameters} == {"max_connections": "400", "rds.force_ssl": "1"}


def test_a_cache_stands_in_the_given_place() -> None:
    group = one(_made(Cache, CACHE), "elasticache/replicationGroup:ReplicationGroup").inputs
    assert (group["subnetGroupName"], group["numCacheClusters"]) == ("given", 2)


def test_the_single_nat_gateway_does_not_move_with_the_order_in_which_zones_arrive() -> None:
    graph = _made(Network, {**NETWORK, "nat": Nat.SINGLE})
    assert [node.name for node in graph.of_type("aws:ec2/natGateway:NatGateway")] == ["x-a"]


def test_a_network_of_one_zone_is_refused() -> None:
    with pytest.raises(pulumi.InputPropertyError) as raised:
        _made(Network, {**NETWORK, "zones": {"a": ZONE}})
    assert raised.value.property_path == "zones"


def test_a_lock_is_lifted_by_nobody_where_compliance_is_asked_for() -> None:
    locked = _made(Bucket, {**BUCKET, "object_lock_days": 35, "object_lock_mode": ObjectLockMode.COMPLIANCE})
    rule = one(locked, "s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration").inputs["rule"]
    assert rule["defaultRetention"] == {"mode": "COMPLIANCE", "days": 35}
    assert not _made(Bucket, BUCKET).of_type("aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration")
