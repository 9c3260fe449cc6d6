"""A container image repository."""

import json
from typing import TypedDict

import pulumi
from pulumi_aws import ecr

from odoo_estate.aws.policy import policy_text
from odoo_estate.aws.registry import reader_statement, untagged
from odoo_estate.plan import RepositoryPlan


class RepositoryArgs(TypedDict):
    """Inputs of `Repository`."""

    plan: RepositoryPlan
    key_arn: pulumi.Input[str]
    protect: bool


class Repository(pulumi.ComponentResource):
    """Immutable tags, scanned on push, bounded in number. A protected one is never deleted with images in it."""

    url: pulumi.Output[str]

    def __init__(self, name: str, args: RepositoryArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("odoo-estate:aws:Repository", name, None, opts)
        plan = args["plan"]
        child = pulumi.ResourceOptions(parent=self)
        repository = ecr.Repository(
            name,
            name=plan.name,
            image_tag_mutability="IMMUTABLE",
            image_scanning_configuration={"scan_on_push": True},
            encryption_configurations=[{"encryption_type": "KMS", "kms_key": args["key_arn"]}],
            force_delete=not args["protect"],
            opts=pulumi.ResourceOptions(parent=self, protect=args["protect"]),
        )
        ecr.LifecyclePolicy(name, repository=repository.name, policy=_lifecycle(plan), opts=child)
        if plan.readers:
            ecr.RepositoryPolicy(
                name, repository=repository.name, policy=policy_text([reader_statement(plan.readers)]), opts=child
            )
        self.url = repository.repository_url
        self.register_outputs({"url": self.url})


def _lifecycle(plan: RepositoryPlan) -> str:
    """In the order of priority, as ECR gives it back: any other would differ from itself for ever."""
    newest = {
        "rulePriority": 2,
        "description": f"Keep the newest {plan.keep_images} images",
        "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": plan.keep_images},
        "action": {"type": "expire"},
    }
    return json.dumps({"rules": [untagged(1, plan.untagged_days), newest]})
