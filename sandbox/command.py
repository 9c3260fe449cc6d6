"""`sandbox/install` and `sandbox/env`: only results go to standard output, progress to standard error."""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parent.parent)

from sandbox.cluster.builds import FOR_TESTS  # noqa: E402
from sandbox.environment import Unavailable, ensure_engine, environment  # noqa: E402


def _env(arguments: list[str]) -> str:
    parser = argparse.ArgumentParser(prog="sandbox/env", description='Use as: eval "$(sandbox/env)"')
    parser.add_argument(
        "--estate", type=Path, default=Path(), help="folder whose project gets the sandbox (default: here)"
    )
    parser.add_argument("--json", action="store_true", help="a JSON object instead of shell exports")
    options = parser.parse_args(arguments)
    variables = environment(options.estate)
    if options.json:
        return json.dumps(variables, indent=2)
    exports = [
        f"export {name}={shlex.quote(value)};"
        for name, value in variables.items()
        if name != "PULUMI_CONFIG_PASSPHRASE"
    ]
    return "\n".join(["unset PULUMI_CONFIG_PASSPHRASE;", *exports])


def _install(arguments: list[str]) -> str:
    parser = argparse.ArgumentParser(prog="sandbox/install")
    parser.add_argument(
        "--tests", action="store_true", help="what the tests need beside the engine, too: a control plane and Traefik"
    )
    found = str(ensure_engine())
    if parser.parse_args(arguments).tests:
        for build in FOR_TESTS:
            build.ensure()
    return found


def main() -> int:
    """What the first argument says: `install` or `env`."""
    name, *arguments = sys.argv[1:]
    try:
        sys.stdout.write(f"{_env(arguments) if name == 'env' else _install(arguments)}\n")
    except Unavailable as problem:
        sys.stderr.write(f"{problem}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
