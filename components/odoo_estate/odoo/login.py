"""A login of PostgreSQL: its generated password, kept in Secrets Manager."""

from typing import NotRequired, TypedDict

import pulumi

from odoo_estate.aws.credentials import Credentials, Password


class LoginArgs(TypedDict):
    """Inputs of a `Login`."""

    login: str
    secret_name: str
    description: str
    key_arn: pulumi.Input[str]
    login_version: NotRequired[int]
    """A raised one makes a new password."""
    recoverable: NotRequired[bool]
    """See `CredentialsArgs`: False where the name is needed again soon after the login has gone."""


class Login(pulumi.ComponentResource):
    """A JSON document with username and password; ``version`` names its current content."""

    arn: pulumi.Output[str]
    version: pulumi.Output[str]

    def __init__(self, name: str, args: LoginArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("odoo-estate:odoo:Login", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        credentials = Credentials(
            name,
            {
                "description": args["description"],
                "secret_name": args["secret_name"],
                "values": {
                    "username": args["login"],
                    "password": Password(name, {"version": args.get("login_version", 1)}, child).text,
                },
                "key_arn": args["key_arn"],
                "recoverable": args.get("recoverable", True),
            },
            child,
        )
        self.arn = credentials.arn
        self.version = credentials.version
        self.register_outputs({"arn": self.arn, "version": self.version})
