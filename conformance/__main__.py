"""`python -m conformance [ESTATE:STACK …]`: wildcards are allowed, an estate alone means all of its stacks."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from fnmatch import fnmatch
from multiprocessing import get_context
from pathlib import Path

from sandbox.environment import ensure_engine

from conformance import asked, plugin, schema
from conformance.estate import ESTATES, Finding, stacks_of, trial
from conformance.plugin import Plugin


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the trials; 0 when everything went as it should, else 1."""
    parser = ArgumentParser(prog="conformance", description=__doc__)
    parser.add_argument("stacks", nargs="*", metavar="ESTATE[:STACK]", help="which (default: all of every estate)")
    parser.add_argument("--provider", type=Path, help="an executable to serve as the provider, instead of the real one")
    parser.add_argument("--parallel", type=int, default=2, help="stacks side by side in one estate")
    parser.add_argument("--keep", type=Path, help="where to leave everything, for looking into it")
    args = parser.parse_args(argv)
    started = time.monotonic()
    provider = Plugin(args.provider, {}, str(args.provider), None) if args.provider else plugin.find()
    print(f"provider   {provider.origin}", flush=True)
    findings = [] if args.provider else _without_a_cloud(provider)
    folder = args.keep or Path(tempfile.mkdtemp(prefix="conformance-"))
    chosen = {name: stacks for name in ESTATES if (stacks := _chosen(name, args.stacks))}
    os.environ["PATH"] = os.pathsep.join((str(ensure_engine().parent), os.environ["PATH"]))
    # A process for each estate: what records a program's graph, and what passes interrupts on, is one to a process.
    with ProcessPoolExecutor(len(chosen) or 1, mp_context=get_context("spawn")) as pool:
        trials = [
            pool.submit(trial, name, folder / name, provider, stacks, args.parallel) for name, stacks in chosen.items()
        ]
        findings += [finding for one in trials for finding in one.result()]
    failed = [finding for finding in findings if finding.problems]
    print(f"{len(findings)} trials, {len(failed)} failed, {time.monotonic() - started:.0f} s")
    if args.keep is None:
        shutil.rmtree(folder, ignore_errors=True)
    return 1 if failed or not findings else 0


def _without_a_cloud(provider: Plugin) -> list[Finding]:
    """What needs no simulator: the provider's checks of everything, and whether what we keep of its schema is still what it says."""
    started = time.monotonic()
    asked_about, refused = asked.refused(provider)
    checks = Finding(
        "all", "all", "the provider's checks", time.monotonic() - started, f"{asked_about} resources", refused
    )
    print(checks, flush=True)
    if provider.schema is None:
        return [checks]
    same = schema.FACTS.exists() and schema.FACTS.read_text("utf-8") == schema.text(provider.schema)
    kept = Finding("all", "all", "facts kept of the schema", 0.0, "", [] if same else [schema.REMEDY])
    print(kept, flush=True)
    return [checks, kept]


def _chosen(name: str, patterns: Sequence[str]) -> list[str]:
    wanted = [pattern if ":" in pattern else f"{pattern}:*" for pattern in patterns or ("*",)]
    return [stack for stack in stacks_of(name) if any(fnmatch(f"{name}:{stack}", pattern) for pattern in wanted)]


if __name__ == "__main__":
    sys.exit(main())
