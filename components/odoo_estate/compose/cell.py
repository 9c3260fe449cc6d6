"""A cell: one network, one cluster, its databases, caches, buckets and backups, in one region."""

from collections.abc import Mapping

import pulumi

from odoo_estate.aws.alarm import Alarms
from odoo_estate.aws.alert_topic import AlertTopic
from odoo_estate.aws.backup_events import BackupEvents
from odoo_estate.aws.backup_schedule import BackupSchedule
from odoo_estate.aws.bucket import Bucket
from odoo_estate.aws.cache import Cache
from odoo_estate.aws.dns_zone import Delegation, DnsZone
from odoo_estate.aws.key import Key
from odoo_estate.aws.network import Network
from odoo_estate.aws.pod_identity import PodIdentity
from odoo_estate.aws.private_entry import PrivateEntry, PrivateEntryArgs
from odoo_estate.aws.vault import Vault
from odoo_estate.compose.compute import Encryption, compose_cluster
from odoo_estate.compose.databases import Place, follow, primary
from odoo_estate.compose.networks import AnyNetwork, make_network
from odoo_estate.compose.order import after
from odoo_estate.compose.outputs import (
    CellOutputs,
    LandingZoneOutputs,
    Outputs,
    bucket_outputs,
    cache_outputs,
    cluster_outputs,
    database_outputs,
    network_outputs,
    private_entry_outputs,
)
from odoo_estate.compose.providers import aws_provider, random_provider
from odoo_estate.plan import CellPlan, NetworkPlan, PrivateAccessPlan

References = Mapping[str, pulumi.StackReference]


def compose_cell(plan: CellPlan, references: References) -> Outputs:
    """Everything of the cell, and what its platform, its tenants and its recovery region need to know.

    Destroyed in this order: add-ons, nodes, control plane, network. What the cluster's controllers made (load balancers) belongs to the
    platform's stack, which goes first.
    """
    here = pulumi.ResourceOptions(providers=[aws_provider("aws", plan.target, plan.tags), random_provider()])
    keys = {
        key: Key(f"key-{key}", {"plan": key_plan, "target": plan.target}, here) for key, key_plan in plan.keys.items()
    }
    data, logs = keys["data"].arn, keys["logs"].arn
    topic = AlertTopic("alerts", {"topic": plan.alert_topic, "target": plan.target, "key_arn": logs}, here)
    network = make_network(plan.network, plan.target, logs, here)
    cluster = compose_cluster(
        plan.cluster,
        plan.node_pools,
        network=network,
        encryption=Encryption(data=data, data_plan=plan.keys["data"], logs=logs),
        tags=plan.tags,
        here=here,
    )
    for key, identity in plan.identities.items():
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
    clients = {"nodes": cluster.ref.security_group_id}
    place = Place(target=plan.target, network=network.ref, clients=clients, key_arn=data, log_key_arn=logs)
    databases = {key: primary(key, database, place, here) for key, database in plan.databases.items()}
    for key, database in plan.former.items():
        primary(key, database, place, here)
    follow(plan.followers, place, here)
    caches = {
        key: Cache(f"cache-{key}", {"plan": cache, "network": network.ref, "clients": clients, "key_arn": data}, here)
        for key, cache in plan.caches.items()
    }
    # S3 writes logs and inventories only into a bucket whose policy lets it in.
    logs_bucket = Bucket("bucket-logs", {"plan": plan.buckets["logs"], "key_arn": data}, here)
    buckets = {
        key: Bucket(f"bucket-{key}", {"plan": bucket, "key_arn": data}, after(here, logs_bucket))
        for key, bucket in plan.buckets.items()
        if key != "logs"
    } | {"logs": logs_bucket}
    vaults = {
        key: Vault(f"vault-{key}", {"plan": vault, "key_arn": keys[vault.key].arn}, here)
        for key, vault in plan.vaults.items()
    }
    vault = vaults[plan.backup.vault]
    BackupSchedule(
        "backup",
        {
            "plan": plan.backup,
            "vault_name": vault.name,
            "vault_arn": vault.arn,
            "restore_overrides": {"dbSubnetGroupName": network.ref.database_subnet_group},
        },
        after(here, *vaults.values()),
    )
    BackupEvents("backup-events", {"plan": plan.backup_events, "topic_arn": topic.arn}, after(here, topic))
    Alarms("alarm", {"plan": plan.alarms, "topic_arn": topic.arn}, here)
    zone = _zone(plan, references, here)
    private = _private_entry(plan.private_access, plan.network, network, here) if plan.private_access else None
    return CellOutputs.write(
        network=network_outputs(network.ref),
        subnets=network.subnets,
        cluster=cluster_outputs(cluster.ref),
        databases={key: database_outputs(database) for key, database in databases.items()},
        caches={key: cache_outputs(cache.ref) for key, cache in caches.items()},
        keys={
            **{key: made.arn for key, made in keys.items()},
            **{f"{key}-copy": made.replica_arn for key, made in keys.items() if made.replica_arn is not None},
        },
        buckets={key: bucket_outputs(bucket.ref) for key, bucket in buckets.items()},
        vaults={key: made.arn for key, made in vaults.items()},
        alertTopic=topic.arn,
        zone={"id": zone.id, "nameServers": zone.name_servers},
        **({"privateAccess": private_entry_outputs(private)} if private else {}),
    )


def _private_entry(
    access: PrivateAccessPlan, laid: NetworkPlan, network: AnyNetwork, here: pulumi.ResourceOptions
) -> PrivateEntry:
    args: PrivateEntryArgs = {
        "plan": access,
        "vpc_id": network.ref.vpc_id,
        # In the public subnets, where no pod is: the ingress believes what balancers there say about clients' addresses.
        "subnet_ids": network.ref.public_subnet_ids,
        "pod_cidrs": {zone: one.private_cidr for zone, one in laid.zones.items()},
    }
    if isinstance(network, Network):
        args["route_table_id"] = network.public_route_table_id
    return PrivateEntry("private-entry", args, here)


def _zone(plan: CellPlan, references: References, here: pulumi.ResourceOptions) -> DnsZone:
    zone = DnsZone(
        "zone",
        {"domain": plan.zone_domain, "comment": f"Cell {plan.cell} of estate {plan.estate}", "protect": plan.protect},
        here,
    )
    if plan.delegation:
        parent = plan.delegation
        there = pulumi.ResourceOptions(providers=[aws_provider("aws-dns", parent.target, plan.tags)])
        Delegation(
            "delegation",
            {
                "domain": plan.zone_domain,
                "parent_zone_id": LandingZoneOutputs.read(references["landing-zone"]).zone_id(parent.zone),
                "name_servers": zone.name_servers,
                "ttl_seconds": parent.ttl_seconds,
            },
            there,
        )
    return zone
