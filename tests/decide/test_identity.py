"""Who gets in, as whom, for how long, and what whoever gets hold of a role can make of it."""

import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from tests.decide.documents import compiled, context

from odoo_estate.decide import roles
from odoo_estate.decide.boundary import LIMIT, boundaries, boundary_arn
from odoo_estate.decide.context import Context
from odoo_estate.errors import Refused
from odoo_estate.plan import RolePlan

AUTOMATION = {
    "issuer": "token.actions.githubusercontent.com",
    "preview": ("repo:harbour/estate:pull_request",),
    "deploy": ("repo:harbour/estate:environment:production",),
}
PEOPLE = ("admin", "auditor", "restore", "support", "break-glass", "partner-bright")


def federated(**estate: Any) -> Context:
    made = context(estate={"automation": AUTOMATION, "people": {"metadata": "people.xml"}, **estate})
    return replace(made, federation={"people": "<x/>", "emergency": "<y/>"}, memo={})


def grant(since: str, until: str, **changes: str) -> dict[str, str]:
    return {"account": "production", "ticket": "INC-1", "approver": "Jo", "since": since, "until": until, **changes}


def trust(role: RolePlan) -> dict[str, Any]:
    (one,) = role.trust
    found: dict[str, Any] = json.loads(json.dumps(dict(one)))
    return found


def test_people_come_through_the_identity_provider_and_keep_their_name() -> None:
    made = roles.account_roles(federated(), "production")
    for key in PEOPLE:
        one = trust(made[key])
        assert ":saml-provider/harbour-" in one["Principal"]["Federated"], key
        assert one["Condition"]["StringLike"]["sts:SourceIdentity"] == "?*"
        assert "https://signin.aws.amazon.com/saml" in one["Condition"]["StringEquals"]["SAML:aud"]


def test_break_glass_opens_when_the_first_identity_provider_does_not() -> None:
    made = roles.account_roles(federated(), "production")
    assert trust(made["break-glass"])["Principal"]["Federated"].endswith("saml-provider/harbour-emergency")
    assert trust(made["admin"])["Principal"]["Federated"].endswith("saml-provider/harbour-people")


def test_without_an_identity_provider_people_need_a_second_factor() -> None:
    made = roles.account_roles(context(), "production")
    for key in PEOPLE:
        assert trust(made[key])["Condition"]["Bool"] == {"aws:MultiFactorAuthPresent": "true"}


def test_a_partner_is_who_the_identity_provider_says_and_sees_only_what_carries_its_tag() -> None:
    role = roles.account_roles(federated(), "production")["partner-bright"]
    assert trust(role)["Condition"]["StringEquals"]["aws:RequestTag/partner"] == "bright"
    assert role.managed_policies == ()
    for statement in role.statements:
        if statement["Action"] != ["eks:DescribeCluster"]:
            assert statement["Condition"] == {"StringEquals": {"aws:ResourceTag/partner": "bright"}}


def test_support_gets_in_while_an_approval_is_open_and_at_no_other_time() -> None:
    closed = roles.account_roles(federated(), "production")["support"]
    assert trust(closed)["Condition"]["DateLessThanEquals"] == {"aws:CurrentTime": "1970-01-01T00:00:00Z"}
    opened = federated(support_access=(grant("2026-11-22", "2026-11-24"),))
    condition = trust(roles.account_roles(opened, "production")["support"])["Condition"]
    assert condition["DateGreaterThanEquals"] == {"aws:CurrentTime": "2026-11-22T00:00:00Z"}
    assert condition["DateLessThanEquals"] == {"aws:CurrentTime": "2026-11-24T23:59:59Z"}
    assert trust(roles.account_roles(opened, "non-production")["support"]) != trust(
        roles.account_roles(opened, "production")["support"]
    )
    assert roles.account_roles(opened, "production")["support"].max_session_seconds == 3600


def test_approvals_that_touch_are_one_and_those_that_are_over_are_forgotten() -> None:
    made = federated(
        support_access=(
            grant("2026-11-01", "2026-11-03"),
            grant("2026-11-22", "2026-11-24"),
            grant("2026-11-24", "2026-11-26"),
        )
    )
    condition = trust(roles.account_roles(made, "production")["support"])["Condition"]
    assert condition["DateLessThanEquals"] == {"aws:CurrentTime": "2026-11-26T23:59:59Z"}
    later = replace(made, today=date(2026, 12, 24), memo={})
    assert "1970" in json.dumps(trust(roles.account_roles(later, "production")["support"]))


def test_more_approvals_than_a_trust_policy_holds_are_refused() -> None:
    apart = tuple(grant(f"2026-12-{day:02}", f"2026-12-{day:02}") for day in range(1, 20, 3))
    with pytest.raises(Refused, match="make a trust policy of"):
        roles.account_roles(federated(support_access=apart), "production")


def test_ci_jobs_are_told_apart_by_all_of_what_they_are() -> None:
    made = roles.ci_roles(federated())
    for purpose in ("deploy", "preview"):
        one = trust(made[f"ci-{purpose}"])
        assert one["Principal"]["Federated"].endswith(":oidc-provider/token.actions.githubusercontent.com")
        assert one["Condition"] == {
            "StringEquals": {
                "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
                "token.actions.githubusercontent.com:sub": list(AUTOMATION[purpose]),
            }
        }
        (way_on,) = made[f"ci-{purpose}"].statements
        other = "preview" if purpose == "deploy" else "deploy"
        assert f"role/harbour-{purpose}" in json.dumps(way_on["Resource"])
        assert f"role/harbour-{other}" not in json.dumps(way_on["Resource"])


def test_only_the_ci_role_of_a_purpose_goes_on_to_the_role_of_that_purpose() -> None:
    made = roles.account_roles(federated(), "production")
    for purpose in ("deploy", "preview"):
        assert trust(made[purpose])["Condition"] == {
            "ArnEquals": {"aws:PrincipalArn": f"arn:aws:iam::210000000001:role/harbour-ci-{purpose}"}
        }
    assert made["preview"].statements == ()


def test_who_deploys_makes_no_role_without_a_boundary_and_gives_nothing_to_one_without() -> None:
    found = roles.account_roles(federated(), "production")["deploy"].statements
    wanted = [boundary_arn("harbour", "210000000006", kind) for kind in ("tenant", "cell")]
    for action in ("iam:CreateRole", "iam:PutRolePolicy", "iam:AttachRolePolicy", "iam:PutRolePermissionsBoundary"):
        allowing = [one for one in found if one["Effect"] == "Allow" and action in one["Action"]]  # type: ignore[operator]
        assert [one["Condition"]["StringEquals"] for one in allowing] == [{"iam:PermissionsBoundary": wanted}], action  # type: ignore[index, call-overload]
    text = json.dumps([dict(one) for one in found])
    for never in (
        "iam:DeleteRolePermissionsBoundary",
        "iam:CreatePolicyVersion",
        "iam:CreateUser",
        "iam:CreateAccessKey",
    ):
        assert never not in text


def test_what_cannot_be_named_before_it_is_there_is_asked_for_by_its_tag() -> None:
    found = roles.account_roles(federated(), "production")["deploy"].statements
    (keys,) = [one for one in found if one["Action"] == ["acm:RequestCertificate", "kms:CreateKey"]]
    assert keys["Condition"] == {"StringEquals": {"aws:RequestTag/managed-by": "odoo-estate"}}


def test_boundaries_fit_and_a_tenants_is_the_smaller_one() -> None:
    made = boundaries("harbour", "1" * 12, "2" * 12)
    sizes = {kind: len(json.dumps([dict(one) for one in plan.statements])) for kind, plan in made.items()}
    assert sizes["tenant"] < sizes["cell"] <= LIMIT
    for plan in made.values():
        text = json.dumps([dict(one) for one in plan.statements])
        for never in ("iam:Create", "iam:Put", "organizations:", "cloudtrail:", "kms:PutKeyPolicy", "kms:ScheduleKey"):
            assert never not in text.replace("iam:CreateServiceLinkedRole", ""), never
    assert "ec2:" not in json.dumps([dict(one) for one in made["tenant"].statements])


def test_every_stack_but_the_landing_zone_bounds_its_roles() -> None:
    for plan in compiled().stacks.values():
        kind = "tenant" if plan.kind == "tenant" else "cell"
        wanted = "" if plan.kind == "landing-zone" else boundary_arn("harbour", plan.target.account, kind)
        assert plan.boundary == wanted, plan.stack


def test_accounts_that_lie_apart_have_units_boundaries_and_roles_of_their_own() -> None:
    accounts = {"partner-bright": "210000000008"}
    made = compiled(estate={"accounts": {**context().estate.accounts, **accounts}}).stacks["landing-zone"]
    assert made.organisation.units["partners"] == ("partner-bright",)  # type: ignore[union-attr]
    assert "partner-bright-partner-bright" in made.roles  # type: ignore[union-attr]
    assert "partner-bright-tenant" in made.boundaries  # type: ignore[union-attr]
    attached = made.organisation.control_policies["recovery"].units  # type: ignore[union-attr]
    assert "partners" in attached
