"""Runs one Pulumi program: what the official host's executor does, without the cyclic garbage collector.

Registration makes a task and several futures per output; the collector walks them again and again, so that it costs
more than half of a large program's time (docs/performance.md). A program is short-lived and its memory goes with it.
"""

from __future__ import annotations

import gc

gc.disable()

import argparse  # noqa: E402
import asyncio  # noqa: E402
import os  # noqa: E402
import runpy  # noqa: E402
import sys  # noqa: E402
import traceback  # noqa: E402
from pathlib import Path  # noqa: E402

import pulumi  # noqa: E402
import pulumi.runtime  # noqa: E402


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(add_help=False)
    for option in ("project", "stack", "organization", "monitor", "engine", "root-directory", "program-directory"):
        parser.add_argument(f"--{option}", required=True)
    parser.add_argument("--parallel", type=int, required=True)
    parser.add_argument("--dry-run", action="store_true")
    parser.add_argument("entry")
    parser.add_argument("args", nargs=argparse.REMAINDER)
    return parser.parse_args()


def _without_our_frames(text: str) -> str:
    lines = text.splitlines(keepends=True)
    ours = next((i for i, line in enumerate(lines) if "<frozen runpy>" in line or "/runpy.py" in line), None)
    theirs = next(
        (i for i, line in enumerate(lines) if i > (ours or 0) and line.startswith("  File") and "runpy" not in line),
        None,
    )
    return "".join([lines[0], *lines[theirs:]]) if ours is not None and theirs is not None else text


def main() -> int:
    """Configure the runtime as the engine asks and run the program in a stack."""
    arguments = _arguments()
    directory = arguments.program_directory
    os.chdir(directory)
    # The program's folder comes first, and the sandbox's own code is no part of its path.
    sys.path[0] = directory
    pulumi.runtime.configure(
        pulumi.runtime.Settings(
            project=arguments.project,
            stack=arguments.stack,
            organization=arguments.organization,
            monitor=arguments.monitor,
            engine=arguments.engine,
            parallel=arguments.parallel,
            dry_run=arguments.dry_run,
            root_directory=arguments.root_directory,
        )
    )
    entry = Path(directory) / arguments.entry
    sys.argv = [str(entry), *arguments.args]
    if entry.is_dir() and not (entry / "__main__.py").is_file():
        pulumi.log.error(f"{entry} has no __main__.py: a Python program starts there")
        return 1
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)

    def program() -> None:
        runpy.run_path(str(entry), run_name="__main__")

    try:
        loop.run_until_complete(pulumi.runtime.run_in_stack(program))
    except pulumi.RunError as problem:
        pulumi.log.error(str(problem))
        return 32
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except Exception:
        pulumi.log.error("Program failed with an unhandled exception:\n" + _without_our_frames(traceback.format_exc()))
        return 32
    return 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
