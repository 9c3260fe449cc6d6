"""A cell's Kubernetes cluster: its version and how long that is supported, who reaches it, its add-ons and node pools."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import date, timedelta

from odoo_estate.decide import landing_zone, network, shared
from odoo_estate.decide.context import Context
from odoo_estate.decide.naming import name, part
from odoo_estate.decide.tags import POOL, labels
from odoo_estate.errors import Path, Refused
from odoo_estate.plan import (
    AUTOMATION_GROUP,
    PARTNER_GROUP,
    VIEWER_GROUP,
    AccessPlan,
    AddonPlan,
    AwsTarget,
    ClusterPlan,
    Decision,
    Json,
    KubernetesSupport,
    NetworkPlan,
    NodePoolPlan,
)
from odoo_estate.spec.catalog import KubernetesRelease

CLUSTER_LOGS = ("api", "audit", "authenticator", "controllerManager", "scheduler")
BEFORE_NODES = ("vpc-cni", "kube-proxy", "eks-pod-identity-agent")
"""Nodes never become ready without these."""
POD_IDENTITIES: Mapping[str, tuple[str, str]] = {
    "vpc-cni": ("aws-node", "arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy"),
    "aws-ebs-csi-driver": ("ebs-csi-controller-sa", "arn:aws:iam::aws:policy/service-role/AmazonEBSCSIDriverPolicy"),
}
"""Add-on to its service account and the AWS policy it needs (EKS user guide, add-ons from AWS, read 2026-11)."""
ADMINISTRATORS = AccessPlan(role_arn="", policy="AmazonEKSClusterAdminPolicy", groups=(AUTOMATION_GROUP,))
"""AWS' cluster-admin policy alone puts nobody into a group, and the admission policies let only this one make namespaces."""
ACCESS: Mapping[str, AccessPlan] = {
    "deploy": ADMINISTRATORS,
    "admin": ADMINISTRATORS,
    "break-glass": ADMINISTRATORS,
    "preview": AccessPlan(role_arn="", policy="AmazonEKSViewPolicy", groups=(VIEWER_GROUP,)),
    "support": AccessPlan(role_arn="", policy="AmazonEKSViewPolicy", groups=(VIEWER_GROUP,)),
    "auditor": AccessPlan(role_arn="", groups=(VIEWER_GROUP,)),
}
"""Role of the account to what it gets. AWS' view policy shows logs, which tell what tenants do, and no secrets; auditors see how things are
set up."""
PARTNER_ROLE = "partner-"
"""What the key of a partner's role begins with; a partner gets what RBAC gives to its group in its tenants' namespaces."""


def cluster_plan(context: Context, cell: str, log_days: int, vpc: NetworkPlan) -> ClusterPlan:
    """The control plane of one cell, its access entries and its add-ons.

    Raises:
        Refused: the Kubernetes version's standard support has ended.
    """
    estate, target, cluster = context.estate, shared.target(context, cell), shared.cluster(context, cell)
    version, _ = versions(context, cell)
    release = _supported(context, cell, version)
    after = [key for key in release.addons if key not in BEFORE_NODES]
    return ClusterPlan(
        name=cluster,
        version=version,
        service_cidr=network.service_range(estate, cell),
        role=name("iam-role", estate.estate, cell, "cluster"),
        node_role=name("iam-role", estate.estate, cell, "nodes"),
        log_types=CLUSTER_LOGS,
        log_group=f"/aws/eks/{cluster}/cluster",
        log_retention_days=log_days,
        access=_access(context, cell, target),
        addons_before_nodes={key: _addon(context, cell, key, release, vpc) for key in BEFORE_NODES},
        addons_after_nodes={key: _addon(context, cell, key, release, vpc) for key in after},
        deletion_protection=True,
    )


# --- version -------------------------------------------------------------------------------------------------------


def versions(context: Context, cell: str) -> tuple[str, str]:
    """Kubernetes versions of the cell's control plane and of its nodes."""
    own = context.estate.cells[cell].kubernetes
    if own is None:
        return context.catalog.versions.kubernetes, context.catalog.versions.kubernetes
    return own.control_plane, own.nodes or own.control_plane


def support(context: Context, cell: str) -> KubernetesSupport:
    """How long the cell's control plane is supported, and from when on every preview says so."""
    version, _ = versions(context, cell)
    ends = date.fromisoformat(context.catalog.versions.kubernetes_releases[version].support_ends)
    notice = ends - timedelta(days=context.catalog.assumptions.kubernetes_notice_days)
    return KubernetesSupport(version=version, notice_from=notice.isoformat(), ends=ends.isoformat())


def version_decision(context: Context, cell: str) -> Decision:
    """For the record: which version, how long it is supported, and what comes next."""
    version, nodes = versions(context, cell)
    known, own = support(context, cell), context.estate.cells[cell].kubernetes
    surge = context.catalog.assumptions.node_surge_percent
    return Decision(
        topic="kubernetes version",
        value=version if nodes == version else f"{version}, nodes still {nodes}",
        reason="set in the estate" if own else "the catalog's",
        entitlement="" if own else "versions.kubernetes",
        binding=f"standard support until {known.ends}; then EKS upgrades the control plane by itself",
        next_step=f"raise the nodes to {version}: one pool after the other, at most {surge} % of a pool's nodes at once"
        if nodes != version
        else f"the next minor version before that; every preview reminds of it from {known.notice_from}",
    )


def _supported(context: Context, cell: str, version: str) -> KubernetesRelease:
    known = context.catalog.versions.kubernetes_releases
    if date.fromisoformat(known[version].support_ends) >= context.today:
        return known[version]
    own = context.estate.cells[cell].kubernetes
    field: Path = ("cells", cell, "kubernetes", "control_plane") if own else ("versions", "kubernetes")
    supported = [key for key, one in known.items() if date.fromisoformat(one.support_ends) >= context.today]
    raise Refused(
        f"standard support of Kubernetes {version} ended on {known[version].support_ends}: EKS upgrades cell {cell} by itself",
        document="estate" if own else "catalog",
        field=field,
        value=version,
        allowed=supported,
        remedy="name the version that the cluster has by now (`aws eks describe-cluster`), one minor version at a time"
        if supported
        else "add a supported release under versions.kubernetes_releases",
    )


# --- access --------------------------------------------------------------------------------------------------------


def _access(context: Context, cell: str, target: AwsTarget) -> dict[str, AccessPlan]:
    estate, one = context.estate, context.estate.cells[cell]
    partners: Collection[str] = estate.partners
    if one.customer:
        partners = [partner] if (partner := context.customers[one.customer].partner) else []
    return access_plans(landing_zone.account_roles(context, one.account), estate.deploy_role, partners, target)


def access_plans(
    roles: Mapping[str, str], deploy_role: str | None, partners: Collection[str], target: AwsTarget
) -> dict[str, AccessPlan]:
    """An entry for each of the account's ``roles`` (key to name) that has something to do in a cluster, and for the automation's own.

    EKS knows a role once only, so the automation's own is left out where it is one of them.
    """
    known = {key: ACCESS[key] for key in ACCESS if key in roles}
    for partner in partners:
        if PARTNER_ROLE + partner in roles:
            known[PARTNER_ROLE + partner] = AccessPlan(role_arn="", groups=(PARTNER_GROUP + partner,))
    names = dict(roles)
    if deploy_role and deploy_role not in (roles[key] for key in known):
        known["automation"], names["automation"] = ADMINISTRATORS, deploy_role
    return {
        key: replace(one, role_arn=target.arn("iam", f"role/{names[key]}", regional=False))
        for key, one in known.items()
    }


# --- add-ons -------------------------------------------------------------------------------------------------------


def _addon(context: Context, cell: str, addon: str, release: KubernetesRelease, vpc: NetworkPlan) -> AddonPlan:
    account, policy = POD_IDENTITIES.get(addon, ("", ""))
    return AddonPlan(
        version=release.addons[addon],
        configuration=addon_configuration(addon, vpc),
        service_account=account,
        role=name("iam-role", context.estate.estate, cell, part(addon)) if account else "",
        managed_policy_arns=(policy,) if policy else (),
    )


def addon_configuration(addon: str, vpc: NetworkPlan) -> Mapping[str, Json]:
    """Strings throughout for the CNI: its schema accepts no booleans. Others tolerate the tainted system pool, where they belong."""
    if addon == "vpc-cni":
        return {
            "enableNetworkPolicy": "true",
            "env": {
                "NETWORK_POLICY_ENFORCING_MODE": "standard",
                **pod_address_settings(vpc),
            },
        }
    toleration: Json = [{"key": POOL, "operator": "Equal", "value": shared.SYSTEM_POOL, "effect": "NoSchedule"}]
    if addon in ("coredns", "metrics-server"):
        return {"tolerations": toleration, "nodeSelector": {POOL: shared.SYSTEM_POOL}}
    if addon == "aws-ebs-csi-driver":
        return {"controller": {"tolerations": toleration, "nodeSelector": {POOL: shared.SYSTEM_POOL}}}
    return {}


def pod_address_settings(vpc: NetworkPlan) -> dict[str, Json]:
    """How the CNI takes addresses for pods. Single ones are kept warm one by one: a whole spare interface would take fifteen more."""
    if vpc.pod_addresses == "prefixes":
        return {"ENABLE_PREFIX_DELEGATION": "true", "WARM_PREFIX_TARGET": "1"}
    return {"ENABLE_PREFIX_DELEGATION": "false", "WARM_IP_TARGET": str(network.WARM_ADDRESSES)}


# --- nodes ---------------------------------------------------------------------------------------------------------


def node_pools(
    context: Context, cell: str, own_tags: Mapping[str, str], *, suffix: tuple[str, ...] = ()
) -> dict[str, NodePoolPlan]:
    """The band's pools; every node says which pool it is of, and a tainted pool takes only what tolerates it."""
    return {
        key: replace(
            node_pool(
                context,
                cell,
                key,
                band=pool.band,
                least=pool.min_nodes,
                most=pool.max_nodes,
                physical=name("node-group", context.estate.estate, cell, *suffix, part(key)),
            ),
            capacity_type="SPOT" if pool.capacity == "spot" else "ON_DEMAND",
            desired_nodes=pool.desired_nodes,
            labels={POOL: key, **labels(own_tags)},
            taints={POOL: (key, "NO_SCHEDULE")} if pool.tainted else {},
        )
        for key, pool in shared.band(context, cell).node_pools.items()
    }


def node_pool(
    context: Context, cell: str, key: str, *, band: str, least: int, most: int, physical: str
) -> NodePoolPlan:
    """A pool on demand that only what tolerates ``key`` gets onto, at the version of the cell's nodes."""
    catalog = context.catalog
    size = catalog.node_bands[band]
    _, version = versions(context, cell)
    return NodePoolPlan(
        name=physical,
        band=band,
        workload=key,
        instance_types=size.instance_types,
        ami_type=catalog.versions.ami_type,
        capacity_type="ON_DEMAND",
        min_nodes=least,
        desired_nodes=least,
        max_nodes=most,
        max_unavailable_percentage=catalog.assumptions.node_surge_percent,
        volume_gib=size.volume_gib,
        labels={POOL: key},
        taints={POOL: (key, "NO_SCHEDULE")},
        max_pods=size.max_pods,
        version=version,
        image_release=catalog.versions.kubernetes_releases[version].image_release or "",
    )
