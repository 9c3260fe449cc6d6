"""The head of a Kubernetes object."""

from collections.abc import Mapping

import pulumi_kubernetes as k8s


def object_metadata(name: str, namespace: str, labels: Mapping[str, str]) -> k8s.meta.v1.ObjectMetaArgsDict:
    """A named object in a namespace with its owner's labels; an empty name lets the provider make one up, an empty namespace is none."""
    head: k8s.meta.v1.ObjectMetaArgsDict = {"labels": dict(labels)}
    if name:
        head["name"] = name
    if namespace:
        head["namespace"] = namespace
    return head
