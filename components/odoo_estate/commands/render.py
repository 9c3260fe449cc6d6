"""`estate render`: the objects of platforms and tenants as files for Argo CD or Flux."""

import json
import re
import shutil
from argparse import ArgumentParser, Namespace
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from odoo_estate.decide import compile_estate
from odoo_estate.errors import BadInput, OperationFailed, Problem
from odoo_estate.fleet.project import Project, find_project
from odoo_estate.fleet.selection import select
from odoo_estate.plan import EstatePlan, PlatformPlan, TenantPlan
from odoo_estate.spec.loader import load

if TYPE_CHECKING:
    from odoo_estate.fleet.engine import Engine
    from odoo_estate.preview.graph import Graph, Reference

SUMMARY = "write the clusters' objects for Argo CD or Flux"


def add_arguments(parser: ArgumentParser) -> None:
    """Options of `estate render`."""
    parser.add_argument(
        "stacks", nargs="*", metavar="STACK", help="platforms and tenants; wildcards are allowed (default: all of them)"
    )
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
    project = find_project(directory)
    from odoo_estate.preview.delivery import Repository, files
    from odoo_estate.preview.manifests import manifests, phases

    source = Repository(delivery.repository, delivery.revision, delivery.path, plan.estate)
    wanted = _delivered(plan, select(plan, args.stacks, everything=not args.stacks))
    engine, standing = _engine(directory, project)
    counts: dict[str, int] = {}
    found: dict[str, str] = {}
    for name in _delivered(plan, plan.stacks):
        one = plan.stacks[name]
        assert isinstance(one, PlatformPlan | TenantPlan)
        graph = _graph(plan, name, project.name)
        counts[name] = phases(graph)
        if name in wanted:
            objects = manifests(graph, partial(look_up, _state(engine, name) if name in standing else {}, name))
            before = {on: counts[on] for on in one.depends_on if on in counts}
            found |= files(one, objects, delivery.tool, source, before)
    written, removed = write(Path(args.to) / delivery.path, found, keep=counts.keys() - set(wanted))
    if args.json:
        print(json.dumps({"files": len(found), "written": written, "removed": removed}, indent=2))
    else:
        for sign, names in (("~", written), ("-", removed)):
            print("".join(f"{sign} {name}\n" for name in names), end="")
        print(f"{len(found)} files for {delivery.tool}: {len(written)} written, {len(removed)} removed")
    return 0


def _delivered(plan: EstatePlan, names: Iterable[str]) -> tuple[str, ...]:
    return tuple(name for name in names if plan.stacks[name].kind in ("platform", "tenant"))


def _graph(plan: EstatePlan, stack: str, project: str) -> "Graph":
    from odoo_estate.compose import compose
    from odoo_estate.preview.recorder import record
    from odoo_estate.preview.stack import ORGANIZATION

    return record(
        lambda: compose(plan.stacks[stack], organization=ORGANIZATION, project=project), project=project, stack=stack
    )


def _engine(directory: Path, project: Project) -> "tuple[Engine, frozenset[str]]":
    """The engine, and the stacks that it knows."""
    from pulumi.automation.errors import CommandError

    from odoo_estate.fleet.engine import Engine

    if shutil.which("pulumi") is None:
        raise OperationFailed("the command `pulumi` is not on PATH; it knows what the cloud answered")
    engine = Engine(project, {"ODOO_ESTATE_DIR": str(directory.resolve())})
    try:
        return engine, engine.known()
    except CommandError as error:
        raise OperationFailed(f"the stacks of {project.name} cannot be listed: {error}") from error


def _state(engine: "Engine", stack: str) -> dict[str, Mapping[str, Any]]:
    """What the engine recorded of the stack's resources, by URN."""
    from pulumi.automation.errors import CommandError

    try:
        resources = engine.state(stack).get("resources", ())
    except CommandError as error:
        raise OperationFailed(f"the state of {stack} cannot be read: {error}") from error
    return {one["urn"]: one.get("outputs", {}) for one in resources}


def look_up(known: Mapping[str, Mapping[str, Any]], stack: str, asked: "Reference") -> Any:
    """One recorded value.

    Raises:
        OperationFailed: it is not there: the stack has to be brought up first.
    """
    value: Any = known.get(asked.urn)
    for key in asked.path.split("."):
        value = value.get(key) if isinstance(value, Mapping) else None
    if not isinstance(value, str | int | float | bool):
        raise OperationFailed(
            f"{stack}: {asked.urn.rsplit('::', 1)[-1]}.{asked.path} is not known yet; bring the stack's cloud half up first: estate up {stack}"
        )
    return value


def write(folder: Path, found: Mapping[str, str], *, keep: Collection[str] = ()) -> tuple[list[str], list[str]]:
    """The tree as ``found`` has it; returns what was written and what was removed. Files of the stacks in ``keep`` stay, and whatever lies in the
    repository outside the folders of cells."""
    written = []
    for name, text in sorted(found.items()):
        file = folder / name
        if not file.is_file() or file.read_text(encoding="utf-8") != text:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
            written.append(name)
    kept = re.compile("|".join(rf"[/-]{re.escape(stack)}[./-]" for stack in keep) or r"(?!)")
    there = _there(folder, {name.split("/", 1)[0] for name in found})
    removed = [name for name in there if name not in found and not kept.search(name)]
    for name in removed:
        (folder / name).unlink()
    return written, removed


def _there(folder: Path, cells: set[str]) -> Iterator[str]:
    for cell in sorted(cells):
        yield from sorted(str(file.relative_to(folder)) for file in (folder / cell).rglob("*.yaml"))
