"""A real API server takes every object, a real scheduler finds a node for every pod, and what is lost is made up for or said."""

from collections import Counter
from typing import Any
from urllib.parse import quote

import pytest
from sandbox.cluster.control_plane import ControlPlane, Refused
from tests.cluster.cell import ZONE, Cell, manifests

from odoo_estate.plan import TenantPlan


def waiting(cell: Cell) -> list[tuple[str, str, str]]:
    """Pods without a node, and what the scheduler says about them."""
    return [
        (pod["metadata"]["namespace"], pod["metadata"]["name"], pod["status"]["conditions"][0].get("message", ""))
        for pod in cell.pods()
        if "nodeName" not in pod["spec"] and pod["status"].get("conditions")
    ]


def test_every_pod_of_the_cell_finds_a_node(shared_cell: Cell) -> None:
    shared_cell.settle()
    assert len(shared_cell.pods()) > 20
    assert waiting(shared_cell) == []


def test_a_semi_dedicated_tenant_runs_on_its_own_nodes_and_nobody_else_does(shared_cell: Cell) -> None:
    shared_cell.settle()
    tenant = next(one for one in shared_cell.tenants if one.node_pool)
    own = {node["metadata"]["name"] for node in shared_cell.nodes(tenant.stack)}
    there = {pod["metadata"]["namespace"] for pod in shared_cell.pods() if pod["spec"].get("nodeName") in own}
    assert there == {tenant.namespace}


def test_web_pods_of_a_class_that_pays_for_zones_stand_in_several(shared_cell: Cell) -> None:
    shared_cell.settle()
    zones = {
        node["metadata"]["name"]: node["metadata"]["labels"][ZONE]
        for pool, _ in shared_cell.pools()
        for node in shared_cell.nodes(pool)
    }
    for tenant in shared_cell.tenants:
        web = tenant.odoo.workloads.get("web") if tenant.odoo else None
        if web and web.spread_zones and web.min_replicas > 1:
            pods = of_workload(shared_cell, tenant, "web")
            assert len({zones[pod["spec"]["nodeName"]] for pod in pods}) > 1, tenant.stack


def of_workload(cell: Cell, tenant: TenantPlan, workload: str) -> list[dict[str, Any]]:
    return [
        pod
        for pod in cell.pods(tenant.namespace)
        if pod["metadata"]["labels"].get("app.kubernetes.io/component") == workload
        or pod["metadata"]["name"].startswith(f"odoo-{workload}-")
    ]


def test_a_lost_zone_is_made_up_for_on_the_nodes_that_are_left(shared_cell: Cell) -> None:
    shared_cell.settle()
    lost = min(zone.availability_zone for zone in shared_cell.plan.network.zones.values())
    gone = [
        node["metadata"]["name"]
        for pool, _ in shared_cell.pools()
        for node in shared_cell.nodes(pool)
        if node["metadata"]["labels"][ZONE] == lost
    ]
    assert gone
    for name in gone:
        shared_cell.remove_node(name)
    others = [
        zone.availability_zone for zone in shared_cell.plan.network.zones.values() if zone.availability_zone != lost
    ]
    try:
        shared_cell.settle()
        # What the node groups do: nodes of the lost zone come back in the others, up to each pool's maximum.
        for pool, plan in shared_cell.pools():
            missing = plan.desired_nodes - len(shared_cell.nodes(pool))
            shared_cell.add_nodes(pool, missing, zones=tuple(others))
        shared_cell.wait_until(lambda: waiting(shared_cell) == [])
        assert waiting(shared_cell) == []
    finally:
        shared_cell.restore_nodes()


def test_a_full_node_pool_keeps_bursts_waiting_and_leaves_web_alone(shared_cell: Cell, plane: ControlPlane) -> None:
    shared_cell.settle()
    web_before = Counter(pod["metadata"]["namespace"] for pod in shared_cell.pods() if "web" in pod["metadata"]["name"])
    tenant = next(one for one in shared_cell.tenants if one.tenancy == "namespaced" and one.environment == "production")
    integration = next(
        one
        for one in plane.call("GET", f"/apis/apps/v1/namespaces/{tenant.namespace}/deployments")["items"]
        if "integration" in one["metadata"]["name"]
    )
    name, before = integration["metadata"]["name"], integration["spec"]["replicas"]
    scale = f"/apis/apps/v1/namespaces/{tenant.namespace}/deployments/{name}/scale"

    def replicas(count: int) -> None:
        plane.call("PATCH", scale, {"spec": {"replicas": count}}, kind="application/merge-patch+json")

    taken = [node["metadata"]["name"] for node in shared_cell.nodes("integration")]
    for node in taken:
        plane.call(
            "PATCH", f"/api/v1/nodes/{node}", {"spec": {"unschedulable": True}}, kind="application/merge-patch+json"
        )
    try:
        replicas(before + 1)
        shared_cell.wait_until(lambda: any(one[0] == tenant.namespace for one in waiting(shared_cell)))
        assert {one[0] for one in waiting(shared_cell)} == {tenant.namespace}
        web_now = Counter(
            pod["metadata"]["namespace"] for pod in shared_cell.pods() if "web" in pod["metadata"]["name"]
        )
        assert web_now == web_before
        shared_cell.add_nodes("integration", 1)
        shared_cell.wait_until(lambda: waiting(shared_cell) == [])
    finally:
        replicas(before)
        for node in taken:
            plane.call(
                "PATCH", f"/api/v1/nodes/{node}", {"spec": {"unschedulable": None}}, kind="application/merge-patch+json"
            )


@pytest.mark.parametrize("tenancy", ["namespaced", "semi-dedicated", "pooled"])
def test_a_tenant_that_goes_leaves_nothing_behind_and_takes_nothing_of_its_neighbours(
    shared_cell: Cell, plane: ControlPlane, tenancy: str
) -> None:
    shared_cell.settle()
    tenant = next(one for one in shared_cell.tenants if one.tenancy == tenancy and one.environment == "production")
    own = ",".join(f"odoo-estate/{key}={tenant.labels[f'odoo-estate/{key}']}" for key in ("tenant", "environment"))
    mine = manifests(tenant.stack)
    others = [
        manifest
        for stack in (shared_cell.platform.stack, *(one.stack for one in shared_cell.tenants if one is not tenant))
        for manifest in manifests(stack)
        if "name" in manifest["metadata"]
    ]
    try:
        for manifest in reversed(mine):
            name = manifest["metadata"].get("name")
            for one in [name] if name else labelled(plane, plane.path(manifest), own):
                plane.call("DELETE", f"{plane.path(manifest)}/{one}?propagationPolicy=Foreground")
        if tenancy != "pooled":
            shared_cell.wait_until(lambda: absent(plane, f"/api/v1/namespaces/{tenant.namespace}"))
        # By owner labels, whatever made it: what a deployment or a job has made carries them too.
        places = {plane.path(manifest) for manifest in mine} | {"/api/v1/pods", "/apis/apps/v1/replicasets"}
        shared_cell.wait_until(lambda: not any(labelled(plane, place, own) for place in places))
        for manifest in others:
            plane.call("GET", f"{plane.path(manifest)}/{manifest['metadata']['name']}")
    finally:
        for manifest in mine:
            plane.apply(manifest)


def labelled(plane: ControlPlane, path: str, labels: str) -> list[str]:
    """Names of what carries ``labels`` there; a namespace that is gone holds nothing."""
    return [one["metadata"]["name"] for one in plane.call("GET", f"{path}?labelSelector={quote(labels)}")["items"]]


def absent(plane: ControlPlane, path: str) -> bool:
    try:
        plane.call("GET", path)
    except Refused as refused:
        return refused.status == 404
    return False


def test_the_scheduler_is_not_a_rubber_stamp(shared_cell: Cell, plane: ControlPlane) -> None:
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "too-large", "namespace": "default"},
        "spec": {"containers": [{"name": "x", "image": "x", "resources": {"requests": {"cpu": "1000"}}}]},
    }
    plane.apply(pod)
    shared_cell.wait_until(lambda: any(one[1] == "too-large" for one in waiting(shared_cell)))
    assert "Insufficient cpu" in next(one[2] for one in waiting(shared_cell) if one[1] == "too-large")
    plane.call("DELETE", "/api/v1/namespaces/default/pods/too-large?gracePeriodSeconds=0")


def test_an_unknown_field_is_refused(plane: ControlPlane, shared_cell: Cell) -> None:
    manifest = next(one for one in manifests(shared_cell.platform.stack) if one["kind"] == "Deployment")
    spoiled = {**manifest, "spec": {**manifest["spec"], "replicaz": 2}}
    with pytest.raises(Refused, match="replicaz"):
        plane.apply(spoiled)
