"""Reads every IAM document of a recorded graph (permissions, trusts, resource policies, boundaries, control policies) and says what it gives away.

Pure: a graph in, faults out. The limits are IAM's and Organizations' quotas, read 2026-11.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Literal

from odoo_estate.preview.graph import Composed, Graph, Node, Unresolved

Kind = Literal["trust", "permissions", "resource", "control"]

ROLE = "aws:iam/role:Role"
INLINE = "aws:iam/rolePolicy:RolePolicy"
MANAGED = "aws:iam/policy:Policy"
ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
CONTROL = "aws:organizations/policy:Policy"
KEYS = ("aws:kms/key:Key", "aws:kms/replicaKey:ReplicaKey")
PEOPLE = (
    "aws:iam/user:User",
    "aws:iam/accessKey:AccessKey",
    "aws:iam/userLoginProfile:UserLoginProfile",
    "aws:iam/group:Group",
)
EVERYTHING = ("AdministratorAccess", "PowerUserAccess", "IAMFullAccess")
READS = ("Describe", "Get", "List", "BatchCheck", "BatchGet")
ESCALATING = (
    "iam:CreateRole",
    "iam:PutRolePolicy",
    "iam:AttachRolePolicy",
    "iam:PutRolePermissionsBoundary",
)
NO_SOURCE = (
    "backup.amazonaws.com",
    "ec2.amazonaws.com",
    "eks.amazonaws.com",
    "events.amazonaws.com",
    "pods.eks.amazonaws.com",
    "s3.amazonaws.com",
)
"""Services that say nothing of whom they work for when they take a role, or publish. Who sets them to work must pass the role, which works only
inside its account."""
NARROWING = ("aws:ec2/vpcEndpoint:VpcEndpoint",)
"""Whose policies give nothing: they bound what may be asked for through them."""
LIMITS: Mapping[str, int] = {
    "trust": 2048,
    "managed": 6144,
    "inline": 10_240,
    "control": 5120,
    "key": 32_768,
    "resource": 20_480,
}


@dataclass(frozen=True, kw_only=True, order=True)
class Fault:
    """What a document, or the role that has it, gives away."""

    urn: str
    rule: str
    message: str


def faults(graph: Graph, *, bounded: bool = True) -> list[Fault]:
    """All faults of one stack. ``bounded``: each of its roles must have a permissions boundary (not those of the landing zone)."""
    return sorted({*_of_documents(graph), *_of_resources(graph, bounded)})


def documents(graph: Graph) -> Iterator[tuple[Node, Kind, Mapping[str, Any]]]:
    """Every policy document with the resource that holds it, wherever it stands: whatever text or composed value has statements is one."""
    for node in graph:
        if node.read:
            continue
        for key, value in node.inputs.items():
            document = _document(value)
            if document is not None:
                yield node, _kind(node, key), document


def _document(value: Any) -> Mapping[str, Any] | None:
    if isinstance(value, Composed):
        found = value.document
    elif isinstance(value, str) and not isinstance(value, Unresolved) and '"Statement"' in value:
        found = json.loads(value)
    else:
        return None
    return found if isinstance(found, Mapping) and "Statement" in found else None


def _kind(node: Node, key: str) -> Kind:
    if key == "assumeRolePolicy":
        return "trust"
    if node.type == CONTROL:
        return "control"
    return "permissions" if node.type in (INLINE, MANAGED) else "resource"


def account_of(graph: Graph, node: Node) -> str:
    """The account that the resource's provider is bound to; empty where it is not."""
    provider = _provider(graph, node)
    if provider is None:
        return ""
    allowed = provider.inputs.get("allowedAccountIds", "[]")
    accounts = json.loads(allowed) if isinstance(allowed, str) else list(allowed)
    return str(accounts[0]) if len(accounts) == 1 else ""


def _provider(graph: Graph, node: Node) -> Node | None:
    reference = node.provider or ""
    for urn in (reference, reference.rpartition("::")[0]):
        if urn in graph:
            return graph[urn]
    return None


def _of_documents(graph: Graph) -> Iterator[Fault]:
    inline: dict[str, int] = defaultdict(int)
    for node, kind, document in documents(graph):
        size = len(json.dumps(document, separators=(",", ":"), default=str))
        if node.type == INLINE:
            inline[str(node.inputs.get("role"))] += size
            size = inline[str(node.inputs.get("role"))]
        limit = LIMITS[_limit(node, kind)]
        if size > limit:
            yield Fault(urn=node.urn, rule="length", message=f"{size} characters, at most {limit} are accepted")
        if any(ord(character) > 0xFF for character in json.dumps(document, ensure_ascii=False, default=str)):
            yield Fault(urn=node.urn, rule="characters", message="a character beyond U+00FF, which IAM refuses")
        account = account_of(graph, node)
        for statement in _list(document["Statement"]):
            for rule, message in _statement(node, kind, statement, account):
                yield Fault(urn=node.urn, rule=rule, message=message)


def _limit(node: Node, kind: Kind) -> str:
    if node.type in KEYS:
        return "key"
    if kind == "permissions":
        return "managed" if node.type == MANAGED else "inline"
    return kind


def _statement(node: Node, kind: Kind, statement: Mapping[str, Any], account: str) -> Iterator[tuple[str, str]]:
    if statement.get("Effect") != "Allow":
        return
    for key in ("NotAction", "NotResource", "NotPrincipal"):
        if key in statement:
            yield "negated", f"allows by {key}: everything that is ever invented is in it"
    condition = statement.get("Condition") or {}
    if kind in ("trust", "resource") and node.type not in NARROWING:
        yield from _principals(kind, statement, condition, account)
    if kind == "permissions":
        yield from _permissions(statement, condition)


def _permissions(statement: Mapping[str, Any], condition: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    resources = _list(statement.get("Resource", ()))
    keys = {key for operator in condition.values() for key in operator}
    for action in map(str, _list(statement.get("Action", ()))):
        everywhere = "*" in resources
        if action == "*" or (action.endswith(":*") and everywhere and not condition):
            yield "wildcard", f"{action} on {', '.join(map(str, resources))}"
        elif (
            everywhere
            and not condition
            and ("*" in action or not action.split(":")[-1].startswith(READS))
            and not _knows_no_resource(action)
        ):
            yield "wildcard", f"{action} on every resource, without a condition"
        if fnmatchcase("iam:PassRole", action) and ("iam:PassedToService" not in keys or everywhere):
            yield "pass-role", "passes roles to any service, or any role"
        if fnmatchcase("sts:AssumeRole", action) and everywhere:
            yield "assume", "goes on to any role that would have it"
        if any(fnmatchcase(one, action) for one in ESCALATING) and "iam:PermissionsBoundary" not in keys:
            yield "escalation", f"{action} without a permissions boundary: could make a role that may do more"


def _knows_no_resource(action: str) -> bool:
    return action == "ecr:GetAuthorizationToken"


def _principals(
    kind: Kind, statement: Mapping[str, Any], condition: Mapping[str, Any], account: str
) -> Iterator[tuple[str, str]]:
    principal = statement.get("Principal", {})
    by_type: Mapping[str, Any] = {"AWS": "*"} if principal == "*" else principal
    exact = {
        key: _list(value) for operator, tests in condition.items() if operator in EXACT for key, value in tests.items()
    }
    for one in map(str, _list(by_type.get("AWS", ()))):
        foreign = one == "*" or not account or f":{account}:" not in one
        whole = one.endswith(":root") and kind == "trust"
        if (foreign or whole) and not condition:
            yield "trust", f"{one} without a condition"
    for one in map(str, _list(by_type.get("Federated", ()))):
        claims = {key.rpartition(":")[2]: values for key, values in exact.items()}
        wanted = ("aud",) if ":saml-provider/" in one else ("aud", "sub")
        for claim in wanted:
            if not claims.get(claim) or any("*" in str(value) for value in claims[claim]):
                yield "federation", f"{one} without an exact {claim}"
    for one in map(str, _list(by_type.get("Service", ()))):
        if not condition and one not in NO_SOURCE:
            yield "deputy", f"{one} on behalf of anybody's account"


EXACT = ("StringEquals", "ForAnyValue:StringEquals", "ForAllValues:StringEquals")


def _of_resources(graph: Graph, bounded: bool) -> Iterator[Fault]:
    for node in graph:
        if node.read:
            continue
        if node.type in PEOPLE:
            yield Fault(
                urn=node.urn, rule="people", message="people and machines come in by federation: no users, no keys"
            )
        if node.type == ROLE and bounded and not node.inputs.get("permissionsBoundary"):
            yield Fault(urn=node.urn, rule="boundary", message="a role without permissions boundary")
        if node.type == ATTACHMENT:
            policy = str(node.inputs["policyArn"]).rpartition("/")[2]
            if policy in EVERYTHING and not node.name.endswith(f"break-glass-{policy}"):
                yield Fault(urn=node.urn, rule="everything", message=f"{policy}: only break-glass may do everything")


def _list(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else (value,)
