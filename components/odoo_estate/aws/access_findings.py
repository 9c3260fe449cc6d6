"""IAM Access Analyzer: what is open to somebody outside."""

from collections.abc import Sequence
from typing import TypedDict

import pulumi
from pulumi_aws import accessanalyzer


class AccessFindingsArgs(TypedDict):
    """Inputs of `AccessFindings`; lives in the account that administers it. ``unused_days`` 0: unused access is not looked for."""

    analyzer: str
    """Physical name in each region; the one for unused access is called so with ``-unused`` behind it."""
    regions: Sequence[str]
    home: str
    whole_organisation: bool
    unused_days: int


class AccessFindings(pulumi.ComponentResource):
    """Whoever is outside the organisation (or the one account) is a stranger. Analyzers are regional; unused access is not, and costs by role, so
    it is looked for once."""

    def __init__(self, name: str, args: AccessFindingsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("odoo-estate:aws:AccessFindings", name, None, opts)
        reach = "ORGANIZATION" if args["whole_organisation"] else "ACCOUNT"
        for region in args["regions"]:
            accessanalyzer.Analyzer(
                f"{name}-{region}",
                analyzer_name=args["analyzer"],
                type=reach,
                region=region,
                opts=pulumi.ResourceOptions(parent=self),
            )
        if args["unused_days"]:
            accessanalyzer.Analyzer(
                f"{name}-unused",
                analyzer_name=f"{args['analyzer']}-unused",
                type=f"{reach}_UNUSED_ACCESS",
                configuration={"unused_access": {"unused_access_age": args["unused_days"]}},
                region=args["home"],
                opts=pulumi.ResourceOptions(parent=self),
            )
        self.register_outputs({})
