"""What each tenancy consists of."""

from typing import Any

import pytest
from tests.compose.graphs import needs, program, recorded
from tests.compose_tenant import graphs, plans
from tests.preview.protocol import assert_same_graph

from odoo_estate.kubernetes.route import MANAGER
from odoo_estate.preview.graph import Graph, Node


def named(graph: Graph, name: str, part: str = "") -> Node:
    found = [node for node in graph if node.name == name and part in node.type]
    assert len(found) == 1, [node.urn for node in found]
    return found[0]


def test_a_pooled_tenant_is_a_handful_of_resources() -> None:
    assert len(graphs.resources(graphs.pooled())) <= 15


def test_a_namespaced_tenant_has_at_most_sixty_resources() -> None:
    found = [node.urn.rpartition("::")[2] for node in graphs.resources(graphs.namespaced())]
    assert len(found) <= 60, found


def test_a_pooled_tenant_has_no_pods_and_no_secret_of_its_own() -> None:
    graph = graphs.pooled()
    assert not graphs.of_kind(graph, "Deployment")
    assert not graph.of_type("aws:secretsmanager/secret:Secret")
    assert not graphs.of_kind(graph, "ExternalSecret")


def test_cron_never_runs_twice() -> None:
    for graph in (graphs.namespaced(), graphs.semi_dedicated(), graphs.platform()):
        cron = graphs.of_kind(graph, "Deployment")["odoo-cron"]["spec"]
        assert cron["replicas"] == 1
        assert cron["strategy"]["type"] == "Recreate"
        assert "odoo-cron" not in graphs.of_kind(graph, "HorizontalPodAutoscaler")


def configurations(graph: Graph) -> dict[str, str]:
    files = graphs.of_kind(graph, "ExternalSecret")["odoo"]["spec"]["target"]["template"]["data"]
    return {name.removesuffix(".conf"): text for name, text in files.items() if name.endswith(".conf")}


def test_cron_and_integration_know_their_one_database() -> None:
    found = configurations(graphs.namespaced())
    assert set(found) == {"web", "websocket", "cron", "integration"}
    for text in found.values():
        assert "\ndb_name = medsupply_production\n" in text
        assert "dbfilter" not in text


def test_shared_workers_are_told_by_the_ingress_which_tenant_a_request_is_for() -> None:
    for text in configurations(graphs.platform()).values():
        assert "db_name" not in text
        assert "dbfilter =" not in text
    graph = graphs.pooled()
    header = graphs.of_kind(graph, "Middleware")["corner-shop-production-tenant"]["spec"]["headers"]
    assert header["customRequestHeaders"]["X-Odoo-dbfilter"] == "^corner_shop_production$"
    for route in graphs.of_kind(graph, "IngressRoute").values():
        for rule in route["spec"]["routes"]:
            assert rule["middlewares"][0] == {"name": "corner-shop-production-tenant"}, rule["match"]


def test_odoos_password_is_on_no_command_line_and_in_no_variable() -> None:
    for name, template in graphs.pod_templates(graphs.namespaced()):
        for container in template["spec"]["containers"]:
            assert "entrypoint" not in " ".join(container["command"]), name
            for variable in container.get("env", []):
                assert "PASSWORD" not in variable["name"] or variable["value"].startswith("/run/secrets/"), variable


def test_the_websocket_goes_to_its_own_server_and_is_neither_buffered_nor_counted() -> None:
    routes = next(iter(graphs.of_kind(graphs.namespaced(), "IngressRoute").values()))["spec"]["routes"]
    websocket = next(route for route in routes if "/websocket" in route["match"])
    assert websocket["services"] == [{"name": "odoo-websocket", "port": 8072}]
    assert {one["name"].rpartition("-")[2] for one in websocket["middlewares"]} == {"rate", "tenant"}
    others = [route for route in routes if "Path(`" not in route["match"] and route is not websocket]
    assert websocket["priority"] > max(route["priority"] for route in others)


def test_the_database_manager_has_no_route() -> None:
    routes = next(iter(graphs.of_kind(graphs.pooled(), "IngressRoute").values()))["spec"]["routes"]
    site = min(routes, key=lambda route: route["priority"])
    assert f"!PathRegexp(`{MANAGER}`)" in site["match"]


def test_a_pooled_tenants_limits_are_its_own() -> None:
    middlewares = graphs.of_kind(graphs.pooled(), "Middleware")
    for limit, kind in (("rate", "rateLimit"), ("concurrency", "inFlightReq")):
        criterion = middlewares[f"corner-shop-production-{limit}"]["spec"][kind]["sourceCriterion"]
        assert criterion == {"requestHeaderName": "X-Estate-Tenant"}


def test_a_customers_own_domain_keeps_nobody_waiting_for_its_certificate() -> None:
    """The name in the cell's zone is served with the entry's certificate, which lies where no tenant reaches it."""
    (certificate,) = [
        one for name, one in graphs.of_kind(graphs.pooled(), "Certificate").items() if "corner-shop" in name
    ]
    assert certificate["spec"]["dnsNames"] == ["erp.corner-shop.example"]
    (route,) = graphs.of_kind(graphs.pooled(), "IngressRoute").values()
    assert route["spec"]["tls"] == {"secretName": certificate["spec"]["secretName"]}
    for rule in route["spec"]["routes"]:
        assert "Host(`corner-shop.eu-1.erp.example.com`)" in rule["match"]
        assert "Host(`erp.corner-shop.example`)" in rule["match"]


def test_no_route_outbids_what_admission_lets_a_tenant_have() -> None:
    for graph in (graphs.pooled(), graphs.namespaced()):
        for route in graphs.of_kind(graph, "IngressRoute").values():
            assert all(0 < rule["priority"] <= 1000 for rule in route["spec"]["routes"]), (
                "0 means: by the rule's length"
            )


def test_a_pooled_route_refers_only_to_middlewares_that_exist() -> None:
    route = next(iter(graphs.of_kind(graphs.pooled(), "IngressRoute").values()))
    wanted = {one["name"] for rule in route["spec"]["routes"] for one in rule["middlewares"]}
    shared = {
        name
        for name, spec in graphs.of_kind(graphs.platform(), "Middleware").items()
        if spec["metadata"]["namespace"] == route["metadata"]["namespace"]
    }
    assert wanted <= shared | set(graphs.of_kind(graphs.pooled(), "Middleware"))


def test_a_tenants_job_finds_the_master_credentials_of_its_instance() -> None:
    for graph in (graphs.pooled(), graphs.namespaced()):
        job = next(iter(graphs.of_kind(graph, "Job").values()))
        service = next(v for v in job["spec"]["template"]["spec"]["volumes"] if v["name"] == "service")
        assert service["secret"]["secretName"] in graphs.of_kind(graphs.platform(), "ExternalSecret")


def test_master_credentials_stay_out_of_every_namespace_with_workloads() -> None:
    for graph in (graphs.namespaced(), graphs.semi_dedicated(), graphs.platform()):
        for name, manifest in graphs.of_kind(graph, "ExternalSecret").items():
            if name.startswith("master-"):
                assert manifest["metadata"]["namespace"] == "databases"
        for job in graphs.of_kind(graph, "Job").values():
            assert job["metadata"]["namespace"] == "databases"


def test_a_tenants_passwords_are_read_only_as_the_tenants_reader() -> None:
    graph = graphs.namespaced()
    reader = named(graph, "secrets", "iam/role:Role")
    stores = graphs.of_kind(graph, "SecretStore")
    assert {name: one["metadata"]["namespace"] for name, one in stores.items()} == {
        "tenant": "medsupply-production",
        "medsupply-production": "databases",
    }
    for one in stores.values():
        assert one["spec"]["provider"]["aws"]["role"] == f"${{{reader.urn}.arn}}"
    for one in graphs.of_kind(graph, "ExternalSecret").values():
        assert one["spec"]["secretStoreRef"]["name"] in stores


def test_the_master_user_of_a_tenants_own_instance_is_out_of_its_readers_reach() -> None:
    master = graphs.of_kind(graphs.semi_dedicated(), "ExternalSecret")["master-bulk-production"]
    assert master["spec"]["secretStoreRef"]["name"] == "platform"


def test_a_semi_dedicated_tenant_shares_neither_instance_nor_cache_nor_nodes_nor_pooler() -> None:
    graph = graphs.semi_dedicated()
    for token in ("rds/instance:Instance", "elasticache/replicationGroup:ReplicationGroup", "eks/nodeGroup:NodeGroup"):
        assert len(graph.of_type(f"aws:{token}")) == 1, token
    pooler = graphs.of_kind(graph, "Deployment")["pooler-bulk"]
    assert pooler["metadata"]["namespace"] == "bulk-production"
    assert (
        graphs.of_kind(graph, "Namespace")["bulk-production"]["metadata"]["labels"]["odoo-estate/pooler"]
        == "pooler-bulk"
    )


def test_data_of_a_tenant_with_its_own_key_is_encrypted_with_it() -> None:
    graph = graphs.semi_dedicated()
    key = named(graph, "key", "kms/key:Key")
    for node in [*graph.of_type("aws:rds/instance:Instance"), *graph.of_type("aws:secretsmanager/secret:Secret")]:
        assert node.inputs["kmsKeyId"] == f"${{{key.urn}.arn}}", node.urn


def test_workloads_start_after_their_database_and_go_before_it() -> None:
    for graph in (graphs.namespaced(), graphs.semi_dedicated()):
        assert needs(graph, named(graph, "odoo-web-deployment"), named(graph, "database-run"))
        assert needs(graph, named(graph, "route-route"), named(graph, "namespace", "core/v1:Namespace"))


def test_a_semi_dedicated_tenants_database_is_made_once_its_pooler_may_look_logins_up() -> None:
    graph = graphs.semi_dedicated()
    assert needs(graph, named(graph, "database-run"), named(graph, "instance-job-run"))


def test_only_hosts_in_the_estates_zones_get_records() -> None:
    records = graphs.namespaced().of_type("aws:route53/record:Record")
    assert [node.inputs["name"] for node in records] == ["medsupply.eu-1.erp.example.com"]
    assert records[0].inputs["records"] == ["ingress.eu-1.erp.example.com"]


def test_a_host_in_the_estates_own_zone_gets_its_record_in_the_account_that_holds_it() -> None:
    plan = plans.tenant(
        depends_on=("landing-zone", "cell.eu-1", "platform.eu-1"),
        route=type(plans.route("x"))(
            **{
                **vars(plans.route("medsupply")),
                "zones": {"erp.medsupply.example": "brand"},
                "zone_target": plans.cells.landing_zone().target,
            }
        ),
    )
    graph = recorded(plan)
    record = graph.of_type("aws:route53/record:Record")[0]
    assert "landing-zone" in record.inputs["zoneId"]
    assert record.provider is not None
    assert "aws-dns" in record.provider


@pytest.mark.parametrize("plan", [plans.tenant, plans.pooled, plans.semi_dedicated, plans.platform])
def test_the_recorded_stack_is_the_one_the_engine_would_receive(plan: Any) -> None:
    made = plan()
    assert_same_graph(lambda: program(made), project="acme", stack=made.stack)
