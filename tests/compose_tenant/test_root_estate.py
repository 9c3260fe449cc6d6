"""The root estate's platforms and tenants: valid objects, and names that fit together."""

import re
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
from tests.compose_tenant import graphs
from tests.compose_tenant.pod_security import containers, violations

from odoo_estate.decide import compile_estate
from odoo_estate.plan import CellPlan, EstatePlan, PlatformPlan, TenantPlan
from odoo_estate.preview.graph import Graph, Unresolved
from odoo_estate.spec.loader import load

STACKS = Path(__file__).parents[2] / "stacks"
KUBERNETES = "1.34"
LABEL = re.compile(r"([A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?")
NAME = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")
CUSTOM = ("traefik.io", "external-secrets.io", "cert-manager.io", "elbv2.k8s.aws")
"""Groups of custom resources: their schemas are not Kubernetes' own."""


@cache
def estate() -> EstatePlan:
    return compile_estate(load(STACKS), today=date(2026, 11, 22))


@cache
def graph(stack: str) -> Graph:
    return graphs.recorded(estate().stacks[stack])


def platforms() -> list[PlatformPlan]:
    return [plan for plan in estate().stacks.values() if isinstance(plan, PlatformPlan)]


def tenants() -> list[TenantPlan]:
    return [plan for plan in estate().stacks.values() if isinstance(plan, TenantPlan)]


def platform_of(tenant: TenantPlan) -> PlatformPlan:
    return next(plan for plan in platforms() if plan.cell == tenant.cell)


EVERY = pytest.mark.parametrize("stack", [plan.stack for plan in (*platforms(), *tenants())])


@EVERY
def test_every_object_fits_kubernetes_own_schema(stack: str) -> None:
    checked = 0
    for node in graphs.objects(graph(stack)):
        if not node.inputs["apiVersion"].startswith(CUSTOM):
            kubernetes_validate.validate(plain(node.inputs), KUBERNETES, strict=True)
            checked += 1
    assert checked


def plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return str(value) if isinstance(value, str) else value


@EVERY
def test_names_and_labels_are_within_kubernetes_syntax(stack: str) -> None:
    for node in graphs.objects(graph(stack)):
        head = node.inputs["metadata"]
        assert NAME.fullmatch(head.get("name", "x")), node.urn
        for key, value in head["labels"].items():
            assert LABEL.fullmatch(value), (node.urn, key, value)


@EVERY
def test_every_pod_passes_the_restricted_standard_and_is_pinned(stack: str) -> None:
    for name, template in graphs.pod_templates(graph(stack)):
        assert violations(template["spec"]) == [], name
        assert all("@sha256:" in container["image"] for container in containers(template["spec"])), name


def test_tenants_rely_only_on_what_their_platform_has() -> None:
    for tenant in tenants():
        platform = platform_of(tenant)
        assert tenant.route.ingress_class in platform.ingress_classes, tenant.stack
        assert tenant.route.target == platform.ingress_targets[tenant.route.ingress_class], tenant.stack
        assert tenant.route.certificate_issuer in platform.issuers, tenant.stack
        assert tenant.database.job_namespace == platform.provisioning.namespace, tenant.stack
        if tenant.own_database is None:
            assert tenant.pooler in platform.poolers.values(), tenant.stack
        for workload in (tenant.odoo.workloads if tenant.odoo else {}).values():
            assert workload.priority_class in platform.priorities, tenant.stack


def test_pooled_tenants_live_with_the_shared_workers_that_own_their_databases() -> None:
    found = [tenant for tenant in tenants() if tenant.tenancy == "pooled"]
    assert found
    for tenant in found:
        workers = platform_of(tenant).pooled[tenant.service_class]
        assert (tenant.namespace, tenant.database.pool_login) == (workers.namespace, workers.login)
        assert re.match(tenant.route.database_filter, tenant.database.name)
        others = {other.database.name for other in found} - {tenant.database.name}
        assert not any(re.match(tenant.route.database_filter, other) for other in others)


def test_every_service_a_route_leads_to_exists() -> None:
    for tenant in tenants():
        stack = platform_of(tenant).stack if tenant.odoo is None else tenant.stack
        services = {
            (one["metadata"]["namespace"], one["metadata"]["name"]): one["spec"]["ports"][0]["port"]
            for one in (node.inputs for node in graphs.objects(graph(stack)) if node.inputs.get("kind") == "Service")
        }
        for route in next(iter(graphs.of_kind(graph(tenant.stack), "IngressRoute").values()))["spec"]["routes"]:
            for service in route["services"]:
                assert services[tenant.namespace, service["name"]] == service["port"], tenant.stack


def test_every_middleware_a_route_names_exists() -> None:
    for tenant in tenants():
        both = [graph(tenant.stack), graph(platform_of(tenant).stack)]
        there = {
            (node.inputs["metadata"]["namespace"], node.inputs["metadata"]["name"])
            for one in both
            for node in graphs.objects(one)
            if node.inputs.get("kind") == "Middleware"
        }
        for route in next(iter(graphs.of_kind(graph(tenant.stack), "IngressRoute").values()))["spec"]["routes"]:
            assert {(tenant.namespace, one["name"]) for one in route["middlewares"]} <= there, tenant.stack


def test_a_tenants_reader_may_read_every_secret_that_is_read_through_it() -> None:
    for tenant in tenants():
        if tenant.secrets_role is None:
            continue
        allowed = str(tenant.secrets_role.statements)
        made = graph(tenant.stack).of_type("aws:secretsmanager/secret:Secret")
        for node in made:
            name = node.inputs.get("name", "")
            assert name in allowed or "/master/" in name, (tenant.stack, node.urn)


def test_the_workloads_service_account_is_the_one_that_has_the_role() -> None:
    cells = {plan.cell: plan for plan in estate().stacks.values() if isinstance(plan, CellPlan)}
    for platform in platforms():
        for workers in platform.pooled.values():
            identities = {(one.namespace, one.service_account) for one in cells[platform.cell].identities.values()}
            assert (workers.namespace, workers.service_account) in identities


@EVERY
def test_pods_fit_the_quota_of_their_namespace_during_a_rolling_update(stack: str) -> None:
    plan = estate().stacks[stack]
    for quota in graphs.of_kind(graph(stack), "ResourceQuota").values():
        if "scopeSelector" in quota["spec"]:
            continue  # bounds jobs of one priority, which wait for each other on purpose
        namespace = quota["metadata"]["namespace"]
        pods = memory = 0
        for node in graphs.objects(graph(stack)):
            if node.inputs.get("kind") == "Deployment" and node.inputs["metadata"]["namespace"] == namespace:
                spec = node.inputs["spec"]
                most = spec.get("replicas") or most_replicas(stack, namespace, node.inputs["metadata"]["name"])
                surge = 0 if spec["strategy"]["type"] == "Recreate" else 1
                limit = spec["template"]["spec"]["containers"][0]["resources"]["limits"]["memory"]
                pods += int(most) + surge
                memory += (int(most) + surge) * int(limit.removesuffix("Mi"))
        assert pods <= int(quota["spec"]["hard"]["pods"]), plan.stack
        assert memory <= int(quota["spec"]["hard"]["limits.memory"].removesuffix("Mi")), plan.stack


def most_replicas(stack: str, namespace: str, deployment: str) -> int:
    return next(
        int(node.inputs["spec"]["maxReplicas"])
        for node in graphs.objects(graph(stack))
        if node.inputs.get("kind") == "HorizontalPodAutoscaler"
        and node.inputs["metadata"] | {"labels": {}} == {"namespace": namespace, "name": deployment, "labels": {}}
    )


@EVERY
def test_no_setting_of_odoo_depends_on_what_only_the_cloud_knows(stack: str) -> None:
    for manifest in graphs.of_kind(graph(stack), "ExternalSecret").values():
        for file, text in manifest["spec"]["target"]["template"]["data"].items():
            if file.endswith(".conf") and file != "pg_service.conf":
                assert not isinstance(text, Unresolved), (stack, file)


def test_every_tenancy_stays_within_its_number_of_resources() -> None:
    limits = {"pooled": 16, "namespaced": 60}  # two of them for a domain of its own: certificate and route
    for tenant in tenants():
        if limit := limits.get(tenant.tenancy):
            assert len(graphs.resources(graph(tenant.stack))) <= limit, tenant.stack


def test_an_object_with_a_misspelt_field_does_not_fit() -> None:
    manifest = plain(graphs.of_kind(graph(tenants()[0].stack), "Job").popitem()[1])
    manifest["spec"]["template"]["spec"]["terminationGraceSeconds"] = 5
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(manifest, KUBERNETES, strict=True)


def replica_address(stack: str) -> str:
    """What the pooler that ``stack`` makes is told of a read replica; empty: it leads to none."""
    own = [one.pooler.name for one in tenants() if one.stack == stack]
    data = graphs.of_kind(graph(stack), "ConfigMap")[own[0] if own else "pooler-main"]["data"]
    return str(data.get("replica.ini", ""))


def test_reports_find_the_replica_that_their_stack_makes_or_their_cell_hands_out() -> None:
    assert "instance-reader.address} port=5432" in replica_address("tenant.nordfood.production")
    (dedicated,) = [one for one in platforms() if one.poolers["main"].replica_size]
    assert "databases.main.replicas.reader" in replica_address(dedicated.stack)
    readers = [one for one in tenants() if one.odoo and "reporting" in one.odoo.workloads and one.pooler.replica_size]
    assert {one.customer for one in readers} == {"nordfood", "medsupply"}
    for tenant in readers:
        files = graphs.of_kind(graph(tenant.stack), "ExternalSecret")["odoo"]["spec"]["target"]["template"]["data"]
        assert "db_replica_port = 5434" in files["reporting.conf"]
        assert [name for name, text in files.items() if "db_replica" in str(text)] == ["reporting.conf"]
        (rule,) = [
            one
            for policy in graphs.of_kind(graph(tenant.stack), "NetworkPolicy").values()
            for one in policy["spec"].get("egress", ())
            if {"protocol": "TCP", "port": 5434} in one["ports"]
        ]
        assert rule["to"][0]["podSelector"]["matchLabels"] == {"app.kubernetes.io/name": tenant.pooler.name}


def test_master_credentials_come_with_the_authorities_of_their_server() -> None:
    for plan in estate().stacks.values():
        if not isinstance(plan, PlatformPlan | TenantPlan):
            continue
        for name, one in graphs.of_kind(graph(plan.stack), "ExternalSecret").items():
            if name.startswith("master-"):
                data = one["spec"]["target"]["template"]["data"]
                assert data["server-ca.pem"].startswith("-----BEGIN CERTIFICATE-----")
                assert "sslmode=verify-full\nsslrootcert=/run/secrets/service/server-ca.pem" in str(
                    data["pg_service.conf"]
                )
