"""Stacks understand each other, or say why not."""

from typing import Any

import pytest
from tests.compose.graphs import cell, dr

from odoo_estate.compose.outputs import CellOutputs, ContractBroken, _checked
from odoo_estate.preview.graph import is_secret


def _exported(graph: Any) -> dict[str, Any]:
    outputs: dict[str, Any] = next(iter(graph.of_type("pulumi:pulumi:Stack"))).outputs
    return outputs


def test_a_cell_says_which_contract_it_keeps() -> None:
    assert _exported(cell())["contract"] == CellOutputs.contract == "cell/1"
    assert _exported(dr())["contract"] == "dr/2"


def test_no_output_is_secret() -> None:
    # One secret value would hide every other output of the stack from its readers.
    assert not is_secret(_exported(cell()))


def test_databases_caches_and_buckets_are_found_by_the_plans_keys() -> None:
    exported = _exported(cell())
    assert set(exported["databases"]) == {"main", "reporting"}
    assert set(exported["caches"]) == {"main"}
    assert set(exported["buckets"]) == {"attachments", "backups", "logs"}
    assert set(exported["subnets"]) == {"public", "private", "database"}


def test_a_stack_that_is_not_up_yet_is_named() -> None:
    with pytest.raises(ContractBroken, match="bring the cell stack up first"):
        _checked("cell/1")({})


def test_an_older_contract_is_refused_with_both_versions() -> None:
    with pytest.raises(ContractBroken, match=r'contract "cell/0"\s+allowed: cell/1'):
        _checked("cell/1")({"contract": "cell/0"})


def test_the_right_contract_passes_unchanged() -> None:
    outputs = {"contract": "cell/1", "network": {"vpcId": "vpc-1"}}
    assert _checked("cell/1")(outputs) is outputs
