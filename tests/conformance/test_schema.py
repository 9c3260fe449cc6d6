"""The bridge to AWS's real provider has a place for whatever our programs register."""

import json
from pathlib import Path

from conformance.recorded import ROOT, estates, nodes

from conformance import beyond


def test_every_type_that_we_use_has_its_place_in_the_bridge() -> None:
    names = json.loads(Path(ROOT, "sandbox/tools/aws/types.json").read_text("utf-8")).values()
    used = {node.type for estate in estates() for node in nodes(estate)}
    assert used <= set(names)


def test_what_the_simulator_cannot_do_is_used_and_has_a_reason() -> None:
    used = {node.type for estate in estates() for node in nodes(estate)}
    assert set(beyond.read().types) <= used
    assert all(len(reason) > 20 for reason in beyond.read().types.values())
