"""Who may get in, as it is written in estate.yaml: what is wrong is said there, before anything is made."""

import pytest
from tests.spec.conftest import Desk

METADATA = f'<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata">{" " * 1000}</md:EntityDescriptor>'
ACCESS = """
support_access:
  - {account: ACCOUNT, ticket: INC-1, approver: Jane Doe, since: SINCE, until: UNTIL}
"""
AUTOMATION = """
automation:
  issuer: token.actions.githubusercontent.com
  preview: [PREVIEW]
  deploy: [DEPLOY]
"""
PREVIEW, DEPLOY = "repo:us/estate:pull_request", "repo:us/estate:environment:production"


def written(desk: Desk, text: str, **values: str) -> Desk:
    for name, value in values.items():
        text = text.replace(name.upper(), value)
    desk.write("estate.yaml", desk.ESTATE + text)
    return desk


def test_metadata_of_an_identity_provider_is_read_from_beside_the_estate(desk: Desk) -> None:
    desk.write("people.xml", METADATA)
    assert written(desk, "\npeople: {metadata: people.xml}\n").load().federation == {"people": METADATA}


@pytest.mark.parametrize("name", ["missing.xml", "../people.xml", "estate.yaml"])
def test_what_is_no_metadata_is_refused(desk: Desk, name: str) -> None:
    desk.write("../people.xml", METADATA)
    problem = written(desk, f"\npeople: {{metadata: {name}}}\n").problem()
    assert "is not a SAML metadata file beside estate.yaml" in problem.message and problem.line > 1


@pytest.mark.parametrize(
    ("since", "until"), [("2026-11-20", "2026-11-27"), ("2026-11-20", "2026-11-19"), ("2026-11-20", "2026-11-31")]
)
def test_support_gets_in_for_some_days_at_most(desk: Desk, since: str, until: str) -> None:
    problem = written(desk, ACCESS, account="production", since=since, until=until).problem()
    assert problem.field == "support_access.0.until"


def test_an_approved_week_is_accepted(desk: Desk) -> None:
    made = written(desk, ACCESS, account="production", since="2026-11-20", until="2026-11-26").load()
    assert [one.ticket for one in made.estate.support_access] == ["INC-1"]


def test_support_gets_into_accounts_that_are_there(desk: Desk) -> None:
    problem = written(desk, ACCESS, account="sandbox", since="2026-11-20", until="2026-11-20").problem()
    assert problem.field == "support_access.0.account" and "production" in str(problem)


def test_ci_jobs_are_named_whole(desk: Desk) -> None:
    assert written(desk, AUTOMATION, preview=PREVIEW, deploy=DEPLOY).load().estate.automation
    for wide in ("repo:us/*", "*", "us/estate"):
        problems = written(desk, AUTOMATION, preview=PREVIEW, deploy=f'"{wide}"').problems()
        assert any("sub claim" in str(problem) for problem in problems)


def test_whoever_opens_a_pull_request_does_not_deploy(desk: Desk) -> None:
    both = "repo:us/estate:ref:refs/heads/main"
    assert "pull request" in written(desk, AUTOMATION, preview=DEPLOY, deploy=PREVIEW).problem().message
    assert "preview job too" in written(desk, AUTOMATION, preview=both, deploy=both).problem().message


def test_an_account_apart_is_that_of_a_partner_or_customer_of_the_estate(desk: Desk) -> None:
    roles = ("management", "log-archive", "audit", "backup", "shared-services", "non-production", "customer-lumen")
    more = "".join(f'  {role}: "0100000001{number:02}"\n' for number, role in enumerate(roles))
    desk.change("estate.yaml", "mode: single-account\n", "mode: organisation\n")
    desk.change("estate.yaml", "accounts:\n", f"accounts:\n{more}")
    assert desk.load().estate.accounts["customer-lumen"] == "010000000106"
    desk.change("estate.yaml", "customer-lumen", "customer-nobody")
    problem = desk.problem()
    assert "no account for the role customer-nobody" in problem.message and "customer-lumen" in problem.allowed
