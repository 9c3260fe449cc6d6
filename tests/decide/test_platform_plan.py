"""A platform's plan: ways in, poolers, shared workers."""

import json
from dataclasses import replace
from typing import Any

import pytest
from tests.decide.documents import compiled, context

from odoo_estate.decide import shared
from odoo_estate.decide.cache_watch import cache_watch_plan
from odoo_estate.decide.sizing import Pods
from odoo_estate.errors import BadInput
from odoo_estate.plan import CellPlan, PlatformPlan


def platform(name: str = "eu-1", **changes: Any) -> PlatformPlan:
    found = compiled(**changes).stacks[f"platform.{name}"]
    assert isinstance(found, PlatformPlan)
    return found


def test_the_bus_is_pooled_by_session_and_everything_else_by_transaction() -> None:
    for name in ("eu-1", "med-1"):
        for pooler in platform(name).poolers.values():
            assert pooler.pools["postgres"].mode == "session"
            assert pooler.pools["*"].mode == "transaction"


def test_every_instance_of_the_cell_has_a_pooler() -> None:
    plans = compiled(
        estate={"cells": {"eu-1": {"databases": {"heavy": "pg-xl"}}}}, customers={"paper": {"database": "heavy"}}
    ).stacks
    cell, made = plans["cell.eu-1"], plans["platform.eu-1"]
    assert isinstance(cell, CellPlan)
    assert isinstance(made, PlatformPlan)
    assert set(made.poolers) == set(cell.databases) == {"main", "heavy"}
    for key, pooler in made.poolers.items():
        assert pooler.max_db_connections * pooler.replicas < cell.databases[key].max_connections


def test_each_service_class_has_a_way_in_of_its_own() -> None:
    plan = platform()
    assert plan.ingress_classes == ("starter", "business", "premium", "regulated")
    for entry in plan.ingress_classes:
        values = json.loads(json.dumps(plan.charts[f"traefik-{entry}"].values))
        assert values["providers"]["kubernetesCRD"]["ingressClass"] == entry
        assert values["providers"]["kubernetesCRD"]["allowCrossNamespace"] is False
    assert len(set(plan.ingress_targets.values())) == len(plan.ingress_classes)
    assert plan.ingress_targets["starter"] == "starter.ingress.eu-1.erp.harbour.example"


TLS = {True: "ingress-behind-balancer", False: "ingress"}


def test_the_ingress_reads_nothing_a_tenant_could_reach_beyond_its_namespace_with() -> None:
    for entry in platform().ingress_classes:
        values = json.loads(json.dumps(platform().charts[f"traefik-{entry}"].values))
        assert values["providers"]["kubernetesIngress"] == {"enabled": False}
        assert {
            "--providers.kubernetescrd.safenaming=true",
            "--providers.kubernetescrd.crossprovidernamespaces=ingress",
            f"--providers.kubernetescrd.defaulttlsresourcesnamespace={TLS[entry in platform().firewalled]}",
        } <= set(values["additionalArguments"])
        assert "logs" not in values, "chart 41 has no such value and refuses it"


def test_clients_addresses_are_believed_from_the_load_balancers_subnets_only() -> None:
    cell = compiled().stacks["cell.eu-1"]
    assert isinstance(cell, CellPlan)
    subnets = [zone.public_cidr for zone in cell.network.zones.values()]
    values = json.loads(json.dumps(platform().charts["traefik-starter"].values))
    for port in values["ports"].values():
        assert port["proxyProtocol"] == {"trustedIPs": subnets}
        assert "forwardedHeaders" not in port
    assert not any("forwardedheaders" in one or "insecure" in one for one in values["additionalArguments"])


def test_behind_a_firewall_forwarded_headers_are_believed_from_the_load_balancers_subnets_only() -> None:
    entry = platform().firewalled["premium"]
    assert set(platform().firewalled) == {"premium", "regulated"}
    values = json.loads(json.dumps(platform().charts[entry.release].values))
    trusted = json.loads(json.dumps(platform().charts["traefik-starter"].values))["ports"]["web"]["proxyProtocol"]
    for port in values["ports"].values():
        assert port["forwardedHeaders"] == trusted
        assert "proxyProtocol" not in port
    assert "--entrypoints.websecure.forwardedheaders.notappendxforwardedfor=true" in values["additionalArguments"]
    assert not any("insecure" in one for one in values["additionalArguments"])


def test_load_adds_no_ingress_replica_because_each_brings_limits_of_its_own() -> None:
    values = json.loads(json.dumps(platform().charts["traefik-starter"].values))
    assert values["deployment"]["replicas"] == 3
    assert "autoscaling" not in values
    assert values["ports"]["websecure"]["transport"]["respondingTimeouts"]["readTimeout"] == 720


def test_the_pages_know_every_partners_brand_and_the_operators_first() -> None:
    plan = platform().pages
    assert next(iter(plan.brands)) == "_operator"
    assert plan.brands["bright"] == ("Bright ERP", "service@bright.example")


def test_charts_are_pinned_and_only_those_of_the_catalog() -> None:
    plan = platform()
    assert {key.split("-")[0] for key in plan.charts} == {"traefik", "external", "cert", "aws", "kube", "cluster"}
    assert all(chart.version for chart in plan.charts.values())
    assert all(chart.namespace in plan.namespaces for chart in plan.charts.values())


def test_secret_stores_of_one_namespace_never_serve_another() -> None:
    values = platform().charts["external-secrets"].values
    assert values["processClusterStore"] is False


def test_controllers_run_on_the_system_pool() -> None:
    for key, chart in platform().charts.items():
        text = json.dumps(dict(chart.values))
        assert '"odoo-estate/pool": "system"' in text, key
        assert '"effect": "NoSchedule"' in text, key


def test_poolers_stand_on_the_system_pool_which_only_they_and_controllers_tolerate() -> None:
    plans = compiled(
        estate={"cells": {"eu-1": {"databases": {"spare": "pg-m"}}}}, customers={"paper": {"database": "main"}}
    ).stacks
    cell, plan = plans["cell.eu-1"], plans["platform.eu-1"]
    assert isinstance(cell, CellPlan)
    assert isinstance(plan, PlatformPlan)
    system = cell.node_pools["system"]
    assert set(plan.poolers) == {"main", "spare"}
    for pooler in plan.poolers.values():
        assert pooler.node_selector.items() <= system.labels.items()
        assert {key: (value, "NO_SCHEDULE") for key, value in pooler.tolerations.items()} == system.taints != {}


def test_a_dedicated_cell_has_no_shared_workers() -> None:
    assert platform("med-1").pooled == {}
    assert set(platform("eu-1").pooled) == {"starter", "business"}


def test_shared_workers_name_no_database_and_are_told_by_header() -> None:
    workers = platform().pooled["starter"]
    assert "db_name" not in workers.odoo.settings
    assert "dbfilter" not in workers.odoo.settings
    assert "dbfilter_from_header" in workers.odoo.settings["server_wide_modules"]
    assert workers.odoo.workloads["cron"].recreate


def test_shared_jobs_run_in_processes_of_their_own_that_go_through_all_databases_in_turns() -> None:
    for key, workers in platform().pooled.items():
        for pool in ("cron", "integration"):
            plan = workers.odoo.workloads[pool]
            assert plan.arguments == ("--no-http",), "no request takes a job's process, no job a request's"
            assert plan.settings["workers"] != "0", "threads would stay with the databases they have loaded: none"
            assert 1 <= plan.turns <= max(1, plan.processes * plan.min_replicas // 4)
            assert plan.turns < plan.processes * plan.min_replicas, (key, pool, "one tenant could hold the whole pool")
            assert int(plan.settings["limit_time_real_cron"]) < plan.grace_seconds
            assert plan.settings["server_wide_modules"].endswith(",estate_turns")
        for other in ("web", "websocket"):
            assert workers.odoo.workloads[other].turns == 0
            assert "estate_turns" not in workers.odoo.workloads[other].settings.get("server_wide_modules", "")


def test_a_shared_process_has_memory_for_the_registries_that_it_may_keep() -> None:
    own = context().catalog.odoo_bands["odoo-l"].web
    web = platform().pooled["starter"].odoo.workloads["web"]
    assert web.settings["registry_lru_size"] == "40"
    assert web.size.memory_mib == own.memory_mib + own.processes * 40 * 15


def test_shared_workers_run_the_series_of_their_tenants() -> None:
    assert platform().pooled["starter"].odoo.version == "18.0"
    # Nobody is pooled in business: the newest that is supported.
    assert platform().pooled["business"].odoo.version == "19.0"


def test_two_series_in_one_class_of_shared_workers_are_refused() -> None:
    other = {
        "other": {
            "customer": "other",
            "name": "Other",
            "service_class": "starter",
            "residency": "eu",
            "odoo": "19.0",
            "workload": {"users": 5, "orders_per_day": 10, "storage": {"database_gib": 1, "filestore_gib": 1}},
            "environments": {"production": {}},
        }
    }
    with pytest.raises(BadInput, match="run one Odoo series") as caught:
        compiled(customers=other)
    assert caught.value.problems[0].document == "customer:other"
    assert caught.value.problems[0].allowed == ("18.0",)


def test_the_quota_of_shared_workers_holds_them_all_at_their_most() -> None:
    for workers in platform().pooled.values():
        plans = workers.odoo.workloads.values()
        assert sum(one.size.memory_mib * one.max_replicas for one in plans) < workers.quota.memory_mib
        assert sum(one.size.cpu_millicores * one.max_replicas for one in plans) < workers.quota.cpu_millicores
        assert max(one.size.memory_mib for one in plans) <= workers.quota.max_memory_mib


def test_platform_namespaces_are_held_to_pod_security() -> None:
    plan = platform()
    for name, labels in plan.namespaces.items():
        expected = {"monitoring": "privileged", "load-balancer": "baseline"}.get(name, "restricted")
        assert labels["pod-security.kubernetes.io/enforce"] == expected
        assert labels["odoo-estate/cell"] == "eu-1"
    assert plan.provisioning.namespace in plan.namespaces


def test_shared_workers_pods_use_only_priorities_that_exist() -> None:
    plan = platform()
    used = {one.priority_class for pooled in plan.pooled.values() for one in pooled.odoo.workloads.values()}
    used |= {pooler.priority_class for pooler in plan.poolers.values()}
    assert used <= set(plan.priorities)


def test_the_platform_changes_with_none_of_its_tenants() -> None:
    assert platform() == platform(
        customers={"copper": {"service_class": "starter", "workload": {"users": 20}}, "paper": None}
    )


def test_who_takes_how_much_of_the_cache_is_measured_once_a_cell_whoever_its_tenants_are() -> None:
    for name in ("eu-1", "med-1"):
        cell, watch = compiled().stacks[f"cell.{name}"], platform(name).cache_watch
        assert isinstance(cell, CellPlan) and watch is not None
        assert watch.variables["CACHE_ID"] == cell.caches[watch.cache].id
        assert watch.variables["CACHE_USER"] == watch.user
        assert "@sha256:" in watch.image
        role = cell.identities[watch.service_account]
        assert (role.namespace, role.service_account) == (watch.namespace, watch.service_account)
        allowed = {one["Action"][0]: one for one in json.loads(json.dumps(role.role.statements))}
        namespace = watch.variables["METRIC_NAMESPACE"]
        assert allowed["cloudwatch:PutMetricData"]["Condition"] == {"StringEquals": {"cloudwatch:namespace": namespace}}
        entered = allowed["elasticache:Connect"]["Resource"]
        assert [arn.rsplit(":", 2)[1:] for arn in entered] == [
            ["replicationgroup", cell.caches[watch.cache].id],
            ["user", watch.user],
        ]


def test_one_alarm_finds_any_tenant_past_its_share_and_another_a_measurement_that_does_not_come() -> None:
    watch = platform().cache_watch
    assert watch is not None
    share, unmeasured = watch.alarms["cache-main-share"], watch.alarms["cache-main-unmeasured"]
    # A query of several series without an order is refused, and sees three hours at most (CloudWatch user guide).
    assert share.query.endswith("GROUP BY Tenant ORDER BY MAX() DESC") and share.threshold == 100
    assert f"Cache = '{watch.variables['CACHE_ID']}'" in share.query and share.namespace in share.query
    assert share.period_seconds * share.evaluation_periods <= 3 * 3600
    assert unmeasured.missing_data == "breaching" and unmeasured.dimensions == {"Cache": watch.variables["CACHE_ID"]}
    every = int(watch.schedule.split()[0].removeprefix("*/")) * 60
    assert watch.deadline_seconds < every == share.period_seconds < unmeasured.period_seconds


def test_the_system_pools_budgets_count_the_measurement(monkeypatch: pytest.MonkeyPatch) -> None:
    def used() -> dict[str, float]:
        return {one.name: one.used for one in compiled().stacks["cell.eu-1"].budgets if one.name.startswith("system-")}

    before = used()
    monkeypatch.setattr(shared, "cache_watch_pods", Pods)
    assert {key: before[key] - without for key, without in used().items()} == {
        "system-cpu": shared.CACHE_WATCH_SIZE.cpu_millicores,
        "system-memory": shared.CACHE_WATCH_SIZE.memory_mib,
        "system-pods": 1,
    }


def test_an_estate_without_the_programs_image_measures_nothing_and_has_no_alarm_that_waits_for_it() -> None:
    given = context()
    bare = replace(given, estate=given.estate.model_copy(update={"recovery_image": None}), memo={})
    assert cache_watch_plan(bare, "eu-1") is None
    assert cache_watch_plan(given, "eu-1") is not None
