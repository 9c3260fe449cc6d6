"""A cell of an estate on a real control plane: simulated nodes of its node pools, real objects of its stacks."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date
from functools import cache
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any

from sandbox.cluster.control_plane import ControlPlane, Refused
from tests.compose_tenant import graphs
from tests.compose_tenant.test_root_estate import STACKS, plain

from odoo_estate.decide import compile_estate
from odoo_estate.plan import CellPlan, EstatePlan, NodePoolPlan, PlatformPlan, TenantPlan
from odoo_estate.preview.graph import Graph, Reference
from odoo_estate.spec.loader import Documents, load

ZONE = "topology.kubernetes.io/zone"
NODE_SECONDS = 60
TODAY = date(2026, 12, 1)
UNKNOWN = re.compile(r"\$\{([^}]*)\}")
"""A reference to another resource's output, as the preview writes it."""


@cache
def documents(estate: Path) -> Documents:
    return load(estate, today=TODAY)


@cache
def compiled(estate: Path) -> EstatePlan:
    return compile_estate(documents(estate), today=TODAY)


class Cell:
    """A cell of the estate whose contracts lie in ``estate``; ``plane`` runs its cluster, only the containers are played."""

    def __init__(self, plane: ControlPlane, cell: str, estate: Path = STACKS) -> None:
        self.plane = plane
        self.estate = estate
        self.numbers = count()
        stacks = compiled(estate).stacks.values()
        self.plan = next(plan for plan in stacks if isinstance(plan, CellPlan) and plan.cell == cell)
        self.platform = next(plan for plan in stacks if isinstance(plan, PlatformPlan) and plan.cell == cell)
        self.tenants = [plan for plan in stacks if isinstance(plan, TenantPlan) and plan.cell == cell]

    def bring_up(self) -> None:
        """Nodes at each pool's desired number, the namespaces of third parties' charts, then every stack's objects in the order of the plan."""
        for pool, own in self.pools():
            self.add_nodes(pool, own.desired_nodes)
        for stack in (self.platform.stack, *(tenant.stack for tenant in self.tenants)):
            for manifest in manifests(stack, self.estate):
                self.plane.apply(manifest)

    def pools(self) -> Iterator[tuple[str, NodePoolPlan]]:
        yield from self.plan.node_pools.items()
        for tenant in self.tenants:
            if tenant.node_pool:
                yield tenant.stack, tenant.node_pool

    def add_nodes(self, pool: str, number_of: int, *, zones: tuple[str, ...] = ()) -> list[str]:
        """``number_of`` nodes of the pool, dealt out over the cell's zones."""
        plan = dict(self.pools())[pool]
        places = zones or tuple(zone.availability_zone for zone in self.plan.network.zones.values())
        names = []
        for number in range(number_of):
            name = f"{plan.name}-{next(self.numbers)}"
            self.plane.apply(node(name, plan, self.room(plan), pool, places[number % len(places)]))
            names.append(name)
        return names

    def room(self, plan: NodePoolPlan) -> tuple[int, int]:
        """Millicores and MiB that a node of the pool has for pods."""
        band = documents(self.estate).catalog.node_bands[plan.band]
        cpu = band.vcpus * 1000 - band.reserved_cpu_millicores
        return cpu, band.memory_gib * 1024 - band.reserved_memory_mib

    def nodes(self, pool: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.plane.call("GET", f"/api/v1/nodes?labelSelector=test/pool%3D{pool}")["items"]
        return found

    def pods(self, namespace: str = "") -> list[dict[str, Any]]:
        path = f"/api/v1/namespaces/{namespace}/pods" if namespace else "/api/v1/pods"
        found: list[dict[str, Any]] = self.plane.call("GET", path)["items"]
        return found

    def remove_node(self, name: str) -> None:
        """A node that is gone for good, with what ran on it (the controllers would wait a while before they say so)."""
        self.plane.call("DELETE", f"/api/v1/nodes/{name}")
        for pod in self.pods():
            if pod["spec"].get("nodeName") == name:
                head = pod["metadata"]
                path = f"/api/v1/namespaces/{head['namespace']}/pods/{head['name']}?gracePeriodSeconds=0"
                with suppress(Refused):  # its owner was quicker
                    self.plane.call("DELETE", path)

    def scaled(self) -> bool:
        """Whether every autoscaler has brought its deployment to its least."""
        found = self.plane.call("GET", "/apis/autoscaling/v2/horizontalpodautoscalers")["items"]
        return all(one.get("status", {}).get("currentReplicas", 0) >= one["spec"]["minReplicas"] for one in found)

    def restore_nodes(self) -> None:
        """Nodes as they were in the beginning, and everything on them."""
        for pool, plan in self.pools():
            there = {node["metadata"]["name"] for node in self.nodes(pool)}
            for name in there:
                self.remove_node(name)
            self.add_nodes(pool, plan.desired_nodes)
        self.settle()

    def wait_until(self, reached: Callable[[], bool], seconds: float = NODE_SECONDS) -> None:
        """Returns once ``reached``."""
        deadline = time.monotonic() + seconds
        while not reached():
            assert time.monotonic() < deadline, "not reached in time"
            time.sleep(0.2)

    def settle(self, seconds: float = NODE_SECONDS) -> None:
        """Returns once every deployment has all its replicas made and no pod waits to be judged by the scheduler."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            deployments = self.plane.call("GET", "/apis/apps/v1/deployments")["items"]
            made = all(
                one["status"].get("updatedReplicas", 0) == one["spec"]["replicas"] or one["spec"]["replicas"] == 0
                for one in deployments
            )
            judged = all(pod["status"].get("conditions") for pod in self.pods())
            if made and judged and self.scaled():
                return
            time.sleep(0.2)
        raise AssertionError("the cell does not settle")


def node(name: str, plan: NodePoolPlan, allocatable: tuple[int, int], pool: str, zone: str) -> dict[str, Any]:
    """What a node of the pool tells about itself when it joins."""
    room = {"cpu": f"{allocatable[0]}m", "memory": f"{allocatable[1]}Mi", "pods": str(plan.max_pods)}
    room["ephemeral-storage"] = f"{plan.volume_gib}Gi"
    effects = {"NO_SCHEDULE": "NoSchedule", "NO_EXECUTE": "NoExecute", "PREFER_NO_SCHEDULE": "PreferNoSchedule"}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "labels": {
                **plan.labels,
                ZONE: zone,
                "kubernetes.io/hostname": name,
                "kubernetes.io/os": "linux",
                "kubernetes.io/arch": "arm64",
                "test/pool": pool,
            },
        },
        "spec": {
            "taints": [
                {"key": key, "value": value, "effect": effects[effect]} for key, (value, effect) in plan.taints.items()
            ]
        },
        "status": {"allocatable": room, "capacity": room},
    }


@cache
def recorded(stack: str, estate: Path) -> Graph:
    return graphs.recorded(compiled(estate).stacks[stack])


def manifests(stack: str, estate: Path = STACKS) -> list[dict[str, Any]]:
    """What the stack sends to the cluster, namespaces first, values that only the cloud knows as text."""
    graph, account = recorded(stack, estate), compiled(estate).stacks[stack].target.account
    found = [settled(plain(one.inputs), graph, account) for one in graphs.objects(graph)]
    return sorted(found, key=lambda one: one["kind"] != "Namespace")


def settled(value: Any, graph: Graph, account: str) -> Any:
    """With what the cloud would answer in the place of each reference: the ARN of a role from its name, an identifier for anything else."""
    if isinstance(value, dict):
        return {key: settled(item, graph, account) for key, item in value.items()}
    if isinstance(value, list):
        return [settled(item, graph, account) for item in value]
    return UNKNOWN.sub(lambda found: answer(found, graph, account), value) if isinstance(value, str) else value


def answer_of(graph: Graph, account: str) -> Callable[[Reference], str]:
    """The same answers, for who asks by reference."""

    def answered(reference: Reference) -> str:
        found = UNKNOWN.fullmatch(str(reference))
        assert found
        return answer(found, graph, account)

    return answered


def answer(reference: re.Match[str], graph: Graph, account: str) -> str:
    urn, _, attribute = reference[1].rpartition(".")
    if "aws:iam/role:Role::" in urn and attribute == "arn":
        return f"arn:aws:iam::{account}:role/{graph[urn].inputs['name']}"
    return sha256(reference[0].encode()).hexdigest()[:32]
