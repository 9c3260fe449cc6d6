"""A customer-managed KMS key with its alias and policy."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NotRequired, TypedDict

import pulumi
from pulumi_aws import kms

from odoo_estate.aws.key_policy import key_statements
from odoo_estate.aws.policy import policy_text
from odoo_estate.plan import AwsTarget, KeyPlan


class KeyArgs(TypedDict):
    """Inputs of `Key`; ``accounts`` are other accounts that may encrypt with it."""

    plan: KeyPlan
    target: AwsTarget
    accounts: NotRequired[Sequence[str]]


class Key(pulumi.ComponentResource):
    """Rotates yearly. Deleting a key destroys whatever it encrypted, backups too: it is protected and kept."""

    arn: pulumi.Output[str]

    def __init__(self, name: str, args: KeyArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("odoo-estate:aws:Key", name, None, opts)
        plan = args["plan"]
        target = replace(args["target"], region=plan.region or args["target"].region)
        key = kms.Key(
            name,
            description=plan.description,
            enable_key_rotation=True,
            deletion_window_in_days=plan.deletion_window_days,
            policy=policy_text(key_statements(target, plan.services, args.get("accounts", ()))),
            region=plan.region or None,
            opts=pulumi.ResourceOptions(parent=self, protect=plan.protect, retain_on_delete=plan.protect),
        )
        kms.Alias(
            name,
            name=f"alias/{plan.alias}",
            target_key_id=key.key_id,
            region=plan.region or None,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.arn = key.arn
        self.register_outputs({"arn": self.arn})
