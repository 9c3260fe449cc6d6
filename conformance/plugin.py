"""The real AWS provider: an installed official one, else the Terraform provider behind Pulumi's bridge, built once."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from sandbox.environment import PLUGINS
from sandbox.go_build import GoBuild, Unavailable

_NAME = "pulumi-resource-aws"
_FOLDER = Path(__file__).resolve().parent.parent / "sandbox" / "tools" / "aws"
BRIDGE = GoBuild(
    name="aws-provider",
    folder=_FOLDER,
    packages={"bridge": "."},
    sources=("main.go", "types.json"),
    instead={
        "overlay/service_packages_gen.go": (
            "github.com/hashicorp/terraform-provider-aws",
            "internal/provider/sdkv2/service_packages_gen.go",
        ),
    },
    unlisted="github.com/upbound/*",
    minutes="twenty to forty minutes",
    otherwise="install the official provider (`pulumi plugin install resource aws`)",
)


@dataclass(frozen=True)
class Plugin:
    """An executable that serves the real provider. ``settings`` are variables it needs; ``origin`` says what it is."""

    executable: Path
    settings: dict[str, str]
    origin: str
    schema: Path | None
    """The bridged schema, where we have built it ourselves."""


def find() -> Plugin:
    """The provider to use.

    Raises:
        Unavailable: with what to install.
    """
    official = installed()
    if official is not None:
        return Plugin(official, {}, f"the official provider, {official}", None)
    built = BRIDGE.ensure()
    schema = described(built)
    return Plugin(
        built / "bridge",
        {"ODOO_ESTATE_AWS_SCHEMA": str(schema)},
        f"the Terraform provider {version()} behind Pulumi's bridge, {built / 'bridge'}",
        schema / "schema.json",
    )


def installed() -> Path | None:
    """An official provider on PATH or among the user's plugins; of several the newest."""
    path = os.pathsep.join(p for p in os.environ.get("PATH", "").split(os.pathsep) if p and Path(p) != PLUGINS)
    found = shutil.which(_NAME, path=path)
    if found is not None and not Path(found).resolve().is_relative_to(PLUGINS.parent):
        return Path(found)
    home = Path(os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi")
    plugins = {folder: _numbers(folder.name) for folder in home.glob("plugins/resource-aws-v*") if folder.is_dir()}
    return max(plugins, key=lambda folder: plugins[folder]) / _NAME if plugins else None


def described(built: Path) -> Path:
    """The folder with the schema that the bridge makes of its types; made where it is not there yet."""
    folder = built / "described"
    if not (folder / "schema.json").exists():
        unfinished = built / f"described.{os.getpid()}"
        unfinished.mkdir()
        command = [str(built / "bridge"), "schema", "--out", str(unfinished), "--skip-docs", "--skip-examples"]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        if run.returncode != 0:
            shutil.rmtree(unfinished)
            raise Unavailable(f"the provider's schema could not be made:\n{run.stdout[-2000:]}{run.stderr[-4000:]}")
        try:
            unfinished.rename(folder)
        except OSError:  # somebody else was quicker
            shutil.rmtree(unfinished)
            if not folder.exists():
                raise
    return folder


def version() -> str:
    """Of the Terraform provider, as its commit's date and hash."""
    found = re.search(r"upbound/terraform-provider-aws v\S+-(\d{8})\d+-(\w+)", (_FOLDER / "go.mod").read_text("utf-8"))
    if found is None:
        raise Unavailable(f"{_FOLDER / 'go.mod'} does not name the Terraform provider")
    return f"of {found[1]} ({found[2]})"


def _numbers(name: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", name))
