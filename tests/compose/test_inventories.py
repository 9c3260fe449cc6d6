"""Both modes of the landing zone are complete: what each holds stands in ``inventories/MODE.txt``, line by line a type, how many of it there
are, and what all of them have in common. After a change: ``python -m tests.compose.test_inventories --write``, and read the difference.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from tests.compose.graphs import needs

from odoo_estate.compose import compose
from odoo_estate.decide import compile_estate
from odoo_estate.preview.graph import Graph, Node
from odoo_estate.preview.recorder import record
from odoo_estate.spec.loader import load

ROOT = Path(__file__).resolve().parents[2]
KEPT = Path(__file__).parent / "inventories"
MODES = {"organisation": ROOT / "stacks", "single-account": ROOT / "blueprints" / "white-label-partner" / "stacks"}
TOLD = {
    "accessanalyzer/analyzer": ("type",),
    "cloudtrail/trail": ("isMultiRegionTrail", "isOrganizationTrail", "enableLogFileValidation"),
    "ebs/encryptionByDefault": ("enabled",),
    "ec2/instanceMetadataDefaults": ("httpTokens", "httpPutResponseHopLimit"),
    "ecr/registryScanningConfiguration": ("scanType",),
    "ecr/repository": ("imageTagMutability",),
    "guardduty/organizationConfiguration": ("autoEnableOrganizationMembers",),
    "inspector2/enabler": ("resourceTypes",),
    "organizations/organization": ("enabledPolicyTypes",),
    "s3/accountPublicAccessBlock": (
        "blockPublicAcls",
        "blockPublicPolicy",
        "ignorePublicAcls",
        "restrictPublicBuckets",
    ),
    "s3/bucketObjectLockConfiguration": ("rule",),
    "securityhub/organizationConfiguration": ("organizationConfiguration", "autoEnableStandards"),
}
"""What an auditor asks of each, by type."""


@cache
def graph(mode: str) -> Graph:
    plan = compile_estate(load(MODES[mode]), today=date(2026, 11, 22)).stacks["landing-zone"]
    return record(lambda: compose(plan, organization="o", project="p"), project="p", stack=plan.stack)


def inventory(mode: str) -> Iterator[str]:
    by_type: dict[str, list[Node]] = {}
    for node in graph(mode):
        if node.type.startswith("aws:"):
            by_type.setdefault(node.type.split(":")[1], []).append(node)
    for kind, nodes in sorted(by_type.items()):
        common: Mapping[str, Any] = {key: nodes[0].inputs.get(key) for key in TOLD.get(kind, ())}
        assert all(node.inputs.get(key) == value for node in nodes for key, value in common.items()), kind
        yield f"{len(nodes):>3} {kind}" + (f" {json.dumps(common)}" if common else "")


@pytest.mark.parametrize("mode", MODES)
def test_a_landing_zone_is_complete(mode: str) -> None:
    assert list(inventory(mode)) == (KEPT / f"{mode}.txt").read_text(encoding="utf-8").splitlines()


def one(mode: str, kind: str, name: str) -> Node:
    (found,) = [node for node in graph(mode).of_type(kind) if node.name == name]
    return found


def waits(mode: str, later: Node, earlier: Node) -> bool:
    return needs(graph(mode), later, earlier)


def test_the_administrators_detector_is_there_before_its_appointment_would_make_a_second() -> None:
    here = "threats-eu-central-1"
    central = one("organisation", "aws:guardduty/detector:Detector", f"{here}-administrator")
    appointed = one("organisation", "aws:guardduty/organizationAdminAccount:OrganizationAdminAccount", here)
    own = one("organisation", "aws:guardduty/detector:Detector", here)
    assert central.provider != own.provider and central.protect and own.protect
    assert waits("organisation", appointed, central) and waits("organisation", appointed, own)


def test_security_hub_is_configured_from_one_region_for_all_and_not_by_its_defaults() -> None:
    hub = one("organisation", "aws:securityhub/account:Account", "standards")
    central = one("organisation", "aws:securityhub/organizationConfiguration:OrganizationConfiguration", "standards")
    linked = one("organisation", "aws:securityhub/findingAggregator:FindingAggregator", "standards")
    assert hub.inputs["enableDefaultStandards"] is False and central.inputs["autoEnable"] is False
    assert linked.inputs["specifiedRegions"] == ["eu-west-1"] and waits("organisation", central, linked)
    policy = one("organisation", "aws:securityhub/configurationPolicy:ConfigurationPolicy", "standards").inputs
    standards = policy["configurationPolicy"]["enabledStandardArns"]
    assert [arn.split("/")[1] for arn in standards] == [
        "aws-foundational-security-best-practices",
        "cis-aws-foundations-benchmark",
    ]


@pytest.mark.parametrize("mode", MODES)
def test_config_delivers_into_a_bucket_without_default_lock_and_starts_last(mode: str) -> None:
    locked = {
        node.name for node in graph(mode).of_type("aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration")
    }
    assert locked == {"audit-log"}
    policy = one(mode, "aws:s3/bucketPolicy:BucketPolicy", "config-history")
    for status in graph(mode).of_type("aws:cfg/recorderStatus:RecorderStatus"):
        channel = one(mode, "aws:cfg/deliveryChannel:DeliveryChannel", status.name)
        recorder = one(mode, "aws:cfg/recorder:Recorder", status.name)
        assert waits(mode, status, channel) and waits(mode, channel, recorder) and waits(mode, channel, policy)
        group = recorder.inputs["recordingGroup"]
        assert group["recordingStrategies"] == [{"useOnly": "EXCLUSION_BY_RESOURCE_TYPES"}]
        roles_too = "AWS::IAM::Role" in group["exclusionByResourceTypes"][0]["resourceTypes"]
        assert roles_too is not status.name.endswith("eu-central-1")


@pytest.mark.parametrize("mode", MODES)
def test_whoever_breaks_the_glass_is_heard(mode: str) -> None:
    found = one(mode, "aws:cloudwatch/logMetricFilter:LogMetricFilter", "trail-break-glass").inputs
    alarm = one(mode, "aws:cloudwatch/metricAlarm:MetricAlarm", "trail-break-glass").inputs
    roles = [node for node in graph(mode).of_type("aws:iam/role:Role") if node.name.endswith("break-glass")]
    assert roles
    for role in roles:
        assert f":role/{role.inputs['name']}" in found["pattern"]
    assert alarm["metricName"] == found["metricTransformation"]["name"]
    assert alarm["namespace"] == found["metricTransformation"]["namespace"] and alarm["alarmActions"]


@pytest.mark.parametrize("mode", MODES)
def test_nothing_that_aws_makes_once_in_an_account_is_asked_for_twice(mode: str) -> None:
    """A monitor over all services is there in new accounts; a second one is refused."""
    for monitor in graph(mode).of_type("aws:costexplorer/anomalyMonitor:AnomalyMonitor"):
        assert monitor.inputs["monitorType"] == "CUSTOM"
    for export in graph(mode).of_type("aws:bcmdata/export:Export"):
        assert "us-east-1" in str(export.provider)
        query = export.inputs["export"]["dataQueries"][0]["queryStatement"]
        assert "*" not in query


def test_delegated_administration_lies_with_audit_and_backup() -> None:
    given = {
        node.inputs["servicePrincipal"]: node.inputs["accountId"]
        for node in graph("organisation").of_type("aws:organizations/delegatedAdministrator:DelegatedAdministrator")
    }
    assert given == {
        "access-analyzer.amazonaws.com": "210000000003",
        "backup.amazonaws.com": "210000000004",
        "config.amazonaws.com": "210000000003",
    }


def test_images_are_copied_to_every_region_in_which_nodes_may_start() -> None:
    made = one("organisation", "aws:ecr/replicationConfiguration:ReplicationConfiguration", "registry").inputs
    (rule,) = made["replicationConfiguration"]["rules"]
    assert [one["region"] for one in rule["destinations"]] == ["eu-west-1"]
    for template in graph("organisation").of_type("aws:ecr/repositoryCreationTemplate:RepositoryCreationTemplate"):
        assert "OtherAccountsPull" in template.inputs["repositoryPolicy"]


def test_lifecycle_rules_stand_in_the_order_of_their_priority() -> None:
    for policy in graph("organisation").of_type("aws:ecr/lifecyclePolicy:LifecyclePolicy"):
        priorities = [rule["rulePriority"] for rule in json.loads(policy.inputs["policy"])["rules"]]
        assert priorities == sorted(priorities) == [1, 2]


if __name__ == "__main__":
    if sys.argv[1:] != ["--write"]:
        sys.exit("usage: python -m tests.compose.test_inventories --write")
    for mode in MODES:
        (KEPT / f"{mode}.txt").write_text("\n".join(inventory(mode)) + "\n", encoding="utf-8")
