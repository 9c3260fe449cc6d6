"""What stands in ``odoo.conf``."""

import configparser
from dataclasses import replace

import pytest
from tests.compose_tenant import plans

from odoo_estate.decide.workloads import common_settings, with_runner
from odoo_estate.odoo.conf import PASSWORD, odoo_conf, workload_settings
from odoo_estate.plan import Workload


def conf(workload: Workload = "web", database: str = "shop", **settings: str) -> configparser.SectionProxy:
    odoo = plans.odoo(**settings)
    text = odoo_conf(
        workload_settings(odoo, odoo.workloads[workload], host="pooler", user="shop_login", database=database)
    )
    parser = configparser.RawConfigParser()
    parser.read_string(text)
    return parser["options"]


def test_the_database_manager_is_shut_and_its_password_is_not_the_default() -> None:
    assert conf()["list_db"] == "False"
    assert conf()["admin_passwd"] == PASSWORD


def test_proxies_are_trusted_for_the_clients_address() -> None:
    assert conf()["proxy_mode"] == "True"


def test_connections_are_those_that_the_budget_was_proved_with() -> None:
    assert conf(db_maxconn="64")["db_maxconn"] == "4"


@pytest.mark.parametrize("workload", ["web", "websocket", "cron", "integration"])
def test_every_workload_of_a_tenant_knows_its_one_database(workload: Workload) -> None:
    found = conf(workload, dbfilter="^shop$")
    assert found["db_name"] == "shop"
    assert "dbfilter" not in found, "with it Odoo lists only databases that the login owns, and it owns none"


def test_shared_workers_are_bound_to_no_database() -> None:
    assert "db_name" not in conf(database="")


@pytest.mark.parametrize("workload", ["web", "websocket", "integration"])
def test_scheduled_jobs_run_in_cron_pods_only(workload: Workload) -> None:
    assert conf(workload)["max_cron_threads"] == "0"
    assert conf("cron")["max_cron_threads"] == "2"


def test_the_operators_modules_are_found_and_no_token_is_logged_with_its_query() -> None:
    found = common_settings("shop", ("base", "web"))
    assert found["addons_path"] == "/mnt/extra-addons"
    assert "werkzeug:WARNING" in found["log_handler"]


def test_jobs_of_the_queue_are_handed_out_in_integration_only() -> None:
    runs = {
        key: "queue_job" in one.settings.get("server_wide_modules", "")
        for key, one in with_runner(plans.odoo().workloads, ("base", "web")).items()
    }
    assert [key for key, there in runs.items() if there] == ["integration"]


def test_a_workloads_setting_wins_over_the_environments() -> None:
    odoo = plans.odoo(limit_time_real="120")
    slow = replace(odoo.workloads["web"], settings={"limit_time_real": "1800"})
    assert workload_settings(odoo, slow, host="h", user="u", database="d")["limit_time_real"] == "1800"


def test_a_value_cannot_smuggle_in_another_setting() -> None:
    with pytest.raises(ValueError, match="line break"):
        odoo_conf({"log_level": "info\nlist_db = True"})


def test_a_value_cannot_reach_into_the_secret_template() -> None:
    text = odoo_conf({"log_handler": "{{ .password }}x"})
    assert 'log_handler = {{ "{{" }} .password }}x' in text


def test_equal_settings_give_equal_bytes_in_any_order() -> None:
    assert odoo_conf({"a": "1", "b": "2"}) == odoo_conf({"b": "2", "a": "1"})


def test_what_reads_from_a_replica_finds_it_at_the_pooler() -> None:
    odoo = plans.odoo()
    one = replace(odoo.workloads["web"], reads_replica=True)
    found = workload_settings(odoo, one, host="pooler", user="u", database="d")
    assert (found["db_host"], found["db_port"]) == ("pooler", "5432")
    assert (found["db_replica_host"], found["db_replica_port"]) == ("pooler", "5434")
    assert not [key for key in conf() if "replica" in key]
