"""A way in that does not lead over the internet, and to nothing but the front door."""

from dataclasses import replace

from tests.aws.recording import one, recorded

from odoo_estate.aws.private_entry import PrivateEntry
from odoo_estate.plan import PrivateAccessPlan, VpnSitePlan
from odoo_estate.preview.graph import Graph

PLAN = PrivateAccessPlan(
    name="acme-private",
    ingress="regulated",
    consumers=("700000000042",),
    sites={"warehouse": VpnSitePlan(address="203.0.113.21", networks=("192.168.40.0/24", "192.168.41.0/24"))},
)


def _graph(plan: PrivateAccessPlan = PLAN) -> Graph:
    return recorded(
        lambda opts: PrivateEntry(
            "x",
            {
                "plan": plan,
                "vpc_id": "vpc-given",
                "subnet_ids": ["subnet-p"],
                "pod_cidrs": {"a": "10.9.64.0/19"},
                "route_table_id": "rtb-public",
            },
            opts,
        )
    )


def test_the_balancer_has_no_address_of_the_internet() -> None:
    balancer = one(_graph(), "lb/loadBalancer:LoadBalancer").inputs
    assert balancer["internal"] is True and balancer["loadBalancerType"] == "network"
    # One that begins without a security group can never be given one.
    assert len(balancer["securityGroups"]) == 1


def test_only_the_sites_networks_come_in_and_only_the_ingress_is_reached() -> None:
    graph = _graph()
    rules = graph.of_type("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule")
    assert {(rule.inputs["cidrIpv4"], rule.inputs["fromPort"], rule.inputs["toPort"]) for rule in rules} == {
        ("192.168.40.0/24", 443, 443),
        ("192.168.41.0/24", 443, 443),
    }
    (out,) = graph.of_type("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule")
    assert (out.inputs["cidrIpv4"], out.inputs["fromPort"], out.inputs["toPort"]) == ("10.9.64.0/19", 8443, 8443)


def test_only_the_public_subnets_learn_the_way_to_a_site() -> None:
    """Nodes, pods and databases could not even answer."""
    (learnt,) = _graph().of_type("aws:ec2/vpnGatewayRoutePropagation:VpnGatewayRoutePropagation")
    assert learnt.inputs["routeTableId"] == "rtb-public"


def test_a_sites_router_announces_nothing_that_is_not_in_the_contract() -> None:
    graph = _graph()
    assert one(graph, "ec2/vpnConnection:VpnConnection", "x-warehouse").inputs["staticRoutesOnly"] is True
    routes = graph.of_type("aws:ec2/vpnConnectionRoute:VpnConnectionRoute")
    assert {route.inputs["destinationCidrBlock"] for route in routes} == {"192.168.40.0/24", "192.168.41.0/24"}


def test_tunnels_offer_nothing_weak_and_their_keys_are_in_no_state() -> None:
    tunnels = one(_graph(), "ec2/vpnConnection:VpnConnection", "x-warehouse").inputs
    assert tunnels["presharedKeyStorage"] == "SecretsManager"
    assert not [key for key in tunnels if key.endswith("PresharedKey")]
    for number in (1, 2):
        assert tunnels[f"tunnel{number}IkeVersions"] == ["ikev2"]
        for phase in (1, 2):
            assert min(tunnels[f"tunnel{number}Phase{phase}DhGroupNumbers"]) >= 14
            assert "SHA1" not in tunnels[f"tunnel{number}Phase{phase}IntegrityAlgorithms"]
            assert all("256" in one_ for one_ in tunnels[f"tunnel{number}Phase{phase}EncryptionAlgorithms"])


def test_consumers_are_named_and_each_connection_is_accepted_by_hand() -> None:
    graph = _graph()
    service = one(graph, "ec2/vpcEndpointService:VpcEndpointService")
    assert service.inputs["acceptanceRequired"] is True
    # Customers' endpoints are bound to the service's name, which a new one would not have.
    assert service.protect
    (allowed,) = graph.of_type("aws:ec2/vpcEndpointServiceAllowedPrinciple:VpcEndpointServiceAllowedPrinciple")
    assert allowed.inputs["principalArn"] == "arn:aws:iam::700000000042:root"


def test_what_was_not_asked_for_is_not_built() -> None:
    kinds = {node.type for node in _graph(replace(PLAN, sites={}))}
    assert not [kind for kind in kinds if "vpn" in kind.lower() or "customerGateway" in kind]
    assert not _graph(replace(PLAN, consumers=())).of_type("aws:ec2/vpcEndpointService:VpcEndpointService")
