"""AWS' quotas against a whole estate: said before anything runs, with what to do."""

from collections import Counter
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from tests.compose.graphs import recorded
from tests.decide.documents import TODAY, compiled, documents

from odoo_estate.decide import compile_estate, quota_uses
from odoo_estate.errors import BadInput, Problem
from odoo_estate.plan import CellPlan, DrPlan, EstatePlan, QuotaUse
from odoo_estate.preview.graph import Graph
from odoo_estate.spec.loader import load

STACKS = Path(__file__).parents[2] / "stacks"
ACCOUNT, HOME, AWAY = "210000000006", "eu-central-1", "eu-west-1"


@cache
def root() -> EstatePlan:
    return compile_estate(load(STACKS), today=TODAY)


@cache
def graphs() -> dict[str, Graph]:
    return {name: recorded(plan) for name, plan in root().stacks.items() if isinstance(plan, CellPlan)}


def use(quota: str, region: str = HOME, plan: EstatePlan | None = None, thing: str = "") -> QuotaUse:
    found = [
        one
        for one in (plan or compiled()).quotas
        if (one.quota, one.region, one.account, one.thing) == (quota, region, ACCOUNT, thing)
    ]
    assert len(found) == 1, found
    return found[0]


def refused(estate: dict[str, Any]) -> list[Problem]:
    with pytest.raises(BadInput) as caught:
        compiled(estate=estate)
    return list(caught.value.problems)


@pytest.mark.parametrize(
    ("quota", "kind"),
    [
        ("vpcs", "ec2/vpc:Vpc"),
        ("elastic-ips", "ec2/eip:Eip"),
        ("clusters", "eks/cluster:Cluster"),
        ("database-instances", "rds/instance:Instance"),
        ("alarms", "cloudwatch/metricAlarm:MetricAlarm"),
        ("vpn-connections", "ec2/vpnConnection:VpnConnection"),
        ("vpn-gateways", "ec2/vpnGateway:VpnGateway"),
        ("iam-roles", "iam/role:Role"),
        ("hosted-zones", "route53/zone:Zone"),
        ("s3-buckets", "s3/bucket:Bucket"),
        ("backup-vaults", "backup/vault:Vault"),
        ("load-balancers", "lb/loadBalancer:LoadBalancer"),
    ],
)
def test_what_is_counted_is_what_is_built(quota: str, kind: str) -> None:
    """Of every cell of the root estate: the count follows from plans, the graph from components."""
    for name, graph in graphs().items():
        counted = sum(one.shares.get(name, 0) for one in root().quotas if one.quota == quota)
        assert counted == len(graph.of_type(f"aws:{kind}")), name


def test_every_direction_of_the_database_tiers_network_acl_is_counted() -> None:
    for name, graph in graphs().items():
        for egress, direction in ((False, "in"), (True, "out")):
            built = [
                one for one in graph.of_type("aws:ec2/networkAclRule:NetworkAclRule") if one.inputs["egress"] is egress
            ]
            (counted,) = [
                one.used
                for one in root().quotas
                if one.quota == "network-acl-rules" and one.thing.endswith(direction) and name in one.shares
            ]
            assert counted == len(built) <= 20


def test_subnets_route_tables_endpoints_and_groups_are_counted_as_they_are_built() -> None:
    for name, graph in graphs().items():
        plan = root().stacks[name]
        assert isinstance(plan, CellPlan)
        counted = {one.quota: one.shares[name] for one in root().quotas if one.thing == plan.network.name}
        endpoints = Counter(node.inputs["vpcEndpointType"] for node in graph.of_type("aws:ec2/vpcEndpoint:VpcEndpoint"))
        assert counted["subnets-per-network"] == len(graph.of_type("aws:ec2/subnet:Subnet"))
        assert counted["route-tables-per-network"] == len(graph.of_type("aws:ec2/routeTable:RouteTable"))
        assert counted["interface-endpoints-per-network"] == endpoints["Interface"]
        groups = (
            len(graph.of_type("aws:ec2/securityGroup:SecurityGroup")) + 2
        )  # the network's default one, the cluster's
        assert sum(one.shares.get(name, 0) for one in root().quotas if one.quota == "security-groups") == groups


def test_every_quota_of_the_catalog_is_counted_somewhere() -> None:
    counted = {one.quota for one in root().quotas}
    assert set(documents().catalog.quotas) - counted == {"spot-vcpus"}  # no shipped band buys spot


def test_a_new_account_cannot_hold_the_first_cell_and_the_estate_says_so() -> None:
    found = refused({"quotas": {"production": {HOME: {"on-demand-vcpus": 5, "elastic-ips": 5}}}})
    by_quota = {word: one for one in found for word in ("vCPUs", "Elastic IPs") if word in one.message}
    vcpus, addresses = by_quota["vCPUs"], by_quota["Elastic IPs"]
    # 6 x 4 + 12 x 8 + 8 x 4 of the shared cell, 4 x 4 + 6 x 8 + 4 x 4 of the dedicated one.
    assert vcpus.message.startswith("232 of 5 vCPUs") and "cell.eu-1 152, cell.med-1 80" in vcpus.message
    assert vcpus.path == ("quotas", "production", HOME, "on-demand-vcpus")
    assert addresses.message.startswith("6 of 5 Elastic IPs")
    assert "L-0263D0A3" in addresses.remedy
    assert "`quotas: {production: {eu-central-1: {elastic-ips: 6}}}`" in addresses.remedy


def test_a_sixth_network_in_a_region_is_one_too_many() -> None:
    cell = {"region": HOME, "residency": "eu", "band": "cell-m", "closed": True}
    more = {f"eu-{number}": {**cell, "slot": number} for number in range(3, 7)}
    found = refused({"cells": more, "quotas": {"production": {HOME: {"vpcs": 5}}}})
    (problem,) = [one for one in found if "VPCs" in one.message]
    assert problem.message.startswith("6 of 5 VPCs")
    assert problem.path == ("quotas", "production", HOME, "vpcs")


def test_a_default_that_is_passed_points_at_the_cell_that_takes_most() -> None:
    made = documents()
    fresh = replace(made, estate=made.estate.model_copy(update={"quotas": {}}))
    with pytest.raises(BadInput) as caught:
        compile_estate(fresh, today=TODAY)
    assert {one.path for one in caught.value.problems if "vCPUs" in one.message} == {("cells", "eu-1")}
    assert {one.path for one in caught.value.problems if "Elastic IPs" in one.message} == {("cells", "med-1")}


def test_what_aws_raised_is_what_holds() -> None:
    assert use("elastic-ips").limit == 100 and use("elastic-ips").raised
    assert use("database-instances").limit == 40 and not use("database-instances").raised
    # Each region has its own.
    with pytest.raises(BadInput, match="6 of 5 Elastic IPs in account 210000000006, eu-west-1"):
        compiled(estate={"quotas": {"production": {AWAY: {"elastic-ips": 5}}}})


def test_the_recovery_region_is_counted_as_if_it_did_the_work() -> None:
    """Until somebody fails over it has no NAT and no instance; a quota that is met in an outage is raised after it."""
    plan = compiled().stacks["dr.eu-1"]
    assert isinstance(plan, DrPlan) and plan.network.nat == "none"
    assert use("elastic-ips", AWAY).shares == {"dr.eu-1": 3, "dr.med-1": 3}
    assert use("database-instances", AWAY).shares["dr.eu-1"] == use("database-instances").shares["cell.eu-1"]
    assert use("on-demand-vcpus", AWAY).shares["dr.eu-1"] == 152


def test_the_fullest_quota_comes_first() -> None:
    shares = [one.used / one.limit for one in compiled().quotas]
    assert shares == sorted(shares, reverse=True)


def test_quotas_are_told_where_another_part_of_the_estate_is_refused() -> None:
    assert quota_uses(documents(), today=TODAY) == compiled(estate={}).quotas
