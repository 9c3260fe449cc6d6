"""What a cluster has once for everybody: priorities, storage, ways in, certificates, third parties' controllers."""

from collections.abc import Mapping

import pulumi
import pulumi_kubernetes as k8s

from odoo_estate.kubernetes.metadata import object_metadata
from odoo_estate.plan import ChartPlan, IssuerPlan, PriorityPlan

STORAGE_CLASS = "encrypted-gp3"
SCRATCH_STORAGE_CLASS = "encrypted-gp3-scratch"
CHART_TIMEOUT_SECONDS = 900


def namespace(
    name: str, namespace_name: str, labels: Mapping[str, str], opts: pulumi.ResourceOptions
) -> k8s.core.v1.Namespace:
    """A namespace of the platform; its labels say what Pod Security it is held to."""
    return k8s.core.v1.Namespace(name, metadata=object_metadata(namespace_name, "", labels), opts=opts)


def priority_class(
    name: str, class_name: str, plan: PriorityPlan, labels: Mapping[str, str], opts: pulumi.ResourceOptions
) -> k8s.scheduling.v1.PriorityClass:
    """Who gets room first when it is short."""
    return k8s.scheduling.v1.PriorityClass(
        name,
        metadata=object_metadata(class_name, "", labels),
        value=plan.value,
        description=plan.description,
        global_default=False,
        opts=opts,
    )


def storage_class(
    name: str,
    key_arn: pulumi.Input[str],
    labels: Mapping[str, str],
    opts: pulumi.ResourceOptions,
    *,
    scratch: bool = False,
) -> k8s.storage.v1.StorageClass:
    """Encrypted volumes, made in the zone of the pod that waits for them, and kept when their claim goes; ``scratch`` ones go with it, or each
    run of a job would leave one behind."""
    return k8s.storage.v1.StorageClass(
        name,
        metadata=object_metadata(SCRATCH_STORAGE_CLASS if scratch else STORAGE_CLASS, "", labels),
        provisioner="ebs.csi.aws.com",
        parameters={"type": "gp3", "encrypted": "true", "kmsKeyId": key_arn},
        reclaim_policy="Delete" if scratch else "Retain",
        volume_binding_mode="WaitForFirstConsumer",
        allow_volume_expansion=True,
        opts=opts,
    )


def ingress_class(
    name: str, class_name: str, labels: Mapping[str, str], opts: pulumi.ResourceOptions
) -> k8s.networking.v1.IngressClass:
    """One way in per service class, so that one class's flood does not stop another's."""
    return k8s.networking.v1.IngressClass(
        name,
        metadata=object_metadata(class_name, "", labels),
        spec={"controller": "traefik.io/ingress-controller"},
        opts=opts,
    )


def cluster_issuer(
    name: str, issuer: str, plan: IssuerPlan, labels: Mapping[str, str], opts: pulumi.ResourceOptions
) -> k8s.apiextensions.CustomResource:
    """Proves domains by DNS records (cert-manager's own cloud identity writes them): the estate's directly, a customer's by the record that its
    owner delegates into the estate's zone. Who cannot write a domain's records gets no certificate for it, and who moves in has one before the
    first request. No proof by request: it would need an open way in before there is a certificate."""
    route53 = {"route53": {"region": plan.region}}
    own = {"selector": {"dnsZones": list(plan.domains)}, "dns01": route53}
    delegated = {"dns01": {"cnameStrategy": "Follow", **route53}}
    return k8s.apiextensions.CustomResource(
        name,
        api_version="cert-manager.io/v1",
        kind="ClusterIssuer",
        metadata=object_metadata(issuer, "", labels),
        spec={
            "acme": {
                "server": plan.server,
                "email": plan.email,
                "privateKeySecretRef": {"name": f"{issuer}-account"},
                "solvers": [own, delegated],
            }
        },
        opts=opts,
    )


def tls_options(
    name: str, namespace_name: str, labels: Mapping[str, str], opts: pulumi.ResourceOptions, *, strict: bool = True
) -> k8s.apiextensions.CustomResource:
    """TLS of every ingress: 1.2 and later with forward secrecy, and (``strict``) nothing for a name that has no certificate. An application load
    balancer names no host when it connects to its targets, nor looks at their certificate. Traefik takes ``default`` from one namespace only."""
    return k8s.apiextensions.CustomResource(
        name,
        api_version="traefik.io/v1alpha1",
        kind="TLSOption",
        metadata=object_metadata("default", namespace_name, labels),
        spec={
            "minVersion": "VersionTLS12",
            # Of TLS 1.2; those of 1.3 are not for choosing.
            "cipherSuites": [
                f"TLS_ECDHE_{signed}_WITH_{cipher}"
                # Ours are ECDSA; the certificate that Traefik makes itself where no name is asked for is RSA.
                for signed in (("ECDSA",) if strict else ("ECDSA", "RSA"))
                for cipher in ("AES_128_GCM_SHA256", "AES_256_GCM_SHA384", "CHACHA20_POLY1305_SHA256")
            ],
            "sniStrict": strict,
        },
        opts=opts,
    )


def entry_certificate(
    name: str,
    *,
    namespace_name: str,
    domain: str,
    issuer: str,
    labels: Mapping[str, str],
    opts: pulumi.ResourceOptions,
) -> None:
    """A certificate for every tenant's name in the cell's zone, whose key lies where no tenant reaches it. Traefik takes the store ``default`` from
    this namespace only."""
    secret = "entry-tls"
    k8s.apiextensions.CustomResource(
        name,
        api_version="cert-manager.io/v1",
        kind="Certificate",
        metadata=object_metadata("entry", namespace_name, labels),
        spec={
            "secretName": secret,
            "dnsNames": [domain],
            "issuerRef": {"kind": "ClusterIssuer", "name": issuer},
            "privateKey": {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Always"},
        },
        opts=opts,
    )
    k8s.apiextensions.CustomResource(
        f"{name}-store",
        api_version="traefik.io/v1alpha1",
        kind="TLSStore",
        metadata=object_metadata("default", namespace_name, labels),
        spec={"certificates": [{"secretName": secret}]},
        opts=opts,
    )


def chart(name: str, release: str, plan: ChartPlan, opts: pulumi.ResourceOptions) -> k8s.helm.v3.Release:
    """A third party's controller. A failed upgrade goes back to what ran before."""
    oci = plan.repository.startswith("oci://")
    return k8s.helm.v3.Release(
        name,
        name=release,
        chart=f"{plan.repository.rstrip('/')}/{plan.chart}" if oci else plan.chart,
        repository_opts=None if oci else {"repo": plan.repository},
        version=plan.version,
        namespace=plan.namespace,
        values=dict(plan.values),
        atomic=True,
        max_history=5,
        timeout=CHART_TIMEOUT_SECONDS,
        opts=opts,
    )
