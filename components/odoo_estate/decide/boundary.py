"""The most that a role made by a stack may ever do, whatever its own policies say: one boundary for tenants' roles, one for cells'.

The deploy role makes no role without one of the two, so whoever gets hold of it can give away no more than they hold: no identities, no
organisation, no audit trail, nothing of another account.
"""

from collections.abc import Mapping

from odoo_estate.decide.naming import name
from odoo_estate.plan import Json, ManagedPolicyPlan

Statement = Mapping[str, Json]
KINDS = ("tenant", "cell")
LIMIT = 6144
"""Characters of a managed policy, without spaces (IAM quotas, read 2026-11)."""


def boundary_arn(estate: str, account: str, kind: str) -> str:
    """The boundary of roles that stacks of this kind make: ``tenant``, else the cell's."""
    which = "tenant" if kind == "tenant" else "cell"
    return f"arn:aws:iam::{account}:policy/{_name(estate, which)}"


def boundaries(estate: str, account: str, backup_account: str) -> dict[str, ManagedPolicyPlan]:
    """Both boundaries of one account, by kind; recovery points are copied into ``backup_account``."""
    return {
        "tenant": ManagedPolicyPlan(
            name=_name(estate, "tenant"),
            description="The most that a role of a tenant may do",
            statements=(*_tenant(estate, account), _metrics(estate)),
        ),
        "cell": ManagedPolicyPlan(
            name=_name(estate, "cell"),
            description="The most that a role of a cell, its platform or its recovery region may do",
            statements=(*_tenant(estate, account), *_cell(estate, account, backup_account), _metrics(estate)),
        ),
    }


def _name(estate: str, kind: str) -> str:
    return name("iam-policy", estate, kind, "boundary")


def _allow(actions: list[Json], resource: Json, condition: Mapping[str, Json] | None = None) -> Statement:
    return {
        "Effect": "Allow",
        "Action": actions,
        "Resource": resource,
        **({"Condition": dict(condition)} if condition else {}),
    }


def _metrics(estate: str) -> Statement:
    return _allow(["cloudwatch:PutMetricData"], "*", {"StringLike": {"cloudwatch:namespace": f"{estate}/*"}})


def _tenant(estate: str, account: str) -> tuple[Statement, ...]:
    """Objects of the estate's buckets, its secrets, use of keys, logins to databases, and the log group of RDS' monitoring."""
    own: Mapping[str, Json] = {"StringEquals": {"aws:ResourceAccount": account}}
    return (
        _allow(
            [
                "s3:AbortMultipartUpload",
                "s3:DeleteObject",
                "s3:GetObject*",
                "s3:ListBucket*",
                "s3:PutObject",
                "s3:PutObjectRetention",
            ],
            [f"arn:aws:s3:::{estate}-*", f"arn:aws:s3:::{estate}-*/*"],
            own,
        ),
        _allow(["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"], f"arn:aws:kms:*:{account}:key/*"),
        _allow(
            ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"],
            [
                f"arn:aws:secretsmanager:*:{account}:secret:{estate}/*",
                f"arn:aws:secretsmanager:*:{account}:secret:rds!db-*",
            ],
        ),
        _allow(["rds-db:connect"], f"arn:aws:rds-db:*:{account}:dbuser:*"),
        _allow(
            [
                "logs:CreateLogGroup",
                "logs:CreateLogStream",
                "logs:DescribeLogStreams",
                "logs:GetLogEvents",
                "logs:PutLogEvents",
                "logs:PutRetentionPolicy",
            ],
            f"arn:aws:logs:*:{account}:log-group:*",
        ),
    )


def _cell(estate: str, account: str, backup_account: str) -> tuple[Statement, ...]:
    """What nodes, controllers and AWS's own service roles need on top; AWS's managed policies change, so whole services, of the own account
    only. Where an action has no resource, there is no account to ask for."""
    own: Mapping[str, Json] = {"StringEqualsIfExists": {"aws:ResourceAccount": account}}
    services: list[Json] = [
        f"{service}:*"
        for service in (
            "autoscaling",
            "backup",
            "backup-storage",
            "cloudwatch",
            "ec2",
            "ec2messages",
            "eks",
            "eks-auth",
            "elasticache",
            "elasticloadbalancing",
            "events",
            "rds",
            "ssm",
            "ssmmessages",
            "tag",
        )
    ]
    return (
        _allow(services, "*", own),
        # AWS's own images (network, proxy, storage drivers) lie in accounts of AWS.
        _allow(
            [
                "ecr:BatchCheckLayerAvailability",
                "ecr:BatchGetImage",
                "ecr:GetAuthorizationToken",
                "ecr:GetDownloadUrlForLayer",
            ],
            "*",
        ),
        # The first pull through a cache of the estate's registry, which may be another account's.
        _allow(["ecr:BatchImportUpstreamImage", "ecr:CreateRepository"], "arn:aws:ecr:*:*:repository/*"),
        _allow(
            ["s3:Get*", "s3:ListAllMyBuckets", "s3:ListBucket*", "s3:Put*", "s3:Replicate*"],
            [f"arn:aws:s3:::{estate}-*", f"arn:aws:s3:::{estate}-*/*"],
            own,
        ),
        _allow(
            ["kms:CreateGrant", "kms:DescribeKey", "kms:GenerateDataKey*", "kms:ListGrants", "kms:ReEncrypt*"],
            "arn:aws:kms:*:*:key/*",
            {"StringEquals": {"aws:ResourceAccount": [account, backup_account]}},
        ),
        _allow(
            ["backup:CopyIntoBackupVault", "backup:DescribeBackupVault"],
            f"arn:aws:backup:*:{backup_account}:backup-vault:{estate}-*",
        ),
        _allow(
            ["sts:AssumeRole", "sts:SetSourceIdentity", "sts:TagSession"], f"arn:aws:iam::{account}:role/{estate}-*"
        ),
        _allow(
            ["route53:ChangeResourceRecordSets", "route53:GetChange", "route53:ListResourceRecordSets"],
            ["arn:aws:route53:::change/*", "arn:aws:route53:::hostedzone/*"],
        ),
        _allow(["route53:ListHostedZones", "route53:ListHostedZonesByName"], "*"),
        _allow(
            ["iam:PassRole"],
            f"arn:aws:iam::{account}:role/{estate}-*",
            {"StringEquals": {"iam:PassedToService": ["backup.amazonaws.com", "ec2.amazonaws.com"]}},
        ),
        _allow(["iam:CreateServiceLinkedRole"], f"arn:aws:iam::{account}:role/aws-service-role/*"),
    )
