"""What a network lets through and what it does not."""

import json
from dataclasses import replace

import pytest
from tests.aws.recording import ACCOUNT, TARGET, one, recorded
from tests.compose.plans import network

from odoo_estate.aws.network import Network
from odoo_estate.plan import NetworkPlan
from odoo_estate.preview.graph import Graph


def _graph(plan: NetworkPlan) -> Graph:
    return recorded(lambda opts: Network("x", {"plan": plan, "target": TARGET, "key_arn": "arn:key"}, opts))


def _routes(graph: Graph) -> dict[str, str]:
    """Route name to the property that says where it leads."""
    ways = ("gatewayId", "natGatewayId")
    return {node.name: next(way for way in ways if way in node.inputs) for node in graph.of_type("aws:ec2/route:Route")}


@pytest.mark.parametrize(
    ("nat", "gateways"), [("per-zone", {"x-a", "x-b", "x-c"}), ("single", {"x-a"}), ("none", set())]
)
def test_nat_gateways_are_as_many_as_the_plan_pays_for(nat: str, gateways: set[str]) -> None:
    graph = _graph(network(nat=nat))
    assert {node.name for node in graph.of_type("aws:ec2/natGateway:NatGateway")} == gateways
    assert len(graph.of_type("aws:ec2/eip:Eip")) == len(gateways)


def test_a_single_nat_gateway_serves_every_zone() -> None:
    graph = _graph(network(nat="single"))
    for zone in "abc":
        assert "::x-a.id" in one(graph, "ec2/route:Route", f"x-private-{zone}").inputs["natGatewayId"]


def test_with_a_gateway_per_zone_no_zone_depends_on_another() -> None:
    graph = _graph(network(nat="per-zone"))
    for zone in "abc":
        assert f"::x-{zone}.id" in one(graph, "ec2/route:Route", f"x-private-{zone}").inputs["natGatewayId"]


def test_database_subnets_have_no_way_to_the_internet() -> None:
    routes = _routes(_graph(network()))
    assert set(routes) == {"x-public", "x-private-a", "x-private-b", "x-private-c"}
    assert routes["x-public"] == "gatewayId"


def test_no_instance_gets_a_public_address_by_itself() -> None:
    subnets = _graph(network()).of_type("aws:ec2/subnet:Subnet")
    assert len(subnets) == 9
    assert all(subnet.inputs["mapPublicIpOnLaunch"] is False for subnet in subnets)


def test_load_balancers_find_their_subnets_by_tag() -> None:
    graph = _graph(network())
    assert one(graph, "ec2/subnet:Subnet", "x-public-a").inputs["tags"]["kubernetes.io/role/elb"] == "1"
    assert one(graph, "ec2/subnet:Subnet", "x-private-a").inputs["tags"]["kubernetes.io/role/internal-elb"] == "1"
    assert "kubernetes.io/role/elb" not in one(graph, "ec2/subnet:Subnet", "x-database-a").inputs["tags"]


def test_the_default_security_group_lets_nothing_through() -> None:
    group = one(_graph(network()), "ec2/defaultSecurityGroup:DefaultSecurityGroup").inputs
    assert not {"ingress", "egress"} & set(group)


def test_through_an_endpoint_only_the_own_account_acts() -> None:
    graph = _graph(network())
    policy = json.loads(one(graph, "ec2/vpcEndpoint:VpcEndpoint", "x-endpoint-sts").inputs["policy"])
    conditions = [statement["Condition"] for statement in policy["Statement"]]
    assert conditions == [{"StringEquals": {"aws:PrincipalAccount": ACCOUNT}}]


def test_through_the_s3_endpoint_strangers_only_read_aws_own_downloads() -> None:
    graph = _graph(network())
    policy = json.loads(one(graph, "ec2/vpcEndpoint:VpcEndpoint", "x-endpoint-s3").inputs["policy"])
    open_ones = [statement for statement in policy["Statement"] if "Condition" not in statement]
    assert [statement["Action"] for statement in open_ones] == ["s3:GetObject"]
    assert all("starport" in name or "al2023-repos" in name for name in open_ones[0]["Resource"])


def test_endpoints_answer_under_the_services_own_names() -> None:
    graph = _graph(network())
    endpoint = one(graph, "ec2/vpcEndpoint:VpcEndpoint", "x-endpoint-ecr.api").inputs
    assert endpoint["serviceName"] == "com.amazonaws.eu-central-1.ecr.api"
    assert endpoint["privateDnsEnabled"] is True
    assert one(graph, "ec2/vpc:Vpc").inputs["enableDnsHostnames"] is True


def test_the_flow_log_is_kept_encrypted_and_not_for_ever() -> None:
    group = one(_graph(network()), "cloudwatch/logGroup:LogGroup", "x-flow-log").inputs
    assert group["retentionInDays"] == 90
    assert group["kmsKeyId"] == "arn:key"
    log = one(_graph(network()), "ec2/flowLog:FlowLog", "x-flow-log").inputs
    assert log["trafficType"] == "ALL"


def test_a_network_of_two_zones_needs_no_third() -> None:
    plan = network()
    two = replace(plan, zones={zone: plan.zones[zone] for zone in "ab"})
    assert len(_graph(two).of_type("aws:ec2/subnet:Subnet")) == 6
