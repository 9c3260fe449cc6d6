"""What people who look at a cluster may see of it: how everything is set up, and nobody's data."""

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_kubernetes as k8s

from odoo_estate.kubernetes.metadata import object_metadata
from odoo_estate.plan import VIEWER_GROUP

ROLE = "estate-viewer"
SEEN: Mapping[str, Sequence[str]] = {
    "": ("limitranges", "namespaces", "nodes", "pods", "resourcequotas", "serviceaccounts", "services"),
    "admissionregistration.k8s.io": ("validatingadmissionpolicies", "validatingadmissionpolicybindings"),
    "apps": ("daemonsets", "deployments", "replicasets", "statefulsets"),
    "autoscaling": ("horizontalpodautoscalers",),
    "batch": ("cronjobs", "jobs"),
    "cert-manager.io": ("certificates", "clusterissuers", "issuers"),
    "external-secrets.io": ("externalsecrets", "secretstores"),
    "networking.k8s.io": ("ingressclasses", "networkpolicies"),
    "policy": ("poddisruptionbudgets",),
    "rbac.authorization.k8s.io": ("clusterrolebindings", "clusterroles", "rolebindings", "roles"),
    "scheduling.k8s.io": ("priorityclasses",),
    "storage.k8s.io": ("storageclasses",),
    "traefik.io": ("ingressroutes", "middlewares", "tlsoptions"),
}
"""Kinds by API group. Not among them: secrets, configuration maps, logs and events, where tenants' data would stand."""


def viewers(name: str, labels: Mapping[str, str], opts: pulumi.ResourceOptions) -> None:
    """The role and its group: access entries of the cluster put support, auditors and the preview into it."""
    role = k8s.rbac.v1.ClusterRole(
        name,
        metadata=object_metadata(ROLE, "", labels),
        rules=[
            {"api_groups": [group], "resources": list(kinds), "verbs": ["get", "list", "watch"]}
            for group, kinds in SEEN.items()
        ],
        opts=opts,
    )
    k8s.rbac.v1.ClusterRoleBinding(
        name,
        metadata=object_metadata(ROLE, "", labels),
        role_ref={"api_group": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": ROLE},
        subjects=[{"api_group": "rbac.authorization.k8s.io", "kind": "Group", "name": VIEWER_GROUP}],
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[role])),
    )
