"""Pod templates that pass the Pod Security standard "restricted", by construction."""

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_kubernetes as k8s

from odoo_estate.plan import ContainerSize

ZONE = "topology.kubernetes.io/zone"
HOST = "kubernetes.io/hostname"


def security_context() -> k8s.core.v1.SecurityContextArgsDict:
    """A container's share of "restricted" (Pod Security standards, Kubernetes 1.34), with a read-only root on top."""
    return {
        "allow_privilege_escalation": False,
        "read_only_root_filesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


def resources(size: ContainerSize) -> k8s.core.v1.ResourceRequirementsArgsDict:
    """Memory request equals its limit, so that a pod is never evicted for its neighbour; CPU may burst up to the namespace's LimitRange."""
    memory = f"{size.memory_mib}Mi"
    return {"requests": {"cpu": f"{size.cpu_millicores}m", "memory": memory}, "limits": {"memory": memory}}


def scratch(name: str, size_mib: int) -> k8s.core.v1.VolumeArgsDict:
    """A volume that lives as long as its pod and evicts the pod when it outgrows ``size_mib``."""
    return {"name": name, "empty_dir": {"size_limit": f"{size_mib}Mi"}}


def spread(selector: Mapping[str, str], *, zones: bool) -> list[k8s.core.v1.TopologySpreadConstraintArgsDict]:
    """Replicas of one revision stand on different nodes, and zones where the class pays for them; never a reason not to run."""
    keys = [ZONE, HOST] if zones else [HOST]
    return [
        {
            "max_skew": 1,
            "topology_key": key,
            "when_unsatisfiable": "ScheduleAnyway",
            "label_selector": {"match_labels": dict(selector)},
            "match_label_keys": ["pod-template-hash"],
        }
        for key in keys
    ]


STAYS: Mapping[str, str] = {"cluster-autoscaler.kubernetes.io/safe-to-evict": "false"}
"""Annotation of pods whose work would be lost with their node: the autoscaler keeps nodes that it could do without until they have ended."""


def pod_template(
    *,
    labels: Mapping[str, str],
    containers: Sequence[k8s.core.v1.ContainerArgsDict],
    before: Sequence[k8s.core.v1.ContainerArgsDict] = (),
    volumes: Sequence[k8s.core.v1.VolumeArgsDict],
    uid: int,
    gid: int,
    service_account: str,
    grace_seconds: int,
    annotations: Mapping[str, pulumi.Input[str]] | None = None,
    priority_class: str = "",
    node_selector: Mapping[str, str] | None = None,
    tolerations: Mapping[str, str] | None = None,
    spread_over: Sequence[k8s.core.v1.TopologySpreadConstraintArgsDict] = (),
    restart_policy: str = "Always",
) -> k8s.core.v1.PodTemplateSpecArgsDict:
    """A pod that runs as ``uid``, without a token of the API server; ``tolerations`` maps a NoSchedule taint's key to its value. ``before`` run one
    after the other before all others."""
    spec: k8s.core.v1.PodSpecArgsDict = {
        "service_account_name": service_account,
        "automount_service_account_token": False,
        "enable_service_links": False,
        "restart_policy": restart_policy,
        "termination_grace_period_seconds": grace_seconds,
        "security_context": {
            "run_as_non_root": True,
            "run_as_user": uid,
            "run_as_group": gid,
            "fs_group": gid,
            "fs_group_change_policy": "OnRootMismatch",
            "seccomp_profile": {"type": "RuntimeDefault"},
        },
        "containers": list(containers),
        "volumes": list(volumes),
    }
    if before:
        spec["init_containers"] = list(before)
    if priority_class:
        spec["priority_class_name"] = priority_class
    if node_selector:
        spec["node_selector"] = dict(node_selector)
    if tolerations:
        spec["tolerations"] = [
            {"key": key, "operator": "Equal", "value": value, "effect": "NoSchedule"}
            for key, value in tolerations.items()
        ]
    if spread_over:
        spec["topology_spread_constraints"] = list(spread_over)
    metadata: k8s.meta.v1.ObjectMetaArgsDict = {"labels": dict(labels)}
    if annotations:
        metadata["annotations"] = dict(annotations)
    return {"metadata": metadata, "spec": spec}
