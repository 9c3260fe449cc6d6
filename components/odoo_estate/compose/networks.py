"""A network as the plan has it: one of its own, or one that is given."""

import pulumi

from odoo_estate.aws.adopted_network import AdoptedNetwork
from odoo_estate.aws.network import Network
from odoo_estate.plan import AwsTarget, NetworkPlan

AnyNetwork = Network | AdoptedNetwork


def make_network(
    plan: NetworkPlan, target: AwsTarget, key_arn: pulumi.Input[str], here: pulumi.ResourceOptions
) -> AnyNetwork:
    """The stack's network; either kind fits wherever the other does."""
    if plan.adopted:
        return AdoptedNetwork("network", {"plan": plan, "key_arn": key_arn}, here)
    return Network("network", {"plan": plan, "target": target, "key_arn": key_arn}, here)
