"""Exemptions, unknown values and the join of side resources, across rules."""

import time
from dataclasses import fields
from datetime import date
from importlib import import_module

import pytest
from tests.policies.cases import CASES
from tests.policies.cases.sizing import DEPLOYMENT, cache, container, database, workload
from tests.policies.stage import CELL, TAGS, TODAY, case, judged, plan, resource, unknown

from odoo_estate.plan import Exemption, Guardrails
from odoo_estate.preview.graph import Graph, Node, Options, Reference
from odoo_estate_policies.judge import judge
from odoo_estate_policies.quantity import quantity
from odoo_estate_policies.recorded import judge_graph
from odoo_estate_policies.resource import Resource
from odoo_estate_policies.taggable import is_taggable
from odoo_estate_policies.tighten import DIRECTIONS

BROKEN = database(backupRetentionPeriod=1)


def _lent(rule: str = "BAK-01", resource: str = "main", expires: str = "2026-12-31") -> Exemption:
    return Exemption(rule=rule, resource=resource, reason="migration", approver="cto@example.com", expires=expires)


def _refusing(*exemptions: Exemption) -> set[str]:
    return {found.rule for found in judged(case(BROKEN, exemptions=exemptions, backup_required=False)) if found.refuses}


def test_an_exemption_turns_a_violation_into_an_exception() -> None:
    assert _refusing() == {"BAK-01"}
    assert _refusing(_lent()) == set()
    assert _refusing(_lent(resource="m*")) == set()
    assert _refusing(_lent(resource="*")) == set()
    used = [found.exception for found in judged(case(BROKEN, exemptions=(_lent(),), backup_required=False))]
    assert used == ["until 2026-12-31, approved by cto@example.com: migration"]


def test_an_exemption_covers_only_its_rule_and_its_resources() -> None:
    assert _refusing(_lent(rule="BAK-10")) == {"BAK-01"}
    assert _refusing(_lent(resource="other*")) == {"BAK-01"}


def test_an_exemption_holds_through_its_last_day_and_fails_the_run_afterwards() -> None:
    assert _refusing(_lent(expires="2026-11-22")) == set()
    assert _refusing(_lent(expires="2026-11-21")) == {"BAK-01", "EXC-01"}


def test_nobody_is_exempted_from_the_expiry_of_exemptions() -> None:
    assert _refusing(_lent(expires="2026-11-21"), _lent(rule="EXC-01", resource="*")) == {"BAK-01", "EXC-01"}


def test_one_unknown_value_leaves_the_other_rules_decided() -> None:
    found = {
        (one.rule, one.undecided) for one in judged(case(database(instanceClass=unknown(), backupRetentionPeriod=0)))
    }
    assert {("SIZE-01", True), ("BAK-01", False)} <= found


def test_what_was_found_before_the_unknown_value_stands() -> None:
    found = [one for one in judged(case(database(allocatedStorage=9999, iops=unknown()))) if one.rule == "SIZE-02"]
    assert [one.undecided for one in found] == [False, True]


def test_an_undecided_finding_refuses_nothing() -> None:
    assert not any(
        found.refuses for cases in CASES.values() for one in cases.unknown for found in judged(one) if found.undecided
    )


def test_inputs_of_another_shape_are_undecided_not_a_crash() -> None:
    strange = (
        database(tags=["a"], instanceClass={"a": 1}, allocatedStorage="many", skipFinalSnapshot="maybe"),
        resource("aws:backup/plan:Plan", "plan", {"rules": "none", "tags": TAGS}),
        resource("aws:eks/nodeGroup:NodeGroup", "pool", {"scalingConfig": [], "instanceTypes": "m7g.large", "tags": 5}),
        resource("kubernetes:apps/v1:Deployment", "web", {"spec": {"template": [1]}}, region=""),
    )
    undecided = {(one.rule, one.urn.rpartition("::")[2]) for one in judged(case(*strange)) if one.undecided}
    assert {
        ("SIZE-01", "main"),
        ("SIZE-02", "main"),
        ("BAK-03", "plan"),
        ("SIZE-04", "pool"),
        ("SIZE-05", "web"),
    } <= undecided


def test_a_recorded_graph_is_judged_without_components_and_what_is_only_read() -> None:
    def node(kind: str, name: str, *, custom: bool = True, read: bool = False) -> Node:
        return Node(
            f"urn:pulumi:{CELL}::p::{kind}::{name}",
            kind,
            name,
            None,
            None,
            "eu-central-1",
            {},
            (),
            {},
            False,
            custom,
            read,
            True,
            Options(),
        )

    graph = Graph(
        "p",
        CELL,
        (
            node("aws:kms/key:Key", "own"),
            node("aws:kms/key:Key", "foreign", read=True),
            node("x:y:Z", "component", custom=False),
        ),
        {},
    )
    assert {one.urn.rpartition("::")[2] for one in judge_graph(graph, plan(), today=TODAY)} == {"own"}  # type: ignore[arg-type]


def test_a_reference_inside_a_reference_still_names_its_resource() -> None:
    bucket = resource("aws:s3/bucket:Bucket", "documents", {"tags": TAGS})
    assert resource("x:y:Z", "z", {"bucket": Reference(bucket.urn, "id").inside("x")}).refers_to("bucket", bucket)


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("250m", 0.25),
        ("1", 1),
        (2, 2),
        (0.5, 0.5),
        ("512Mi", 512 * 1024**2),
        ("1.5Gi", 1.5 * 1024**3),
        ("2G", 2e9),
        ("1e3", 1000),
        (".5", 0.5),
    ],
)
def test_kubernetes_quantities_are_read_as_the_api_server_does(written: str | float, number: float) -> None:
    assert quantity(written) == number


@pytest.mark.parametrize("written", ["", "a lot", "1 Gi", "1gi", "--1", "1Mi5"])
def test_what_is_no_quantity_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="no Kubernetes quantity"):
        quantity(written)


@pytest.mark.parametrize(
    "token",
    [
        "rds/instance:Instance",
        "s3/bucketVersioning:BucketVersioning",
        "autoscaling/group:Group",
        "kms/alias:Alias",
        "eks/nodeGroup:NodeGroup",
    ],
)
def test_taggable_agrees_with_the_sdk_and_the_recorder(token: str) -> None:
    module, _, name = token.partition("/")
    kind = getattr(import_module(f"pulumi_aws.{module}"), name.partition(":")[2])
    assert is_taggable(f"aws:{token}") == (hasattr(kind, "tags_all") and hasattr(kind, "tags"))


def test_what_is_no_aws_type_takes_no_tags() -> None:
    assert not any(
        is_taggable(one) for one in ("aws:none/such:Such", "kubernetes:core/v1:Pod", "pulumi:pulumi:Stack", "component")
    )


def test_every_guardrail_has_a_direction_in_which_it_is_tighter() -> None:
    assert {one.name for one in fields(Guardrails)} == set(DIRECTIONS)


def test_rules_do_not_depend_on_the_order_of_resources() -> None:
    for cases in CASES.values():
        for one in cases.breaks:
            backwards = judge(tuple(reversed(one.resources)), plan(one.stack, one.exemptions, **one.rails), today=TODAY)  # type: ignore[arg-type]
            assert {found.message for found in backwards} == {found.message for found in judged(one)}


def test_judging_does_not_import_the_sdk() -> None:
    import subprocess
    import sys

    code = "import sys, odoo_estate_policies.recorded as r, odoo_estate_policies.registry as g; g.shipped(); print('pulumi' in sys.modules)"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
        == "False"
    )


def test_sixty_resources_take_milliseconds() -> None:
    """A guard against quadratic rules, ten times above what is measured; the figure itself is printed by the benchmarks."""
    many = [
        one
        for number in range(15)
        for one in (
            database(),
            cache(),
            workload(DEPLOYMENT, container()),
            resource("aws:kms/key:Key", f"k{number}", {"tags": TAGS}),
        )
    ]
    held = plan(backup_required=False)
    judge(many, held, today=date(2026, 11, 22))  # type: ignore[arg-type]
    began = time.process_time()
    judge(many, held, today=date(2026, 11, 22))  # type: ignore[arg-type]
    assert time.process_time() - began < 0.02


@pytest.mark.parametrize("written", [{}, {"tags": {"tenant": "acme"}}, {"tags": {}}])
def test_a_resources_own_tags_do_not_hide_the_providers(written: dict[str, object]) -> None:
    raw = {"tagsAll": {"owner": "operations", "tenant": "shared"}, **written}
    tags = Resource(raw, urn="u", type="aws:s3/bucket:Bucket", name="b").tags()
    assert tags.text("owner") == "operations"
    assert tags.text("tenant") == ("acme" if written.get("tags") else "shared")
