"""Who an account believes: identity providers of people (SAML) and of CI jobs (OpenID Connect)."""

from collections.abc import Mapping
from typing import TypedDict

import pulumi
from pulumi_aws import iam


class PeopleProvidersArgs(TypedDict):
    """Inputs of `PeopleProviders`."""

    saml: Mapping[str, str]
    """Provider name to its SAML metadata, which holds certificates and no secret; empty: none is made."""


class PeopleProviders(pulumi.ComponentResource):
    """In each account with roles for people, so that nobody signs in to one account to get into another."""

    def __init__(self, name: str, args: PeopleProvidersArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("odoo-estate:aws:PeopleProviders", name, None, opts)
        for provider, metadata in args["saml"].items():
            iam.SamlProvider(
                f"{name}-{provider}",
                name=provider,
                saml_metadata_document=metadata,
                opts=pulumi.ResourceOptions(parent=self),
            )
        self.register_outputs({})


class JobProviderArgs(TypedDict):
    """Inputs of `JobProvider`."""

    issuer: str
    """Host (and path) of the OpenID Connect issuer, without ``https://``."""
    audience: str
    """What a token must say it is meant for (``aud``)."""


class JobProvider(pulumi.ComponentResource):
    """One per issuer and account. AWS trusts the certificates of well-known issuers through its own store, so no thumbprint is pinned."""

    def __init__(self, name: str, args: JobProviderArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("odoo-estate:aws:JobProvider", name, None, opts)
        iam.OpenIdConnectProvider(
            name,
            url=f"https://{args['issuer']}",
            client_id_lists=[args["audience"]],
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({})
