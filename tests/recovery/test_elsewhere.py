"""A lost region under the real engine: pooled, namespaced and dedicated tenants come up in the other one and come home, and nothing that holds data
is replaced or deleted. In the rehearsed cloud no call to the lost region is answered."""

import json
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from tests.recovery.rehearsal import arguments, bring_up, enter, up

from odoo_estate.cli import main
from odoo_estate.commands import _procedure
from odoo_estate.decide.procedure import Check
from odoo_estate.errors import OperationFailed
from odoo_estate.fleet.observation import Observation
from odoo_estate.fleet.procedure import Stopped

pytestmark = [pytest.mark.engine, pytest.mark.timeout(1500)]

CONTRACTS = Path(__file__).parents[2] / "stacks"
KEPT = ("iberica", "copperfield", "medsupply")
"""Namespaced, pooled, and dedicated in a cell of its own."""
HOME, AWAY = "eu-central-1", "eu-west-1"
LOST = "ODOO_ESTATE_SANDBOX_LOST_REGION"
DATA = (
    "aws:rds/instance:Instance",
    "aws:s3/bucket:Bucket",
    "aws:kms/key:Key",
    "aws:kms/replicaKey:ReplicaKey",
    "aws:backup/vault:Vault",
    "aws:elasticache/replicationGroup:ReplicationGroup",
)
APPROVED = {"approved_by": "Ada", "reason": f"{HOME} is lost"}


def as_wanted(check: Check) -> Observation:
    """A fake AWS that always gives the wanted answer."""
    return Observation(holds=True, found=f"{check.question} {check.subject}: as wanted")


class Estate:
    """The root estate with one tenant of each kind, in a sandbox of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.stacks = folder, folder / "stacks"

    def run(self, verb: str, cell: str, **options: Any) -> int:
        return _procedure.run(arguments(self.stacks, cell, **options), verb, observe=as_wanted)  # type: ignore[arg-type]

    def cloud(self, *tokens: str, scope: str = "") -> dict[tuple[str, str], dict[str, Any]]:
        """Scope and id to the inputs of everything of these types; all types where none is named."""
        connection = sqlite3.connect(f"file:{self.folder / '.estate/sandbox/cloud.sqlite'}?mode=ro", uri=True)
        rows = connection.execute("SELECT scope, token, id, inputs FROM record").fetchall()
        connection.close()
        return {
            (place, f"{token} {identity}"): json.loads(inputs)
            for place, token, identity, inputs in rows
            if (token in tokens or not tokens) and scope in place
        }

    def data(self) -> set[tuple[str, str]]:
        return set(self.cloud(*DATA))

    def names(self) -> dict[str, dict[str, Any]]:
        """Set identifier to the ingress record of the class business in the shared cell."""
        found = self.cloud("aws:route53/record:Record").values()
        return {one["setIdentifier"]: one for one in found if one["name"].startswith("business.ingress.eu-1.")}


@pytest.fixture(scope="module")
def brought_up(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("elsewhere") / "harbour"
    shutil.copytree(CONTRACTS, folder / "stacks", ignore=shutil.ignore_patterns("__pycache__"))
    for contract in (folder / "stacks" / "customers").iterdir():
        if contract.stem not in KEPT:
            contract.unlink()
    (folder / "Pulumi.yaml").write_text("name: harbour\nruntime: python\nmain: stacks\nstackConfigDir: stacks\n")
    bring_up(folder, "--all")
    return folder


@pytest.fixture
def estate(brought_up: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Estate:
    """With this process in its sandbox."""
    folder = Path(shutil.copytree(brought_up, tmp_path / "harbour"))
    enter(folder, monkeypatch)
    return Estate(folder)


def test_the_platform_waits_where_the_class_keeps_nodes(estate: Estate) -> None:
    clusters = {place for place, _ in estate.cloud("kubernetes:core/v1:Namespace")}
    assert sum(AWAY in one for one in clusters) == 1 and sum(HOME in one for one in clusters) == 2
    assert {one["setIdentifier"] for one in estate.names().values()} == {HOME}, "no name leads there yet"


@pytest.mark.parametrize("cell", ["eu-1", "med-1"])
def test_a_lost_cell_serves_from_the_other_region_and_comes_home(
    estate: Estate, cell: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tenants = {"eu-1": ("copperfield", "iberica"), "med-1": ("medsupply",)}[cell]
    there = [f"platform.{cell}.dr", *(f"tenant.{one}.production.dr" for one in tenants)]
    before, lost_before = estate.data(), estate.cloud(scope=HOME)
    monkeypatch.setenv(LOST, HOME)

    # Cut off in the middle of the platform: a provider dies before it can answer.
    real = _procedure.Operations.run

    def dying(self: Any, act: Any, points: Any, *, resumed: bool) -> str:
        if act.stacks[0].startswith("platform.") and not resumed:
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("ODOO_ESTATE_SANDBOX_CRASH_AT", "9")
                return real(self, act, points, resumed=resumed)
        return real(self, act, points, resumed=resumed)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_procedure.Operations, "run", dying)
        with pytest.raises(OperationFailed):
            estate.run("failover", cell, **APPROVED)
    assert estate.run("failover", cell) == 0, "nobody has to do or confirm anything"

    assert estate.cloud(scope=HOME) == lost_before, "the lost region is left as it stands"
    assert before <= estate.data(), "nothing that holds data was deleted or replaced"
    workloads = {
        place
        for (place, identity) in estate.cloud("kubernetes:apps/v1:Deployment")
        if "odoo" in identity and AWAY in place
    }
    assert workloads, "Odoo runs in the other region's cluster"
    if cell == "eu-1":
        weights = {key: one["weightedRoutingPolicies"][0]["weight"] for key, one in estate.names().items()}
        assert weights == {HOME: 0, AWAY: 1}
        assert estate.names()[AWAY]["ttl"] == 60

    # Twice: nothing changes, and home names mean what works now; the lost ones are refused.
    told = up(f"dr.{cell}", *there)
    assert told.count("unchanged") == len(there) + 1
    assert "unchanged" in up(f"tenant.{tenants[0]}.production")
    assert main(["up", f"cell.{cell}", "--estate", str(estate.stacks)]) == 2
    assert "is lost" in capsys.readouterr().err

    # Home again: the region answers, but what stands in it has old data.
    monkeypatch.delenv(LOST)
    with pytest.raises(Stopped, match="--confirm drop"):
        estate.run("failback", cell, **APPROVED)
    if cell == "eu-1":
        assert set(estate.names()) == {HOME}, "the names lead home by themselves"
    assert not _odoo(estate, AWAY)
    assert _odoo(estate, HOME)
    assert estate.run("failback", cell, confirm=["drop"]) == 0
    gone = {identity for _, identity in before - estate.data()}
    assert {one.partition(" ")[0] for one in gone} <= {
        "aws:rds/instance:Instance",
        "aws:elasticache/replicationGroup:ReplicationGroup",
    }
    assert " changed " not in up("--all"), "a second update changes nothing"


def _odoo(estate: Estate, region: str) -> list[str]:
    return [
        identity
        for (place, identity) in estate.cloud("kubernetes:apps/v1:Deployment")
        if region in place and ("iberica" in identity or "medsupply" in identity or "pooled" in identity)
    ]
