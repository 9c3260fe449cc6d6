"""Who reaches what lies in buckets, who hears of failed backups, and what alarms look at."""

import json
from collections.abc import Mapping
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any

import pytest
from tests.aws.recording import TARGET, one, recorded
from tests.compose.plans import backup, bucket, log_bucket

from odoo_estate.aws.alarm import Alarms
from odoo_estate.aws.alert_topic import AlertTopic
from odoo_estate.aws.backup_events import BackupEvents, pattern
from odoo_estate.aws.backup_schedule import BackupSchedule
from odoo_estate.aws.bucket import Bucket
from odoo_estate.aws.key_policy import key_statements
from odoo_estate.plan import AlarmPlan, BackupEventsPlan, BucketPlan
from odoo_estate.preview.graph import Graph

ROLE = "arn:aws:iam::111111111111:role/"
VAULT = "arn:aws:backup:eu-central-1:111111111111:backup-vault:acme-eu-1"
CLOSED = bucket(
    roles=(f"{ROLE}acme-medsupply", f"{ROLE}acme-break-glass"),
    listing_roles=(f"{ROLE}acme-deploy",),
    log_bucket="acme-eu-1-logs",
    inventory="Daily",
)


def _bucket(plan: BucketPlan) -> Graph:
    return recorded(lambda opts: Bucket("x", {"plan": plan, "key_arn": "arn:key"}, opts))


def _policy(plan: BucketPlan) -> dict[str, dict[str, Any]]:
    policy = json.loads(one(_bucket(plan), "s3/bucketPolicy:BucketPolicy").inputs["policy"])
    return {statement["Sid"]: statement for statement in policy["Statement"]}


def refused(plan: BucketPlan, role: str, action: str, **tags: str) -> bool:
    """Whether the bucket's policy refuses a role whatever its own policy says."""
    for statement in _policy(plan).values():
        condition = statement.get("Condition", {})
        if statement["Effect"] != "Deny" or "ArnNotLike" not in condition:
            continue
        actions = statement["Action"]
        known = condition["ArnNotLike"]["aws:PrincipalArn"]
        other = condition.get("StringNotEquals", {})
        if (
            any(fnmatchcase(action, one) for one in actions)
            and not any(fnmatchcase(f"{ROLE}{role}", one) for one in known)
            and all(tags.get(key.removeprefix("aws:PrincipalTag/")) != value for key, value in other.items())
        ):
            return True
    return False


@pytest.mark.parametrize(
    "action",
    [
        "s3:GetObject",
        "s3:GetObjectVersion",
        "s3:PutObject",
        "s3:DeleteObject",
        "s3:DeleteObjectVersion",
        "s3:ListBucketVersions",
    ],
)
def test_a_bucket_is_shut_to_every_role_but_its_own(action: str) -> None:
    assert not refused(CLOSED, "acme-medsupply", action)
    assert not refused(CLOSED, "acme-break-glass", action)
    for stranger in ("acme-nordfood", "administrator", "acme-medsupply2"):
        assert refused(CLOSED, stranger, action)


def test_the_engine_sees_that_a_bucket_is_there_and_none_of_its_objects() -> None:
    # S3 answers whether a bucket exists only to who may list it: refused, every refresh would fail.
    assert not refused(CLOSED, "acme-deploy", "s3:ListBucket")
    assert refused(CLOSED, "acme-deploy", "s3:GetObject")
    for action in ("s3:PutBucketPolicy", "s3:GetBucketPolicy", "s3:PutLifecycleConfiguration"):
        assert not refused(CLOSED, "administrator", action)


def test_a_cells_bucket_knows_its_cells_roles_by_their_tag() -> None:
    plan = replace(CLOSED, role_tags={"cell": "eu-1"})
    assert not refused(plan, "acme-copperfield-production-recovery", "s3:PutObject", cell="eu-1")
    assert refused(plan, "acme-copperfield-production-recovery", "s3:PutObject", cell="eu-2")
    assert refused(plan, "somebody", "s3:PutObject")


def test_no_service_of_aws_is_shut_out_as_a_stranger() -> None:
    for statement in _policy(CLOSED).values():
        if "ArnNotLike" in statement.get("Condition", {}):
            assert statement["Condition"]["BoolIfExists"] == {"aws:PrincipalIsAWSService": "false"}


def test_an_upload_may_ask_for_no_other_encryption_than_kms() -> None:
    statement = _policy(CLOSED)["RefuseOtherEncryption"]
    assert statement["Effect"] == "Deny"
    assert statement["Condition"] == {
        "StringNotEquals": {"s3:x-amz-server-side-encryption": "aws:kms"},
        "Null": {"s3:x-amz-server-side-encryption": "false"},
    }


def test_access_is_logged_and_all_versions_are_listed_where_s3_can_write() -> None:
    graph = _bucket(CLOSED)
    logging = one(graph, "s3/bucketLogging:BucketLogging").inputs
    assert (logging["targetBucket"], logging["targetPrefix"]) == ("acme-eu-1-logs", "access/acme-eu-1-attachments/")
    inventory = one(graph, "s3/inventory:Inventory").inputs
    assert (inventory["includedObjectVersions"], inventory["schedule"]) == ("All", {"frequency": "Daily"})
    assert inventory["destination"]["bucket"]["bucketArn"] == "arn:aws:s3:::acme-eu-1-logs"
    allowed = _policy(log_bucket())["S3Delivers"]
    assert allowed["Principal"]["Service"] == ["logging.s3.amazonaws.com", "s3.amazonaws.com"]
    assert allowed["Resource"] == ["arn:aws:s3:::acme-eu-1-logs/access/*", "arn:aws:s3:::acme-eu-1-logs/inventory/*"]
    assert allowed["Condition"]["StringEquals"] == {"aws:SourceAccount": "111111111111"}


def test_a_log_bucket_is_encrypted_as_log_delivery_can() -> None:
    graph = _bucket(log_bucket())
    rules = one(graph, "s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration").inputs[
        "rules"
    ]
    assert rules == [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}]
    assert "RefuseOtherEncryption" not in _policy(log_bucket())
    assert not graph.of_type("aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration")


def _alarm(**changes: Any) -> Mapping[str, Any]:
    """Inputs of the alarm on evictions, planned with ``changes``."""
    plan = AlarmPlan(
        name="acme",
        description="",
        namespace="AWS/ElastiCache",
        metric="Evictions",
        statistic="Sum",
        comparison="GreaterThanThreshold",
        threshold=0,
        period_seconds=300,
        evaluation_periods=1,
        dimensions={},
    )
    changed = replace(plan, **changes)
    graph = recorded(lambda opts: Alarms("x", {"plan": {"a": changed}, "topic_arn": "arn:topic"}, opts))
    return one(graph, "cloudwatch/metricAlarm:MetricAlarm", "x-a").inputs


def test_an_alarm_on_several_nodes_looks_at_the_worst_and_returns_one_value() -> None:
    alarm = _alarm(members=({"CacheClusterId": "acme-001"}, {"CacheClusterId": "acme-002"}))
    # CloudWatch takes a metric or queries, and of the queries exactly one may return data.
    assert not {"metricName", "namespace", "statistic", "period", "dimensions"} & set(alarm)
    assert [query["expression"] for query in alarm["metricQueries"] if query["returnData"]] == ["MAX([m0,m1])"]
    asked = [
        query["metric"]["dimensions"]["CacheClusterId"] for query in alarm["metricQueries"] if not query["returnData"]
    ]
    assert asked == ["acme-001", "acme-002"]


def test_an_alarm_on_a_query_compares_each_of_its_series() -> None:
    query = 'SELECT MAX(Share) FROM SCHEMA("acme", Tenant) GROUP BY Tenant ORDER BY MAX() DESC'
    alarm = _alarm(query=query, period_seconds=900)
    assert not {"metricName", "namespace", "statistic", "period", "dimensions"} & set(alarm)
    (asked,) = alarm["metricQueries"]
    assert (asked["expression"], asked["period"], asked["returnData"]) == (query, 900, True)


def test_failed_backups_are_events_because_vaults_no_longer_notify_of_them() -> None:
    plan = BackupEventsPlan(name="acme-eu-1-backup", vault_arn=VAULT)
    graph = recorded(lambda opts: BackupEvents("x", {"plan": plan, "topic_arn": "arn:topic"}, opts))
    assert not graph.of_type("aws:backup/vaultNotifications:VaultNotifications")
    rule = one(graph, "cloudwatch/eventRule:EventRule")
    assert json.loads(rule.inputs["eventPattern"]) == pattern(VAULT)
    assert one(graph, "cloudwatch/eventTarget:EventTarget").inputs["arn"] == "arn:topic"


def test_backups_name_the_types_they_take_so_that_no_opt_in_leaves_one_out() -> None:
    graph = recorded(lambda opts: BackupSchedule("x", {"plan": backup(), "vault_name": "v", "vault_arn": VAULT}, opts))
    selection = one(graph, "backup/selection:Selection").inputs
    assert selection["resources"] == ["arn:aws:rds:*:*:db:*", "arn:aws:s3:::*"]
    assert selection["conditions"]


def test_what_eventbridge_publishes_hangs_on_no_condition() -> None:
    # It gives SNS and KMS no context: with a condition the rule reports success and nobody hears.
    graph = recorded(
        lambda opts: AlertTopic("x", {"topic": "acme-alerts", "target": TARGET, "key_arn": "arn:key"}, opts)
    )
    statements = json.loads(one(graph, "sns/topicPolicy:TopicPolicy").inputs["policy"])["Statement"]
    statements += key_statements(TARGET, ["events", "cloudwatch"])
    named = [each for each in statements if "Service" in each["Principal"]]
    events = [each for each in named if each["Principal"]["Service"] == "events.amazonaws.com"]
    assert [each["Sid"] for each in events] == ["EventsPublish", "ServiceEvents"]
    assert all("Condition" not in each for each in events)
    assert all("Condition" in each for each in named if each not in events)
