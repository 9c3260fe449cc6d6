"""One control plane for all tests of this folder, with the definitions of the custom kinds that the platform's charts bring."""

from collections.abc import Iterator

import pytest
from sandbox.cluster.control_plane import ControlPlane, control_plane
from tests.cluster.cell import Cell


@pytest.fixture(scope="session")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """A running control plane."""
    with control_plane(tmp_path_factory.mktemp("control-plane")) as running:
        running.define()
        yield running


@pytest.fixture(scope="session")
def shared_cell(plane: ControlPlane) -> Cell:
    """The root estate's shared cell with its platform and every tenant in it, all applied."""
    cell = Cell(plane, "eu-1")
    cell.bring_up()
    return cell
