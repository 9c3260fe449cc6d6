"""An EKS control plane with its access entries and the add-ons that nodes need to become ready."""

from typing import TypedDict

import pulumi
from pulumi_aws import eks

from odoo_estate.aws.addon import addons
from odoo_estate.aws.log_group import log_group
from odoo_estate.aws.policy import plain_service_trust
from odoo_estate.aws.references import ClusterRef, NetworkRef
from odoo_estate.aws.role import Role
from odoo_estate.plan import AccessPlan, ClusterPlan, RolePlan

ACCESS_POLICY = "arn:aws:eks::aws:cluster-access-policy/"
"""What the ARNs of AWS' own access policies begin with."""


class ClusterArgs(TypedDict):
    """Inputs of `Cluster`; ``key_arn`` encrypts Kubernetes secrets, ``log_key_arn`` the control plane's log."""

    plan: ClusterPlan
    network: NetworkRef
    key_arn: pulumi.Input[str]
    log_key_arn: pulumi.Input[str]


class Cluster(pulumi.ComponentResource):
    """Depending on this component waits for the add-ons too: nodes without a CNI never become ready."""

    ref: ClusterRef
    arn: pulumi.Output[str]

    def __init__(self, name: str, args: ClusterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("odoo-estate:aws:Cluster", name, None, opts)
        plan = args["plan"]
        child = pulumi.ResourceOptions(parent=self)
        # EKS writes into a log group of its own making when there is none, with no retention and no key.
        log = log_group(
            name,
            name=plan.log_group,
            retention_days=plan.log_retention_days,
            key_arn=args["log_key_arn"],
            parent=self,
        )
        role = Role(name, {"plan": _control_plane_role(plan)}, child)
        node_role = Role(f"{name}-node", {"plan": _node_role(plan)}, child)
        cluster = eks.Cluster(
            name,
            name=plan.name,
            version=plan.version,
            role_arn=role.arn,
            vpc_config=_network_access(plan, args["network"]),
            access_config={"authentication_mode": "API", "bootstrap_cluster_creator_admin_permissions": False},
            bootstrap_self_managed_addons=False,
            encryption_config={"provider": {"key_arn": args["key_arn"]}, "resources": ["secrets"]},
            kubernetes_network_config={"ip_family": "ipv4", "service_ipv4_cidr": plan.service_cidr},
            enabled_cluster_log_types=list(plan.log_types),
            upgrade_policy={"support_type": "STANDARD"},
            # A zone that fails can be taken out of the cluster's traffic while it lasts.
            zonal_shift_config={"enabled": True},
            deletion_protection=plan.deletion_protection,
            opts=pulumi.ResourceOptions(parent=self, protect=plan.deletion_protection, depends_on=[log, role]),
        )
        for key, access in plan.access.items():
            _access_entry(f"{name}-{key}", cluster.name, access, child)
        addons(name, cluster.name, plan.addons_before_nodes, parent=self)
        self.arn = cluster.arn
        self.ref = ClusterRef(
            name=cluster.name,
            endpoint=cluster.endpoint,
            certificate_authority=cluster.certificate_authority.data,
            security_group_id=cluster.vpc_config.cluster_security_group_id,
            node_role_arn=node_role.arn,
        )
        self.register_outputs({"name": cluster.name, "endpoint": cluster.endpoint})


def _access_entry(
    name: str, cluster_name: pulumi.Output[str], access: AccessPlan, opts: pulumi.ResourceOptions
) -> None:
    entry = eks.AccessEntry(
        name,
        cluster_name=cluster_name,
        principal_arn=access.role_arn,
        kubernetes_groups=list(access.groups),
        opts=opts,
    )
    if access.policy:
        eks.AccessPolicyAssociation(
            name,
            cluster_name=cluster_name,
            policy_arn=ACCESS_POLICY + access.policy,
            principal_arn=entry.principal_arn,
            access_scope={"type": "cluster"},
            opts=opts,
        )


def _network_access(plan: ClusterPlan, network: NetworkRef) -> eks.ClusterVpcConfigArgsDict:
    private: eks.ClusterVpcConfigArgsDict = {
        "subnet_ids": network.private_subnet_ids,
        "endpoint_private_access": True,
        "endpoint_public_access": False,
    }
    if not plan.public_access_cidrs:
        return private
    return {**private, "endpoint_public_access": True, "public_access_cidrs": list(plan.public_access_cidrs)}


def _control_plane_role(plan: ClusterPlan) -> RolePlan:
    return RolePlan(
        name=plan.role,
        description=f"Control plane of {plan.name}",
        trust=(plain_service_trust("eks.amazonaws.com"),),
        managed_policies=("arn:aws:iam::aws:policy/AmazonEKSClusterPolicy",),
    )


def _node_role(plan: ClusterPlan) -> RolePlan:
    """What every node may do. Pods never get it: they cannot reach the metadata service (hop limit 1)."""
    return RolePlan(
        name=plan.node_role,
        description=f"Nodes of {plan.name}",
        trust=(plain_service_trust("ec2.amazonaws.com"),),
        managed_policies=(
            "arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy",
            "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPullOnly",
            "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore",
        ),
    )
