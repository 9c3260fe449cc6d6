"""GuardDuty for all accounts of an estate."""

from collections.abc import Sequence
from typing import NotRequired, TypedDict

import pulumi
from pulumi_aws import guardduty


class ThreatDetectionArgs(TypedDict):
    """Inputs of `ThreatDetection`. With ``administrator``, the provider of the account that administers it and that account's id, it covers the
    organisation whose management account the component lives in; without, the one account."""

    regions: Sequence[str]
    features: Sequence[str]
    """GuardDuty's names of what is looked at besides the trail, flow logs and DNS; empty: nothing else."""
    protect: bool
    administrator: NotRequired[tuple[pulumi.ProviderResource, str]]


class ThreatDetection(pulumi.ComponentResource):
    """The administrator's detector comes before its appointment, which would make a second one; the management account needs one of its own to
    become a member. A detector is protected: it takes its findings with it."""

    def __init__(self, name: str, args: ThreatDetectionArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("odoo-estate:aws:ThreatDetection", name, None, opts)
        for region in args["regions"]:
            here = f"{name}-{region}"
            own = self._detector(here, region, args["protect"])
            if "administrator" not in args:
                self._features(here, region, own, args["features"])
                continue
            provider, account = args["administrator"]
            central = self._detector(f"{here}-administrator", region, args["protect"], provider)
            self._features(f"{here}-administrator", region, central, args["features"], provider)
            appointed = guardduty.OrganizationAdminAccount(
                here,
                admin_account_id=account,
                region=region,
                opts=pulumi.ResourceOptions(parent=self, depends_on=[own, central]),
            )
            child = pulumi.ResourceOptions(parent=self, provider=provider, depends_on=[appointed])
            members = guardduty.OrganizationConfiguration(
                here, auto_enable_organization_members="ALL", detector_id=central.id, region=region, opts=child
            )
            for feature in args["features"]:
                guardduty.OrganizationConfigurationFeature(
                    f"{here}-{feature}",
                    name=feature,
                    detector_id=central.id,
                    auto_enable="ALL",
                    region=region,
                    opts=pulumi.ResourceOptions(parent=self, provider=provider, depends_on=[members]),
                )
        self.register_outputs({})

    def _detector(
        self, name: str, region: str, protect: bool, provider: pulumi.ProviderResource | None = None
    ) -> guardduty.Detector:
        return guardduty.Detector(
            name,
            enable=True,
            finding_publishing_frequency="FIFTEEN_MINUTES",
            region=region,
            opts=pulumi.ResourceOptions(parent=self, provider=provider, protect=protect),
        )

    def _features(
        self,
        name: str,
        region: str,
        detector: guardduty.Detector,
        features: Sequence[str],
        provider: pulumi.ProviderResource | None = None,
    ) -> None:
        for feature in features:
            guardduty.DetectorFeature(
                f"{name}-{feature}",
                name=feature,
                detector_id=detector.id,
                status="ENABLED",
                region=region,
                opts=pulumi.ResourceOptions(parent=self, provider=provider),
            )
