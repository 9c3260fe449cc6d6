"""Failures on order, and that a second run always converges."""

import sqlite3

import pytest

pytestmark = pytest.mark.engine

SIX = """
vpc = aws.ec2.Vpc("main", cidr_block="10.0.0.0/16", opts=opts)
one = aws.ec2.Subnet("one", vpc_id=vpc.id, cidr_block="10.0.1.0/24", opts=opts)
two = aws.ec2.Subnet("two", vpc_id=vpc.id, cidr_block="10.0.2.0/24", opts=opts)
group = aws.rds.SubnetGroup("group", name="cell", subnet_ids=[one.id, two.id], opts=opts)
bucket = aws.s3.Bucket("bucket", bucket="acme-filestore", opts=opts)
aws.s3.BucketVersioning("bucket", bucket=bucket.bucket, versioning_configuration={"status": "Enabled"}, opts=opts)
"""


def count(project):
    with sqlite3.connect(project.variables["ODOO_ESTATE_SANDBOX"] + "/cloud.sqlite") as database:
        return database.execute("SELECT count(*) FROM record").fetchone()[0]


@pytest.mark.parametrize("number", range(1, 7))
def test_a_failure_at_any_operation_is_made_good_by_the_next_run(project, number):
    project.program(SIX)
    project.up(ODOO_ESTATE_SANDBOX_FAIL_AT=str(number)).assert_failed("ServiceUnavailable")
    assert count(project) < 6
    project.up().assert_fine()
    assert count(project) == 6


@pytest.mark.parametrize("number", (1, 4, 6))
def test_a_provider_that_dies_after_writing_is_made_good_by_the_next_run(project, number):
    project.program(SIX)
    failed = project.up(ODOO_ESTATE_SANDBOX_CRASH_AT=str(number)).assert_failed()
    assert "exited prematurely" in failed.text
    project.up().assert_fine()
    assert count(project) == 6, "the half-made thing was found again, not made twice"
    project.up("--expect-no-changes").assert_fine()
    project.destroy().assert_fine()
    assert count(project) == 0
