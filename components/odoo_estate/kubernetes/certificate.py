"""Certificates of the cluster's own authority, for what speaks to each other inside: cert-manager makes and renews them."""

from collections.abc import Mapping, Sequence
from typing import Literal

import pulumi
import pulumi_kubernetes as k8s

from odoo_estate.kubernetes.metadata import object_metadata

API = "cert-manager.io/v1"
AUTHORITY = "internal"
"""ClusterIssuer of certificates inside the cluster, and the Secret with its own."""
ROOT = "internal-root"
AUTHORITY_HOURS = 87600
"""Ten years: whoever trusts it reads it anew only when a pod starts."""


def certificate(
    name: str,
    *,
    secret: str,
    namespace: str,
    labels: Mapping[str, str],
    hosts: Sequence[str],
    usage: Literal["server auth", "client auth"],
    opts: pulumi.ResourceOptions,
) -> k8s.apiextensions.CustomResource:
    """A Secret with ``tls.crt``, ``tls.key``, and ``ca.crt``, the authority's own certificate."""
    return k8s.apiextensions.CustomResource(
        name,
        api_version=API,
        kind="Certificate",
        metadata=object_metadata(secret, namespace, labels),
        spec={
            "secretName": secret,
            "dnsNames": list(hosts),
            "usages": [usage],
            "issuerRef": {"kind": "ClusterIssuer", "name": AUTHORITY},
            "privateKey": {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Always"},
        },
        opts=opts,
    )


def authority(*, namespace: str, labels: Mapping[str, str], opts: pulumi.ResourceOptions) -> list[pulumi.Resource]:
    """The cluster's own certificate authority. Its key never leaves ``namespace``, which has to be cert-manager's own: a ClusterIssuer reads
    its Secret there."""
    root = k8s.apiextensions.CustomResource(
        f"issuer-{ROOT}",
        api_version=API,
        kind="ClusterIssuer",
        metadata=object_metadata(ROOT, "", labels),
        spec={"selfSigned": {}},
        opts=opts,
    )
    own = k8s.apiextensions.CustomResource(
        f"certificate-{AUTHORITY}",
        api_version=API,
        kind="Certificate",
        metadata=object_metadata(AUTHORITY, namespace, labels),
        spec={
            "isCA": True,
            "commonName": f"{AUTHORITY}.cluster.local",
            "secretName": AUTHORITY,
            "duration": f"{AUTHORITY_HOURS}h",
            "issuerRef": {"kind": "ClusterIssuer", "name": ROOT},
            "privateKey": {"algorithm": "ECDSA", "size": 256},
        },
        opts=opts,
    )
    issuer = k8s.apiextensions.CustomResource(
        f"issuer-{AUTHORITY}",
        api_version=API,
        kind="ClusterIssuer",
        metadata=object_metadata(AUTHORITY, "", labels),
        spec={"ca": {"secretName": AUTHORITY}},
        opts=opts,
    )
    return [root, own, issuer]
