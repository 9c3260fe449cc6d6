"""The environment in which `pulumi` runs against the sandbox."""

from __future__ import annotations

import importlib.util
import os
import secrets
import sys
from pathlib import Path

from sandbox.engine import Unavailable, ensure_engine

__all__ = ["Unavailable", "ensure_engine", "environment", "project", "sandbox_directory"]

_HERE = Path(__file__).resolve().parent
PLUGINS = _HERE / "bin"


def project(estate_dir: Path) -> Path:
    """The Pulumi project an estate belongs to: the nearest folder upwards with a `Pulumi.yaml`, else the folder itself."""
    start = estate_dir.resolve()
    return next((folder for folder in (start, *start.parents) if (folder / "Pulumi.yaml").is_file()), start)


def sandbox_directory(estate_dir: Path) -> Path:
    """Where the sandbox keeps everything: `ODOO_ESTATE_SANDBOX`, else `.estate/sandbox` in the project."""
    given = os.environ.get("ODOO_ESTATE_SANDBOX")
    return Path(given).resolve() if given else project(estate_dir) / ".estate" / "sandbox"


def _passphrase_file(directory: Path) -> Path:
    """A passphrase of this sandbox's own, drawn once, readable by its owner only."""
    path = directory / "passphrase"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(secrets.token_urlsafe(32))
    return path


def interpreter() -> Path:
    """The Python that runs programs and plugins: the running one if it has the SDK, else the project's `.venv`."""
    own = _HERE.parent / ".venv" / "bin" / "python"
    if importlib.util.find_spec("pulumi") is None and own.exists():
        return own
    return Path(sys.executable)


UNDISTURBED = {"PULUMI_SKIP_CHECKPOINTS": "true"}
"""To lay over an environment whose updates nobody kills: the file backend otherwise writes the whole state after every step, which takes two
thirds of a large stack's time. An update that fails is still written down; one that is killed is not."""


def environment(estate_dir: Path) -> dict[str, str]:
    """Variables to lay over the caller's own, for a sandbox that belongs to `estate_dir`; makes what is missing.

    The plugin folder comes first on PATH: the engine prefers plugins on PATH over those beside its executable and over
    those in its cache, so the sandbox's providers and language host win over installed official ones.
    """
    engine = ensure_engine()
    directory = sandbox_directory(estate_dir)
    state, home = directory / "state", directory / "home"
    for folder in (state, home):
        folder.mkdir(parents=True, exist_ok=True)
    directory.chmod(0o700)
    first = (str(PLUGINS), str(engine.parent))
    inherited = [p for p in os.environ.get("PATH", os.defpath).split(os.pathsep) if p and p not in first]
    passphrase = _passphrase_file(directory)
    variables = {
        "ODOO_ESTATE_SANDBOX": str(directory),
        "ODOO_ESTATE_PYTHON": str(interpreter()),
        "PATH": os.pathsep.join((*first, *inherited)),
        # Without sidecars (`*.attrs`): they are not written in one step, and a kill in that moment makes the backend unreadable.
        "PULUMI_BACKEND_URL": f"{state.as_uri()}?metadata=skip",
        "PULUMI_CONFIG_PASSPHRASE_FILE": str(passphrase),
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "PULUMI_HOME": str(home),
        "PULUMI_IGNORE_AMBIENT_PLUGINS": "false",
        "PULUMI_SKIP_UPDATE_CHECK": "1",
    }
    if "PULUMI_CONFIG_PASSPHRASE" in os.environ:
        # It would win over the file, and an overlay cannot unset it.
        variables["PULUMI_CONFIG_PASSPHRASE"] = passphrase.read_text(encoding="utf-8")
    return variables
