"""A real API server takes every object, and a real scheduler finds a node for every pod."""

from tests.cluster.cell import Cell


def test_every_pod_of_the_cell_finds_a_node(shared_cell: Cell) -> None:
    shared_cell.settle()
    waiting = [
        (pod["metadata"]["namespace"], pod["metadata"]["name"], pod["status"]["conditions"][0]["message"])
        for pod in shared_cell.pods()
        if "nodeName" not in pod["spec"]
    ]
    assert waiting == []
