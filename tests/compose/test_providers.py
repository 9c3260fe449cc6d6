"""Providers go where the plan says and nowhere else."""

import json
from typing import Any

from tests.compose.plans import REGION, WORKLOAD

from odoo_estate.aws.references import ClusterRef
from odoo_estate.compose.providers import aws_provider, kubernetes_provider
from odoo_estate.plan import AwsTarget
from odoo_estate.preview.graph import Node
from odoo_estate.preview.recorder import record

TARGET = AwsTarget(account=WORKLOAD, region=REGION, role="automation")
REF = ClusterRef(
    name="eu-1",
    endpoint="https://eks.example",
    certificate_authority="Q0E=",
    security_group_id="sg-1",
    node_role_arn="arn",
)


def _provider(target: AwsTarget, ref: ClusterRef = REF) -> Node:
    graph = record(lambda: kubernetes_provider("kubernetes", target, "acme-eu-1", ref), project="acme", stack="x")
    return next(iter(graph.of_type("pulumi:providers:kubernetes")))


def _kubeconfig(node: Node) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(node.inputs["kubeconfig"])
    return found


def test_a_kubeconfig_holds_no_credentials_but_the_way_to_get_them() -> None:
    user = _kubeconfig(_provider(TARGET))["users"][0]["user"]
    assert set(user) == {"exec"}
    command = [user["exec"]["command"], *user["exec"]["args"]]
    assert " ".join(command) == (
        f"aws eks get-token --cluster-name acme-eu-1 --region {REGION} "
        f"--role-arn arn:aws:iam::{WORKLOAD}:role/automation"
    )


def test_without_a_role_the_callers_own_identity_is_used() -> None:
    node = _provider(AwsTarget(account=WORKLOAD, region=REGION))
    assert "--role-arn" not in _kubeconfig(node)["users"][0]["user"]["exec"]["args"]
    graph = record(lambda: aws_provider("aws", AwsTarget(account=WORKLOAD, region=REGION), {}), project="a", stack="x")
    assert "assumeRoles" not in next(iter(graph.of_type("pulumi:providers:aws"))).inputs


def test_a_new_endpoint_is_still_the_same_cluster() -> None:
    moved = ClusterRef(
        name="eu-1",
        endpoint="https://other",
        certificate_authority="Q0E=",
        security_group_id="sg-1",
        node_role_arn="arn",
    )
    before, after = _provider(TARGET), _provider(TARGET, moved)
    assert before.inputs["kubeconfig"] != after.inputs["kubeconfig"]
    assert before.inputs["clusterIdentifier"] == after.inputs["clusterIdentifier"]
    assert before.inputs["clusterIdentifier"] == f"arn:aws:eks:{REGION}:{WORKLOAD}:cluster/acme-eu-1"
