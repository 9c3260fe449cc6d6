"""A small estate as documents, for tests to bend: one shared cell with recovery, one dedicated, three customers."""

from copy import deepcopy
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from odoo_estate.catalog import default_text
from odoo_estate.decide.compiler import compile_estate
from odoo_estate.decide.context import Context
from odoo_estate.plan import EstatePlan
from odoo_estate.spec.catalog import Catalog
from odoo_estate.spec.customer import Customer
from odoo_estate.spec.estate import Estate
from odoo_estate.spec.loader import Documents
from odoo_estate.spec.sources import Sources

TODAY = date(2026, 11, 22)

ESTATE: dict[str, Any] = {
    "estate": "harbour",
    "operator": {"name": "Harbour Hosting GmbH", "cost_center": "CC-1"},
    "mode": "organisation",
    "accounts": {
        "management": "210000000001",
        "log-archive": "210000000002",
        "audit": "210000000003",
        "backup": "210000000004",
        "shared-services": "210000000005",
        "production": "210000000006",
        "non-production": "210000000007",
    },
    "deploy_role": "automation",
    # Far above what any test's estate takes; what a new account may have is too little for the first cell.
    "quotas": {
        "production": {
            region: {"vpcs": 50, "elastic-ips": 100, "on-demand-vcpus": 5000, "spot-vcpus": 500}
            for region in ("eu-central-1", "eu-west-1")
        }
    },
    "home_region": "eu-central-1",
    "recovery_image": "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "residency": {"eu": {"description": "European Union", "regions": ("eu-central-1", "eu-west-1")}},
    "domains": {"platform": "erp.harbour.example"},
    "contacts": {
        "operations": "ops@harbour.example",
        "security": "security@harbour.example",
        "billing": "billing@harbour.example",
    },
    "cells": {
        "eu-1": {
            "slot": 0,
            "region": "eu-central-1",
            "residency": "eu",
            "band": "cell-m",
            "recovery": {"region": "eu-west-1", "dr_class": "pilot-light"},
        },
        "med-1": {
            "slot": 1,
            "region": "eu-central-1",
            "residency": "eu",
            "band": "cell-dedicated-s",
            "tenancy": "dedicated",
            "customer": "medsupply",
            "recovery": {"region": "eu-west-1", "dr_class": "warm-standby"},
        },
    },
    "partners": {
        "bright": {
            "name": "Bright Ltd",
            "brand": "Bright ERP",
            "domain": "bright.example",
            "cost_center": "CC-2",
            "contact": "service@bright.example",
            "monthly_budget_usd": 5000,
        }
    },
}

WORK: dict[str, Any] = {
    "users": 10,
    "orders_per_day": 80,
    "storage": {"database_gib": 3, "filestore_gib": 5},
}

CUSTOMERS: dict[str, dict[str, Any]] = {
    "copper": {
        "customer": "copper",
        "name": "Copper Ltd",
        "partner": "bright",
        "service_class": "starter",
        "residency": "eu",
        "odoo": "18.0",
        "workload": WORK,
        "environments": {"production": {}},
    },
    "paper": {
        "customer": "paper",
        "name": "Paper OÜ",
        "service_class": "business",
        "residency": "eu",
        "odoo": "18.0",
        "domains": ("erp.paper.example",),
        "workload": {**WORK, "users": 70, "orders_per_day": 900},
        "environments": {"production": {}, "staging": {}},
    },
    "medsupply": {
        "customer": "medsupply",
        "name": "Medsupply GmbH",
        "service_class": "regulated",
        "residency": "eu",
        "odoo": "18.0",
        "domains": ("erp.medsupply.example",),
        "regulation": ("gdp",),
        "workload": {**WORK, "users": 100, "orders_per_day": 1000},
        "environments": {"production": {}},
        "windows": {"maintenance": {"day": "sun", "start": "06:00", "hours": 3, "timezone": "Europe/Berlin"}},
        "backup": {"retention": "long-10y"},
        "cell": "med-1",
    },
}


@cache
def catalog_data() -> dict[str, Any]:
    return _tuples(yaml.load(default_text(), Loader=yaml.CSafeLoader))


def _tuples(value: Any) -> Any:
    """Lists as the tuples that the strict models want from Python."""
    if isinstance(value, dict):
        return {key: _tuples(one) for key, one in value.items()}
    return tuple(_tuples(one) for one in value) if isinstance(value, list) else value


def merged(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    result = deepcopy(base)
    for key, value in changes.items():
        both = isinstance(value, dict) and isinstance(result.get(key), dict)
        result[key] = merged(result[key], value) if both else value
    return result


def documents(
    estate: dict[str, Any] | None = None,
    catalog: dict[str, Any] | None = None,
    customers: dict[str, dict[str, Any] | None] | None = None,
) -> Documents:
    """The small estate with ``estate`` and ``catalog`` merged over it; ``customers`` merges over those of the same name, adds others, None
    removes one."""
    people = merged(CUSTOMERS, customers or {})
    whole = merged(ESTATE, estate or {})
    if whole["mode"] == "single-account":
        whole["accounts"] = {"production": whole["accounts"]["production"]}
    return Documents(
        directory=Path("estate"),
        estate=Estate.model_validate(whole),
        catalog=Catalog.model_validate(merged(catalog_data(), catalog or {})),
        customers={key: Customer.model_validate(people[key]) for key in sorted(people) if people[key]},
        sources=Sources({}),
    )


def context(
    estate: dict[str, Any] | None = None,
    catalog: dict[str, Any] | None = None,
    customers: dict[str, dict[str, Any] | None] | None = None,
) -> Context:
    made = documents(estate, catalog, customers)
    return Context(made.estate, made.catalog, made.customers, TODAY)


def compiled(
    estate: dict[str, Any] | None = None,
    catalog: dict[str, Any] | None = None,
    customers: dict[str, dict[str, Any] | None] | None = None,
) -> EstatePlan:
    return compile_estate(documents(estate, catalog, customers), today=TODAY)
