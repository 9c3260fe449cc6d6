"""The shipped catalog agrees with itself and with what the services accept."""

import csv
from math import ceil
from pathlib import Path

import pytest
from tests.decide.contracts import catalog

import odoo_estate.catalog
from odoo_estate.decide.backup import check_backups
from odoo_estate.decide.logs import STEPS
from odoo_estate.decide.shared import PRIORITIES
from odoo_estate.spec.catalog import OdooBand, WorkloadBand

CATALOG = catalog()
PRICES = Path(odoo_estate.catalog.__file__).parent / "prices.csv"


def items(part: str) -> list[str]:
    return list(getattr(CATALOG, part))


def priced(region: str = "eu-central-1") -> set[str]:
    with PRICES.open(encoding="utf-8") as stream:
        return {row["item"].split()[0] for row in csv.DictReader(stream) if row["region"] == region}


def workloads(band: OdooBand) -> dict[str, WorkloadBand]:
    found = {name: getattr(band, name) for name in ("web", "websocket", "cron", "integration", "reporting")}
    return {name: one for name, one in found.items() if one}


def test_there_are_classes_from_small_reseller_to_regulated() -> None:
    assert items("service_classes") == ["starter", "business", "premium", "regulated"]


@pytest.mark.parametrize("key", items("postgres_bands"))
def test_max_connections_fit_the_instances_memory(key: str) -> None:
    band = CATALOG.postgres_bands[key]
    assert band.max_connections <= min(band.memory_gib * 2**30 // 9531392, 5000)


@pytest.mark.parametrize("key", items("postgres_bands"))
def test_gp3_rules_hold(key: str) -> None:
    band = CATALOG.postgres_bands[key]
    assert band.max_storage_gib >= band.storage_gib * 1.1
    if band.storage_gib < 400:
        assert band.iops is None and band.throughput_mibps is None
        assert band.max_storage_gib < 400, "autoscaling would carry the volume into other rules"
    else:
        assert band.iops is not None and band.throughput_mibps is not None
        assert 12_000 <= band.iops <= min(64_000, 50 * band.storage_gib)
        assert band.throughput_mibps <= min(4000, band.iops / 4)


@pytest.mark.parametrize("key", items("postgres_bands"))
def test_orders_follow_from_vcpus(key: str) -> None:
    band = CATALOG.postgres_bands[key]
    full = band.vcpus * CATALOG.assumptions.orders_per_hour_per_vcpu
    assert band.orders_per_hour == (full // 5 if ".t4g." in band.instance_class else full)


def test_every_instance_type_has_a_price() -> None:
    wanted = {one.instance_class for one in CATALOG.postgres_bands.values()}
    wanted |= {one.node_type for one in CATALOG.cache_bands.values()}
    wanted |= {kind for one in CATALOG.node_bands.values() for kind in one.instance_types}
    assert wanted <= priced()


@pytest.mark.parametrize("key", items("odoo_bands"))
def test_containers_hold_their_processes(key: str) -> None:
    known = CATALOG.assumptions
    for name, one in workloads(CATALOG.odoo_bands[key]).items():
        average = one.processes * known.worker_memory_mib
        heavy = known.heavy_worker_memory_mib + (one.processes - 1) * known.light_worker_memory_mib
        least = max(average, heavy) + known.master_process_memory_mib
        assert least <= one.memory_mib <= least + 64, (name, least)


@pytest.mark.parametrize("key", items("odoo_bands"))
def test_odoo_bands_carry_what_they_are_trusted_with(key: str) -> None:
    band, known = CATALOG.odoo_bands[key], CATALOG.assumptions
    web = band.web.processes * band.web.max_replicas
    jobs = band.integration.processes * band.integration.max_replicas
    assert band.concurrent_users <= web * known.users_per_worker
    assert band.orders_per_hour <= web * known.orders_per_hour_per_worker
    assert band.integration_requests_per_hour <= jobs * known.requests_per_hour_per_process


@pytest.mark.parametrize("key", items("odoo_bands"))
def test_cron_runs_once(key: str) -> None:
    cron = CATALOG.odoo_bands[key].cron
    assert (cron.min_replicas, cron.max_replicas) == (1, 1)


@pytest.mark.parametrize("part", ["postgres_bands", "cache_bands", "odoo_bands", "node_bands"])
def test_bands_are_ordered_smallest_first(part: str) -> None:
    measure = {"odoo_bands": "concurrent_users", "cache_bands": "memory_mib"}.get(part, "memory_gib")
    sizes = [getattr(band, measure) for band in getattr(CATALOG, part).values()]
    assert sizes == sorted(sizes)
    assert len(set(sizes)) == len(sizes)


MOST_PODS = {"large": 29, "xlarge": 58, "2xlarge": 58, "4xlarge": 110}


@pytest.mark.parametrize("key", items("node_bands"))
def test_nodes_promise_no_more_pods_than_their_interfaces_have_addresses(key: str) -> None:
    band = CATALOG.node_bands[key]
    assert band.max_pods <= MOST_PODS[band.instance_types[0].split(".")[1]]
    assert band.reserved_memory_mib >= 255 + 11 * band.max_pods + 100


@pytest.mark.parametrize("key", items("odoo_bands"))
def test_every_pod_fits_a_node_of_every_class_that_may_run_it(key: str) -> None:
    largest = max(workloads(CATALOG.odoo_bands[key]).values(), key=lambda one: one.memory_mib)
    for name, service in CATALOG.service_classes.items():
        if key in service.odoo_bands:
            node = CATALOG.node_bands[service.node_bands[0]]
            assert largest.memory_mib <= node.memory_gib * 1024 - node.reserved_memory_mib, name
            assert largest.cpu_millicores <= node.vcpus * 1000 - node.reserved_cpu_millicores, name


def test_backups_reach_the_objectives_and_the_locks_accept_them() -> None:
    assert check_backups(CATALOG) == []


def test_every_name_that_the_catalog_uses_exists() -> None:
    for service in CATALOG.service_classes.values():
        assert set(service.odoo_bands) <= CATALOG.odoo_bands.keys()
        assert set(service.postgres_bands) <= CATALOG.postgres_bands.keys()
        assert set(service.cache_bands) <= CATALOG.cache_bands.keys()
        assert set(service.node_bands) <= CATALOG.node_bands.keys()
        assert set(service.dr_classes) <= CATALOG.dr_classes.keys()
        assert service.rate_limit in CATALOG.rate_limits
        assert service.log_retention_days in STEPS
    for band in CATALOG.cell_bands.values():
        assert band.postgres in CATALOG.postgres_bands
        assert band.cache in CATALOG.cache_bands
        assert {pool.band for pool in band.node_pools.values()} <= CATALOG.node_bands.keys()
        assert set(band.serves) <= CATALOG.service_classes.keys()
        assert set(band.pooled_class_bands.values()) <= CATALOG.odoo_bands.keys()


def test_every_class_has_a_cell_that_serves_it() -> None:
    for key, service in CATALOG.service_classes.items():
        kind = "dedicated" if service.tenancies == ("dedicated",) else "shared"
        assert any(key in band.serves and band.tenancy == kind for band in CATALOG.cell_bands.values()), key


def test_private_subnets_of_three_zones_and_the_other_tiers_fit_a_cells_network() -> None:
    known = CATALOG.assumptions
    bits = (known.private_subnet_bits, known.public_subnet_bits, known.database_subnet_bits)
    assert 3 * sum(2 ** (32 - one) for one in bits) <= 2**16


def test_poolers_fit_every_shared_instance() -> None:
    for key, band in CATALOG.cell_bands.items():
        instance, known = CATALOG.postgres_bands[band.postgres], CATALOG.assumptions
        least = ceil(known.shared_pool_size / band.pooler_replicas)
        assert (
            known.connection_reserve + least * band.pooler_replicas
            < instance.max_connections * known.shared_database_fill
        ), key


def test_priorities_put_production_before_trials() -> None:
    values = [one.value for one in PRIORITIES.values()]
    assert values == sorted(values, reverse=True)
