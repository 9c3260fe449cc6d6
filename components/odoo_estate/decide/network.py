"""The address plan: every cell's network and that of its recovery region, cut from the estate's supernet without overlap."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from ipaddress import IPv4Network
from itertools import pairwise
from math import ceil
from typing import Literal

from odoo_estate.decide.naming import DR, name
from odoo_estate.decide.regions import REGIONS
from odoo_estate.errors import Path, Refused
from odoo_estate.plan import AclRulePlan, AdoptedNetworkPlan, Budget, DnsFirewallPlan, NetworkPlan, ZonePlan
from odoo_estate.spec.catalog import Assumptions, Catalog, CellBand, NodeBand
from odoo_estate.spec.estate import AdoptedNetwork, Estate

NETWORK_BITS = 16
"""A VPC's range is a /16, the largest that AWS accepts: a cell never has to be moved because addresses ran out."""
PER_SLOT = 2
"""A slot holds a primary and a recovery network, so recovery can be bought later without new addresses."""
LAID_OUT_ZONES = 3
"""Addresses for three zones are set aside even where two are used, so that a third can be added later."""
RESERVED_PER_SUBNET = 5
"""AWS keeps the first four addresses of a subnet and the last."""
PREFIX_ADDRESSES = 16
"""The VPC CNI hands whole /28 to nodes (prefix delegation)."""
WARM_ADDRESSES = 2
"""Single addresses that the VPC CNI keeps for the next pods of a node (WARM_IP_TARGET)."""
NODE_INTERFACES = 3
"""Addresses of a node itself: its first interface, and those that hold the prefixes."""
CONTROL_PLANE_ADDRESSES = 16
"""What EKS advises to keep free in each of the cluster's subnets."""
LOAD_BALANCER_ADDRESSES = 8

SERVICE_RANGES = ("172.20.0.0/16", "192.168.0.0/16", "10.100.0.0/16")
"""Ranges for Kubernetes services, which are only known inside a cluster; the first outside the supernet is used."""

POSTGRES_PORT, CACHE_PORT = 5432, 6379
UNPRIVILEGED = (1024, 65535)
"""Where replies go: nodes translate pods' connections to any of these ports."""


def check_supernet(estate: Estate) -> list[Refused]:
    """Refuse a supernet of public addresses. That slots lie inside it, each once, is checked when the estate is read."""
    supernet = IPv4Network(estate.network.supernet)
    private = [IPv4Network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")]
    if any(supernet.subnet_of(one) for one in private):
        return []
    return [
        Refused(
            f"{supernet} is not a private range",
            document="estate",
            field=("network", "supernet"),
            value=str(supernet),
            allowed=[str(one) for one in private],
            remedy="choose a range inside one of these",
        )
    ]


def slot_range(estate: Estate, cell: str, *, recovery: bool = False) -> IPv4Network:
    """The /16 that a cell's slot holds for it, or for its recovery region: a pure function of supernet and slot."""
    supernet = IPv4Network(estate.network.supernet)
    position = estate.cells[cell].slot * PER_SLOT + recovery
    first = int(supernet.network_address) + position * (1 << (32 - NETWORK_BITS))
    return IPv4Network((first, NETWORK_BITS))


def adopted(estate: Estate, cell: str, *, recovery: bool = False) -> AdoptedNetwork | None:
    """The given network of a cell, or of its recovery region; None: it gets one of its own."""
    one = estate.cells[cell]
    return (one.recovery.network if one.recovery else None) if recovery else one.network


def cell_range(estate: Estate, cell: str, *, recovery: bool = False) -> IPv4Network:
    """The range of a cell's network, or of its recovery region's: what its slot holds, or that of the given network."""
    given = adopted(estate, cell, recovery=recovery)
    return IPv4Network(given.cidr) if given else slot_range(estate, cell, recovery=recovery)


def service_range(estate: Estate, cell: str) -> str:
    """The range of Kubernetes services of a cell: outside every cell's network, so the same for all cells but those in given networks."""
    taken = [IPv4Network(estate.network.supernet), *(cell_range(estate, cell, recovery=away) for away in (False, True))]
    for text in SERVICE_RANGES:
        if not any(one.overlaps(IPv4Network(text)) for one in taken):
            return text
    raise Refused(
        f"{taken[0]} and the cell's network leave no range for Kubernetes services",
        document="estate",
        field=("network", "supernet"),
        value=str(taken[0]),
        allowed=(f"a range that leaves one of {', '.join(SERVICE_RANGES)} free",),
        remedy="choose a smaller supernet",
    )


@cache
def cut(network: IPv4Network, private: int, public: int, database: int) -> tuple[ZonePlan, ...] | None:
    """Three zones' subnets by prefix length, largest tier first so that none is misaligned; None where they do not fit.

    The zones' ``availability_zone`` is left empty.
    """
    tiers = sorted(
        (("private", private), ("public", public), ("database", database)), key=lambda tier: (tier[1], tier[0])
    )
    found: dict[str, list[str]] = {}
    start = int(network.network_address)
    for tier, bits in tiers:
        size = 1 << (32 - bits)
        found[tier] = [str(IPv4Network((start + zone * size, bits))) for zone in range(LAID_OUT_ZONES)]
        start += LAID_OUT_ZONES * size
    if start > int(network.broadcast_address) + 1:
        return None
    return tuple(
        ZonePlan(
            availability_zone="",
            public_cidr=found["public"][zone],
            private_cidr=found["private"][zone],
            database_cidr=found["database"][zone],
            prefix_cidr=str(list(IPv4Network(found["private"][zone]).subnets())[1]),
        )
        for zone in range(LAID_OUT_ZONES)
    )


def zones(
    estate: Estate, assumptions: Assumptions, cell: str, count: int, *, recovery: bool = False
) -> dict[str, ZonePlan]:
    """The subnets of ``count`` zones by zone key.

    Raises:
        Refused: the catalog's subnet sizes do not fit a /16, or the region or the given network has too few zones.
    """
    one = estate.cells[cell]
    region = one.recovery.region if recovery and one.recovery else one.region
    field: Path = ("cells", cell, "recovery") if recovery else ("cells", cell)
    given = adopted(estate, cell, recovery=recovery)
    known = dict(sorted(given.zones.items())) if given else REGIONS[region].zones
    if count > len(known):
        where = "the given network has" if given else f"{region} has for clusters of new accounts"
        raise Refused(
            f"{where} {len(known)} zones, the cell's band wants {count}",
            document="estate",
            field=(*field, "network", "zones") if given else (*field, "region"),
            value=len(known) if given else region,
            remedy="add a zone to it, or choose a band with fewer"
            if given
            else "choose another region, or a band with fewer zones",
        )
    if given:
        return {
            key: ZonePlan(
                availability_zone=given.zones[key].availability_zone,
                public_cidr=given.zones[key].public_cidr,
                private_cidr=given.zones[key].private_cidr,
                database_cidr=given.zones[key].database_cidr,
            )
            for key in list(known)[:count]
        }
    bits = (assumptions.private_subnet_bits, assumptions.public_subnet_bits, assumptions.database_subnet_bits)
    parts = cut(cell_range(estate, cell, recovery=recovery), *bits)
    if parts is None:
        need = LAID_OUT_ZONES * sum(1 << (32 - length) for length in bits)
        raise Refused(
            f"three zones of /{bits[0]} private, /{bits[1]} public and /{bits[2]} database subnets need {need} addresses, "
            f"a /{NETWORK_BITS} has {1 << (32 - NETWORK_BITS)}",
            document="catalog",
            field=("assumptions", "private_subnet_bits"),
            value=bits[0],
            allowed=("18 to 26",),
            remedy="make the subnets smaller",
        )
    return {
        key: replace(part, availability_zone=region + zone if zone == key else zone)
        for (key, zone), part in zip(list(REGIONS[region].zones.items())[:count], parts, strict=False)
    }


def network_plan(
    estate: Estate,
    catalog: Catalog,
    cell: str,
    *,
    zone_count: int,
    nat: Literal["per-zone", "single", "none"],
    flow_log_days: int,
    names: Sequence[str] = (),
    recovery: bool = False,
) -> NetworkPlan:
    """The VPC of a cell, or of its recovery region.

    Args:
        names: what may be resolved, where the cell's class bounds that; empty: everything.
    """
    own_name = name("vpc", estate.estate, cell, *((DR,) if recovery else ()))
    laid = zones(estate, catalog.assumptions, cell, zone_count, recovery=recovery)
    given = adopted(estate, cell, recovery=recovery)
    return NetworkPlan(
        name=own_name,
        cidr=str(cell_range(estate, cell, recovery=recovery)),
        zones=laid,
        nat="none" if given else nat,
        interface_endpoints=() if given else catalog.network.interface_endpoints,
        flow_log_group=f"/{name('log-group', estate.estate, 'network', own_name)}",
        flow_log_retention_days=flow_log_days,
        accounts=tuple(sorted({str(account) for account in estate.accounts.values()})),
        adopted=AdoptedNetworkPlan(
            vpc_id=given.vpc_id,
            subnets={
                "public": {key: given.zones[key].public for key in laid},
                "private": {key: given.zones[key].private for key in laid},
                "database": {key: given.zones[key].database for key in laid},
            },
        )
        if given
        else None,
        database_acl={} if given else database_acl(laid),
        firewall=DnsFirewallPlan(
            name=own_name,
            domains=tuple(sorted(set(names))),
            log_group=f"/{name('log-group', estate.estate, 'resolver', own_name)}",
            log_retention_days=flow_log_days,
        )
        if names
        else None,
    )


def database_acl(laid: Mapping[str, ZonePlan]) -> dict[str, AclRulePlan]:
    """Only nodes and pods reach databases and caches, on their ports, and these each other: a security group that somebody opens wide lets in
    nobody else. Replication into another region does not pass through the network. A rule's number follows from its zone, not its position.
    """
    rules: dict[str, AclRulePlan] = {}
    for key, zone in laid.items():
        place = int(key[2:]) if key.startswith("az") else ord(key) - ord("a")

        def rule(
            base: int, cidr: str, ports: tuple[int, int], *, egress: bool = False, place: int = place
        ) -> AclRulePlan:
            return AclRulePlan(number=base + place, egress=egress, cidr=cidr, from_port=ports[0], to_port=ports[1])

        private, tier = zone.private_cidr, zone.database_cidr
        rules[f"postgres-{key}"] = rule(100, private, (POSTGRES_PORT, POSTGRES_PORT))
        rules[f"cache-{key}"] = rule(120, private, (CACHE_PORT, CACHE_PORT))
        rules[f"tier-{key}"] = rule(140, tier, (0, 65535))
        rules[f"replies-{key}"] = rule(100, private, UNPRIVILEGED, egress=True)
        rules[f"tier-out-{key}"] = rule(140, tier, (0, 65535), egress=True)
    return rules


# --- budgets of addresses ------------------------------------------------------------------------------------------


def addresses_per_node(band: NodeBand, pods: Literal["prefixes", "single"] = "prefixes") -> int:
    """Addresses that a node takes from its subnet at its most pods: by prefixes whole /28, one of them warm, and its interfaces; by single
    addresses one a pod, as many warm as a prefix has, and its interfaces."""
    prefixes = ceil(band.max_pods / PREFIX_ADDRESSES) + 1
    return (prefixes * PREFIX_ADDRESSES if pods == "prefixes" else band.max_pods + WARM_ADDRESSES) + NODE_INTERFACES


def address_budgets(
    network: NetworkPlan,
    assumptions: Assumptions,
    band: CellBand,
    node_bands: Mapping[str, NodeBand],
    tenant_addresses: int = 0,
    *,
    balancers: int = 1,
    databases: int = 0,
    cache_nodes: int = 0,
) -> tuple[Budget, ...]:
    """What each subnet has to hold at the most: every pool at its largest, spread over the zones, and what EKS, load balancers and gateways keep.

    Args:
        tenant_addresses: those of tenants' own node pools over all zones.
        balancers: load balancers in the public subnets.
        databases: instances that may have an address, or a standby's, in every zone.
        cache_nodes: of all caches; any zone may hold most of them after a failover.
    """
    count = len(network.zones)
    pools = {
        key: ceil(pool.max_nodes / count) * addresses_per_node(node_bands[pool.band], network.pod_addresses)
        for key, pool in band.node_pools.items()
    }
    fixed = CONTROL_PLANE_ADDRESSES + LOAD_BALANCER_ADDRESSES + len(network.interface_endpoints)
    parts = {f"pool {key}": value for key, value in pools.items()} | {"EKS, balancers, endpoints": fixed}
    if tenant_addresses:
        parts["tenants' own pools"] = ceil(tenant_addresses / count)
    nat = {"per-zone": count, "single": 1, "none": 0}[network.nat]
    tiers = {
        "addresses": ("private_cidr", parts),
        "public-addresses": (
            "public_cidr",
            {"balancers": balancers * LOAD_BALANCER_ADDRESSES, "NAT": 1 if nat else 0},
        ),
        # RDS makes the new before it removes the old: a change of size, a standby, a blue/green copy.
        "database-addresses": ("database_cidr", {"instances": 2 * databases, "caches": 2 * cache_nodes}),
    }
    return tuple(
        _address_budget(f"{name}-{letter}", getattr(zone, field), assumptions.subnet_headroom, takers)
        for name, (field, takers) in tiers.items()
        for letter, zone in network.zones.items()
    )


def _address_budget(name: str, cidr: str, headroom: float, takers: Mapping[str, int]) -> Budget:
    usable = IPv4Network(cidr).num_addresses - RESERVED_PER_SUBNET
    arithmetic = " + ".join(f"{who} {count}" for who, count in takers.items() if count)
    return Budget(
        name=name,
        used=sum(takers.values()),
        limit=int(usable * headroom),
        unit="addresses",
        arithmetic=f"{arithmetic or 'nothing yet'} of {usable} x {headroom:g} in {cidr}",
    )


def check_addresses(cell: str, budgets: Iterable[Budget]) -> list[Refused]:
    """Subnets that could not hold what the cell may grow to: EKS would find no address in the middle of a busy day."""
    return [
        Refused(
            f"cell {cell} is over its budget of {one.name}: {one.used:g} of {one.limit:g} {one.unit} ({one.arithmetic})",
            document="estate",
            field=("cells", cell, "band"),
            remedy="choose a band with fewer or smaller nodes, place semi-dedicated tenants in another cell, or make the subnets larger "
            "(assumptions.private_subnet_bits in the catalog; the subnets of an adopted network are its owner's)",
        )
        for one in budgets
        if one.unit == "addresses" and one.used > one.limit
    ]


def check_overlap(estate: Estate) -> list[Refused]:
    """Proof over the whole plan: no two of the networks of all cells and recovery regions share an address."""
    ranges = sorted(
        ((cell_range(estate, cell, recovery=recovery), cell) for cell in estate.cells for recovery in (False, True)),
        key=lambda entry: entry[0],
    )
    return [
        Refused(
            f"the networks of cells {one} and {other} overlap: {low} and {high}",
            document="estate",
            field=("cells", other, "slot"),
            value=estate.cells[other].slot,
            remedy="give the newer cell a free slot; where one adopts a network, a slot that the other ranges leave free",
        )
        for (low, one), (high, other) in pairwise(ranges)
        if low.overlaps(high)
    ]
