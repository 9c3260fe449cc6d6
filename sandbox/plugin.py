"""What every plugin executable in `bin/` runs: the language host or the stage of a provider, by its file name."""

from __future__ import annotations

import gc
import importlib.util
import sys
import types
from pathlib import Path
from typing import NoReturn

# Run as a script, so that this folder stands first on the path; its modules are to be found as `sandbox.…` only.
sys.path[0] = str(Path(__file__).resolve().parent.parent)


def _protocol_only() -> None:
    """Make `pulumi.runtime.proto` importable without the SDK around it, which is half of a plugin's start.

    The engine starts one process per configured provider, twice per update.
    """
    found = importlib.util.find_spec("pulumi")
    if found is None or not found.submodule_search_locations:
        raise SystemExit("The Python that runs the sandbox has no pulumi package: install the project's dependencies")
    root = Path(found.submodule_search_locations[0])
    for name, folder in (("pulumi", "."), ("pulumi.runtime", "runtime"), ("pulumi.runtime.proto", "runtime/proto")):
        package = types.ModuleType(name)
        package.__path__ = [str(root / folder)]
        sys.modules[name] = package


def main() -> NoReturn:
    """Serve what the first argument names."""
    _, kind, name = sys.argv.pop(1).split("-", 2)
    _protocol_only()
    if kind == "language":
        from sandbox.language.host import serve as serve_language

        gc.freeze()
        serve_language()
    from sandbox.provider.server import serve
    from sandbox.provider.stages import stage

    made = stage(name)
    gc.freeze()
    serve(made)


if __name__ == "__main__":
    main()
