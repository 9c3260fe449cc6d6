"""Logical names are a contract: a resource under another name is, for the engine, another resource, and the old one is destroyed.

One file per kind of stack in ``urns/`` lists every resource of the root estate's first stack of that kind as ``type chain::name``. After adding
resources: ``python -m tests.compose.test_urns --write``. It refuses to drop a name that no alias stands for.
"""

import sys
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path

import pytest

from odoo_estate.compose import compose
from odoo_estate.decide import compile_estate, compile_stack
from odoo_estate.plan import AnyPlan, CellPlan, DrPlan, PlatformPlan, TenantPlan
from odoo_estate.preview.former import former_urns
from odoo_estate.preview.recorder import record
from odoo_estate.spec.loader import Documents, load
from odoo_estate.spec.recovery import CellRecovery

ROOT = Path(__file__).resolve().parents[2]
KEPT = Path(__file__).parent / "urns"
WRITE = "python -m tests.compose.test_urns --write"


def kind(plan: AnyPlan) -> str:
    """The kind of stack, of tenancy where it makes a difference, and whether it works in the recovery region."""
    of = f"{plan.kind}-{plan.tenancy}" if isinstance(plan, TenantPlan | CellPlan) else plan.kind
    if isinstance(plan, DrPlan):
        return of if plan.state == "standby" else f"{of}-{plan.state}"
    return f"{of}-away" if isinstance(plan, TenantPlan | PlatformPlan) and plan.away else of


@cache
def plans() -> dict[str, AnyPlan]:
    """The root estate's first stack of each kind, as it stands and failed over."""
    today, documents = date(2026, 11, 22), load(ROOT / "stacks")
    lost = {key: promoted(key, one.recovery.region) for key, one in documents.estate.cells.items() if one.recovery}
    found: dict[str, AnyPlan] = {}
    for recoveries in (lost, {}):  # a kind that both have is the one that waits
        first: dict[str, AnyPlan] = {}
        for plan in compile_estate(replace(documents, recoveries=recoveries), today=today).stacks.values():
            first.setdefault(kind(plan), plan)
        found |= first
    return {of: plan if of != "platform-away" else _served(documents, lost, today) for of, plan in found.items()}


def promoted(cell: str, region: str) -> CellRecovery:
    """A cell that has failed over."""
    return CellRecovery(
        cell=cell,
        state="promoted",
        active_region=region,
        since="2026-11-21T20:00:00Z",
        approved_by="Ada",
        reason="lost",
    )


def _served(documents: Documents, lost: dict[str, CellRecovery], today: date) -> AnyPlan:
    """A platform that waits has less than one that serves."""
    return compile_stack(replace(documents, recoveries=lost), "platform.eu-1.dr", today=today)


def name(urn: str) -> str:
    """A URN without stack and project."""
    return urn.split("::", 2)[2]


@cache
def names(of: str) -> tuple[frozenset[str], frozenset[str]]:
    """Every name of the stack, and the former names that aliases stand for."""
    plan = plans()[of]
    graph = record(
        lambda: compose(plan, organization="organization", project="odoo-estate"),
        project="odoo-estate",
        stack=plan.stack,
    )
    former = frozenset(name(urn) for urns in former_urns(graph).values() for urn in urns)
    return frozenset(name(node.urn) for node in graph if not node.read), former


def kept(of: str) -> set[str]:
    """The names that were written down."""
    file = KEPT / f"{of}.txt"
    return set(file.read_text(encoding="utf-8").splitlines()) if file.is_file() else set()


def lost(written: Iterable[str], now: Iterable[str], aliases: Iterable[str]) -> list[str]:
    """Written names that neither a resource nor an alias has."""
    return sorted(set(written) - set(now) - set(aliases))


def message(of: str, gone: list[str]) -> str:
    return (
        f"{len(gone)} resource(s) of the {of} stack lost their logical name. The engine would destroy what stands under it:\n  "
        + "\n  ".join(gone)
        + "\nA rename ships its alias in the same commit (aliases=[pulumi.Alias(name=...)]). What really goes is taken off "
        f"tests/compose/urns/{of}.txt by hand, with a note in CHANGELOG.md if it holds data."
    )


KINDS = (
    "landing-zone",
    "cell-shared",
    "cell-dedicated",
    "platform",
    "dr",
    "tenant-pooled",
    "tenant-namespaced",
    "tenant-semi-dedicated",
    "tenant-dedicated",
    "dr-promoted",
    "platform-away",
    "tenant-pooled-away",
    "tenant-namespaced-away",
    "tenant-semi-dedicated-away",
    "tenant-dedicated-away",
)


def test_every_kind_of_stack_is_written_down() -> None:
    assert set(plans()) == set(KINDS) == {file.stem for file in KEPT.glob("*.txt")}


@pytest.mark.parametrize("of", KINDS)
def test_no_resource_loses_its_logical_name_without_an_alias(of: str) -> None:
    now, aliases = names(of)
    gone = lost(kept(of), now, aliases)
    assert not gone, message(of, gone)


@pytest.mark.parametrize("of", KINDS)
def test_new_resources_are_written_down(of: str) -> None:
    now, _ = names(of)
    fresh = sorted(now - kept(of))
    assert not fresh, f"new names in the {of} stack; write them down with `{WRITE}`:\n  " + "\n  ".join(fresh)


def test_a_renamed_resource_is_noticed_and_an_alias_excuses_it() -> None:
    assert lost(["Stack::a", "Stack::b"], ["Stack::a", "Stack::c"], []) == ["Stack::b"]
    assert lost(["Stack::a", "Stack::b"], ["Stack::a", "Stack::c"], ["Stack::b"]) == []
    assert "ships its alias" in message("cell", ["Stack::b"])


def write() -> int:
    """Adds new names to the files; 1 when a name was lost."""
    failed = 0
    KEPT.mkdir(exist_ok=True)
    for of in plans():
        now, aliases = names(of)
        gone = lost(kept(of), now, aliases)
        if gone:
            print(message(of, gone), file=sys.stderr)
            failed = 1
            continue
        # A former name stays on the list as long as its alias does: whoever skips a release still has the resource under it.
        listed = sorted({*now, *(kept(of) & aliases)})
        (KEPT / f"{of}.txt").write_text("\n".join(listed) + "\n", encoding="utf-8")
    return failed


if __name__ == "__main__":
    if sys.argv[1:] != ["--write"]:
        sys.exit(f"usage: {WRITE}")
    sys.exit(write())
