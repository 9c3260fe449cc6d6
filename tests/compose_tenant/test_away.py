"""Platform and tenants in the recovery region, as graphs: what they stand on, in which order, and that nothing of the lost region is in them."""

from collections import Counter
from dataclasses import replace
from functools import cache
from pathlib import Path

import pulumi
import pytest
from tests.compose.graphs import needs, recorded
from tests.decide.documents import TODAY, documents
from tests.decide.test_dr_plan import moved

from odoo_estate import program
from odoo_estate.decide import compile_estate
from odoo_estate.plan import AnyPlan
from odoo_estate.preview.graph import Graph, Node

HOME, AWAY = "eu-central-1", "eu-west-1"
DATA = ("rds/instance", "s3/bucket:", "kms/key", "kms/replicaKey", "backup/", "dynamodb", "route53/zone")
CLASSES = ("backup-copy", "pilot-light", "warm-standby")


@cache
def plans(dr_class: str, state: str) -> dict[str, AnyPlan]:
    made = documents(estate={"cells": {"eu-1": {"recovery": {"dr_class": dr_class}}}})
    points = (
        {"main": "arn:aws:rds:eu-west-1:210000000006:snapshot:awsbackup:copyjob-1"} if dr_class == "backup-copy" else {}
    )
    recoveries = {"eu-1": moved("eu-1", state, recovery_points=points)} if state != "standby" else {}
    return dict(compile_estate(replace(made, recoveries=recoveries), today=TODAY).stacks)


@cache
def graph(stack: str, dr_class: str = "pilot-light", state: str = "promoted") -> Graph:
    return recorded(plans(dr_class, state)[stack])


THERE = ("platform.eu-1.dr", "tenant.copper.production.dr", "tenant.paper.production.dr")


@pytest.mark.parametrize("stack", THERE)
def test_no_provider_and_no_stack_of_the_lost_region_is_asked(stack: str) -> None:
    found = graph(stack)
    assert {node.inputs["region"] for node in found.of_type("pulumi:providers:aws")} == {AWAY}
    (cluster,) = found.of_type("pulumi:providers:kubernetes")
    assert (
        cluster.inputs["clusterIdentifier"].endswith(":cluster/harbour-eu-1-dr")
        and AWAY in cluster.inputs["clusterIdentifier"]
    )
    read = {node.name for node in found.of_type("pulumi:pulumi:StackReference")}
    assert read <= {"dr.eu-1", "platform.eu-1.dr"}
    assert not [node.urn for node in found if node.inputs.get("region") == HOME]


@pytest.mark.parametrize("stack", THERE)
def test_nothing_that_holds_data_is_in_what_comes_and_goes(stack: str) -> None:
    found = graph(stack)
    assert not [node.type for node in found if any(kind in node.type for kind in DATA)]
    assert not [node.urn for node in found if node.protect]


def test_a_deleted_secrets_name_is_free_for_the_next_failover() -> None:
    for stack in THERE:
        for secret in graph(stack).of_type("aws:secretsmanager/secret:Secret"):
            assert secret.inputs["recoveryWindowInDays"] == 0, secret.urn


def ways_in(found: Graph) -> list[Node]:
    return [node for node in found.of_type("aws:route53/record:Record") if node.name.startswith("ingress-")]


def test_proofs_of_certificates_are_written_at_home_alone() -> None:
    """They are the same in every region: whoever goes home again would take the other's away, and with it the renewal."""
    written = [node.name for node in graph("platform.eu-1").of_type("aws:route53/record:Record")]
    assert "entry-certificate" in written
    for stack in THERE:
        assert not [n.urn for n in graph(stack).of_type("aws:route53/record:Record") if n not in ways_in(graph(stack))]


def test_the_names_lead_there_once_a_load_balancer_answers_and_outweigh_those_at_home() -> None:
    there, home = graph("platform.eu-1.dr"), graph("platform.eu-1", state="standby")
    for found, region, weight in ((there, AWAY, 1), (home, HOME, 0)):
        records = ways_in(found)
        assert records
        for record in records:
            assert record.inputs["setIdentifier"] == region
            assert record.inputs["weightedRoutingPolicies"] == [{"weight": weight}]
            assert record.inputs["ttl"] == 60 and "healthCheckId" not in record.inputs
            service_class = record.name.removeprefix("ingress-")
            balancers = [node for node in found if node.name in (f"{record.name}-service", f"entry-{service_class}")]
            assert any(needs(found, record, one) for one in balancers if one.custom), record.name
    assert {node.inputs["name"] for node in ways_in(there)} == {node.inputs["name"] for node in ways_in(home)}
    assert not list(graph("tenant.paper.production.dr").of_type("aws:route53/record:Record")), (
        "hosts point at those names"
    )


def test_a_platform_that_waits_has_controllers_and_policies_and_no_way_in_for_people() -> None:
    waiting, serving = graph("platform.eu-1.dr", "warm-standby", "standby"), graph("platform.eu-1.dr", "warm-standby")
    assert {node.name for node in waiting.of_type("kubernetes:helm.sh/v3:Release")} == {
        node.name for node in serving.of_type("kubernetes:helm.sh/v3:Release")
    }
    assert not list(waiting.of_type("aws:route53/record:Record"))
    assert not [node for node in waiting if node.type.startswith("kubernetes:apps/v1") and "pooler" in node.name]
    assert {node.urn for node in waiting} < {node.urn for node in serving}, "a failover only adds"


def test_controllers_may_work_before_the_platform_comes() -> None:
    found = graph("dr.eu-1")
    cluster = next(iter(found.of_type("aws:eks/cluster:Cluster")))
    associations = list(found.of_type("aws:eks/podIdentityAssociation:PodIdentityAssociation"))
    assert {"identity-external-secrets", "identity-cert-manager", "identity-pooled-starter"} <= {
        one.name for one in associations
    }
    assert all(needs(found, one, cluster) for one in associations)


def test_nodes_come_after_networking_and_before_what_needs_them_and_go_the_other_way_round() -> None:
    found = graph("dr.eu-1")
    addons = {node.name: node for node in found.of_type("aws:eks/addon:Addon")}
    cluster = next(iter(found.of_type("aws:eks/cluster:Cluster")))
    pools = list(found.of_type("aws:eks/nodeGroup:NodeGroup"))
    assert pools
    for pool in pools:
        assert needs(found, pool, cluster)
        assert any(needs(found, pool, one) for one in addons.values())
        assert any(needs(found, one, pool) for one in addons.values())


INVENTORY = {
    # DR class, state: clusters, node groups, database instances, replicated backups, caches, bucket rules both ways, alert topics
    ("pilot-light", "standby"): (1, 3, 0, 1, 0, 6, 1),
    ("pilot-light", "promoted"): (1, 3, 1, 1, 1, 6, 1),
    ("warm-standby", "standby"): (1, 3, 1, 0, 1, 6, 1),
    ("warm-standby", "promoted"): (1, 3, 1, 0, 1, 6, 1),
    ("backup-copy", "promoted"): (1, 3, 1, 0, 1, 0, 1),
}


@pytest.mark.parametrize(("dr_class", "state"), INVENTORY)
def test_each_class_keeps_what_it_is_paid_for(dr_class: str, state: str) -> None:
    counted = Counter(
        node.type.rpartition(":")[2] for node in graph("dr.eu-1", dr_class, state) if node.type.startswith("aws:")
    )
    kinds = (
        "Cluster", "NodeGroup", "Instance", "InstanceAutomatedBackupsReplication", "ReplicationGroup",
        "BucketReplicationConfig", "Topic",
    )  # fmt: skip
    assert tuple(counted[kind] for kind in kinds) == INVENTORY[dr_class, state]
    sizes = {
        node.inputs["scalingConfig"]["desiredSize"]
        for node in graph("dr.eu-1", dr_class, state).of_type("aws:eks/nodeGroup:NodeGroup")
    }
    assert (sizes == {0}) == ((dr_class, state) == ("pilot-light", "standby"))


def test_a_class_that_keeps_copies_only_has_nothing_there_until_it_is_needed() -> None:
    assert not [name for name in plans("backup-copy", "standby") if name.endswith("eu-1.dr") or name == "dr.eu-1"]
    assert "platform.eu-1.dr" in plans("backup-copy", "promoted")


def test_alarms_of_promoted_instances_go_to_a_topic_of_their_region() -> None:
    found = graph("dr.eu-1")
    alarms = list(found.of_type("aws:cloudwatch/metricAlarm:MetricAlarm"))
    assert {one.inputs["dimensions"]["DBInstanceIdentifier"] for one in alarms} == {"harbour-eu-1-main-dr"}
    topic = next(iter(found.of_type("aws:sns/topic:Topic")))
    assert all(topic.urn in str(one.inputs["alarmActions"]) for one in alarms)
    assert not list(graph("dr.eu-1", state="standby").of_type("aws:cloudwatch/metricAlarm:MetricAlarm"))


def test_back_home_every_job_runs_again_and_only_on_the_new_instance() -> None:
    """Logins got their passwords in the recovery region, and came home with the data; the instance left behind still answers."""
    made = documents()
    home = compile_estate(replace(made, recoveries={"eu-1": moved("eu-1", "returned", 2)}), today=TODAY).stacks
    for stack, job in (
        ("platform.eu-1", "instance-main-run"), ("platform.eu-1", "login-starter-run"),
        ("tenant.copper.production", "database-run"), ("tenant.paper.production", "database-run"),
    ):  # fmt: skip
        before, after = (_job(found, job) for found in (graph(stack, state="standby"), recorded(home[stack])))
        assert before != after, "another pod template makes another Job"
        assert "master-main-g2" in after and "master-main-g2" not in before


def _job(found: Graph, name: str) -> str:
    return str(next(node for node in found if node.name == name).inputs["spec"])


@pytest.mark.parametrize(
    ("stack", "instead"),
    [("tenant.paper.production", "run tenant.paper.production.dr"), ("cell.eu-1", "estate failback")],
)
def test_the_program_of_a_stack_that_is_left_alone_touches_nothing_and_says_what_to_run(
    stack: str, instead: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    lost = replace(documents(), recoveries={"eu-1": moved("eu-1", "promoted")})
    monkeypatch.setattr(program, "load", lambda _: lost)
    monkeypatch.setattr(program, "compose", lambda *_, **__: pytest.fail("something was registered"))
    monkeypatch.setattr(pulumi, "get_stack", lambda: stack)
    with pytest.raises(pulumi.RunError, match=instead):
        program.run(tmp_path)
