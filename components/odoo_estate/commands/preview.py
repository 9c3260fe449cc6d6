"""`estate preview`: what the engine would be asked for, with policies, cost and differences; offline."""

import gc
import json
import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from odoo_estate.decide import compile_estate
from odoo_estate.decide.changes import refused_changes, standing
from odoo_estate.decide.quotas import tightest
from odoo_estate.errors import BadInput, OperationFailed
from odoo_estate.fleet.project import find_project
from odoo_estate.fleet.selection import select
from odoo_estate.plan import AnyPlan, EstatePlan
from odoo_estate.spec.loader import DEFAULT_CATALOG, Documents, load, located

if TYPE_CHECKING:
    from odoo_estate.preview.since import Commit

SUMMARY = "show what the engine would be asked for, with policies and cost; offline"
FULL_UP_TO = 3
"""So many stacks are shown as trees; more, as a line each."""


def add_arguments(parser: ArgumentParser) -> None:
    """Options of `estate preview`."""
    parser.add_argument(
        "stacks", nargs="*", metavar="STACK", help="stack names; wildcards such as 'tenant.*' are allowed"
    )
    parser.add_argument("--all", action="store_true", help="every stack of the estate")
    parser.add_argument("--changed-since", metavar="REF", help="compare with the estate as it was at that commit")
    parser.add_argument("--markdown", action="store_true", help="the comparison as a pull-request comment")
    parser.add_argument(
        "--processes", type=int, default=None, metavar="N", help="processes to record with (default: cores)"
    )


def run(args: Namespace) -> int:
    """Previews the selected stacks; 3 when a mandatory rule does not hold, 2 when a change since REF is refused."""
    gc.disable()  # the SDK's modules are half a million objects that all stay; the command is short
    directory = Path(args.estate)
    today = datetime.now(UTC).date()
    project = find_project(directory).name
    documents = load(directory)
    plan = compile_estate(documents, today=today)
    wanted = select(plan, args.stacks, everything=args.all or (args.changed_since is not None and not args.stacks))
    if args.changed_since is not None:  # an empty one is a mistake, e.g. an unset variable
        return _changed(args, documents, plan, wanted, project=project, today=today)
    each = _each([plan.stacks[name] for name in wanted], args, project, today)
    if args.json:
        return _json(plan.estate, each)
    code = _text(each, wanted)
    for line in tightest([use for use in plan.quotas if set(wanted) & set(use.shares)], documents.catalog):
        print(line)
    return code


def _each(
    plans: Sequence[AnyPlan], args: Namespace, project: str, today: date
) -> Callable[[Callable[[Any], Any]], Iterator[Any]]:
    """Binds what all ways of showing share; they differ in how a stack's preview is rendered."""
    from odoo_estate.preview.fleet import preview_each
    from odoo_estate.preview.rules import rules_of_project

    rules = rules_of_project(find_project(Path(args.estate)).directory)
    return lambda render: preview_each(
        plans, render, project=project, today=today, rules=rules, processes=args.processes
    )


def _json(estate: str, each: Callable[[Callable[[Any], Any]], Iterator[Any]]) -> int:
    refused = False
    sys.stdout.write(f'{{"estate": {json.dumps(estate)}, "stacks": [')
    for index, (text, stopped) in enumerate(each(lambda preview: (json.dumps(preview.as_json()), preview.refused))):
        sys.stdout.write((",\n" if index else "\n") + text)
        refused = refused or stopped
    sys.stdout.write("\n]}\n")
    return 3 if refused else 0


def _text(each: Callable[[Callable[[Any], Any]], Iterator[Any]], names: Sequence[str]) -> int:
    from odoo_estate.preview import text

    width = max(map(len, names))
    full = len(names) <= FULL_UP_TO
    resources, monthly, refused = 0, 0.0, False

    def render(preview: Any) -> tuple[str, int, float, bool]:
        shown = text.stack_tree(preview) if full else text.stack_line(preview, width)
        if preview.refused and not full:
            shown = "\n".join(
                [shown, *(f"  {line.strip()}" for line in text.findings(preview)[1:] if "violation:" in line)]
            )
        return shown, len(preview.graph), preview.cost.monthly, preview.refused

    for shown, count, cost, stopped in each(render):
        print(shown + ("\n" if full else ""))
        resources, monthly, refused = resources + count, monthly + cost, refused or stopped
    print(f"{len(names)} stacks, {resources} resources, {monthly:.2f} USD/month by list price")
    return 3 if refused else 0


def _changed(
    args: Namespace, documents: Documents, plan: EstatePlan, wanted: Sequence[str], *, project: str, today: date
) -> int:
    from odoo_estate.preview import text
    from odoo_estate.preview.changes import Comparison, changes, forbidden, stack_json
    from odoo_estate.preview.since import find_commit

    commit = find_commit(Path(args.estate), args.changed_since)
    old, before, notes = _at(commit, today, everything=not args.stacks, wanted=wanted)
    selected = list(dict.fromkeys((*wanted, *(() if args.stacks else old))))
    if before is None:
        selected = [name for name in selected if _built(old.get(name)) != _built(plan.stacks.get(name))]
        plans = [old[name] for name in selected if name in old]
        before = {one["name"]: one for one in _each(plans, args, project, today)(stack_json)}
    plans = [plan.stacks[name] for name in selected if name in plan.stacks]
    changed = changes(before, {one["name"]: one for one in _each(plans, args, project, today)(stack_json)})
    refused = refused_changes(standing(old), plan.stacks, tuple(documents.catalog.service_classes))
    comparison = Comparison(
        estate=plan.estate,
        reference=args.changed_since,
        commit=commit.hash,
        stacks=len(plan.stacks),
        changes=tuple(changed),
        refusals=(*located([one.problem for one in refused], documents.sources), *forbidden(changed)),
        notes=tuple(notes),
    )
    if args.json:
        print(json.dumps(comparison.as_json(), sort_keys=True))
    else:
        print(text.changes_markdown(comparison) if args.markdown else text.changes_text(comparison))
    if comparison.refusals:
        return BadInput.exit_code
    return 3 if any(one.refused for one in changed) else 0


def _built(plan: AnyPlan | None) -> AnyPlan | None:
    """What resources are made of: a neighbour's share of a cell changes its budgets and reasons, and nothing that is built."""
    return replace(plan, decisions=(), budgets=()) if plan else None


def _at(
    commit: "Commit", today: date, *, everything: bool, wanted: Sequence[str]
) -> tuple[Mapping[str, AnyPlan], Mapping[str, Mapping[str, Any]] | None, list[str]]:
    """The plans at the commit as today's library decides them, the previews as that commit's library made them (None where it is the same
    or cannot), and what the reader must know about the two."""
    from odoo_estate.preview.since import CATALOG, previews_by_old_code

    plans: Mapping[str, AnyPlan] = {}
    previews: Mapping[str, Mapping[str, Any]] | None = None
    notes = []
    folder = ""
    try:
        with commit.checkout() as checkout:
            folder = f"{checkout}{os.sep}"
            directory = checkout / commit.estate
            if not (directory / "estate.yaml").is_file():
                return {}, None, ["the estate did not exist at that commit"]
            if commit.code_changed:
                try:
                    previews = previews_by_old_code(commit, checkout)
                except OperationFailed as error:
                    notes.append(f"compared by today's library: {error}")
            shipped = checkout / CATALOG
            documents = load(directory, default_catalog=shipped if shipped.is_file() else DEFAULT_CATALOG)
            plans = compile_estate(documents, today=today).stacks
    except BadInput as error:
        problem = str(error.problems[0]).replace(folder, "")
        lost = "what counts as new is everything" if previews is None else "nobody can say which changes need approval"
        notes.append(f"the estate at that commit is not valid today, so {lost}: {problem}")
    if previews is not None and not everything:
        previews = {name: one for name, one in previews.items() if name in wanted}
    return plans, previews, notes
