"""Key policies as plain data: who administers a key, who may use it, and what each AWS service needs.

Service statements follow the services' own documentation of encryption with customer managed keys (read November 2026).
"""

from collections.abc import Callable, Mapping, Sequence

from odoo_estate.aws.policy import Statement
from odoo_estate.plan import AwsTarget, Json

ADMINISTER: list[Json] = [
    "kms:Create*",
    "kms:Describe*",
    "kms:Enable*",
    "kms:List*",
    "kms:Put*",
    "kms:Update*",
    "kms:Revoke*",
    "kms:Disable*",
    "kms:Get*",
    "kms:Delete*",
    "kms:RotateKeyOnDemand",
    "kms:ScheduleKeyDeletion",
    "kms:CancelKeyDeletion",
    "kms:TagResource",
    "kms:UntagResource",
]
USE: list[Json] = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"]
PUBLISH: list[Json] = ["kms:GenerateDataKey*", "kms:Decrypt"]


def key_statements(
    target: AwsTarget, services: Sequence[str], accounts: Sequence[str] = (), replica_region: str = ""
) -> tuple[Statement, ...]:
    """The key policy of a key in ``target``: the account administers and, through its IAM policies, uses it; ``services`` use it within
    their conditions; ``accounts`` are other accounts that may encrypt with it (backup copies); it may be replicated into ``replica_region``
    and nowhere else. Raises KeyError for an unknown service."""
    return (
        {
            "Sid": "AccountAdministers",
            "Effect": "Allow",
            "Principal": {"AWS": _root(target.account)},
            "Action": ADMINISTER,
            "Resource": "*",
        },
        *([_replicate(target, replica_region)] if replica_region else []),
        *_use("Account", (target.account,)),
        *(_use("OtherAccounts", accounts, only_roles_of(accounts)) if accounts else ()),
        *(SERVICES[service](target) for service in services),
        *([_autoscaling_grants(target)] if "autoscaling" in services else []),
    )


def signing_statements(account: str) -> tuple[Statement, ...]:
    """The policy of a key that signs the account's DNS zones: Route 53 signs with it, the account administers it and does not."""
    source: dict[str, Json] = {
        "StringEquals": {"aws:SourceAccount": account},
        "ArnLike": {"aws:SourceArn": "arn:aws:route53:::hostedzone/*"},
    }
    return (
        {
            "Sid": "AccountAdministers",
            "Effect": "Allow",
            "Principal": {"AWS": _root(account)},
            "Action": ADMINISTER,
            "Resource": "*",
        },
        _service("dnssec-route53.amazonaws.com", ["kms:DescribeKey", "kms:GetPublicKey", "kms:Sign"], source),
        {
            **_service(
                "dnssec-route53.amazonaws.com", ["kms:CreateGrant"], {"Bool": {"kms:GrantIsForAWSResource": "true"}}
            ),
            "Sid": "ServiceDnssecRoute53Grants",
        },
    )


def only_roles_of(accounts: Sequence[str]) -> dict[str, Json]:
    """Of other accounts only roles: no root user, no user, whatever those accounts allow them."""
    return {"ArnLike": {"aws:PrincipalArn": [f"arn:aws:iam::{account}:role/*" for account in accounts]}}


def _root(account: str) -> str:
    return f"arn:aws:iam::{account}:root"


def _replicate(target: AwsTarget, region: str) -> Statement:
    return {
        "Sid": "AccountReplicates",
        "Effect": "Allow",
        "Principal": {"AWS": _root(target.account)},
        "Action": "kms:ReplicateKey",
        "Resource": "*",
        "Condition": {"StringEquals": {"kms:ReplicaRegion": region}},
    }


def _use(
    name: str, accounts: Sequence[str], condition: Mapping[str, Json] | None = None
) -> tuple[Statement, Statement]:
    principal: Json = {"AWS": [_root(account) for account in accounts]}
    use: dict[str, Json] = {
        "Sid": f"{name}Use",
        "Effect": "Allow",
        "Principal": principal,
        "Action": USE,
        "Resource": "*",
    }
    return (
        {**use, "Condition": dict(condition)} if condition else use,
        {
            "Sid": f"{name}GrantToServices",
            "Effect": "Allow",
            "Principal": principal,
            "Action": ["kms:CreateGrant", "kms:ListGrants", "kms:RevokeGrant"],
            "Resource": "*",
            "Condition": {"Bool": {"kms:GrantIsForAWSResource": "true"}},
        },
    )


def _service(principal: str, actions: list[Json], condition: dict[str, Json]) -> Statement:
    sid = "".join(part.capitalize() for part in principal.removesuffix(".amazonaws.com").replace("-", ".").split("."))
    return {
        "Sid": f"Service{sid}",
        "Effect": "Allow",
        "Principal": {"Service": principal},
        "Action": actions,
        "Resource": "*",
        "Condition": condition,
    }


def _logs(target: AwsTarget) -> Statement:
    return _service(
        f"logs.{target.region}.amazonaws.com",
        ["kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"],
        {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": target.arn("logs", "*")}},
    )


def _cloudtrail(_target: AwsTarget) -> Statement:
    # The trail's account may be another than the key's (organisation trail), so the context names no account.
    return _service(
        "cloudtrail.amazonaws.com",
        ["kms:GenerateDataKey*", "kms:DescribeKey"],
        {"StringLike": {"kms:EncryptionContext:aws:cloudtrail:arn": "arn:aws:cloudtrail:*:*:trail/*"}},
    )


def _log_delivery(target: AwsTarget) -> Statement:
    return _service("delivery.logs.amazonaws.com", USE, {"StringEquals": {"aws:SourceAccount": target.account}})


def _publisher(service: str) -> Callable[[AwsTarget], Statement]:
    def statement(target: AwsTarget) -> Statement:
        source: dict[str, Json] = {"StringEquals": {"aws:SourceAccount": target.account}}
        return _service(f"{service}.amazonaws.com", PUBLISH, source)

    return statement


def _autoscaling(target: AwsTarget) -> Statement:
    """Node groups launch instances through this role; without it the instances die while starting.

    Named in a condition, not as the principal: KMS refuses a policy with a role that does not exist, and in a fresh account AWS makes this one
    only with the first node group.
    """
    return {
        "Sid": "ServiceAutoscaling",
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": USE,
        "Resource": "*",
        "Condition": {"StringEquals": _autoscaling_role(target)},
    }


def _autoscaling_grants(target: AwsTarget) -> Statement:
    """For volumes that EC2 attaches in the role's name, and for nobody else."""
    return {
        "Sid": "ServiceAutoscalingGrants",
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": ["kms:CreateGrant"],
        "Resource": "*",
        "Condition": {
            "StringEquals": _autoscaling_role(target),
            "Bool": {"kms:GrantIsForAWSResource": "true"},
        },
    }


def _autoscaling_role(target: AwsTarget) -> dict[str, Json]:
    role = "role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
    return {"aws:PrincipalArn": target.arn("iam", role, regional=False), "kms:CallerAccount": target.account}


def _events(_target: AwsTarget) -> Statement:
    # As in the topic's policy: EventBridge gives no context that a condition could look at.
    return {
        "Sid": "ServiceEvents",
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": PUBLISH,
        "Resource": "*",
    }


SERVICES: Mapping[str, Callable[[AwsTarget], Statement]] = {
    "logs": _logs,
    "cloudtrail": _cloudtrail,
    "delivery.logs": _log_delivery,
    "autoscaling": _autoscaling,
    "events": _events,
    **{
        service: _publisher(service)
        for service in ("backup", "budgets", "cloudwatch", "config", "costalerts", "guardduty", "s3", "sns")
    },
}
"""What `KeyPlan.services` may name."""
