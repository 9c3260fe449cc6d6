"""The SNS topic through which alarms, budgets and backup events reach people."""

from collections.abc import Sequence
from typing import NotRequired, TypedDict

import pulumi
from pulumi_aws import sns

from odoo_estate.aws.policy import policy_text
from odoo_estate.plan import AwsTarget, Json

PUBLISHERS: list[Json] = [
    "cloudwatch.amazonaws.com",
    "budgets.amazonaws.com",
    "backup.amazonaws.com",
]
EVENTS = "events.amazonaws.com"


class AlertTopicArgs(TypedDict):
    """Inputs of `AlertTopic`. The key's policy must admit the publishers, or alarms turn red and nobody hears of it."""

    topic: str
    target: AwsTarget
    key_arn: pulumi.Input[str]
    emails: NotRequired[Sequence[str]]


class AlertTopic(pulumi.ComponentResource):
    """Only AWS services publish, and those that say for whom on behalf of the own account only."""

    arn: pulumi.Output[str]

    def __init__(self, name: str, args: AlertTopicArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("odoo-estate:aws:AlertTopic", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        target = args["target"]
        topic = sns.Topic(name, name=args["topic"], kms_master_key_id=args["key_arn"], opts=child)
        sns.TopicPolicy(
            name,
            arn=topic.arn,
            policy=policy_text(
                [
                    {
                        "Sid": "ServicesPublish",
                        "Effect": "Allow",
                        "Principal": {"Service": PUBLISHERS},
                        "Action": "sns:Publish",
                        "Resource": target.arn("sns", args["topic"]),
                        "Condition": {"StringEquals": {"aws:SourceAccount": target.account}},
                    },
                    # EventBridge says nothing about itself when it publishes: a condition would never hold, the rule would report success and
                    # the message would be lost (EventBridge user guide: no condition blocks in policies of SNS topics).
                    {
                        "Sid": "EventsPublish",
                        "Effect": "Allow",
                        "Principal": {"Service": EVENTS},
                        "Action": "sns:Publish",
                        "Resource": target.arn("sns", args["topic"]),
                    },
                ]
            ),
            opts=child,
        )
        for email in args.get("emails", ()):
            sns.TopicSubscription(f"{name}-{email}", topic=topic.arn, protocol="email", endpoint=email, opts=child)
        self.arn = topic.arn
        self.register_outputs({"arn": self.arn})
