"""The network load balancer in front of one class's Traefik."""

from collections.abc import Mapping
from typing import TypedDict

import pulumi
import pulumi_kubernetes as k8s

from odoo_estate.kubernetes.metadata import object_metadata
from odoo_estate.plan import INGRESS_LEAVE_SECONDS

ANNOTATION = "service.beta.kubernetes.io/aws-load-balancer"


class IngressBalancerArgs(TypedDict):
    """Inputs of an `IngressBalancer`."""

    service: str
    release: str
    """Name of the Helm release whose pods answer."""
    namespace: str
    labels: Mapping[str, str]


class IngressBalancer(pulumi.ComponentResource):
    """A Service of ours rather than the chart's: its address is known here, and it goes, with its load balancer, before the controller that has
    to take the load balancer down."""

    host: pulumi.Output[str]
    """The load balancer's own DNS name."""

    def __init__(self, name: str, args: IngressBalancerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("odoo-estate:kubernetes:IngressBalancer", name, None, opts)
        head = object_metadata(args["service"], args["namespace"], args["labels"])
        service = k8s.core.v1.Service(
            f"{name}-service",
            metadata={**head, "annotations": annotations()},
            spec={
                "type": "LoadBalancer",
                "load_balancer_class": "service.k8s.aws/nlb",
                "selector": traefik_pods(args["release"], args["namespace"]),
                "ports": [
                    {"name": "web", "port": 80, "target_port": "web", "protocol": "TCP"},
                    {"name": "websecure", "port": 443, "target_port": "websecure", "protocol": "TCP"},
                ],
            },
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.host = service.status.load_balancer.ingress[0].hostname
        self.register_outputs({"host": self.host})


def traefik_pods(release: str, namespace: str) -> dict[str, str]:
    """Labels of one class' Traefik: its chart joins release and namespace (helpers of chart 41)."""
    return {"app.kubernetes.io/name": "traefik", "app.kubernetes.io/instance": f"{release}-{namespace}"}


def annotations() -> dict[str, str]:
    """Straight to the pods, open to the internet, with the client's address by proxy protocol (Traefik trusts it from the load balancer only)."""
    attributes = {
        "deregistration_delay.timeout_seconds": str(INGRESS_LEAVE_SECONDS),
        "proxy_protocol_v2.enabled": "true",
    }
    return {
        f"{ANNOTATION}-nlb-target-type": "ip",
        f"{ANNOTATION}-scheme": "internet-facing",
        f"{ANNOTATION}-target-group-attributes": ",".join(f"{key}={value}" for key, value in attributes.items()),
    }
