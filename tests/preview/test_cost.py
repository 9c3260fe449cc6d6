"""What stands there is priced by the table; what the table lacks is said, never guessed."""

import pytest

from odoo_estate.preview.cost import estimate
from odoo_estate.preview.graph import Node, Options, Reference
from odoo_estate.preview.prices import Prices, shipped_prices

PRICES = Prices(
    {
        ("RDS", "db.m7g.large postgresql multi-az", "eu-central-1"): 0.4,
        ("RDS", "gp3 storage multi-az (postgresql)", "eu-central-1"): 0.25,
        ("EC2", "m7g.large linux", "eu-central-1"): 0.1,
        ("EBS", "gp3 storage", "eu-central-1"): 0.1,
        ("VPC", "interface endpoint hour (per ENI/AZ)", "eu-central-1"): 0.01,
    }
)


def node(kind: str, name: str = "it", region: str | None = "eu-central-1", **inputs: object) -> Node:
    return Node(
        urn=f"urn:pulumi:s::p::{kind}::{name}",
        type=kind,
        name=name,
        parent=None,
        provider=None,
        region=region,
        inputs=inputs,
        dependencies=(),
        property_dependencies={},
        protect=False,
        custom=True,
        read=False,
        taggable=True,
        options=Options(),
    )


def test_a_database_costs_its_instance_hours_and_its_storage() -> None:
    database = node("aws:rds/instance:Instance", instanceClass="db.m7g.large", multiAz=True, allocatedStorage=100)
    cost = estimate([database], PRICES)
    assert cost.monthly == pytest.approx(0.4 * 730 + 100 * 0.25)
    assert not cost.unpriced


def test_a_node_pool_costs_its_desired_nodes_with_their_volumes() -> None:
    template = node(
        "aws:ec2/launchTemplate:LaunchTemplate", "template", blockDeviceMappings=[{"ebs": {"volumeSize": 50}}]
    )
    pool = node(
        "aws:eks/nodeGroup:NodeGroup",
        instanceTypes=["m7g.large", "m8g.large"],
        scalingConfig={"desiredSize": 3, "minSize": 1, "maxSize": 9},
        launchTemplate={"id": Reference(template.urn, "id"), "version": "1"},
    )
    assert estimate([template, pool], PRICES).monthly == pytest.approx(3 * (0.1 * 730 + 50 * 0.1))


def test_a_pool_that_stands_at_zero_costs_nothing() -> None:
    pool = node("aws:eks/nodeGroup:NodeGroup", instanceTypes=["m7g.large"], scalingConfig={"desiredSize": 0})
    assert estimate([pool], PRICES).monthly == 0


def test_an_interface_endpoint_costs_once_per_zone_and_a_gateway_endpoint_nothing() -> None:
    interface = node("aws:ec2/vpcEndpoint:VpcEndpoint", vpcEndpointType="Interface", subnetIds=["a", "b", "c"])
    gateway = node("aws:ec2/vpcEndpoint:VpcEndpoint", "s3", vpcEndpointType="Gateway")
    assert estimate([interface, gateway], PRICES).monthly == pytest.approx(3 * 0.01 * 730)


def test_what_has_no_price_in_its_region_is_listed_and_not_counted() -> None:
    database = node(
        "aws:rds/instance:Instance", region="mx-central-1", instanceClass="db.m7g.large", allocatedStorage=20
    )
    cost = estimate([database], PRICES)
    assert cost.monthly == 0
    assert {line.item for line in cost.unpriced} == {
        "RDS db.m7g.large postgresql single-az",
        "RDS gp3 storage single-az (postgresql)",
    }


def test_the_shipped_table_knows_the_shipped_regions() -> None:
    prices = shipped_prices()
    for region in ("eu-central-1", "eu-west-1", "us-east-1"):
        assert prices.find("EKS", "control plane standard support", region) == pytest.approx(0.1)
        assert prices.find("RDS", "db.m7g.large postgresql multi-az", region)
