"""The files for Argo CD and Flux on a real API server: it takes the tools' own objects as well as what they would apply."""

from pathlib import Path

import pytest
import yaml
from sandbox.cluster.control_plane import ControlPlane
from tests.cluster.cell import Cell
from tests.delivery.test_files import TOOLS, tree

from odoo_estate.preview.delivery import ARGO, FLUX, Tool

ELSEWHERE = ("helm.toolkit.fluxcd.io/v2", "source.toolkit.fluxcd.io/v1")
"""Kinds whose definitions the Go module proxy has not."""


@pytest.mark.parametrize("tool", TOOLS)
def test_a_cluster_takes_everything_that_lies_in_the_repository(
    plane: ControlPlane, shared_cell: Cell, tool: Tool
) -> None:
    for space in (ARGO, FLUX):
        plane.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": space}})
    taken = 0
    for name, text in sorted(tree(Path("stacks"), tool).items()):
        body = yaml.load(text, Loader=yaml.CSafeLoader)
        if name.startswith("eu-1/") and body["apiVersion"] not in ELSEWHERE:
            plane.apply(body, keep=False)
            taken += 1
    assert taken > 300
