"""What a recovery region promises when the primary one is gone."""

from tests.compose import plans
from tests.compose.graphs import dr, names, needs, one


def test_everything_but_the_replication_rules_is_in_the_other_region() -> None:
    graph = dr()
    provider = next(iter(graph.of_type("pulumi:providers:aws")))
    assert provider.inputs["region"] == plans.COPY_REGION
    elsewhere = {node.type for node in graph if node.inputs.get("region", plans.COPY_REGION) != plans.COPY_REGION}
    assert elsewhere == {"aws:s3/bucketReplicationConfig:BucketReplicationConfig"}


def test_automated_backups_arrive_encrypted_with_a_key_of_this_region() -> None:
    copy = one(
        dr(), "rds/instanceAutomatedBackupsReplication:InstanceAutomatedBackupsReplication", "database-main"
    ).inputs
    assert copy["sourceDbInstanceArn"] == f"arn:aws:rds:{plans.REGION}:{plans.WORKLOAD}:db:acme-eu-1-main"
    assert "key-data" in copy["kmsKeyId"]
    assert copy["retentionPeriod"] == 14


def test_a_standby_inherits_the_engine_and_brings_its_own_surroundings() -> None:
    standby = one(dr(), "rds/instance:Instance", "database-reporting")
    assert standby.inputs["replicateSourceDb"].endswith(":db:acme-eu-1-reporting")
    assert not {"engine", "username", "allocatedStorage", "password"} & set(standby.inputs)
    assert {"dbSubnetGroupName", "parameterGroupName", "kmsKeyId", "vpcSecurityGroupIds"} <= set(standby.inputs)
    assert standby.protect


def test_a_bucket_is_replicated_only_into_a_copy_that_keeps_versions() -> None:
    graph = dr()
    rule = one(graph, "s3/bucketReplicationConfig:BucketReplicationConfig", "replication-attachments")
    assert rule.inputs["bucket"] == "acme-eu-1-attachments"
    assert rule.inputs["region"] == plans.REGION
    assert needs(graph, rule, one(graph, "s3/bucketVersioning:BucketVersioning", "bucket-attachments"))
    destination = rule.inputs["rules"][0]["destination"]
    assert "bucket-attachments" in destination["bucket"]
    assert "key-data" in destination["encryptionConfiguration"]["replicaKmsKeyId"]
    assert rule.inputs["rules"][0]["deleteMarkerReplication"] == {"status": "Enabled"}


def test_objects_arrive_within_the_minutes_that_the_recovery_point_counts_with() -> None:
    # Without Replication Time Control S3 promises nothing; replicationTime needs metrics, and takes 15 minutes only.
    for way in ("", "-home"):
        rule = one(dr(), "s3/bucketReplicationConfig:BucketReplicationConfig", f"replication-attachments{way}")
        destination = rule.inputs["rules"][0]["destination"]
        assert destination["replicationTime"] == {"status": "Enabled", "time": {"minutes": 15}}
        assert destination["metrics"] == {"status": "Enabled", "eventThreshold": {"minutes": 15}}


def test_what_is_written_after_a_failover_is_on_its_way_home_from_the_beginning() -> None:
    graph = dr()
    back = one(graph, "s3/bucketReplicationConfig:BucketReplicationConfig", "replication-attachments-home")
    assert back.inputs.get("region", plans.COPY_REGION) == plans.COPY_REGION
    assert back.inputs["rules"][0]["destination"]["bucket"] == "arn:aws:s3:::acme-eu-1-attachments"
    selection = back.inputs["rules"][0]["sourceSelectionCriteria"]
    assert selection == {
        "sseKmsEncryptedObjects": {"status": "Enabled"},
        "replicaModifications": {"status": "Enabled"},
    }


def test_replication_may_read_only_its_source_and_write_only_its_copy() -> None:
    policy = one(dr(), "iam/rolePolicy:RolePolicy", "replication-attachments").inputs["policy"]
    by_action = {str(s["Action"]): str(s["Resource"]) for s in policy.document["Statement"]}
    reads = [resource for action, resource in by_action.items() if "GetObjectVersionForReplication" in action]
    assert reads == ["arn:aws:s3:::acme-eu-1-attachments/*"]
    writes = [resource for action, resource in by_action.items() if "ReplicateObject" in action]
    assert len(writes) == 1 and "bucket-attachments" in writes[0] and writes[0].endswith("/*")


def test_a_pilot_light_pays_for_no_cluster_and_no_instances() -> None:
    graph = dr(warm=False)
    for type_token in (
        "eks/cluster:Cluster",
        "eks/nodeGroup:NodeGroup",
        "rds/instance:Instance",
        "elasticache/replicationGroup:ReplicationGroup",
    ):
        assert not names(graph, type_token), type_token
    assert names(graph, "s3/bucketReplicationConfig:BucketReplicationConfig")


def test_a_tenants_health_is_watched_from_outside() -> None:
    check = one(dr(), "route53/healthCheck:HealthCheck", "health-tenant.medsupply.production").inputs
    assert (check["fqdn"], check["type"], check["resourcePath"]) == (
        "medsupply.erp.acme.example",
        "HTTPS",
        "/web/health",
    )
