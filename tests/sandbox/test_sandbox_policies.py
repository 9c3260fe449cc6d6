"""Policy packs see what the real providers would show them."""

import textwrap

import pytest

pytestmark = pytest.mark.engine

PACK = """
from pulumi_policy import EnforcementLevel, PolicyPack, ResourceValidationPolicy

def owner(args, report):
    if args.resource_type == "aws:ec2/vpc:Vpc" and args.props.get("tagsAll", {}).get("owner") != "operations":
        report(f"no owner: {dict(args.props.get('tagsAll') or {})}")
    if args.resource_type == "aws:ec2/vpc:Vpc" and args.props.get("tags", {}).get("stage") == "forbidden":
        report("stage is forbidden")

PolicyPack("tags", enforcement_level=EnforcementLevel.MANDATORY, policies=[
    ResourceValidationPolicy(name="owner", description="Everything has an owner.", validate=owner)])
"""


@pytest.fixture
def pack(tmp_path):
    folder = tmp_path / "pack"
    folder.mkdir()
    (folder / "PulumiPolicy.yaml").write_text("runtime: python\nversion: 0.0.1\n", encoding="utf-8")
    (folder / "__main__.py").write_text(textwrap.dedent(PACK), encoding="utf-8")
    return str(folder)


def test_a_policy_sees_the_providers_default_tags(project, pack):
    project.program('aws.ec2.Vpc("v", cidr_block="10.0.0.0/16", opts=opts)')
    project.preview("--policy-pack", pack).assert_fine()


def test_a_violation_stops_the_update_before_anything_is_made(project, pack):
    project.program('aws.ec2.Vpc("v", cidr_block="10.0.0.0/16", tags={"stage": "forbidden"}, opts=opts)')
    project.up("--policy-pack", pack).assert_failed("stage is forbidden")
    assert "v" not in project.resources()
