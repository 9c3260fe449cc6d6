"""An IAM role that pods of one service account get through EKS Pod Identity."""

from typing import TypedDict

import pulumi
from pulumi_aws import eks

from odoo_estate.aws.role import Role
from odoo_estate.plan import RolePlan


class PodIdentityArgs(TypedDict):
    """Inputs of `PodIdentity`. The role's trust must admit ``pods.eks.amazonaws.com``."""

    role: RolePlan
    cluster_name: pulumi.Input[str]
    namespace: str
    service_account: str


class PodIdentity(pulumi.ComponentResource):
    """Role and association together: pods that start after it is up act as the role."""

    role_arn: pulumi.Output[str]

    def __init__(self, name: str, args: PodIdentityArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("odoo-estate:aws:PodIdentity", name, None, opts)
        role = Role(name, {"plan": args["role"]}, pulumi.ResourceOptions(parent=self))
        eks.PodIdentityAssociation(
            name,
            cluster_name=args["cluster_name"],
            namespace=args["namespace"],
            service_account=args["service_account"],
            role_arn=role.arn,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[role]),
        )
        self.role_arn = role.arn
        self.register_outputs({"role_arn": self.role_arn})
