"""Whether an AWS Backup selection takes in a resource.

Semantics of AWS Backup's resource assignment (developer guide, read 2026-11): resources are alternatives and may hold ``*``;
``notResources`` are taken out; all ``conditions`` must hold; of ``selectionTags`` one is enough. Where a selection has both ARNs and
tags we ask for both, the narrower reading. A selection with neither takes in everything.
"""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from odoo_estate.preview.graph import Unresolved
from odoo_estate_policies.resource import Properties, Resource, Undecided, names
from odoo_estate_policies.stack import Stack

_UNKNOWN = "\0"
_RESOURCE_TAG = "aws:ResourceTag/"
_ARNS = {
    "aws:rds/instance:Instance": ("rds", "db:", "identifier"),
    "aws:rds/cluster:Cluster": ("rds", "cluster:", "clusterIdentifier"),
    "aws:dynamodb/table:Table": ("dynamodb", "table/", "name"),
    "aws:efs/fileSystem:FileSystem": ("elasticfilesystem", "file-system/", "id"),
    "aws:ebs/volume:Volume": ("ec2", "volume/", "id"),
}


def takes_in(selection: Resource, target: Resource, stack: Stack) -> bool:
    """Whether ``selection`` covers ``target``.

    Raises:
        Undecided: it depends on a value that is not known yet.
    """
    return (
        _listed(selection, "resources", target, stack, empty=True)
        and not _listed(selection, "notResources", target, stack, empty=False)
        and _conditions_hold(selection, target)
        and _a_tag_matches(selection, target)
    )


def carries(target: Resource, tags: Mapping[str, str]) -> bool:
    """Whether ``target`` has all of these tags."""
    found = target.tags()
    return all(key in found and found.text(key) == value for key, value in tags.items())


def _listed(selection: Resource, key: str, target: Resource, stack: Stack, *, empty: bool) -> bool:
    raw = selection.raw.get(key)
    among = selection.property_dependencies.get(key, ())
    if isinstance(raw, Unresolved):
        return names(raw, target, key, among)
    if not raw:
        return empty
    arn = _arn(target, stack)
    return any(
        names(one, target, f"{key}[{position}]", among)
        if isinstance(one, Unresolved)
        else _matches(str(one), arn, f"{key}[{position}]")
        for position, one in enumerate(raw)
    )


def _arn(target: Resource, stack: Stack) -> str:
    """The target's ARN, with a placeholder for each part that is not known yet."""
    known = target.raw.get("arn")
    if isinstance(known, str) and not isinstance(known, Unresolved):
        return known
    if target.type not in _ARNS:
        return f"arn:aws:s3:::{_part(target.raw.get('bucket'))}"
    service, prefix, key = _ARNS[target.type]
    return f"arn:aws:{service}:{target.region or stack.region}:{stack.account}:{prefix}{_part(target.raw.get(key))}"


def _part(raw: Any) -> str:
    return raw if isinstance(raw, str) and not isinstance(raw, Unresolved) else _UNKNOWN


def _matches(pattern: str, arn: str, path: str) -> bool:
    if _glob(pattern).match(arn):
        return True
    if _UNKNOWN not in arn or not _glob(_known_part(pattern)).match(arn.partition(_UNKNOWN)[0]):
        return False
    raise Undecided(path, "is compared with a name that the provider chooses")


def _known_part(pattern: str) -> str:
    """As much of an ARN pattern as stands before the resource's own name."""
    if pattern == "*":
        return pattern
    separator = "/" if "/" in pattern else ":"
    return pattern.rpartition(separator)[0] + separator


@cache
def _glob(pattern: str) -> re.Pattern[str]:
    """``*`` is any run of characters but blanks; nothing else is special."""
    return re.compile(r"\S*".join(re.escape(part) for part in pattern.split("*")) + r"\Z")


def _conditions_hold(selection: Resource, target: Resource) -> bool:
    for condition in selection.items("conditions").objects():
        for operator, equal, exact in (
            ("stringEquals", True, True),
            ("stringLikes", True, False),
            ("stringNotEquals", False, True),
            ("stringNotLikes", False, False),
        ):
            for one in condition.items(operator).objects():
                if _tag_is(one, target, exact=exact) is not equal:
                    return False
    return True


def _a_tag_matches(selection: Resource, target: Resource) -> bool:
    wanted = list(selection.items("selectionTags").objects())
    return not wanted or any(_tag_is(one, target, exact=True) for one in wanted)


def _tag_is(wanted: Properties, target: Resource, *, exact: bool) -> bool:
    tags, key, value = target.tags(), wanted.text("key").removeprefix(_RESOURCE_TAG), wanted.text("value")
    if key not in tags:
        return False
    return tags.text(key) == value if exact else bool(_glob(value).match(tags.text(key)))
