"""The lock serves every Python that the project supports, not only the one it was made on."""

import re
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

LOCKED = re.findall(
    r"^([A-Za-z0-9._-]+)==", (Path(__file__).parents[1] / "requirements.lock").read_text(), re.MULTILINE
)


@pytest.mark.parametrize("version", ["3.11.0", "3.11.2", "3.12.0", "3.13.0", "3.14.0"])
def test_every_requirement_of_that_python_is_locked(version: str) -> None:
    environment = {"python_full_version": version, "python_version": version.rpartition(".")[0], "extra": ""}
    missing = [
        f"{name}: {one}"
        for name in LOCKED
        for one in map(Requirement, distribution(name).requires or ())
        if one.marker is None or one.marker.evaluate(environment)
        if canonicalize_name(one.name) not in LOCKED
    ]
    assert not missing
