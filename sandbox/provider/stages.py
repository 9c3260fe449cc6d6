"""The stage of a provider, by the provider's name."""

from __future__ import annotations

from sandbox.provider.cloud import Cloud, directory
from sandbox.provider.server import Stage


def stage(name: str) -> Stage:
    """The stage behind `pulumi-resource-NAME`."""
    if name == "random":
        from sandbox.provider.random.stage import Random

        return Random()
    cloud = Cloud(directory())
    if name == "aws":
        from sandbox.provider.aws.stage import Aws

        return Aws(cloud)
    if name == "kubernetes":
        from sandbox.provider.kubernetes.stage import Kubernetes

        return Kubernetes(cloud)
    raise SystemExit(f"no stage named {name!r}: aws, kubernetes or random")
