"""A KMS key for programs in any language."""

from typing import NotRequired, TypedDict

import pulumi

from odoo_estate.aws import key
from odoo_estate.aws.key_policy import SERVICES
from odoo_estate.plan import AwsTarget, KeyPlan


class KeyArgs(TypedDict):
    """Inputs of `Key`."""

    account: str
    """Account that the key is made in, 12 digits."""
    region: str
    """Region that the key is made in: the provider's."""
    alias: str
    """Its alias, without `alias/`."""
    description: str
    """What it encrypts."""
    services: NotRequired[list[str]]
    """AWS services that use it on their own, under a condition: `autoscaling`, `backup`, `logs`, `sns` …. Default: none."""
    accounts: NotRequired[list[str]]
    """Other accounts that may encrypt with it, 12 digits each. Default: none."""
    deletion_window_days: NotRequired[int]
    """Days from the order to delete the key until it is gone, 7 to 30. Default: 30."""
    protect: NotRequired[bool]
    """Refuse to delete it, and keep it when it leaves the program. Default: true."""


class Key(pulumi.ComponentResource):
    """A customer-managed KMS key with alias and policy. Rotates yearly; the account administers it, named services use it under conditions."""

    arn: pulumi.Output[str]
    """ARN of the key."""

    def __init__(self, name: str, args: KeyArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("odoo-estate:index:Key", name, None, opts)
        services = tuple(args.get("services", ()))
        unknown = sorted(set(services) - set(SERVICES))
        if unknown:
            raise pulumi.InputPropertyError(
                "services", f"{', '.join(unknown)}: not known; allowed: {', '.join(sorted(SERVICES))}"
            )
        made = key.Key(
            name,
            {
                "plan": KeyPlan(
                    alias=args["alias"],
                    description=args["description"],
                    services=services,
                    deletion_window_days=args.get("deletion_window_days", 30),
                    protect=args.get("protect", True),
                ),
                "target": AwsTarget(account=args["account"], region=args["region"]),
                "accounts": args.get("accounts", ()),
            },
            pulumi.ResourceOptions(parent=self),
        )
        self.arn = made.arn
        self.register_outputs({"arn": self.arn})
