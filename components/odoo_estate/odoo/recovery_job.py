"""Scheduled runs of the recovery program for one tenant: dumps, and their verification by restoring."""

from collections.abc import Mapping, Sequence
from typing import TypedDict

import pulumi
import pulumi_kubernetes as k8s

from odoo_estate.kubernetes.cluster_scope import SCRATCH_STORAGE_CLASS
from odoo_estate.kubernetes.metadata import object_metadata
from odoo_estate.kubernetes.network_policies import RECOVERY
from odoo_estate.kubernetes.pod import STAYS, pod_template, resources, scratch, security_context
from odoo_estate.odoo.database_job import SERVICE, SERVICE_FOLDER
from odoo_estate.plan import RecoveryCommandPlan, RecoveryPlan, TenantJobPlan

UID = 65532
PROGRAM = "odoo_estate_recovery"
SCRATCH_FOLDER = "/scratch"
TEMPORARY_MIB = 64
FINAL_EXIT_CODES = (2, 3)
"""Wrong settings, and dumps that are not what they should be: trying again would find the same."""
GRACE_SECONDS = 60
"""To drop the scratch database and abort the upload."""
FINISHED_SECONDS = 6 * 3600
"""A finished pod still holds its scratch volume, so it may not lie about for long; its log has been shipped by then."""


class RecoveryJobsArgs(TypedDict):
    """Inputs of `RecoveryJobs`."""

    plan: RecoveryPlan
    labels: Mapping[str, str]
    service: pulumi.Input[str]
    """Kubernetes Secret with a ``pg_service.conf`` whose service ``admin`` is the instance's master user."""
    key_arn: pulumi.Input[str]
    """Encrypts the dumps."""


class RecoveryRunArgs(TypedDict):
    """Inputs of a `RecoveryRun`; ``service`` and ``key_arn`` as in `RecoveryJobsArgs`."""

    plan: RecoveryCommandPlan
    job: TenantJobPlan
    labels: Mapping[str, str]
    service: pulumi.Input[str]
    key_arn: pulumi.Input[str]


class RecoveryJobs(pulumi.ComponentResource):
    """One CronJob for each verb, under a service account of the tenant's own. Two runs of one job never overlap."""

    def __init__(self, name: str, args: RecoveryJobsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("odoo-estate:odoo:RecoveryJobs", name, None, opts)
        plan = args["plan"]
        account = k8s.core.v1.ServiceAccount(
            name,
            metadata=object_metadata(plan.service_account, plan.namespace, args["labels"]),
            automount_service_account_token=False,
            opts=pulumi.ResourceOptions(parent=self),
        )
        for verb, job in plan.jobs.items():
            k8s.batch.v1.CronJob(
                f"{name}-{verb}",
                metadata=object_metadata(job.name, plan.namespace, args["labels"]),
                spec={
                    "schedule": job.schedule,
                    "time_zone": "Etc/UTC",
                    "concurrency_policy": "Forbid",
                    "starting_deadline_seconds": job.starting_deadline_seconds,
                    "successful_jobs_history_limit": 1,
                    "failed_jobs_history_limit": 1,
                    "job_template": {
                        "metadata": {"labels": dict(args["labels"])},
                        "spec": {
                            "backoff_limit": job.retries,
                            "active_deadline_seconds": job.deadline_seconds,
                            "ttl_seconds_after_finished": FINISHED_SECONDS,
                            "pod_failure_policy": failures(),
                            "template": pod(args, verb, scratch_volume(job.scratch_mib, own=job.own_volume)),
                        },
                    },
                },
                opts=pulumi.ResourceOptions(parent=self, depends_on=[account]),
            )
        self.register_outputs({})


class RecoveryRun(pulumi.ComponentResource):
    """The recovery program once, on demand. Whoever asked for it watches how it ends: the engine does not wait for hours, and may be cut off."""

    def __init__(self, name: str, args: RecoveryRunArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("odoo-estate:odoo:RecoveryRun", name, None, opts)
        plan, job = args["plan"], args["job"]
        where = scratch_volume(plan.scratch_mib, own=plan.own_volume)
        k8s.batch.v1.Job(
            f"{name}-run",
            metadata=unwatched(job.name, plan.namespace, args["labels"]),
            spec=once(job, pod(args, job.phase, where, plan.arguments)),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({})


def unwatched(name: str, namespace: str, labels: Mapping[str, str]) -> k8s.meta.v1.ObjectMetaArgsDict:
    """The head of a Job that the engine makes without waiting for its end. The name is the run's: an engine that was cut off makes no second one."""
    head = object_metadata(name, namespace, labels)
    return {**head, "annotations": {"pulumi.com/skipAwait": "true"}}


def once(job: TenantJobPlan, template: k8s.core.v1.PodTemplateSpecArgsDict) -> k8s.batch.v1.JobSpecArgsDict:
    """No time to live: how it ended is read from the Job, and the next step takes it away. A pod is replaced only once it has ended: never two."""
    return {
        "backoff_limit": job.retries,
        "active_deadline_seconds": job.deadline_seconds,
        "pod_failure_policy": failures(),
        "pod_replacement_policy": "Failed",
        "template": template,
    }


def failures() -> k8s.batch.v1.PodFailurePolicyArgsDict:
    """A lost node costs no retry; what was found wrong is not tried again."""
    return {
        "rules": [
            {"action": "FailJob", "on_exit_codes": {"operator": "In", "values": list(FINAL_EXIT_CODES)}},
            {"action": "Ignore", "on_pod_conditions": [{"type": "DisruptionTarget", "status": "True"}]},
        ]
    }


def pod(
    args: RecoveryJobsArgs | RecoveryRunArgs,
    name: str,
    dumps: k8s.core.v1.VolumeArgsDict,
    arguments: Sequence[str] = (),
) -> k8s.core.v1.PodTemplateSpecArgsDict:
    """``arguments`` of the program; its verb is ``name`` without any."""
    plan = args["plan"]
    folders = {"service": SERVICE_FOLDER, "temporary": "/tmp", "scratch": SCRATCH_FOLDER}
    environment: dict[str, pulumi.Input[str]] = {
        "PGSERVICEFILE": f"{SERVICE_FOLDER}/{SERVICE}",
        "HOME": "/tmp",
        "SCRATCH_DIR": SCRATCH_FOLDER,
        "KMS_KEY_ARN": args["key_arn"],
        **plan.variables,
    }
    return pod_template(
        labels={**args["labels"], **RECOVERY},
        annotations=STAYS,
        containers=[
            {
                "name": name,
                "image": plan.image,
                "command": ["python", "-m", PROGRAM, *(arguments or (name,))],
                "env": [{"name": key, "value": value} for key, value in environment.items()],
                "resources": resources(plan.size),
                "security_context": security_context(),
                "volume_mounts": [
                    {"name": key, "mount_path": folder, "read_only": key == "service"}
                    for key, folder in folders.items()
                ],
            }
        ],
        volumes=[
            {"name": "service", "secret": {"secret_name": args["service"]}},
            scratch("temporary", TEMPORARY_MIB),
            dumps,
        ],
        uid=UID,
        gid=UID,
        service_account=plan.service_account,
        grace_seconds=GRACE_SECONDS,
        priority_class=plan.priority_class,
        restart_policy="Never",
    )


def scratch_volume(size_mib: int, *, own: bool) -> k8s.core.v1.VolumeArgsDict:
    """Where a plain dump lies meanwhile: on the node, or on a volume of its own where it would fill that."""
    return volume("scratch", size_mib) if own else scratch("scratch", size_mib or TEMPORARY_MIB)


def volume(name: str, size_mib: int) -> k8s.core.v1.VolumeArgsDict:
    """A volume that comes and goes with its pod."""
    return {
        "name": name,
        "ephemeral": {
            "volume_claim_template": {
                "spec": {
                    "access_modes": ["ReadWriteOnce"],
                    "storage_class_name": SCRATCH_STORAGE_CLASS,
                    "resources": {"requests": {"storage": f"{size_mib}Mi"}},
                }
            }
        },
    }


def places(
    name: str,
    *,
    namespace: str,
    priority_class: str,
    jobs: int,
    labels: Mapping[str, str],
    opts: pulumi.ResourceOptions,
) -> k8s.core.v1.ResourceQuota:
    """So many recovery jobs of all tenants run at once, as their priority class tells; the others wait for a place."""
    return k8s.core.v1.ResourceQuota(
        name,
        metadata=object_metadata("recovery", namespace, labels),
        spec={
            "hard": {"pods": str(jobs)},
            "scope_selector": {
                "match_expressions": [{"operator": "In", "scope_name": "PriorityClass", "values": [priority_class]}]
            },
        },
        opts=opts,
    )
