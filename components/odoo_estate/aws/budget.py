"""A monthly AWS Budget with its alerts."""

from collections.abc import Sequence
from typing import NotRequired, TypedDict

import pulumi
from pulumi_aws import budgets

from odoo_estate.plan import BudgetPlan


class BudgetArgs(TypedDict):
    """Inputs of `Budget`; ``topic_arns`` are told beside the plan's e-mail addresses."""

    plan: BudgetPlan
    topic_arns: NotRequired[Sequence[pulumi.Input[str]]]


class Budget(pulumi.ComponentResource):
    """Spend of what carries one cost-allocation tag; tags count from the day after they are activated."""

    def __init__(self, name: str, args: BudgetArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("odoo-estate:aws:Budget", name, None, opts)
        plan = args["plan"]
        percents = [("ACTUAL", p) for p in plan.actual_percent] + [("FORECASTED", p) for p in plan.forecast_percent]
        budgets.Budget(
            name,
            name=plan.name,
            budget_type="COST",
            time_unit="MONTHLY",
            limit_amount=str(plan.limit_usd),
            limit_unit="USD",
            cost_filters=[{"name": "TagKeyValue", "values": [f"user:{plan.tag[0]}${plan.tag[1]}"]}] if plan.tag else [],
            notifications=[
                {
                    "comparison_operator": "GREATER_THAN",
                    "notification_type": kind,
                    "threshold": percent,
                    "threshold_type": "PERCENTAGE",
                    "subscriber_email_addresses": list(plan.emails),
                    "subscriber_sns_topic_arns": list(args.get("topic_arns", ())),
                }
                for kind, percent in percents
            ],
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({})
