"""Networks that somebody else made, and the ways into them."""

from ipaddress import IPv4Network
from itertools import combinations
from typing import Any

import pytest
from tests.decide.documents import compiled, documents

from odoo_estate.decide.regions import REGIONS
from odoo_estate.errors import BadInput, Problem
from odoo_estate.plan import CellPlan, DrPlan, PlatformPlan, TenantPlan
from odoo_estate.spec.references import problems as references


def network(base: str = "10.240", *, private_bits: int = 20, region: str = "eu-central-1") -> dict[str, Any]:
    """Three zones of a given /16."""
    return {
        "vpc_id": "vpc-0123456789abcdef0",
        "cidr": f"{base}.0.0/16",
        "zones": {
            zone: {
                "availability_zone": f"{region}{zone}",
                "public": f"subnet-0000000000000001{index}",
                "public_cidr": f"{base}.{index}.0/24",
                "private": f"subnet-0000000000000002{index}",
                "private_cidr": f"{base}.{64 + 16 * index}.0/{private_bits}",
                "database": f"subnet-0000000000000003{index}",
                "database_cidr": f"{base}.{8 + index}.0/24",
            }
            for index, zone in enumerate("abc")
        },
    }


def adopting(given: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"cells": {"eu-1": {"network": given, **more}}}


def cell(**estate: Any) -> CellPlan:
    plan = compiled(estate=estate).stacks["cell.eu-1"]
    assert isinstance(plan, CellPlan)
    return plan


def problems(estate: dict[str, Any] | None = None, customers: dict[str, Any] | None = None) -> list[Problem]:
    with pytest.raises(BadInput) as caught:
        compiled(estate=estate or {}, customers=customers or {})
    return list(caught.value.problems)


def test_a_cell_lives_in_a_given_network() -> None:
    plan = cell(**adopting(network()))
    assert plan.network.adopted is not None and plan.network.adopted.vpc_id == "vpc-0123456789abcdef0"
    assert plan.network.cidr == "10.240.0.0/16"
    assert plan.network.adopted.subnets["private"]["b"] == "subnet-00000000000000021"
    # Its owner's: routes, NAT, endpoints, network ACLs.
    assert (plan.network.nat, plan.network.interface_endpoints, plan.network.database_acl) == ("none", (), {})
    (topic,) = [one for one in plan.decisions if one.topic == "network"]
    assert "owner" in topic.reason


def test_everything_that_names_addresses_follows_the_given_ones() -> None:
    stacks = compiled(estate=adopting(network())).stacks
    platform, tenant = stacks["platform.eu-1"], stacks["tenant.paper.production"]
    assert isinstance(platform, PlatformPlan) and isinstance(tenant, TenantPlan)
    assert platform.provisioning.database_cidrs == ("10.240.8.0/24", "10.240.9.0/24", "10.240.10.0/24")
    assert tenant.network is not None and tenant.network.database_cidrs == platform.provisioning.database_cidrs


def test_pods_get_single_addresses_where_whole_prefixes_do_not_fit() -> None:
    # A zone of cell-s holds 2 + 2 + 1 nodes at most. Prefixes: 5 x 83 + 24 = 439; one by one: 5 x 63 + 24 = 339. A /23 has 507 x 0.8 = 405.
    roomy, tight = (cell(**adopting(network(private_bits=bits), band="cell-s")) for bits in (22, 23))
    for plan, pods, delegated in ((roomy, "prefixes", "true"), (tight, "single", "false")):
        assert plan.network.pod_addresses == pods
        settings = plan.cluster.addons_before_nodes["vpc-cni"].configuration["env"]
        assert isinstance(settings, dict) and settings["ENABLE_PREFIX_DELEGATION"] == delegated
    (sum_,) = [one for one in tight.budgets if one.name == "addresses-a"]
    assert (sum_.used, sum_.limit) == (339, 405)


def test_a_network_that_cannot_hold_the_cell_is_refused_with_the_sum() -> None:
    found = problems(adopting(network(private_bits=24)))
    over = [one for one in found if "addresses-a" in one.message]
    assert over and "pool general" in over[0].message
    assert over[0].path == ("cells", "eu-1", "band")


def test_a_given_network_may_not_share_addresses_with_another_cell() -> None:
    found = problems(adopting(network("10.2")))
    assert any("overlap" in one.message and "10.2.0.0/16" in one.message for one in found)


def test_services_of_a_cell_stay_outside_its_given_network() -> None:
    plan = cell(**adopting(network("172.20")))
    assert plan.cluster.service_cidr == "192.168.0.0/16"
    assert not IPv4Network(plan.cluster.service_cidr).overlaps(IPv4Network(plan.network.cidr))
    other = compiled(estate=adopting(network("172.20"))).stacks["cell.med-1"]
    # Another cell's range would be a new cluster.
    assert isinstance(other, CellPlan) and other.cluster.service_cidr == "172.20.0.0/16"


def test_a_recovery_region_may_be_given_too() -> None:
    given = network("10.241", region="eu-west-1")
    plan = compiled(estate={"cells": {"eu-1": {"recovery": {"network": given}}}}).stacks["dr.eu-1"]
    assert isinstance(plan, DrPlan)
    assert plan.network.adopted is not None and plan.network.cidr == "10.241.0.0/16"


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"public_cidr": "10.250.0.0/24"}, "public_cidr", "outside the network's range"),
        ({"database_cidr": "10.240.64.0/24"}, "database_cidr", "overlaps"),
        ({"private_cidr": "10.240.64.1/20"}, "private_cidr", "is not a network"),
        ({"availability_zone": "eu-west-1a"}, "availability_zone", "eu-central-1"),
        ({"public": "subnet-00000000000000020"}, "private", "twice"),
    ],
)
def test_a_declaration_that_cannot_be_is_refused_where_it_stands(
    change: dict[str, str], field: str, words: str
) -> None:
    given = network()
    given["zones"]["a"] |= change
    made = documents(estate=adopting(given))
    found = [
        one
        for one in references(made.estate, made.catalog, made.customers, list(made.customers), None)
        if one.path[:4] == ("cells", "eu-1", "network", "zones")
    ]
    assert found and found[0].path[-1] == field and words in found[0].message


def test_a_network_with_too_few_zones_is_refused() -> None:
    given = network()
    del given["zones"]["c"]
    (first, *_) = problems(adopting(given))
    assert "2 zones" in first.message and first.path == ("cells", "eu-1", "network", "zones")


# --- ranges of all cells and their recovery regions --------------------------------------------------------------------


def test_two_cells_and_their_recovery_regions_share_no_address() -> None:
    stacks = compiled().stacks.values()
    ranges = [IPv4Network(plan.network.cidr) for plan in stacks if isinstance(plan, CellPlan | DrPlan)]
    assert len(ranges) == 4
    assert not any(one.overlaps(other) for one, other in combinations(ranges, 2))


# --- names that may be resolved, and private ways in ----------------------------------------------------------------------

PRIVATE: dict[str, Any] = {
    "privatelink": {"accounts": ("700000000042",), "networks": ("10.200.0.0/16",)},
    "vpn": {"warehouse": {"address": "203.0.113.21", "networks": ("192.168.40.0/24",)}},
}


def med(**contract: Any) -> dict[str, dict[str, Any]]:
    return {"customers": {"medsupply": contract}}


def test_a_regulated_cell_resolves_listed_names_only_in_both_regions() -> None:
    stacks = compiled(**med(egress=("api.carrier.example",))).stacks
    for name in ("cell.med-1", "dr.med-1"):
        plan = stacks[name]
        assert isinstance(plan, CellPlan | DrPlan) and plan.network.firewall is not None
        assert {"api.carrier.example", "*.amazonaws.com", "*.erp.harbour.example"} <= set(plan.network.firewall.domains)
    shared = stacks["cell.eu-1"]
    assert isinstance(shared, CellPlan) and shared.network.firewall is None


def test_certificates_are_proved_without_route_53s_own_names() -> None:
    stacks = compiled().stacks
    for name, expected in (("platform.med-1", True), ("platform.eu-1", False)):
        plan = stacks[name]
        assert isinstance(plan, PlatformPlan)
        arguments = plan.charts["cert-manager"].values.get("extraArgs", [])
        assert ("--dns01-recursive-nameservers-only" in arguments) is expected  # type: ignore[operator]


def test_names_are_listed_only_where_a_list_means_something() -> None:
    (problem,) = problems(customers={"paper": {"egress": ("api.carrier.example",)}})
    assert problem.path == ("egress",) and "bounds none" in problem.message


def test_a_customer_with_a_cell_of_its_own_gets_private_ways_in() -> None:
    stacks = compiled(**med(private_access=PRIVATE, allow_from=("198.51.100.0/24",))).stacks
    plan, platform, tenant = (
        stacks[f"{kind}"] for kind in ("cell.med-1", "platform.med-1", "tenant.medsupply.production")
    )
    assert isinstance(plan, CellPlan) and isinstance(platform, PlatformPlan) and isinstance(tenant, TenantPlan)
    assert plan.private_access is not None and plan.private_access.consumers == ("700000000042",)
    assert len(plan.private_access.name) <= 32
    assert platform.private_ingress == "regulated"
    assert "vpn-tunnels" in plan.alarms
    # A list of who may come in knows the private networks too, or the private way would end at a closed door.
    assert set(tenant.route.allow_from) == {"198.51.100.0/24", "10.200.0.0/16", "192.168.40.0/24"}


def test_without_a_list_everybody_still_comes_in() -> None:
    tenant = compiled(**med(private_access=PRIVATE)).stacks["tenant.medsupply.production"]
    assert isinstance(tenant, TenantPlan) and tenant.route.allow_from == ()


def test_private_ways_are_an_entitlement() -> None:
    found = problems(customers={"paper": {"private_access": PRIVATE}})
    assert {one.path for one in found} == {("private_access", "privatelink"), ("private_access", "vpn")}
    assert "does not include it" in found[0].message


@pytest.mark.parametrize(
    ("site", "path", "words"),
    [
        ({"address": "10.0.0.1"}, ("address",), "not a public address"),
        ({"networks": ("8.8.0.0/16",)}, ("networks", 0), "not a private network"),
        ({"networks": ("10.2.7.0/24",)}, ("networks", 0), "overlaps the cell's own network"),
        ({"networks": ("192.168.40.1/24",)}, ("networks", 0), "is not a network"),
    ],
)
def test_a_site_that_cannot_be_reached_is_refused(site: dict[str, Any], path: tuple[Any, ...], words: str) -> None:
    vpn = {"warehouse": {**PRIVATE["vpn"]["warehouse"], **site}}
    (problem,) = problems(customers={"medsupply": {"private_access": {"vpn": vpn}}})
    assert problem.path == ("private_access", "vpn", "warehouse", *path)
    assert words in problem.message


def test_zones_where_eks_places_no_control_plane_are_never_chosen() -> None:
    chosen = {zone for region in REGIONS.values() for zone in region.zones.values()}
    assert not chosen & {"use1-az3", "usw1-az2", "cac1-az3"}
    # A letter is another zone in every account: in these regions zones go by their ids.
    for region in ("us-east-1", "us-west-1", "ca-central-1"):
        assert all("-az" in zone for zone in REGIONS[region].zones.values())
