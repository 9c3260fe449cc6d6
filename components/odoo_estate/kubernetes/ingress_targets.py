"""One class' Traefik as targets of an application load balancer that somebody else made."""

from collections.abc import Mapping
from typing import TypedDict

import pulumi
import pulumi_kubernetes as k8s

from odoo_estate.kubernetes.ingress_balancer import traefik_pods
from odoo_estate.kubernetes.metadata import object_metadata


class IngressTargetsArgs(TypedDict):
    """Inputs of `IngressTargets`."""

    service: str
    release: str
    namespace: str
    labels: Mapping[str, str]
    target_group_arn: pulumi.Input[str]
    """A target group of IP addresses, tagged with the cluster's name, or the controller may not register pods in it."""


class IngressTargets(pulumi.ComponentResource):
    """The load balancer controller keeps the pods of the Service in the target group; security groups are the load balancer's own affair."""

    def __init__(self, name: str, args: IngressTargetsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("odoo-estate:kubernetes:IngressTargets", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        head = object_metadata(args["service"], args["namespace"], args["labels"])
        service = k8s.core.v1.Service(
            f"{name}-service",
            metadata=head,
            spec={
                "type": "ClusterIP",
                "selector": traefik_pods(args["release"], args["namespace"]),
                "ports": [{"name": "websecure", "port": 443, "target_port": "websecure", "protocol": "TCP"}],
            },
            opts=child,
        )
        k8s.apiextensions.CustomResource(
            f"{name}-targets",
            api_version="elbv2.k8s.aws/v1beta1",
            kind="TargetGroupBinding",
            metadata=head,
            spec={
                "targetGroupARN": args["target_group_arn"],
                "targetType": "ip",
                "serviceRef": {"name": args["service"], "port": 443},
            },
            opts=pulumi.ResourceOptions(parent=self, depends_on=[service]),
        )
        self.register_outputs({})
