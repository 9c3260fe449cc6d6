"""A network that somebody else made: an estate lives in it, and leaves it as it was."""

import json
from pathlib import Path

import pytest
from tests.sandbox.conftest import Project

pytestmark = pytest.mark.engine

COMPONENTS = Path(__file__).parents[2] / "components"

OWNER = """
import pulumi
import pulumi_aws as aws

opts = pulumi.ResourceOptions(provider=aws.Provider(
    "eu", region="eu-central-1", assume_roles=[{"role_arn": "arn:aws:iam::444455556666:role/network"}],
))
vpc = aws.ec2.Vpc("given", cidr_block="172.30.0.0/20", enable_dns_support=True, enable_dns_hostnames=True, opts=opts)
found = {"vpc": vpc.id}
for tier, third in (("public", 12), ("private", 0), ("database", 14)):
    for number, zone in enumerate("ab"):
        cidr = f"172.30.{third + number * (4 if tier == 'private' else 1)}.0/{22 if tier == 'private' else 24}"
        subnet = aws.ec2.Subnet(
            f"{tier}-{zone}", vpc_id=vpc.id, cidr_block=cidr, availability_zone=f"eu-central-1{zone}", opts=opts
        )
        found[f"{tier}-{zone}"] = subnet.id
pulumi.export("found", found)
"""

TENANT = """
import json, pathlib, sys

sys.path.insert(0, {components!r})
import pulumi
import pulumi_aws as aws
from odoo_estate.aws.adopted_network import AdoptedNetwork
from odoo_estate.plan import AdoptedNetworkPlan, NetworkPlan, ZonePlan

found = json.loads({found!r})
opts = pulumi.ResourceOptions(providers=[aws.Provider(
    "eu", region="eu-central-1", assume_roles=[{{"role_arn": "arn:aws:iam::444455556666:role/deploy"}}],
)])
plan = NetworkPlan(
    name="given",
    cidr={cidr!r},
    zones={{
        zone: ZonePlan(
            availability_zone=f"eu-central-1{{zone}}",
            public_cidr=f"172.30.{{12 + number}}.0/24",
            private_cidr=f"172.30.{{number * 4}}.0/22",
            database_cidr=f"172.30.{{14 + number}}.0/24",
        )
        for number, zone in enumerate("ab")
    }},
    nat="none",
    interface_endpoints=(),
    flow_log_group="",
    flow_log_retention_days=1,
    adopted=AdoptedNetworkPlan(
        vpc_id=found["vpc"],
        subnets={{
            tier: {{zone: found[f"{{tier}}-{{zone}}"] for zone in "ab"}} for tier in ("public", "private", "database")
        }},
    ),
)
network = AdoptedNetwork("network", {{"plan": plan, "key_arn": "arn:aws:kms:eu-central-1:444455556666:key/unused"}}, opts)
pulumi.export("private", network.ref.private_subnet_ids)
"""


@pytest.fixture
def given(project: Project) -> tuple[Project, dict[str, str]]:
    """A network and its owner's project."""
    project.program(OWNER, head="").up().assert_fine()
    return project, json.loads(project.pulumi("stack", "output", "found", "--json").assert_fine().text)


def tenant(another: Project, found: dict[str, str], cidr: str = "172.30.0.0/20") -> Project:
    return another.program(TENANT.format(components=str(COMPONENTS), found=json.dumps(found), cidr=cidr), head="")


def test_a_given_network_is_lived_in_and_left_as_it_was(
    given: tuple[Project, dict[str, str]], another: Project
) -> None:
    owner, found = given
    estate = tenant(another, found)
    estate.up().assert_fine()
    estate.up("--expect-no-changes").assert_fine()
    lived_in = json.loads(estate.pulumi("stack", "output", "private", "--json").assert_fine().text)
    assert lived_in == [found["private-a"], found["private-b"]]
    estate.destroy().assert_fine()
    owner.pulumi("refresh", "--yes", "--skip-preview", "--expect-no-changes").assert_fine()
    owner.up("--expect-no-changes").assert_fine()


def test_what_differs_from_the_declaration_ends_the_update_before_anything_is_made(
    given: tuple[Project, dict[str, str]], another: Project
) -> None:
    _, found = given
    estate = tenant(another, found, cidr="172.30.0.0/16")
    estate.up().assert_failed("cidr_block is 172.30.0.0/20 in AWS, the estate says 172.30.0.0/16")
    assert not [one for one in estate.resources().values() if "SubnetGroup" in str(one["type"])]


def test_a_network_that_is_not_there_is_named(given: tuple[Project, dict[str, str]], another: Project) -> None:
    _, found = given
    estate = tenant(another, {**found, "vpc": "vpc-0123456789abcdef0"})
    estate.up().assert_failed("vpc-0123456789abcdef0")
