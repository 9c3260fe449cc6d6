"""Resources per second: recorded for the offline preview, and registered through the SDK's own mock monitor.

    python benchmarks/recorder.py [RESOURCES]

Both run the same program of typed AWS and Kubernetes resources in components. CPU seconds, the best of three.
"""

import asyncio
import contextvars
import sys
import time
from collections.abc import Callable
from typing import Any

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as k8s
from pulumi.runtime import mocks, settings
from pulumi.runtime.stack import run_in_stack

from odoo_estate.preview.checked import checked
from odoo_estate.preview.recorder import record

PER_COMPONENT = 10


class Tenant(pulumi.ComponentResource):
    """Nine resources of the kinds a tenant is made of."""

    def __init__(self, name: str, opts: pulumi.ResourceOptions) -> None:
        super().__init__("benchmark:index:Tenant", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        bucket = aws.s3.Bucket(f"{name}-files", tags={"tenant": name}, opts=child)
        role = aws.iam.Role(f"{name}-odoo", assume_role_policy="{}", opts=child)
        aws.iam.RolePolicy(
            f"{name}-files",
            role=role.name,
            policy=pulumi.Output.json_dumps(
                {"Statement": [{"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": [bucket.arn]}]}
            ),
            opts=child,
        )
        namespace = k8s.core.v1.Namespace(name, metadata={"name": name, "labels": {"tenant": name}}, opts=child)
        k8s.core.v1.ResourceQuota(
            name,
            metadata={"namespace": namespace.metadata.name},
            spec={"hard": {"requests.cpu": "4", "limits.memory": "8Gi"}},
            opts=child,
        )
        k8s.networking.v1.NetworkPolicy(
            name,
            metadata={"namespace": namespace.metadata.name},
            spec={"pod_selector": {}, "policy_types": ["Ingress", "Egress"]},
            opts=child,
        )
        for workload in ("web", "cron"):
            k8s.apps.v1.Deployment(
                f"{name}-{workload}",
                metadata={"namespace": namespace.metadata.name},
                spec={
                    "replicas": 2,
                    "selector": {"match_labels": {"app": workload}},
                    "template": {
                        "metadata": {"labels": {"app": workload}},
                        "spec": {
                            "containers": [
                                {
                                    "name": "odoo",
                                    "image": "odoo",
                                    "env": [{"name": "BUCKET", "value": bucket.bucket}],
                                    "resources": {"requests": {"cpu": "500m"}, "limits": {"memory": "1Gi"}},
                                }
                            ]
                        },
                    },
                },
                opts=child,
            )
        k8s.core.v1.ConfigMap(f"{name}-conf", data={"bucket": bucket.bucket}, opts=child)
        self.register_outputs({"bucket": bucket.bucket})


def program(resources: int) -> Callable[[], None]:
    """A stack of about ``resources`` resources."""

    def build() -> None:
        providers = [
            aws.Provider("aws", region="eu-central-1", default_tags={"tags": {"managed-by": "odoo-estate"}}),
            k8s.Provider("cell", kubeconfig="{}", cluster_identifier="cell-1"),
        ]
        for number in range(resources // PER_COMPONENT):
            Tenant(f"t{number}", pulumi.ResourceOptions(providers=providers))

    return build


class _Echo(mocks.Mocks):
    def new_resource(self, args: mocks.MockResourceArgs) -> Any:
        return f"{args.name}-id", args.inputs

    def call(self, args: mocks.MockCallArgs) -> Any:  # noqa: ARG002
        return {}, []


def register(build: Callable[[], None]) -> None:
    """The same program through the SDK's registration, answered by its mock monitor."""

    def run() -> None:
        monitor = mocks.MockMonitor(_Echo())
        settings.ROOT.set(None)
        settings.configure(
            mocks.MockSettings(
                monitor=monitor,
                monitor_features=set(),
                engine=mocks.MockEngine(None),
                project="estate",
                stack="dev",
                dry_run=True,
                callbacks=None,
                outputs=set(),
            )
        )
        asyncio.run(run_in_stack(build))

    contextvars.copy_context().run(run)


def best_of_three(work: Callable[[], object]) -> float:
    """CPU seconds of the fastest of three runs after one that warms the caches."""
    work()
    taken = []
    for _ in range(3):
        started = time.process_time()
        work()
        taken.append(time.process_time() - started)
    return min(taken)


def main() -> None:
    """Print both, side by side."""
    resources = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    build = program(resources)
    count = len(record(build, project="estate", stack="dev"))
    rows = [
        ("recorded", best_of_three(lambda: record(build, project="estate", stack="dev"))),
        ("recorded and checked", best_of_three(lambda: checked(record(build, project="estate", stack="dev")))),
        ("registered with mocks", best_of_three(lambda: register(build))),
    ]
    print(f"{count} resources of one stack")
    for name, seconds in rows:
        print(f"{name:<24}{count / seconds:>12,.0f} resources/s{seconds / count * 1e6:>10,.0f} µs/resource")


if __name__ == "__main__":
    main()
