"""The jobs of an initialisation, upgrade and copy on a real control plane: admission, Pod Security and quota let their pods in, and they find a
node, while the environment's own workloads are away."""

from collections.abc import Iterator
from typing import Any

import pytest
from sandbox.cluster.control_plane import ControlPlane
from tests.cluster.cell import Cell, manifests, settled
from tests.cluster.test_accepted import absent
from tests.compose_tenant import graphs
from tests.compose_tenant.test_root_estate import plain
from tests.compose_tenant.test_tenant_jobs import graph, ident, plan, work

from odoo_estate.spec.jobs import TenantJob

EVERY = [
    work("upgrade", "back-up", "iberica.production"),
    work("upgrade", "upgrade", "iberica.production"),
    work("upgrade", "restore", "iberica.production"),
    work("upgrade", "upgrade", "nordfood.production"),
    work("initialise", "initialise", "lumen.production"),
    work("copy", "copy-restore", "balticpaper.staging"),
    work("copy", "neutralise", "balticpaper.staging"),
    work("copy", "finish", "balticpaper.staging"),
]


def closed(one: TenantJob) -> list[dict[str, Any]]:
    """What the stack sends to the cluster while it is worked on."""
    account = plan(one).target.account
    return [settled(plain(node.inputs), graph(one), account) for node in graphs.objects(graph(one))]


@pytest.fixture
def worked_on(shared_cell: Cell, plane: ControlPlane, request: pytest.FixtureRequest) -> Iterator[TenantJob]:
    one: TenantJob = request.param
    shared_cell.settle()
    usual = manifests(plan(one).stack)
    now = closed(one)
    kept = {(obj["kind"], obj["metadata"].get("name")) for obj in now}
    gone = [obj for obj in usual if "name" in obj["metadata"] and (obj["kind"], obj["metadata"]["name"]) not in kept]
    for obj in gone:  # autoscalers and disruption budgets, as the engine takes them away
        plane.call("DELETE", f"{plane.path(obj)}/{obj['metadata']['name']}")
    for obj in now:
        if "name" in obj["metadata"]:
            plane.apply(obj)
    yield one
    extra = {(obj["kind"], obj["metadata"].get("name")) for obj in usual}
    for obj in now:
        if "name" in obj["metadata"] and (obj["kind"], obj["metadata"]["name"]) not in extra:
            path = f"{plane.path(obj)}/{obj['metadata']['name']}"
            plane.call("DELETE", f"{path}?propagationPolicy=Foreground")
            shared_cell.wait_until(lambda path=path: absent(plane, path))  # type: ignore[misc]
    for obj in usual:
        if "name" in obj["metadata"]:
            plane.apply(obj)


@pytest.mark.parametrize("worked_on", EVERY, ids=ident, indirect=True)
def test_the_pod_of_a_step_is_let_in_and_finds_a_node(
    shared_cell: Cell, plane: ControlPlane, worked_on: TenantJob
) -> None:
    found = plan(worked_on)
    assert found.job
    namespace = found.job.recovery.namespace if found.job.recovery else found.namespace
    name = found.job.name

    def pods() -> list[dict[str, Any]]:
        return [
            one
            for one in shared_cell.pods(namespace)
            if one["metadata"]["labels"].get("batch.kubernetes.io/job-name") == name
        ]

    # A volume of its own comes from the CSI driver, which is not played here: its pod is let in and waits for nothing else.
    waits = bool(found.job.recovery and found.job.recovery.own_volume)
    shared_cell.wait_until(lambda: any(waits or one["spec"].get("nodeName") for one in pods()))
    (pod,) = pods()
    assert pod["spec"]["serviceAccountName"] != "default"
    if found.odoo:
        shared_cell.wait_until(lambda: workers(shared_cell, found.namespace) == [])


def workers(cell: Cell, namespace: str) -> list[str]:
    """Names of the environment's web pods."""
    names = [one["metadata"]["name"] for one in cell.pods(namespace)]
    return [name for name in names if name.startswith("odoo-web-")]
