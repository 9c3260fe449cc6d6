"""Every cell of every business situation and blueprint: a real API server takes all its objects, under that estate's own admission policies."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sandbox.cluster.control_plane import ControlPlane, control_plane
from tests.cluster.cell import Cell, compiled, manifests
from tests.cluster.test_accepted import waiting

from odoo_estate.plan import CellPlan

ROOT = Path(__file__).parents[2]
ESTATES = sorted(
    file.parent.relative_to(ROOT)
    for folder in ("tests/situations", "blueprints", "stacks")
    for file in (ROOT / folder).rglob("estate.yaml")
)
CELLS = [
    (estate, plan.cell)
    for estate in ESTATES
    for plan in compiled(ROOT / estate).stacks.values()
    if isinstance(plan, CellPlan)
]
REAL = ("Namespace", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding")
"""What the others are judged by; everything else is judged, and not kept."""


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """A control plane whose policies change from estate to estate."""
    with control_plane(tmp_path_factory.mktemp("judge")) as running:
        running.define()
        yield running


@pytest.mark.parametrize(("estate", "cell"), CELLS, ids=[f"{estate.name}-{cell}" for estate, cell in CELLS])
def test_a_cluster_takes_every_object(judge: ControlPlane, estate: Path, cell: str) -> None:
    one = Cell(judge, cell, ROOT / estate)
    for stack in (one.platform.stack, *(tenant.stack for tenant in one.tenants)):
        for manifest in manifests(stack, one.estate):
            judge.apply(manifest, keep=manifest["kind"] in REAL)


@pytest.mark.timeout(300)
def test_the_cluster_with_ten_tenants_and_two_heavy_ones_has_room_for_every_pod(tmp_path: Path) -> None:
    with control_plane(tmp_path) as plane:
        plane.define()
        cell = Cell(plane, "nw-1", ROOT / "tests/situations/white-label-cluster")
        cell.bring_up()
        cell.settle()
        assert waiting(cell) == []
        assert len({pod["metadata"]["namespace"] for pod in cell.pods()}) > 10
