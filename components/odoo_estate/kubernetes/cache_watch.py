"""The scheduled run that measures what each tenant takes of a shared cache."""

from collections.abc import Mapping
from typing import TypedDict

import pulumi
import pulumi_kubernetes as k8s

from odoo_estate.kubernetes.metadata import object_metadata
from odoo_estate.kubernetes.network_policies import CACHE_WATCH
from odoo_estate.kubernetes.pod import pod_template, resources, security_context
from odoo_estate.plan import CacheWatchPlan

UID = 65532
COMMAND = ("python", "-m", "odoo_estate_watch", "cache-share")


class CacheWatchArgs(TypedDict):
    """Inputs of `CacheWatch`."""

    plan: CacheWatchPlan
    labels: Mapping[str, str]
    address: pulumi.Input[str]
    """Host name of the cache's primary."""


class CacheWatch(pulumi.ComponentResource):
    """A CronJob under a service account of its own, which has a cloud identity and no secret. A run that failed is not tried again: the next is
    near."""

    def __init__(self, name: str, args: CacheWatchArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("odoo-estate:kubernetes:CacheWatch", name, None, opts)
        plan = args["plan"]
        head = object_metadata(plan.service_account, plan.namespace, args["labels"])
        account = k8s.core.v1.ServiceAccount(
            name, metadata=head, automount_service_account_token=False, opts=pulumi.ResourceOptions(parent=self)
        )
        k8s.batch.v1.CronJob(
            name,
            metadata=head,
            spec={
                "schedule": plan.schedule,
                "time_zone": "Etc/UTC",
                "concurrency_policy": "Forbid",
                "starting_deadline_seconds": plan.deadline_seconds,
                "successful_jobs_history_limit": 1,
                "failed_jobs_history_limit": 1,
                "job_template": {
                    "metadata": {"labels": dict(args["labels"])},
                    "spec": {
                        "backoff_limit": 0,
                        "active_deadline_seconds": plan.deadline_seconds,
                        "template": pod(args),
                    },
                },
            },
            opts=pulumi.ResourceOptions(parent=self, depends_on=[account]),
        )
        self.register_outputs({})


def pod(args: CacheWatchArgs) -> k8s.core.v1.PodTemplateSpecArgsDict:
    plan = args["plan"]
    environment: dict[str, pulumi.Input[str]] = {"CACHE_ADDRESS": args["address"], **plan.variables}
    return pod_template(
        labels={**args["labels"], **CACHE_WATCH},
        containers=[
            {
                "name": "cache-watch",
                "image": plan.image,
                "command": list(COMMAND),
                "env": [{"name": key, "value": value} for key, value in environment.items()],
                "resources": resources(plan.size),
                "security_context": security_context(),
            }
        ],
        volumes=[],
        uid=UID,
        gid=UID,
        service_account=plan.service_account,
        grace_seconds=10,
        priority_class=plan.priority_class,
        node_selector=plan.node_selector,
        tolerations=plan.tolerations,
        restart_policy="Never",
    )
