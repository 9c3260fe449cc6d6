"""An estate whose clusters are looked after through Git: the engine makes what is in the cloud only, and the files follow from what it recorded."""

from pathlib import Path

import pytest
import yaml
from tests.fleet.conftest import Estate

pytestmark = [pytest.mark.engine, pytest.mark.timeout(600)]

DELIVERY = '\ndelivery: {tool: argo-cd, repository: "https://git.example.com/estate.git"}\n'
TENANT = "tenant.winebroker.production"


def test_the_engine_leaves_the_cluster_alone_and_a_second_rendering_writes_nothing(founded: Estate) -> None:
    contract = founded.folder / "stacks" / "estate.yaml"
    contract.write_text(contract.read_text() + DELIVERY)
    repository = founded.folder / "repository"
    refused = founded.run("render", "--to", str(repository)).ended(4)
    assert "is not known yet" in refused.err
    assert "estate up platform.main" in refused.err
    assert not repository.exists()

    founded.run("up", "--all").ended(0)
    made = [one["type"] for state in founded.stacks().values() for one in state.get("resources", ())]
    assert not [one for one in made if one.startswith("kubernetes:")]
    assert "aws:secretsmanager/secret:Secret" in made
    founded.assert_whole(TENANT)

    assert "0 removed" in founded.run("render", "--to", str(repository)).ended(0).out
    addresses = [
        one["outputs"]["address"]
        for one in founded.stacks()["cell.main"]["resources"]
        if one["type"] == "aws:rds/instance:Instance"
    ]
    (pooler,) = (repository / "main" / "platform.main").rglob("configmap-pooler-pooler-main.yaml")
    assert any(address in pooler.read_text() for address in addresses)
    assert not any(yaml.safe_load(file.read_text())["kind"] == "Secret" for file in repository.rglob("*.yaml"))
    assert ": 0 written, 0 removed" in founded.run("render", "--to", str(repository)).ended(0).out

    ran = founded.run("up", "--all").ended(0)
    assert set(founded.verdicts(ran).values()) == {"unchanged"}


def test_without_a_tool_nothing_is_rendered(estate: Estate, tmp_path: Path) -> None:
    refused = estate.run("render", "--to", str(tmp_path / "repository")).ended(2)
    assert "delivery: no tool is named that would take the files" in refused.err
