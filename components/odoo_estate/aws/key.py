"""A customer-managed KMS key with its alias and policy, and with its replica in another region."""

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
    """Rotates yearly. Deleting a key destroys whatever it encrypted, backups too: it is protected and kept.

    A replica has the key's id and material, and a policy and an alias of its own: what one has encrypted, the other opens. It goes before its
    primary, whose time to deletion begins when the last replica is gone (KMS developer guide, deleting multi-region keys, read 2026-11).
    """

    arn: pulumi.Output[str]
    replica_arn: pulumi.Output[str] | None
    """None where it has no replica."""

    def __init__(self, name: str, args: KeyArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("odoo-estate:aws:Key", name, None, opts)
        plan = args["plan"]
        target = replace(args["target"], region=plan.region or args["target"].region)
        accounts = args.get("accounts", ())
        key = kms.Key(
            name,
            description=plan.description,
            enable_key_rotation=True,
            deletion_window_in_days=plan.deletion_window_days,
            policy=policy_text(key_statements(target, plan.services, accounts, plan.replica_region)),
            multi_region=plan.multi_region or None,
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
        self.replica_arn = None
        if plan.replica_region:
            there = replace(target, region=plan.replica_region)
            replica = kms.ReplicaKey(
                f"{name}-replica",
                primary_key_arn=key.arn,
                description=plan.description,
                deletion_window_in_days=plan.deletion_window_days,
                policy=policy_text(key_statements(there, plan.services, accounts)),
                region=there.region,
                opts=pulumi.ResourceOptions(parent=self, protect=plan.protect, retain_on_delete=plan.protect),
            )
            kms.Alias(
                f"{name}-replica",
                name=f"alias/{plan.alias}",
                target_key_id=replica.key_id,
                region=there.region,
                opts=pulumi.ResourceOptions(parent=self),
            )
            self.replica_arn = replica.arn
        self.arn = key.arn
        self.register_outputs({"arn": self.arn})
