"""Who may talk to whom."""

from dataclasses import replace
from typing import Any

import pytest
from tests.compose_tenant import graphs, plans

from odoo_estate.plan import READER
from odoo_estate.preview.graph import Graph

WORKLOADS = pytest.mark.parametrize(
    ("graph", "namespace"),
    [
        (graphs.namespaced, "medsupply-production"),
        (graphs.semi_dedicated, "bulk-production"),
        (graphs.platform, "pooled-standard"),
        (graphs.platform, "databases"),
        (graphs.platform, "poolers"),
    ],
)


def policies(graph: Graph, namespace: str) -> dict[str, dict[str, Any]]:
    return {
        node.inputs["metadata"]["name"]: node.inputs["spec"]
        for node in graphs.objects(graph)
        if node.inputs.get("kind") == "NetworkPolicy" and node.inputs["metadata"]["namespace"] == namespace
    }


@WORKLOADS
def test_everything_is_denied_that_is_not_allowed(graph: Any, namespace: str) -> None:
    denial = policies(graph(), namespace)["default-deny"]
    assert denial == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


@WORKLOADS
def test_names_can_be_resolved(graph: Any, namespace: str) -> None:
    rules = [rule for spec in policies(graph(), namespace).values() for rule in spec.get("egress", ())]
    ports = [{(port["protocol"], port["port"]) for port in rule.get("ports", ())} for rule in rules]
    assert ports.count({("UDP", 53), ("TCP", 53)}) == 1


@WORKLOADS
def test_pods_of_another_tenant_are_no_peers(graph: Any, namespace: str) -> None:
    for name, spec in policies(graph(), namespace).items():
        for rule in spec.get("ingress", []):
            for peer in rule["from"]:
                selector = peer["namespaceSelector"]["matchLabels"]
                assert selector.get("kubernetes.io/metadata.name") in {"ingress", "monitoring"} or set(selector) == {
                    "odoo-estate/pooler"
                }, name


def test_odoo_reaches_postgresql_only_through_its_pooler() -> None:
    spec = policies(graphs.namespaced(), "medsupply-production")["odoo"]
    rules = [rule for rule in spec["egress"] if {"protocol": "TCP", "port": 5432} in rule["ports"]]
    assert [rule["to"] for rule in rules] == [
        [
            {
                "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "poolers"}},
                "podSelector": {"matchLabels": {"app.kubernetes.io/name": "pooler-main"}},
            }
        ]
    ]


def test_a_policys_peer_and_port_are_those_of_the_poolers_service() -> None:
    service = graphs.of_kind(graphs.platform(), "Service")["pooler-main"]["spec"]
    assert service["selector"] == {"app.kubernetes.io/name": "pooler-main"}
    assert [(port["port"], port["targetPort"]) for port in service["ports"]] == [(5432, 5432), (5433, 5433)]


def test_a_pooler_that_leads_to_a_replica_is_open_for_it_and_its_tenants_may_go_there() -> None:
    one = plans.semi_dedicated()
    pooler, network = replace(one.pooler, replica_size=3), replace(one.network or plans.network(), replica=True)
    database = replace(one.own_database, replicas={READER: "bulk-reader"}) if one.own_database else None
    graph = graphs.recorded(replace(one, pooler=pooler, network=network, own_database=database))
    service = graphs.of_kind(graph, "Service")[pooler.name]["spec"]
    rules = policies(graph, one.namespace)
    assert {"name": "replica", "port": 5434, "targetPort": 5434, "protocol": "TCP"} in service["ports"]
    assert {"protocol": "TCP", "port": 5434} in rules[pooler.name]["ingress"][0]["ports"]
    (way,) = [rule for rule in rules["odoo"]["egress"] if {"protocol": "TCP", "port": 5434} in rule["ports"]]
    assert way["to"][0]["podSelector"]["matchLabels"] == service["selector"]


def test_a_pooler_lets_in_only_namespaces_that_carry_its_label() -> None:
    spec = policies(graphs.platform(), "poolers")["pooler-main"]
    assert spec["ingress"][0]["from"] == [{"namespaceSelector": {"matchLabels": {"odoo-estate/pooler": "pooler-main"}}}]
    for graph, namespace in ((graphs.namespaced(), "medsupply-production"), (graphs.platform(), "pooled-standard")):
        labels = graphs.of_kind(graph, "Namespace")[namespace]["metadata"]["labels"]
        assert labels["odoo-estate/pooler"] == "pooler-main"


@pytest.mark.parametrize(("field", "port"), [("https_egress", 443), ("smtp_egress", 587)])
def test_the_outside_is_open_only_where_the_contract_has_it(field: str, port: int) -> None:
    def open_ports(graph: Graph) -> set[int]:
        spec = policies(graph, "medsupply-production")["odoo"]
        return {one["port"] for rule in spec["egress"] for one in rule["ports"]}

    assert port in open_ports(graphs.namespaced())
    closed = plans.tenant(network=plans.network(**{field: False}))
    assert port not in open_ports(graphs.recorded(closed))


@WORKLOADS
def test_the_namespace_enforces_the_restricted_standard_of_a_fixed_version(graph: Any, namespace: str) -> None:
    labels = graphs.of_kind(graph(), "Namespace")[namespace]["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
    assert labels["pod-security.kubernetes.io/enforce-version"].startswith("v1.")


@pytest.mark.parametrize(
    ("graph", "namespace"), [(graphs.namespaced, "medsupply-production"), (graphs.platform, "pooled-standard")]
)
def test_a_namespace_with_workloads_is_bounded(graph: Any, namespace: str) -> None:
    found = [
        node.inputs
        for node in graphs.objects(graph())
        if node.inputs.get("kind") in {"ResourceQuota", "LimitRange"}
        and node.inputs["metadata"]["namespace"] == namespace
    ]
    assert {manifest["kind"] for manifest in found} == {"ResourceQuota", "LimitRange"}
    hard = next(manifest for manifest in found if manifest["kind"] == "ResourceQuota")["spec"]["hard"]
    assert hard["services.loadbalancers"] == hard["services.nodeports"] == hard["persistentvolumeclaims"] == "0"
