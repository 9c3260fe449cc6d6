"""Who may do what in the estate's accounts: deploy, preview, administer, support, audit, restore, emergencies and partners, each a role of its own.

Reading is left to AWS's own read-only policies, which follow new services; everything that changes something is listed here, and only for
resources of the one account. Who may take a role on is said in `odoo_estate.decide.trusts`.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace

from odoo_estate.decide import trusts
from odoo_estate.decide.boundary import KINDS, boundary_arn
from odoo_estate.decide.context import Context
from odoo_estate.decide.naming import name
from odoo_estate.decide.tags import MANAGED_BY
from odoo_estate.errors import Refused
from odoo_estate.plan import Json, RolePlan

Statement = Mapping[str, Json]

VIEW_ONLY = "arn:aws:iam::aws:policy/job-function/ViewOnlyAccess"
"""Lists and describes, but reads no data: no objects, no secrets, no parameters."""
SECURITY_AUDIT = "arn:aws:iam::aws:policy/SecurityAudit"
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
MINUTE = 60
BACKUP_TRUST: Statement = {
    "Effect": "Allow",
    "Principal": {"Service": "backup.amazonaws.com"},
    "Action": "sts:AssumeRole",
}
TRUST_LIMIT = 2048
"""Characters of a trust policy, without spaces (IAM quotas, read 2026-11)."""
BACKUP_POLICIES = (
    "arn:aws:iam::aws:policy/service-role/AWSBackupServiceRolePolicyForBackup",
    "arn:aws:iam::aws:policy/AWSBackupServiceRolePolicyForS3Backup",
)
ATTACHED: tuple[Json, ...] = (
    *BACKUP_POLICIES,
    "arn:aws:iam::aws:policy/AWSBackupServiceRolePolicyForS3Restore",
    "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPullOnly",
    "arn:aws:iam::aws:policy/AmazonEKSClusterPolicy",
    "arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy",
    "arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy",
    "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore",
    "arn:aws:iam::aws:policy/service-role/AWSBackupServiceRolePolicyForRestores",
    "arn:aws:iam::aws:policy/service-role/AmazonEBSCSIDriverPolicy",
    "arn:aws:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole",
)
"""AWS's policies that stacks attach to roles of theirs; the deploy role attaches no others."""

# What the components make and change, by service. Deleting is part of it: what must stay is protected by deletion protection, vault locks and
# the organisation's control policies, not by hoping that nobody asks.
DEPLOYED: Mapping[str, Sequence[str]] = {
    "acm": (
        "AddTagsToCertificate",
        "DeleteCertificate",
        "DescribeCertificate",
        "ListTagsForCertificate",
        "RemoveTagsFromCertificate",
    ),
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
    "elasticloadbalancing": (
        "AddListenerCertificates",
        "AddTags",
        "Create*",
        "Delete*",
        "Modify*",
        "RemoveListenerCertificates",
        "RemoveTags",
        "Set*",
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
    "route53resolver": (
        "Associate*",
        "Create*",
        "Delete*",
        "Disassociate*",
        "Get*",
        "List*",
        "TagResource",
        "UntagResource",
        "Update*",
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
    "wafv2": (
        "AssociateWebACL",
        "CreateWebACL",
        "DeleteLoggingConfiguration",
        "DeleteWebACL",
        "DisassociateWebACL",
        "Get*",
        "List*",
        "PutLoggingConfiguration",
        "TagResource",
        "UntagResource",
        "UpdateWebACL",
    ),
}
ADMINISTRATIVE = ("admin", "auditor", "break-glass", "deploy", "organisation-backup", "preview", "restore", "support")
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


def account_roles(context: Context, key: str) -> dict[str, RolePlan]:
    """The roles of one account that workloads run in, by purpose.

    Raises:
        Refused: more approvals of support at the same time than a trust policy holds.
    """
    estate, account = context.estate.estate, context.estate.accounts[key]
    access = context.catalog.access
    own_roles = f"arn:aws:iam::{account}:role/{estate}-*"
    people = (trusts.people(context, account),)
    changes = (*_deployments(account), *_identities(estate, account, own_roles), *_global_services(account))

    def role(purpose: str, description: str, trust: Sequence[Statement], minutes: int = 60, of: str = "") -> RolePlan:
        return RolePlan(
            name=name("iam-role", estate, purpose, of) if of else name("iam-role", estate, purpose),
            description=description,
            trust=tuple(trust),
            max_session_seconds=minutes * MINUTE,
        )

    def may(plan: RolePlan, *statements: Statement, managed: tuple[str, ...] = ()) -> RolePlan:
        return replace(plan, statements=statements, managed_policies=managed)

    automation = {one: (trusts.automation(context, one),) for one in ("deploy", "preview")}
    found = {
        "deploy": may(
            role("deploy", "Brings stacks up and down", automation["deploy"], access.deploy_minutes),
            *changes,
            managed=(VIEW_ONLY,),
        ),
        "preview": may(
            role("preview", "Compares stacks with what exists; changes nothing", automation["preview"]),
            managed=(VIEW_ONLY, SECURITY_AUDIT),
        ),
        "admin": may(
            role("admin", "Does by hand what automation may do", people, access.people_minutes),
            *changes,
            managed=(VIEW_ONLY,),
        ),
        "support": may(
            role(
                "support",
                "Looks at running systems and their logs while an approval is open",
                _support_trust(context, key, account),
                access.support_minutes,
            ),
            *_observation(estate, account),
            managed=(VIEW_ONLY,),
        ),
        "auditor": may(
            role("auditor", "Reads configuration and evidence, no data of tenants", people, access.people_minutes),
            managed=(SECURITY_AUDIT, VIEW_ONLY),
        ),
        "restore": may(
            role("restore", "Restores from recovery points and dumps; can delete none", people),
            *_restores(account, own_roles),
            *_dumps(estate, account),
            managed=(VIEW_ONLY,),
        ),
        "break-glass": may(
            role(
                "break-glass",
                "Everything, when nothing else helps; each use rings an alarm",
                (trusts.people(context, account, emergency=True),),
                access.break_glass_minutes,
            ),
            managed=(ADMINISTRATOR,),
        ),
    }
    if context.estate.mode == "organisation" and context.catalog.governance.backup_fallback_days:
        found["organisation-backup"] = may(
            role(
                "organisation-backup",
                "Backs up what the organisation's own backup policy selects",
                (BACKUP_TRUST,),
            ),
            managed=BACKUP_POLICIES,
        )
    for partner in _partners(context, key):
        found[f"partner-{partner}"] = may(
            role(
                "partner",
                f"Sees the clusters and logs of the tenants of {partner}",
                (trusts.people(context, account, partner=partner),),
                access.people_minutes,
                of=partner,
            ),
            *_partner(estate, account, partner),
        )
    return found


def ci_roles(context: Context) -> dict[str, RolePlan]:
    """What the CI system's jobs sign in to: nothing but the way on to the role of their purpose in an account of the estate."""
    estate, automation = context.estate, context.estate.automation
    found = {}
    for purpose in ("deploy", "preview"):
        subjects = getattr(automation, purpose) if automation else ()
        roles = [name("iam-role", estate.estate, purpose)]
        if purpose == "deploy" and estate.deploy_role:
            roles.append(estate.deploy_role)
        found[f"ci-{purpose}"] = RolePlan(
            name=trusts.ci_role(estate.estate, purpose),
            description=f"Jobs that {purpose}: goes on to that role in each account",
            trust=(trusts.ci_job(context, subjects),),
            statements=(
                {
                    "Effect": "Allow",
                    "Action": ["sts:AssumeRole", "sts:TagSession"],
                    "Resource": [
                        f"arn:aws:iam::{account}:role/{one}"
                        for account in sorted(set(estate.accounts.values()))
                        for one in dict.fromkeys(roles)
                    ],
                },
            ),
            max_session_seconds=context.catalog.access.deploy_minutes * MINUTE,
        )
    return found


def _support_trust(context: Context, key: str, account: str) -> tuple[Statement, ...]:
    trust = trusts.support(context, account, key)
    length = len(
        json.dumps({"Version": "2012-10-17", "Statement": [dict(one) for one in trust]}, separators=(",", ":"))
    )
    if length > TRUST_LIMIT:
        raise Refused(
            f"{len(trust)} approvals of support for {key} that are apart make a trust policy of {length} characters",
            document="estate",
            field=("support_access",),
            allowed=(f"at most {TRUST_LIMIT} characters, about three approvals whose days do not touch",),
            remedy="let approvals touch, or leave out those that can wait",
        )
    return trust


def _partners(context: Context, key: str) -> list[str]:
    """All partners where a shared cell is, whoever's tenants it holds today; in accounts that lie apart, only whose they are."""
    kind, _, owner = key.partition("-")
    if kind in ("partner", "customer"):
        own = {owner} if kind == "partner" else {context.customers[owner].partner}
        return sorted(one for one in context.estate.partners if one in own)
    shared = any(one.account == key and one.tenancy == "shared" for one in context.estate.cells.values())
    return sorted(context.estate.partners) if shared else []


def _observation(estate: str, account: str) -> list[Statement]:
    return [
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
    ]


def _partner(estate: str, account: str, partner: str) -> list[Statement]:
    """The way into the cluster, where its group is bound to its own namespaces, and what carries its tag. What it may change it changes in its
    contracts."""
    own: dict[str, Json] = {"StringEquals": {"aws:ResourceTag/partner": partner}}
    return [
        {
            "Effect": "Allow",
            "Action": ["eks:DescribeCluster"],
            "Resource": f"arn:aws:eks:*:{account}:cluster/{estate}-*",
        },
        {
            "Effect": "Allow",
            "Action": ["logs:FilterLogEvents", "logs:GetLogEvents", "logs:StartQuery"],
            "Resource": f"arn:aws:logs:*:{account}:log-group:*",
            "Condition": own,
        },
        {
            "Effect": "Allow",
            "Action": ["cloudwatch:DescribeAlarmHistory", "cloudwatch:DescribeAlarms"],
            "Resource": f"arn:aws:cloudwatch:*:{account}:alarm:*",
            "Condition": own,
        },
    ]


def _restores(account: str, own_roles: str) -> list[Statement]:
    return [
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
    ]


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
        if service == "wafv2":  # a firewall is tied to a load balancer
            resource = [resource, f"arn:aws:elasticloadbalancing:*:{account}:loadbalancer/app/*"]
        if service == "ec2":  # images belong to AWS, and instances start from them
            resource = [resource, "arn:aws:ec2:*::image/*"]
        allowed: list[Json] = [f"{service}:{action}" for action in actions]
        statement: dict[str, Json] = {"Effect": "Allow", "Action": allowed, "Resource": resource}
        if service == "s3":
            statement["Condition"] = {"StringEquals": {"aws:ResourceAccount": account}}
        statements.append(statement)
    return statements


def _identities(estate: str, account: str, own_roles: str) -> list[Statement]:
    bounded: dict[str, Json] = {"iam:PermissionsBoundary": [boundary_arn(estate, account, kind) for kind in KINDS]}
    return [
        {
            # Only roles with one of the two boundaries are made, and only they are given anything.
            "Effect": "Allow",
            "Action": [
                "iam:CreateRole",
                "iam:DeleteRolePolicy",
                "iam:PutRolePermissionsBoundary",
                "iam:PutRolePolicy",
            ],
            "Resource": own_roles,
            "Condition": {"StringEquals": bounded},
        },
        {
            "Effect": "Allow",
            "Action": ["iam:AttachRolePolicy", "iam:DetachRolePolicy"],
            "Resource": own_roles,
            "Condition": {"StringEquals": bounded, "ArnEquals": {"iam:PolicyARN": list(ATTACHED)}},
        },
        {
            "Effect": "Allow",
            "Action": [
                "iam:DeleteRole",
                "iam:GetRole",
                "iam:GetRolePolicy",
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
                "iam:PutRolePermissionsBoundary",
                "iam:PutRolePolicy",
                "iam:TagRole",
                "iam:UntagRole",
                "iam:UpdateAssumeRolePolicy",
                "iam:UpdateRole",
            ],
            "Resource": [
                f"arn:aws:iam::{account}:role/{one}"
                for one in (
                    *(name("iam-role", estate, key) for key in ADMINISTRATIVE),
                    f"{estate}-ci-*",
                    f"{estate}-partner-*",
                )
            ],
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
            "Action": ["acm:RequestCertificate", "kms:CreateKey"],
            "Resource": "*",
            "Condition": {"StringEquals": {"aws:RequestTag/managed-by": MANAGED_BY}},
        },
        {
            # Route 53 takes tags only for what is there.
            "Effect": "Allow",
            "Action": ["route53:CreateHealthCheck", "route53:CreateHostedZone"],
            "Resource": "*",
            "Condition": {"StringEqualsIfExists": {"aws:ResourceAccount": account}},
        },
    ]
