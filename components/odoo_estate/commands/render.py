"""`estate render`: the objects of platforms and tenants as files for Argo CD or Flux."""

import json
import shutil
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from odoo_estate.decide import compile_estate
from odoo_estate.errors import BadInput, OperationFailed, Problem
from odoo_estate.fleet.project import find_project
from odoo_estate.fleet.selection import select
from odoo_estate.plan import EstatePlan, PlatformPlan, TenantPlan
from odoo_estate.spec.loader import load

if TYPE_CHECKING:
    from odoo_estate.preview.manifests import Manifest

SUMMARY = "write the clusters' objects for Argo CD or Flux"


def add_arguments(parser: ArgumentParser) -> None:
    """Options of `estate render`."""
    parser.add_argument(
        "--to", required=True, metavar="DIR", help="the working copy that the tool's repository is pushed from"
    )


def run(args: Namespace) -> int:
    """Writes what differs and removes what is no longer there, so that a second run touches nothing.

    Raises:
        BadInput: the estate names no tool.
        OperationFailed: a stack's cloud half does not stand yet.
    """
    directory = Path(args.estate)
    today = datetime.now(UTC).date()
    documents = load(directory, today=today)
    delivery = documents.estate.delivery
    if delivery is None:
        raise BadInput(
            [
                Problem(
                    "no tool is named that would take the files",
                    "estate",
                    ("delivery",),
                    file=str(directory / "estate.yaml"),
                    remedy="add delivery: {tool: argo-cd or flux, repository: URL}",
                )
            ]
        )
    plan = compile_estate(documents, today=today)
    project = find_project(directory).name
    from odoo_estate.preview.delivery import Repository, files

    source = Repository(delivery.repository, delivery.revision, delivery.path, plan.estate)
    rendered = {name: _objects(args, plan, name, project) for name in _delivered(plan)}
    found: dict[str, str] = {}
    for name, objects in rendered.items():
        one = plan.stacks[name]
        assert isinstance(one, PlatformPlan | TenantPlan)
        before = {on: 1 + max(each.phase for each in rendered[on]) for on in one.depends_on if on in rendered}
        found |= files(one, objects, delivery.tool, source, before)
    written, removed = write(Path(args.to) / delivery.path, found)
    if args.json:
        print(json.dumps({"files": len(found), "written": written, "removed": removed}, indent=2))
    else:
        for sign, names in (("~", written), ("-", removed)):
            print("".join(f"{sign} {name}\n" for name in names), end="")
        print(f"{len(found)} files for {delivery.tool}: {len(written)} written, {len(removed)} removed")
    return 0


def _delivered(plan: EstatePlan) -> tuple[str, ...]:
    return tuple(name for name in select(plan, (), everything=True) if plan.stacks[name].kind in ("platform", "tenant"))


def _objects(args: Namespace, plan: EstatePlan, stack: str, project: str) -> "tuple[Manifest, ...]":
    from odoo_estate.compose import compose
    from odoo_estate.preview.manifests import manifests
    from odoo_estate.preview.recorder import record
    from odoo_estate.preview.stack import ORGANIZATION

    graph = record(
        lambda: compose(plan.stacks[stack], organization=ORGANIZATION, project=project), project=project, stack=stack
    )
    known = _state(args, stack)
    return manifests(graph, lambda reference: look_up(known, stack, reference.urn, reference.path))


def _state(args: Namespace, stack: str) -> dict[str, Mapping[str, Any]]:
    """What the engine recorded of the stack's resources, by URN."""
    from pulumi.automation.errors import CommandError

    from odoo_estate.fleet.engine import Engine

    if shutil.which("pulumi") is None:
        raise OperationFailed("the command `pulumi` is not on PATH; it knows what the cloud answered")
    engine = Engine(find_project(Path(args.estate)), {"ODOO_ESTATE_DIR": str(Path(args.estate).resolve())})
    try:
        resources = engine.state(stack).get("resources", ()) if stack in engine.known() else ()
    except CommandError as error:
        raise OperationFailed(f"the state of {stack} cannot be read: {error}") from error
    return {one["urn"]: one.get("outputs", {}) for one in resources}


def look_up(known: Mapping[str, Mapping[str, Any]], stack: str, urn: str, path: str) -> Any:
    """One recorded value.

    Raises:
        OperationFailed: it is not there: the stack has to be brought up first.
    """
    value: Any = known.get(urn)
    for key in path.split("."):
        value = value.get(key) if isinstance(value, Mapping) else None
    if not isinstance(value, str | int | float | bool):
        raise OperationFailed(
            f"{stack}: {urn.rsplit('::', 1)[-1]}.{path} is not known yet; bring the stack's cloud half up first: estate up {stack}"
        )
    return value


def write(folder: Path, found: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """The tree as ``found`` has it; returns what was written and what was removed. Only folders of cells are looked at: whatever else lies in the
    repository stays."""
    written = []
    for name, text in sorted(found.items()):
        file = folder / name
        if not file.is_file() or file.read_text(encoding="utf-8") != text:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
            written.append(name)
    removed = [name for name in _there(folder, {name.split("/", 1)[0] for name in found}) if name not in found]
    for name in removed:
        (folder / name).unlink()
    return written, removed


def _there(folder: Path, cells: set[str]) -> Iterator[str]:
    for cell in sorted(cells):
        yield from sorted(str(file.relative_to(folder)) for file in (folder / cell).rglob("*.yaml"))
