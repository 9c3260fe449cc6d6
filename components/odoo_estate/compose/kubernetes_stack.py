"""The providers of a stack that works in AWS and in a cell's cluster."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from odoo_estate.compose.outputs import CellOutputs, DrOutputs
from odoo_estate.compose.providers import aws_provider, kubernetes_provider, random_provider
from odoo_estate.plan import PlatformPlan, TenantPlan


@dataclass(frozen=True, kw_only=True)
class Here:
    """Options for what the stack makes: ``components`` for components of any kind, the others for single resources."""

    components: pulumi.ResourceOptions
    aws: pulumi.ResourceOptions
    cluster: pulumi.ResourceOptions


def place_of(plan: PlatformPlan | TenantPlan, references: Mapping[str, pulumi.StackReference]) -> CellOutputs:
    """The cell, or what takes its place in the recovery region."""
    if plan.away:
        return DrOutputs.read(references[f"dr.{plan.cell}"])
    return CellOutputs.read(references[f"cell.{plan.cell}"])


def here(plan: PlatformPlan | TenantPlan, cell: CellOutputs) -> Here:
    """Works in the plan's account and in the cell's cluster, nowhere else."""
    aws = aws_provider("aws", plan.target, plan.tags)
    cluster = kubernetes_provider("kubernetes", plan.target, plan.cluster, cell.cluster)
    return Here(
        components=pulumi.ResourceOptions(providers=[aws, cluster, random_provider()]),
        aws=pulumi.ResourceOptions(provider=aws),
        cluster=pulumi.ResourceOptions(provider=cluster),
    )
