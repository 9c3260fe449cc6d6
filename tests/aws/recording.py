"""Records one component with given inputs, as its composition would make it."""

from collections.abc import Callable

import pulumi
import pulumi_aws as aws
import pulumi_random as random

from odoo_estate.aws.references import NetworkRef
from odoo_estate.plan import AwsTarget
from odoo_estate.preview.graph import Graph, Node
from odoo_estate.preview.recorder import record

ACCOUNT, REGION = "111111111111", "eu-central-1"
TARGET = AwsTarget(account=ACCOUNT, region=REGION)
GIVEN_NETWORK = NetworkRef(
    vpc_id="vpc-given",
    cidr="10.9.0.0/16",
    public_subnet_ids=["subnet-p"],
    private_subnet_ids=["subnet-a", "subnet-b"],
    database_subnet_ids=["subnet-d"],
    database_subnet_group="given",
    cache_subnet_group="given",
)


def recorded(make: Callable[[pulumi.ResourceOptions], object]) -> Graph:
    """The graph of what ``make`` makes with explicit providers."""

    def program() -> None:
        provider = aws.Provider("aws", region=REGION, allowed_account_ids=[ACCOUNT])
        make(pulumi.ResourceOptions(providers=[provider, random.Provider("random")]))

    return record(program, project="acme", stack="component")


def one(graph: Graph, type_token: str, name: str = "x") -> Node:
    """The node with this type (``ec2/vpc:Vpc``) and logical name."""
    found = [node for node in graph.of_type(f"aws:{type_token}") if node.name == name]
    assert len(found) == 1, [(node.type, node.name) for node in graph]
    return found[0]
