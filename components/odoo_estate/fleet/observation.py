"""What AWS says about a cell's recovery, and what customers' browsers would see of it: the questions of `decide.procedure.Check`, each answered by
one or two calls.

Read only. Credentials are the caller's, as for the engine; the target's role is assumed where it names one.
"""

import http.client
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from odoo_estate.decide.procedure import Check, Question
from odoo_estate.plan import AwsTarget

SETTINGS = Config(connect_timeout=5, read_timeout=20, retries={"max_attempts": 3, "mode": "standard"})
"""A lost region answers nothing: better to know within seconds."""
SECONDS_TO_ANSWER = 10
WINDOW = timedelta(minutes=15)
"""CloudWatch's RDS and S3 replication metrics arrive once a minute, some minutes late."""


@dataclass(frozen=True, kw_only=True)
class Observation:
    """The answer to a check: whether it is the wanted one, what was found in words, and the figure or ARN behind it."""

    holds: bool
    found: str
    value: float | str | None = None


class Aws:
    """Asks AWS. ``now`` is the clock; both are replaced in tests against a simulator."""

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.now = now

    def __call__(self, check: Check) -> Observation:
        """The answer. That AWS cannot be asked is an answer too: to ``primary-gone`` the wanted one where the region itself is silent."""
        try:
            return _ANSWERS[check.question](self, check)
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", ""))
            return Observation(holds=False, found=f"AWS refuses to answer: {code}")
        except BotoCoreError as error:
            silent = check.question == "primary-gone" and _unreachable(error)
            return Observation(holds=silent, found=f"{check.target.region} cannot be asked: {type(error).__name__}")

    # -- answers

    def primary_gone(self, check: Check) -> Observation:
        instance = self._instance(check)
        if instance is None:
            return Observation(holds=True, found=f"{check.subject} does not exist")
        status = str(instance["DBInstanceStatus"])
        return Observation(holds=status == "stopped", found=f"{check.subject} is {status}", value=status)

    def is_standby(self, check: Check) -> Observation:
        instance = self._instance(check)
        if instance is None:
            return Observation(holds=False, found=f"{check.subject} does not exist")
        status, source = str(instance["DBInstanceStatus"]), instance.get("ReadReplicaSourceDBInstanceIdentifier")
        follows = f"follows {source}" if source else "follows nothing"
        broken = [one for one in instance.get("StatusInfos") or () if not one.get("Normal", True)]
        told = "".join(f"; replication {one.get('Status')}: {one.get('Message', '')}" for one in broken)
        holds = bool(source) and status in ("available", "modifying", "backing-up") and not broken
        return Observation(holds=holds, found=f"{check.subject} is {status}, {follows}{told}", value=status)

    def is_primary(self, check: Check) -> Observation:
        instance = self._instance(check)
        if instance is None:
            return Observation(holds=False, found=f"{check.subject} does not exist")
        status, source = str(instance["DBInstanceStatus"]), instance.get("ReadReplicaSourceDBInstanceIdentifier")
        follows = f"still follows {source}" if source else "follows nothing"
        return Observation(
            holds=status == "available" and not source, found=f"{check.subject} is {status}, {follows}", value=status
        )

    def lag(self, check: Check) -> Observation:
        newest = self._newest(check.target, "AWS/RDS", "ReplicaLag", {"DBInstanceIdentifier": check.subject}, "Maximum")
        if newest is None:
            return Observation(
                holds=False, found=f"no ReplicaLag of {check.subject} in the last {_minutes(WINDOW)} minutes"
            )
        if newest < 0:  # RDS reports -1 where replication is not running
            return Observation(holds=False, found=f"{check.subject}: replication is not running", value=newest)
        return self._within(check, newest, f"{check.subject} is {newest:g} seconds behind")

    def backups_age(self, check: Check) -> Observation:
        pages = self._client(check.target, "rds").get_paginator("describe_db_instance_automated_backups")
        found = [
            one
            for page in pages.paginate(DBInstanceIdentifier=check.subject)
            for one in page["DBInstanceAutomatedBackups"]
            if one.get("RestoreWindow", {}).get("LatestTime")
        ]
        if not found:
            return Observation(holds=False, found=f"no replicated backups of {check.subject} in {check.target.region}")
        newest = max(found, key=lambda one: one["RestoreWindow"]["LatestTime"])
        age = self._age(newest["RestoreWindow"]["LatestTime"])
        return self._within(check, age, f"{check.subject} can be restored to {age:.0f} minutes ago")

    def recovery_point_age(self, check: Check) -> Observation:
        vault, _, identifier = check.subject.partition("/")
        pages = self._client(check.target, "backup").get_paginator("list_recovery_points_by_backup_vault")
        points = [
            one
            for page in pages.paginate(BackupVaultName=vault, ByResourceType="RDS")
            for one in page["RecoveryPoints"]
            if one.get("Status", "COMPLETED") == "COMPLETED"
            and str(one.get("ResourceArn", "")).rpartition(":")[2] == identifier
        ]
        if not points:
            return Observation(holds=False, found=f"no complete recovery point of {identifier} in vault {vault}")
        newest = max(points, key=lambda one: one["CreationDate"])
        age = self._age(newest["CreationDate"])
        answer = self._within(check, age, f"the newest recovery point of {identifier} is {age:.0f} minutes old")
        return Observation(holds=answer.holds, found=answer.found, value=str(newest["RecoveryPointArn"]))

    def objects_pending(self, check: Check) -> Observation:
        source, _, copy = check.subject.partition(">")
        dimensions = {"SourceBucket": source, "DestinationBucket": copy, "RuleId": "everything"}
        newest = self._newest(check.target, "AWS/S3", "OperationsPendingReplication", dimensions, "Maximum")
        # S3 publishes the metric only while there is something to replicate.
        return self._within(check, newest or 0, f"{newest or 0:g} objects on their way from {source}")

    def nodes_ready(self, check: Check) -> Observation:
        eks = self._client(check.target, "eks")
        groups = [
            eks.describe_nodegroup(clusterName=check.subject, nodegroupName=one)["nodegroup"]
            for page in eks.get_paginator("list_nodegroups").paginate(clusterName=check.subject)
            for one in page["nodegroups"]
        ]
        waiting = [str(one["nodegroupName"]) for one in groups if one["status"] != "ACTIVE" or not _enough(one)]
        if not groups or waiting:
            return Observation(
                holds=False, found=f"{check.subject}: {', '.join(waiting) or 'no node groups'} not ready"
            )
        return Observation(holds=True, found=f"{check.subject}: {len(groups)} node groups ready")

    def serving(self, check: Check) -> Observation:
        request = urllib.request.Request(check.subject, headers={"User-Agent": "odoo-estate"})
        try:
            with urllib.request.urlopen(request, timeout=SECONDS_TO_ANSWER) as answer:
                return Observation(holds=True, found=f"{check.subject} answers {answer.status}")
        except urllib.error.HTTPError as error:
            return Observation(holds=False, found=f"{check.subject} answers {error.code}")
        except (OSError, http.client.HTTPException) as error:
            return Observation(holds=False, found=f"{check.subject} does not answer: {getattr(error, 'reason', error)}")

    def free_storage(self, check: Check) -> Observation:
        """At least ``limit`` GiB."""
        newest = self._newest(
            check.target, "AWS/RDS", "FreeStorageSpace", {"DBInstanceIdentifier": check.subject}, "Minimum"
        )
        if newest is None:
            return Observation(holds=False, found=f"no FreeStorageSpace of {check.subject} in the last minutes")
        free = newest / 2**30
        found = f"{check.subject} has {free:.0f} GiB free, {check.limit:g} are needed"
        return Observation(holds=free >= check.limit, found=found, value=free)

    # -- how

    def _instance(self, check: Check) -> Mapping[str, Any] | None:
        try:
            answer = self._client(check.target, "rds").describe_db_instances(DBInstanceIdentifier=check.subject)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in ("DBInstanceNotFound", "DBInstanceNotFoundFault"):
                return None
            raise
        found: Mapping[str, Any] = answer["DBInstances"][0]
        return found

    def _newest(
        self, target: AwsTarget, namespace: str, metric: str, dimensions: Mapping[str, str], statistic: str
    ) -> float | None:
        end = self.now()
        answer = self._client(target, "cloudwatch").get_metric_statistics(
            Namespace=namespace,
            MetricName=metric,
            Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
            StartTime=end - WINDOW,
            EndTime=end,
            Period=60,
            Statistics=[statistic],
        )
        points = sorted(answer["Datapoints"], key=lambda one: one["Timestamp"])
        return float(points[-1][statistic]) if points else None

    def _within(self, check: Check, value: float, found: str) -> Observation:
        accepted = f", at most {check.limit:g} {check.unit} are accepted" if value > check.limit else ""
        return Observation(holds=value <= check.limit, found=found + accepted, value=value)

    def _age(self, moment: datetime) -> float:
        return max(0.0, (self.now() - moment).total_seconds() / 60)

    def _client(self, target: AwsTarget, service: str) -> Any:
        return _client(target, service)


@cache
def _client(target: AwsTarget, service: str) -> Any:
    if not target.role:
        return boto3.client(service, region_name=target.region, config=SETTINGS)
    # The recovery region's endpoint: the global one lives in us-east-1, a home region's may be the lost one.
    answer = boto3.client("sts", region_name=target.region, config=SETTINGS).assume_role(
        RoleArn=target.arn("iam", f"role/{target.role}", regional=False), RoleSessionName="estate-procedure"
    )
    keys = answer["Credentials"]
    return boto3.client(
        service,
        region_name=target.region,
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
        config=SETTINGS,
    )


def _unreachable(error: BotoCoreError) -> bool:
    return type(error).__name__ in (
        "EndpointConnectionError",
        "ConnectTimeoutError",
        "ReadTimeoutError",
        "ConnectionClosedError",
    )


def _enough(group: Mapping[str, Any]) -> bool:
    issues = group.get("health", {}).get("issues") or ()
    return not issues


def _minutes(span: timedelta) -> int:
    return int(span.total_seconds() // 60)


_ANSWERS: Mapping[Question, Callable[[Aws, Check], Observation]] = {
    "primary-gone": Aws.primary_gone,
    "is-standby": Aws.is_standby,
    "is-primary": Aws.is_primary,
    "lag": Aws.lag,
    "backups-age": Aws.backups_age,
    "recovery-point-age": Aws.recovery_point_age,
    "objects-pending": Aws.objects_pending,
    "nodes-ready": Aws.nodes_ready,
    "serving": Aws.serving,
    "free-storage": Aws.free_storage,
}
