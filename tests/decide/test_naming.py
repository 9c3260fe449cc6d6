"""Physical names: legal everywhere, stable, and different for different things."""

import re
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo_estate.decide import naming
from odoo_estate.decide.naming import RULES, Claim, Service, check_unique, name

SERVICES = st.sampled_from(get_args(Service))
IDS = st.from_regex(r"[a-z][a-z0-9]{0,9}(-[a-z0-9]{1,8}){0,2}", fullmatch=True)
PARTS = st.lists(IDS, min_size=1, max_size=5).map(tuple)
SUFFIXES = st.sampled_from(["", "123456789012", "210987654321"])

ALPHABETS = {
    "-": re.compile(r"[a-z](?:[a-z0-9]|-(?=[a-z0-9]))*\Z"),
    "_": re.compile(r"[a-z][a-z0-9_]*\Z"),
    "/": re.compile(r"[a-z](?:[a-z0-9]|[-/](?=[a-z0-9]))*\Z"),
}


@given(SERVICES, PARTS, SUFFIXES)
def test_every_name_is_legal_for_its_service(service: Service, parts: tuple[str, ...], suffix: str) -> None:
    result = name(service, *parts, suffix=suffix)
    rule = RULES[service]
    assert len(result) <= rule.limit
    assert ALPHABETS[rule.separator].match(result), result
    assert not result.startswith(rule.reserved)
    assert "--" not in result
    assert not result.endswith(("-", "_", "/"))


@given(SERVICES, PARTS, PARTS, SUFFIXES, SUFFIXES)
def test_different_things_have_different_names(
    service: Service, some: tuple[str, ...], others: tuple[str, ...], suffix: str, other_suffix: str
) -> None:
    same = (some, suffix) == (others, other_suffix)
    assert (name(service, *some, suffix=suffix) == name(service, *others, suffix=other_suffix)) is same


@given(SERVICES, st.text("ab-1", min_size=2, max_size=7), st.data())
def test_moving_the_joint_between_two_ids_gives_another_name(service: Service, text: str, data: st.DataObject) -> None:
    joints = [m.start() for m in re.finditer("-", text)]
    legal = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*\Z")
    ways = {(text,)} | {(text[:at], text[at + 1 :]) for at in joints}
    ways = {way for way in ways if all(legal.match(part) for part in way)}
    assert len({name(service, *way) for way in ways}) == len(ways)


def test_names_are_readable_and_do_not_change() -> None:
    assert name("rds", "acme", "eu-1", "main") == "acme-eu-1-main"
    assert name("s3", "acme", "eu-1", "attachments", suffix="123456789012") == "acme-eu-1-attachments-123456789012"
    assert name("restore-test", "acme", "eu-1") == "acme_eu_1"
    assert (
        name("secret", "acme", "tenant", "medsupply", "production", "login") == "acme/tenant/medsupply/production/login"
    )
    assert name("rds", "acme", "north-goods", "production") == "acme-north-goods-production-1hkwfhyv"


def test_a_long_name_is_cut_at_the_limit_and_ends_in_a_hash_of_all_its_parts() -> None:
    one = name("elasticache", "a" * 32, "b" * 32, "production")
    other = name("elasticache", "a" * 32, "b" * 31 + "c", "production")
    assert len(one) == len(other) == 40
    assert one[:31] == other[:31]
    assert one != other


def test_a_secret_never_ends_like_the_suffix_that_secrets_manager_adds() -> None:
    assert not re.search(r"-[a-z0-9]{6}$", name("secret", "acme", "my-abcdef"))


def test_a_database_role_never_starts_with_a_prefix_that_postgres_keeps() -> None:
    assert not name("postgres", "pg-shop", "production").startswith("pg_")


@pytest.mark.parametrize(
    "part", ["", "Acme", "1acme", "acme_foods", "acme--foods", "acme-", "ünal", "a;drop table", "a\nb"]
)
def test_what_is_no_id_never_becomes_a_name(part: str) -> None:
    with pytest.raises(ValueError, match="cannot be part of a name"):
        name("s3", part)


def test_two_owners_of_one_name_are_refused_with_both_named() -> None:
    first = Claim(
        "RDS",
        "123456789012/eu-central-1",
        "acme-north-production",
        "tenant north.production",
        "customer:north",
        ("customer",),
    )
    second = Claim(
        "RDS", "123456789012/eu-central-1", "acme-north-production", "database production of cell north", "estate"
    )
    elsewhere = Claim("RDS", "123456789012/eu-west-1", "acme-north-production", "somebody else", "estate")
    refused = check_unique([first, elsewhere, second, first])
    assert len(refused) == 1
    problem = refused[0].problem
    assert "database production of cell north" in problem.message
    assert "tenant north.production" in problem.message
    assert problem.document == "estate"
    assert "another id" in problem.remedy


def test_ids_that_collide_after_shortening_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(naming, "_digest", lambda parts, suffix: "0aaaaaaa")
    long = "b" * 31
    claims = [
        Claim(
            "ElastiCache",
            "eu",
            naming.name.__wrapped__("elasticache", "a" * 32, long + end),
            f"tenant {end}",
            "customer:x",
        )
        for end in ("c", "d")
    ]
    assert claims[0].name == claims[1].name
    assert len(check_unique(claims)) == 1


def test_stack_names() -> None:
    assert naming.cell_stack("eu-1") == "cell.eu-1"
    assert naming.platform_stack("eu-1") == "platform.eu-1"
    assert naming.tenant_stack("medsupply", "production") == "tenant.medsupply.production"
    assert naming.dr_stack("eu-1") == "dr.eu-1"
