"""A cluster with its nodes, in the order that lets it come up and go away cleanly."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from odoo_estate.aws.addon import Addons
from odoo_estate.aws.cluster import Cluster
from odoo_estate.aws.node_pool import NodePool
from odoo_estate.compose.networks import AnyNetwork
from odoo_estate.compose.order import after
from odoo_estate.plan import ClusterPlan, KeyPlan, NodePoolPlan


@dataclass(frozen=True, kw_only=True)
class Encryption:
    """Keys of one region. ``data`` encrypts what tenants own, ``logs`` what services write about them."""

    data: pulumi.Output[str]
    data_plan: KeyPlan
    logs: pulumi.Output[str]

    @property
    def volumes(self) -> pulumi.Output[str] | None:
        """The key of node volumes: the data key where node groups may use it, else None, the account's own EBS key."""
        return self.data if "autoscaling" in self.data_plan.services else None


def compose_cluster(
    plan: ClusterPlan,
    pools: Mapping[str, NodePoolPlan],
    *,
    network: AnyNetwork,
    encryption: Encryption,
    tags: Mapping[str, str],
    here: pulumi.ResourceOptions,
) -> Cluster:
    """Network, control plane, first add-ons, nodes, other add-ons; destroyed the other way round."""
    cluster = Cluster(
        "cluster",
        {"plan": plan, "network": network.ref, "key_arn": encryption.data, "log_key_arn": encryption.logs},
        after(here, network),
    )
    nodes: list[NodePool] = []
    # One after the other, so that an upgrade replaces the nodes of one pool at a time; the catalog lists first what hurts most.
    for key, pool in reversed(list(pools.items())):
        nodes.append(
            NodePool(
                f"nodes-{key}",
                {
                    "plan": pool,
                    "cluster_name": cluster.ref.name,
                    "node_role_arn": cluster.ref.node_role_arn,
                    "network": network.ref,
                    "tags": tags,
                    "key_arn": encryption.volumes,
                },
                after(here, cluster, network, *nodes[-1:]),
            )
        )
    if nodes:
        # Without nodes these would stay degraded until they time out.
        Addons(
            "addons",
            {"plan": plan.addons_after_nodes, "cluster_name": cluster.ref.name},
            after(here, *nodes),
        )
    return cluster
