"""One class' Traefik as targets of a load balancer that somebody else made."""

from collections.abc import Mapping
from typing import Any, TypedDict

import pulumi
import pulumi_kubernetes as k8s

from odoo_estate.kubernetes.ingress_balancer import traefik_pods
from odoo_estate.kubernetes.metadata import object_metadata
from odoo_estate.plan import INGRESS_PORT


class IngressTargetsArgs(TypedDict):
    """Inputs of `IngressTargets`."""

    service: str
    release: str
    namespace: str
    labels: Mapping[str, str]
    target_group_arn: pulumi.Input[str]
    """A target group of IP addresses, tagged with the cluster's name, or the controller may not register pods in it."""


class IngressTargets(pulumi.ComponentResource):
    """Pods behind an application load balancer; security groups are the load balancer's own affair."""

    def __init__(self, name: str, args: IngressTargetsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("odoo-estate:kubernetes:IngressTargets", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        service = k8s.core.v1.Service(
            f"{name}-service",
            metadata=object_metadata(args["service"], args["namespace"], args["labels"]),
            spec={
                "type": "ClusterIP",
                "selector": traefik_pods(args["release"], args["namespace"]),
                "ports": [{"name": "websecure", "port": 443, "target_port": "websecure", "protocol": "TCP"}],
            },
            opts=child,
        )
        target_group_binding(
            f"{name}-targets",
            object_name=args["service"],
            service=args["service"],
            namespace=args["namespace"],
            labels=args["labels"],
            target_group_arn=args["target_group_arn"],
            opts=pulumi.ResourceOptions(parent=self, depends_on=[service]),
        )
        self.register_outputs({})


def target_group_binding(
    name: str,
    *,
    object_name: str,
    service: str,
    namespace: str,
    labels: Mapping[str, str],
    target_group_arn: pulumi.Input[str],
    balancer_group_id: pulumi.Input[str] | None = None,
    opts: pulumi.ResourceOptions,
) -> None:
    """The load balancer controller keeps the pods behind ``service`` in the target group. With ``balancer_group_id`` it also lets that security
    group through to them."""
    spec: dict[str, Any] = {
        "targetGroupARN": target_group_arn,
        "targetType": "ip",
        "serviceRef": {"name": service, "port": 443},
    }
    if balancer_group_id is not None:
        source = {"securityGroup": {"groupID": balancer_group_id}}
        spec["networking"] = {"ingress": [{"from": [source], "ports": [{"protocol": "TCP", "port": INGRESS_PORT}]}]}
    k8s.apiextensions.CustomResource(
        name,
        api_version="elbv2.k8s.aws/v1beta1",
        kind="TargetGroupBinding",
        metadata=object_metadata(object_name, namespace, labels),
        spec=spec,
        opts=opts,
    )
