"""The address plan: every cell's network and that of its recovery region, cut from the estate's supernet without overlap."""

from collections.abc import Mapping
from functools import cache
from ipaddress import IPv4Network
from itertools import pairwise
from math import ceil
from typing import Literal

from odoo_estate.decide.naming import name
from odoo_estate.decide.regions import REGIONS
from odoo_estate.errors import Refused
from odoo_estate.plan import Budget, NetworkPlan, ZonePlan
from odoo_estate.spec.catalog import Assumptions, CellBand, NodeBand
from odoo_estate.spec.estate import Estate

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
NODE_INTERFACES = 3
"""Addresses of a node itself: its first interface, and those that hold the prefixes."""
CONTROL_PLANE_ADDRESSES = 16
"""What EKS advises to keep free in each of the cluster's subnets."""
LOAD_BALANCER_ADDRESSES = 8

SERVICE_RANGES = ("172.20.0.0/16", "192.168.0.0/16", "10.100.0.0/16")
"""Ranges for Kubernetes services, which are only known inside a cluster; the first outside the supernet is used."""

ENDPOINTS = (
    "ec2",
    "ecr.api",
    "ecr.dkr",
    "eks",
    "eks-auth",
    "elasticloadbalancing",
    "kms",
    "logs",
    "secretsmanager",
    "sts",
)
"""Interface endpoints of a cluster whose nodes reach AWS without the internet; S3 has a gateway endpoint besides (EKS user guide,
private clusters; kms and secretsmanager for External Secrets)."""


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


def cell_range(estate: Estate, cell: str, *, recovery: bool = False) -> IPv4Network:
    """The /16 of a cell, or of its recovery region: a pure function of supernet and slot."""
    supernet = IPv4Network(estate.network.supernet)
    position = estate.cells[cell].slot * PER_SLOT + recovery
    first = int(supernet.network_address) + position * (1 << (32 - NETWORK_BITS))
    return IPv4Network((first, NETWORK_BITS))


def service_range(estate: Estate) -> str:
    """The range of Kubernetes services: the same in every cell, outside every cell's network."""
    supernet = IPv4Network(estate.network.supernet)
    for text in SERVICE_RANGES:
        if not supernet.overlaps(IPv4Network(text)):
            return text
    raise Refused(
        f"{supernet} leaves no range for Kubernetes services",
        document="estate",
        field=("network", "supernet"),
        value=str(supernet),
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
        )
        for zone in range(LAID_OUT_ZONES)
    )


def zones(
    estate: Estate, assumptions: Assumptions, cell: str, count: int, *, recovery: bool = False
) -> dict[str, ZonePlan]:
    """The subnets of ``count`` zones by zone letter.

    Raises:
        Refused: the catalog's subnet sizes do not fit a /16, or the region has too few zones.
    """
    one = estate.cells[cell]
    region = one.recovery.region if recovery and one.recovery else one.region
    letters = REGIONS[region].letters
    if count > len(letters):
        raise Refused(
            f"{region} shows new accounts {len(letters)} zones, the cell's band wants {count}",
            document="estate",
            field=("cells", cell, "recovery", "region") if recovery else ("cells", cell, "region"),
            value=region,
            remedy="choose another region, or a band with fewer zones",
        )
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
        letter: ZonePlan(
            availability_zone=region + letter,
            public_cidr=part.public_cidr,
            private_cidr=part.private_cidr,
            database_cidr=part.database_cidr,
        )
        for letter, part in zip(letters[:count], parts, strict=False)
    }


def network_plan(
    estate: Estate,
    assumptions: Assumptions,
    cell: str,
    *,
    zone_count: int,
    nat: Literal["per-zone", "single", "none"],
    flow_log_days: int,
    recovery: bool = False,
) -> NetworkPlan:
    """The VPC of a cell, or of its recovery region."""
    own_name = name("vpc", estate.estate, cell, *(("dr",) if recovery else ()))
    return NetworkPlan(
        name=own_name,
        cidr=str(cell_range(estate, cell, recovery=recovery)),
        zones=zones(estate, assumptions, cell, zone_count, recovery=recovery),
        nat=nat,
        interface_endpoints=ENDPOINTS,
        flow_log_group=f"/{name('log-group', estate.estate, 'network', own_name)}",
        flow_log_retention_days=flow_log_days,
    )


def database_cidrs(
    estate: Estate, assumptions: Assumptions, cell: str, zone_count: int, *, recovery: bool = False
) -> tuple[str, ...]:
    """The subnets that databases and caches of a cell, or of its recovery region, live in, by zone."""
    found = zones(estate, assumptions, cell, zone_count, recovery=recovery)
    return tuple(zone.database_cidr for zone in found.values())


# --- budgets of addresses ------------------------------------------------------------------------------------------


def addresses_per_node(band: NodeBand) -> int:
    """Addresses that a node takes from its subnet: the /28 for its most pods, one warm /28, and its interfaces."""
    return (ceil(band.max_pods / PREFIX_ADDRESSES) + 1) * PREFIX_ADDRESSES + NODE_INTERFACES


def address_budgets(
    network: NetworkPlan,
    assumptions: Assumptions,
    band: CellBand,
    node_bands: Mapping[str, NodeBand],
    tenant_addresses: int = 0,
) -> tuple[Budget, ...]:
    """One budget per private subnet: every pool at its largest, spread over the zones, and what EKS and load balancers keep.

    ``tenant_addresses``: those of tenants' own node pools over all zones.
    """
    count = len(network.zones)
    pools = {
        key: ceil(pool.max_nodes / count) * addresses_per_node(node_bands[pool.band])
        for key, pool in band.node_pools.items()
    }
    fixed = CONTROL_PLANE_ADDRESSES + LOAD_BALANCER_ADDRESSES + len(network.interface_endpoints)
    own = ceil(tenant_addresses / count)
    used = sum(pools.values()) + fixed + own
    arithmetic = " + ".join(
        [*(f"pool {key} {value}" for key, value in pools.items()), f"EKS, balancers, endpoints {fixed}"]
    )
    if own:
        arithmetic += f" + tenants' own pools {own}"
    budgets = []
    for letter, zone in network.zones.items():
        usable = IPv4Network(zone.private_cidr).num_addresses - RESERVED_PER_SUBNET
        budgets.append(
            Budget(
                name=f"addresses-{letter}",
                used=used,
                limit=int(usable * assumptions.subnet_headroom),
                unit="addresses",
                arithmetic=f"{arithmetic} of {usable} x {assumptions.subnet_headroom:g} in {zone.private_cidr}",
            )
        )
    return tuple(budgets)


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
            remedy="give the newer cell a free slot",
        )
        for (low, one), (high, other) in pairwise(ranges)
        if low.overlaps(high)
    ]
