"""Who may take on the estate's roles: people of an identity provider, jobs of a CI system, and nobody without a condition.

People carry their name (source identity) into the audit trail, through every role they go on to; the second factor is the identity provider's.
"""

from collections.abc import Mapping, Sequence

from odoo_estate.decide.context import Context
from odoo_estate.decide.naming import name
from odoo_estate.plan import Json
from odoo_estate.spec.estate import SupportAccess

Statement = Mapping[str, Json]

AUDIENCE = "sts.amazonaws.com"
CLOSED = "1970-01-01T00:00:00Z"


def saml_provider(context: Context, account: str, *, emergency: bool = False) -> str:
    """ARN of the identity provider as ``account`` knows it."""
    kind = "emergency" if emergency and "emergency" in context.federation else "people"
    return f"arn:aws:iam::{account}:saml-provider/{name('iam-role', context.estate.estate, kind)}"


def people(context: Context, account: str, *, partner: str = "", emergency: bool = False) -> dict[str, Json]:
    """Trust of a role of ``account`` that people take on. ``partner``: only those whom the identity provider says to belong to it."""
    if not context.federation:
        return _second_factor(context)
    named: dict[str, Json] = {"sts:SourceIdentity": "?*"}
    audience: dict[str, Json] = {
        "SAML:aud": [
            "https://signin.aws.amazon.com/saml",
            # The regional one works while us-east-1 does not (IAM user guide, SAML regional endpoints, read 2026-11).
            f"https://{context.estate.home_region}.signin.aws.amazon.com/saml",
        ]
    }
    if partner:
        audience["aws:RequestTag/partner"] = partner
    return {
        "Effect": "Allow",
        "Principal": {"Federated": saml_provider(context, account, emergency=emergency)},
        "Action": ["sts:AssumeRoleWithSAML", "sts:SetSourceIdentity", "sts:TagSession"],
        "Condition": {"StringEquals": audience, "StringLike": named},
    }


def _second_factor(context: Context) -> dict[str, Json]:
    return {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{management(context)}:root"},
        "Action": ["sts:AssumeRole", "sts:SetSourceIdentity"],
        "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}},
    }


def support(context: Context, account: str, role: str) -> tuple[Statement, ...]:
    """One statement for each approval that is not over, open between its days only; closed where there is none, so that the role itself, which
    clusters and databases know, stays the same one."""
    today = context.today.isoformat()
    grants = [one for one in context.estate.support_access if one.account == role and one.until >= today]
    windows = [(f"{one.since}T00:00:00Z", f"{one.until}T23:59:59Z") for one in _merged(grants)]
    found = []
    for since, until in windows or [(CLOSED, CLOSED)]:
        statement = people(context, account)
        condition = statement["Condition"]
        assert isinstance(condition, dict)
        condition["DateGreaterThanEquals"] = {"aws:CurrentTime": since}
        condition["DateLessThanEquals"] = {"aws:CurrentTime": until}
        found.append(statement)
    return tuple(found)


def _merged(grants: Sequence[SupportAccess]) -> list[SupportAccess]:
    """Approvals whose days touch are one window: a trust policy holds 2,048 characters, about three of them."""
    found: list[SupportAccess] = []
    for grant in sorted(grants, key=lambda one: (one.since, one.until)):
        if found and grant.since <= found[-1].until:
            found[-1] = found[-1].model_copy(update={"until": max(found[-1].until, grant.until)})
        else:
            found.append(grant)
    return found


def management(context: Context) -> str:
    """The account in which automation signs in: with a single account, that one."""
    accounts = context.estate.accounts
    return accounts["management"] if context.estate.mode == "organisation" else accounts["production"]


def ci_role(estate: str, purpose: str) -> str:
    """Name of the role that jobs of the CI system sign in to, in the management account, and go on from to the role of an account."""
    return name("iam-role", estate, "ci", purpose)


def automation(context: Context, role: str) -> Statement:
    """Trust of ``deploy`` or ``preview`` in an account: the CI role of that purpose, by name. Neither the engine's provider nor ``aws eks
    get-token`` sends an external id, and a name needs none."""
    account = management(context)
    return {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
        "Action": ["sts:AssumeRole", "sts:TagSession"],
        "Condition": {
            "ArnEquals": {"aws:PrincipalArn": f"arn:aws:iam::{account}:role/{ci_role(context.estate.estate, role)}"}
        },
    }


def ci_job(context: Context, subjects: Sequence[str]) -> Statement:
    """Trust of a CI role: jobs of the estate's CI system with this audience and one of these subjects, each in full."""
    estate = context.estate
    account = management(context)
    if estate.automation is None:
        return _second_factor(context)
    issuer = estate.automation.issuer
    claims: dict[str, Json] = {f"{issuer}:aud": AUDIENCE, f"{issuer}:sub": list[Json](subjects)}
    return {
        "Effect": "Allow",
        "Principal": {"Federated": f"arn:aws:iam::{account}:oidc-provider/{issuer}"},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": claims},
    }
