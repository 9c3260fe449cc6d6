"""A public DNS zone, and its delegation from the parent zone."""

from collections.abc import Sequence
from typing import NotRequired, TypedDict

import pulumi
from pulumi_aws import cloudwatch, kms, route53

from odoo_estate.aws.key_policy import signing_statements
from odoo_estate.aws.policy import policy_text
from odoo_estate.plan import Json

GLOBAL_REGION = "us-east-1"
"""Where Route 53 keeps its query logs and the keys that sign zones, whatever the estate's region."""


class DnsZoneArgs(TypedDict):
    """Inputs of `DnsZone`. ``query_log_days`` needs a `QueryLogPermission` in the account; ``signing_key_arn`` switches DNSSEC on."""

    domain: str
    comment: str
    protect: bool
    query_log_days: NotRequired[int]
    query_log_key_arn: NotRequired[pulumi.Input[str]]
    """In us-east-1."""
    signing_key_arn: NotRequired[pulumi.Input[str]]


class DnsZone(pulumi.ComponentResource):
    """To be protected: a new zone has new name servers, and every delegation to the old ones would point nowhere."""

    id: pulumi.Output[str]
    name_servers: pulumi.Output[Sequence[str]]

    def __init__(self, name: str, args: DnsZoneArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("odoo-estate:aws:DnsZone", name, None, opts)
        zone = route53.Zone(
            name,
            name=args["domain"],
            comment=args["comment"],
            force_destroy=not args["protect"],
            opts=pulumi.ResourceOptions(parent=self, protect=args["protect"]),
        )
        child = pulumi.ResourceOptions(parent=self)
        if args.get("query_log_days"):
            group = cloudwatch.LogGroup(
                name,
                name=f"{QUERY_LOGS}/{args['domain']}",
                retention_in_days=args["query_log_days"],
                kms_key_id=args["query_log_key_arn"],
                region=GLOBAL_REGION,
                opts=child,
            )
            route53.QueryLog(name, zone_id=zone.zone_id, cloudwatch_log_group_arn=group.arn, opts=child)
        if "signing_key_arn" in args:
            signed = route53.KeySigningKey(
                name,
                name="estate",
                hosted_zone_id=zone.zone_id,
                key_management_service_arn=args["signing_key_arn"],
                opts=child,
            )
            # Before it goes, the parent's DS record must be gone, for as long as resolvers remember it.
            route53.HostedZoneDnsSec(
                name, hosted_zone_id=zone.zone_id, opts=pulumi.ResourceOptions(parent=self, depends_on=[signed])
            )
        self.id = zone.zone_id
        self.name_servers = zone.name_servers
        self.register_outputs({"id": self.id, "name_servers": self.name_servers})


QUERY_LOGS = "/aws/route53"


class QueryLogPermissionArgs(TypedDict):
    """Inputs of `QueryLogPermission`."""

    policy: str
    """Physical name of the resource policy of CloudWatch Logs."""
    account: str


class QueryLogPermission(pulumi.ComponentResource):
    """Lets Route 53 write the query logs of the account's zones; one for all of them, because CloudWatch allows ten such policies."""

    def __init__(self, name: str, args: QueryLogPermissionArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("odoo-estate:aws:QueryLogPermission", name, None, opts)
        account = args["account"]
        writes: dict[str, Json] = {
            "Sid": "Route53Writes",
            "Effect": "Allow",
            "Principal": {"Service": "route53.amazonaws.com"},
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
            "Resource": f"arn:aws:logs:{GLOBAL_REGION}:{account}:log-group:{QUERY_LOGS}/*",
            "Condition": {
                "StringEquals": {"aws:SourceAccount": account},
                "ArnLike": {"aws:SourceArn": "arn:aws:route53:::hostedzone/*"},
            },
        }
        cloudwatch.LogResourcePolicy(
            name,
            policy_name=args["policy"],
            policy_document=policy_text([writes]),
            region=GLOBAL_REGION,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({})


class SigningKeyArgs(TypedDict):
    """Inputs of `SigningKey`."""

    account: str
    protect: bool


class SigningKey(pulumi.ComponentResource):
    """The key that signs the keys of the account's zones: of the one kind, and in the one region, that Route 53 takes."""

    arn: pulumi.Output[str]

    def __init__(self, name: str, args: SigningKeyArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("odoo-estate:aws:SigningKey", name, None, opts)
        key = kms.Key(
            name,
            description="Signs DNS zones",
            customer_master_key_spec="ECC_NIST_P256",
            key_usage="SIGN_VERIFY",
            deletion_window_in_days=30,
            policy=policy_text(signing_statements(args["account"])),
            region=GLOBAL_REGION,
            opts=pulumi.ResourceOptions(parent=self, protect=args["protect"], retain_on_delete=args["protect"]),
        )
        self.arn = key.arn
        self.register_outputs({"arn": self.arn})


class DelegationArgs(TypedDict):
    """Inputs of `Delegation`: the NS record in the parent zone."""

    domain: str
    parent_zone_id: pulumi.Input[str]
    name_servers: pulumi.Input[Sequence[pulumi.Input[str]]]
    ttl_seconds: int


class Delegation(pulumi.ComponentResource):
    """Lives in the account of the parent zone."""

    def __init__(self, name: str, args: DelegationArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("odoo-estate:aws:Delegation", name, None, opts)
        route53.Record(
            name,
            zone_id=args["parent_zone_id"],
            name=args["domain"],
            type="NS",
            ttl=args["ttl_seconds"],
            records=args["name_servers"],
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({})
