"""Small estates for tests: the shipped catalog, one shared cell, and contracts that differ in what a test is about."""

from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import Any

import yaml

from odoo_estate.catalog import default_text
from odoo_estate.decide.context import Context
from odoo_estate.spec.catalog import Catalog
from odoo_estate.spec.customer import Customer
from odoo_estate.spec.estate import Estate

TODAY = date(2026, 11, 22)


@cache
def catalog() -> Catalog:
    return Catalog.model_validate(_tuples(yaml.safe_load(default_text())), strict=False)


def catalog_with(**parts: Any) -> Catalog:
    """The shipped catalog with some of its top-level parts merged over, one level deep."""
    known = catalog().model_dump()
    for part, value in parts.items():
        known[part] = {**known[part], **value} if isinstance(value, dict) else value
    return Catalog.model_validate(known, strict=False)


def _tuples(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _tuples(one) for key, one in value.items()}
    return tuple(_tuples(one) for one in value) if isinstance(value, list) else value


def cell(slot: int = 0, **fields: Any) -> dict[str, Any]:
    base: dict[str, Any] = {
        "slot": slot,
        "region": "eu-central-1",
        "residency": "eu",
        "band": "cell-m",
        "recovery": {"region": "eu-west-1", "dr_class": "pilot-light"},
    }
    return {**base, **fields}


def dedicated_cell(customer: str, slot: int = 1, **fields: Any) -> dict[str, Any]:
    return cell(slot, tenancy="dedicated", customer=customer, band="cell-dedicated-s", **fields)


def estate(cells: Mapping[str, Any] | None = None, **fields: Any) -> Estate:
    base: dict[str, Any] = {
        "estate": "harbour",
        "operator": {"name": "Harbour", "cost_center": "CC-1"},
        "mode": "organisation",
        "accounts": {
            "management": "1" * 12,
            "log-archive": "2" * 12,
            "audit": "6" * 12,
            "backup": "3" * 12,
            "shared-services": "5" * 12,
            "production": "4" * 12,
        },
        "home_region": "eu-central-1",
        "recovery_image": "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "residency": {
            "eu": {"description": "EU", "regions": ("eu-central-1", "eu-west-1")},
            "us": {"description": "US", "regions": ("us-east-1", "us-west-2")},
        },
        "domains": {"platform": "erp.example.com"},
        "contacts": {
            "operations": "ops@example.com",
            "security": "sec@example.com",
            "billing": "bill@example.com",
        },
        "cells": dict(cells) if cells is not None else {"eu-1": cell()},
    }
    return Estate.model_validate({**base, **fields}, strict=False)


def contract(name: str = "acme", **fields: Any) -> Customer:
    """A small standard reseller; ``workload`` and ``storage`` are merged into the small ones."""
    storage = {"database_gib": 2, "filestore_gib": 4, **fields.pop("storage", {})}
    workload = {"users": 8, "orders_per_day": 60, **fields.pop("workload", {}), "storage": storage}
    base: dict[str, Any] = {
        "customer": name,
        "name": name.title(),
        "service_class": "starter",
        "residency": "eu",
        "odoo": "18.0",
        "workload": workload,
        "environments": {"production": {}},
    }
    return Customer.model_validate({**base, **fields}, strict=False)


def exemption(rule: str, expires: str = "2027-06-30") -> dict[str, str]:
    return {"rule": rule, "reason": "agreed in writing with the operator", "approver": "Ada", "expires": expires}


def module(approval: str = "approved", *, heavy: bool = False) -> dict[str, Any]:
    return {"approval": approval, "version": "18.0.1.0.0", "heavy": heavy}


def context(*customers: Customer, of: Estate | None = None, known: Catalog | None = None) -> Context:
    return Context(of or estate(), known or catalog(), {one.customer: one for one in customers}, TODAY)


HEAVY = {
    "service_class": "premium",
    "workload": {
        "users": 160,
        "orders_per_day": 6000,
        "peak_factor": 4.0,
        "integrations": {"edi": {"kind": "edi", "requests_per_hour": 9000}},
    },
    "storage": {"database_gib": 120, "filestore_gib": 150},
}
"""A contract that needs machines of its own."""
