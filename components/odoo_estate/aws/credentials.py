"""A generated password, and a secret in Secrets Manager that hands credentials out."""

from collections.abc import Mapping
from typing import Any, NotRequired, TypedDict

import pulumi
import pulumi_random as random
from pulumi_aws import secretsmanager

PASSWORD_LENGTH = 40
"""Letters and digits only: about 238 bits, and no character that a URL, a shell or RDS (``/ " @``) would trip over."""


class PasswordArgs(TypedDict):
    """Inputs of `Password`; a changed ``version`` makes a new one."""

    version: NotRequired[int]


class Password(pulumi.ComponentResource):
    """A random password; ``text`` is a secret output."""

    text: pulumi.Output[str]

    def __init__(self, name: str, args: PasswordArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("odoo-estate:aws:Password", name, None, opts)
        generated = random.RandomPassword(
            name,
            length=PASSWORD_LENGTH,
            special=False,
            keepers={"version": str(args.get("version", 1))},
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.text = pulumi.Output.secret(generated.result)
        self.register_outputs({})


class CredentialsArgs(TypedDict):
    """Inputs of `Credentials`. An empty or missing ``secret_name`` lets the engine make one; ``values`` is the secret's JSON object.

    ``recoverable`` False: deleted at once. Otherwise (the default) AWS keeps a deleted secret for its recovery window, and its name with it.
    """

    description: str
    values: Mapping[str, pulumi.Input[Any]]
    key_arn: pulumi.Input[str]
    secret_name: NotRequired[str]
    recoverable: NotRequired[bool]


class Credentials(pulumi.ComponentResource):
    """A secret in Secrets Manager with its current value; ``version`` is the value's id, for whoever has to follow it."""

    arn: pulumi.Output[str]
    version: pulumi.Output[str]

    def __init__(self, name: str, args: CredentialsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("odoo-estate:aws:Credentials", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        secret = secretsmanager.Secret(
            name,
            name=args.get("secret_name") or None,
            description=args["description"],
            kms_key_id=args["key_arn"],
            recovery_window_in_days=None if args.get("recoverable", True) else 0,
            opts=child,
        )
        value = secretsmanager.SecretVersion(
            name,
            secret_id=secret.id,
            secret_string=pulumi.Output.json_dumps(dict(args["values"])),
            opts=child,
        )
        self.arn = secret.arn
        self.version = value.version_id
        self.register_outputs({"arn": self.arn, "version": self.version})
