"""CloudWatch metric alarms."""

from collections.abc import Mapping
from typing import Any, TypedDict

import pulumi
from pulumi_aws import cloudwatch

from odoo_estate.plan import AlarmPlan


class AlarmsArgs(TypedDict):
    """Inputs of `Alarms`: alarm key to its plan; the topic hears both an alarm and its end."""

    plan: Mapping[str, AlarmPlan]
    topic_arn: pulumi.Input[str]


class Alarms(pulumi.ComponentResource):
    """Each compares one metric, the highest of several of a kind, or every series of a query, with one threshold."""

    def __init__(self, name: str, args: AlarmsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("odoo-estate:aws:Alarms", name, None, opts)
        for key, plan in args["plan"].items():
            cloudwatch.MetricAlarm(
                f"{name}-{key}",
                name=plan.name,
                alarm_description=plan.description,
                **_measure(plan),
                comparison_operator=plan.comparison,
                threshold=plan.threshold,
                evaluation_periods=plan.evaluation_periods,
                treat_missing_data=plan.missing_data,
                alarm_actions=[args["topic_arn"]],
                ok_actions=[args["topic_arn"]],
                opts=pulumi.ResourceOptions(parent=self),
            )
        self.register_outputs({})


def _measure(plan: AlarmPlan) -> dict[str, Any]:
    """A metric, or a query, or an expression over metrics: CloudWatch takes one or the other, and of the queries one may return data."""
    if plan.query:
        each = {"id": "each", "expression": plan.query, "label": plan.metric, "period": plan.period_seconds}
        return {"metric_queries": [{**each, "return_data": True}]}
    metric: cloudwatch.MetricAlarmMetricQueryMetricArgsDict = {
        "namespace": plan.namespace,
        "metric_name": plan.metric,
        "stat": plan.statistic,
        "period": plan.period_seconds,
    }
    if not plan.members:
        return {
            "namespace": plan.namespace,
            "metric_name": plan.metric,
            "statistic": plan.statistic,
            "period": plan.period_seconds,
            "dimensions": dict(plan.dimensions),
        }
    single: list[cloudwatch.MetricAlarmMetricQueryArgsDict] = [
        {"id": f"m{position}", "metric": {**metric, "dimensions": dict(member)}, "return_data": False}
        for position, member in enumerate(plan.members)
    ]
    ids = ",".join(f"m{position}" for position in range(len(single)))
    return {
        "metric_queries": [
            *single,
            {"id": "highest", "expression": f"MAX([{ids}])", "label": f"highest {plan.metric}", "return_data": True},
        ]
    }
