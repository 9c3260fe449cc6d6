"""A tenant's plan: what each tenancy has, what it can reach, and that it is its own."""

import json
from dataclasses import asdict, replace
from datetime import date
from typing import Any

import pytest
from tests.decide.contracts import (
    HEAVY,
    catalog,
    catalog_with,
    context,
    contract,
    dedicated_cell,
    estate,
    exemption,
    module,
)

from odoo_estate.decide.changes import unapproved
from odoo_estate.decide.context import Context
from odoo_estate.decide.tenant import tenant_plan
from odoo_estate.errors import Refused
from odoo_estate.held import Held, held
from odoo_estate.plan import DatabasePlan, OdooPlan, TenantPlan, UpgradePlan
from odoo_estate.spec.customer import Customer
from odoo_estate.spec.fields import EnvironmentName

REGULATED = {"service_class": "regulated", "regulation": ("gdp",)}
ENVIRONMENTS = {"production": {}, "staging": {}, "sandbox": {"expires": "2027-01-31"}, "development": {}}
CLASSES = list(catalog().service_classes)


def world_of(tenancy: str, **fields: Any) -> Context:
    """An estate with one customer, ``acme``, of this tenancy."""
    if tenancy == "dedicated":
        recovery = {"region": "eu-west-1", "dr_class": "warm-standby"}
        return context(
            contract(**REGULATED, **fields), of=estate({"acme-1": dedicated_cell("acme", 0, recovery=recovery)})
        )
    kinds: dict[str, dict[str, Any]] = {
        "pooled": {},
        "namespaced": {"service_class": "business"},
        "semi-dedicated": HEAVY,
    }
    return context(contract(**{**kinds[tenancy], **fields}))


def plan_of(tenancy: str, environment: EnvironmentName = "production", **fields: Any) -> TenantPlan:
    return tenant_plan(world_of(tenancy, **fields), "acme", environment)


def refused(tenancy: str, environment: EnvironmentName = "production", **fields: Any) -> Refused:
    with pytest.raises(Refused) as caught:
        plan_of(tenancy, environment, **fields)
    return caught.value


def odoo_of(plan: TenantPlan) -> OdooPlan:
    assert plan.odoo is not None
    return plan.odoo


TENANCIES = ["pooled", "namespaced", "semi-dedicated", "dedicated"]
OWN_WORKERS = TENANCIES[1:]


# --- what each tenancy has -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("tenancy", TENANCIES)
def test_each_tenancy_has_its_parts(tenancy: str) -> None:
    plan = plan_of(tenancy)
    pooled, semi = tenancy == "pooled", tenancy == "semi-dedicated"
    assert plan.tenancy == tenancy
    assert (plan.odoo is None, plan.quota is None, plan.network is None, plan.role is None) == (pooled,) * 4
    assert (plan.own_database is not None, plan.own_cache is not None, plan.node_pool is not None) == (semi,) * 3
    assert plan.database.instance == plan.pooler.database == ("own" if semi else "main")
    assert bool(plan.buckets) == (not pooled) == (plan.object_prefix == "")
    assert bool(plan.database.pool_login) == pooled == bool(plan.route.database_filter)
    assert (plan.key is not None) == (tenancy == "dedicated")


def test_a_pooled_tenants_objects_lie_below_its_class_in_the_cells_bucket() -> None:
    plan = plan_of("pooled")
    assert plan.object_prefix == "starter/acme/production/"
    assert plan.object_bucket == "harbour-eu-1-attachments-444444444444"


def test_a_pooled_tenants_requests_reach_its_own_database_only() -> None:
    assert plan_of("pooled").route.database_filter == "^acme_production$"


@pytest.mark.parametrize("tenancy", OWN_WORKERS)
def test_a_role_reaches_the_tenants_own_buckets_and_secrets_and_nothing_else(tenancy: str) -> None:
    plan = plan_of(tenancy)
    assert plan.role is not None and plan.secrets_role is not None
    buckets = {bucket.name for bucket in plan.buckets.values()}
    for statement in plan.role.statements:
        resources = statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]
        for resource in map(str, resources):
            if resource.startswith("arn:aws:s3:::"):
                assert resource.removeprefix("arn:aws:s3:::").split("/")[0] in buckets
            else:
                assert "kms:ResourceAliases" in json.dumps(statement["Condition"])
    read = json.dumps(plan.secrets_role.statements[0])
    assert "secret:harbour/tenant/acme/production/database-??????" in read
    assert '"*"' not in json.dumps([plan.role.statements, plan.secrets_role.statements])


def test_two_tenants_share_no_name_secret_prefix_or_login() -> None:
    world = context(contract("acme", service_class="business"), contract("bolt", service_class="business"))
    one, other = (tenant_plan(world, name, "production") for name in ("acme", "bolt"))
    for path in ("namespace", "stack"):
        assert getattr(one, path) != getattr(other, path)
    for path in ("name", "owner", "login", "secret"):
        assert getattr(one.database, path) != getattr(other.database, path)
    assert not one.cache.prefix.startswith(other.cache.prefix)
    assert one.cache.user != other.cache.user
    assert not set(one.route.hosts) & set(other.route.hosts)
    assert "bolt" not in json.dumps(asdict(one), default=str)


# --- Odoo ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tenancy", OWN_WORKERS)
def test_no_process_works_on_another_database_than_its_own(tenancy: str) -> None:
    odoo = odoo_of(plan_of(tenancy))
    assert odoo.settings["db_name"] == "acme_production"
    assert odoo.settings["dbfilter"] == "^acme_production$"
    assert odoo.settings["list_db"] == "False"
    assert odoo.settings["proxy_mode"] == "True"
    assert odoo.settings["db_template"] == "template0"


def test_cron_runs_once_and_in_its_own_pods_only() -> None:
    odoo = odoo_of(plan_of("namespaced"))
    cron = odoo.workloads["cron"]
    assert (cron.min_replicas, cron.max_replicas, cron.recreate, cron.port) == (1, 1, True, None)
    assert cron.arguments == ("--no-http",)
    assert int(cron.settings["max_cron_threads"]) == cron.processes
    others = [one for name, one in odoo.workloads.items() if name != "cron"]
    assert {one.settings["max_cron_threads"] for one in others} == {"0"}


def test_the_websocket_server_runs_alone_on_its_port() -> None:
    websocket = odoo_of(plan_of("namespaced")).workloads["websocket"]
    assert websocket.arguments == ("gevent",)
    assert websocket.port == 8072 == int(websocket.settings["gevent_port"])
    assert websocket.settings["db_maxconn_gevent"] == str(websocket.max_connections)


@pytest.mark.parametrize("tenancy", OWN_WORKERS)
def test_pods_leave_only_after_their_longest_request_and_containers_are_not_sized_by_virtual_memory(
    tenancy: str,
) -> None:
    for one in odoo_of(plan_of(tenancy)).workloads.values():
        assert one.grace_seconds > int(one.settings["limit_time_real"])
        assert int(one.settings["limit_memory_hard"]) > int(one.settings["limit_memory_soft"]) >= 2 * 2**30
        assert one.settings["db_maxconn"] == str(one.max_connections)


def test_integrations_never_run_where_web_runs_on_shared_nodes() -> None:
    workloads = odoo_of(plan_of("namespaced")).workloads
    assert workloads["web"].node_selector == {"odoo-estate/pool": "general"}
    assert workloads["web"].tolerations == {}
    assert (
        workloads["integration"].node_selector
        == workloads["integration"].tolerations
        == {"odoo-estate/pool": "integration"}
    )


def test_a_semi_dedicated_tenants_nodes_take_its_pods_and_no_others() -> None:
    plan = plan_of("semi-dedicated")
    assert plan.node_pool is not None
    for one in odoo_of(plan).workloads.values():
        assert one.node_selector == one.tolerations == {"odoo-estate/pool": plan.namespace}
    assert plan.node_pool.labels["odoo-estate/pool"] == plan.namespace
    assert plan.node_pool.taints == {"odoo-estate/pool": (plan.namespace, "NO_SCHEDULE")}


@pytest.mark.parametrize("tenancy", OWN_WORKERS)
def test_the_quota_holds_all_workloads_at_most_replicas_during_a_rolling_update(tenancy: str) -> None:
    plan = plan_of(tenancy)
    assert plan.quota is not None
    memory = sum(
        one.size.memory_mib * (one.max_replicas + (not one.recreate)) for one in odoo_of(plan).workloads.values()
    )
    others = 2 if plan.pooler.replica_size else 1
    pooler = (plan.pooler.size.memory_mib + others * plan.pooler.sessions_size.memory_mib) * (plan.pooler.replicas + 1)
    own_pooler = pooler if tenancy == "semi-dedicated" else 0
    assert plan.quota.memory_mib == memory + own_pooler
    assert plan.quota.max_memory_mib >= max(one.size.memory_mib for one in odoo_of(plan).workloads.values())


def test_the_bus_keeps_its_sessions_and_everything_else_shares_transactions() -> None:
    for tenancy in TENANCIES:
        pools = plan_of(tenancy).pooler.pools
        assert (pools["postgres"].mode, pools["*"].mode) == ("session", "transaction")


# --- environments --------------------------------------------------------------------------------------------------


def test_outside_production_nothing_is_redundant_nothing_leaves_and_nothing_is_promised() -> None:
    plan = plan_of("semi-dedicated", "staging", environments=ENVIRONMENTS)
    assert all((one.min_replicas, one.max_replicas) == (1, 1) for one in odoo_of(plan).workloads.values())
    assert plan.network is not None and not plan.network.https_egress and not plan.network.smtp_egress
    assert plan.own_database is not None and not plan.own_database.multi_az
    assert (plan.node_pool, plan.own_cache, plan.backup, plan.spend) == (None,) * 4


@pytest.mark.parametrize("environment", ["sandbox", "development"])
def test_trials_of_a_semi_dedicated_customer_share_the_cells_machines(environment: EnvironmentName) -> None:
    plan = plan_of("semi-dedicated", environment, environments=ENVIRONMENTS)
    assert plan.tenancy == "namespaced"
    assert plan.database.instance == "main"
    assert plan.tags["data-class"] == "internal"


def test_a_tenants_own_pooler_stands_beside_its_workers() -> None:
    plan = plan_of("semi-dedicated")
    assert plan.node_pool
    assert plan.pooler.node_selector.items() <= plan.node_pool.labels.items()
    assert {key: (value, "NO_SCHEDULE") for key, value in plan.pooler.tolerations.items()} == plan.node_pool.taints
    trial = plan_of("semi-dedicated", "staging", environments={"production": {}, "staging": {}})
    assert trial.pooler.namespace == trial.namespace
    assert (
        trial.pooler.node_selector == odoo_of(trial).workloads["web"].node_selector == {"odoo-estate/pool": "general"}
    )
    assert not trial.pooler.tolerations


def test_a_sandbox_ends() -> None:
    assert plan_of("semi-dedicated", "sandbox", environments=ENVIRONMENTS).expires == "2027-01-31"
    error = refused("pooled", "sandbox", environments={"production": {}, "sandbox": {}})
    assert error.problem.field == "environments.sandbox.expires"


def test_an_environment_beyond_the_class_is_refused_or_granted_by_exception() -> None:
    environments = {"production": {}, "staging": {}}
    assert refused("pooled", "staging", environments=environments).problem.allowed == ("production", "sandbox")
    granted = plan_of("pooled", "staging", environments=environments, exceptions=(exemption("ENT-04"),))
    assert granted.exemptions[0].rule == "ENT-04"


def test_every_environment_has_a_name_of_its_own_that_no_customer_id_can_take() -> None:
    """The staging environment of ``a`` and the production of a customer ``a-staging`` must not meet."""
    environments = {"production": {}, "staging": {}}
    world = context(
        contract("ab", service_class="business", environments=environments),
        contract("ab-staging", service_class="business"),
    )
    hosts = [
        host
        for customer, environment in world.tenants
        for host in tenant_plan(world, customer, environment).route.hosts
    ]
    assert len(set(hosts)) == len(hosts)


def test_a_domain_answers_once_its_owner_has_delegated_the_proof_of_it() -> None:
    plan = plan_of("namespaced", domains=("erp.acme.example", "edi.acme.example"))
    found = {one.topic: one for one in plan.decisions if one.topic.startswith("domain ")}
    assert set(found) == {"domain erp.acme.example", "domain edi.acme.example"}
    ours = next(iter(plan.route.zones))
    proofs = set()
    for topic, one in found.items():
        host = topic.removeprefix("domain ")
        assert f"{host} CNAME {plan.route.target}," in one.reason
        proof = one.reason.rpartition(f"_acme-challenge.{host} CNAME ")[2]
        assert proof.startswith("_acme-challenge.") and proof.endswith(f".{ours}"), (
            "cert-manager may write no other names"
        )
        proofs.add(proof)
    assert len(proofs) == 2
    assert not any(
        one.topic.startswith("domain ")
        for one in plan_of("namespaced", "staging", domains=("erp.acme.example",), environments=ENVIRONMENTS).decisions
    )


def test_limits_are_one_replicas_share_of_the_classes() -> None:
    limit, replicas = catalog().rate_limits["medium"], catalog().assumptions.ingress_replicas
    route = plan_of("namespaced").route
    assert (
        route.requests_per_second * replicas >= limit.requests_per_second > (route.requests_per_second - 1) * replicas
    )
    assert (
        route.clients.login_per_minute * replicas
        >= limit.login_per_minute
        > (route.clients.login_per_minute - 1) * replicas
    )
    assert route.burst == limit.burst, "a page with its assets comes over one connection"


def test_who_may_connect_is_the_contracts_and_everybody_without_a_list() -> None:
    assert plan_of("pooled").route.allow_from == ()
    assert plan_of("pooled", allow_from=("198.51.100.0/24",)).route.allow_from == ("198.51.100.0/24",)


# --- refusals ------------------------------------------------------------------------------------------------------


def test_a_retention_outside_the_class_is_refused_with_what_is_allowed() -> None:
    error = refused("namespaced", backup={"retention": "platinum"})
    assert error.problem.message == '"platinum" is not a retention class'
    assert error.problem.allowed == ("standard-1y", "short-30d")
    error = refused("namespaced", backup={"retention": "long-10y"})
    assert "of the service class business" in error.problem.message


def test_a_contract_that_outgrew_its_class_is_refused_with_figures() -> None:
    error = refused("pooled", storage={"filestore_gib": 40})
    assert error.problem.field == "workload.storage"
    assert "includes 30" in error.problem.message


def test_a_partner_may_not_have_more_tenants_than_agreed() -> None:
    partner = {
        "name": "Bright", "brand": "Bright", "domain": "bright.example", "cost_center": "C", "contact": "a@b.example",
        "max_tenants": 1,
    }  # fmt: skip
    world = context(
        contract("acme", partner="bright"), contract("bolt", partner="bright"), of=estate(partners={"bright": partner})
    )
    tenant_plan(world, "acme", "production")
    with pytest.raises(Refused) as caught:
        tenant_plan(world, "bolt", "production")
    assert caught.value.problem.field == "partners.bright.max_tenants"


@pytest.mark.parametrize(
    ("series", "environments", "environment"),
    [
        ("16.0", {"production": {}}, "production"),
        ("18.0", {"production": {"version": "19.0"}}, "production"),
        ("17.0", {"production": {}, "staging": {"version": "19.0"}}, "staging"),
        ("18.0", {"production": {}, "staging": {"version": "17.0"}}, "staging"),
    ],
)
def test_odoo_is_upgraded_one_supported_series_at_a_time(
    series: str, environments: dict[str, Any], environment: EnvironmentName
) -> None:
    error = refused("namespaced", environment, odoo=series, environments=environments)
    assert error.problem.value in ("16.0", "17.0", "19.0")
    assert error.problem.allowed


def test_the_next_series_may_be_tried_in_staging() -> None:
    plan = plan_of("namespaced", "staging", environments={"production": {}, "staging": {"version": "19.0"}})
    assert odoo_of(plan).version == "19.0"
    assert "vector" in plan.database.extensions


def test_a_series_that_needs_a_newer_postgresql_is_refused() -> None:
    versions = {**catalog().versions.model_dump(), "postgres": "12.9"}
    world = context(contract(service_class="business", odoo="19.0"), known=catalog_with(versions=versions))
    with pytest.raises(Refused) as caught:
        tenant_plan(world, "acme", "production")
    assert caught.value.problem.field == "versions.postgres"


# --- determinism ---------------------------------------------------------------------------------------------------


def some_contracts() -> list[Customer]:
    return [
        contract("a1"),
        contract("b1", service_class="business", modules={"x": module(), "y": module()}),
        contract("c1", **HEAVY),
    ]


def test_a_plan_is_the_same_to_the_byte_whatever_the_order_of_the_documents() -> None:
    some = some_contracts()
    one, other = context(*some), context(*reversed(some))
    for tenant in one.tenants:
        assert repr(tenant_plan(one, *tenant)) == repr(tenant_plan(other, *tenant))


def test_a_new_neighbour_changes_no_byte_of_a_tenants_plan() -> None:
    some = some_contracts()
    before, after = context(*some), context(*some, contract("d1"), contract("e1", service_class="business"))
    for tenant in before.tenants:
        assert repr(tenant_plan(before, *tenant)) == repr(tenant_plan(after, *tenant))


# --- changes that need approval ------------------------------------------------------------------------------------


def held_by(plan: TenantPlan) -> Held:
    kept = held(plan)
    assert kept is not None
    return kept


def test_nothing_changed_needs_no_approval() -> None:
    plan = plan_of("semi-dedicated")
    assert unapproved(held_by(plan), plan, CLASSES) == ()


def test_a_class_downgrade_needs_approval() -> None:
    before = plan_of("semi-dedicated")
    after = plan_of("namespaced")
    messages = [one.problem.message for one in unapproved(held_by(before), after, CLASSES)]
    assert any("lowered from premium to business" in one for one in messages)
    assert any("which moves the data" in one for one in messages)
    approved = replace(after, exemptions=plan_of("namespaced", exceptions=(exemption("CHG-01"),)).exemptions)
    assert unapproved(held_by(before), approved, CLASSES) == ()


def test_storage_never_shrinks_and_zones_are_not_given_up_in_silence() -> None:
    before = plan_of("semi-dedicated")
    assert before.own_database is not None
    shrunk = replace(before, own_database=replace(before.own_database, storage_gib=50, multi_az=False))
    messages = [one.problem.message for one in unapproved(held_by(before), shrunk, CLASSES)]
    assert any("would shrink from 500 to 50 GiB" in one for one in messages)
    assert any("lose its second zone" in one for one in messages)
    approval = plan_of("semi-dedicated", exceptions=(exemption("CHG-01"),)).exemptions
    left = unapproved(held_by(before), replace(shrunk, exemptions=approval), CLASSES)
    assert [one.problem.value for one in left] == [50], "no approval makes RDS shrink storage"


@pytest.mark.parametrize(("old", "new"), [("17.0", "19.0"), ("19.0", "18.0")])
def test_a_running_odoo_neither_skips_a_series_nor_goes_back(old: str, new: str) -> None:
    before, after = (plan_of("namespaced", odoo=series) for series in (old, new))
    (only,) = unapproved(held_by(before), after, CLASSES)
    assert f"from {old} to {new}" in only.problem.message


@pytest.mark.parametrize(
    ("version", "family"), [("18.1", "postgres18"), ("15.9", "postgres15"), ("17.2", "postgres16")]
)
def test_postgresql_neither_skips_a_major_version_nor_goes_back_nor_has_a_foreign_family(
    version: str, family: str
) -> None:
    before = plan_of("semi-dedicated")
    assert before.own_database is not None
    after = replace(before, own_database=replace(before.own_database, engine_version=version, family=family))
    assert unapproved(held_by(before), after, CLASSES)


def test_a_major_upgrade_needs_an_approval_and_waits_for_its_window() -> None:
    before = plan_of("semi-dedicated")
    assert before.own_database is not None
    upgraded = replace(before.own_database, engine_version="17.2", family="postgres17")

    def refusals(method: str, today: date | None, database: DatabasePlan = upgraded) -> list[str]:
        approved = replace(database, upgrade=UpgradePlan(approver="Ada", window="2026-12-06", method=method))  # type: ignore[arg-type]
        found = unapproved(held_by(before), replace(before, own_database=approved), CLASSES, today)
        return [one.problem.message for one in found]

    (only,) = unapproved(held_by(before), replace(before, own_database=upgraded), CLASSES)
    assert "nobody approved it" in only.problem.message
    assert refusals("in-place", None) == [], "a review may come weeks before"
    assert "run it from 2026-11-30 to 2026-12-05" in refusals("in-place", date(2026, 11, 29))[0], (
        "RDS would take the window before"
    )
    assert refusals("in-place", date(2026, 11, 30)) == []
    assert "would miss that" in refusals("in-place", date(2026, 12, 6))[0], "the window may be over already"
    assert "run it on 2026-12-06" in refusals("blue-green", date(2026, 12, 5))[0], "a copy takes over at once"
    assert refusals("blue-green", date(2026, 12, 6)) == []
    waiting = replace(
        upgraded,
        upgrade=UpgradePlan(approver="Ada", window="2026-12-06", method="in-place"),
        kept_families=("postgres16",),
    )
    standing = held_by(replace(before, own_database=waiting))
    assert unapproved(standing, replace(before, own_database=upgraded), CLASSES) == (), "its window is over"
    assert unapproved(standing, before, CLASSES) == (), "it was called off before its window"
    skipping = replace(before.own_database, engine_version="18.1", family="postgres18")
    assert "one major version at a time" in refusals("in-place", date(2026, 12, 6), skipping)[0]


# --- reports -------------------------------------------------------------------------------------------------------


def reads(plan: TenantPlan) -> list[str]:
    return [key for key, one in odoo_of(plan).workloads.items() if one.reads_replica]


@pytest.mark.parametrize("tenancy", ["semi-dedicated", "dedicated"])
def test_reports_alone_read_from_the_replica_and_their_connections_to_it_are_counted(tenancy: str) -> None:
    plan = plan_of(tenancy)
    assert reads(plan) == ["reporting"], "never cron, which does not LISTEN at a replica, nor users"
    assert odoo_of(plan).workloads["reporting"].settings["max_cron_threads"] == "0"
    assert plan.network and plan.network.replica
    (said,) = [one for one in plan.decisions if one.topic == "reports"]
    assert said.value == "read replica" and said.entitlement.endswith(".reporting")
    one, pooler = odoo_of(plan).workloads["reporting"], plan.pooler
    assert pooler.replica_size * pooler.replicas >= one.processes * (one.max_replicas + 1), "none waits for another"


def test_a_tenants_own_replica_has_a_budget_of_its_own() -> None:
    plan = plan_of("semi-dedicated")
    assert plan.own_database
    (budget,) = [one for one in plan.budgets if one.name == "own-replica-connections"]
    reserve = catalog().assumptions.connection_reserve
    assert budget.used == plan.pooler.replica_size * plan.pooler.replicas + reserve
    assert budget.limit < plan.own_database.max_connections, "a replica takes as many as its primary"
    assert plan.pooler.replica_size * plan.pooler.replicas <= plan.database.connection_limit


def test_an_odoo_that_knows_no_replica_reads_from_the_primary_and_the_plan_says_so() -> None:
    plan = plan_of("semi-dedicated", odoo="17.0")
    assert plan.own_database and plan.own_database.replicas, "the class has it all the same"
    assert (reads(plan), plan.pooler.replica_size, plan.network and plan.network.replica) == ([], 0, False)
    (said,) = [one for one in plan.decisions if one.topic == "reports"]
    assert said.value == "primary" and "17.0 has no db_replica_host" in said.reason
    assert not [one for one in plan.budgets if one.name == "own-replica-connections"]


def test_a_trial_has_no_replica_to_read_from() -> None:
    plan = plan_of("semi-dedicated", "staging", environments={"production": {}, "staging": {}})
    assert (reads(plan), plan.pooler.replica_size) == ([], 0)
    (said,) = [one for one in plan.decisions if one.topic == "reports"]
    assert said.value == "primary" and "no read replica" in said.reason


def test_a_class_without_reporting_is_told_nothing_about_it() -> None:
    for tenancy in ("pooled", "namespaced"):
        plan = plan_of(tenancy)
        assert not plan.pooler.replica_size
        assert not [one for one in plan.decisions if one.topic == "reports"]
