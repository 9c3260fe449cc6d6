"""CloudWatch metric alarms."""

from collections.abc import Mapping
from typing import TypedDict

import pulumi
from pulumi_aws import cloudwatch

from odoo_estate.plan import AlarmPlan


class AlarmsArgs(TypedDict):
    """Inputs of `Alarms`: alarm key to its plan; the topic hears both an alarm and its end."""

    plan: Mapping[str, AlarmPlan]
    topic_arn: pulumi.Input[str]


class Alarms(pulumi.ComponentResource):
    """Each compares one metric with one threshold."""

    def __init__(self, name: str, args: AlarmsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("odoo-estate:aws:Alarms", name, None, opts)
        for key, plan in args["plan"].items():
            cloudwatch.MetricAlarm(
                f"{name}-{key}",
                name=plan.name,
                alarm_description=plan.description,
                namespace=plan.namespace,
                metric_name=plan.metric,
                statistic=plan.statistic,
                comparison_operator=plan.comparison,
                threshold=plan.threshold,
                period=plan.period_seconds,
                evaluation_periods=plan.evaluation_periods,
                dimensions=dict(plan.dimensions),
                treat_missing_data=plan.missing_data,
                alarm_actions=[args["topic_arn"]],
                ok_actions=[args["topic_arn"]],
                opts=pulumi.ResourceOptions(parent=self),
            )
        self.register_outputs({})
