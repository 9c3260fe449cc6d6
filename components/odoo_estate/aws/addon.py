"""EKS managed add-ons, with a Pod Identity role where the plan gives one."""

import json
from collections.abc import Mapping
from typing import TypedDict

import pulumi
from pulumi_aws import eks

from odoo_estate.aws.policy import pod_trust
from odoo_estate.aws.role import Role
from odoo_estate.plan import AddonPlan, RolePlan


class AddonsArgs(TypedDict):
    """Inputs of `Addons`: add-on name to its plan."""

    plan: Mapping[str, AddonPlan]
    cluster_name: pulumi.Input[str]


class Addons(pulumi.ComponentResource):
    """The add-ons that need nodes: make it depend on the node pools, or they stay degraded until they time out."""

    def __init__(self, name: str, args: AddonsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("odoo-estate:aws:Addons", name, None, opts)
        addons(name, args["cluster_name"], args["plan"], parent=self)
        self.register_outputs({})


def addons(
    name: str, cluster_name: pulumi.Input[str], plans: Mapping[str, AddonPlan], *, parent: pulumi.Resource
) -> None:
    """Each add-on of ``plans`` as a child of ``parent``."""
    for addon, plan in plans.items():
        _addon(f"{name}-{addon}", addon, cluster_name, plan, parent)


def _addon(
    name: str, addon: str, cluster_name: pulumi.Input[str], plan: AddonPlan, parent: pulumi.Resource
) -> eks.Addon:
    identity = [_identity(name, addon, plan, parent)] if plan.role else []
    return eks.Addon(
        name,
        cluster_name=cluster_name,
        addon_name=addon,
        addon_version=plan.version,
        configuration_values=json.dumps(plan.configuration, sort_keys=True) if plan.configuration else None,
        resolve_conflicts_on_create="OVERWRITE",
        resolve_conflicts_on_update="OVERWRITE",
        pod_identity_associations=[
            {"role_arn": role.arn, "service_account": plan.service_account} for role in identity
        ],
        opts=pulumi.ResourceOptions(parent=parent, depends_on=identity),
    )


def _identity(name: str, addon: str, plan: AddonPlan, parent: pulumi.Resource) -> Role:
    role = RolePlan(
        name=plan.role,
        description=f"EKS add-on {addon}",
        trust=(pod_trust(),),
        managed_policies=plan.managed_policy_arns,
    )
    return Role(name, {"plan": role}, pulumi.ResourceOptions(parent=parent))
