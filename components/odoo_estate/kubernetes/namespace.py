"""A namespace that can be trusted with somebody's workload."""

from collections.abc import Mapping
from typing import NotRequired, TypedDict

import pulumi
import pulumi_kubernetes as k8s

from odoo_estate.kubernetes import boundary
from odoo_estate.kubernetes.admission import partner_binding
from odoo_estate.kubernetes.metadata import object_metadata
from odoo_estate.kubernetes.network_policies import Policy
from odoo_estate.plan import QuotaPlan

POOLER = "odoo-estate/pooler"
"""Namespace label: the pooler that lets this namespace's pods in."""


class WorkloadNamespaceArgs(TypedDict):
    """Inputs of a `WorkloadNamespace`."""

    namespace: str
    labels: Mapping[str, str]
    """Owner labels, for the namespace and everything in it."""
    pod_security: str
    """Version of the "restricted" standard that pods are held to, e.g. ``v1.36``."""
    policies: Mapping[str, Policy]
    """NetworkPolicies by name; they must begin with a denial, otherwise all traffic is let through."""
    service_account: NotRequired[str]
    """What the pods run as; it carries no token of the API server. Without it there is only ``default``, which pods use without a token."""
    quota: NotRequired[QuotaPlan | None]
    pooler: NotRequired[str]
    """Name of the pooler that the namespace's pods use."""
    boundary: NotRequired[Mapping[str, str]]
    """What a tenant's namespace may claim (`odoo_estate.kubernetes.boundary`); without it the namespace is the platform's own."""
    partner: NotRequired[str]
    """The partner whose administrators look after it."""


class WorkloadNamespace(pulumi.ComponentResource):
    """A namespace under the "restricted" Pod Security standard with its quota, limits, network policies and service account."""

    namespace: pulumi.Output[str]

    def __init__(self, name: str, args: WorkloadNamespaceArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("odoo-estate:kubernetes:WorkloadNamespace", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        namespace = k8s.core.v1.Namespace(
            name,
            metadata={
                "name": args["namespace"],
                "labels": {
                    **args["labels"],
                    **security_labels(args["pod_security"]),
                    **pooler_label(args),
                    **boundary_label(args),
                },
                "annotations": dict(args.get("boundary", {})),
            },
            opts=child,
        )
        self.namespace = namespace.metadata.name
        inside = pulumi.ResourceOptions(parent=self, depends_on=[namespace])
        where = args["namespace"], args["labels"]
        for policy, spec in args["policies"].items():
            k8s.networking.v1.NetworkPolicy(
                f"{name}-{policy}", metadata=object_metadata(policy, *where), spec=spec, opts=inside
            )
        if quota := args.get("quota"):
            k8s.core.v1.ResourceQuota(
                f"{name}-quota", metadata=object_metadata("quota", *where), spec=quota_spec(quota), opts=inside
            )
            k8s.core.v1.LimitRange(
                f"{name}-limits", metadata=object_metadata("limits", *where), spec=limit_spec(quota), opts=inside
            )
        if account := args.get("service_account"):
            k8s.core.v1.ServiceAccount(
                f"{name}-service-account",
                metadata=object_metadata(account, *where),
                automount_service_account_token=False,
                opts=inside,
            )
        if partner := args.get("partner"):
            partner_binding(f"{name}-partner", args["namespace"], partner, args["labels"], inside)
        self.register_outputs({"namespace": self.namespace})


def security_labels(version: str) -> dict[str, str]:
    """Enforcement sees pods only, so that warnings and audit entries have to tell about the workloads that would make bad ones."""
    return {
        f"pod-security.kubernetes.io/{mode}{suffix}": value
        for mode in ("enforce", "warn", "audit")
        for suffix, value in (("", "restricted"), ("-version", version))
    }


def boundary_label(args: WorkloadNamespaceArgs) -> dict[str, str]:
    return {boundary.LABEL: "tenant" if args.get("boundary") else "platform"}


def pooler_label(args: WorkloadNamespaceArgs) -> dict[str, str]:
    pooler = args.get("pooler", "")
    return {POOLER: pooler} if pooler else {}


def quota_spec(quota: QuotaPlan) -> k8s.core.v1.ResourceQuotaSpecArgsDict:
    """No load balancer, node port or volume claim: those cost money or leave the tenant's boundary."""
    return {
        "hard": {
            "requests.cpu": f"{quota.cpu_millicores}m",
            "requests.memory": f"{quota.memory_mib}Mi",
            "limits.memory": f"{quota.memory_mib}Mi",
            "pods": str(quota.pods),
            "services.loadbalancers": "0",
            "services.nodeports": "0",
            "persistentvolumeclaims": "0",
        }
    }


def limit_spec(quota: QuotaPlan) -> k8s.core.v1.LimitRangeSpecArgsDict:
    """Defaults for containers that name none. The CPU maximum is also the limit of every container without one of its own:
    it stops a runaway, it does not throttle daily work."""
    return {
        "limits": [
            {
                "type": "Container",
                "default_request": {
                    "cpu": f"{quota.default_cpu_millicores}m",
                    "memory": f"{quota.default_memory_mib}Mi",
                },
                "default": {"memory": f"{quota.default_memory_mib}Mi"},
                "max": {"cpu": f"{quota.max_cpu_millicores}m", "memory": f"{quota.max_memory_mib}Mi"},
            }
        ]
    }
