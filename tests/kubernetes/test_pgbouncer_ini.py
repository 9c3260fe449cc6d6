"""What a pooler is told."""

import configparser

import pytest
from tests.compose_tenant import plans

from odoo_estate.kubernetes.pgbouncer_ini import NEWER, REPLICA_PORT, pgbouncer_ini, replica_ini, sessions_ini
from odoo_estate.plan import PoolPlan


def parsed(**changes: object) -> configparser.RawConfigParser:
    parser = configparser.RawConfigParser(delimiters=("=",))
    parser.read_string(pgbouncer_ini(plans.pooler(**changes)))
    return parser


def test_the_bus_is_pooled_by_session_and_tenants_by_transaction() -> None:
    databases = parsed()["databases"]
    assert "pool_mode=session" in databases["postgres"]
    assert "pool_mode=transaction" in databases["*"]


def test_a_bus_that_would_lose_its_listeners_is_refused() -> None:
    pools = {"*": PoolPlan(mode="transaction", size=8), "postgres": PoolPlan(mode="transaction", size=8)}
    with pytest.raises(ValueError, match="session mode"):
        pgbouncer_ini(plans.pooler(pools=pools))


def test_the_fallback_stands_last() -> None:
    pools = {
        "*": PoolPlan(mode="transaction", size=8),
        "postgres": PoolPlan(mode="session", size=8),
        "jobs": PoolPlan(mode="session", size=2),
    }
    assert list(parsed(pools=pools)["databases"]) == ["jobs", "postgres", "*"]


def test_the_server_is_spoken_to_encrypted_and_logins_are_looked_up_centrally() -> None:
    settings = parsed()["pgbouncer"]
    assert settings["server_tls_sslmode"] == "verify-full"
    assert settings["client_tls_sslmode"] == "require"
    assert settings["auth_type"] == "scram-sha-256"
    assert settings["auth_dbname"] == "postgres"
    assert settings["auth_user"] == "pooler_main"
    assert "pooler.lookup($1)" in settings["auth_query"]


def test_limits_are_the_plans() -> None:
    settings = parsed()["pgbouncer"]
    assert (settings["max_client_conn"], settings["max_db_connections"]) == ("2000", "20")


def test_no_password_is_in_the_configuration() -> None:
    assert "password" not in pgbouncer_ini(plans.pooler())


def test_job_runners_have_sessions_in_every_database() -> None:
    text = sessions_ini(plans.pooler(session_size=3))
    assert "* = host={host} port=5432 pool_mode=session pool_size=3" in text
    assert "listen_port = 5433" in text


def test_one_tenants_clients_cannot_take_all_places() -> None:
    assert "max_db_client_connections=1000" in parsed()["databases"]["*"]
    assert "max_db_client_connections" not in parsed()["databases"]["postgres"], "the bus is everybody's"


def test_every_setting_that_the_tests_leave_out_is_really_there() -> None:
    text = pgbouncer_ini(plans.pooler())
    assert [one for one in NEWER if one not in text] == []


def test_look_ups_stay_within_what_the_budget_keeps_for_them() -> None:
    assert plans.pooler(lookup_connections=5, replicas=2).lookup_limit == 40


def test_a_replica_is_one_pool_of_transactions_and_logins_are_looked_up_there() -> None:
    parser = configparser.RawConfigParser(delimiters=("=",))
    parser.read_string(replica_ini(plans.pooler(replica_size=3)))
    assert dict(parser["databases"]) == {
        "*": "host={host} port=5432 pool_mode=transaction pool_size=3 max_db_client_connections=1000"
    }
    assert parser["pgbouncer"]["listen_port"] == str(REPLICA_PORT)
    assert parser["pgbouncer"]["server_tls_sslmode"] == "verify-full"
