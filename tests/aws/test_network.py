"""What a network lets through and what it does not."""

import json
from dataclasses import replace

import pytest
from tests.aws.recording import ACCOUNT, TARGET, one, recorded
from tests.compose.plans import network

from odoo_estate.aws.adopted_network import AdoptedNetwork
from odoo_estate.aws.network import Network
from odoo_estate.plan import AdoptedNetworkPlan, DnsFirewallPlan, NetworkPlan
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


def test_through_an_endpoint_only_the_own_account_acts_on_what_is_the_estates() -> None:
    graph = _graph(replace(network(), accounts=(ACCOUNT, "222222222222")))
    policy = json.loads(one(graph, "ec2/vpcEndpoint:VpcEndpoint", "x-endpoint-sts").inputs["policy"])
    (condition,) = [statement["Condition"] for statement in policy["Statement"]]
    # Endpoint policies take no wildcards in conditions on accounts.
    assert condition == {
        "StringEquals": {"aws:PrincipalAccount": ACCOUNT, "aws:ResourceAccount": [ACCOUNT, "222222222222"]}
    }


@pytest.mark.parametrize("service", ["ecr.api", "ecr.dkr"])
def test_images_of_other_accounts_are_pulled_but_nothing_is_pushed_there(service: str) -> None:
    """EKS' add-ons and Bottlerocket's own containers come from AWS' accounts; without them no node becomes ready."""
    policy = json.loads(one(_graph(network()), "ec2/vpcEndpoint:VpcEndpoint", f"x-endpoint-{service}").inputs["policy"])
    own, pulls = policy["Statement"]
    assert own["Condition"]["StringEquals"]["aws:ResourceAccount"] == [ACCOUNT]
    assert "ecr:BatchGetImage" in pulls["Action"] and "ecr:GetDownloadUrlForLayer" in pulls["Action"]
    assert not [action for action in pulls["Action"] if "Put" in action or "Upload" in action or action.endswith("*")]
    assert pulls["Condition"] == {"StringEquals": {"aws:PrincipalAccount": ACCOUNT}}


def test_every_endpoint_policy_fits() -> None:
    """20,480 characters, blanks included (PrivateLink quotas)."""
    accounts = tuple(f"{number:012}" for number in range(50))
    for node in _graph(replace(network(), accounts=accounts)).of_type("aws:ec2/vpcEndpoint:VpcEndpoint"):
        assert len(node.inputs.get("policy") or "") < 20_480


def _rules(graph: Graph, *, egress: bool) -> dict[str, tuple[int, str, int, int]]:
    return {
        node.name: (
            node.inputs["ruleNumber"],
            node.inputs["cidrBlock"],
            node.inputs["fromPort"],
            node.inputs["toPort"],
        )
        for node in graph.of_type("aws:ec2/networkAclRule:NetworkAclRule")
        if node.inputs["egress"] is egress
    }


def test_databases_are_reached_from_private_subnets_on_their_ports_only() -> None:
    plan = network()
    graph = _graph(plan)
    private = {zone.private_cidr for zone in plan.zones.values()}
    tier = {zone.database_cidr for zone in plan.zones.values()}
    incoming = _rules(graph, egress=False).values()
    assert {(cidr, low, high) for _, cidr, low, high in incoming if cidr in private} == {
        (cidr, port, port) for cidr in private for port in (5432, 6379)
    }
    assert {cidr for _, cidr, *_ in incoming} == private | tier
    # Network ACLs keep no state: replies go to whatever port a node translated the connection to.
    outgoing = _rules(graph, egress=True).values()
    assert {(cidr, low, high) for _, cidr, low, high in outgoing if cidr in private} == {
        (cidr, 1024, 65535) for cidr in private
    }
    assert {cidr for _, cidr, *_ in outgoing} == private | tier


def test_a_subnet_comes_under_its_network_acl_when_all_rules_stand_and_leaves_it_before_they_go() -> None:
    graph = _graph(network())
    rules = graph.of_type("aws:ec2/networkAclRule:NetworkAclRule")
    for zone in "abc":
        moved = one(graph, "ec2/networkAclAssociation:NetworkAclAssociation", f"x-database-{zone}")
        assert {rule.urn for rule in rules} <= set(moved.dependencies)
    # AWS changes no rule, and a number is taken once only: the new one cannot stand beside the old one.
    assert all(rule.options.delete_before_replace for rule in rules)
    assert not {"ingress", "egress"} & set(one(graph, "ec2/networkAcl:NetworkAcl", "x-database").inputs)


def test_half_of_each_private_subnet_is_for_whole_prefixes() -> None:
    plan = network()
    zones = {key: replace(zone, prefix_cidr="10.20.80.0/20") for key, zone in plan.zones.items()}
    kept = _graph(replace(plan, zones=zones)).of_type("aws:ec2/subnetCidrReservation:SubnetCidrReservation")
    assert {node.name for node in kept} == {"x-prefixes-a", "x-prefixes-b", "x-prefixes-c"}
    assert {node.inputs["reservationType"] for node in kept} == {"prefix"}


def test_a_zone_may_be_named_by_its_id() -> None:
    plan = network()
    zones = {"az4": replace(plan.zones["a"], availability_zone="use1-az4"), "b": plan.zones["b"]}
    graph = _graph(replace(plan, zones=zones, database_acl={}))
    subnet = one(graph, "ec2/subnet:Subnet", "x-private-az4").inputs
    assert subnet["availabilityZoneId"] == "use1-az4" and "availabilityZone" not in subnet


def test_the_flow_log_tells_who_really_spoke_to_whom() -> None:
    log = one(_graph(network()), "ec2/flowLog:FlowLog", "x-flow-log").inputs["logFormat"]
    for field in ("pkt-srcaddr", "pkt-dstaddr", "flow-direction", "tcp-flags"):
        assert f"${{{field}}}" in log


FIREWALL = DnsFirewallPlan(
    name="acme", domains=("*.amazonaws.com", "api.acme.example"), log_group="/dns", log_retention_days=90
)


def test_only_listed_names_resolve() -> None:
    graph = _graph(replace(network(), firewall=FIREWALL))
    allowed = one(graph, "route53/resolverFirewallRule:ResolverFirewallRule", "x-names-allowed").inputs
    refused = one(graph, "route53/resolverFirewallRule:ResolverFirewallRule", "x-names-refused").inputs
    assert allowed["action"] == "ALLOW" and refused["action"] == "BLOCK" and refused["blockResponse"] == "NXDOMAIN"
    assert allowed["priority"] < refused["priority"]
    # What a listed name leads on to need not be listed: providers change those.
    assert allowed["firewallDomainRedirectionAction"] == "TRUST_REDIRECTION_DOMAIN"
    lists = "route53/resolverFirewallDomainList:ResolverFirewallDomainList"
    assert one(graph, lists, "x-names-allowed").inputs["domains"] == list(FIREWALL.domains)
    assert one(graph, lists, "x-names-refused").inputs["domains"] == ["*"]


def test_the_firewall_of_names_comes_with_all_its_rules_and_goes_before_them() -> None:
    graph = _graph(replace(network(), firewall=FIREWALL))
    joined = one(graph, "route53/resolverFirewallRuleGroupAssociation:ResolverFirewallRuleGroupAssociation", "x-names")
    rules = {node.urn for node in graph.of_type("aws:route53/resolverFirewallRule:ResolverFirewallRule")}
    assert rules <= set(joined.dependencies)
    assert 100 < joined.inputs["priority"] < 9000  # others are AWS Firewall Manager's
    assert one(graph, "cloudwatch/logGroup:LogGroup", "x-names").inputs["retentionInDays"] == 90


def test_without_a_list_every_name_resolves() -> None:
    assert not [node for node in _graph(network()) if "resolver" in node.type]


ADOPTED = AdoptedNetworkPlan(
    vpc_id="vpc-0123456789abcdef0",
    subnets={
        tier: {zone: f"subnet-0123456789abcd{number}{index}" for index, zone in enumerate("abc")}
        for number, tier in enumerate(("public", "private", "database"))
    },
)


def _adopted() -> Graph:
    plan = replace(network(nat="none"), adopted=ADOPTED, interface_endpoints=(), database_acl={})
    return recorded(lambda opts: AdoptedNetwork("x", {"plan": plan, "key_arn": "arn:key"}, opts))


def test_nothing_of_a_given_network_is_made_changed_or_destroyed() -> None:
    graph = _adopted()
    for kind, count in (("aws:ec2/vpc:Vpc", 1), ("aws:ec2/subnet:Subnet", 9)):
        found = graph.of_type(kind)
        assert len(found) == count and all(node.read for node in found)
    made = {node.type for node in graph if node.custom and not node.read and node.type.startswith("aws:")}
    assert made == {"aws:rds/subnetGroup:SubnetGroup", "aws:elasticache/subnetGroup:SubnetGroup", "aws:ec2/tag:Tag"}


def test_a_preview_without_a_cloud_shows_the_declared_ids() -> None:
    groups = one(_adopted(), "rds/subnetGroup:SubnetGroup").inputs["subnetIds"]
    assert groups == list(ADOPTED.subnets["database"].values())


def test_load_balancers_find_the_given_subnets_by_tags_of_our_own() -> None:
    tags = {(str(node.inputs["resourceId"]), node.inputs["key"]) for node in _adopted().of_type("aws:ec2/tag:Tag")}
    expected = {(one, "kubernetes.io/role/elb") for one in ADOPTED.subnets["public"].values()}
    expected |= {(one, "kubernetes.io/role/internal-elb") for one in ADOPTED.subnets["private"].values()}
    assert tags == expected


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
