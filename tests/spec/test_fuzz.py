"""Whatever stands in a file: it is accepted, or refused in the reader's words; never anything else."""

from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odoo_estate.errors import BadInput

if TYPE_CHECKING:
    from conftest import Desk

quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(
        [
            "eu",
            "18.0",
            "production",
            "yes",
            "012",
            "12:30",
            "2026-02-31",
            "<<",
            "=",
            "~",
            "*a",
            "&a",
            "!x",
            "%",
            "- -",
            "? ",
        ]
    )
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
)


def refused_or_fine(desk: "Desk") -> None:
    try:
        desk.load()
    except BadInput as refused:
        assert refused.problems
        for problem in refused.problems:
            assert problem.file and problem.line >= 1
            assert all(character.isprintable() or character == "\n" for character in str(problem))


@pytest.mark.parametrize("file", ["estate.yaml", "customers/lumen.yaml"])
@quick
@given(content=st.binary(max_size=400))
def test_any_bytes(desk: "Desk", file: str, content: bytes) -> None:
    desk.reset()
    desk.write(file, content)
    refused_or_fine(desk)


@pytest.mark.parametrize("file", ["estate.yaml", "customers/lumen.yaml"])
@quick
@given(position=st.integers(0, 900), junk=st.text(max_size=12), removed=st.integers(0, 30))
def test_a_valid_file_with_a_piece_cut_out_or_pasted_in(
    desk: "Desk", file: str, position: int, junk: str, removed: int
) -> None:
    desk.reset()
    text = desk.ESTATE if file == "estate.yaml" else desk.CUSTOMER
    desk.write(file, (text[:position] + junk + text[position + removed :]).encode("utf-8", "surrogatepass"))
    refused_or_fine(desk)


@pytest.mark.parametrize("file", ["estate.yaml", "customers/lumen.yaml"])
@quick
@given(data=st.data())
def test_any_value_in_any_field(desk: "Desk", file: str, data: st.DataObject) -> None:
    desk.reset()
    document = yaml.safe_load(desk.ESTATE if file == "estate.yaml" else desk.CUSTOMER)
    group: Any = document
    while True:
        key = data.draw(st.sampled_from(sorted(group) if isinstance(group, dict) else range(len(group))))
        if not isinstance(group[key], dict | list) or not group[key] or data.draw(st.booleans()):
            group[key] = data.draw(values)
            break
        group = group[key]
    desk.write(file, yaml.safe_dump(document, allow_unicode=True))
    refused_or_fine(desk)
