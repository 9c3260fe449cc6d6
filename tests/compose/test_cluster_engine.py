"""A cluster comes up, is upgraded and goes away through the real engine, whatever interrupts it."""

import re
import sqlite3
from itertools import pairwise
from pathlib import Path

import pytest
from tests.sandbox.conftest import Project

from sandbox import environment as sandbox_environment

pytestmark = [pytest.mark.engine, pytest.mark.timeout(600)]

PROGRAM = """
import os
from dataclasses import replace
from pathlib import Path

import pulumi

from odoo_estate.aws.key import Key
from odoo_estate.aws.network import Network
from odoo_estate.aws.policy import plain_service_trust
from odoo_estate.aws.role import Role
from odoo_estate.compose.compute import Encryption, compose_cluster
from odoo_estate.compose.order import after
from odoo_estate.compose.providers import aws_provider, random_provider
from odoo_estate.decide import compile_stack
from odoo_estate.decide.lifting import lift_protection
from odoo_estate.plan import RolePlan
from odoo_estate.spec.loader import load

plan = compile_stack(load(Path(os.environ["ESTATE"])), "cell.main")
if os.environ.get("LIFTED"):
    plan = lift_protection(plan)
versions = {"version": os.environ["KUBERNETES"]}
cluster = replace(plan.cluster, **versions)
pools = {key: replace(pool, **versions) for key, pool in plan.node_pools.items()}
here = pulumi.ResourceOptions(providers=[aws_provider("aws", plan.target, plan.tags), random_provider()])
keys = {key: Key(f"key-{key}", {"plan": plan.keys[key], "target": plan.target}, here) for key in ("data", "logs")}
logs = keys["logs"].arn
network = Network("network", {"plan": plan.network, "target": plan.target, "key_arn": logs}, here)
encryption = Encryption(data=keys["data"].arn, data_plan=plan.keys["data"], logs=logs)
# The landing zone's roles: EKS refuses an entry for one that is not there.
trust = (plain_service_trust("ec2.amazonaws.com"),)
roles = [
    Role(f"role-{key}", {"plan": RolePlan(name=one.role_arn.rpartition("/")[2], description=key, trust=trust)}, here)
    for key, one in cluster.access.items()
]
compose_cluster(cluster, pools, network=network, encryption=encryption, tags=plan.tags, here=after(here, *roles))
"""
BLUEPRINT = Path(__file__).parents[2] / "blueprints" / "white-label-partner" / "stacks"
ORDER = (
    "cluster",
    "cluster-vpc-cni",
    "nodes-integration",
    "nodes-general",
    "nodes-system",
    "addons-coredns",
)
"""What has to follow what on the way up; on the way down it is turned round."""
KINDS = ("cluster:Cluster", "addon:Addon", "nodeGroup:NodeGroup")


@pytest.fixture
def cell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project that holds a cell's network and cluster."""
    monkeypatch.setenv("ODOO_ESTATE_SANDBOX", str(tmp_path / "sandbox"))
    variables = {**sandbox_environment.environment(tmp_path), "ESTATE": str(BLUEPRINT), "KUBERNETES": "1.35"}
    return Project(tmp_path / "cell", variables).program(PROGRAM, head="").init()


def made(cell: Project) -> dict[str, int]:
    """What exists of the cluster, by name, with its place in the order in which it was made."""
    with sqlite3.connect(cell.variables["ODOO_ESTATE_SANDBOX"] + "/cloud.sqlite") as database:
        rows = database.execute("SELECT urn, seq FROM record WHERE token LIKE 'aws:eks/%'").fetchall()
    found = {urn.rpartition("::")[2]: seq for urn, seq in rows if any(f"eks/{kind}::" in urn for kind in KINDS)}
    assert len(found) == len([urn for urn, _ in rows if any(f"eks/{kind}::" in urn for kind in KINDS)]), "twice"
    return found


def done(text: str, verb: str) -> list[str]:
    """Names of what the engine says it has finished, in that order."""
    return re.findall(rf"aws:eks:(?:Cluster|Addon|NodeGroup)\s+(\S+)\s+{verb} \(", text)


def test_interrupted_wherever_it_comes_up_in_order_is_upgraded_pool_by_pool_and_goes_the_other_way(
    cell: Project,
) -> None:
    for number in ("70", "12"):
        cell.up(ODOO_ESTATE_SANDBOX_FAIL_AT=number).assert_failed("ServiceUnavailable")
    cell.up().assert_fine()
    first = made(cell)
    assert all(first[earlier] < first[later] for earlier, later in pairwise(ORDER)), first
    cell.up("--expect-no-changes").assert_fine()

    # The control plane, then one pool after the other; a failure in between is gone on from.
    upgraded: list[str] = []
    for number in ("3", "2"):
        run = cell.up(ODOO_ESTATE_SANDBOX_FAIL_AT=number, KUBERNETES="1.36").assert_failed("ServiceUnavailable")
        upgraded += done(run.text, "updated")
    upgraded += done(cell.up(KUBERNETES="1.36").assert_fine().text, "updated")
    assert upgraded == ["cluster", "nodes-integration", "nodes-general", "nodes-system"]
    assert made(cell) == first, "nothing was replaced"
    cell.up("--expect-no-changes", KUBERNETES="1.36").assert_fine()
    cell.up(KUBERNETES="1.38").assert_failed("Unsupported Kubernetes minor version update from 1.36 to 1.38")

    cell.destroy().assert_failed("protect")
    cell.up(KUBERNETES="1.36", LIFTED="1").assert_fine()
    run = cell.pulumi("destroy", "--yes", "--skip-preview", ODOO_ESTATE_SANDBOX_FAIL_AT="9")
    gone = done(run.assert_failed("ServiceUnavailable").text, "deleted")
    gone += done(cell.destroy().assert_fine().text, "deleted")
    assert [name for name in gone if name in ORDER] == list(reversed(ORDER))
    assert made(cell) == {}
