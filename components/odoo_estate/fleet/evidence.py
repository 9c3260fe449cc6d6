"""Brings the newest evidence of each tenant from its bucket into the estate. Reads buckets, writes files of the estate, changes nothing else."""

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from odoo_estate.errors import OperationFailed
from odoo_estate.plan import AwsTarget, RecoveryPlan, TenantPlan
from odoo_estate.spec.evidence import FOLDER, MAX_BYTES, Evidence, Unusable, read_evidence

AT_ONCE = 8
Client = Callable[[AwsTarget], Any]
"""Makes an S3 client for an account and a region."""


@dataclass(frozen=True, kw_only=True)
class Collected:
    """What a tenant's bucket holds. ``evidence`` is None where none is promised or there; ``fault`` says why nothing could be told."""

    newest_dump: datetime | None = None
    evidence: Evidence | None = None
    fault: str = ""


def collect(directory: Path, plans: Sequence[TenantPlan], client: Client | None = None) -> dict[str, Collected]:
    """The newest dump and evidence by stack; evidence that is newer than what the estate has is written to its folder, whole or not at all.

    One tenant's fault leaves the others be.
    """
    try:
        from botocore.exceptions import BotoCoreError, ClientError
    except ImportError:
        raise OperationFailed(
            "boto3 is not installed: collecting needs the extra `recovery` (odoo-estate[recovery])"
        ) from None

    clients = _Clients(client or assumed)

    def one(plan: TenantPlan) -> Collected:
        assert plan.recovery is not None
        try:
            return _collect(directory, plan.recovery, clients.of(plan.target))
        except ClientError as error:
            return Collected(fault=f"{plan.recovery.variables['BACKUP_BUCKET']}: {error.response['Error']['Code']}")
        except BotoCoreError as error:
            return Collected(fault=f"{plan.recovery.variables['BACKUP_BUCKET']}: {type(error).__name__}")
        except Unusable as unusable:
            return Collected(fault=f"the newest evidence {unusable}")
        except OSError as error:
            return Collected(fault=f"{error.filename}: {error.strerror}")

    for plan in plans:
        clients.of(plan.target)  # sessions are not made from several threads at once
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return dict(zip((plan.stack for plan in plans), pool.map(one, plans), strict=True))


class _Clients:
    def __init__(self, make: Client) -> None:
        self._make = make
        self._made: dict[AwsTarget, Any] = {}

    def of(self, target: AwsTarget) -> Any:
        if target not in self._made:
            self._made[target] = self._make(target)
        return self._made[target]


def assumed(target: AwsTarget) -> Any:
    """S3 as the role that the plan's provider assumes, or as the caller."""
    import boto3

    if not target.role:
        return boto3.client("s3", region_name=target.region)
    sts = boto3.client("sts", region_name=target.region)
    arn = target.arn("iam", f"role/{target.role}", regional=False)
    given = sts.assume_role(RoleArn=arn, RoleSessionName="estate-evidence")["Credentials"]
    return boto3.client(
        "s3",
        region_name=target.region,
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given["SessionToken"],
    )


def _collect(directory: Path, plan: RecoveryPlan, s3: Any) -> Collected:
    bucket, prefix = plan.variables["BACKUP_BUCKET"], plan.variables["BACKUP_PREFIX"]
    dump = _newest_dump(s3, bucket, prefix)
    if "verify" not in plan.jobs:
        return Collected(newest_dump=dump)
    content = _newest_evidence(s3, bucket, f"{prefix}evidence/")
    if content is None:
        return Collected(newest_dump=dump)
    evidence = read_evidence(content)
    tenant = plan.variables["TENANT"]
    if evidence.tenant != tenant:
        raise Unusable(f"is about {evidence.tenant}, not {tenant}")
    file = directory / FOLDER / f"{tenant}.json"
    if _is_newer(evidence, file):
        write_whole(file, content)
    return Collected(newest_dump=dump, evidence=evidence)


def _newest_dump(s3: Any, bucket: str, prefix: str) -> datetime | None:
    """Of those that are complete: what has no manifest does not exist."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    keys = [entry["Key"] for page in pages for entry in page.get("Contents", ())]
    names = (key.removeprefix(prefix).removesuffix("/manifest.json") for key in keys if key.endswith("/manifest.json"))
    found = [moment for name in names if (moment := _moment(name))]
    return max(found, default=None)


def _moment(dump: str) -> datetime | None:
    try:
        return datetime.strptime(dump, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None


def _newest_evidence(s3: Any, bucket: str, prefix: str) -> bytes | None:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    keys = [entry["Key"] for page in pages for entry in page.get("Contents", ())]
    newest = max((key for key in keys if _moment(key.removeprefix(prefix).removesuffix(".json"))), default=None)
    if newest is None:
        return None
    answer: Mapping[str, Any] = s3.get_object(Bucket=bucket, Key=newest)
    return bytes(answer["Body"].read(MAX_BYTES + 1))


def _is_newer(evidence: Evidence, file: Path) -> bool:
    """Whatever cannot be used gives way; older evidence never takes the place of newer."""
    try:
        return read_evidence(file.read_bytes()).verified_at < evidence.verified_at
    except (FileNotFoundError, Unusable):
        return True


def write_whole(file: Path, content: bytes) -> None:
    """The old content or the new one, whenever the process or the machine dies."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f".{file.name}.{os.getpid()}.new")
    try:
        with draft.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(file)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
