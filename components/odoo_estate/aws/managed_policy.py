"""A customer managed policy, such as a permissions boundary."""

from typing import TypedDict

import pulumi
from pulumi_aws import iam

from odoo_estate.aws.policy import policy_text
from odoo_estate.plan import ManagedPolicyPlan


class ManagedPolicyArgs(TypedDict):
    """Inputs of `ManagedPolicy`."""

    plan: ManagedPolicyPlan


class ManagedPolicy(pulumi.ComponentResource):
    """Deleted only when no role has it any more; IAM refuses before."""

    arn: pulumi.Output[str]

    def __init__(self, name: str, args: ManagedPolicyArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("odoo-estate:aws:ManagedPolicy", name, None, opts)
        plan = args["plan"]
        policy = iam.Policy(
            name,
            name=plan.name,
            description=plan.description,
            policy=policy_text(plan.statements),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.arn = policy.arn
        self.register_outputs({"arn": self.arn})
