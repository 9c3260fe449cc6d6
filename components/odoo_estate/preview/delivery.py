"""The files of a repository from which Argo CD or Flux brings a cell's cluster to what its stacks hold.

``CELL/STACK/PHASE/*.yaml`` are the objects, ``CELL/apps/*.yaml`` what the tool is to do with them, and in which order. Each cluster looks after
itself: no tool of one cell holds credentials of another.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

import yaml

from odoo_estate.plan import PlatformPlan, TenantPlan
from odoo_estate.preview.manifests import Manifest

Tool = Literal["argo-cd", "flux"]
ARGO = "argocd"
FLUX = "flux-system"
WAVE = "argocd.argoproj.io/sync-wave"
HERE = "https://kubernetes.default.svc"
APPS = "apps"


class Repository(NamedTuple):
    """Where the tool finds the files: ``url`` at ``revision``, below ``path``; Flux knows it as the source ``name``."""

    url: str
    revision: str
    path: str = ""
    name: str = "estate"

    def folder(self, *parts: str) -> str:
        return "/".join(part for part in (self.path.strip("/"), *parts) if part)


def files(
    plan: PlatformPlan | TenantPlan,
    objects: Sequence[Manifest],
    tool: Tool,
    source: Repository,
    phases: Mapping[str, int],
) -> dict[str, str]:
    """One stack's files by path. ``phases``: how many the stacks that it depends on have; those without objects are left out."""
    found = {}
    for one in objects:
        for body in _released(one, tool) if one.release else [one.body]:
            shown = _annotated(body, {WAVE: str(one.phase)}) if tool == "argo-cd" else body
            found[f"{plan.cell}/{plan.stack}/{one.phase:02}/{_file(shown)}"] = _text(shown)
    count = 1 + max(one.phase for one in objects)
    own = (
        _argo(plan, objects, source, wave=1 if phases else 0)
        if tool == "argo-cd"
        else _flux(plan, count, source, phases)
    )
    return found | {f"{plan.cell}/{APPS}/{_file(one)}": _text(one) for one in own}


def _annotated(body: Mapping[str, Any], more: Mapping[str, str]) -> dict[str, Any]:
    head = body["metadata"]
    return {**body, "metadata": {**head, "annotations": {**head.get("annotations", {}), **more}}}


def _file(body: Mapping[str, Any]) -> str:
    head = body["metadata"]
    return (
        "-".join(
            part.lower().replace(":", "-") for part in (body["kind"], head.get("namespace", ""), head["name"]) if part
        )
        + ".yaml"
    )


def _text(body: Mapping[str, Any]) -> str:
    return yaml.dump(dict(body), Dumper=yaml.CSafeDumper, sort_keys=True, allow_unicode=True, width=1000)


# --- charts --------------------------------------------------------------------------------------------------------


def _released(one: Manifest, tool: Tool) -> list[dict[str, Any]]:
    """A Helm release as the tool takes it. Neither removes a chart's custom kinds with it: every tenant's objects would go too."""
    inputs = one.body
    url = inputs.get("repositoryOpts", {}).get("repo", "")
    chart, version, release = inputs["chart"], inputs["version"], inputs["name"]
    if not url:
        url, _, chart = chart.rpartition("/")
    if tool == "argo-cd":
        return [
            {
                "apiVersion": "argoproj.io/v1alpha1",
                "kind": "Application",
                "metadata": {"name": release, "namespace": ARGO},
                "spec": {
                    "project": "default",
                    "source": {
                        "repoURL": url.removeprefix("oci://"),
                        "chart": chart,
                        "targetRevision": version,
                        "helm": {"releaseName": release, "valuesObject": inputs.get("values", {})},
                    },
                    "destination": {"server": HERE, "namespace": inputs["namespace"]},
                    "syncPolicy": _sync_policy(),
                },
            }
        ]
    return [
        {
            "apiVersion": "source.toolkit.fluxcd.io/v1",
            "kind": "HelmRepository",
            "metadata": {"name": release, "namespace": FLUX},
            "spec": {"interval": "1h", "url": url, **({"type": "oci"} if url.startswith("oci://") else {})},
        },
        {
            "apiVersion": "helm.toolkit.fluxcd.io/v2",
            "kind": "HelmRelease",
            "metadata": {"name": release, "namespace": FLUX},
            "spec": {
                "interval": "1h",
                "releaseName": release,
                "targetNamespace": inputs["namespace"],
                "storageNamespace": inputs["namespace"],
                "maxHistory": inputs.get("maxHistory", 5),
                "timeout": f"{inputs.get('timeout', 900)}s",
                "chart": {
                    "spec": {
                        "chart": chart,
                        "version": version,
                        "sourceRef": {"kind": "HelmRepository", "name": release, "namespace": FLUX},
                    }
                },
                "install": {"crds": "Create", "remediation": {"retries": 3}},
                "upgrade": {"crds": "CreateReplace", "remediation": {"retries": 3, "strategy": "rollback"}},
                "values": inputs.get("values", {}),
            },
        },
    ]


# --- Argo CD -------------------------------------------------------------------------------------------------------


def _sync_policy() -> dict[str, Any]:
    return {
        "automated": {"prune": True, "selfHeal": True},
        "retry": {"limit": 10, "backoff": {"duration": "10s", "factor": 2, "maxDuration": "5m"}},
        "syncOptions": ["ServerSideApply=true", "PruneLast=true", "ApplyOutOfSyncOnly=true"],
    }


def _argo(
    plan: PlatformPlan | TenantPlan, objects: Sequence[Manifest], source: Repository, *, wave: int
) -> Iterable[dict[str, Any]]:
    """An Application and the project that holds it to the stack's own namespaces and kinds. A tenant's takes all it made with it; a platform's leaves
    everything, because its going by mistake would stop every tenant of the cell."""
    tenant = isinstance(plan, TenantPlan)
    head = {"name": plan.stack, "namespace": ARGO, "labels": dict(plan.labels), "annotations": {WAVE: str(wave)}}
    bodies = [one.body for one in objects if not one.release]
    spaces = {body["metadata"].get("namespace", "") for body in bodies} - {""}
    wide = {(_group(body), body["kind"]) for body in bodies if "namespace" not in body["metadata"]}
    if not tenant:
        spaces |= {ARGO}
    yield {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "AppProject",
        "metadata": {**head, "annotations": {WAVE: str(wave - 1)}},
        "spec": {
            "sourceRepos": [source.url],
            "destinations": [{"server": HERE, "namespace": space} for space in sorted(spaces)],
            "clusterResourceWhitelist": [{"group": group, "kind": kind} for group, kind in sorted(wide)],
        },
    }
    yield {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": head | ({"finalizers": ["resources-finalizer.argocd.argoproj.io"]} if tenant else {}),
        "spec": {
            "project": plan.stack,
            "source": {
                "repoURL": source.url,
                "targetRevision": source.revision,
                "path": source.folder(plan.cell, plan.stack),
                "directory": {"recurse": True},
            },
            "destination": {"server": HERE},
            "syncPolicy": _sync_policy(),
        },
    }


def _group(body: Mapping[str, Any]) -> str:
    group, slash, _ = body["apiVersion"].rpartition("/")
    return group if slash else ""


# --- Flux ----------------------------------------------------------------------------------------------------------


def _flux(
    plan: PlatformPlan | TenantPlan, count: int, source: Repository, phases: Mapping[str, int]
) -> Iterable[dict[str, Any]]:
    """A Kustomization a phase, each after the one before, the first after the last of what the stack depends on. A platform's leaves everything
    behind when it is removed; within it, what is no longer in the repository goes."""
    before = [f"{stack}-{number - 1:02}" for stack, number in sorted(phases.items())]
    for phase in range(count):
        name = f"{plan.stack}-{phase:02}"
        yield {
            "apiVersion": "kustomize.toolkit.fluxcd.io/v1",
            "kind": "Kustomization",
            "metadata": {"name": name, "namespace": FLUX, "labels": dict(plan.labels)},
            "spec": {
                "interval": "10m",
                "retryInterval": "1m",
                "timeout": "15m",
                "path": f"./{source.folder(plan.cell, plan.stack, f'{phase:02}')}",
                "sourceRef": {"kind": "GitRepository", "name": source.name},
                "prune": True,
                "wait": True,
                "deletionPolicy": "Delete" if isinstance(plan, TenantPlan) else "Orphan",
                **({"dependsOn": [{"name": one} for one in before]} if before else {}),
            },
        }
        before = [name]
