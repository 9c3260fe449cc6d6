"""A partner-operated estate may narrow the operator's catalog, never widen it."""

from typing import TYPE_CHECKING, Any

import pytest

from odoo_estate.spec.catalog import Catalog, ServiceClass
from odoo_estate.spec.narrowing import DIRECTIONS, widened

if TYPE_CHECKING:
    from conftest import Desk

ESTATE = "estate.yaml"
CATALOG = "catalog.yaml"

WIDER = [
    ("service_classes: {starter: {tenancies: [pooled, namespaced]}}", "service_classes.starter.tenancies.1"),
    ("service_classes: {business: {tenancies: [pooled]}}", "service_classes.business.tenancies.0"),
    ("service_classes: {starter: {environments: [production, staging]}}", "service_classes.starter.environments.1"),
    ("service_classes: {starter: {odoo_bands: [odoo-xs, odoo-m]}}", "service_classes.starter.odoo_bands.1"),
    ("service_classes: {starter: {max_nodes: 13}}", "service_classes.starter.max_nodes"),
    ("service_classes: {business: {storage_gib: 401}}", "service_classes.business.storage_gib"),
    ("service_classes: {business: {integrations: 9}}", "service_classes.business.integrations"),
    ("service_classes: {business: {rpo_minutes: 61}}", "service_classes.business.rpo_minutes"),
    ("service_classes: {business: {backup: {every_minutes: 2880}}}", "service_classes.business.backup.every_minutes"),
    (
        "service_classes: {business: {backup: {point_in_time_days: 13}}}",
        "service_classes.business.backup.point_in_time_days",
    ),
    ("service_classes: {business: {backup: {cross_account: false}}}", "service_classes.business.backup.cross_account"),
    ("service_classes: {business: {backup: {cross_region: false}}}", "service_classes.business.backup.cross_region"),
    ("service_classes: {business: {backup: {restore_test: false}}}", "service_classes.business.backup.restore_test"),
    ("service_classes: {business: {backup: {lock: null}}}", "service_classes.business.backup.lock"),
    ("service_classes: {business: {backup: {retention: [short-30d]}}}", "service_classes.business.backup.retention.0"),
    ("service_classes: {premium: {dr_classes: [backup-copy]}}", "service_classes.premium.dr_classes.0"),
    ("service_classes: {premium: {availability: {zones: 2}}}", "service_classes.premium.availability.zones"),
    (
        "service_classes: {business: {availability: {database_multi_az: false}}}",
        "service_classes.business.availability.database_multi_az",
    ),
    ("service_classes: {starter: {rate_limit: medium}}", "service_classes.starter.rate_limit"),
    ("service_classes: {premium: {monitoring: standard}}", "service_classes.premium.monitoring"),
    ("service_classes: {premium: {support: {hours: office}}}", "service_classes.premium.support.hours"),
    ("service_classes: {premium: {release: {ring: early}}}", "service_classes.premium.release.ring"),
    ("service_classes: {starter: {reporting: true}}", "service_classes.starter.reporting"),
    ("service_classes: {starter: {unapproved_modules: true}}", "service_classes.starter.unapproved_modules"),
    ("service_classes: {regulated: {own_keys: false}}", "service_classes.regulated.own_keys"),
    ("rate_limits: {small: {burst: 101}}", "rate_limits.small.burst"),
    (
        "rate_limits: {tiny: {requests_per_second: 1, burst: 1, login_per_minute: 1, api_per_minute: 1, body_mib: 1}}",
        "rate_limits.tiny",
    ),
    ("service_classes: {premium: {firewall: null}}", "service_classes.premium.firewall"),
    ("firewalls: {managed: {mode: count}}", "firewalls.managed.mode"),
    ("retention_classes: {short-30d: {daily_days: 29}}", "retention_classes.short-30d.daily_days"),
    ("cell_bands: {cell-s: {max_tenants: 61}}", "cell_bands.cell-s.max_tenants"),
    ("cell_bands: {cell-s: {postgres_multi_az: false}}", "cell_bands.cell-s.postgres_multi_az"),
    ("cell_bands: {cell-s: {node_pools: {general: {max_nodes: 7}}}}", "cell_bands.cell-s.node_pools.general.max_nodes"),
    ("postgres_bands: {pg-m: {max_connections: 1601}}", "postgres_bands.pg-m.max_connections"),
    ("placement: {namespaced: {database_gib: 11}}", "placement.namespaced.database_gib"),
    ("placement: {namespaced: {database_gib: null}}", "placement.namespaced.database_gib"),
    ("placement: {dedicated: {regulated: false}}", "placement.dedicated.regulated"),
    ("assumptions: {node_fill: 1.0}", "assumptions.node_fill"),
    ("versions: {kubernetes: '1.30'}", "versions.kubernetes"),
    ("versions: {odoo: {'18.0': {server_wide_modules: [base]}}}", "versions.odoo.18.0.server_wide_modules"),
    ("required_tags: [tenant]", "required_tags"),
    ("tag_patterns: {tenant: '.*'}", "tag_patterns.tenant"),
]

NARROWER = [
    "service_classes: {business: {tenancies: [namespaced]}}",
    "service_classes: {premium: {tenancies: [dedicated]}}",
    "service_classes: {starter: {environments: [production], description: Ours}}",
    "service_classes: {business: {odoo_bands: [odoo-s], storage_gib: 100, integrations: 0, rate_limit: small}}",
    "service_classes: {business: {rto_minutes: 479, backup: {point_in_time_days: 35, every_minutes: 720}}}",
    "service_classes: {business: {backup: {retention: [standard-1y]}, dr_classes: [pilot-light]}}",
    "service_classes: {starter: {monitoring: full, data_class: restricted, own_buckets: true}}",
    "service_classes: {premium: {unapproved_modules: false, support: {hours: 24x7, response_minutes: 30}}}",
    "cell_bands: {cell-s: {max_tenants: 10, node_pools: {general: {max_nodes: 4}}}}",
    "rate_limits: {small: {burst: 50}}",
    "placement: {semi-dedicated: {database_gib: 50}}",
    "tag_patterns: {brand: '[a-z]+'}",
]


def partner_operated(desk: "Desk", override: str) -> None:
    text = (desk.directory / ESTATE).read_text(encoding="utf-8")
    desk.write(ESTATE, f"{text}catalog: {CATALOG}\noperated_by: partner\n")
    desk.write(CATALOG, f"# ours\n{override}\n")


@pytest.mark.parametrize(("override", "field"), WIDER, ids=[field for _, field in WIDER])
def test_a_partner_operated_estate_cannot_widen_the_operators_catalog(desk: "Desk", override: str, field: str) -> None:
    partner_operated(desk, override)
    refused = [one for one in desk.problems() if "operator's catalog" in one.message]
    assert [one.field for one in refused] == [field]
    (problem,) = refused
    assert (problem.file.rsplit("/", 1)[1], problem.line) == (CATALOG, 2)
    assert problem.allowed and problem.remedy


@pytest.mark.parametrize("override", NARROWER)
def test_a_partner_operated_estate_may_narrow_the_operators_catalog(desk: "Desk", override: str) -> None:
    partner_operated(desk, override)
    assert desk.load().estate.operated_by == "partner"


def test_the_operators_own_estate_may_widen_what_is_shipped(desk: "Desk") -> None:
    text = (desk.directory / ESTATE).read_text(encoding="utf-8")
    desk.write(ESTATE, f"{text}catalog: {CATALOG}\n")
    desk.write(CATALOG, "service_classes: {business: {storage_gib: 500}}\n")
    assert desk.load().catalog.service_classes["business"].storage_gib == 500


def test_the_error_says_what_was_found_and_what_is_allowed(desk: "Desk") -> None:
    partner_operated(desk, "service_classes:\n  business:\n    storage_gib: 500")
    assert str(desk.problem()).split("/")[-1] == (
        "catalog.yaml:4: service_classes.business.storage_gib: widens the operator's catalog: 500 where it has 400\n"
        "  allowed: 400 or less\n"
        "  do: stay within the operator's catalog, or have the operator change it"
    )


def test_a_service_class_of_ones_own_is_not_in_the_operators_catalog(desk: "Desk") -> None:
    catalog = desk.load().catalog
    own = {**catalog.service_classes, "bargain": catalog.service_classes["starter"]}
    (problem,) = widened(catalog.model_copy(update={"service_classes": own}), catalog)
    assert (problem.field, problem.allowed) == ("service_classes.bargain", tuple(catalog.service_classes))


def test_every_entitlement_has_a_direction_or_stays_fixed_on_purpose(desk: "Desk") -> None:
    """A field that is added to a class is narrowed in a direction that somebody chose."""

    def fields(model: type[Any], path: str) -> set[str]:
        found: set[str] = set()
        for name, field in model.model_fields.items():
            inner = field.annotation
            nested = isinstance(inner, type) and hasattr(inner, "model_fields")
            found |= fields(inner, f"{path}.{name}") if nested else {f"{path}.{name}"}
        return found

    entitlements = fields(ServiceClass, "service_classes.*")
    assert entitlements - set(DIRECTIONS) == {"service_classes.*.backup.lock"}
    assert {one.split(".")[0] for one in DIRECTIONS} <= set(Catalog.model_fields)
    assert {one for one in DIRECTIONS if one.startswith("service_classes")} <= entitlements
