"""Physical names: readable, within each service's limit and alphabet, and never the same for two different things.

A name is the parts joined with the service's separator. Parts are ids (letter first), so a hyphen before a digit can never be a joint:
``eu-1`` needs nothing. A hash of all parts is appended only where the plain name would be too long, could be read as other parts
(``a`` + ``b-c`` against ``a-b`` + ``c``), would fall into a range the service keeps for itself, or looks hashed already. So distinct parts give
distinct names up to a hash collision, and `check_unique` reports those, and two entities that were given the same parts, over a whole estate.

Limits: botocore 1.44 service models and the providers' own validators, read 2026-11-22.
"""

import base64
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Literal

from odoo_estate.errors import Path, Refused

Service = Literal[
    "s3",
    "rds",
    "elasticache",
    "elasticache-user",
    "iam-role",
    "iam-policy",
    "load-balancer",
    "web-acl",
    "eks",
    "node-group",
    "log-group",
    "vault",
    "backup-plan",
    "backup-rule",
    "restore-test",
    "kms-alias",
    "secret",
    "repository",
    "topic",
    "event-rule",
    "alarm",
    "budget",
    "trail",
    "control-policy",
    "vpc",
    "postgres",
    "namespace",
    "kubernetes",
    "cron-job",
]


@dataclass(frozen=True)
class Rule:
    """What one service accepts: the most characters, the character between parts, and prefixes it keeps for itself."""

    limit: int
    separator: Literal["-", "_", "/"] = "-"
    reserved: tuple[str, ...] = ()


RULES: dict[Service, Rule] = {
    "s3": Rule(63, reserved=("sthree-", "xn-", "amzn-s3-demo-")),
    "rds": Rule(63),
    "elasticache": Rule(40),
    "elasticache-user": Rule(40),
    "iam-role": Rule(64),
    "iam-policy": Rule(128),
    "load-balancer": Rule(32, reserved=("internal-",)),  # target groups too
    "web-acl": Rule(128),
    "eks": Rule(100),
    "node-group": Rule(63),
    "log-group": Rule(512, "/", reserved=("aws/",)),
    "vault": Rule(50),
    "backup-plan": Rule(50),
    "backup-rule": Rule(50),
    "restore-test": Rule(50, "_"),
    "kms-alias": Rule(250, "/", reserved=("aws/",)),  # 256 with "alias/"
    "secret": Rule(512, "/", reserved=("aws/", "rds/")),
    "repository": Rule(256, "/", reserved=("aws/",)),
    "topic": Rule(256),
    "event-rule": Rule(64),
    "alarm": Rule(255),
    "budget": Rule(100),
    "trail": Rule(128),
    "control-policy": Rule(128),
    "vpc": Rule(255),
    "postgres": Rule(
        63, "_", reserved=("pg_", "rds_", "rdsadmin", "postgres", "template")
    ),  # NAMEDATALEN - 1 bytes; our names are ASCII
    "namespace": Rule(63, reserved=("kube-", "default")),
    "kubernetes": Rule(63),
    "cron-job": Rule(52),  # its Jobs append "-" and ten digits
}

_PART = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*\Z")
_JOINT = re.compile(r"-[a-z]")
_ACCOUNT = re.compile(r"[0-9]{12}")
_HASH_LENGTH = 8
_LOOKS_HASHED = re.compile(r"[-_/][0-9][a-z2-7]{7}\Z")
_LOOKS_SUFFIXED = re.compile(r"[-_/][0-9]{12}\Z")
_LOOKS_LIKE_SECRET_SUFFIX = re.compile(r"-[a-z0-9]{6}\Z")


@cache
def name(service: Service, *parts: str, suffix: str = "") -> str:
    """The physical name of the thing that ``parts`` identify, legal for ``service``.

    Args:
        parts: ids from wide to narrow, e.g. estate, cell, purpose; each letter first, lower-case letters, digits, single hyphens.
        suffix: an account id that stands last in full, e.g. in a bucket's name, which must be unique in the whole world.

    Raises:
        ValueError: a part is no id: a programming error, because every id was checked when the file was read.
    """
    for part in parts:
        if not _PART.match(part):
            raise ValueError(
                f"{part!r} cannot be part of a name: lower-case letters, digits and single hyphens, letter first"
            )
    if not parts or (suffix and not _ACCOUNT.fullmatch(suffix)):
        raise ValueError(f"a name needs parts, and for suffix an account id or nothing, not {parts!r} and {suffix!r}")
    rule = RULES[service]
    tail = f"{rule.separator}{suffix}" if suffix else ""
    joined = rule.separator.join(parts)
    if rule.separator == "_":
        joined = joined.replace("-", "_")
    if not _needs_hash(service, rule, parts, joined, tail):
        return joined + tail
    digest = _digest(parts, suffix)
    stem = f"x{rule.separator}{joined}" if joined.startswith(rule.reserved) else joined
    room = rule.limit - len(tail) - 1 - _HASH_LENGTH
    return f"{stem[:room].rstrip('-_/')}{rule.separator}{digest}{tail}"


@cache
def part(text: str) -> str:
    """A catalog's key as a part of a name: lower case, anything but letters and digits becomes a hyphen, letter first."""
    words = "-".join(re.findall(r"[a-z0-9]+", text.lower()))
    return words if words[:1].isalpha() else f"x{words}"


def _needs_hash(service: Service, rule: Rule, parts: tuple[str, ...], joined: str, tail: str) -> bool:
    return (
        (rule.separator != "/" and any(_JOINT.search(part) for part in parts))
        or len(joined) + len(tail) > rule.limit
        or joined.startswith(rule.reserved)
        or bool(_LOOKS_HASHED.search(joined))
        or (not tail and bool(_LOOKS_SUFFIXED.search(joined)))
        # Secrets Manager appends "-" and six characters to the ARN: a name that ends so can be taken for another secret's ARN.
        or (service == "secret" and bool(_LOOKS_LIKE_SECRET_SUFFIX.search(joined)))
    )


def _digest(parts: tuple[str, ...], suffix: str) -> str:
    """Eight characters, digit first (so that it is never taken for a part), about 38 bits."""
    raw = hashlib.sha256("\x00".join((*parts, "\x00", suffix)).encode()).digest()
    return str(raw[0] % 10) + base64.b32encode(raw[1:6]).decode().lower()[: _HASH_LENGTH - 1]


# --- stacks --------------------------------------------------------------------------------------------------------

LANDING_ZONE = "landing-zone"


def cell_stack(cell: str) -> str:
    return f"cell.{cell}"


def platform_stack(cell: str) -> str:
    return f"platform.{cell}"


def tenant_stack(customer: str, environment: str) -> str:
    return f"tenant.{customer}.{environment}"


DR = "dr"
"""In names: what stands in a cell's recovery region."""


def away_stack(stack: str) -> str:
    """The stack in the recovery region that does there what this platform's or tenant's does at home."""
    return f"{stack}.{DR}"


def home_stack(stack: str) -> str:
    """The inverse of `away_stack`; any other name is its own."""
    kind = stack.partition(".")[0]
    return stack.removesuffix(f".{DR}") if kind in ("platform", "tenant") and stack.count(".") > 1 else stack


def dr_stack(cell: str) -> str:
    return f"dr.{cell}"


def drill_stack(cell: str) -> str:
    """Stands only while a drill runs: no estate lists it."""
    return f"drill.{cell}"


# --- uniqueness over an estate -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Claim:
    """One physical name that somebody takes. ``scope`` is where the name must be unique (``global``, an account, account and region,
    an instance …); ``document`` and ``field`` are where its owner was declared."""

    service: str
    scope: str
    name: str
    owner: str
    document: str
    field: Path = ()


def check_unique(claims: Iterable[Claim]) -> list[Refused]:
    """One refusal for each claim on a name that somebody else has already taken; empty when all names are unique."""
    taken: dict[tuple[str, str, str], Claim] = {}
    refusals = []
    for claim in claims:
        first = taken.setdefault((claim.service, claim.scope, claim.name), claim)
        if first.owner != claim.owner:
            refusals.append(
                Refused(
                    f"{claim.owner} and {first.owner} would both be called {claim.name!r} in {claim.service} ({claim.scope})",
                    document=claim.document,
                    field=claim.field,
                    value=claim.owner,
                    remedy="give one of the two another id; ids of things that already exist cannot change",
                )
            )
    return refusals
