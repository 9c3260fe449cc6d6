"""What AWS knows: who shares the cache and what each was granted (tags of their users), the way in, and where measurements go."""

from collections.abc import Mapping, Sequence
from typing import Any

import boto3
from botocore.config import Config
from botocore.model import ServiceId
from botocore.signers import RequestSigner

CACHE_TAG, PREFIX_TAG, MIB_TAG = "cache", "cache-prefix", "cache-mib"
"""Tags of a tenant's ElastiCache user: its cache, the start of its keys, and the MiB that the budget grants it (0: none of its own)."""
TOKEN_SECONDS = 900
"""ElastiCache takes no token that lives longer (user guide, "Authenticating with IAM")."""
METRICS_AT_ONCE = 500
"""PutMetricData takes 1000 (CloudWatch API reference)."""


def client(service: str, region: str) -> Any:
    """A boto3 client; credentials by the default chain (Pod Identity in the cluster)."""
    retries = Config(retries={"mode": "adaptive", "max_attempts": 8}, connect_timeout=10, read_timeout=30)
    return boto3.client(service, region_name=region, config=retries)


def granted(elasticache: Any, cache: str) -> dict[str, int]:
    """Tenant to the MiB granted to it, of every user of ``cache`` that has a prefix."""
    found = {}
    for page in elasticache.get_paginator("describe_users").paginate():
        for user in page["Users"]:
            answer = elasticache.list_tags_for_resource(ResourceName=user["ARN"])
            tags = {one["Key"]: one["Value"] for one in answer["TagList"]}
            if tags.get(CACHE_TAG) == cache and PREFIX_TAG in tags:
                found[tags[PREFIX_TAG].rstrip(":")] = int(tags.get(MIB_TAG, "0"))
    return found


def token(session: Any, *, region: str, cache: str, user: str) -> str:
    """The password of an IAM user of the cache: a signed request without its scheme."""
    signer = RequestSigner(
        ServiceId("elasticache"), region, "elasticache", "v4", session.get_credentials(), session.events
    )
    url: str = signer.generate_presigned_url(
        {
            "method": "GET",
            "url": f"http://{cache}/?Action=connect&User={user}",
            "body": {},
            "headers": {},
            "context": {},
        },
        operation_name="connect",
        expires_in=TOKEN_SECONDS,
        region_name=region,
    )
    return url.removeprefix("http://")


def publish(cloudwatch: Any, namespace: str, cache: str, tenants: Mapping[str, Mapping[str, float]]) -> None:
    """Each tenant's values, then that the cache was measured: whoever waits for that one knows that the others are there."""
    data = [
        _datum(metric, value, Cache=cache, Tenant=tenant)
        for tenant, values in tenants.items()
        for metric, value in values.items()
    ]
    for start in range(0, len(data), METRICS_AT_ONCE):
        cloudwatch.put_metric_data(Namespace=namespace, MetricData=data[start : start + METRICS_AT_ONCE])
    done: Sequence[Mapping[str, Any]] = [_datum("CacheShareMeasured", 1, Cache=cache)]
    cloudwatch.put_metric_data(Namespace=namespace, MetricData=done)


def _datum(metric: str, value: float, **dimensions: str) -> dict[str, Any]:
    return {
        "MetricName": metric,
        "Dimensions": [{"Name": key, "Value": one} for key, one in dimensions.items()],
        "Value": value,
    }
