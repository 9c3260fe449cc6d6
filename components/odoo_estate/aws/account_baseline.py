"""What holds for a whole account, whoever makes something in it."""

from collections.abc import Mapping, Sequence
from typing import TypedDict

import pulumi
from pulumi_aws import account, ebs, ec2, iam, s3

from odoo_estate.plan import ContactPlan


class AccountBaselineArgs(TypedDict):
    """Inputs of `AccountBaseline`; ``contacts`` by AWS's kind."""

    regions: Sequence[str]
    password_length: int
    """Characters that the password of an IAM user has at least."""
    contacts: Mapping[str, ContactPlan]


class AccountBaseline(pulumi.ComponentResource):
    """No public buckets, no public or unencrypted volumes and snapshots, no IMDSv1, passwords (which nobody has) that cannot be guessed.

    The default key of EBS stays AWS's own: every volume of ours names its cell's key, and a snapshot of one made by hand cannot be shared with
    another account.
    """

    def __init__(self, name: str, args: AccountBaselineArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("odoo-estate:aws:AccountBaseline", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        s3.AccountPublicAccessBlock(
            name,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=child,
        )
        iam.AccountPasswordPolicy(
            name,
            minimum_password_length=args["password_length"],
            require_lowercase_characters=True,
            require_numbers=True,
            require_symbols=True,
            require_uppercase_characters=True,
            password_reuse_prevention=24,
            allow_users_to_change_password=True,
            opts=child,
        )
        for region in args["regions"]:
            here = f"{name}-{region}"
            ebs.EncryptionByDefault(here, enabled=True, region=region, opts=child)
            ebs.SnapshotBlockPublicAccess(here, state="block-all-sharing", region=region, opts=child)
            ec2.InstanceMetadataDefaults(
                here, http_tokens="required", http_put_response_hop_limit=1, region=region, opts=child
            )
        for kind, contact in args["contacts"].items():
            account.AlternativeContact(
                f"{name}-{kind.lower()}",
                alternate_contact_type=kind,
                name=contact.name,
                title=contact.title,
                email_address=contact.email,
                phone_number=contact.phone,
                opts=child,
            )
        self.register_outputs({})
