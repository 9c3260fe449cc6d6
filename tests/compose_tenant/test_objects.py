"""Promises about every Kubernetes object of a platform and of tenants in each tenancy."""

import copy
import json
from dataclasses import replace
from typing import Any

import pytest
from tests.compose_tenant import graphs, plans
from tests.compose_tenant.pod_security import containers, violations

from odoo_estate.plan import RemovalPlan
from odoo_estate.preview.graph import Graph, Secret, is_secret

EVERY = pytest.mark.parametrize("graph", [pytest.param(make, id=name) for name, make in graphs.EVERY.items()])


@EVERY
def test_every_object_carries_its_owners_labels(graph: Any) -> None:
    owners = plans.PLATFORM_LABELS if graph is graphs.platform else {"odoo-estate/estate": "acme"}
    for node in graphs.objects(graph()):
        assert owners.items() <= node.inputs["metadata"]["labels"].items(), node.urn
        if graph is not graphs.platform:
            assert "odoo-estate/tenant" in node.inputs["metadata"]["labels"], node.urn


@EVERY
def test_every_pod_carries_its_owners_labels(graph: Any) -> None:
    for name, template in graphs.pod_templates(graph()):
        assert template["metadata"]["labels"]["odoo-estate/estate"] == "acme", name


@EVERY
def test_every_pod_passes_the_restricted_standard(graph: Any) -> None:
    templates = list(graphs.pod_templates(graph()))
    assert templates
    for name, template in templates:
        assert violations(template["spec"]) == [], name


@pytest.mark.parametrize(
    "weaken",
    [
        lambda pod: pod["containers"][0]["securityContext"].pop("capabilities"),
        lambda pod: pod["containers"][0].pop("securityContext"),
        lambda pod: pod["securityContext"].pop("runAsNonRoot"),
        lambda pod: pod["securityContext"].pop("seccompProfile"),
        lambda pod: pod.update(hostNetwork=True),
        lambda pod: pod.update(initContainers=[{"name": "init", "image": "x"}]),
        lambda pod: pod["volumes"].append({"name": "host", "hostPath": {"path": "/"}}),
    ],
)
def test_a_weakened_pod_does_not_pass(weaken: Any) -> None:
    pod = copy.deepcopy(next(graphs.pod_templates(graphs.namespaced()))[1]["spec"])
    weaken(pod)
    assert violations(pod)


@EVERY
def test_every_container_is_pinned_bounded_and_cannot_write_to_its_root(graph: Any) -> None:
    for name, template in graphs.pod_templates(graph()):
        for container in containers(template["spec"]):
            assert "@sha256:" in container["image"], name
            assert container["securityContext"]["readOnlyRootFilesystem"] is True, name
            assert container["resources"]["limits"]["memory"] == container["resources"]["requests"]["memory"], name
            assert "cpu" in container["resources"]["requests"], name


@EVERY
def test_no_pod_carries_a_token_of_the_api_server(graph: Any) -> None:
    for name, template in graphs.pod_templates(graph()):
        assert template["spec"]["automountServiceAccountToken"] is False, name
    for account in graphs.of_kind(graph(), "ServiceAccount").values():
        assert account["automountServiceAccountToken"] is False


@EVERY
def test_a_pod_has_time_to_leave_after_the_ingress_has_heard_of_it(graph: Any) -> None:
    for name, template in graphs.pod_templates(graph()):
        for container in template["spec"]["containers"]:
            pause = container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
            assert pause < template["spec"]["terminationGracePeriodSeconds"], name


def odoo_pods(graph: Any) -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (
            node.inputs["metadata"]["namespace"],
            node.inputs["metadata"]["labels"]["app.kubernetes.io/component"],
        ): node.inputs["spec"]["template"]["spec"]
        for node in graphs.objects(graph())
        if node.inputs["kind"] == "Deployment" and node.inputs["metadata"]["name"].startswith("odoo-")
    }


@EVERY
def test_a_busy_server_is_neither_killed_in_the_middle_of_its_longest_job_nor_ended_before_that(graph: Any) -> None:
    for name, spec in odoo_pods(graph).items():
        (container,) = spec["containers"]
        longest = {"web": 120, "websocket": 120, "reporting": 720}.get(name[1], 1800)
        if name[1] == "cron" or container["args"] == ["--no-http"]:
            assert "livenessProbe" not in container, "Odoo's own watchdog ends jobs that hang; there is no HTTP to ask"
            continue
        probe = container["livenessProbe"]
        assert probe["periodSeconds"] * probe["failureThreshold"] > longest, name
        assert container["lifecycle"]["preStop"]["sleep"]["seconds"] + longest <= spec["terminationGracePeriodSeconds"]


@EVERY
def test_alive_ready_and_started_are_different_questions(graph: Any) -> None:
    for name, spec in odoo_pods(graph).items():
        (container,) = spec["containers"]
        if "readinessProbe" in container:
            assert container["livenessProbe"]["httpGet"]["path"] == "/web/health", (
                "a database that fails over kills no pod"
            )
            assert container["readinessProbe"]["httpGet"]["path"] == "/web/health?db_server_status=1"
            start = container["startupProbe"]
            assert start["periodSeconds"] * start["failureThreshold"] >= 600, name


def test_capacity_grows_by_what_lasts_within_bounds_and_never_for_a_stranger() -> None:
    scalers = graphs.of_kind(graphs.semi_dedicated(), "HorizontalPodAutoscaler")
    assert scalers
    for name, one in scalers.items():
        behavior = one["spec"]["behavior"]
        assert behavior["scaleUp"]["stabilizationWindowSeconds"] >= 60, name
        assert behavior["scaleDown"]["stabilizationWindowSeconds"] > behavior["scaleUp"]["stabilizationWindowSeconds"]
        assert [metric["type"] for metric in one["spec"]["metrics"]] == ["ContainerResource"], name
    routes = next(iter(graphs.of_kind(graphs.semi_dedicated(), "IngressRoute").values()))["spec"]["routes"]
    reached = {service["name"] for route in routes for service in route["services"]}
    assert reached == {"odoo-web", "odoo-websocket"}, "what is queued is not to be pumped from outside"


def test_only_what_the_ingress_leads_to_has_a_service() -> None:
    assert set(graphs.of_kind(graphs.namespaced(), "Service")) == {"odoo-web", "odoo-websocket"}


@EVERY
def test_no_secret_value_is_in_any_manifest(graph: Any) -> None:
    for node in graphs.objects(graph()):
        assert not is_secret(node.inputs), node.urn
        assert node.inputs.get("kind") != "Secret", "secrets come from Secrets Manager, never through the state"


@EVERY
def test_passwords_are_secret_wherever_they_are_written(graph: Any) -> None:
    versions = graph().of_type("aws:secretsmanager/secretVersion:SecretVersion")
    for node in versions:
        assert isinstance(node.inputs["secretString"], Secret), node.urn


def names_of_secrets(graph: Graph, logical: str) -> list[str]:
    return [
        json.dumps(template["spec"]["volumes"], sort_keys=True)
        for name, template in graphs.pod_templates(graph)
        if name == logical
    ]


def test_a_changed_setting_rolls_the_pods() -> None:
    changed = plans.tenant(odoo=plans.odoo(log_level="debug"))
    before = names_of_secrets(graphs.namespaced(), "odoo-web-deployment")
    after = names_of_secrets(graphs.recorded(changed), "odoo-web-deployment")
    assert before != after


def test_a_changed_pool_is_followed_by_the_pooler_where_it_runs() -> None:
    """A new pod would cost every client its session; PgBouncer reads its files again (tests/odoo/test_pooler.py)."""

    def template(pooler: Any) -> Any:
        plan = plans.platform()
        graph = graphs.recorded(type(plan)(**{**vars(plan), "poolers": {"main": pooler}}))
        return dict(graphs.pod_templates(graph))["pooler-main-deployment"]

    assert template(plans.pooler()) == template(plans.pooler(max_db_connections=21))
    containers = template(plans.pooler())["spec"]["containers"]
    assert [one["command"][3].rsplit("/", 1)[1] for one in containers] == ["pgbouncer.ini", "sessions.ini"]


def test_odoo_speaks_to_the_pooler_by_tls_and_verifies_it() -> None:
    graph = graphs.namespaced()
    certificate = graphs.of_kind(graphs.platform(), "Certificate")["pooler-main-tls"]["spec"]
    assert certificate["dnsNames"] == ["pooler-main.poolers.svc.cluster.local"]
    for _, template in graphs.pod_templates(graph):
        for one in template["spec"]["containers"]:
            if one["name"] == "odoo":
                assert {"name": "PGSSLROOTCERT", "value": "/etc/ssl/pooler/ca.crt"} in one["env"]
    secrets = str(graphs.of_kind(graph, "ExternalSecret"))
    assert "db_sslmode = verify-full" in secrets


def scripts(graph: Any) -> str:
    """All SQL that the stack runs."""
    found = [
        entry
        for _, pod in graphs.pod_templates(graph)
        for one in pod["spec"]["containers"]
        for entry in one.get("env", ())
    ]
    return "".join(entry["value"] for entry in found if entry["name"] == "SCRIPT")


def test_a_database_is_removed_only_where_the_contract_says_so() -> None:
    """Whatever becomes of the customer's file: a stack without it holds no script that drops, and destroying a stack runs none."""
    for plan in (plans.tenant(), plans.pooled(), plans.semi_dedicated()):
        assert "removal refused" not in scripts(graphs.recorded(plan))
        suspended = type(plan)(**{**vars(plan), "database": replace(plan.database, suspended=True)})
        assert "removal refused" not in scripts(graphs.recorded(suspended))
        end = RemovalPlan(remove_on="2026-12-31", notice_days=30, final_dump="20261201T000000Z", approver="Ada")
        retired = type(plan)(**{**vars(plan), "database": replace(plan.database, suspended=True, removal=end)})
        assert "removal refused" in scripts(graphs.recorded(retired))


def test_a_changed_script_makes_a_new_job() -> None:
    def template(extensions: tuple[str, ...]) -> Any:
        plan = plans.pooled()
        database = plans.database("corner_shop", pool_login="pool_standard", extensions=extensions)
        graph = graphs.recorded(type(plan)(**{**vars(plan), "database": database}))
        return dict(graphs.pod_templates(graph))["database-run"]

    assert template(("pg_trgm",)) != template(("pg_trgm", "unaccent"))
    assert "name" not in next(iter(graphs.of_kind(graphs.pooled(), "Job").values()))["metadata"], (
        "a fixed name would delete the old job before the new one exists"
    )
