"""No IAM document of any situation gives away more than it must, and each way of doing so is seen."""

import json
from collections.abc import Callable, Iterator
from datetime import date
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest

from odoo_estate.compose import compose
from odoo_estate.decide import compile_estate
from odoo_estate.decide.roles import ATTACHED, DEPLOYED
from odoo_estate.plan import AnyPlan
from odoo_estate.preview.graph import Graph
from odoo_estate.preview.iam_documents import documents, faults
from odoo_estate.preview.recorder import record
from odoo_estate.spec.loader import load

ROOT = Path(__file__).resolve().parents[2]
TODAY = date(2026, 12, 1)
ESTATES = [
    ROOT / "stacks",
    *sorted(ROOT.glob("blueprints/*/stacks")),
    *sorted(file.parent for file in (ROOT / "tests" / "situations").rglob("estate.yaml")),
]
ACCOUNT, OTHER = "111122223333", "444455556666"


@cache
def graphs(estate: Path) -> dict[str, tuple[AnyPlan, Graph]]:
    """One of each kind of stack and class: the others of a kind differ in names and figures only."""
    found: dict[str, tuple[AnyPlan, Graph]] = {}
    for plan in compile_estate(load(estate), today=TODAY).stacks.values():
        kind = f"{plan.kind} {getattr(plan, 'tenancy', '')} {getattr(plan, 'service_class', '')}"
        if kind not in found:
            found[kind] = plan, _recorded(lambda plan=plan: compose(plan, organization="o", project="p"), plan.stack)  # type: ignore[misc]
    return found


def _recorded(program: Callable[[], None], stack: str = "s") -> Graph:
    return record(program, project="p", stack=stack)


@pytest.mark.parametrize("estate", ESTATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_document_of_any_situation_gives_away_more_than_it_must(estate: Path) -> None:
    read = 0
    for plan, graph in graphs(estate).values():
        assert faults(graph, bounded=plan.kind != "landing-zone") == [], plan.stack
        read += sum(1 for _ in documents(graph))
    assert read > 40


def _actions(graph: Graph) -> Iterator[tuple[str, str]]:
    for node, kind, document in documents(graph):
        if kind != "permissions" or node.type != "aws:iam/rolePolicy:RolePolicy":
            continue
        for statement in document["Statement"]:
            if statement["Effect"] == "Allow":
                actions = statement["Action"]
                for action in [actions] if isinstance(actions, str) else actions:
                    yield node.urn, action


def test_a_boundary_takes_nothing_away_from_what_a_role_is_for() -> None:
    plans = graphs(ROOT / "stacks")
    _, landing = plans["landing-zone  "]
    bounds = {
        node.inputs["name"]: [action for statement in document["Statement"] for action in statement["Action"]]
        for node, _, document in documents(landing)
        if node.type == "aws:iam/policy:Policy"
    }
    for plan, graph in plans.values():
        if plan.kind != "landing-zone":
            allowed = bounds[plan.boundary.rpartition("/")[2]]
            for urn, action in _actions(graph):
                assert any(fnmatchcase(action, pattern) for pattern in allowed), (urn, action)


def test_the_deploy_role_attaches_what_stacks_attach_and_changes_what_they_are_made_of() -> None:
    known = {*DEPLOYED, "iam", "route53"}
    called = {"cloudwatch": "logs", "lb": "elasticloadbalancing", "ebs": "ec2", "vpc": "ec2"}
    for plan, graph in graphs(ROOT / "stacks").values():
        if plan.kind == "landing-zone":
            continue
        for node in graph:
            if node.type == "aws:iam/rolePolicyAttachment:RolePolicyAttachment":
                assert node.inputs["policyArn"] in ATTACHED, node.urn
            elif node.type.startswith("aws:") and not node.read:
                module, _, kind = node.type.split(":")[1].partition("/")
                service = "route53resolver" if kind.startswith("resolver") else called.get(module, module)
                assert service in known, node.type


def _provider() -> pulumi.ResourceOptions:
    return pulumi.ResourceOptions(provider=aws.Provider("aws", region="eu-central-1", allowed_account_ids=[ACCOUNT]))


def _text(**statement: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})


def _inline(**statement: Any) -> Callable[[], None]:
    return lambda: _made(aws.iam.RolePolicy, role="r", policy=_text(**statement))


def _trust(principal: Any, **statement: Any) -> Callable[[], None]:
    text = _text(Principal=principal, Action="sts:AssumeRole", **statement)
    return lambda: _made(aws.iam.Role, assume_role_policy=text, permissions_boundary="arn:aws:iam::aws:policy/b")


def _bucket(principal: Any, **statement: Any) -> Callable[[], None]:
    text = _text(Principal=principal, Action="s3:GetObject", Resource="arn:aws:s3:::b/*", **statement)
    return lambda: _made(aws.s3.BucketPolicy, bucket="b", policy=text)


def _made(kind: Any, **inputs: Any) -> None:
    kind("x", **inputs, opts=_provider())


PASSED = {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}
JOBS = f"arn:aws:iam::{ACCOUNT}:oidc-provider/ci.example"
HOME = f"arn:aws:iam::{ACCOUNT}:role/people"
AUD = {"ci.example:aud": "sts.amazonaws.com"}
BREAKS: dict[str, tuple[str, Callable[[], None]]] = {
    "everything": ("wildcard", _inline(Action="*", Resource="*", Condition=PASSED)),
    "a whole service everywhere": ("wildcard", _inline(Action="s3:*", Resource="*")),
    "part of a service everywhere": ("wildcard", _inline(Action="s3:Put*", Resource="*")),
    "a change everywhere": ("wildcard", _inline(Action="kms:CreateKey", Resource="*")),
    "roles passed to anything": ("pass-role", _inline(Action="iam:PassRole", Resource=HOME)),
    "any role passed": ("pass-role", _inline(Action=["iam:PassRole"], Resource="*", Condition=PASSED)),
    "roles passed by a wildcard": ("pass-role", _inline(Action="iam:*", Resource=HOME)),
    "any role taken on": ("assume", _inline(Action="sts:AssumeRole", Resource="*", Condition=PASSED)),
    "roles made without a boundary": ("escalation", _inline(Action="iam:CreateRole", Resource=HOME)),
    "all but something": ("negated", _inline(NotAction="iam:*", Resource=HOME)),
    "another account": ("trust", _trust({"AWS": f"arn:aws:iam::{OTHER}:root"})),
    "the own account as a whole": ("trust", _trust({"AWS": f"arn:aws:iam::{ACCOUNT}:root"})),
    "everybody": ("trust", _trust("*")),
    "everybody by another word": ("trust", _trust({"AWS": "*"})),
    "any repository": ("federation", _trust({"Federated": JOBS}, Condition={"StringEquals": AUD})),
    "some repositories": (
        "federation",
        _trust({"Federated": JOBS}, Condition={"StringEquals": {**AUD, "ci.example:sub": "repo:us/*"}}),
    ),
    "repositories like ours": (
        "federation",
        _trust({"Federated": JOBS}, Condition={"StringEquals": AUD, "StringLike": {"ci.example:sub": "repo:us/a"}}),
    ),
    "any audience": (
        "federation",
        _trust({"Federated": f"arn:aws:iam::{ACCOUNT}:saml-provider/p"}, Condition={"StringLike": {"SAML:aud": "*"}}),
    ),
    "a service for anybody": ("deputy", _trust({"Service": "cloudtrail.amazonaws.com"})),
    "a bucket for everybody": ("trust", _bucket("*")),
    "a bucket for another account": ("trust", _bucket({"AWS": f"arn:aws:iam::{OTHER}:role/r"})),
    "a bucket for a service for anybody": ("deputy", _bucket({"Service": "config.amazonaws.com"})),
    "a long trust": ("length", _trust({"AWS": HOME}, Sid="x" * 2048)),
    "a long dash": ("characters", _trust({"AWS": HOME}, Sid="\u2014")),
    "a user": ("people", lambda: _made(aws.iam.User)),
    "a key": ("people", lambda: _made(aws.iam.AccessKey, user="u")),
    "a role without boundary": (
        "boundary",
        lambda: _made(aws.iam.Role, assume_role_policy=_text(Principal={"AWS": HOME}, Action="sts:AssumeRole")),
    ),
    "an administrator": (
        "everything",
        lambda: _made(aws.iam.RolePolicyAttachment, role="r", policy_arn="arn:aws:iam::aws:policy/AdministratorAccess"),
    ),
    "a long control policy": (
        "length",
        lambda: _made(aws.organizations.Policy, content=_text(Action="*", Resource="*", Sid="x" * 5120)),
    ),
}
HOLDS: dict[str, Callable[[], None]] = {
    "reading by name everywhere": _inline(Action="ec2:DescribeVpcs", Resource="*"),
    "a change everywhere, by tag": _inline(
        Action="kms:CreateKey", Resource="*", Condition={"StringEquals": {"aws:RequestTag/managed-by": "us"}}
    ),
    "some roles passed to one service": _inline(Action="iam:PassRole", Resource=HOME, Condition=PASSED),
    "one role of the own account": _trust({"AWS": HOME}),
    "another account's roles": _trust(
        {"AWS": f"arn:aws:iam::{OTHER}:root"},
        Condition={"ArnEquals": {"aws:PrincipalArn": f"arn:aws:iam::{OTHER}:role/r"}},
    ),
    "one job": _trust(
        {"Federated": JOBS}, Condition={"StringEquals": {**AUD, "ci.example:sub": "repo:us/a:environment:production"}}
    ),
    "everything denied": _inline(Effect="Deny", Action="*", Resource="*"),
}


@pytest.mark.parametrize("what", BREAKS)
def test_what_gives_too_much_away_is_seen(what: str) -> None:
    rule, program = BREAKS[what]
    assert rule in {one.rule for one in faults(_recorded(program))}


@pytest.mark.parametrize("what", HOLDS)
def test_what_gives_no_more_than_it_must_is_left_alone(what: str) -> None:
    assert faults(_recorded(HOLDS[what])) == []
