"""Ids and ARNs inside inputs that must stand for something that exists."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from sandbox.provider.aws.place import Place
from sandbox.provider.cloud import Cloud
from sandbox.provider.wire import Properties, plain, strings

_ID = re.compile(
    r"(?P<kind>vpc|subnet|sg|rtb|igw|nat|eipalloc|vpce|vpce-svc|lt|acl|eni|fs|fsap|vol|tgw|pcx|cgw|vgw|vpn|rslvr-fdl|rslvr-frg|rqlc|i)-[0-9a-f]{8}(?:[0-9a-f]{9})?"
)
_ARN = re.compile(
    r"arn:aws[a-z-]*:(?P<service>[a-z0-9-]+):(?P<region>[a-z0-9-]*):(?P<account>\d{12}|):(?P<resource>\S+)"
)

# Kinds of ARN that the tables mint exactly; others are left alone.
_CHECKED: dict[str, tuple[str, ...]] = {
    "acm": ("certificate/",),
    "backup": ("backup-vault:", "backup-plan:"),
    "dynamodb": ("table/",),
    "ec2": ("vpc/", "subnet/", "security-group/", "launch-template/"),
    "ecr": ("repository/",),
    "eks": ("cluster/",),
    "elasticache": ("replicationgroup:", "user:", "usergroup:"),
    "elasticfilesystem": ("file-system/",),
    "elasticloadbalancing": ("loadbalancer/", "targetgroup/", "listener/"),
    "iam": ("role/", "policy/", "instance-profile/", "oidc-provider/"),
    "kms": ("key/", "alias/"),
    "lambda": ("function:",),
    "logs": ("log-group:",),
    "rds": ("db:", "cluster:", "subgrp:", "pg:"),
    "s3": ("",),
    "secretsmanager": ("secret:",),
    "sns": ("",),
    "sqs": ("",),
}
# Made by AWS itself, not by this estate.
_GIVEN = ("role/aws-service-role/", "role/aws-reserved/", "role/service-role/", "alias/aws/", "backup-vault:Default")
_NOT_FOUND = {
    "vpc": "InvalidVpcID.NotFound: The vpc ID '{value}' does not exist",
    "subnet": "InvalidSubnetID.NotFound: The subnet ID '{value}' does not exist",
    "sg": "InvalidGroup.NotFound: The security group '{value}' does not exist",
    "kms": "NotFoundException: Key '{value}' does not exist",
    "iam": "NoSuchEntity: {value} cannot be found",
    "s3": "NoSuchBucket: The specified bucket does not exist: {value}",
}
_OWN_KEYS = frozenset(
    {"kmsKeyId", "kmsKeyArn", "kmsMasterKeyId", "performanceInsightsKmsKeyId", "masterUserSecretKmsKeyId"}
)


def _thing(service: str, value: str) -> str:
    """The ARN of the thing itself, without what points into it."""
    if service == "s3":
        return value.split("/", 1)[0]
    if service == "logs":
        return value.removesuffix(":*")
    if service in ("secretsmanager", "lambda"):
        return ":".join(value.split(":")[:7])
    if service == "sns":
        return ":".join(value.split(":")[:6])
    return value


def found(inputs: Properties) -> Iterator[tuple[str, str, str]]:
    """Every id and ARN that is a whole value: path, kind and value. Policy documents may name what is not yet there."""
    for path, text in strings({k: v for k, v in inputs.items() if not k.startswith(("__", "tags"))}):
        if match := _ID.fullmatch(text):
            yield path, match["kind"], text
        elif (match := _ARN.fullmatch(text)) and not any(c in text for c in "*?"):
            service, resource = match["service"], match["resource"]
            if not resource.startswith(_CHECKED.get(service, ("\0",))) or resource.startswith(_GIVEN):
                continue
            if match["account"] or service == "s3":
                yield path, service, _thing(service, text)
        elif match and match["service"] == "logs":
            yield path, "logs", _thing("logs", text)


def missing(inputs: Properties, place: Place, cloud: Cloud, assumed: str = "") -> Iterator[str]:
    """The error for each id or ARN that nothing stands behind. The role that the provider assumed stands: it let it in."""
    for path, kind, value in found(inputs):
        if value == assumed:
            continue
        is_id = not value.startswith("arn:")
        scope = place.scope if is_id and place.region and not path.startswith("peer") else None
        if cloud.exists(value, scope):
            continue
        message = _NOT_FOUND.get(kind, "ResourceNotFoundException: {value} does not exist").format(value=value)
        elsewhere = " (it exists in another account or region)" if scope and cloud.exists(value) else ""
        yield f"{message} [{path}, account {place.account}, {place.region or 'global'}]{elsewhere}"


def foreign_key(inputs: Properties, place: Place) -> str | None:
    """A customer key of another region cannot encrypt what lives here."""
    for name in sorted(_OWN_KEYS & inputs.keys()):
        match = _ARN.fullmatch(str(plain(inputs[name])))
        if match and place.region and match["region"] != place.region:
            key = plain(inputs[name])
            return f"KMSKeyNotAccessibleFault: {name} {key} is in {match['region']}, the resource in {place.region}"
    return None


def unreplicable(inputs: Properties, place: Place) -> str | None:
    """KMS replicates multi-region keys only, and into other regions only."""
    match = _ARN.fullmatch(str(plain(inputs.get("primaryKeyArn", ""))))
    if match and not match["resource"].startswith("key/mrk-"):
        return f"UnsupportedOperationException: {match[0]} is not a multi-Region primary key"
    if match and match["region"] == place.region:
        return f"AlreadyExistsException: {match[0]} is already in {place.region}"
    return None


def at(inputs: Any, path: str) -> Iterator[str]:
    """Known strings at a path; `[]` walks a list, and so does a list at the end."""
    head, _, rest = path.partition(".")
    name, many = (head[:-2], True) if head.endswith("[]") else (head, False)
    value = plain(inputs).get(name) if isinstance(plain(inputs), dict) else None
    for item in value if isinstance(value, list) and (many or not rest) else [value]:
        if rest and isinstance(item, dict):
            yield from at(item, rest)
        elif not rest and isinstance(item, str):
            yield item


def is_minted(value: str) -> bool:
    """Whether a computed output is something others can refer to."""
    return bool(_ID.fullmatch(value) or _ARN.fullmatch(value))
