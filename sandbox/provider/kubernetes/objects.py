"""What a Kubernetes API server knows about kinds: scope, forced replacement, what it fills in."""

from __future__ import annotations

from typing import Any

from sandbox.provider.kept import digest
from sandbox.provider.wire import Properties, Secret, plain

_CLUSTER_WIDE = frozenset(
    {
        "APIService", "CSIDriver", "CSINode", "CertificateSigningRequest", "CiliumClusterwideNetworkPolicy",
        "ClusterIssuer", "ClusterPolicy", "ClusterRole", "ClusterRoleBinding", "ClusterSecretStore",
        "ClusterExternalSecret", "ClusterGenerator", "ClusterPushSecret", "ClusterTriggerAuthentication",
        "CustomResourceDefinition", "DeviceClass", "EC2NodeClass", "FlowSchema", "GatewayClass", "IngressClass",
        "MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding", "MutatingWebhookConfiguration", "Namespace", "Node",
        "NodeClaim", "NodeClass", "NodePool", "PersistentVolume", "PriorityClass", "PriorityLevelConfiguration",
        "RuntimeClass", "StorageClass", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding",
        "ValidatingWebhookConfiguration", "VolumeAttachment", "VolumeAttributesClass", "VolumeSnapshotClass",
        "VolumeSnapshotContent",
    }
)  # fmt: skip
GIVEN_NAMESPACES = frozenset({"default", "kube-system", "kube-public", "kube-node-lease"})

_EVERY = ("apiVersion", "kind", "metadata.name", "metadata.namespace")
# pulumi-kubernetes, provider/pkg/provider: what its diff marks as forcing a new object, read 2026-11.
_REPLACES: dict[str, tuple[str, ...]] = {
    "ConfigMap": ("data", "binaryData", "immutable"),
    "CronJob": (),
    "DaemonSet": ("spec.selector",),
    "Deployment": ("spec.selector",),
    "Job": (
        "spec.selector", "spec.template", "spec.completions", "spec.parallelism", "spec.completionMode",
        "spec.manualSelector", "spec.podFailurePolicy",
    ),
    "IngressClass": ("spec.controller",),
    "PersistentVolumeClaim": (
        "spec.accessModes", "spec.dataSource", "spec.selector", "spec.storageClassName", "spec.volumeMode",
        "spec.volumeName",
    ),
    "Pod": ("spec",),
    "PriorityClass": ("value", "preemptionPolicy"),
    "ReplicaSet": ("spec.selector",),
    "ResourceQuota": ("spec.scopes", "spec.scopeSelector"),
    "RoleBinding": ("roleRef",),
    "ClusterRoleBinding": ("roleRef",),
    "Secret": ("type", "data", "stringData", "immutable"),
    "Service": ("spec.clusterIP",),
    "StatefulSet": ("spec.selector", "spec.serviceName", "spec.volumeClaimTemplates", "spec.podManagementPolicy"),
    "StorageClass": ("parameters", "provisioner", "reclaimPolicy", "volumeBindingMode"),
}  # fmt: skip
_MUTABLE = {"ConfigMap": ("data", "binaryData"), "Secret": ("data", "stringData")}


def is_cluster_wide(kind: str) -> bool:
    """Whether objects of this kind live outside namespaces. Unknown custom kinds are taken for namespaced."""
    return kind in _CLUSTER_WIDE


def replaces(kind: str, mutable: bool) -> tuple[str, ...]:
    """Inputs whose change needs a new object; `mutable` lifts it for the data of config maps or secrets."""
    own = _REPLACES.get(kind, ())
    return (*_EVERY, *(name for name in own if not (mutable and name in _MUTABLE.get(kind, ()))))


def address(*parts: str) -> str:
    """A cluster IP from EKS' default service range."""
    number = int(digest(*parts)[:4], 16)
    return f"172.20.{number // 256}.{number % 256}"


def _workload(spec: Any) -> Properties:
    replicas = spec.get("replicas", 1)
    return {
        "availableReplicas": replicas,
        "readyReplicas": replicas,
        "replicas": replicas,
        "updatedReplicas": replicas,
        "observedGeneration": 1,
    }


def status(kind: str, spec: Any, seed: str, region: str) -> Properties | None:
    """The status of an object once all is well."""
    spec = plain(spec) if isinstance(plain(spec), dict) else {}
    match kind:
        case "Namespace":
            return {"phase": "Active"}
        case "Deployment" | "StatefulSet" | "ReplicaSet":
            return _workload(spec)
        case "Job":
            return {"succeeded": spec.get("completions", 1), "conditions": [{"type": "Complete", "status": "True"}]}
        case "PersistentVolumeClaim":
            return {"phase": "Bound", "accessModes": spec.get("accessModes", [])}
        case "Service" if spec.get("type") == "LoadBalancer":
            host = f"k8s-{digest(seed, 'lb')[:32]}-{digest(seed, 'lb')[32:48]}.elb.{region}.amazonaws.com"
            return {"loadBalancer": {"ingress": [{"hostname": host}]}}
        case "Service":
            return {"loadBalancer": {}}
        case "Ingress":
            return {
                "loadBalancer": {"ingress": [{"hostname": f"ingress-{digest(seed)[:8]}.{region}.elb.amazonaws.com"}]}
            }
    return None


def with_secret_data(kind: str, properties: Properties) -> Properties:
    """A Secret's data is secret whether or not the program says so, as in the real provider."""
    if kind != "Secret":
        return properties
    hidden = {
        name: value if isinstance(value, Secret) else Secret(value)
        for name, value in properties.items()
        if name in ("data", "stringData") and value is not None
    }
    return {**properties, **hidden}
