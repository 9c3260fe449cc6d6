"""A cluster's version, who reaches it, and what its nodes follow."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from tests.decide.contracts import HEAVY
from tests.decide.documents import ESTATE, catalog_data, compiled, documents, merged
from tests.decide.test_cell_plan import cell, cell_in, statements

from odoo_estate.decide.changes import unapproved
from odoo_estate.decide.cluster import access_plans
from odoo_estate.decide.compiler import compile_estate, compile_stack
from odoo_estate.errors import BadInput, EstateError
from odoo_estate.held import held
from odoo_estate.plan import AwsTarget, PlatformPlan, TenantPlan
from odoo_estate.spec.catalog import Catalog
from odoo_estate.spec.catalog_references import catalog_problems
from odoo_estate.spec.estate import Estate
from odoo_estate.spec.estate_references import estate_problems

TARGET = AwsTarget(account="210000000006", region="eu-central-1")


def at(version: str, nodes: str | None = None) -> dict[str, Any]:
    own = {"control_plane": version, **({"nodes": nodes} if nodes else {})}
    return {"cells": {"eu-1": {"kubernetes": own}}}


def problems(**changes: Any) -> list[str]:
    return [one.message for one in catalog_problems(Catalog.model_validate(merged(catalog_data(), changes)))]


# --- version -------------------------------------------------------------------------------------------------------


def test_a_cell_goes_ahead_or_stays_behind_without_the_others() -> None:
    plan = compiled(estate=at("1.35"))
    ahead, behind = cell_in(plan, "med-1"), cell_in(plan, "eu-1")
    assert (ahead.cluster.version, behind.cluster.version) == ("1.36", "1.35")
    assert {pool.version for pool in behind.node_pools.values()} == {"1.35"}
    addons = {**behind.cluster.addons_before_nodes, **behind.cluster.addons_after_nodes}
    assert addons["kube-proxy"].version.startswith("v1.35.")
    assert cell_in(plan, "med-1").cluster.addons_before_nodes["kube-proxy"].version.startswith("v1.36.")


def test_nodes_may_follow_later_and_the_plan_says_what_comes_next() -> None:
    plan = cell(estate=at("1.36", "1.35"))
    assert plan.cluster.version == "1.36"
    assert {pool.version for pool in plan.node_pools.values()} == {"1.35"}
    (decision,) = [one for one in plan.decisions if one.topic == "kubernetes version"]
    assert decision.value == "1.36, nodes still 1.35"
    assert (
        decision.next_step
        == "raise the nodes to 1.36: one pool after the other, at most 33 % of a pool's nodes at once"
    )


def test_a_tenants_own_nodes_are_of_its_cells_version_and_surge() -> None:
    plan = compiled(
        estate=at("1.36", "1.35"),
        catalog={"assumptions": {"node_surge_percent": 20}},
        customers={"paper": {"service_class": "premium", "workload": _heavy(), "environments": {"production": {}}}},
    ).stacks["tenant.paper.production"]
    assert isinstance(plan, TenantPlan) and plan.node_pool
    assert (plan.node_pool.version, plan.node_pool.max_unavailable_percentage) == ("1.35", 20)
    assert plan.node_pool.capacity_type == "ON_DEMAND"


def _heavy() -> dict[str, Any]:
    workload: Any = HEAVY["workload"]
    return {**workload, "storage": HEAVY["storage"]}


def test_a_version_out_of_support_is_refused_from_the_day_after_in_the_words_of_the_file() -> None:
    ends = date.fromisoformat(catalog_data()["versions"]["kubernetes_releases"]["1.35"]["support_ends"])
    compile_estate(documents(at("1.35")), today=ends)
    with pytest.raises(BadInput) as refused:
        compile_estate(documents(at("1.35")), today=ends + timedelta(days=1))
    (problem,) = refused.value.problems
    assert problem.field == "cells.eu-1.kubernetes.control_plane"
    assert problem.value == "1.35" and problem.allowed == ("1.36",)
    assert f"ended on {ends}" in problem.message


def test_a_cell_out_of_support_keeps_nobody_from_a_tenants_own_update() -> None:
    late = date(2027, 3, 28)
    assert compile_stack(documents(at("1.35")), "tenant.copper.production", today=late)
    with pytest.raises(EstateError):
        compile_stack(documents(at("1.35")), "cell.eu-1", today=late)


def test_the_end_of_support_is_announced_a_quarter_before() -> None:
    known = cell().guardrails.kubernetes
    assert known
    assert (known.version, known.notice_from, known.ends) == ("1.36", "2027-05-04", "2027-08-02")


@pytest.mark.parametrize(
    ("own", "message"),
    [
        (at("1.30"), "is not a release that the catalog knows"),
        (at("1.36", "1.30"), "is not a release that the catalog knows"),
        (at("1.35", "1.36"), "1 minor versions ahead of the control plane"),
    ],
)
def test_versions_that_kubernetes_does_not_run_together_are_refused(own: dict[str, Any], message: str) -> None:
    found = estate_problems(
        Estate.model_validate(merged(ESTATE, own)), Catalog.model_validate(catalog_data()), {}, ("medsupply",)
    )
    assert [one for one in found if message in one.message]


def test_nodes_may_be_three_minor_versions_behind_and_no_more() -> None:
    release = catalog_data()["versions"]["kubernetes_releases"]["1.36"]
    known = Catalog.model_validate(
        merged(catalog_data(), {"versions": {"kubernetes_releases": {f"1.{one}": release for one in (32, 33)}}})
    )
    for nodes, refused in (("1.33", False), ("1.32", True)):
        found = estate_problems(Estate.model_validate(merged(ESTATE, at("1.36", nodes))), known, {}, ("medsupply",))
        assert bool([one for one in found if "behind the control plane" in one.message]) is refused


@pytest.mark.parametrize(
    ("before", "after", "refused"),
    [
        ("1.35", "1.36", ""),
        ("1.36", "1.36", ""),
        ("1.34", "1.36", "the control plane would go from Kubernetes 1.34 to 1.36: at most 1 minor version at once"),
        ("1.36", "1.35", "the control plane would go from Kubernetes 1.36 to 1.35: never back"),
    ],
)
def test_a_control_plane_takes_one_step_and_never_back(before: str, after: str, refused: str) -> None:
    plan = cell(estate=at(after))
    standing = held(plan)
    assert standing
    found = [one.problem.message for one in unapproved(replace(standing, kubernetes=before, nodes=""), plan, ())]
    assert [one for one in found if one.startswith(refused)] if refused else not found


def test_nodes_do_not_go_back_and_what_an_older_release_wrote_says_nothing() -> None:
    plan = cell(estate=at("1.36", "1.35"))
    standing = held(plan)
    assert standing and (standing.kubernetes, standing.nodes) == ("1.36", "1.35")
    (only,) = unapproved(replace(standing, nodes="1.36"), plan, ())
    assert "nodes would go from Kubernetes 1.36 to 1.35: never back" in only.problem.message
    assert only.problem.field == "cells.eu-1.kubernetes.nodes"
    assert unapproved(replace(standing, kubernetes="", nodes=""), plan, ()) == ()


@pytest.mark.parametrize(
    ("stood", "field", "says"),
    [
        ({"region": "eu-west-1"}, "region", "the cell stands in eu-west-1 and would be built anew in eu-central-1"),
        ({"network": "10.8.0.0/16"}, "slot", "the cell stands in 10.8.0.0/16 and would be built anew in 10.0.0.0/16"),
    ],
)
def test_a_cell_that_stands_is_not_built_anew_elsewhere(stood: dict[str, str], field: str, says: str) -> None:
    plan = cell()
    standing = held(plan)
    assert standing and unapproved(standing, plan, ()) == ()
    (only,) = unapproved(replace(standing, **stood), plan, ())
    assert (only.problem.field, says in only.problem.message) == (f"cells.eu-1.{field}", True)
    assert unapproved(replace(standing, region="", network=""), plan, ()) == (), "an older release did not say it"


# --- the catalog ---------------------------------------------------------------------------------------------------


def test_what_the_catalog_pins_belongs_together() -> None:
    assert problems() == []

    def release(**changes: Any) -> dict[str, Any]:
        return {"versions": {"kubernetes_releases": {"1.36": changes}}}

    assert problems(**release(addons={"kube-proxy": "v1.35.3-eksbuild.21"})) == [
        'kube-proxy "v1.35.3-eksbuild.21" is not of Kubernetes 1.36'
    ]
    assert problems(**release(cluster_autoscaler="v1.34.0")) == [
        'cluster_autoscaler "v1.34.0" is not of Kubernetes 1.36'
    ]
    assert problems(**release(support_ends="2027-02-30")) == ['"2027-02-30" is no day']
    assert "is not a release" in problems(versions={"kubernetes": "1.40"})[0]
    assert "is not the standard of a release" in problems(versions={"pod_security": "v1.20"})[0]


def test_a_release_without_what_nodes_need_is_refused() -> None:
    bare = {
        "support_ends": "2028-01-01",
        "cluster_autoscaler": "v1.37.0",
        "addons": {"kube-proxy": "v1.37.0-eksbuild.1"},
    }
    found = problems(versions={"kubernetes_releases": {"1.37": bare}})
    assert {one.split(" has no ")[1].split(":")[0] for one in found} == {"vpc-cni", "eks-pod-identity-agent", "coredns"}


def test_spot_is_for_reports_and_trials_only() -> None:
    def pools(**more: Any) -> dict[str, Any]:
        return {"cell_bands": {"cell-m": {"node_pools": more}}}

    spot = {"band": "node-m", "min_nodes": 0, "desired_nodes": 0, "max_nodes": 4, "capacity": "spot", "tainted": True}
    assert "what production waits for" in problems(**pools(general={"capacity": "spot"}))[0]
    assert "what production waits for" in problems(**pools(integration={"capacity": "spot"}))[0]
    assert problems(**pools(trial=spot, reporting=spot)) == []


def test_trials_and_reports_run_on_their_pools_where_a_cell_has_them_and_production_never_does() -> None:
    spot = {"band": "node-m", "min_nodes": 0, "desired_nodes": 0, "max_nodes": 6, "capacity": "spot", "tainted": True}
    plan = compiled(
        catalog={
            "cell_bands": {"cell-m": {"node_pools": {"trial": spot, "reporting": spot}}},
            "service_classes": {"business": {"reporting": True}},
        },
    )
    trial, real = plan.stacks["tenant.paper.staging"], plan.stacks["tenant.paper.production"]
    assert isinstance(trial, TenantPlan) and isinstance(real, TenantPlan) and trial.odoo and real.odoo
    assert {one.node_selector["odoo-estate/pool"] for one in trial.odoo.workloads.values()} == {"trial"}
    assert all(one.tolerations == {"odoo-estate/pool": "trial"} for one in trial.odoo.workloads.values())
    assert {key: one.node_selector["odoo-estate/pool"] for key, one in real.odoo.workloads.items()} == {
        "web": "general",
        "websocket": "general",
        "cron": "general",
        "integration": "integration",
        **({"reporting": "reporting"} if "reporting" in real.odoo.workloads else {}),
    }
    pools = cell_in(plan).node_pools
    assert {key for key, pool in pools.items() if pool.capacity_type == "SPOT"} == {"trial", "reporting"}
    assert {one.name for one in cell_in(plan).budgets} >= {"trial-cpu", "trial-memory", "trial-pods"}


def test_machine_images_and_types_are_of_one_architecture() -> None:
    (only,) = problems(node_bands={"node-l": {"instance_types": ("m7g.2xlarge", "m7i.2xlarge")}})
    assert only == '"m7i.2xlarge" cannot start the machine image BOTTLEROCKET_ARM_64'
    assert len(problems(versions={"ami_type": "AL2023_x86_64_STANDARD"})) == len(catalog_data()["node_bands"])


def test_a_cell_has_no_more_node_groups_than_its_cluster_may() -> None:
    catalog = {"quotas": {"node-groups-per-cluster": {"default": 2}}}
    with pytest.raises(BadInput, match="over its budget of node-groups: 3 of 2"):
        compiled(catalog=catalog)
    raised = {"eu-central-1": {"node-groups-per-cluster": 3}, "eu-west-1": {"node-groups-per-cluster": 3}}
    assert cell_in(compiled(estate={"quotas": {"production": raised}}, catalog=catalog)), "once, where AWS raised it"


# --- access --------------------------------------------------------------------------------------------------------


def test_automation_is_in_the_group_that_may_make_namespaces() -> None:
    # AWS' cluster-admin policy makes nobody a member of system:masters, so that RBAC alone would say yes and admission no.
    access = cell().cluster.access
    for key in ("deploy", "automation"):
        assert access[key].groups == ("estate:automation",)
        assert access[key].policy == "AmazonEKSClusterAdminPolicy"


def test_nobody_else_changes_anything_and_auditors_see_no_logs() -> None:
    access = cell().cluster.access
    admins = {key for key, one in access.items() if one.policy == "AmazonEKSClusterAdminPolicy"}
    assert admins <= {"admin", "deploy", "automation", "break-glass"}
    assert access["support"].policy == access["preview"].policy == "AmazonEKSViewPolicy"
    assert (access["auditor"].policy, access["auditor"].groups) == ("", ("estate:viewers",))
    assert "restore" not in access


def test_partners_are_members_of_their_own_group_where_they_may_have_tenants() -> None:
    roles = {"deploy": "harbour-deploy", "partner-bright": "harbour-partner-bright", "restore": "harbour-restore"}
    found = access_plans(roles, None, ("bright", "unborn"), TARGET)
    assert set(found) == {"deploy", "partner-bright"}
    assert found["partner-bright"].role_arn == "arn:aws:iam::210000000006:role/harbour-partner-bright"
    assert (found["partner-bright"].groups, found["partner-bright"].policy) == (("partner:bright",), "")


def test_a_role_has_one_entry_even_where_the_automation_uses_the_estates_own() -> None:
    # EKS refuses a second entry for the same role (ResourceInUseException).
    found = access_plans({"deploy": "harbour-deploy"}, "harbour-deploy", (), TARGET)
    assert [one.role_arn for one in found.values()] == ["arn:aws:iam::210000000006:role/harbour-deploy"]


# --- autoscaler ----------------------------------------------------------------------------------------------------


def test_the_autoscaler_may_size_every_pool_of_its_cluster_and_no_other() -> None:
    role = cell().identities["cluster-autoscaler"].role
    (change,) = [one for one in statements(role) if "autoscaling:SetDesiredCapacity" in one["Action"]]
    assert change["Condition"] == {"StringEquals": {"aws:ResourceTag/k8s.io/cluster-autoscaler/harbour-eu-1": "owned"}}
    (labels,) = [one for one in statements(role) if "eks:DescribeNodegroup" in one["Action"]]
    assert labels["Resource"] == "arn:aws:eks:eu-central-1:210000000006:nodegroup/harbour-eu-1/*"
    changing = [one for one in statements(role) if one["Resource"] == "*"]
    assert all(action.split(":")[1].startswith(("Describe", "Get")) for one in changing for action in one["Action"])


def test_the_autoscaler_is_of_the_cells_version_and_needs_no_metadata_service() -> None:
    plan = compiled(estate=at("1.35"))
    old, new = (plan.stacks[f"platform.{name}"] for name in ("eu-1", "med-1"))
    assert isinstance(old, PlatformPlan) and isinstance(new, PlatformPlan)
    values = {one.cell: one.charts["cluster-autoscaler"].values for one in (old, new)}
    assert values["eu-1"]["image"] == {"tag": "v1.35.1"} and values["med-1"]["image"] == {"tag": "v1.36.1"}
    assert values["eu-1"]["awsRegion"] == "eu-central-1"
    assert values["eu-1"]["autoDiscovery"] == {"clusterName": "harbour-eu-1"}
    service_account = cell().identities["cluster-autoscaler"].service_account
    assert values["eu-1"]["rbac"] == {"serviceAccount": {"create": True, "name": service_account}}
    assert old.charts["cluster-autoscaler"].namespace == cell().identities["cluster-autoscaler"].namespace


# --- pod security --------------------------------------------------------------------------------------------------


def test_one_version_of_pod_security_holds_everywhere() -> None:
    plan = compiled(catalog={"versions": {"pod_security": "v1.35"}})
    held_to = {one.pod_security for one in plan.stacks.values() if isinstance(one, PlatformPlan | TenantPlan)}
    assert held_to == {"v1.35"}
    platform = plan.stacks["platform.eu-1"]
    assert isinstance(platform, PlatformPlan)
    labels = [one["pod-security.kubernetes.io/enforce-version"] for one in platform.namespaces.values()]
    assert set(labels) == {"v1.35"}
