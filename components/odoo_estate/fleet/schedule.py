"""Runs one operation over many stacks: in dependency order, independent ones side by side."""

import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from graphlib import TopologicalSorter

from odoo_estate.fleet.outcome import Outcome

Operation = Callable[[str], Outcome]
Report = Callable[[Outcome], None]


def closure(wanted: Iterable[str], depends_on: Mapping[str, Iterable[str]]) -> dict[str, tuple[str, ...]]:
    """The dependencies among ``wanted`` alone, direct ones and those through stacks that were not asked for."""
    chosen = set(wanted)

    def reachable(stack: str, seen: set[str]) -> Iterator[str]:
        for needed in depends_on.get(stack, ()):
            if needed in seen:
                continue
            seen.add(needed)
            if needed in chosen:
                yield needed
            else:
                yield from reachable(needed, seen)

    return {stack: tuple(sorted(reachable(stack, set()))) for stack in sorted(chosen)}


def run(
    stacks: Mapping[str, Iterable[str]],
    operation: Operation,
    *,
    report: Report,
    parallel: int,
    rank: Mapping[str, int] | None = None,
    interrupt: Callable[[], None] = lambda: None,
) -> list[Outcome]:
    """Runs ``operation`` on every stack once all that it depends on have succeeded; the others are reported as skipped.

    ``stacks`` maps a stack to those it waits for. A failure stops only what depends on it. On SIGINT, SIGTERM and SIGHUP ``interrupt``
    is called, nothing new is started and what runs is waited for, because an engine that is cut off loses what it knows of its last
    operation. ``rank`` orders what is ready at the same time: lower first.
    """
    order = TopologicalSorter(stacks)
    order.prepare()
    results: dict[str, Outcome] = {}
    running: dict[Future[Outcome], str] = {}
    ready: list[str] = []
    position = rank or {}
    with _interrupts(interrupt) as interrupted, ThreadPoolExecutor(max_workers=parallel) as pool:
        while order.is_active():
            ready += order.get_ready()
            ready.sort(key=lambda stack: (position.get(stack, 0), stack))
            while ready and len(running) < parallel:
                stack = ready.pop(0)
                blockers = [needed for needed in stacks[stack] if results[needed].failed]
                if interrupted.is_set() or blockers:
                    reason = f"waits for {', '.join(sorted(blockers))}" if blockers else "interrupted before it began"
                    results[stack] = Outcome(stack=stack, verdict="skipped", messages=(reason,))
                    report(results[stack])
                    order.done(stack)
                    ready += order.get_ready()
                else:
                    running[pool.submit(operation, stack)] = stack
            if running:
                finished, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in finished:
                    stack = running.pop(future)
                    results[stack] = future.result()
                    report(results[stack])
                    order.done(stack)
    return [results[stack] for stack in stacks]


@contextmanager
def _interrupts(interrupt: Callable[[], None]) -> Iterator[threading.Event]:
    """Turns what asks this process to end into a flag and a call of ``interrupt``; what was ignored before, as under nohup, stays so."""
    flag = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield flag
        return

    def stop(*_: object) -> None:
        again = flag.is_set()
        flag.set()
        text = (
            "dropping what is under way"
            if again
            else "stopping: what is under way is finished first; once more drops it"
        )
        os.write(2, f"{text}\n".encode())  # print is not safe in a handler that may have interrupted a print
        interrupt()

    asked = [
        number
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        if signal.getsignal(number) != signal.SIG_IGN
    ]
    previous = {number: signal.signal(number, stop) for number in asked}
    try:
        yield flag
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
