"""``estate.yaml`` against the catalog, the contracts and itself."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from datetime import date
from ipaddress import IPv4Network

from odoo_estate.errors import Path, Problem
from odoo_estate.spec.catalog import Catalog, minor
from odoo_estate.spec.customer import Customer
from odoo_estate.spec.estate import AdoptedNetwork, Cell, ClusterVersion, Estate, Partner, ResidencyZone
from odoo_estate.spec.fields import ACCOUNT_ROLES
from odoo_estate.spec.quoting import shown, unknown

RESERVED_DATABASES = ("main", "own")
"""Every cell's first instance is ``main``; ``own`` stands for a tenant's own one."""
OLDEST_NODES = 3
"""Minor versions that a kubelet may be behind the API server, and never ahead (Kubernetes version skew policy, since 1.28)."""


def estate_problems(
    estate: Estate, catalog: Catalog, customers: Mapping[str, Customer], contracts: Collection[str]
) -> Iterator[Problem]:
    """Everything in the estate that refers to what does not exist, or claims what something else has."""
    yield from _accounts(estate, contracts)
    yield from _support(estate, catalog)
    yield from _automation(estate)
    if not any(estate.home_region in zone.regions for zone in estate.residency.values()):
        yield Problem(
            f"{shown(estate.home_region)} lies in none of the residency zones",
            "estate",
            ("home_region",),
            estate.home_region,
            tuple(sorted({region for zone in estate.residency.values() for region in zone.regions})),
            "audit logs live there: choose a region of a zone",
        )
    yield from _slots(estate)
    for name, cell in estate.cells.items():
        yield from _cell(("cells", name), cell, estate, catalog, contracts)
    for name, partner in estate.partners.items():
        yield from _partner(name, partner, catalog, customers)
    yield from _quotas(estate, catalog)


def _quotas(estate: Estate, catalog: Catalog) -> Iterator[Problem]:
    """Raised quotas must be known, and stand where AWS has them: regional ones under a region, an account's under ``global``."""
    regions = {region for zone in estate.residency.values() for region in zone.regions} | {estate.home_region}
    for role, places in estate.quotas.items():
        if role not in estate.accounts:
            yield unknown("an account role of this estate", role, estate.accounts, "estate", ("quotas", role))
        for place, raised in places.items():
            path: Path = ("quotas", role, place)
            if place != "global" and place not in regions:
                yield unknown("a region of this estate", place, ("global", *sorted(regions)), "estate", path)
                continue
            fitting = [key for key, one in catalog.quotas.items() if (one.per == "account") == (place == "global")]
            for key in raised:
                if key not in fitting:
                    kind = "a quota of a whole account" if place == "global" else "a quota of a region"
                    yield unknown(kind, key, fitting, "estate", (*path, key))


def _accounts(estate: Estate, contracts: Collection[str]) -> Iterator[Problem]:
    roles = ACCOUNT_ROLES if estate.mode == "organisation" else ("production",)
    for role in roles:
        if role not in estate.accounts:
            message = f"mode {estate.mode} needs an account for the role {role}"
            yield Problem(message, "estate", ("accounts",), None, roles, f'add `{role}: "123456789012"`')
    apart = [f"partner-{one}" for one in estate.partners] + [f"customer-{one}" for one in sorted(contracts)]
    allowed = (*roles, *apart) if estate.mode == "organisation" else roles
    for role, account in estate.accounts.items():
        if role not in allowed:
            message = f"mode {estate.mode} has no account for the role {role}"
            yield Problem(
                message, "estate", ("accounts", role), account, allowed, "remove the line, or change the mode"
            )
        elif first := next((one for one, other in estate.accounts.items() if other == account and one != role), None):
            message = f"account {account} is also that of {first}"
            yield Problem(message, "estate", ("accounts", role), account, (), "give each role an account of its own")


def _support(estate: Estate, catalog: Catalog) -> Iterator[Problem]:
    most = catalog.access.support_days
    for position, grant in enumerate(estate.support_access):
        path: Path = ("support_access", position)
        if grant.account not in estate.accounts:
            yield unknown(
                "an account role of this estate", grant.account, estate.accounts, "estate", (*path, "account")
            )
        try:
            days = (date.fromisoformat(grant.until) - date.fromisoformat(grant.since)).days + 1
        except ValueError:
            message = f"{shown(grant.since)} to {shown(grant.until)} are not two days of the calendar"
            yield Problem(message, "estate", (*path, "until"), grant.until, (), "write days as YYYY-MM-DD")
            continue
        if not 1 <= days <= most:
            message = f"access for {days} days"
            allowed = (f"1 to {most} days",)
            yield Problem(message, "estate", (*path, "until"), grant.until, allowed, "end it sooner, and ask again")


def _automation(estate: Estate) -> Iterator[Problem]:
    if estate.automation is None:
        return
    for position, subject in enumerate(estate.automation.deploy):
        path: Path = ("automation", "deploy", position)
        if subject.endswith(":pull_request"):
            message = "whoever opens a pull request would deploy"
        elif subject in estate.automation.preview:
            message = f"{shown(subject)} is a preview job too: what compares must not be able to change"
        else:
            continue
        yield Problem(message, "estate", path, subject, (), "name a protected environment or branch of its own")


def _slots(estate: Estate) -> Iterator[Problem]:
    try:
        prefix = IPv4Network(estate.network.supernet).prefixlen
    except ValueError:
        path: Path = ("network", "supernet")
        remedy = "write the network's first address and its prefix length, e.g. 10.0.0.0/8"
        yield Problem(
            f"{shown(estate.network.supernet)} is not a network", "estate", path, estate.network.supernet, (), remedy
        )
        return
    slots = 2 ** (16 - prefix) // 2 if prefix <= 15 else 0
    owners: dict[int, str] = {}
    for name, cell in estate.cells.items():
        path = ("cells", name, "slot")
        if cell.slot in owners:
            message = f"slot {cell.slot} is that of cell {owners[cell.slot]}: both would have the same addresses"
            free = next(
                slot for slot in range(128 + len(estate.cells)) if slot not in {c.slot for c in estate.cells.values()}
            )
            yield Problem(message, "estate", path, cell.slot, (), f"give it a slot that was never used, e.g. {free}")
        elif cell.slot >= slots:
            message = f"slot {cell.slot} lies outside the supernet {estate.network.supernet}"
            allowed = (f"0 to {slots - 1}",) if slots else ()
            yield Problem(message, "estate", path, cell.slot, allowed, "widen network.supernet, or choose another slot")
        owners.setdefault(cell.slot, name)


def _cell(path: Path, cell: Cell, estate: Estate, catalog: Catalog, contracts: Collection[str]) -> Iterator[Problem]:
    zone = estate.residency.get(cell.residency)
    if zone is None:
        yield unknown("a residency zone", cell.residency, estate.residency, "estate", (*path, "residency"))
    else:
        yield from _regions(path, cell, zone)
    if cell.account not in estate.accounts:
        yield unknown("an account role of this estate", cell.account, estate.accounts, "estate", (*path, "account"))
    band = catalog.cell_bands.get(cell.band)
    if band is None or band.tenancy != cell.tenancy:
        fitting = [name for name, one in catalog.cell_bands.items() if one.tenancy == cell.tenancy]
        yield unknown(f"a band for {cell.tenancy} cells", cell.band, fitting, "estate", (*path, "band"))
    if cell.recovery is not None and cell.recovery.dr_class not in catalog.dr_classes:
        yield unknown(
            "a DR class", cell.recovery.dr_class, catalog.dr_classes, "estate", (*path, "recovery", "dr_class")
        )
    for name, postgres in cell.databases.items():
        here: Path = (*path, "databases", name)
        if name in RESERVED_DATABASES:
            yield Problem(
                f"the name {shown(name)} is taken", "estate", here, name, (), "give the instance another name"
            )
        if postgres not in catalog.postgres_bands:
            yield unknown("a PostgreSQL band", postgres, catalog.postgres_bands, "estate", here)
    for name in cell.postgres:
        instances = ("main", *cell.databases)
        if name not in instances:
            yield unknown("an instance of this cell", name, instances, "estate", (*path, "postgres", name))
    if cell.kubernetes is not None:
        yield from _kubernetes((*path, "kubernetes"), cell.kubernetes, catalog)
    yield from _dedication(path, cell, contracts)
    yield from _given_networks(path, cell)


def _given_networks(path: Path, cell: Cell) -> Iterator[Problem]:
    if cell.network:
        yield from _adopted((*path, "network"), cell.network, cell.region)
    if cell.recovery and cell.recovery.network:
        yield from _adopted((*path, "recovery", "network"), cell.recovery.network, cell.recovery.region)


def _adopted(path: Path, given: AdoptedNetwork, region: str) -> Iterator[Problem]:
    """A given network against itself: ranges that are some, inside the network and apart, zones of the region, subnets named once."""
    whole = _range(given.cidr)
    if whole is None:
        yield _no_network((*path, "cidr"), given.cidr)
        return
    taken: list[tuple[IPv4Network, str]] = []
    ids: set[str] = set()
    for key, zone in given.zones.items():
        here: Path = (*path, "zones", key)
        if zone.availability_zone != f"{region}{key}":
            message = f"{shown(zone.availability_zone)} is not zone {key} of {region}"
            remedy = "give the zone under its own letter, in the cell's region"
            yield Problem(
                message, "estate", (*here, "availability_zone"), zone.availability_zone, (f"{region}{key}",), remedy
            )
        for tier, subnet, cidr in (
            ("public", zone.public, zone.public_cidr),
            ("private", zone.private, zone.private_cidr),
            ("database", zone.database, zone.database_cidr),
        ):
            if subnet in ids:
                message = f"{shown(subnet)} is named twice"
                yield Problem(
                    message, "estate", (*here, tier), subnet, (), "give each tier of each zone a subnet of its own"
                )
            ids.add(subnet)
            one = _range(cidr)
            field = (*here, f"{tier}_cidr")
            if one is None:
                yield _no_network(field, cidr)
            elif not one.subnet_of(whole):
                message = f"{shown(cidr)} lies outside the network's range {whole}"
                yield Problem(
                    message, "estate", field, cidr, (), "name a subnet of this network, with the range that it has"
                )
            elif other := next((name for range_, name in taken if range_.overlaps(one)), None):
                message = f"{shown(cidr)} overlaps {other}"
                yield Problem(message, "estate", field, cidr, (), "write the range that the subnet really has")
            if one is not None:
                taken.append((one, f"zones.{key}.{tier}_cidr"))


def _range(text: str) -> IPv4Network | None:
    try:
        return IPv4Network(text)
    except ValueError:
        return None


def _no_network(path: Path, text: str) -> Problem:
    message = f"{shown(text)} is not a network: its address has bits behind the mask, or parts above 255 or 32"
    return Problem(
        message, "estate", path, text, (), "write the first address and the prefix length, e.g. 10.240.0.0/16"
    )


def _regions(path: Path, cell: Cell, zone: ResidencyZone) -> Iterator[Problem]:
    if cell.region not in zone.regions:
        message = f"{shown(cell.region)} lies outside the residency zone {cell.residency}"
        yield Problem(message, "estate", (*path, "region"), cell.region, zone.regions, "choose a region of the zone")
    if cell.recovery is None:
        return
    region, here = cell.recovery.region, (*path, "recovery", "region")
    others = tuple(one for one in zone.regions if one != cell.region)
    if region == cell.region:
        message = f"{shown(region)} is the cell's own region: one outage would take both"
        yield Problem(
            message, "estate", here, region, others, "recover in another region of the zone, or remove recovery"
        )
    elif region not in zone.regions:
        message = f"{shown(region)} lies outside the residency zone {cell.residency}"
        yield Problem(message, "estate", here, region, others, "choose a region of the zone")


def _kubernetes(path: Path, one: ClusterVersion, catalog: Catalog) -> Iterator[Problem]:
    """Versions that the catalog knows, and nodes within what Kubernetes promises: no newer than the control plane, three minor versions older."""
    known = catalog.versions.kubernetes_releases
    nodes = one.nodes or one.control_plane
    for field, version in (("control_plane", one.control_plane), ("nodes", nodes)):
        if version not in known:
            yield unknown("a release that the catalog knows", version, known, "estate", (*path, field))
            return
    behind = minor(one.control_plane) - minor(nodes)
    if not 0 <= behind <= OLDEST_NODES:
        message = (
            f"nodes of {nodes} would be {-behind} minor versions ahead of the control plane {one.control_plane}"
            if behind < 0
            else f"nodes of {nodes} are {behind} minor versions behind the control plane {one.control_plane}"
        )
        allowed = tuple(key for key in known if 0 <= minor(one.control_plane) - minor(key) <= OLDEST_NODES)
        yield Problem(
            message, "estate", (*path, "nodes"), nodes, allowed, "raise the control plane first, then the nodes"
        )


def _dedication(path: Path, cell: Cell, contracts: Collection[str]) -> Iterator[Problem]:
    if cell.tenancy == "shared":
        if cell.customer is not None:
            message = "a shared cell has no customer of its own"
            yield Problem(
                message, "estate", (*path, "customer"), cell.customer, (), "remove the line, or set tenancy: dedicated"
            )
    elif cell.customer is None:
        message = "a dedicated cell needs the customer it is for"
        yield Problem(message, "estate", (*path, "customer"), None, (), "add `customer:`, or set tenancy: shared")
    elif cell.customer not in contracts:
        yield unknown("a customer of this estate", cell.customer, sorted(contracts), "estate", (*path, "customer"))


def _partner(name: str, partner: Partner, catalog: Catalog, customers: Mapping[str, Customer]) -> Iterator[Problem]:
    path: Path = ("partners", name)
    for position, service_class in enumerate(partner.service_classes):
        if service_class not in catalog.service_classes:
            here = (*path, "service_classes", position)
            yield unknown("a service class", service_class, catalog.service_classes, "estate", here)
    tenants = sum(len(one.environments) for one in customers.values() if one.partner == name)
    if partner.max_tenants is not None and tenants > partner.max_tenants:
        yield Problem(
            f"partner {name} has {tenants} tenants, more than the agreed {partner.max_tenants}",
            "estate",
            (*path, "max_tenants"),
            partner.max_tenants,
            (f"{tenants} or more",),
            "agree on more tenants with the partner, or remove environments",
        )
    for service_class, count in Counter(partner.service_classes).items():
        if count > 1:
            message = f"{shown(service_class)} is listed {count} times"
            yield Problem(message, "estate", (*path, "service_classes"), service_class, (), "list it once")
