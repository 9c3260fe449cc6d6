"""The other region of a cell: copies of its data, and as much of a cluster as its recovery class keeps warm."""

from collections.abc import Mapping
from dataclasses import replace

import pulumi

from odoo_estate.aws.alarm import Alarms
from odoo_estate.aws.alert_topic import AlertTopic
from odoo_estate.aws.bucket import Bucket
from odoo_estate.aws.bucket_replication import BucketReplication, key_by_alias
from odoo_estate.aws.cache import Cache
from odoo_estate.aws.health_check import HealthCheck
from odoo_estate.aws.key import Key
from odoo_estate.aws.pod_identity import PodIdentity
from odoo_estate.aws.references import BucketRef
from odoo_estate.compose.compute import Encryption, compose_cluster
from odoo_estate.compose.databases import Place, follow
from odoo_estate.compose.networks import make_network
from odoo_estate.compose.order import after
from odoo_estate.compose.outputs import (
    CellOutputs,
    DrOutputs,
    Outputs,
    bucket_outputs,
    cache_outputs,
    cluster_outputs,
    network_outputs,
)
from odoo_estate.compose.providers import aws_provider, random_provider
from odoo_estate.plan import DrPlan

References = Mapping[str, pulumi.StackReference]


def compose_dr_region(plan: DrPlan, references: References) -> Outputs:
    """Everything of the recovery region. Bucket replication is set up from here, on the cell's buckets, because the copies must exist first."""
    here = pulumi.ResourceOptions(providers=[aws_provider("aws", plan.target, plan.tags), random_provider()])
    cell = CellOutputs.read(references[f"cell.{plan.cell}"])
    keys = {
        key: Key(f"key-{key}", {"plan": key_plan, "target": plan.target}, here) for key, key_plan in plan.keys.items()
    }
    data, logs = keys["data"].arn, keys["logs"].arn
    network = make_network(plan.network, plan.target, logs, here)
    cluster = (
        compose_cluster(
            plan.cluster,
            plan.node_pools,
            network=network,
            encryption=Encryption(data=data, data_plan=plan.keys["data"], logs=logs),
            tags=plan.tags,
            here=here,
        )
        if plan.cluster
        else None
    )
    for key, identity in plan.identities.items():
        assert cluster is not None
        PodIdentity(
            f"identity-{key}",
            {
                "role": identity.role,
                "cluster_name": cluster.ref.name,
                "namespace": identity.namespace,
                "service_account": identity.service_account,
            },
            after(here, cluster),
        )
    clients = {"nodes": cluster.ref.security_group_id} if cluster else {}
    place = Place(target=plan.target, network=network.ref, clients=clients, key_arn=data, log_key_arn=logs)
    databases = follow(plan.databases, place, here)
    follow(plan.former, place, here)
    caches = {
        key: Cache(f"cache-{key}", {"plan": cache, "network": network.ref, "clients": clients, "key_arn": data}, here)
        for key, cache in plan.caches.items()
    }
    buckets = {
        key: Bucket(f"bucket-{key}", {"plan": bucket, "key_arn": data}, here) for key, bucket in plan.buckets.items()
    }
    for key in plan.source_buckets:
        _replicate(plan, key, buckets[key], cell_key=cell.key_arn("data"), here_key=data, here=here)
    checks = {
        key: HealthCheck(
            f"health-{key}",
            {
                "host": host,
                "path": plan.health_check_path,
                "interval_seconds": plan.health_check_interval_seconds,
                "failures": plan.health_check_failures,
            },
            here,
        )
        for key, host in plan.health_checks.items()
    }
    topic = (
        AlertTopic("alerts", {"topic": plan.alert_topic, "target": plan.target, "key_arn": logs}, here)
        if plan.alert_topic
        else None
    )
    if topic:
        Alarms("alarm", {"plan": plan.alarms, "topic_arn": topic.arn}, here)
    return DrOutputs.write(
        network=network_outputs(network.ref),
        subnets=network.subnets,
        **({"cluster": cluster_outputs(cluster.ref)} if cluster else {}),
        databases=databases,
        caches={key: cache_outputs(made.ref) for key, made in caches.items()},
        keys={**{key: made.arn for key, made in keys.items()}, "dumps": cell.key_arn("dumps-copy")},
        buckets={key: bucket_outputs(made.ref) for key, made in buckets.items()},
        zone={"id": cell.zone_id},
        **({"alertTopic": topic.arn} if topic else {}),
        healthChecks={key: made.id for key, made in checks.items()},
    )


def _replicate(
    plan: DrPlan,
    key: str,
    copied: Bucket,
    *,
    cell_key: pulumi.Output[str],
    here_key: pulumi.Output[str],
    here: pulumi.ResourceOptions,
) -> None:
    """Both ways from the beginning: in an outage nothing can be set up on the lost side, and what is written here then is home by itself."""
    source = plan.source_buckets[key]
    original = BucketRef(name=source, arn=f"arn:aws:s3:::{source}")
    home = replace(plan.target, region=plan.primary_region)
    alias = plan.source_key_aliases.get(key)
    there_key: pulumi.Input[str] = home.arn("kms", f"alias/{alias}") if alias else cell_key
    rights = key_by_alias(home, alias) if alias else None
    # Each bucket must keep versions before anything can be replicated into it.
    after_copy = after(here, copied)
    BucketReplication(
        f"replication-{key}",
        {
            "source": original,
            "source_region": plan.primary_region,
            "source_key_arn": there_key,
            "copy": copied.ref,
            "copy_key_arn": here_key,
            "minutes": plan.replication_minutes,
            "role": plan.replication_roles[key][0],
            "halted": key in plan.halted,
            "source_key_rights": rights,
        },
        after_copy,
    )
    BucketReplication(
        f"replication-{key}-home",
        {
            "source": copied.ref,
            "source_region": plan.target.region,
            "source_key_arn": here_key,
            "copy": original,
            "copy_key_arn": there_key,
            "minutes": plan.replication_minutes,
            "role": plan.replication_roles[key][1],
            "copy_key_rights": rights,
        },
        after_copy,
    )
