"""What a pooler is told."""

import configparser

import pytest
from tests.compose_tenant import plans

from odoo_estate.kubernetes.pgbouncer_ini import pgbouncer_ini
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
    assert settings["server_tls_sslmode"] == "require"
    assert settings["auth_type"] == "scram-sha-256"
    assert settings["auth_dbname"] == "postgres"
    assert settings["auth_user"] == "pooler_main"
    assert "pooler.lookup($1)" in settings["auth_query"]


def test_limits_are_the_plans() -> None:
    settings = parsed()["pgbouncer"]
    assert (settings["max_client_conn"], settings["max_db_connections"]) == ("2000", "20")


def test_no_password_is_in_the_configuration() -> None:
    assert "password" not in pgbouncer_ini(plans.pooler())
