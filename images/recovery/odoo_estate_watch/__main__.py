"""``python -m odoo_estate_watch cache-share``: measures one cache once. Exit codes: 0 measured, 2 bad input, 4 a service refused (run it again)."""

import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import boto3
import redis
from botocore.exceptions import BotoCoreError, ClientError

from odoo_estate_recovery.log import log
from odoo_estate_watch import cloud
from odoo_estate_watch.shares import NOTHING, Sample, sample

VERB = "cache-share"
SETTINGS = (
    "AWS_REGION",
    "CACHE_ADDRESS",
    "CACHE_ID",
    "CACHE_USER",
    "METRIC_NAMESPACE",
    "SAMPLE_KEYS",
    "SAMPLE_SECONDS",
)


def main(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """The exit code; what is said on the way is one JSON object a line on standard error, without any key."""
    missing = [name for name in SETTINGS if not environment.get(name)]
    numbers = [name for name in ("SAMPLE_KEYS", "SAMPLE_SECONDS") if not environment.get(name, "").isdigit()]
    if list(arguments) != [VERB] or missing or numbers:
        log("failed", reason="bad input", allowed=VERB, missing=missing, no_whole_number=numbers)
        return 2
    try:
        watch(environment, connect(environment))
    except (BotoCoreError, ClientError, redis.RedisError) as error:
        # The message of a refused command may repeat a key.
        log("failed", verb=VERB, kind=type(error).__name__)
        return 4
    return 0


def connect(environment: Mapping[str, str]) -> redis.Redis:
    """TLS, checked against the image's authorities, as the observer that its token proves."""
    region, cache, user = (environment[name] for name in ("AWS_REGION", "CACHE_ID", "CACHE_USER"))
    return redis.Redis(
        host=environment["CACHE_ADDRESS"],
        port=6379,
        ssl=True,
        username=user,
        password=cloud.token(boto3.Session(), region=region, cache=cache, user=user),
        socket_timeout=10,
        socket_connect_timeout=10,
    )


def watch(environment: Mapping[str, str], cache: Any) -> None:
    """Measures ``cache`` and publishes each tenant's share, in MiB and in percent of what it was granted."""
    region, name = environment["AWS_REGION"], environment["CACHE_ID"]
    grants = cloud.granted(cloud.client("elasticache", region), name)
    seen = sample(cache, keys=int(environment["SAMPLE_KEYS"]), seconds=int(environment["SAMPLE_SECONDS"]))
    cloud.publish(cloud.client("cloudwatch", region), environment["METRIC_NAMESPACE"], name, values(seen, grants))
    shares = seen.shares()
    log(
        "cache_measured",
        cache=name,
        keys=seen.total,
        sampled=seen.keys,
        complete=seen.complete,
        error_mib={tenant: round(share.error_mib, 2) for tenant, share in shares.items() if tenant in grants},
        unowned_mib=round(sum(share.mib for tenant, share in shares.items() if tenant not in grants), 2),
    )


def values(seen: Sample, grants: Mapping[str, int]) -> dict[str, dict[str, float]]:
    """Tenant to its metrics. Who has no key takes nothing; who was granted nothing of its own has no percentage."""
    shares = seen.shares()
    found: dict[str, dict[str, float]] = {}
    for tenant, granted in grants.items():
        mib = shares.get(tenant, NOTHING).mib
        found[tenant] = {"CacheShareMiB": mib}
        if granted:
            found[tenant]["CacheSharePercent"] = 100 * mib / granted
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
