"""A database instance of ours through the real engine: several lives under one name, and the step to another major version."""

import os
import sqlite3
from pathlib import Path

import pytest
from tests.sandbox.conftest import Project
from tests.sandbox.test_sandbox_lifecycle import NETWORK

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.engine

INSTANCE = """
from dataclasses import replace
import pulumi_random as random
from odoo_estate.aws.postgres import PostgresInstance
from odoo_estate.aws.references import NetworkRef
from odoo_estate.plan import AwsTarget, UpgradePlan
from tests.compose.plans import database

key = aws.kms.Key("key", opts=opts)
plan = replace(
    database("acme-main"), engine_version="16.15", family="postgres16", protect=False, deletion_protection=False,
    master_password="own", master_secret="acme/master", replicas={"reader": "acme-main-reader"}, CHANGES
)
PostgresInstance(
    "data",
    {
        "plan": plan,
        "target": AwsTarget(account="444455556666", region="eu-central-1"),
        "network": NetworkRef(
            vpc_id=vpc.id, cidr="10.0.0.0/16", public_subnet_ids=[], private_subnet_ids=[], database_subnet_ids=[],
            database_subnet_group=group.name, cache_subnet_group="",
        ),
        "clients": {},
        "key_arn": key.arn,
        "log_key_arn": key.arn,
    },
    pulumi.ResourceOptions(providers=[provider, random.Provider("random")]),
)
"""
UPGRADED = 'engine_version="17.11", family="postgres17"'
UPGRADING = f'{UPGRADED}, kept_families=("postgres16",), upgrade=UpgradePlan(approver="Ada", window="2026-12-06", method="in-place")'


def program(project: Project, changes: str = "") -> Project:
    project.variables["PYTHONPATH"] = os.pathsep.join(map(str, (ROOT, ROOT / "components")))
    text = INSTANCE.replace('engine_version="16.15", family="postgres16", ', "") if changes else INSTANCE
    return project.program(NETWORK + text.replace("CHANGES", changes))


def snapshots(project: Project) -> list[str]:
    """Names of final snapshots that stayed behind."""
    path = project.variables["ODOO_ESTATE_SANDBOX"] + "/cloud.sqlite"
    with sqlite3.connect(path) as cloud:
        tables = [name for (name,) in cloud.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        rows = [str(row) for table in tables for row in cloud.execute(f"SELECT * FROM {table}")]
    return sorted(
        {part for row in rows for part in row.replace("'", "|").split("|") if part.startswith("acme-main-final-")}
    )


def test_an_instance_that_is_destroyed_twice_leaves_two_snapshots(project: Project) -> None:
    program(project)
    for lives in (1, 2):
        project.up().assert_fine()
        project.up("--expect-no-changes").assert_fine()
        project.destroy().assert_fine()
        assert len(snapshots(project)) == lives


def test_a_major_upgrade_keeps_the_old_group_until_after_its_window(project: Project) -> None:
    program(project).up().assert_fine()
    # Nobody approved it: RDS itself would turn it down.
    program(project, UPGRADED).up().assert_failed("AllowMajorVersionUpgrade")
    program(project, UPGRADING).up().assert_fine()
    assert {"data-postgres16", "data-postgres17"} <= project.resources().keys()
    program(project, UPGRADED)
    planned = project.planned()
    assert planned["data-postgres16"] == "delete"
    assert planned["data"] in {"update", "same"} and planned["data-reader"] == "update"
    project.up().assert_fine()
    assert "data-postgres16" not in project.resources()
