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


OBJECTS: list[Json] = [
    "s3:AbortMultipartUpload",
    "s3:BypassGovernanceRetention",
    "s3:DeleteObject*",
    "s3:GetObject*",
    "s3:ListMultipartUploadParts",
    "s3:PutObject*",
    "s3:Replicate*",
    "s3:RestoreObject",
]
LISTING: list[Json] = ["s3:ListBucket", "s3:ListBucketMultipartUploads", "s3:ListBucketVersions"]


def only_roles(
    bucket: str, roles: Sequence[str], tags: Mapping[str, str], listing_roles: Sequence[str]
) -> list[Statement]:
    """Refuses everybody but these roles: the objects, and the listing to all but them and ``listing_roles``.

    A role's ARN stands in ``aws:PrincipalArn`` however the session is called. AWS' own services are left to their roles and statements;
    lifecycle rules ask no policy. The bucket's settings are not touched, so that nobody shuts out the automation that keeps them.
    """
    arn = f"arn:aws:s3:::{bucket}"

    def refuse(sid: str, actions: list[Json], resource: str, allowed: Sequence[str]) -> Statement:
        strangers: dict[str, Json] = {
            "ArnNotLike": {"aws:PrincipalArn": list[Json](allowed)},
            "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
        }
        if tags:
            strangers["StringNotEquals"] = {f"aws:PrincipalTag/{tag}": value for tag, value in tags.items()}
        return {
            "Sid": sid,
            "Effect": "Deny",
            "Principal": "*",
            "Action": actions,
            "Resource": resource,
            "Condition": strangers,
        }

    return [
        refuse("ObjectsForTheirRolesOnly", OBJECTS, f"{arn}/*", roles),
        refuse("ListingForTheirRolesOnly", LISTING, arn, [*roles, *listing_roles]),
    ]


def kms_only(bucket: str) -> Statement:
    """Refuses uploads that ask for another encryption than KMS; those that ask for none get the bucket's key."""
    return {
        "Sid": "RefuseOtherEncryption",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{bucket}/*",
        "Condition": {
            "StringNotEquals": {"s3:x-amz-server-side-encryption": "aws:kms"},
            "Null": {"s3:x-amz-server-side-encryption": "false"},
        },
    }


def log_delivery(bucket: str, account: str) -> Statement:
    """Lets S3 put access logs and inventories of the account's buckets here (S3 user guide, server access logging and inventory, read 2026-11)."""
    return {
        "Sid": "S3Delivers",
        "Effect": "Allow",
        "Principal": {"Service": ["logging.s3.amazonaws.com", "s3.amazonaws.com"]},
        "Action": "s3:PutObject",
        "Resource": [f"arn:aws:s3:::{bucket}/access/*", f"arn:aws:s3:::{bucket}/inventory/*"],
        "Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:s3:::*"}, "StringEquals": {"aws:SourceAccount": account}},
    }
