"""Database instances: what they give up for what they have, which version they run and when it changes, what they are set to and watched by."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from math import ceil
from typing import Any

import pytest
from tests.decide.contracts import HEAVY, catalog, catalog_with, contract, estate
from tests.decide.documents import compiled, documents
from tests.decide.documents import context as small_estate

from odoo_estate.aws.postgres_parameters import NEEDS_REBOOT
from odoo_estate.decide import budgets, shared
from odoo_estate.decide.cell import cell_plan
from odoo_estate.decide.compiler import compile_estate
from odoo_estate.decide.context import Context
from odoo_estate.decide.database_alarms import database_alarms
from odoo_estate.decide.dr import dr_plan
from odoo_estate.decide.instances import LEAST_TUNED_IOPS, TUNABLE_GIB
from odoo_estate.decide.postgres_parameters import parameters, vacuum_mem_mib, vacuum_workers, work_mem_mib
from odoo_estate.decide.postgres_tier import password_version, tier
from odoo_estate.decide.tenant import tenant_plan
from odoo_estate.errors import BadInput, Refused
from odoo_estate.plan import AlarmPlan, CellPlan, DatabasePlan, UpgradePlan
from odoo_estate.spec.estate import Estate
from odoo_estate.spec.fields import EnvironmentName

TODAY = date(2026, 11, 22)
BANDS = sorted(catalog().postgres_bands)
SUNDAY = "2026-12-06"


def world(*contracts: Any, of: Estate | None = None, today: date = TODAY, **parts: Any) -> Context:
    known = catalog_with(**parts) if parts else catalog()
    return Context(of or estate(), known, {one.customer: one for one in contracts}, today)


def own(
    today: date = TODAY, environment: EnvironmentName = "production", of: Mapping[str, Any] | None = None, **parts: Any
) -> DatabasePlan:
    """The instance of a semi-dedicated tenant; ``of``: the environment's entry."""
    environments: dict[str, Any] = {"production": {}, "staging": {}} | ({environment: of} if of else {})
    fields: dict[str, Any] = {**HEAVY, "environments": environments}
    plan = tenant_plan(world(contract(**fields), today=today, **parts), "acme", environment)
    assert plan.own_database is not None
    return plan.own_database


def beside_main(band: str) -> Context:
    """The small estate whose shared cell has another instance."""
    return small_estate(
        estate={"cells": {"eu-1": {"databases": {"other": band}}}}, customers={"paper": {"database": "main"}}
    )


def without_reporting(**service: Any) -> dict[str, Any]:
    premium = catalog().model_dump()["service_classes"]["premium"]
    return {"service_classes": {"premium": {**premium, "reporting": False, **service}}}


# --- tiers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reporting", [True, False])
@pytest.mark.parametrize("standby", [True, False])
@pytest.mark.parametrize("many", [True, False])
@pytest.mark.parametrize("production", [True, False])
def test_a_replica_blue_green_and_a_managed_password_exclude_each_other(
    reporting: bool, standby: bool, many: bool, production: bool
) -> None:
    # aws-data section 1: AWS refuses a managed password with replicas or blue/green, the provider blue/green with replicas.
    one = tier(reporting=reporting, standby=standby, shared=many, production=production)
    replicated = one.replica or standby
    assert [replicated, one.upgrade == "blue-green", one.master_password == "managed"].count(True) == 1
    assert one.reason


def test_a_class_with_reporting_reads_from_a_replica_of_its_own_instance() -> None:
    database = own()
    assert database.replicas == {"reader": "harbour-acme-production-reader"}
    assert database.master_password == "own"
    fields: dict[str, Any] = dict(HEAVY)
    plan = tenant_plan(world(contract(**fields)), "acme", "production")
    assert database.replicas["reader"] in {one.dimensions.get("DBInstanceIdentifier") for one in plan.alarms.values()}
    (said,) = [one for one in plan.decisions if one.topic == "database tier"]
    assert "read replica" in said.value and said.entitlement == "service_classes.premium.reporting"
    dedicated = cell_plan(small_estate(), "med-1").databases["main"]
    assert dedicated.replicas == {"reader": "harbour-med-1-main-reader"}


def test_a_report_on_a_replica_is_not_ended_by_its_primarys_vacuum() -> None:
    assert own().parameters["hot_standby_feedback"] == "1"
    assert "hot_standby_feedback" not in own(**without_reporting()).parameters


def test_a_shared_instance_has_no_replica_whoever_is_served() -> None:
    plan = cell_plan(small_estate(), "eu-1")
    assert not plan.databases["main"].replicas
    (said,) = [one for one in plan.decisions if one.topic == "database tier"]
    assert "paid for by all" in said.reason


def test_an_instance_of_one_customer_without_replicas_is_upgraded_on_a_copy() -> None:
    approved = {"postgres": {"version": "17.11", "approver": "Ada", "window": SUNDAY}}
    database = own(of=approved, **without_reporting())
    assert database.upgrade == UpgradePlan(approver="Ada", window=SUNDAY, method="blue-green")
    assert (database.master_password, database.replicas) == ("own", {})
    assert own(environment="staging").master_password == "managed"


def test_what_waits_in_the_recovery_region_is_taken_along_and_has_no_replicas_of_its_own() -> None:
    entry = {"version": "17.11", "approver": "Ada", "window": SUNDAY}
    replica = dr_plan(small_estate(), "med-1").databases["main"].replica
    waiting = (
        dr_plan(small_estate(estate={"cells": {"med-1": {"postgres": {"main": entry}}}}), "med-1")
        .databases["main"]
        .replica
    )
    assert replica is not None and waiting is not None
    assert (replica.upgrade, replica.replicas, replica.final_snapshot) == (None, {}, "")
    assert (waiting.family, waiting.upgrade) == ("postgres16", None), (
        "until RDS takes it along it takes no group of the new family"
    )


# --- master password -----------------------------------------------------------------------------------------------


def test_a_master_password_changes_by_the_calendar_whoever_asks() -> None:
    days = catalog().assumptions.master_password_days
    versions = [password_version(date.fromordinal(TODAY.toordinal() + one), days, None) for one in range(2 * days)]
    assert len(set(versions)) in {2, 3}
    assert versions == sorted(versions)
    assert own().master_password_version == own().master_password_version
    assert own(date(2027, 6, 1)).master_password_version > own().master_password_version


def test_a_master_password_stays_while_a_copy_takes_over() -> None:
    # aws provider, public issue threads: a password that changes together with a blue/green update fails it.
    days = 90
    turn = date.fromordinal((TODAY.toordinal() // days + 1) * days)
    window = date.fromordinal(turn.toordinal() + 2)
    upgrade = UpgradePlan(approver="Ada", window=window.isoformat(), method="blue-green")
    before = password_version(date.fromordinal(turn.toordinal() - 6), days, None)
    assert password_version(window, days, upgrade) == before
    assert password_version(window, days, None) == before + 1


# --- versions ------------------------------------------------------------------------------------------------------


def test_one_instance_goes_before_the_others() -> None:
    entry = {"version": "17.11", "approver": "Ada", "window": SUNDAY}
    many = {"databases": {"spare": "pg-m"}, "postgres": {"spare": entry}}
    plan = cell_plan(small_estate(estate={"cells": {"eu-1": many}}, customers={"paper": {"database": "main"}}), "eu-1")
    main, spare = plan.databases["main"], plan.databases["spare"]
    assert (main.engine_version, main.family, main.upgrade, main.kept_families) == ("16.15", "postgres16", None, ())
    assert (spare.engine_version, spare.family) == ("17.11", "postgres17")
    assert spare.upgrade == UpgradePlan(approver="Ada", window=SUNDAY, method="in-place")
    assert spare.kept_families == ("postgres16",), "RDS lets no group go that has a member until the window has come"
    said = {one.topic: one for one in plan.decisions}
    assert said["postgres version"].value == "16.15"
    assert "approved by Ada for 2026-12-06" in said["postgres version spare"].reason
    assert "sun:00:00" in said["postgres version spare"].binding


def test_when_the_window_is_over_the_version_stays_and_leave_to_upgrade_ends() -> None:
    approved = {"postgres": {"version": "17.11", "approver": "Ada", "window": SUNDAY}}
    on_the_day, after = own(date(2026, 12, 6), of=approved), own(date(2026, 12, 7), of=approved)
    assert on_the_day.upgrade is not None
    assert (after.upgrade, after.engine_version, after.kept_families) == (None, "17.11", ())


def test_an_instance_may_stay_behind_the_catalog() -> None:
    database = own(of={"postgres": {"version": "16.15"}}, versions={"postgres": "17.11"})
    assert (database.engine_version, database.upgrade) == ("16.15", None)


@pytest.mark.parametrize("version", ["17.12", "19.1", "15.9", "16.99"])
def test_a_version_that_rds_does_not_offer_is_refused(version: str) -> None:
    with pytest.raises(Refused) as caught:
        own(of={"postgres": {"version": version}})
    problem = caught.value.problem
    assert (problem.document, problem.field) == ("customer:acme", "environments.production.postgres.version")
    assert "17.0 to 17.11" in problem.allowed


@pytest.mark.parametrize("window", ["2026-12-07", "2026-02-31"])
def test_a_day_without_a_maintenance_window_is_refused(window: str) -> None:
    with pytest.raises(Refused, match="has no maintenance window") as caught:
        own(of={"postgres": {"version": "17.11", "approver": "Ada", "window": window}})
    assert caught.value.problem.allowed == ("a date that is a sun",)


def test_a_tenant_on_a_shared_instance_has_no_version_of_its_own() -> None:
    shares = contract(service_class="business", environments={"production": {"postgres": {"version": "17.11"}}})
    with pytest.raises(Refused, match="no instance of its own") as caught:
        tenant_plan(world(shares), "acme", "production")
    assert "cells.eu-1.postgres.main" in caught.value.problem.remedy


# --- parameters ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("band", BANDS)
def test_max_connections_is_what_the_budget_divides(band: str) -> None:
    size, known = catalog().postgres_bands[band], catalog().assumptions
    one = beside_main(band)
    budget = budgets.by_name(one, "eu-1")["connections-other"]
    parameter = int(parameters(size, known)["max_connections"])
    assert parameter == cell_plan(one, "eu-1").databases["other"].max_connections
    assert budget.limit == int(parameter * known.shared_database_fill)
    pooler = shared.shared_pooler(one, "eu-1", "other")
    assert pooler.max_db_connections * pooler.replicas <= parameter - known.connection_reserve


@pytest.mark.parametrize("band", BANDS)
def test_memory_that_sorts_and_vacuum_take_at_once_is_within_its_share(band: str) -> None:
    size, known = catalog().postgres_bands[band], catalog().assumptions
    memory = size.memory_gib * 1024
    sorting = size.max_connections * known.sorting_connections_share
    assert work_mem_mib(size, known) * sorting <= memory * known.sorting_memory_share
    assert vacuum_mem_mib(size, known) * vacuum_workers(size) <= memory * known.vacuum_memory_share
    assert work_mem_mib(size, known) > 4, "PostgreSQL's default would do"
    values = parameters(size, known)
    assert values["work_mem"] == str(work_mem_mib(size, known) * 1024), "RDS takes kilobytes"


def test_larger_bands_vacuum_more() -> None:
    small, large = (parameters(catalog().postgres_bands[band], catalog().assumptions) for band in ("pg-s", "pg-xl"))
    for key in ("autovacuum_max_workers", "autovacuum_vacuum_cost_limit"):
        assert int(large[key]) > int(small[key])
    assert float(large["autovacuum_vacuum_scale_factor"]) < float(small["autovacuum_vacuum_scale_factor"]) < 0.1


RDS_DEFAULTS = {
    "autovacuum_analyze_scale_factor": "0.05",
    "autovacuum_max_workers": "GREATEST({DBInstanceClassMemory/64371566592},3)",
    "autovacuum_vacuum_cost_limit": "GREATEST({log(DBInstanceClassMemory/21474836480)*600},200)",
    "autovacuum_vacuum_insert_scale_factor": "0.2",
    "autovacuum_vacuum_scale_factor": "0.1",
    "autovacuum_work_mem": "GREATEST({DBInstanceClassMemory/32768},131072)",
    "idle_in_transaction_session_timeout": "86400000",
    "log_autovacuum_min_duration": "10000",
    "log_checkpoints": "1",
    "log_lock_waits": "0",
    "log_min_duration_statement": "-1",
    "log_temp_files": "-1",
    "max_connections": "LEAST({DBInstanceClassMemory/9531392},5000)",
    "random_page_cost": "4",
    "rds.force_ssl": "1",
    "statement_timeout": "0",
    "work_mem": "4096",
}
"""What the families postgres16 to 18 have (RDS user guide and PostgreSQL documentation, read 2026-11)."""


@pytest.mark.parametrize("band", BANDS)
def test_no_default_is_repeated_but_the_one_that_a_rule_wants_to_see(band: str) -> None:
    # aws-data section 1: a repeated default with another apply method differs in every preview.
    values = parameters(catalog().postgres_bands[band], catalog().assumptions)
    assert {key for key, value in values.items() if RDS_DEFAULTS[key] == value} == {"rds.force_ssl"}


def test_checkpoints_are_logged_without_saying_so() -> None:
    assert all(int(major) >= 15 for major in catalog().versions.postgres_newest)


def test_the_bus_and_idle_poolers_are_never_cut_off() -> None:
    values = parameters(catalog().postgres_bands["pg-l"], catalog().assumptions)
    assert "idle_session_timeout" not in values


def test_what_only_a_start_reads_is_known_as_such() -> None:
    assert {"max_connections", "autovacuum_max_workers"} <= NEEDS_REBOOT


# --- storage -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("band", BANDS)
def test_every_band_asks_gp3_for_what_it_gives(band: str) -> None:
    size = catalog().postgres_bands[band]
    assert size.max_storage_gib >= ceil(size.storage_gib * 1.1), "RDS refuses autoscaling that leaves less than a tenth"
    assert (size.storage_gib < TUNABLE_GIB) == (size.max_storage_gib < TUNABLE_GIB), "autoscaling would need other IOPS"
    if size.storage_gib < TUNABLE_GIB:
        assert (size.iops, size.throughput_mibps) == (None, None)
    else:
        assert size.iops is not None and LEAST_TUNED_IOPS <= size.iops <= min(64_000, 50 * size.storage_gib)
        assert size.throughput_mibps is not None and size.throughput_mibps <= min(4000, size.iops / 4)


@pytest.mark.parametrize("band", BANDS)
def test_max_connections_fit_the_memory_so_that_the_instance_boots(band: str) -> None:
    size = catalog().postgres_bands[band]
    assert size.max_connections <= min(size.memory_gib * 2**30 // 9_531_392, 5000)


# --- insights, logs, certificates ----------------------------------------------------------------------------------


def test_advanced_insights_come_with_the_days_that_they_need() -> None:
    premium, staging = own(), own(environment="staging")
    assert (premium.performance_insights_days, premium.insights_mode) == (465, "advanced")
    assert staging.certificate_authority == premium.certificate_authority == "rds-ca-rsa2048-g1"
    for service in catalog().service_classes.values():
        days = service.performance_insights_days
        assert days in {7, 731} or (days % 31 == 0 and days // 31 <= 23), "what RDS accepts"


# --- alarms --------------------------------------------------------------------------------------------------------


def alarms(depth: str, band: str = "pg-m", **replicas: str) -> dict[str, AlarmPlan]:
    plan = cell_plan(beside_main(band), "eu-1").databases["other"]
    size = catalog().postgres_bands[band]
    return database_alarms(
        replace(plan, replicas=replicas), size, ("x",), key="db", depth=depth, known=catalog().assumptions
    )


def test_deeper_monitoring_has_all_that_the_shallower_has() -> None:
    basic, standard, full = (alarms(depth).keys() for depth in ("basic", "standard", "full"))
    assert basic < standard < full
    assert {"db-cpu", "db-storage", "db-connections", "db-memory", "db-transaction-age"} == set(basic)


def test_thresholds_follow_the_band() -> None:
    found = alarms("full", "pg-m")
    size = catalog().postgres_bands["pg-m"]
    assert found["db-storage"].threshold == size.storage_gib * 2**30 // 10, (
        "RDS grows below a tenth: lower, it could not"
    )
    assert found["db-storage"].evaluation_periods * found["db-storage"].period_seconds > 5 * 60, "what RDS itself waits"
    assert f"up to {size.max_storage_gib} GiB" in found["db-storage"].description
    assert found["db-connections"].threshold == 1280
    assert found["db-disk-queue"].threshold == 30
    assert alarms("full", "pg-l")["db-disk-queue"].threshold == 120
    assert found["db-load"].threshold == 8
    assert found["db-transaction-age"].threshold < 2**31 / 2


def test_burstable_instances_are_watched_for_what_they_have_saved() -> None:
    assert "db-cpu-credits" not in alarms("full", "pg-m")
    found = alarms("standard", "pg-xs")
    assert found["db-cpu-credits"].threshold == 96, "2 vCPUs x 60 credits less a fifth that comes back"
    assert found["db-disk-burst"].metric == "EBSByteBalance%"


def test_every_replica_is_watched_for_its_lag() -> None:
    found = alarms("basic", reader="x-reader")["db-reader-lag"]
    assert (found.metric, found.threshold) == ("ReplicaLag", 300)
    assert found.dimensions == {"DBInstanceIdentifier": "x-reader"}


def test_a_standby_that_falls_behind_is_heard_of_before_its_log_fills_the_volume() -> None:
    plan = cell_plan(small_estate(), "med-1")
    found = plan.alarms["database-main-standby-log"]
    assert (found.metric, found.threshold) == ("OldestReplicationSlotLag", 200 * 2**30 // 20)
    assert "database-main-standby-log" not in cell_plan(small_estate(), "eu-1").alarms


# --- people --------------------------------------------------------------------------------------------------------


def test_nobody_logs_in_who_is_not_named() -> None:
    assert not cell_plan(small_estate(), "eu-1").databases["main"].readers
    plan = compiled(estate={"database_readers": {"support": "data", "auditor": "statistics"}})
    cell_stack = plan.stacks["cell.eu-1"]
    assert isinstance(cell_stack, CellPlan)
    readers = cell_stack.databases["main"].readers
    assert {key: (one.trusted, one.user, one.data) for key, one in readers.items()} == {
        "auditor": ("harbour-auditor", "estate_auditor", False),
        "support": ("harbour-support", "estate_support", True),
    }
    assert len({one.role for one in readers.values()}) == 2
    assert "estate_master" not in {one.user for one in readers.values()}


# --- where a tenant lands ------------------------------------------------------------------------------------------

TWO = {"cells": {"eu-1": {"databases": {"spare": "pg-m"}}}}


def test_who_has_to_choose_is_told_what_has_room_and_what_to_write() -> None:
    with pytest.raises(BadInput) as caught:
        compiled(estate=TWO)
    (problem,) = [one for one in caught.value.problems if one.field.startswith("database")]
    assert problem.document == "customer:paper"
    main, spare = problem.allowed
    assert main.startswith("main (has room: ") and "connections" in main and "GiB" in main and "orders/h" in main
    assert "of 312 GiB" in spare, "what pg-m is filled to"
    assert "660 + 80 of 2560 connections" in main and "0 + 423 of 1920 orders/h" in spare, (
        "what fills each the most: 29 and 22 %"
    )
    assert problem.remedy == "write the instance into the customer's file: `database: spare`"
    chosen = compiled(estate=TWO, customers={"paper": {"database": "main"}})
    (said,) = [one for one in chosen.stacks["tenant.paper.production"].decisions if one.topic == "database instance"]
    assert said.value == "main of eu-1 (pg-l)" and said.reason.startswith("named in the contract")


def test_what_is_full_is_not_offered() -> None:
    there = {one: {**_business(one, gib=80), "database": "spare"} for one in ("there", "too")}
    with pytest.raises(BadInput) as caught:
        compiled(estate=TWO, customers={**there, "new": _business("new", gib=120), "paper": {"database": "main"}})
    (problem,) = caught.value.problems
    assert problem.allowed[1].startswith("spare (is full: ") and "192 + 144 of 312 GiB" in problem.allowed[1]
    assert problem.remedy.endswith("`database: main`")


def test_where_nothing_has_room_the_remedy_is_another_instance() -> None:
    tiny = {"cells": {"eu-1": {"databases": {"spare": "pg-xs"}}}}
    there = {f"c{one}": {**_business(f"c{one}", gib=120), "database": "main"} for one in range(8)}
    with pytest.raises(BadInput) as caught:
        compiled(estate=tiny, customers={**there, "new": _business("new", gib=120), "paper": {"database": "main"}})
    (problem,) = [one for one in caught.value.problems if one.document == "customer:new"]
    assert "add an instance to cells.eu-1.databases" in problem.remedy


def test_a_named_instance_that_is_full_is_refused_with_the_arithmetic() -> None:
    small = {"cells": {"eu-1": {"databases": {"spare": "pg-xs"}}}}
    with pytest.raises(BadInput) as caught:
        compiled(estate=small, customers={"paper": {"database": "spare"}})
    text = " ".join(one.message for one in caught.value.problems)
    assert "over its budget of orders-spare" in text and "of 240 x 0.8" in text


def test_a_tenant_stays_where_it_is_when_others_come_and_go() -> None:
    def place(**customers: Any) -> tuple[Any, Any]:
        plan = compile_estate(
            documents(estate=TWO, customers={"paper": {"database": "main"}, **customers}), today=TODAY
        ).stacks["tenant.paper.production"]
        return plan.database, [one for one in plan.decisions if one.topic == "database instance"]  # type: ignore[union-attr]

    alone = place()
    assert alone == place(late={**_business("late"), "database": "spare"}, copper=None)
    assert alone == place(late={**_business("late"), "database": "main"})


def _business(name: str, gib: int = 3) -> dict[str, Any]:
    return {
        "customer": name,
        "name": name,
        "service_class": "business",
        "residency": "eu",
        "odoo": "18.0",
        "workload": {"users": 12, "orders_per_day": 80, "storage": {"database_gib": gib, "filestore_gib": 5}},
        "environments": {"production": {}},
    }
