"""What a cell's platform consists of, and in which order it comes and goes."""

import pytest
from tests.compose.graphs import needs
from tests.compose_tenant import graphs

from odoo_estate.preview.graph import Graph, Node


def named(graph: Graph, name: str, part: str = "") -> Node:
    found = [node for node in graph if node.name == name and part in node.type]
    assert len(found) == 1, [node.urn for node in found]
    return found[0]


def test_the_load_balancer_goes_before_the_controllers_that_take_it_down() -> None:
    graph = graphs.platform()
    balancer = named(graph, "ingress-business-service")
    for release in graph.of_type("kubernetes:helm.sh/v3:Release"):
        assert needs(graph, balancer, release), release.name


def test_the_names_that_tenants_point_to_lead_to_the_load_balancer() -> None:
    record = named(graphs.platform(), "ingress-business", "route53")
    assert record.inputs["name"] == "ingress.eu-1.erp.example.com"
    assert "ingress-business-service" in record.inputs["records"][0]


def test_a_route_goes_before_the_ingress_that_serves_it() -> None:
    graph = graphs.platform()
    issuer, release = named(graph, "issuer-public"), named(graph, "chart-traefik-business")
    assert needs(graph, issuer, release)


def test_domains_are_proved_by_records_alone_a_customers_by_the_one_its_owner_delegates() -> None:
    own, delegated = named(graphs.platform(), "issuer-public").inputs["spec"]["acme"]["solvers"]
    assert own["selector"] == {"dnsZones": ["erp.example.com"]}
    assert "selector" not in delegated, "it is for everything else"
    assert delegated["dns01"]["cnameStrategy"] == "Follow"
    assert "http01" not in own | delegated


@pytest.mark.parametrize("later", ["pooler-main-deployment", "odoo-web-deployment", "login-standard-run"])
def test_nothing_connects_before_the_instance_knows_the_pooler(later: str) -> None:
    graph = graphs.platform()
    name = later.replace("odoo-web", "pooled-standard-web")
    assert needs(graph, named(graph, name), named(graph, "instance-main-run"))


def test_secrets_are_asked_for_only_once_their_controller_runs() -> None:
    graph = graphs.platform()
    for node in graphs.objects(graph):
        if node.inputs.get("kind") in {"SecretStore", "ExternalSecret"}:
            assert needs(graph, node, named(graph, "chart-external-secrets")), node.urn


def test_a_store_of_the_platform_serves_only_its_own_namespace() -> None:
    stores = [node for node in graphs.objects(graphs.platform()) if "SecretStore" in str(node.inputs.get("kind"))]
    assert {node.inputs["kind"] for node in stores} == {"SecretStore"}
    assert sorted(node.inputs["metadata"]["namespace"] for node in stores) == [
        "databases",
        "pooled-standard",
        "poolers",
    ]


def test_a_pooled_database_job_of_a_tenant_needs_no_password() -> None:
    job = next(iter(graphs.of_kind(graphs.pooled(), "Job").values()))
    assert {volume["name"] for volume in job["spec"]["template"]["spec"]["volumes"]} == {"service"}


def test_volumes_are_encrypted_with_the_cells_key_and_outlive_their_claim() -> None:
    storage = graphs.of_kind(graphs.platform(), "StorageClass")["encrypted-gp3"]
    assert storage["parameters"]["encrypted"] == "true"
    assert "keys" in storage["parameters"]["kmsKeyId"]
    assert storage["reclaimPolicy"] == "Retain"


def test_a_poolers_pods_ask_for_its_nodes_and_tolerate_them() -> None:
    spec = graphs.of_kind(graphs.platform(), "Deployment")["pooler-main"]["spec"]["template"]["spec"]
    assert spec["nodeSelector"] == {"odoo-estate/pool": "system"}
    assert spec["tolerations"] == [
        {"key": "odoo-estate/pool", "operator": "Equal", "value": "system", "effect": "NoSchedule"}
    ]
