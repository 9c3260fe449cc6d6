"""Alarms on what the audit trail writes."""

from collections.abc import Mapping
from typing import TypedDict

import pulumi
from pulumi_aws import cloudwatch

from odoo_estate.aws.alarm import Alarms
from odoo_estate.plan import TrailAlarmPlan


class TrailAlarmsArgs(TypedDict):
    """Inputs of `TrailAlarms`."""

    plan: Mapping[str, TrailAlarmPlan]
    log_group: pulumi.Input[str]
    topic_arn: pulumi.Input[str]


class TrailAlarms(pulumi.ComponentResource):
    """One trail for all regions and accounts, so one place to look: an alarm in the account that it is about could be switched off there."""

    def __init__(self, name: str, args: TrailAlarmsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("odoo-estate:aws:TrailAlarms", name, None, opts)
        for key, plan in args["plan"].items():
            cloudwatch.LogMetricFilter(
                f"{name}-{key}",
                name=plan.alarm.name,
                log_group_name=args["log_group"],
                pattern=plan.pattern,
                metric_transformation={
                    "name": plan.alarm.metric,
                    "namespace": plan.alarm.namespace,
                    "value": "1",
                },
                opts=pulumi.ResourceOptions(parent=self),
            )
        Alarms(
            name,
            {"plan": {key: one.alarm for key, one in args["plan"].items()}, "topic_arn": args["topic_arn"]},
            pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({})
