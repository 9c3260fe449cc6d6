"""Who may do what with a key."""

import json
from typing import Any

import pytest
from tests.aws.recording import ACCOUNT, REGION, TARGET, one, recorded

from odoo_estate.aws.key import Key
from odoo_estate.aws.key_policy import SERVICES, key_statements
from odoo_estate.plan import KeyPlan


def _by_sid(*services: str, accounts: tuple[str, ...] = ()) -> dict[str, Any]:
    return {str(statement["Sid"]): statement for statement in key_statements(TARGET, services, accounts)}


def test_administering_and_using_are_separate_statements() -> None:
    found = _by_sid()
    assert set(found) == {"AccountAdministers", "AccountUse", "AccountGrantToServices"}
    assert not {"kms:Decrypt", "kms:*"} & set(found["AccountAdministers"]["Action"])
    assert not {"kms:PutKeyPolicy", "kms:ScheduleKeyDeletion"} & set(found["AccountUse"]["Action"])


@pytest.mark.parametrize("service", [one for one in SERVICES if one != "autoscaling"])
def test_every_services_use_is_bounded(service: str) -> None:
    (statement,) = [s for sid, s in _by_sid(service).items() if sid.startswith("Service")]
    assert "*" not in str(statement["Principal"])
    # Its calls carry nothing that a condition could look at.
    if service != "events":
        assert statement["Condition"]


def test_node_groups_of_a_fresh_account_may_use_the_key_before_their_role_exists() -> None:
    # KMS refuses a policy whose principal is a role that is not there yet.
    found = _by_sid("autoscaling")
    role = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
    for sid in ("ServiceAutoscaling", "ServiceAutoscalingGrants"):
        assert found[sid]["Principal"] == {"AWS": "*"}
        assert found[sid]["Condition"]["StringEquals"] == {"aws:PrincipalArn": role, "kms:CallerAccount": ACCOUNT}
    assert "kms:CreateGrant" not in found["ServiceAutoscaling"]["Action"]
    assert found["ServiceAutoscalingGrants"]["Action"] == ["kms:CreateGrant"]
    assert found["ServiceAutoscalingGrants"]["Condition"]["Bool"] == {"kms:GrantIsForAWSResource": "true"}


def test_the_log_service_uses_the_key_only_for_logs_of_this_account_and_region() -> None:
    statement = _by_sid("logs")[f"ServiceLogs{REGION.replace('-', ' ').title().replace(' ', '')}"]
    assert statement["Principal"] == {"Service": f"logs.{REGION}.amazonaws.com"}
    arn = statement["Condition"]["ArnLike"]["kms:EncryptionContext:aws:logs:arn"]
    assert arn == f"arn:aws:logs:{REGION}:{ACCOUNT}:*"


def test_a_grant_is_only_for_services_that_act_for_somebody() -> None:
    assert _by_sid()["AccountGrantToServices"]["Condition"] == {"Bool": {"kms:GrantIsForAWSResource": "true"}}


def test_other_accounts_encrypt_only_where_they_are_named() -> None:
    assert "OtherAccountsUse" not in _by_sid()
    found = _by_sid(accounts=("222222222222",))
    assert found["OtherAccountsUse"]["Principal"] == {"AWS": ["arn:aws:iam::222222222222:root"]}
    assert "222222222222" not in str(found["AccountAdministers"])


def test_an_unknown_service_is_an_error_not_a_silent_gap() -> None:
    with pytest.raises(KeyError, match="sqs"):
        key_statements(TARGET, ("sqs",))


def test_a_key_rotates_and_waits_before_it_dies() -> None:
    plan = KeyPlan(alias="acme-data", description="Data", services=("logs",))
    graph = recorded(lambda opts: Key("x", {"plan": plan, "target": TARGET}, opts))
    key = one(graph, "kms/key:Key")
    assert key.inputs["enableKeyRotation"] is True
    assert key.inputs["deletionWindowInDays"] == 30
    assert key.protect and key.options.retain_on_delete
    assert len(json.loads(key.inputs["policy"])["Statement"]) == 4
    assert one(graph, "kms/alias:Alias").inputs["name"] == "alias/acme-data"


def test_a_key_in_another_region_admits_that_regions_services() -> None:
    plan = KeyPlan(alias="acme-copy", description="Copy", services=("logs",), region="eu-west-1")
    graph = recorded(lambda opts: Key("x", {"plan": plan, "target": TARGET}, opts))
    key = one(graph, "kms/key:Key").inputs
    assert key["region"] == "eu-west-1"
    assert "logs.eu-west-1.amazonaws.com" in key["policy"] and REGION not in key["policy"]
    assert one(graph, "kms/alias:Alias").inputs["region"] == "eu-west-1"


def test_a_replica_has_its_own_policy_and_alias_and_goes_before_its_primary() -> None:
    plan = KeyPlan(
        alias="acme-dumps", description="Dumps", services=("logs",), multi_region=True, replica_region="eu-west-1"
    )
    graph = recorded(lambda opts: Key("x", {"plan": plan, "target": TARGET}, opts))
    key, replica = one(graph, "kms/key:Key"), one(graph, "kms/replicaKey:ReplicaKey", "x-replica")
    assert key.inputs["multiRegion"] is True
    assert replica.inputs["primaryKeyArn"] == f"${{{key.urn}.arn}}"  # so it is destroyed first
    assert replica.inputs["region"] == "eu-west-1"
    assert replica.protect and replica.options.retain_on_delete
    assert "logs.eu-west-1.amazonaws.com" in replica.inputs["policy"] and REGION not in replica.inputs["policy"]
    alias = one(graph, "kms/alias:Alias", "x-replica").inputs
    assert (alias["name"], alias["region"]) == ("alias/acme-dumps", "eu-west-1")
    assert alias["targetKeyId"] == f"${{{replica.urn}.keyId}}"


def test_a_key_is_replicated_into_its_one_region_or_nowhere() -> None:
    found = {str(one["Sid"]): one for one in key_statements(TARGET, (), replica_region="eu-west-1")}
    assert found["AccountReplicates"]["Action"] == "kms:ReplicateKey"
    assert found["AccountReplicates"]["Condition"] == {"StringEquals": {"kms:ReplicaRegion": "eu-west-1"}}
    assert "ReplicateKey" not in json.dumps(key_statements(TARGET, tuple(SERVICES), ("222222222222",)))
