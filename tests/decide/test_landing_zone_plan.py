"""The landing zone's plan in both modes."""

import json
from typing import Any

import pytest
from tests.decide.documents import compiled, context

from odoo_estate.decide.landing_zone import class_budgets
from odoo_estate.decide.organisation import CONTROLS_EACH, check_length
from odoo_estate.errors import BadInput, Refused
from odoo_estate.plan import CellPlan, LandingZonePlan


def landing_zone(**changes: Any) -> LandingZonePlan:
    found = compiled(**changes).stacks["landing-zone"]
    assert isinstance(found, LandingZonePlan)
    return found


def single() -> LandingZonePlan:
    return landing_zone(estate={"mode": "single-account"})


def test_every_target_that_something_lives_in_exists() -> None:
    for plan in (landing_zone(), single()):
        used = {target for target, _ in (*plan.keys.values(), *plan.vaults.values(), *plan.roles.values())}
        assert used | {"management", "log-archive", plan.shared_target} <= set(plan.targets)


def test_each_vault_has_a_recovery_key_of_its_own() -> None:
    plan = landing_zone()
    assert plan.vaults
    for target, vault in plan.vaults.values():
        assert plan.keys[vault.key][0] == target
        assert plan.keys[vault.key][1].services == ("backup",)
        assert plan.targets[target].account == "210000000004"


def test_only_the_accounts_of_cells_may_copy_into_the_vaults() -> None:
    assert landing_zone().vault_source_accounts == ("210000000006",)


def test_one_account_serves_every_role_where_there_is_only_one() -> None:
    plan = single()
    assert {target.account for target in plan.targets.values()} == {"210000000006"}
    assert plan.organisation is None
    assert plan.vaults == {}


def test_every_place_that_writes_logs_or_alerts_has_a_key() -> None:
    for plan in (landing_zone(), single()):
        recovery = {vault.key for _, vault in plan.vaults.values()}
        places = {
            (plan.targets[target].account, plan.targets[target].region)
            for key, (target, _) in plan.keys.items()
            if key not in recovery
        }
        for target in ("management", "log-archive", plan.shared_target):
            assert (plan.targets[target].account, plan.targets[target].region) in places


def test_the_audit_archive_is_locked_for_as_long_as_it_is_kept() -> None:
    bucket = landing_zone().log_bucket
    assert bucket.object_lock_days == 2557
    assert bucket.expire_after_days == 2558
    assert bucket.name == "harbour-audit-210000000002"


def test_accounts_have_addresses_of_their_own_that_reach_operations() -> None:
    organisation = landing_zone().organisation
    assert organisation is not None
    addresses = [email for _, email in organisation.accounts.values()]
    assert len(set(addresses)) == len(addresses) == 6
    assert organisation.accounts["backup"] == ("harbour-backup", "ops+harbour-backup@harbour.example")
    assert {role for roles in organisation.units.values() for role in roles} == set(organisation.accounts)


def test_an_account_address_that_aws_would_refuse_is_refused() -> None:
    with pytest.raises(BadInput, match="longer than the 64 characters") as caught:
        compiled(estate={"contacts": {"operations": f"{'o' * 40}@harbour.example"}})
    assert caught.value.problems[0].field == "contacts.operations"


def test_regions_outside_the_residency_zones_are_denied() -> None:
    organisation = landing_zone().organisation
    assert organisation is not None
    (statement,) = organisation.control_policies["residency"].statements
    condition = json.loads(json.dumps(statement["Condition"]))
    assert condition == {"StringNotEquals": {"aws:RequestedRegion": ["eu-central-1", "eu-west-1"]}}
    assert set(organisation.control_policies["residency"].units) == set(organisation.units)


def test_control_policies_fit_aws_limits() -> None:
    organisation = landing_zone().organisation
    assert organisation is not None
    for policy in organisation.control_policies.values():
        document = {"Version": "2012-10-17", "Statement": [dict(one) for one in policy.statements]}
        assert len(json.dumps(document, separators=(",", ":"))) <= 5120
    for unit in organisation.units:
        attached = [one for one in organisation.control_policies.values() if unit in one.units]
        assert len(attached) <= CONTROLS_EACH


def test_a_policy_that_aws_would_refuse_is_refused_before() -> None:
    with pytest.raises(Refused, match="more than the 20 that AWS accepts"):
        check_length("audit", {"Statement": "x" * 30}, 20)


def test_nobody_may_delete_recovery_points_in_the_course_of_a_day() -> None:
    organisation = landing_zone().organisation
    assert organisation is not None
    policy = organisation.control_policies["recovery"]
    assert "infrastructure" in policy.units
    text = json.dumps([dict(one) for one in policy.statements])
    assert "backup:DeleteRecoveryPoint" in text


PURPOSES = ("deploy", "preview", "admin", "support", "auditor", "restore", "break-glass", "organisation-backup")


def test_roles_separate_who_may_do_what() -> None:
    roles = landing_zone().roles
    assert set(roles) == {
        "aggregator",
        "ci-deploy",
        "ci-preview",
        "production-partner-bright",
        *(f"{account}-{role}" for account in ("production", "non-production") for role in PURPOSES),
    }
    for key, (_, role) in roles.items():
        for statement in role.statements:
            actions = statement["Action"]
            assert isinstance(actions, list)
            assert "*" not in actions
            assert not [action for action in actions if str(action).endswith(":*")], key
            if statement["Resource"] == "*":
                assert not [action for action in actions if "*" in str(action)], key
        everything = [one for one in role.managed_policies if one.endswith(("AdministratorAccess", "PowerUserAccess"))]
        assert bool(everything) is key.endswith("break-glass"), key
    for key in ("production-preview", "production-auditor", "production-break-glass"):
        assert roles[key][1].statements == ()


def test_who_deploys_cannot_change_what_deploying_may_do() -> None:
    role = landing_zone().roles["production-deploy"][1]
    (denied,) = [one for one in role.statements if one["Effect"] == "Deny"]
    text = json.dumps(dict(denied))
    assert "role/harbour-deploy" in text
    assert "iam:PutRolePolicy" in text


def test_roles_fit_aws_limits() -> None:
    for _, role in landing_zone().roles.values():
        assert len(json.dumps([dict(one) for one in role.statements], separators=(",", ":"))) <= 10_240
        assert len(json.dumps([dict(one) for one in role.trust], separators=(",", ":"))) <= 2048


def test_the_automations_own_role_is_not_made_again() -> None:
    assert "production-deploy" not in landing_zone(estate={"deploy_role": "harbour-deploy"}).roles


def test_a_class_budget_moves_when_its_contracts_double() -> None:
    def limit(count: int) -> int:
        one = context().customers["copper"]
        made = context()
        many = {f"c{number}": one.model_copy(update={"customer": f"c{number}"}) for number in range(count)}
        return class_budgets(type(made)(made.estate, made.catalog, many, made.today))["class-starter"].limit_usd

    assert [limit(count) for count in (1, 2, 3, 4, 5, 8, 9)] == [50, 100, 200, 200, 400, 400, 800]


def test_partners_with_an_agreed_budget_have_one() -> None:
    budget = landing_zone().budgets_by_key["partner-bright"]
    assert (budget.limit_usd, budget.tag) == (5000, ("partner", "bright"))
    assert "service@bright.example" in budget.emails
    assert len(budget.actual_percent) + len(budget.forecast_percent) >= 2


def test_each_brand_domain_has_a_zone_once() -> None:
    assert landing_zone().zones == {"platform": "erp.harbour.example", "partner-bright": "bright.example"}


def test_the_organisations_own_backups_go_into_a_vault_and_by_a_role_that_are_there() -> None:
    plan = landing_zone()
    assert plan.organisation is not None
    policy = plan.organisation.management_policies["backup"]
    ((name, backup),) = json.loads(json.dumps(policy.content))["plans"].items()
    assert name.startswith("harbour-")
    cell = compiled().stacks["cell.eu-1"]
    assert isinstance(cell, CellPlan)
    vault = backup["rules"]["daily"]["target_backup_vault_name"]["@@assign"]
    assert vault in {one.name for one in cell.vaults.values()}
    locked = min(one.lock.min_days for one in cell.vaults.values() if one.lock)
    assert int(backup["rules"]["daily"]["lifecycle"]["delete_after_days"]["@@assign"]) >= locked
    role = backup["selections"]["tags"]["tagged"]["iam_role_arn"]["@@assign"].rpartition("/")[2]
    assert role == plan.roles["production-organisation-backup"][1].name


def test_owner_tags_are_written_one_way_and_no_service_is_refused_for_it() -> None:
    organisation = landing_zone().organisation
    assert organisation is not None
    tags = json.loads(json.dumps(organisation.management_policies["tags"].content))["tags"]
    assert set(tags) == set(context().catalog.required_tags)
    assert "enforced_for" not in json.dumps(tags)


def test_nobody_but_who_keeps_them_changes_detectors_and_safe_settings_and_nobody_leaves() -> None:
    organisation = landing_zone(estate={"deploy_role": "keeper"}).organisation
    assert organisation is not None
    (audit,) = organisation.control_policies["audit"].statements
    for action in (
        "cloudtrail:StopLogging",
        "guardduty:DeleteDetector",
        "s3:PutAccountPublicAccessBlock",
        "iam:CreateUser",
    ):
        assert action in audit["Action"]  # type: ignore[operator]
    assert json.loads(json.dumps(audit["Condition"])) == {
        "ArnNotLike": {
            "aws:PrincipalArn": [
                "arn:aws:iam::*:role/OrganizationAccountAccessRole",
                "arn:aws:iam::*:role/keeper",
            ]
        }
    }
    leave = organisation.control_policies["root"].statements[1]
    assert "organizations:LeaveOrganization" in leave["Action"] and "Condition" not in leave  # type: ignore[operator]


def test_dns_queries_are_logged_only_where_the_catalog_says_and_zones_are_signed_only_when_asked() -> None:
    plan = landing_zone(catalog={"governance": {"dns_query_log_days": 0, "dnssec": True}})
    assert plan.dns_query_log_days == 0 and plan.dnssec and "query-logs" not in plan.keys
    assert plan.organisation is not None
    (residency,) = plan.organisation.control_policies["residency"].statements
    assert not [one for one in residency["NotAction"] if str(one).startswith("logs:")]  # type: ignore[union-attr]
