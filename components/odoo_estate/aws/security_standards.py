"""Security Hub: which standards all accounts are measured by."""

from collections.abc import Sequence
from typing import NotRequired, TypedDict

import pulumi
from pulumi_aws import securityhub


class SecurityStandardsArgs(TypedDict):
    """Inputs of `SecurityStandards`; ``standards`` are paths of ARNs behind ``standards/``. ``administrator`` as in `ThreatDetection`; ``root_id``
    is the organisation's root."""

    regions: Sequence[str]
    home: str
    standards: Sequence[str]
    administrator: NotRequired[tuple[pulumi.ProviderResource, str]]
    root_id: NotRequired[pulumi.Input[str]]


class SecurityStandards(pulumi.ComponentResource):
    """With an organisation one policy for all accounts and regions, new ones too; the defaults that AWS would switch on by itself are off, so that
    what is measured is what is written."""

    def __init__(self, name: str, args: SecurityStandardsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("odoo-estate:aws:SecurityStandards", name, None, opts)
        if "administrator" in args:
            self._organisation(name, args, *args["administrator"], args["root_id"])
        else:
            for region in args["regions"]:
                self._account(f"{name}-{region}", region, args["standards"])
        self.register_outputs({})

    def _account(self, name: str, region: str, standards: Sequence[str]) -> None:
        hub = securityhub.Account(
            name, enable_default_standards=False, region=region, opts=pulumi.ResourceOptions(parent=self)
        )
        for standard in standards:
            securityhub.StandardsSubscription(
                f"{name}-{standard.partition('/')[0]}",
                standards_arn=_arn(region, standard),
                region=region,
                opts=pulumi.ResourceOptions(parent=self, depends_on=[hub]),
            )

    def _organisation(
        self,
        name: str,
        args: SecurityStandardsArgs,
        provider: pulumi.ProviderResource,
        account: str,
        root_id: pulumi.Input[str],
    ) -> None:
        home = args["home"]

        def after(*earlier: pulumi.Resource) -> pulumi.ResourceOptions:
            return pulumi.ResourceOptions(parent=self, provider=provider, depends_on=list(earlier))

        hub = securityhub.Account(name, enable_default_standards=False, region=home, opts=after())
        appointed = securityhub.OrganizationAdminAccount(
            name,
            admin_account_id=account,
            region=home,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[hub]),
        )
        others = [one for one in args["regions"] if one != home]
        linked = securityhub.FindingAggregator(
            name,
            linking_mode="SPECIFIED_REGIONS" if others else "NO_REGIONS",
            specified_regions=others or None,
            region=home,
            opts=after(appointed),
        )
        central = securityhub.OrganizationConfiguration(
            name,
            auto_enable=False,
            auto_enable_standards="NONE",
            organization_configuration={"configuration_type": "CENTRAL"},
            region=home,
            opts=after(linked),
        )
        policy = securityhub.ConfigurationPolicy(
            name,
            name=name,
            description="Standards that all accounts are measured by",
            configuration_policy={
                "service_enabled": True,
                "enabled_standard_arns": [_arn(home, one) for one in args["standards"]],
                "security_controls_configuration": {"disabled_control_identifiers": []},
            },
            region=home,
            opts=after(central),
        )
        securityhub.ConfigurationPolicyAssociation(
            name, policy_id=policy.id, target_id=root_id, region=home, opts=after(policy)
        )


def _arn(region: str, standard: str) -> str:
    return f"arn:aws:securityhub:{region}::standards/{standard}"
