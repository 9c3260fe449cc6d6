"""A certificate of ACM for one host of a firewalled entry, proved by DNS."""

from typing import NotRequired, TypedDict

import pulumi
from pulumi_aws import acm, lb, route53

PROOF_TTL_SECONDS = 300


class EntryCertificateArgs(TypedDict):
    """Inputs of `EntryCertificate`. With ``zone_id`` the proof is written there; without it the host's owner writes it, and ``proven`` says that
    this has happened. ``listener_arn``: where it serves beside the default certificate."""

    host: str
    proven: bool
    zone_id: NotRequired[pulumi.Input[str]]
    listener_arn: NotRequired[pulumi.Input[str]]


class EntryCertificate(pulumi.ComponentResource):
    """Nothing waits for somebody else's DNS: as long as the owner has not proved the host, the certificate is requested and nothing more. ACM asks
    for the same record in every region of an account: one stack writes it, the others prove by it, or the first to go would take it along."""

    arn: pulumi.Output[str]
    proof: dict[str, pulumi.Output[str]]
    """The CNAME record that proves it: ``name`` and ``value``."""

    def __init__(self, name: str, args: EntryCertificateArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("odoo-estate:aws:EntryCertificate", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        certificate = acm.Certificate(
            name, domain_name=args["host"], validation_method="DNS", key_algorithm="EC_prime256v1", opts=child
        )
        record = certificate.domain_validation_options[0]
        self.arn = certificate.arn
        if args["proven"]:
            self.arn = acm.CertificateValidation(
                name,
                certificate_arn=certificate.arn,
                validation_record_fqdns=[written(name, args["zone_id"], record, child)] if "zone_id" in args else None,
                opts=child,
            ).certificate_arn
            if "listener_arn" in args:
                lb.ListenerCertificate(name, listener_arn=args["listener_arn"], certificate_arn=self.arn, opts=child)
        self.proof = {"name": record.resource_record_name, "value": record.resource_record_value}
        self.register_outputs({"arn": self.arn})


def written(
    name: str,
    zone_id: pulumi.Input[str],
    record: pulumi.Output[acm.outputs.CertificateDomainValidationOption],
    opts: pulumi.ResourceOptions,
) -> pulumi.Output[str]:
    """The proof in a zone of the estate; a wildcard and its apex share one record."""
    return route53.Record(
        name,
        zone_id=zone_id,
        name=record.resource_record_name,
        type=record.resource_record_type,
        records=[record.resource_record_value],
        ttl=PROOF_TTL_SECONDS,
        allow_overwrite=True,
        opts=opts,
    ).fqdn
