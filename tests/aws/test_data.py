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
from odoo_estate.plan import BucketPlan, DatabasePlan
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
        "rds.force_ssl": "immediate",
    }


def test_an_engine_upgrade_gets_its_parameter_group_before_the_old_one_goes() -> None:
    upgraded = replace(database(), engine_version="18.1", family="postgres18")
    old, new = (
        {node.urn for node in _database(plan).of_type("aws:rds/parameterGroup:ParameterGroup")}
        for plan in (database(), upgraded)
    )
    assert not old & new


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
            {"user": "acme", "prefix": "acme:", "cache": shared, "secret_name": "acme/cache", "key_arn": "arn:key"},
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
