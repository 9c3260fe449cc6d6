"""What may talk to what: plain NetworkPolicy specifications on top of a denial of everything.

Amazon's VPC CNI judges a packet before the Service's address is translated, and learns a Service's address only when its selector
equals the peer's labels and its port equals the target port; so peers here are named by exactly those labels and ports.
"""

from collections.abc import Mapping, Sequence

import pulumi_kubernetes as k8s

from odoo_estate.kubernetes.pgbouncer_ini import REPLICA_PORT, SESSION_PORT
from odoo_estate.plan import TenantNetworkPlan

Policy = k8s.networking.v1.NetworkPolicySpecArgsDict
Peer = k8s.networking.v1.NetworkPolicyPeerArgsDict
Port = k8s.networking.v1.NetworkPolicyPortArgsDict

NAME = "app.kubernetes.io/name"
ODOO = {NAME: "odoo"}
INGRESS = {NAME: "traefik"}
RECOVERY = {NAME: "recovery-job"}
CACHE_WATCH = {NAME: "cache-watch"}
POSTGRES_PORT = 5432
CACHE_PORT = 6379
HTTP_PORT = 8069
WEBSOCKET_PORT = 8072
POD_IDENTITY_AGENT = "169.254.170.23/32"
"""Where EKS Pod Identity hands out credentials, on port 80 of every node (Amazon EKS user guide, 2026)."""


def in_namespace(namespace: str, pods: Mapping[str, str] | None = None) -> Peer:
    """Pods of one namespace; all of them without ``pods``."""
    peer: Peer = {"namespace_selector": {"match_labels": {"kubernetes.io/metadata.name": namespace}}}
    if pods:
        peer["pod_selector"] = {"match_labels": dict(pods)}
    return peer


def addresses(cidrs: Sequence[str]) -> list[Peer]:
    return [{"ip_block": {"cidr": cidr}} for cidr in cidrs]


def tcp(*ports: int) -> list[Port]:
    return [{"protocol": "TCP", "port": port} for port in ports]


def denial() -> Policy:
    """Nothing in, nothing out, for every pod."""
    return {"pod_selector": {}, "policy_types": ["Ingress", "Egress"]}


def name_service() -> k8s.networking.v1.NetworkPolicyEgressRuleArgsDict:
    return {
        "to": [in_namespace("kube-system", {"k8s-app": "kube-dns"})],
        "ports": [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}],
    }


def name_resolution() -> Policy:
    """For every pod of a namespace."""
    return {"pod_selector": {}, "policy_types": ["Egress"], "egress": [name_service()]}


def odoo(network: TenantNetworkPlan) -> Policy:
    """In: the ingress to both servers of Odoo, monitoring to the first. Out: the name service, PostgreSQL through the pooler only, the cache, the
    pods' cloud identity, and the outside where the contract has some."""
    egress: list[k8s.networking.v1.NetworkPolicyEgressRuleArgsDict] = [
        name_service(),
        {
            "to": [in_namespace(network.pooler_namespace, {NAME: network.pooler_name})],
            "ports": tcp(POSTGRES_PORT, SESSION_PORT, *([REPLICA_PORT] if network.replica else [])),
        },
        {"to": addresses(network.database_cidrs), "ports": tcp(CACHE_PORT)},
        {"to": addresses([POD_IDENTITY_AGENT]), "ports": tcp(80)},
    ]
    if network.https_egress:
        egress.append({"to": addresses(["0.0.0.0/0"]), "ports": tcp(443)})
    if network.smtp_egress:
        egress.append({"to": addresses(["0.0.0.0/0"]), "ports": tcp(465, 587)})
    return {
        "pod_selector": {"match_labels": ODOO},
        "policy_types": ["Ingress", "Egress"],
        "ingress": [
            {"from_": [in_namespace(network.ingress_namespace, INGRESS)], "ports": tcp(HTTP_PORT, WEBSOCKET_PORT)},
            {"from_": [in_namespace(network.monitoring_namespace)], "ports": tcp(HTTP_PORT)},
        ],
        "egress": egress,
    }


def database_clients(cidrs: Sequence[str], pods: Mapping[str, str] | None = None) -> Policy:
    """Pods that speak to the database instances themselves: poolers and provisioning jobs."""
    return {
        "pod_selector": {"match_labels": dict(pods)} if pods else {},
        "policy_types": ["Egress"],
        "egress": [{"to": addresses(cidrs), "ports": tcp(POSTGRES_PORT)}],
    }


def workload_policies(network: TenantNetworkPlan) -> dict[str, Policy]:
    """The policies of a namespace in which Odoo runs, by name."""
    return {"default-deny": denial(), "odoo": odoo(network)}


def cloud() -> list[k8s.networking.v1.NetworkPolicyEgressRuleArgsDict]:
    """The pods' cloud identity, and services of AWS, whose addresses no policy can name."""
    return [
        {"to": addresses([POD_IDENTITY_AGENT]), "ports": tcp(80)},
        {"to": addresses(["0.0.0.0/0"]), "ports": tcp(443)},
    ]


def recovery() -> Policy:
    """Recovery jobs also reach their cloud identity, S3, KMS and CloudWatch."""
    return {"pod_selector": {"match_labels": RECOVERY}, "policy_types": ["Egress"], "egress": cloud()}


def cache_watch(cidrs: Sequence[str]) -> Policy:
    """Who measures the shared cache reaches it, its cloud identity, ElastiCache's API and CloudWatch."""
    return {
        "pod_selector": {"match_labels": CACHE_WATCH},
        "policy_types": ["Egress"],
        "egress": [{"to": addresses(cidrs), "ports": tcp(CACHE_PORT)}, *cloud()],
    }


def provisioning_policies(cidrs: Sequence[str]) -> dict[str, Policy]:
    """The policies of the namespace in which jobs with master credentials run: out to the instances, nothing in."""
    return {
        "default-deny": denial(),
        "dns": name_resolution(),
        "databases": database_clients(cidrs),
        "recovery": recovery(),
        "cache-watch": cache_watch(cidrs),
    }
