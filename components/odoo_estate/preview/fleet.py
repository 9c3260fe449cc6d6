"""Previews of many stacks, on all cores: a warm parent forks, each child records one stack after the other."""

import gc
import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import TypeVar

from odoo_estate.plan import AnyPlan
from odoo_estate.preview.stack import StackPreview, preview
from odoo_estate_policies.registry import Registry

T = TypeVar("T")

FORK_FROM = 24
"""Below so many stacks a second process costs more than it saves (about 0.1 s)."""

_job: Callable[[AnyPlan], object] | None = None
_plans: Sequence[AnyPlan] = ()


def preview_each(
    plans: Sequence[AnyPlan],
    render: Callable[[StackPreview], T],
    *,
    project: str,
    today: date,
    rules: Registry | None = None,
    processes: int | None = None,
) -> Iterator[T]:
    """``render`` of each stack's preview, in the order of ``plans``. Only what ``render`` returns crosses process borders."""

    def job(plan: AnyPlan) -> T:
        return render(preview(plan, project=project, today=today, rules=rules))

    workers = min(processes or os.cpu_count() or 1, len(plans))
    if workers < 2 or len(plans) < FORK_FROM or "fork" not in multiprocessing.get_all_start_methods():
        for plan in plans:
            yield job(plan)
        return
    yield job(plans[0])  # imports what every child needs, once
    yield from _forked(plans[1:], job, workers)


def _forked(plans: Sequence[AnyPlan], job: Callable[[AnyPlan], T], workers: int) -> Iterator[T]:
    global _job, _plans
    _job, _plans = job, plans
    gc.collect()
    gc.freeze()  # what the parent has allocated stays shared with the children
    try:
        with multiprocessing.get_context("fork").Pool(workers) as pool:
            yield from pool.imap(_run, range(len(plans)), chunksize=8)
    finally:
        gc.unfreeze()
        _job, _plans = None, ()


def _run(index: int) -> object:
    assert _job is not None
    return _job(_plans[index])
