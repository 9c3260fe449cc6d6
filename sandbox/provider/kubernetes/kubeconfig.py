"""Which cluster a kubeconfig means."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.provider.refusal import Refused


@dataclass(frozen=True)
class Target:
    """The cluster entry that the chosen context points to."""

    name: str
    server: str


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        import yaml

        return yaml.safe_load(text)


def _entry(config: Any, kind: str, name: str) -> Any:
    return next((e[kind] for e in config.get(f"{kind}s") or [] if e.get("name") == name), None)


def target(kubeconfig: str, context: str | None, cluster: str | None) -> Target:
    """The cluster of the given or current context.

    Raises:
        Refused: where the kubeconfig does not lead to a server.
    """
    text = kubeconfig
    if "\n" not in text and not text.lstrip().startswith("{") and Path(text).is_file():
        text = Path(text).read_text(encoding="utf-8")
    try:
        config = _parsed(text)
    except Exception as problem:
        raise Refused(f"failed to parse kubeconfig: {problem}") from problem
    if not isinstance(config, dict):
        raise Refused("failed to parse kubeconfig: it is no mapping with clusters, contexts and users")
    chosen = context or config.get("current-context") or ""
    found = _entry(config, "context", chosen) or {}
    name = cluster or found.get("cluster") or ""
    server = (_entry(config, "cluster", name) or {}).get("server")
    if not server:
        raise Refused(f"kubeconfig has no server for context {chosen!r}, cluster {name!r}")
    return Target(name, server)
