"""A Route 53 health check of a public host."""

from typing import TypedDict

import pulumi
from pulumi_aws import route53

HTTPS_PORT = 443


class HealthCheckArgs(TypedDict):
    """Inputs of `HealthCheck`: ``failures`` in a row, ``interval_seconds`` apart, make the host unhealthy."""

    host: str
    path: str
    interval_seconds: int
    failures: int


class HealthCheck(pulumi.ComponentResource):
    """Asked over HTTPS from several regions of the world."""

    id: pulumi.Output[str]

    def __init__(self, name: str, args: HealthCheckArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("odoo-estate:aws:HealthCheck", name, None, opts)
        check = route53.HealthCheck(
            name,
            type="HTTPS",
            fqdn=args["host"],
            port=HTTPS_PORT,
            resource_path=args["path"],
            request_interval=args["interval_seconds"],
            failure_threshold=args["failures"],
            enable_sni=True,
            tags={"Name": args["host"]},
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.id = check.id
        self.register_outputs({"id": self.id})
