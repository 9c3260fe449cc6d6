"""What a recovery region promises when the primary one is gone."""

from dataclasses import replace
from datetime import date
from pathlib import Path

from tests.compose import plans
from tests.compose.graphs import dr, names, needs, one, recorded

from odoo_estate.decide import compile_stack
from odoo_estate.preview.graph import Graph
from odoo_estate.spec.loader import load

ROOT = Path(__file__).resolve().parents[2]


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


def test_what_must_not_arrive_is_refused_by_the_role_alone() -> None:
    before = dr()
    halted = recorded(replace(plans.dr(), halted=("attachments",)))
    changed = {node.urn for node in halted if node.inputs != before.by_urn[node.urn].inputs}
    rights = one(halted, "iam/rolePolicy:RolePolicy", "replication-attachments")
    assert changed == {rights.urn}
    assert "s3:Replicate" not in str(rights.inputs["policy"])
    assert "s3:ReplicateObject" in str(one(halted, "iam/rolePolicy:RolePolicy", "replication-attachments-home").inputs)


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


# --- failed over ----------------------------------------------------------------------------------------------------


def after_failover() -> Graph:
    """The example region with its standby promoted and its replicated backups restored."""
    plan = plans.dr()
    main, reporting = plan.databases["main"], plan.databases["reporting"]
    own = replace(plans.database("acme-eu-1-main-dr"), master_password="own", master_secret="acme/master/dr")
    promoted = replace(
        reporting,
        promoted=True,
        replica=replace(own, identifier="acme-eu-1-reporting-dr", master_secret="acme/master/r"),
    )
    restored = replace(main, promoted=True, restored=own)
    return recorded(replace(plan, state="promoted", databases={"main": restored, "reporting": promoted}))


def test_a_promotion_only_takes_the_source_away_and_adds_what_a_primary_has() -> None:
    before = one(dr(), "rds/instance:Instance", "database-reporting")
    after = one(after_failover(), "rds/instance:Instance", "database-reporting")
    assert after.urn == before.urn
    assert set(before.inputs) - set(after.inputs) == {"replicateSourceDb"}
    changed = {key for key in after.inputs if after.inputs[key] != before.inputs.get(key)}
    assert changed <= {"password", "applyImmediately", "finalSnapshotIdentifier", "skipFinalSnapshot", "multiAz"}
    assert changed.isdisjoint(REPLACING), "nothing that would replace the instance"
    assert after.inputs["backupRetentionPeriod"] == before.inputs["backupRetentionPeriod"] > 0


REPLACING = {
    "dbName", "username", "engine", "storageEncrypted", "kmsKeyId", "availabilityZone", "snapshotIdentifier", "restoreToPointInTime",
}  # fmt: skip
"""What RDS can only honour with a new instance (shared facts, provider's schema)."""


def test_encryption_is_stated_on_a_standby_although_it_is_ignored_there() -> None:
    # Optional, forcing replacement and never computed: without it the second update would replace the standby.
    assert one(dr(), "rds/instance:Instance", "database-reporting").inputs["storageEncrypted"] is True


def test_automated_backups_survive_the_standby_and_the_instance_it_becomes() -> None:
    for graph in (dr(), after_failover()):
        assert one(graph, "rds/instance:Instance", "database-reporting").inputs["deleteAutomatedBackups"] is False


def test_backups_are_restored_to_their_newest_moment_and_the_replication_stays() -> None:
    graph = after_failover()
    restored = one(graph, "rds/instance:Instance", "database-main")
    origin = restored.inputs["restoreToPointInTime"]
    assert origin["useLatestRestorableTime"] is True
    assert "restoreTime" not in origin, "the provider takes one of the two"
    assert "InstanceAutomatedBackupsReplication" in str(origin["sourceDbInstanceAutomatedBackupsArn"])
    assert not {"engine", "username", "allocatedStorage", "kmsKeyId"} & set(restored.inputs)
    assert restored.inputs["engineLifecycleSupport"] == "open-source-rds-extended-support-disabled"
    assert names(graph, "rds/instanceAutomatedBackupsReplication:InstanceAutomatedBackupsReplication") == {
        "database-main"
    }


def test_a_promoted_or_restored_instance_has_a_master_secret_of_this_region() -> None:
    graph = after_failover()
    for key in ("main", "reporting"):
        secret = one(graph, "secretsmanager/secret:Secret", f"database-{key}-master")
        assert "key-data" in str(secret.inputs["kmsKeyId"])
        assert "password" in one(graph, "rds/instance:Instance", f"database-{key}").inputs


def test_a_drill_restores_what_is_replicated_already_and_replicates_nothing_itself() -> None:
    # RDS replicates an instance's backups once a region: a second one would be refused.
    plan = compile_stack(load(ROOT / "stacks"), "drill.eu-1", today=date(2026, 11, 22))
    graph = recorded(plan)
    assert not names(graph, "rds/instanceAutomatedBackupsReplication:InstanceAutomatedBackupsReplication")
    copy = one(graph, "rds/instance:Instance", "database-main")
    assert "dr.eu-1" in str(copy.inputs["restoreToPointInTime"]["sourceDbInstanceAutomatedBackupsArn"])
    assert not copy.protect and copy.inputs["skipFinalSnapshot"] is True


def test_a_drill_of_a_warm_standby_is_a_replica_of_the_standby_in_its_own_region() -> None:
    plan = compile_stack(load(ROOT / "stacks"), "drill.med-1", today=date(2026, 11, 22))
    copy = one(recorded(plan), "rds/instance:Instance", "database-main")
    assert copy.inputs["replicateSourceDb"] == "arn:aws:rds:eu-west-1:210000000006:db:harbour-med-1-main-dr"
