"""Policy documents as plain data, so that linters and rules can read them before anything exists."""

import json
from collections.abc import Mapping, Sequence

from odoo_estate.plan import Json

Statement = Mapping[str, Json]


def document(statements: Sequence[Statement]) -> dict[str, Json]:
    """A policy document of ``statements`` as data, for documents that hold outputs and go through ``Output.json_dumps``."""
    return {"Version": "2012-10-17", "Statement": [dict(statement) for statement in statements]}


def policy_text(statements: Sequence[Statement]) -> str:
    """A policy document as text. Compact, because IAM and Organizations count characters."""
    return json.dumps(document(statements), separators=(",", ":"))


def service_trust(service: str, account: str) -> Statement:
    """Lets an AWS service take a role on behalf of ``account`` only (the confused-deputy condition)."""
    return {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"aws:SourceAccount": account}},
    }


def plain_service_trust(service: str) -> Statement:
    """Lets an AWS service take a role where the service sends no source account (EKS and EC2)."""
    return {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}


def pod_trust() -> Statement:
    """Lets EKS Pod Identity give a role to pods; which ones is said by the association."""
    return {
        "Effect": "Allow",
        "Principal": {"Service": "pods.eks.amazonaws.com"},
        "Action": ["sts:AssumeRole", "sts:TagSession"],
    }


def tls_only(bucket: str) -> Statement:
    """Refuses every request to ``bucket`` that does not use TLS."""
    return {
        "Sid": "RefusePlainHttp",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
