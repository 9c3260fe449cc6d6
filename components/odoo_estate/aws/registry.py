"""What holds for a whole image registry: scanning, caches of public registries, copies in other regions, and who may pull."""

import json
from collections.abc import Sequence
from typing import TypedDict

import pulumi
from pulumi_aws import ecr

from odoo_estate.aws.policy import Statement, policy_text
from odoo_estate.plan import Json, RegistryPlan


class RegistryArgs(TypedDict):
    """Inputs of `Registry`; ``account`` is the one that it is the registry of."""

    plan: RegistryPlan
    account: str
    region: str


class Registry(pulumi.ComponentResource):
    """One per account and region. Only what is pushed after replication was switched on is copied. Repositories that a cache or a copy makes get
    their settings from templates; upstream tags move, so tags of caches do too: nodes pull them by digest."""

    def __init__(self, name: str, args: RegistryArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("odoo-estate:aws:Registry", name, None, opts)
        plan = args["plan"]
        child = pulumi.ResourceOptions(parent=self)
        ecr.RegistryScanningConfiguration(
            name,
            scan_type="ENHANCED" if plan.scanned else "BASIC",
            rules=[
                {
                    "scan_frequency": "CONTINUOUS_SCAN" if plan.scanned else "SCAN_ON_PUSH",
                    "repository_filters": [{"filter": "*", "filter_type": "WILDCARD"}],
                }
            ],
            opts=child,
        )
        for prefix, upstream in plan.upstream.items():
            template = ecr.RepositoryCreationTemplate(
                f"{name}-{prefix}",
                prefix=prefix,
                applied_fors=["PULL_THROUGH_CACHE"],
                image_tag_mutability="MUTABLE",
                **_settings(plan),
                opts=child,
            )
            ecr.PullThroughCacheRule(
                f"{name}-{prefix}",
                ecr_repository_prefix=prefix,
                upstream_registry_url=upstream,
                opts=pulumi.ResourceOptions(parent=self, depends_on=[template]),
            )
        if plan.readers and plan.upstream:
            caches: list[Json] = [
                f"arn:aws:ecr:{args['region']}:{args['account']}:repository/{prefix}/*" for prefix in plan.upstream
            ]
            ecr.RegistryPolicy(name, policy=policy_text([_imports(plan.readers, caches)]), opts=child)
        if plan.replicate_to:
            templates = [
                ecr.RepositoryCreationTemplate(
                    f"{name}-{region}",
                    prefix=plan.prefix,
                    applied_fors=["REPLICATION"],
                    image_tag_mutability="IMMUTABLE",
                    **_settings(plan),
                    region=region,
                    opts=child,
                )
                for region in plan.replicate_to
            ]
            ecr.ReplicationConfiguration(
                name,
                replication_configuration={
                    "rules": [
                        {
                            "destinations": [
                                {"region": region, "registry_id": args["account"]} for region in plan.replicate_to
                            ],
                            "repository_filters": [{"filter": f"{plan.prefix}/", "filter_type": "PREFIX_MATCH"}],
                        }
                    ]
                },
                opts=pulumi.ResourceOptions(parent=self, depends_on=templates),
            )
        self.register_outputs({})


class _Settings(TypedDict):
    encryption_configurations: list[ecr.RepositoryCreationTemplateEncryptionConfigurationArgsDict]
    lifecycle_policy: str
    repository_policy: str | None


def _settings(plan: RegistryPlan) -> _Settings:
    """Of repositories that come into being by themselves; a key of ours would need a role of its own for making them."""
    return {
        "encryption_configurations": [{"encryption_type": "AES256"}],
        "lifecycle_policy": json.dumps({"rules": [untagged(1, plan.untagged_days)]}),
        "repository_policy": policy_text([reader_statement(plan.readers)]) if plan.readers else None,
    }


def reader_statement(roles: Sequence[str]) -> Statement:
    """Lets these roles (globs) of other accounts pull."""
    return {
        "Sid": "OtherAccountsPull",
        "Effect": "Allow",
        "Principal": _accounts(roles),
        "Action": ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
        "Condition": {"ArnLike": {"aws:PrincipalArn": list[Json](roles)}},
    }


def _imports(roles: Sequence[str], repositories: list[Json]) -> Statement:
    return {
        "Sid": "OtherAccountsFillCaches",
        "Effect": "Allow",
        "Principal": _accounts(roles),
        "Action": ["ecr:BatchImportUpstreamImage", "ecr:CreateRepository"],
        "Resource": repositories,
        "Condition": {"ArnLike": {"aws:PrincipalArn": list[Json](roles)}},
    }


def _accounts(roles: Sequence[str]) -> Json:
    return {"AWS": [f"arn:aws:iam::{account}:root" for account in dict.fromkeys(role.split(":")[4] for role in roles)]}


def untagged(priority: int, days: int) -> dict[str, object]:
    """The lifecycle rule for what lost its tag."""
    return {
        "rulePriority": priority,
        "description": f"Untagged images for {days} days",
        "selection": {
            "tagStatus": "untagged",
            "countType": "sinceImagePushed",
            "countUnit": "days",
            "countNumber": days,
        },
        "action": {"type": "expire"},
    }
