"""A program that knows the package's schema only, as one in another language does, under the real engine."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.sandbox.conftest import Project, variables

from odoo_estate.package import COMPONENTS as PUBLISHED

__all__ = ["variables"]  # a fixture

pytestmark = pytest.mark.engine

COMPONENTS = Path(__file__).resolve().parents[2] / "components"
PROGRAM = """
import pulumi
import pulumi_aws as aws

ACCOUNT, REGION = "111111111111", "eu-central-1"
provider = aws.Provider("eu", region=REGION, default_tags={"tags": {"owner": "operations"}})


def remote(kind, name, outputs, **inputs):
    class Remote(pulumi.ComponentResource):
        def __init__(self):
            properties = {**dict.fromkeys(outputs), **inputs}
            options = pulumi.ResourceOptions(providers=[provider])
            super().__init__(f"odoo-estate:index:{kind}", name, properties, options, remote=True)

    return Remote()


key = remote("Key", "logs", ["arn"], account=ACCOUNT, region=REGION, alias="acme-logs", description="Logs", services=["logs"])
"""
EVERYTHING = """
network = remote(
    "Network", "shop", ["vpcId", "databaseSubnetGroup", "cacheSubnetGroup"], account=ACCOUNT, region=REGION,
    networkName="shop", cidr="10.20.0.0/16", nat="single", keyArn=key.arn,
    zones={
        letter: {
            "availabilityZone": REGION + letter, "publicCidr": f"10.20.{i}.0/24",
            "privateCidr": f"10.20.{64 + i * 32}.0/19", "databaseCidr": f"10.20.{16 + i}.0/24",
        }
        for i, letter in enumerate("ab")
    },
)
group = aws.ec2.SecurityGroup("web", vpc_id=network.vpcId, opts=pulumi.ResourceOptions(provider=provider))
database = remote(
    "PostgresInstance", "shop", ["address", "secretArn"], account=ACCOUNT, region=REGION, identifier="shop",
    engineVersion="17.6", instanceClass="db.m7g.large", storageGib=100, maxStorageGib=500, maxConnections=400,
    vpcId=network.vpcId, subnetGroup=network.databaseSubnetGroup, clients={"web": group.id},
    keyArn=key.arn, logKeyArn=key.arn, protect=False,
)
cache = remote(
    "Cache", "shop", ["address"], cacheId="shop", description="Sessions", engineVersion="8.1",
    nodeType="cache.t4g.medium", vpcId=network.vpcId, subnetGroup=network.cacheSubnetGroup, clients={"web": group.id},
    keyArn=key.arn,
)
bucket = remote("Bucket", "shop", ["name", "arn"], bucketName="acme-shop-documents", purpose="documents", keyArn=key.arn)
pulumi.export("address", database.address)
pulumi.export("secret", database.secretArn)
"""


@pytest.fixture
def consumer(tmp_path: Path, variables: dict[str, str]) -> Project:
    """A project that knows the package by its path."""
    project = Project(tmp_path / "consumer", variables)
    (project.folder / "Pulumi.yaml").write_text(
        f"name: consumer\nruntime: python\nplugins:\n  providers:\n    - name: odoo-estate\n      path: {COMPONENTS}\n",
        encoding="utf-8",
    )
    return project.init()


def _children(project: Project, component: str) -> set[str]:
    """Types of what stands below a component of the package in the state, with logical names."""
    document = json.loads(project.exported())
    urns = [resource["urn"].split("::", 2)[2] for resource in document["deployment"]["resources"]]
    below = (urn.split(f"odoo-estate:index:{component}$", 1) for urn in urns)
    return {parts[1].rsplit("$", 1)[-1] for parts in below if len(parts) == 2}


def test_every_component_comes_up_with_its_children_and_stays_as_it_is(consumer: Project) -> None:
    consumer.program(EVERYTHING, head=PROGRAM)
    consumer.preview().assert_fine()
    consumer.up().assert_fine()
    assert "odoo-estate:aws:Key::logs" in _children(consumer, "Key")
    assert "aws:ec2/subnet:Subnet::shop-database-b" in _children(consumer, "Network")
    assert {
        "aws:rds/instance:Instance::shop",
        "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule::shop-web",
    } <= (_children(consumer, "PostgresInstance"))
    assert "aws:elasticache/replicationGroup:ReplicationGroup::shop" in _children(consumer, "Cache")
    assert "aws:s3/bucketPolicy:BucketPolicy::shop" in _children(consumer, "Bucket")
    outputs = consumer.outputs()
    assert str(outputs["address"]).startswith("shop.")
    assert str(outputs["secret"]).startswith("arn:aws:secretsmanager:")
    consumer.up("--expect-no-changes").assert_fine()


def test_an_output_that_would_decide_what_is_made_is_refused_before_anything_is_made(consumer: Project) -> None:
    consumer.program(
        """
        remote("Bucket", "shop", [], bucketName=key.arn, purpose="documents", keyArn=key.arn)
        """,
        head=PROGRAM,
    )
    run = consumer.preview().assert_failed("bucketName", "is an output or a secret", "pass a plain value")
    assert "Traceback" not in run.text.split("bucketName")[0]


def test_a_secret_that_would_decide_what_is_made_is_refused(consumer: Project) -> None:
    consumer.program(
        """
        remote("Bucket", "shop", [], bucketName=pulumi.Output.secret("b"), purpose="documents", keyArn=key.arn)
        """,
        head=PROGRAM,
    )
    consumer.preview().assert_failed("bucketName", "is an output or a secret")


def test_what_a_component_refuses_is_said_in_the_name_of_the_input(consumer: Project) -> None:
    consumer.program(
        """
        remote("Key", "mail", [], account=ACCOUNT, region=REGION, alias="mail", description="Mail", services=["ses"])
        """,
        head=PROGRAM,
    )
    run = consumer.preview().assert_failed("services", "ses: not known; allowed: autoscaling, backup")
    assert "key.py" not in run.text


def test_the_engine_reads_the_schema_from_the_folder(consumer: Project) -> None:
    run = consumer.pulumi("package", "get-schema", str(COMPONENTS)).assert_fine()
    schema: dict[str, Any] = json.loads(run.text[run.text.index("{\n") : run.text.rindex("}") + 1])
    assert set(schema["resources"]) == {f"odoo-estate:index:{component.__name__}" for component in PUBLISHED}
