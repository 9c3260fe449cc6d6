"""What Odoo's own table says about modules. Odoo itself tells less: it exits with 0 where a module is unknown, cannot be installed or was skipped."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

INSTALLED = "installed"
PENDING = ("to install", "to upgrade", "to remove")
"""What an interrupted run leaves behind. As long as there is one, Odoo runs no scheduled action in that database, and its next start goes on with
it."""
EVERYTHING = "all"
"""Stands for ``base``, with which Odoo upgrades everything that depends on it."""


@dataclass(frozen=True)
class Module:
    """A row of ``ir_module_module``; ``version`` is that of the last installation or upgrade."""

    state: str
    version: str


Modules = Mapping[str, Module]


def series(found: Modules) -> str:
    """Odoo's series that the database is of, e.g. ``18.0``; empty where nothing is installed."""
    base = found.get("base")
    return ".".join(base.version.split(".")[:2]) if base and base.version else ""


def to_install(found: Modules, wanted: Collection[str]) -> list[str]:
    """Those of ``wanted`` that are not there, ``base`` before all others. Nothing that is installed is asked for: with ``--init`` Odoo would write
    the module's records anew over what the customer changed."""
    return [name for name in dict.fromkeys(("base", *wanted)) if name not in found or found[name].state != INSTALLED]


def to_upgrade(wanted: Collection[str]) -> list[str]:
    """What Odoo is asked to upgrade."""
    return ["base"] if EVERYTHING in wanted else list(dict.fromkeys(wanted))


def missing(found: Modules, wanted: Collection[str]) -> list[str]:
    """Those that cannot be upgraded, because they are not installed. One that an interrupted upgrade left is there."""
    return [name for name in wanted if name not in found or found[name].state not in (INSTALLED, "to upgrade")]


def problems(before: Modules, after: Modules, wanted: Collection[str]) -> list[str]:
    """What is wrong once Odoo has ended, in words."""
    told = [
        f"{name} is {after[name].state if name in after else 'unknown to this image'}"
        for name in wanted
        if name not in after or after[name].state != INSTALLED
    ]
    told += [
        f"{name} is still {one.state}" for name, one in after.items() if one.state in PENDING and name not in wanted
    ]
    told += [
        f"{name} was installed and is {after[name].state if name in after else 'gone'}"
        for name, one in before.items()
        if one.state == INSTALLED
        and name not in wanted
        and (name not in after or after[name].state not in (INSTALLED, *PENDING))
    ]
    return told


def changes(before: Modules, after: Modules) -> dict[str, str]:
    """Module to ``from > to``, of those that were installed or upgraded."""
    return {
        name: f"{before[name].version if name in before and before[name].state == INSTALLED else '-'} > {one.version}"
        for name, one in after.items()
        if one.state == INSTALLED and (name not in before or before[name] != one)
    }
