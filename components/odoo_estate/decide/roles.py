"""Who may do what in the estate's accounts: deploy, preview, support, audit and restore, each a role of its own.

Reading is left to AWS's own read-only policies, which follow new services; everything that changes something is listed here, and only for
resources of the one account. People come in with a second factor; machines name the estate (external id).
"""

from collections.abc import Mapping, Sequence

from odoo_estate.decide.naming import name
from odoo_estate.plan import Json, RolePlan

Statement = Mapping[str, Json]

VIEW_ONLY = "arn:aws:iam::aws:policy/job-function/ViewOnlyAccess"
"""Lists and describes, but reads no data: no objects, no secrets, no parameters."""
SECURITY_AUDIT = "arn:aws:iam::aws:policy/SecurityAudit"
HOURS = 3600

# What the components make and change, by service. Deleting is part of it: what must stay is protected by deletion protection, vault locks and
# the organisation's control policies, not by hoping that nobody asks.
DEPLOYED: Mapping[str, Sequence[str]] = {
    "autoscaling": ("CreateOrUpdateTags", "DeleteTags"),
    "backup": (
        "Create*",
        "Delete*",
        "Get*",
        "List*",
        "Put*",
        "Start*",
        "Stop*",
        "TagResource",
        "UntagResource",
        "Update*",
    ),
    "budgets": ("ModifyBudget", "TagResource", "UntagResource", "ViewBudget"),
    "cloudtrail": (
        "AddTags",
        "CreateTrail",
        "Get*",
        "List*",
        "PutEventSelectors",
        "RemoveTags",
        "StartLogging",
        "UpdateTrail",
    ),
    "cloudwatch": ("DeleteAlarms", "ListTagsForResource", "PutMetricAlarm", "TagResource", "UntagResource"),
    "ec2": (
        "Allocate*",
        "Associate*",
        "Attach*",
        "AuthorizeSecurityGroup*",
        "Create*",
        "Delete*",
        "Detach*",
        "Disassociate*",
        "Modify*",
        "Release*",
        "Replace*",
        "RevokeSecurityGroup*",
        "RunInstances",
        "TerminateInstances",
    ),
    "ecr": (
        "CreateRepository",
        "DeleteRepository",
        "Get*",
        "List*",
        "Put*",
        "SetRepositoryPolicy",
        "TagResource",
        "UntagResource",
    ),
    "eks": (
        "Associate*",
        "Create*",
        "Delete*",
        "Describe*",
        "Disassociate*",
        "List*",
        "TagResource",
        "UntagResource",
        "Update*",
    ),
    "elasticache": (
        "AddTagsToResource",
        "Create*",
        "Delete*",
        "ListTagsForResource",
        "Modify*",
        "RemoveTagsFromResource",
    ),
    "events": (
        "DeleteRule",
        "DescribeRule",
        "ListTagsForResource",
        "ListTargetsByRule",
        "PutRule",
        "PutTargets",
        "RemoveTargets",
        "TagResource",
        "UntagResource",
    ),
    "kms": (
        "CreateAlias",
        "CreateGrant",
        "DeleteAlias",
        "DescribeKey",
        "Disable*",
        "Enable*",
        "Encrypt",
        "GenerateDataKey*",
        "Get*",
        "List*",
        "PutKeyPolicy",
        "ReplicateKey",
        "ScheduleKeyDeletion",
        "TagResource",
        "UntagResource",
        "Update*",
    ),
    "logs": (
        "CreateLogGroup",
        "DeleteLogGroup",
        "ListTagsForResource",
        "PutRetentionPolicy",
        "AssociateKmsKey",
        "TagResource",
        "UntagResource",
    ),
    "rds": (
        "AddTagsToResource",
        "Create*",
        "Delete*",
        "ListTagsForResource",
        "Modify*",
        "RebootDBInstance",
        "RemoveTagsFromResource",
        "Start*",
        "SwitchoverBlueGreenDeployment",
    ),
    "s3": (
        "CreateBucket",
        "DeleteBucket",
        "DeleteBucketPolicy",
        "GetBucket*",
        "Get*Configuration",
        "ListBucket",
        "PutBucket*",
        "Put*Configuration",
    ),
    "secretsmanager": (
        "CreateSecret",
        "DeleteSecret",
        "DescribeSecret",
        "GetResourcePolicy",
        "PutSecretValue",
        "TagResource",
        "UntagResource",
        "UpdateSecret",
    ),
    "sns": (
        "CreateTopic",
        "DeleteTopic",
        "Get*",
        "List*",
        "SetTopicAttributes",
        "Subscribe",
        "TagResource",
        "Unsubscribe",
        "UntagResource",
    ),
}
ADMINISTRATIVE = ("auditor", "break-glass", "deploy", "preview", "restore", "support")
"""Roles that are changed with the landing zone by its own automation, never by the deploy role that they stand beside."""
GLOBAL = ("budgets",)
"""Services whose ARNs carry no region."""
PASSED_TO = (
    "backup.amazonaws.com",
    "ec2.amazonaws.com",
    "eks.amazonaws.com",
    "monitoring.rds.amazonaws.com",
    "pods.eks.amazonaws.com",
    "s3.amazonaws.com",
    "vpc-flow-logs.amazonaws.com",
)


def machine_trust(estate: str, account: str) -> Statement:
    """Automation of ``account`` that names the estate."""
    return {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"sts:ExternalId": estate}},
    }


def human_trust(account: str) -> Statement:
    """People who signed in to ``account`` with a second factor."""
    return {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
        "Action": "sts:AssumeRole",
        "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}},
    }


def account_roles(estate: str, account: str, trusted: str) -> dict[str, RolePlan]:
    """The roles of one account that workloads run in; ``trusted`` is the account where people and automation sign in."""
    own_roles = f"arn:aws:iam::{account}:role/{estate}-*"
    return {
        "deploy": RolePlan(
            name=name("iam-role", estate, "deploy"),
            description="Brings stacks up and down",
            trust=(machine_trust(estate, trusted),),
            statements=(
                *_deployments(account),
                *_identities(account, own_roles, [name("iam-role", estate, key) for key in ADMINISTRATIVE]),
                *_global_services(account),
            ),
            managed_policies=(VIEW_ONLY,),
            max_session_seconds=2 * HOURS,
        ),
        "preview": RolePlan(
            name=name("iam-role", estate, "preview"),
            description="Compares stacks with what exists; changes nothing",
            trust=(machine_trust(estate, trusted),),
            managed_policies=(VIEW_ONLY, SECURITY_AUDIT),
        ),
        "support": RolePlan(
            name=name("iam-role", estate, "support"),
            description="Looks at running systems and their logs, one hour at a time",
            trust=(human_trust(trusted),),
            statements=(
                {
                    "Effect": "Allow",
                    "Action": ["logs:FilterLogEvents", "logs:GetLogEvents", "logs:StartQuery"],
                    "Resource": f"arn:aws:logs:*:{account}:log-group:*",
                },
                {
                    "Effect": "Allow",
                    "Action": ["eks:AccessKubernetesApi", "eks:DescribeCluster"],
                    "Resource": f"arn:aws:eks:*:{account}:cluster/{estate}-*",
                },
            ),
            managed_policies=(VIEW_ONLY,),
        ),
        "auditor": RolePlan(
            name=name("iam-role", estate, "auditor"),
            description="Reads configuration and evidence, no data of tenants",
            trust=(human_trust(trusted),),
            managed_policies=(SECURITY_AUDIT, VIEW_ONLY),
        ),
        "restore": RolePlan(
            name=name("iam-role", estate, "restore"),
            description="Restores from recovery points and dumps; can delete none",
            trust=(human_trust(trusted),),
            statements=(
                {
                    "Effect": "Allow",
                    "Action": [
                        "backup:DescribeRecoveryPoint",
                        "backup:GetRecoveryPointRestoreMetadata",
                        "backup:StartCopyJob",
                        "backup:StartRestoreJob",
                    ],
                    "Resource": [
                        f"arn:aws:backup:*:{account}:backup-vault:*",
                        f"arn:aws:backup:*:{account}:recovery-point:*",
                        f"arn:aws:rds:*:{account}:snapshot:*",
                    ],
                },
                {
                    "Effect": "Allow",
                    "Action": ["iam:PassRole"],
                    "Resource": own_roles,
                    "Condition": {"StringEquals": {"iam:PassedToService": "backup.amazonaws.com"}},
                },
                *_dumps(estate, account),
            ),
            managed_policies=(VIEW_ONLY,),
        ),
    }


def _dumps(estate: str, account: str) -> list[Statement]:
    """Reading and opening dumps and their copies, in any region: where a region is lost, its jobs are too."""
    keys = f"arn:aws:kms:*:{account}:key/*"
    return [
        {
            "Effect": "Allow",
            "Action": ["s3:GetObject", "s3:GetObjectVersion"],
            "Resource": f"arn:aws:s3:::{estate}-*/logical/*",
        },
        {
            "Effect": "Allow",
            "Action": ["kms:Decrypt"],
            "Resource": keys,
            "Condition": {"StringLike": {"kms:ViaService": "s3.*.amazonaws.com"}},
        },
        {
            # What else is encrypted has no tenant in its context.
            "Effect": "Allow",
            "Action": ["kms:Decrypt"],
            "Resource": keys,
            "Condition": {"Bool": {"kms:MultiRegion": "true"}, "Null": {"kms:EncryptionContext:tenant": "false"}},
        },
    ]


def _deployments(account: str) -> list[Statement]:
    statements: list[Statement] = []
    for service, actions in DEPLOYED.items():
        resource: Json = f"arn:aws:{service}:{'' if service in GLOBAL else '*'}:{account}:*"
        if service == "s3":
            resource = "arn:aws:s3:::*"
        allowed: list[Json] = [f"{service}:{action}" for action in actions]
        statement: dict[str, Json] = {"Effect": "Allow", "Action": allowed, "Resource": resource}
        if service == "s3":
            statement["Condition"] = {"StringEquals": {"aws:ResourceAccount": account}}
        statements.append(statement)
    return statements


def _identities(account: str, own_roles: str, administrative: Sequence[str]) -> list[Statement]:
    return [
        {
            "Effect": "Allow",
            "Action": [
                "iam:AttachRolePolicy",
                "iam:CreateRole",
                "iam:DeleteRole",
                "iam:DeleteRolePolicy",
                "iam:DetachRolePolicy",
                "iam:GetRole",
                "iam:GetRolePolicy",
                "iam:PutRolePermissionsBoundary",
                "iam:PutRolePolicy",
                "iam:TagRole",
                "iam:UntagRole",
                "iam:UpdateAssumeRolePolicy",
                "iam:UpdateRole",
            ],
            "Resource": own_roles,
        },
        {
            "Effect": "Allow",
            "Action": ["iam:PassRole"],
            "Resource": own_roles,
            "Condition": {"StringEquals": {"iam:PassedToService": list(PASSED_TO)}},
        },
        {
            "Effect": "Allow",
            "Action": ["iam:CreateServiceLinkedRole"],
            "Resource": f"arn:aws:iam::{account}:role/aws-service-role/*",
        },
        {
            # Whoever may change these could give itself everything.
            "Effect": "Deny",
            "Action": [
                "iam:AttachRolePolicy",
                "iam:DeleteRole",
                "iam:DetachRolePolicy",
                "iam:PutRolePolicy",
                "iam:UpdateAssumeRolePolicy",
            ],
            "Resource": [f"arn:aws:iam::{account}:role/{one}" for one in administrative],
        },
    ]


def _global_services(account: str) -> list[Statement]:
    """Services whose resources cannot be named before they exist."""
    return [
        {
            "Effect": "Allow",
            "Action": [
                "route53:ChangeResourceRecordSets",
                "route53:ChangeTagsForResource",
                "route53:DeleteHealthCheck",
                "route53:DeleteHostedZone",
                "route53:GetChange",
                "route53:GetHostedZone",
                "route53:ListResourceRecordSets",
                "route53:UpdateHealthCheck",
            ],
            "Resource": [
                "arn:aws:route53:::change/*",
                "arn:aws:route53:::healthcheck/*",
                "arn:aws:route53:::hostedzone/*",
            ],
        },
        {
            "Effect": "Allow",
            "Action": ["kms:CreateKey", "route53:CreateHealthCheck", "route53:CreateHostedZone"],
            "Resource": "*",
            "Condition": {"StringEquals": {"aws:ResourceAccount": account}},
        },
    ]
