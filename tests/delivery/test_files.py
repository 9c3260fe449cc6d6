"""What Argo CD or Flux is given: the same objects as the engine's, in an order that works, and nothing secret."""

from collections.abc import Iterator, Mapping
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.cluster.cell import answer_of, compiled, manifests, recorded
from tests.cluster.test_situations import ESTATES, ROOT

from odoo_estate.commands.render import look_up, write
from odoo_estate.errors import OperationFailed
from odoo_estate.plan import PlatformPlan, TenantPlan
from odoo_estate.preview.delivery import Repository, Tool, files
from odoo_estate.preview.graph import Reference
from odoo_estate.preview.manifests import Manifest
from odoo_estate.preview.manifests import manifests as rendered

SOURCE = Repository("https://git.example.com/estate.git", "main", "clusters", "acme")
TOOLS: tuple[Tool, ...] = ("argo-cd", "flux")
WAVE = "argocd.argoproj.io/sync-wave"


def stacks(estate: Path) -> Iterator[PlatformPlan | TenantPlan]:
    for plan in compiled(ROOT / estate).stacks.values():
        if isinstance(plan, PlatformPlan | TenantPlan):
            yield plan


@cache
def stack_objects(estate: Path, stack: str) -> tuple[Manifest, ...]:
    plan = compiled(ROOT / estate).stacks[stack]
    graph = recorded(stack, ROOT / estate)
    return rendered(graph, answer_of(graph, plan.target.account))


def objects(plan: PlatformPlan | TenantPlan, estate: Path) -> tuple[Manifest, ...]:
    return stack_objects(estate, plan.stack)


@cache
def tree(estate: Path, tool: Tool) -> dict[str, str]:
    every = {plan.stack: objects(plan, estate) for plan in stacks(estate)}
    found: dict[str, str] = {}
    for plan in stacks(estate):
        before = {on: 1 + max(one.phase for one in every[on]) for on in plan.depends_on if on in every}
        more = files(plan, every[plan.stack], tool, SOURCE, before)
        assert not found.keys() & more.keys()
        found |= more
    return found


def bodies(found: Mapping[str, str], folder: str) -> list[dict[str, Any]]:
    return [yaml.load(text, Loader=yaml.CSafeLoader) for name, text in found.items() if f"/{folder}/" in name]


def key(body: Mapping[str, Any]) -> tuple[str, str, str]:
    return body["kind"], body["metadata"].get("namespace", ""), body["metadata"]["name"]


@pytest.mark.parametrize("estate", ESTATES, ids=[estate.name for estate in ESTATES])
@pytest.mark.parametrize("tool", TOOLS)
def test_both_ways_of_delivery_give_the_same_objects(estate: Path, tool: Tool) -> None:
    found = tree(estate, tool)
    for plan in stacks(estate):
        direct = manifests(plan.stack, ROOT / estate)
        there = {key(body): body for body in bodies(found, plan.stack) if "toolkit.fluxcd.io" not in body["apiVersion"]}
        by_name = {key(body): body for body in direct if "name" in body["metadata"]}
        unnamed = [without_wave(body) for body in direct if "name" not in body["metadata"]]
        for name, body in by_name.items():
            assert without_wave(there.pop(name)) == without_wave(body), name
        left = [body for body in there.values() if body["apiVersion"] != "argoproj.io/v1alpha1"]
        for made in map(without_wave, left):
            del made["metadata"]["name"]
            unnamed.remove(made)
        assert unnamed == []


def without_wave(body: Mapping[str, Any]) -> dict[str, Any]:
    """What Argo CD's order adds taken off; no annotations are the same as empty ones."""
    head = dict(body["metadata"])
    notes = {name: value for name, value in head.pop("annotations", {}).items() if name != WAVE}
    return {**body, "metadata": {**head, **({"annotations": notes} if notes else {})}}


@pytest.mark.parametrize("estate", ESTATES, ids=[estate.name for estate in ESTATES])
def test_nothing_is_before_what_it_needs_and_no_secret_is_written(estate: Path) -> None:
    for plan in stacks(estate):
        graph, phases = recorded(plan.stack, ROOT / estate), {one.urn: one.phase for one in objects(plan, estate)}
        for urn, phase in phases.items():
            assert all(phases[before] < phase for before in graph[urn].dependencies if before in phases), urn
    for text in tree(estate, "flux").values():
        assert yaml.load(text, Loader=yaml.CSafeLoader)["kind"] != "Secret"


def test_tenants_come_after_their_platform_and_each_phase_after_the_one_before() -> None:
    found = tree(Path("stacks"), "flux")
    kustomizations = {body["metadata"]["name"]: body["spec"] for body in bodies(found, "apps")}
    for plan in stacks(Path("stacks")):
        own = sorted(name for name in kustomizations if name.startswith(f"{plan.stack}-"))
        for earlier, later in pairwise(own):
            assert kustomizations[later]["dependsOn"] == [{"name": earlier}]
        if isinstance(plan, TenantPlan):
            (before,) = kustomizations[own[0]]["dependsOn"]
            assert before["name"] == max(name for name in kustomizations if name.startswith(f"platform.{plan.cell}-"))
    for name, spec in kustomizations.items():
        assert any(file.startswith(spec["path"].removeprefix("./clusters/")) for file in found), name


def test_a_tenants_application_takes_its_own_with_it_and_a_platforms_takes_nobodys() -> None:
    for body in bodies(tree(Path("stacks"), "argo-cd"), "apps"):
        if body["kind"] == "Application":
            tenant = body["metadata"]["name"].startswith("tenant.")
            assert bool(body["metadata"].get("finalizers")) == tenant
            assert (body["metadata"]["annotations"][WAVE] == "1") == tenant
    for body in bodies(tree(Path("stacks"), "flux"), "apps"):
        tenant = body["metadata"]["name"].startswith("tenant.")
        assert body["spec"]["deletionPolicy"] == ("Delete" if tenant else "Orphan")


def test_a_tenants_application_reaches_no_other_tenants_namespace() -> None:
    plans = [plan for plan in stacks(Path("stacks")) if isinstance(plan, TenantPlan) and plan.odoo]
    projects = {
        body["metadata"]["name"]: {one["namespace"] for one in body["spec"]["destinations"]}
        for body in bodies(tree(Path("stacks"), "argo-cd"), "apps")
        if body["kind"] == "AppProject"
    }
    for plan in plans:
        others = {other.namespace for other in plans} - {plan.namespace}
        assert plan.namespace in projects[plan.stack]
        assert not projects[plan.stack] & others


def test_everything_has_an_owner() -> None:
    for text in tree(Path("stacks"), "argo-cd").values():
        body = yaml.load(text, Loader=yaml.CSafeLoader)
        if body["kind"] != "Application" or body["spec"]["project"] != "default":
            assert "odoo-estate/tenant" in body["metadata"]["labels"], key(body)


def test_a_second_run_writes_nothing_and_what_is_gone_is_removed(tmp_path: Path) -> None:
    found = tree(Path("stacks"), "flux")
    assert len(write(tmp_path, found)[0]) == len(found)
    (tmp_path / "README.md").write_text("of the repository's own")
    assert write(tmp_path, found) == ([], [])
    less = {name: text for name, text in found.items() if "tenant.iberica" not in name}
    written, removed = write(tmp_path, less)
    assert written == []
    assert removed == sorted(found.keys() - less.keys())
    assert (tmp_path / "README.md").exists()


def test_rendering_some_stacks_leaves_the_others_files_alone(tmp_path: Path) -> None:
    found = tree(Path("stacks"), "flux")
    write(tmp_path, found)
    some = {name: text for name, text in found.items() if "tenant.iberica.production" in name}
    others = {plan.stack for plan in stacks(Path("stacks"))} - {"tenant.iberica.production"}
    assert write(tmp_path, some, keep=others) == ([], [])
    assert write(tmp_path, some, keep=others - {"tenant.vintner.production"})[1] == sorted(
        name for name in found if "tenant.vintner.production" in name
    )


def test_what_the_cloud_has_not_answered_yet_is_said_with_its_remedy() -> None:
    known = {"urn:x::key": {"arn": "arn:1", "outputs": {"keys": {"data": "arn:2"}}}}
    assert look_up(known, "tenant.a.production", Reference("urn:x::key", "outputs.keys.data")) == "arn:2"
    with pytest.raises(OperationFailed, match=r"key\.version is not known yet.*estate up tenant\.a\.production"):
        look_up(known, "tenant.a.production", Reference("urn:x::key", "version"))
