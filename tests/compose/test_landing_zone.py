"""What a landing zone promises to auditors and to whoever has lost data."""

import json

import pytest
from tests.compose import plans
from tests.compose.graphs import landing_zone, names, needs, one, recorded, statements

from odoo_estate.errors import EstateError


def _home(urn: str) -> str:
    return urn.rpartition("::")[2]


def test_each_thing_lives_in_its_own_account() -> None:
    graph = landing_zone()
    assert _home(one(graph, "cloudtrail/trail:Trail", "audit").provider) == "aws-management"
    assert _home(one(graph, "s3/bucket:Bucket", "audit-log").provider) == "aws-log-archive"
    assert _home(one(graph, "backup/vault:Vault", f"vault-{plans.REGION}").provider) == f"aws-backup/{plans.REGION}"
    assert _home(one(graph, "iam/role:Role", "role-auditor").provider) == "aws-log-archive"
    accounts = {
        node.name: json.loads(node.inputs["allowedAccountIds"])[0] for node in graph.of_type("pulumi:providers:aws")
    }
    assert accounts == {
        "aws-management": plans.MANAGEMENT,
        "aws-log-archive": plans.LOG_ARCHIVE,
        f"aws-backup/{plans.REGION}": plans.BACKUP,
        "aws-production": plans.WORKLOAD,
    }


def test_the_trail_covers_every_region_and_account_and_signs_its_digests() -> None:
    trail = one(landing_zone(), "cloudtrail/trail:Trail", "audit").inputs
    assert trail["isMultiRegionTrail"] and trail["isOrganizationTrail"] and trail["enableLogFileValidation"]
    assert "key-logs" in trail["kmsKeyId"]
    assert trail["cloudWatchLogsGroupArn"].endswith(":*")


def test_a_single_account_has_no_organisation_and_no_organisation_trail() -> None:
    graph = landing_zone("single-account")
    assert not [node for node in graph if node.type.startswith("aws:organizations/")]
    assert one(graph, "cloudtrail/trail:Trail", "audit").inputs["isOrganizationTrail"] is False


def test_only_the_trail_writes_into_the_audit_bucket() -> None:
    graph = landing_zone()
    policy = one(graph, "s3/bucketPolicy:BucketPolicy", "audit-log")
    allowed = [s for s in statements(policy.inputs["policy"]) if s["Effect"] == "Allow"]
    trail = f"arn:aws:cloudtrail:{plans.REGION}:{plans.MANAGEMENT}:trail/acme"
    assert all(s["Principal"] == {"Service": "cloudtrail.amazonaws.com"} for s in allowed)
    assert all(s["Condition"]["StringEquals"]["aws:SourceArn"] == trail for s in allowed)
    assert needs(graph, one(graph, "cloudtrail/trail:Trail", "audit"), policy)


def test_the_recovery_vault_takes_copies_of_workload_accounts_and_lets_nobody_delete() -> None:
    graph = landing_zone()
    policy = one(graph, "backup/vaultPolicy:VaultPolicy", f"vault-{plans.REGION}").inputs["policy"]
    by_effect = {s["Effect"]: s for s in statements(policy)}
    assert "backup:DeleteRecoveryPoint" in by_effect["Deny"]["Action"]
    assert "Condition" not in by_effect["Deny"]
    assert by_effect["Allow"]["Principal"] == {"AWS": [f"arn:aws:iam::{plans.WORKLOAD}:root"]}
    lock = one(graph, "backup/vaultLockConfiguration:VaultLockConfiguration", f"vault-{plans.REGION}").inputs
    assert (lock["minRetentionDays"], lock["maxRetentionDays"], lock["changeableForDays"]) == (7, 400, 3)


def test_only_the_recovery_key_admits_other_accounts() -> None:
    graph = landing_zone()
    for key in graph.of_type("aws:kms/key:Key"):
        foreign = plans.WORKLOAD in key.inputs["policy"]
        assert foreign == (key.name == f"key-recovery-{plans.REGION}"), key.name


def test_recovery_points_and_logs_never_share_a_key() -> None:
    graph = landing_zone()
    vault = one(graph, "backup/vault:Vault", f"vault-{plans.REGION}").inputs["kmsKeyArn"]
    others = {
        one(graph, "sns/topic:Topic", "alerts").inputs["kmsMasterKeyId"],
        one(graph, "cloudwatch/logGroup:LogGroup", "audit").inputs["kmsKeyId"],
        one(graph, "cloudtrail/trail:Trail", "audit").inputs["kmsKeyId"],
    }
    assert vault not in others


def test_an_account_without_a_key_for_its_logs_is_named() -> None:
    from dataclasses import replace

    plan = plans.landing_zone()
    keys = {name: key for name, key in plan.keys.items() if name != "management"}
    with pytest.raises(EstateError, match=f'account {plans.MANAGEMENT}.*"management"'):
        recorded(replace(plan, keys=keys))


def test_the_organisation_bounds_its_workloads() -> None:
    graph = landing_zone()
    assert names(graph, "organizations/organizationalUnit:OrganizationalUnit") == {
        "organisation-security",
        "organisation-workloads",
    }
    account = one(graph, "organizations/account:Account", "organisation-production")
    assert account.protect and "organisation-workloads" in account.inputs["parentId"]
    policy = one(graph, "organizations/policy:Policy", "organisation-regions")
    assert needs(graph, policy, one(graph, "organizations/organization:Organization", "organisation"))
    assert names(graph, "organizations/policyAttachment:PolicyAttachment") == {"organisation-regions-workloads"}


def test_a_budget_warns_by_mail_and_topic_before_the_money_is_gone() -> None:
    budget = one(landing_zone(), "budgets/budget:Budget", "budget-estate").inputs
    assert budget["costFilters"] == [{"name": "TagKeyValue", "values": ["user:estate$acme"]}]
    warnings = [(n["notificationType"], n["threshold"]) for n in budget["notifications"]]
    assert warnings == [("ACTUAL", 80), ("ACTUAL", 100), ("FORECASTED", 100)]
    assert all(n["subscriberEmailAddresses"] and n["subscriberSnsTopicArns"] for n in budget["notifications"])


def test_image_tags_cannot_be_moved() -> None:
    assert (
        one(landing_zone(), "ecr/repository:Repository", "repository-odoo").inputs["imageTagMutability"] == "IMMUTABLE"
    )


def test_a_signed_zone_is_signed_by_a_key_that_only_route_53_signs_with() -> None:
    from dataclasses import replace

    graph = recorded(replace(plans.landing_zone(), dnssec=True))
    key = one(graph, "kms/key:Key", "dnssec").inputs
    assert (key["customerMasterKeySpec"], key["keyUsage"], key["region"]) == (
        "ECC_NIST_P256",
        "SIGN_VERIFY",
        "us-east-1",
    )
    for statement in statements(key["policy"]):
        signs = "kms:Sign" in statement["Action"]
        assert signs is (
            statement["Principal"] == {"Service": "dnssec-route53.amazonaws.com"} and "GetPublicKey" in str(statement)
        )
    for zone in graph.of_type("aws:route53/zone:Zone"):
        signing = one(graph, "route53/keySigningKey:KeySigningKey", zone.name)
        assert needs(graph, one(graph, "route53/hostedZoneDnsSec:HostedZoneDnsSec", zone.name), signing)
