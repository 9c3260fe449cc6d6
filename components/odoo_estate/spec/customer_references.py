"""A contract against the estate and the catalog. What a service class entitles to is judged in ``decide``, where exceptions count."""

from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache
from ipaddress import IPv4Network
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from odoo_estate.errors import Path, Problem
from odoo_estate.spec.catalog import Catalog
from odoo_estate.spec.customer import Customer, Window
from odoo_estate.spec.estate import Estate
from odoo_estate.spec.quoting import shown, unknown

_WIDEST = 8
_EXAMPLES = tuple(IPv4Network(text) for text in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24"))
"""Set aside for documentation (RFC 5737), as ``.example`` is among the domains."""


def customer_problems(customer: Customer, estate: Estate, catalog: Catalog, today: date | None) -> Iterator[Problem]:
    """Every name in the contract that nothing has, and every date that is none or has passed."""
    document = f"customer:{customer.customer}"
    yield from _partner_and_class(customer, estate, catalog, document)
    if customer.residency not in estate.residency:
        yield unknown("a residency zone", customer.residency, estate.residency, document, ("residency",))
    if customer.odoo not in catalog.versions.odoo:
        yield unknown("a supported Odoo series", customer.odoo, catalog.versions.odoo, document, ("odoo",))
    yield from _environments(customer, catalog, document, today)
    if customer.windows is not None:
        yield from _timezone(customer.windows.maintenance, document, ("windows", "maintenance"))
        for position, window in enumerate(customer.windows.freeze):
            yield from _timezone(window, document, ("windows", "freeze", position))
    yield from _retention(customer, catalog, document)
    yield from _cell(customer, estate, document)
    yield from _networks(customer, document)
    yield from _paths(customer, document)
    for position, domain in enumerate(customer.proven_domains):
        if domain not in customer.domains:
            yield unknown("a domain of this contract", domain, customer.domains, document, ("proven_domains", position))
    for position, exception in enumerate(customer.exceptions):
        yield from _date(
            exception.expires,
            document,
            ("exceptions", position, "expires"),
            today,
            "have it approved anew, or remove it",
        )


_ODOOS = ("web", "websocket", "json", "jsonrpc", "xmlrpc")
"""First steps of paths that are Odoo's own, with rules of their own at the ingress."""


def _paths(customer: Customer, document: str) -> Iterator[Problem]:
    """An integration's path is its own, and none that people or other interfaces use; Odoo's webhooks lie below ``/web/hook``."""
    taken: dict[str, str] = {}
    for key, one in customer.workload.integrations.items():
        if one.path is None:
            continue
        path: Path = ("workload", "integrations", key, "path")
        steps = one.path.lower().split("/")[1:]
        if steps[0] in _ODOOS and not (steps[:2] == ["web", "hook"] and steps[2:]):
            message = f"{shown(one.path)} is Odoo's own, not this integration's"
            yield Problem(
                message,
                document,
                path,
                one.path,
                ("/web/hook/…", "a path of a module of yours"),
                "name the path that it calls, or leave it out",
            )
        for other, whose in taken.items():
            if f"{one.path.lower()}/".startswith(f"{other}/") or f"{other}/".startswith(f"{one.path.lower()}/"):
                message = f"{shown(one.path)} overlaps the path of integration {whose}: one limit would count the other's requests"
                yield Problem(message, document, path, one.path, (), "give each its own path")
        taken[one.path.lower()] = key


def domain_problems(customers: Mapping[str, Customer], estate: Estate) -> Iterator[Problem]:
    """A host name leads to one tenant only, those of the platform to none, and those of a partner to its own customers. That a customer owns a
    domain is proved later, by the record without which it gets no certificate."""
    owners: dict[str, str] = {}
    platform = estate.domains.platform
    for customer in customers.values():
        document = f"customer:{customer.customer}"
        for position, domain in enumerate(customer.domains):
            path: Path = ("domains", position)
            if domain in owners:
                message = f"{shown(domain)} is already a domain of customer {owners[domain]}"
                yield Problem(message, document, path, domain, (), "remove it from one of the two")
            elif domain == platform or domain.endswith(f".{platform}"):
                message = f"{shown(domain)} lies inside the platform's domain {platform}, whose names are given out by the estate"
                yield Problem(message, document, path, domain, (), "remove it: every tenant has a name there anyway")
            elif (brand := _partner_of(domain, estate)) not in (None, customer.partner):
                message = f"{shown(domain)} lies inside the domain of partner {brand}, whose names only its own customers have"
                yield Problem(message, document, path, domain, (), f"use another name, or sell through partner {brand}")
            owners.setdefault(domain, customer.customer)


def _partner_of(domain: str, estate: Estate) -> str | None:
    """The partner whose brand domain the name lies in."""
    found = (key for key, one in estate.partners.items() if f".{domain}".endswith(f".{one.domain}"))
    return next(found, None)


def _partner_and_class(customer: Customer, estate: Estate, catalog: Catalog, document: str) -> Iterator[Problem]:
    partner = estate.partners.get(customer.partner or "")
    sold = tuple(catalog.service_classes)
    if customer.partner is not None and partner is None:
        yield unknown("a partner of this estate", customer.partner, estate.partners, document, ("partner",))
    elif partner is not None and partner.service_classes:
        sold = tuple(name for name in sold if name in partner.service_classes)
    if customer.service_class not in catalog.service_classes:
        yield unknown("a service class", customer.service_class, sold, document, ("service_class",))
    elif customer.service_class not in sold:
        kind = f"a service class that partner {customer.partner} sells"
        yield unknown(kind, customer.service_class, sold, document, ("service_class",))


def _environments(customer: Customer, catalog: Catalog, document: str, today: date | None) -> Iterator[Problem]:
    for name, environment in customer.environments.items():
        path: Path = ("environments", name)
        if environment.version is not None and environment.version not in catalog.versions.odoo:
            yield unknown(
                "a supported Odoo series", environment.version, catalog.versions.odoo, document, (*path, "version")
            )
        if environment.expires is not None and name == "production":
            message = "production has no expiry"
            yield Problem(message, document, (*path, "expires"), environment.expires, (), "remove the line")
        elif environment.expires is not None:
            remedy = "prolong it, or remove the environment"
            yield from _date(environment.expires, document, (*path, "expires"), today, remedy)
        elif name == "sandbox":
            message = "a sandbox needs the date on which it is removed"
            yield Problem(message, document, (*path, "expires"), None, (), "add `expires: YYYY-MM-DD`")


def _retention(customer: Customer, catalog: Catalog, document: str) -> Iterator[Problem]:
    service = catalog.service_classes.get(customer.service_class)
    if customer.backup is None or service is None or customer.backup.retention in service.backup.retention:
        return
    path: Path = ("backup", "retention")
    wish, allowed = customer.backup.retention, service.backup.retention
    if wish not in catalog.retention_classes:
        yield unknown("a retention class", wish, allowed, document, path)
    else:
        message = f"{shown(wish)} is not a retention class of service class {shown(customer.service_class)}"
        yield Problem(message, document, path, wish, allowed, "use one of these, or move to another service class")


def _networks(customer: Customer, document: str) -> Iterator[Problem]:
    """A list that lets nobody in by a slip of the pen, or everybody, is neither."""
    for position, text in enumerate(customer.allow_from):
        path: Path = ("allow_from", position)
        try:
            network = IPv4Network(text)
        except ValueError:
            message = f"{shown(text)} is not a network: its address has bits behind the mask, or parts above 255 or 32"
            yield Problem(message, document, path, text, (), "e.g. 198.51.100.0/24, or 198.51.100.7/32 for one address")
            continue
        if network.is_private and not any(network.subnet_of(one) for one in _EXAMPLES):
            message = f"{shown(text)} is a private network, which never arrives over the internet"
            yield Problem(message, document, path, text, (), "name the public addresses behind which it goes out")
        elif network.prefixlen < _WIDEST:
            message = f"{shown(text)} is wider than any office: /{_WIDEST} at most"
            yield Problem(message, document, path, text, (), "name the networks, or leave the list out for everybody")


def _cell(customer: Customer, estate: Estate, document: str) -> Iterator[Problem]:
    if customer.cell is None:
        return
    cell = estate.cells.get(customer.cell)
    if cell is None:
        yield unknown("a cell of this estate", customer.cell, estate.cells, document, ("cell",))
    elif customer.database is not None and customer.database not in ("main", *cell.databases):
        kind = f"a database instance of cell {customer.cell}"
        yield unknown(kind, customer.database, ("main", *cell.databases), document, ("database",))


def _date(text: str, document: str, path: Path, today: date | None, remedy: str) -> Iterator[Problem]:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        yield Problem(f"{shown(text)} is not in the calendar", document, path, text, (), "correct the date")
        return
    if today is not None and day < today:
        message = f"{shown(text)} has passed, today is {today.isoformat()}"
        yield Problem(message, document, path, text, (f"{today.isoformat()} or later",), remedy)


def _timezone(window: Window, document: str, path: Path) -> Iterator[Problem]:
    if not _is_timezone(window.timezone):
        message = f"{shown(window.timezone)} is not a time zone"
        remedy = "use an IANA name, e.g. Europe/Berlin"
        yield Problem(message, document, (*path, "timezone"), window.timezone, (), remedy)


@cache
def _is_timezone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True
