"""What Prometheus asks, and what it says of the answers."""

from collections.abc import Mapping
from typing import Any, TypedDict

import pulumi
import pulumi_kubernetes as k8s

from odoo_estate.kubernetes.metadata import object_metadata
from odoo_estate.plan import MonitoringPlan

API = "monitoring.coreos.com/v1"
SAMPLES = 50_000
"""Of one target: a thousand services with fifty series each; more is a mistake, and Prometheus' memory is everybody's."""


class MonitoringArgs(TypedDict):
    """Inputs of `Monitoring`."""

    plan: MonitoringPlan
    labels: Mapping[str, str]


class Monitoring(pulumi.ComponentResource):
    """Monitors of the ways in and of cert-manager, and the cell's alerting rules."""

    def __init__(self, name: str, args: MonitoringArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("odoo-estate:kubernetes:Monitoring", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        specs = {
            ("PodMonitor", "ingress"): ingress(args["plan"]),
            ("PodMonitor", "certificates"): certificates(args["plan"]),
            ("PrometheusRule", "alerts"): rules(args["plan"]),
        }
        for (kind, key), spec in specs.items():
            k8s.apiextensions.CustomResource(
                f"{name}-{key}",
                api_version=API,
                kind=kind,
                metadata=object_metadata(f"estate-{key}", args["plan"].namespace, args["labels"]),
                spec=spec,
                opts=child,
            )
        self.register_outputs({})


def ingress(plan: MonitoringPlan) -> dict[str, Any]:
    """Every Traefik, with its class as a label: the chart calls an instance by release and namespace."""
    return monitor(
        plan.ingress_namespace,
        {"app.kubernetes.io/name": "traefik"},
        {
            "port": "metrics",
            "relabelings": [
                {
                    "sourceLabels": ["__meta_kubernetes_pod_label_app_kubernetes_io_instance"],
                    "regex": f"traefik-(.+)-{plan.ingress_namespace}",
                    "targetLabel": "service_class",
                }
            ],
        },
    )


def certificates(plan: MonitoringPlan) -> dict[str, Any]:
    pods = {"app.kubernetes.io/name": "cert-manager", "app.kubernetes.io/component": "controller"}
    return monitor(plan.certificate_namespace, pods, {"port": "http-metrics"})


def monitor(namespace: str, pods: Mapping[str, str], endpoint: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "namespaceSelector": {"matchNames": [namespace]},
        "selector": {"matchLabels": dict(pods)},
        "sampleLimit": SAMPLES,
        "podMetricsEndpoints": [{"interval": "30s", **endpoint}],
    }


def rules(plan: MonitoringPlan) -> dict[str, Any]:
    """One group: evaluated together, so that a class' windows are of the same moment."""
    return {
        "groups": [
            {
                "name": "odoo-estate",
                "interval": "1m",
                "rules": [
                    {
                        "alert": alert.name,
                        "expr": alert.expression,
                        "for": f"{alert.minutes}m",
                        "labels": {"severity": alert.severity, "owner": "operations", **alert.labels},
                        "annotations": {"summary": alert.summary},
                    }
                    for alert in plan.alerts.values()
                ],
            }
        ]
    }
