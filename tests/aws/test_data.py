"""What databases, caches and buckets refuse, and what they keep."""

import json
from dataclasses import replace
from typing import Any

import pytest
from tests.aws.recording import GIVEN_NETWORK, TARGET, one, recorded
from tests.compose.plans import bucket, cache, database, locked_bucket

from odoo_estate.aws.bucket import Bucket
from odoo_estate.aws.cache import Cache, CacheUser, access_to
from odoo_estate.aws.postgres import PostgresInstance
from odoo_estate.aws.references import CacheRef
from odoo_estate.plan import BucketPlan, DatabasePlan, DatabaseReaderPlan, UpgradePlan
from odoo_estate.preview.graph import Graph, is_secret


def _database(plan: DatabasePlan) -> Graph:
    return recorded(
        lambda opts: PostgresInstance(
            "x",
            {
                "plan": plan,
                "target": TARGET,
                "network": GIVEN_NETWORK,
                "clients": {"nodes": "sg-nodes"},
                "key_arn": "arn:key",
                "log_key_arn": "arn:logs",
            },
            opts,
        )
    )


def _bucket(plan: BucketPlan) -> Graph:
    return recorded(lambda opts: Bucket("x", {"plan": plan, "key_arn": "arn:key"}, opts))


def _rules(graph: Graph) -> dict[str, Any]:
    lifecycle = one(graph, "s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration")
    return {rule["id"]: rule for rule in lifecycle.inputs["rules"]}


def test_a_database_lives_in_a_given_network() -> None:
    graph = _database(database())
    assert one(graph, "rds/instance:Instance").inputs["dbSubnetGroupName"] == "given"
    assert one(graph, "ec2/securityGroup:SecurityGroup").inputs["vpcId"] == "vpc-given"
    rule = one(graph, "vpc/securityGroupIngressRule:SecurityGroupIngressRule", "x-nodes").inputs
    assert (rule["referencedSecurityGroupId"], rule["fromPort"], rule["toPort"]) == ("sg-nodes", 5432, 5432)


def test_a_database_is_encrypted_private_and_backed_up() -> None:
    inputs = one(_database(database()), "rds/instance:Instance").inputs
    assert (inputs["storageEncrypted"], inputs["kmsKeyId"]) == (True, "arn:key")
    assert inputs["publiclyAccessible"] is False
    assert inputs["backupRetentionPeriod"] == 14
    assert inputs["multiAz"] is True
    assert inputs["engineLifecycleSupport"] == "open-source-rds-extended-support-disabled"


def test_small_gp3_storage_is_never_given_its_fixed_performance() -> None:
    # RDS refuses iops and throughput below 400 GiB, even the values it has anyway.
    inputs = one(_database(database()), "rds/instance:Instance").inputs
    assert not {"iops", "storageThroughput"} & set(inputs)
    large = database(storage_gib=400, iops=12000, throughput_mibps=500)
    inputs = one(_database(large), "rds/instance:Instance").inputs
    assert (inputs["iops"], inputs["storageThroughput"]) == (12000, 500)


def test_parameters_that_need_a_restart_wait_for_it() -> None:
    group = one(_database(database()), "rds/parameterGroup:ParameterGroup", "x-postgres17").inputs
    assert "name" not in group
    assert {one["name"]: one["applyMethod"] for one in group["parameters"]} == {
        "log_min_duration_statement": "immediate",
        "max_connections": "pending-reboot",
        # RDS's own default, whose apply method never changes: any other would differ in every preview.
        "rds.force_ssl": "pending-reboot",
    }


def test_an_engine_upgrade_gets_its_parameter_group_before_the_old_one_goes() -> None:
    upgraded = replace(database(), engine_version="18.1", family="postgres18")
    old, new = (
        {node.urn for node in _database(plan).of_type("aws:rds/parameterGroup:ParameterGroup")}
        for plan in (database(), upgraded)
    )
    assert not old & new


def _upgrading(method: str) -> DatabasePlan:
    upgrade = UpgradePlan(approver="Ada", window="2026-12-06", method=method)  # type: ignore[arg-type]
    changes: dict[str, Any] = {
        "engine_version": "18.1",
        "family": "postgres18",
        "kept_families": ("postgres17",),
        "upgrade": upgrade,
    }
    return database(master_password="own", **changes)


def test_minor_versions_are_left_to_rds_in_its_own_words() -> None:
    # With a full version and automatic minor upgrades, the next update would ask for the former version back.
    inputs = one(_database(database()), "rds/instance:Instance").inputs
    assert (inputs["engineVersion"], inputs["autoMinorVersionUpgrade"]) == ("17", True)
    assert "allowMajorVersionUpgrade" not in inputs and "blueGreenUpdate" not in inputs


def test_an_approved_upgrade_goes_in_one_change_with_its_group_and_leaves_the_old_group_until_after() -> None:
    graph = _database(_upgrading("in-place"))
    instance = one(graph, "rds/instance:Instance")
    assert (instance.inputs["engineVersion"], instance.inputs["allowMajorVersionUpgrade"]) == ("18.1", True)
    assert "blueGreenUpdate" not in instance.inputs and "applyImmediately" not in instance.inputs, (
        "RDS waits for the window"
    )
    new, old = (one(graph, "rds/parameterGroup:ParameterGroup", f"x-postgres{major}") for major in (18, 17))
    assert new.urn in str(instance.inputs["parameterGroupName"])
    assert (new.inputs["family"], old.inputs["family"]) == ("postgres18", "postgres17")
    assert instance.options.custom_timeouts["update"] == "6h", "the provider gives up after 80 minutes"


def test_a_replica_keeps_its_group_until_rds_has_taken_it_along() -> None:
    plan = replace(_upgrading("in-place"), replicas={"reader": "acme-reader"})
    graph = _database(plan)
    old = one(graph, "rds/parameterGroup:ParameterGroup", "x-postgres17")
    assert old.urn in str(one(graph, "rds/instance:Instance", "x-reader").inputs["parameterGroupName"])


def test_only_a_tier_without_replicas_is_upgraded_on_a_copy() -> None:
    inputs = one(_database(_upgrading("blue-green")), "rds/instance:Instance").inputs
    assert inputs["blueGreenUpdate"] == {"enabled": True}
    assert "manageMasterUserPassword" not in inputs


def test_every_life_of_an_instance_leaves_a_snapshot_of_another_name() -> None:
    # RDS refuses a destroy whose final snapshot is called as one that an earlier life left behind.
    graph = _database(database())
    (life,) = graph.of_type("random:index/randomId:RandomId")
    assert life.inputs["prefix"] == "acme-eu-1-main-final-"
    assert set(life.inputs["keepers"]) == {"identifier", "username", "key"}, "what replaces the instance"
    instance = one(graph, "rds/instance:Instance").inputs
    assert str(instance["finalSnapshotIdentifier"]) == f"${{{life.urn}.hex}}"
    assert instance["skipFinalSnapshot"] is False
    assert len(life.inputs["prefix"]) + 8 <= 255
    lifted = _database(database(final_snapshot=""))
    assert one(lifted, "rds/instance:Instance").inputs["skipFinalSnapshot"] is True
    assert not lifted.of_type("random:index/randomId:RandomId")


def test_backups_outlive_a_protected_instance() -> None:
    # RDS's default throws point-in-time recovery away with the instance.
    assert one(_database(database()), "rds/instance:Instance").inputs["deleteAutomatedBackups"] is False
    assert one(_database(database()), "rds/instance:Instance").inputs["copyTagsToSnapshot"] is True


def test_certificates_and_insights_are_said_not_left_to_defaults() -> None:
    plan = database(certificate_authority="rds-ca-rsa2048-g1", insights_mode="advanced", performance_insights_days=465)
    inputs = one(_database(plan), "rds/instance:Instance").inputs
    assert (inputs["caCertIdentifier"], inputs["databaseInsightsMode"]) == ("rds-ca-rsa2048-g1", "advanced")
    assert inputs["performanceInsightsRetentionPeriod"] == 465


def test_people_log_in_to_one_instance_as_one_user_and_read_from_the_replica() -> None:
    reader = DatabaseReaderPlan(trusted="acme-support", role="acme-read-support", user="estate_support", data=True)
    graph = _database(database(master_password="own", replicas={"reader": "acme-reader"}, readers={"support": reader}))
    role = one(graph, "iam/role:Role", "x-support").inputs
    (trust,) = json.loads(role["assumeRolePolicy"])["Statement"]
    assert trust["Principal"] == {"AWS": "arn:aws:iam::111111111111:role/acme-support"}
    policy = str(one(graph, "iam/rolePolicy:RolePolicy", "x-support").inputs["policy"])
    assert '"Action": "rds-db:connect"' in policy
    replica, primary = one(graph, "rds/instance:Instance", "x-reader"), one(graph, "rds/instance:Instance")
    assert f"arn:aws:rds-db:eu-central-1:111111111111:dbuser:${{{replica.urn}.resourceId}}/estate_support" in policy
    assert f"{primary.urn}.resourceId" not in policy and "estate_master" not in policy and "*" not in policy
    assert "iam-db-auth-error" in primary.inputs["enabledCloudwatchLogsExports"]
    assert not _database(database()).of_type("aws:iam/rolePolicy:RolePolicy")


def test_a_replicas_logs_end_as_its_primarys_do_and_it_is_not_backed_up_twice() -> None:
    graph = _database(database(master_password="own", replicas={"reader": "acme-reader"}))
    replica = one(graph, "rds/instance:Instance", "x-reader")
    group = one(graph, "cloudwatch/logGroup:LogGroup", "x-reader-postgresql")
    assert group.inputs["name"] == "/aws/rds/instance/acme-reader/postgresql"
    assert group.inputs["retentionInDays"] == 90
    assert group.urn in replica.dependencies
    assert replica.inputs["tags"] == {"backup-class": "none"}
    assert replica.inputs["backupRetentionPeriod"] == 0


def test_a_replica_follows_its_primary_and_is_reached_the_same_way() -> None:
    graph = _database(database(master_password="own", replicas={"reader": "acme-reader"}))
    primary, replica = one(graph, "rds/instance:Instance"), one(graph, "rds/instance:Instance", "x-reader")
    assert primary.urn in replica.inputs["replicateSourceDb"]
    assert replica.inputs["identifier"] == "acme-reader"
    assert replica.inputs["skipFinalSnapshot"] is True
    assert "finalSnapshotIdentifier" not in replica.inputs
    assert replica.inputs["vpcSecurityGroupIds"] == primary.inputs["vpcSecurityGroupIds"]
    assert not {"engine", "username", "allocatedStorage", "password"} & set(replica.inputs)


def test_log_groups_exist_before_the_instance_writes_to_them() -> None:
    graph = _database(database())
    instance = one(graph, "rds/instance:Instance")
    for log in ("postgresql", "upgrade"):
        group = one(graph, "cloudwatch/logGroup:LogGroup", f"x-{log}")
        assert group.inputs["name"] == f"/aws/rds/instance/acme-eu-1-main/{log}"
        assert group.urn in instance.dependencies


def test_a_cache_takes_only_its_own_users_over_tls() -> None:
    graph = recorded(
        lambda opts: Cache(
            "x",
            {"plan": cache(), "network": GIVEN_NETWORK, "clients": {"nodes": "sg-nodes"}, "key_arn": "arn:key"},
            opts,
        )
    )
    group = one(graph, "elasticache/replicationGroup:ReplicationGroup").inputs
    assert (group["engine"], group["engineVersion"]) == ("valkey", "8.1")
    assert group["transitEncryptionEnabled"] and group["atRestEncryptionEnabled"]
    assert group["kmsKeyId"] == "arn:key"
    assert len(group["userGroupIds"]) == 1 and "authToken" not in group
    assert group["snapshotRetentionLimit"] == 3
    assert group["automaticFailoverEnabled"] and group["multiAzEnabled"]
    observer = one(graph, "elasticache/user:User").inputs
    assert observer["authenticationMode"] == {"type": "iam"}
    assert observer["userId"] == observer["userName"]
    assert "~" not in observer["accessString"]
    assert one(graph, "elasticache/userGroup:UserGroup").options.ignore_changes == ("userIds",)


def test_a_single_cache_node_promises_no_failover() -> None:
    plan = replace(cache(), nodes=1)
    graph = recorded(
        lambda opts: Cache("x", {"plan": plan, "network": GIVEN_NETWORK, "clients": {}, "key_arn": "arn:key"}, opts)
    )
    group = one(graph, "elasticache/replicationGroup:ReplicationGroup").inputs
    assert not group["automaticFailoverEnabled"] and not group["multiAzEnabled"]


def test_a_cache_user_touches_only_keys_under_its_prefix() -> None:
    rules = access_to("acme:").split()
    assert rules[0] == "on"
    patterns = [rule for rule in rules if rule.startswith(("~", "&", "%"))]
    assert patterns
    assert all(pattern.endswith("acme:*") for pattern in patterns)
    assert "allkeys" not in rules and "allchannels" not in rules
    assert rules.index("resetchannels") < rules.index("&acme:*")
    assert [rule for rule in rules if "@" in rule] == ["-@all"]
    assert rules.index("-@all") < min(position for position, rule in enumerate(rules) if rule.startswith("+"))


def test_a_cache_users_password_is_handed_out_by_secrets_manager_only() -> None:
    shared = CacheRef(arn="arn", address="cache.example", port=6379, user_group_id="group", security_group_id="sg")
    graph = recorded(
        lambda opts: CacheUser(
            "x",
            {
                "user": "acme",
                "prefix": "acme:",
                "cache": shared,
                "secret_name": "acme/cache",
                "key_arn": "arn:key",
                "memory_mib": 16,
            },
            opts,
        )
    )
    assert one(graph, "secretsmanager/secret:Secret").inputs["name"] == "acme/cache"
    assert is_secret(one(graph, "secretsmanager/secretVersion:SecretVersion").inputs["secretString"])
    assert is_secret(one(graph, "elasticache/user:User").inputs["authenticationMode"])
    assert one(graph, "elasticache/userGroupAssociation:UserGroupAssociation").inputs["userGroupId"] == "group"


def test_a_bucket_is_closed_before_it_gets_a_policy() -> None:
    graph = _bucket(bucket())
    block = one(graph, "s3/bucketPublicAccessBlock:BucketPublicAccessBlock")
    flags = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
    assert all(block.inputs[flag] is True for flag in flags)
    policy = one(graph, "s3/bucketPolicy:BucketPolicy")
    assert block.urn in policy.dependencies
    statement = json.loads(policy.inputs["policy"])["Statement"][0]
    assert (statement["Effect"], statement["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
    assert statement["Resource"] == ["arn:aws:s3:::acme-eu-1-attachments", "arn:aws:s3:::acme-eu-1-attachments/*"]


def test_a_bucket_encrypts_with_its_key_and_one_call_for_many_objects() -> None:
    graph = _bucket(bucket())
    rule = one(graph, "s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration").inputs[
        "rules"
    ][0]
    assert rule["applyServerSideEncryptionByDefault"] == {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": "arn:key"}
    assert rule["bucketKeyEnabled"] is True


def test_a_locked_bucket_is_born_locked() -> None:
    graph = _bucket(locked_bucket())
    assert one(graph, "s3/bucket:Bucket").inputs["objectLockEnabled"] is True
    lock = one(graph, "s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration")
    assert lock.inputs["rule"]["defaultRetention"] == {"mode": "COMPLIANCE", "days": 35}
    assert one(graph, "s3/bucketVersioning:BucketVersioning").urn in lock.dependencies


def test_a_bucket_moves_and_expires_only_what_the_plan_says() -> None:
    rules = _rules(_bucket(bucket()))
    assert set(rules) == {"abort-unfinished-uploads", "move-to-colder", "expire-old-versions"}
    assert rules["move-to-colder"]["transitions"] == [{"storageClass": "STANDARD_IA", "days": 60}]
    assert rules["expire-old-versions"]["noncurrentVersionExpiration"] == {"noncurrentDays": 30}
    assert "expire" in _rules(_bucket(locked_bucket()))


def test_a_bucket_without_versions_expires_none() -> None:
    graph = _bucket(bucket(versioning=False))
    assert not graph.of_type("aws:s3/bucketVersioning:BucketVersioning")
    assert "expire-old-versions" not in _rules(graph)


@pytest.mark.parametrize(("protect", "force"), [(True, False), (False, True)])
def test_only_an_unprotected_bucket_may_go_with_its_objects(protect: bool, force: bool) -> None:
    node = one(_bucket(bucket(protect=protect)), "s3/bucket:Bucket")
    assert (node.protect, node.inputs["forceDestroy"]) == (protect, force)
