"""An IAM role with its statements and managed policies."""

from typing import TypedDict

import pulumi
from pulumi_aws import iam

from odoo_estate.aws.bounded import boundary
from odoo_estate.aws.policy import policy_text
from odoo_estate.plan import RolePlan


class RoleArgs(TypedDict):
    """Inputs of `Role`."""

    plan: RolePlan


class Role(pulumi.ComponentResource):
    """Depending on this component waits for its policies too, so that nobody takes the role before it may do anything."""

    arn: pulumi.Output[str]
    name: pulumi.Output[str]

    def __init__(self, name: str, args: RoleArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("odoo-estate:aws:Role", name, None, opts)
        plan = args["plan"]
        child = pulumi.ResourceOptions(parent=self)
        role = iam.Role(
            name,
            name=plan.name or None,
            description=plan.description,
            assume_role_policy=policy_text(plan.trust),
            max_session_duration=plan.max_session_seconds,
            permissions_boundary=boundary(),
            opts=child,
        )
        if plan.statements:
            iam.RolePolicy(name, role=role.name, policy=policy_text(plan.statements), opts=child)
        for arn in plan.managed_policies:
            policy = arn.rpartition("/")[2]
            iam.RolePolicyAttachment(f"{name}-{policy}", role=role.name, policy_arn=arn, opts=child)
        self.arn = role.arn
        self.name = role.name
        self.register_outputs({"arn": self.arn, "name": self.name})
