"""AWS' quotas against the whole estate, before anything runs: an update that meets one half way leaves half a cell behind.

Counted at the most, as all budgets are: every pool at its largest, the recovery region as if it did the work. The catalog has what a new account
may have, the estate what AWS raised.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from odoo_estate.decide.naming import Claim, cell_stack, dr_stack
from odoo_estate.errors import Path, Refused
from odoo_estate.plan import (
    AnyPlan,
    AwsTarget,
    CachePlan,
    CellPlan,
    ClusterPlan,
    DatabasePlan,
    DatabaseReplicationPlan,
    DrPlan,
    LandingZonePlan,
    NetworkPlan,
    NodePoolPlan,
    PlatformPlan,
    PrivateAccessPlan,
    QuotaUse,
    TenantPlan,
)
from odoo_estate.spec.catalog import Catalog
from odoo_estate.spec.estate import Estate

GLOBAL = "global"
"""Where the estate writes quotas of a whole account."""
TABLES_BESIDE_PRIVATE = 2
"""Route tables of a network beside one for each zone: public and database."""
MADE_BY_AWS = 2
"""Security groups that nobody asks for: a network's default one and a cluster's."""
CLAIMED: Mapping[str, str] = {
    "IAM role": "iam-roles",
    "S3 bucket": "s3-buckets",
    "alarm": "alarms",
    "backup vault": "backup-vaults",
}
"""Whatever has a physical name is counted by its claim (`odoo_estate.decide.claims`)."""


class Taken(NamedTuple):
    """``amount`` of one quota; without ``region`` the account's, with ``thing`` that of one zone, network, cluster …"""

    quota: str
    account: str
    region: str
    thing: str
    amount: int


Take = Callable[..., Taken]
"""Quota, count and thing to what a stack takes in its own account and region."""


def uses(
    estate: Estate, catalog: Catalog, stacks: Mapping[str, AnyPlan], claims: Iterable[tuple[str, Claim]]
) -> tuple[QuotaUse, ...]:
    """Every quota of which the stacks take something, the fullest first. ``claims`` are all stacks' names, each with its stack."""
    sums: dict[tuple[str, str, str, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for name, plan in stacks.items():
        for one in _taken(plan, stacks, catalog):
            if one.amount:
                sums[one.quota, one.account, one.region, one.thing][name] += one.amount
    for name, claim in claims:
        quota = CLAIMED.get(claim.service)
        if quota:
            account, _, region = claim.scope.partition("/")
            if claim.scope == "everywhere":
                account = stacks[name].target.account
            sums[quota, account, region, ""][name] += 1
    found = []
    for (quota, account, region, thing), shares in sums.items():
        raised = _raised(estate, account, region, quota)
        found.append(
            QuotaUse(
                quota=quota,
                account=account,
                region=region,
                thing=thing,
                used=sum(shares.values()),
                limit=raised or catalog.quotas[quota].default,
                raised=raised is not None,
                shares=dict(shares),
            )
        )
    return tuple(sorted(found, key=lambda use: (-use.used / use.limit, use.quota, use.account, use.region, use.thing)))


def limit(estate: Estate, catalog: Catalog, target: AwsTarget, quota: str) -> int:
    """What holds for a regional quota there: what AWS raised it to, or what a new account has."""
    return _raised(estate, target.account, target.region, quota) or catalog.quotas[quota].default


def _raised(estate: Estate, account: str, region: str, quota: str) -> int | None:
    for role, places in estate.quotas.items():
        if estate.accounts.get(role) == account and quota in places.get(region or GLOBAL, {}):
            return places[region or GLOBAL][quota]
    return None


def refusals(
    estate: Estate, catalog: Catalog, found: Sequence[QuotaUse], stacks: Mapping[str, AnyPlan]
) -> list[Refused]:
    """One for each quota that the stacks would pass: where the line stands that takes too much, and what to write after AWS raised it."""
    return [_refused(estate, catalog, use, stacks) for use in found if use.used > use.limit]


def describe(use: QuotaUse, catalog: Catalog) -> str:
    """The sum, with whose shares it is made of."""
    where = f"account {use.account}" + (f", {use.region}" if use.region else "")
    where += f", {catalog.quotas[use.quota].per} {use.thing}" if use.thing else ""
    largest = sorted(use.shares.items(), key=lambda share: (-share[1], share[0]))
    parts = [f"{stack} {count}" for stack, count in largest[:_SHOWN]]
    if len(largest) > _SHOWN:
        parts.append(f"{len(largest) - _SHOWN} others {sum(count for _, count in largest[_SHOWN:])}")
    return f"{use.used} of {use.limit} {catalog.quotas[use.quota].counts} in {where} ({', '.join(parts)})"


_SHOWN = 6
NEAR = 0.7
"""From this share on a quota is worth a line: AWS takes days to raise some."""


def tightest(found: Sequence[QuotaUse], catalog: Catalog) -> list[str]:
    """The quotas that are nearly full, and the fullest one whatever it is."""
    near = [use for index, use in enumerate(found) if index == 0 or use.used >= NEAR * use.limit]
    return [f"quota {use.quota}, {use.used / use.limit:.0%}: {describe(use, catalog)}" for use in near]


def _refused(estate: Estate, catalog: Catalog, use: QuotaUse, stacks: Mapping[str, AnyPlan]) -> Refused:
    quota = catalog.quotas[use.quota]
    role = next((role for role, account in estate.accounts.items() if account == use.account), "production")
    written: Path = ("quotas", role, use.region or GLOBAL, use.quota)
    value = f"quotas: {{{role}: {{{use.region or GLOBAL}: {{{use.quota}: {use.used}}}}}}}"
    who = f"Service Quotas, {quota.code}" if quota.code else "a support case"
    remedy = f"have AWS raise it ({who}), then write what holds now into the estate, e.g. `{value}`; or use another account or region"
    return Refused(
        f"{describe(use, catalog)}: more than {'AWS raised it to' if use.raised else 'a new account may have'}",
        document="estate",
        field=written if use.raised else _place(use, stacks),
        value=use.used,
        allowed=(f"at most {use.limit}",),
        remedy=remedy,
    )


def _place(use: QuotaUse, stacks: Mapping[str, AnyPlan]) -> Path:
    """The cell that takes the most, the latest of them where several do: the one to look at first."""
    cells: dict[str, int] = defaultdict(int)
    for stack, count in use.shares.items():
        cell = getattr(stacks[stack], "cell", None)
        if cell:
            cells[cell] += count
    return ("cells", max(cells, key=lambda cell: (cells[cell], cell))) if cells else ("accounts",)


# --- what each kind of stack takes ---------------------------------------------------------------------------------


def _taken(plan: AnyPlan, stacks: Mapping[str, AnyPlan], catalog: Catalog) -> Iterator[Taken]:
    if isinstance(plan, LandingZonePlan):
        account = plan.targets[plan.shared_target].account
        yield Taken("hosted-zones", account, "", "", len(plan.zones))
        return
    account, region = plan.target.account, plan.target.region

    def take(quota: str, count: int, thing: str = "") -> Taken:
        return Taken(quota, account, region, thing, count)

    if isinstance(plan, CellPlan):
        databases = [*plan.databases.values(), *plan.former.values(), *_followers(plan.followers)]
        caches, pools = [*plan.caches.values()], plan.node_pools
        yield Taken("hosted-zones", account, "", "", 1)
        if plan.private_access:
            yield from _private(plan.private_access, take)
    elif isinstance(plan, DrPlan):
        plan = _failed_over(plan, stacks.get(cell_stack(plan.cell)))
        databases = [*_followers(plan.databases), *_followers(plan.former)]
        caches, pools = [*plan.caches.values()], plan.node_pools
        yield Taken("health-checks", account, "", "", len(plan.health_checks))
    elif isinstance(plan, TenantPlan):
        databases = [plan.own_database] if plan.own_database else []
        caches = [plan.own_cache] if plan.own_cache else []
        pools = {"own": plan.node_pool} if plan.node_pool else {}
        yield take("node-groups-per-cluster", len(pools), plan.cluster)
        there = stacks.get(dr_stack(plan.cell))
        if isinstance(there, DrPlan) and not plan.away:  # in an outage its nodes come with it
            away = there.target.region
            yield from _pools(pools, catalog, lambda quota, count, thing="": Taken(quota, account, away, thing, count))
    else:
        if isinstance(plan, PlatformPlan):
            yield take("load-balancers", len(plan.ingress_classes))
        return
    if not isinstance(plan, TenantPlan):
        yield from _network(plan.network, take)
        if plan.cluster:
            yield from _cluster(plan.cluster, len(pools), take)
        yield take("security-groups", MADE_BY_AWS + 1)  # and the endpoints'
        yield Taken("iam-roles", account, "", "", 0 if plan.network.adopted else 1)  # the flow log's, which has no name
    yield take("security-groups", len(databases) + len(caches))
    watched = sum(one.monitoring_interval_seconds > 0 for one in databases)
    yield Taken("iam-roles", account, "", "", watched)  # enhanced monitoring's have no names either
    yield from _pools(pools, catalog, take)
    yield from _data(databases, caches, take)


def _failed_over(plan: DrPlan, cell: AnyPlan | None) -> DrPlan:
    """The recovery region when it does the work of its cell. A quota that is met in an outage is raised after it."""
    if not isinstance(cell, CellPlan):
        return plan
    working = {
        key: one if one.replica or one.restored else replace(one, restored=cell.databases.get(key))
        for key, one in plan.databases.items()
    }
    return replace(
        plan,
        network=replace(plan.network, nat=cell.network.nat),
        cluster=plan.cluster or cell.cluster,
        node_pools=plan.node_pools or cell.node_pools,
        databases=working,
        caches=plan.caches or cell.caches,
    )


def _network(plan: NetworkPlan, take: Take) -> Iterator[Taken]:
    if plan.adopted:
        return
    nat = {"per-zone": list(plan.zones), "single": list(plan.zones)[:1], "none": []}[plan.nat]
    yield take("vpcs", 1)
    yield take("elastic-ips", len(nat))
    for zone in nat:
        yield take("nat-gateways-per-zone", 1, plan.zones[zone].availability_zone)
    yield take("subnets-per-network", 3 * len(plan.zones), plan.name)
    yield take("route-tables-per-network", len(plan.zones) + TABLES_BESIDE_PRIVATE, plan.name)
    yield take("interface-endpoints-per-network", len(plan.interface_endpoints), plan.name)
    yield take("gateway-endpoints", 1)
    for egress in (False, True):
        rules = sum(rule.egress == egress for rule in plan.database_acl.values())
        yield take("network-acl-rules", rules, f"{plan.name} database {'out' if egress else 'in'}")


def _private(plan: PrivateAccessPlan, take: Take) -> Iterator[Taken]:
    yield take("load-balancers", 1)
    yield take("security-groups", 1)
    yield take("vpn-connections", len(plan.sites))
    yield take("vpn-gateways", 1 if plan.sites else 0)
    for key, site in plan.sites.items():
        yield take("routes-per-vpn-connection", len(site.networks), key)


def _cluster(plan: ClusterPlan, pools: int, take: Take) -> Iterator[Taken]:
    yield take("clusters", 1)
    yield take("node-groups-per-cluster", pools, plan.name)


def _pools(pools: Mapping[str, NodePoolPlan], catalog: Catalog, take: Take) -> Iterator[Taken]:
    for pool in pools.values():
        yield take("nodes-per-group", pool.max_nodes, pool.name)
        kind = "spot-vcpus" if pool.capacity_type == "SPOT" else "on-demand-vcpus"
        yield take(kind, pool.max_nodes * catalog.node_bands[pool.band].vcpus)


def _data(databases: Sequence[DatabasePlan], caches: Sequence[CachePlan], take: Take) -> Iterator[Taken]:
    for database in databases:
        yield take("database-instances", 1 + len(database.replicas))
        yield take("database-storage-gib", database.max_storage_gib * (1 + len(database.replicas)))
    yield take("cache-nodes", sum(cache.nodes for cache in caches))


def _followers(plans: Mapping[str, DatabaseReplicationPlan]) -> Iterator[DatabasePlan]:
    for plan in plans.values():
        made = plan.replica or plan.restored
        if made:
            yield made
