"""RDS, ElastiCache, S3, EFS, Backup. Forced replacements: CloudFormation and Terraform schemas, read 2026-11."""

from __future__ import annotations

from typing import Any

from sandbox.provider.aws.kind import Kind, protected
from sandbox.provider.aws.place import Minted
from sandbox.provider.wire import Properties

_PORTS = {"postgres": 5432, "mysql": 3306, "mariadb": 3306}
_RDS_REPLACES = (
    "dbName", "username", "engine", "storageEncrypted", "kmsKeyId", "availabilityZone", "snapshotIdentifier",
    "restoreToPointInTime", "characterSetName", "ncharCharacterSetName", "timezone", "backupTarget",
    "customIamInstanceProfile",
)  # fmt: skip


def _port(minted: Minted) -> int:
    return int(minted.inputs.get("port") or _PORTS.get(str(minted.inputs.get("engine")), 5432))


def _rds_endpoint(minted: Minted) -> str:
    return minted.fill("{name}.{place}.{region}.rds.{dns}:") + str(_port(minted))


def _managed_secret(minted: Minted) -> list[dict[str, str]]:
    if minted.inputs.get("manageMasterUserPassword") is not True:
        return []
    key = minted.inputs.get("masterUserSecretKmsKeyId") or minted.fill(
        "arn:{partition}:kms:{region}:{account}:alias/aws/secretsmanager"
    )
    arn = "arn:{partition}:secretsmanager:{region}:{account}:secret:rds!db-{uuid_secret}-{base6_secret}"
    return [{"kmsKeyId": str(key), "secretArn": minted.fill(arn), "secretStatus": "active"}]


def _rds_guard(inputs: Properties, _identity: str) -> str | None:
    if inputs.get("deletionProtection") is True:
        return (
            "InvalidParameterCombination: Cannot delete protected DB Instance, "
            "please disable deletion protection and try again."
        )
    if inputs.get("skipFinalSnapshot") is not True and not inputs.get("finalSnapshotIdentifier"):
        return "InvalidParameterCombination: final_snapshot_identifier is required when skip_final_snapshot is false"
    return None


def _rds_shrinks(old: Properties, new: Properties) -> str | None:
    before, after = old.get("allocatedStorage"), new.get("allocatedStorage")
    if isinstance(before, int) and isinstance(after, int) and after < before:
        return (
            f"InvalidParameterCombination: Invalid storage size for engine name {new.get('engine')}: {after} GiB. "
            f"Requested storage cannot be smaller than the current {before} GiB"
        )
    return None


def _major(inputs: Properties) -> int:
    return int(str(inputs.get("engineVersion") or "17").partition(".")[0])


def _rds_refuses(old: Properties, new: Properties) -> str | None:
    """What ModifyDBInstance turns down, before it touches anything."""
    if new.get("engine") == "postgres" and _major(new) < _major(old):
        return f"InvalidParameterCombination: Cannot upgrade postgres from {old['engineVersion']} to {new['engineVersion']}"
    if (
        new.get("engine") == "postgres"
        and _major(new) > _major(old)
        and new.get("allowMajorVersionUpgrade") is not True
    ):
        return "InvalidParameterCombination: The AllowMajorVersionUpgrade flag must be present when upgrading to a new major version."
    source = new.get("replicateSourceDb")
    if source and source != old.get("replicateSourceDb"):
        return "InvalidParameterCombination: cannot elect new source database for replication"
    return _rds_shrinks(old, new)


def _version(minted: Minted) -> str:
    given = str(minted.inputs.get("engineVersion") or "17.6")
    return given if "." in given else f"{given}.6"


def _cache_port(minted: Minted) -> int:
    return int(minted.inputs.get("port") or 6379)


def _clustered(minted: Minted) -> bool:
    groups = minted.inputs.get("numNodeGroups")
    return minted.inputs.get("clusterMode") == "enabled" or (isinstance(groups, int) and groups > 1)


def _cache_host(role: str, clustered: bool) -> Any:
    def host(minted: Minted) -> str | None:
        if _clustered(minted) is not clustered:
            return None
        return minted.fill(role + ".{name}.{base6}.{region}.cache.{dns}".replace("{region}", _short_region(minted)))

    return host


def _short_region(minted: Minted) -> str:
    area, *middle, number = str(minted["region"]).split("-")
    return (
        area
        + "".join(
            {"central": "c", "south": "s", "north": "n", "northeast": "ne", "southeast": "se"}.get(m, m[0])
            for m in middle
        )
        + number
    )


def _members(minted: Minted) -> list[str]:
    count = minted.inputs.get("numCacheClusters")
    if not isinstance(count, int):
        groups, replicas = minted.inputs.get("numNodeGroups") or 1, minted.inputs.get("replicasPerNodeGroup") or 0
        count = int(groups) * (1 + int(replicas))
    return [f"{minted['name']}-{n:03}" for n in range(1, count + 1)]


def _vault_lock_guard(inputs: Properties, identity: str) -> str | None:
    if inputs.get("changeableForDays") == 0:
        return f"InvalidRequestException: Vault lock of {identity} is immutable"
    return None


_BUCKET_SIDE = (
    "bucketVersioning:BucketVersioning", "bucketPolicy:BucketPolicy", "bucketPublicAccessBlock:BucketPublicAccessBlock",
    "bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    "bucketLifecycleConfiguration:BucketLifecycleConfiguration", "bucketLogging:BucketLogging",
    "bucketObjectLockConfiguration:BucketObjectLockConfiguration", "bucketOwnershipControls:BucketOwnershipControls",
    "bucketReplicationConfig:BucketReplicationConfig", "bucketNotification:BucketNotification",
    "bucketAcl:BucketAcl", "bucketCorsConfiguration:BucketCorsConfiguration",
    "bucketRequestPaymentConfiguration:BucketRequestPaymentConfiguration",
    "bucketAccelerateConfiguration:BucketAccelerateConfiguration",
    "bucketWebsiteConfiguration:BucketWebsiteConfiguration",
)  # fmt: skip
_BUCKET = "aws:s3/bucket:Bucket"
_BUCKET_KIND = Kind(
    "S3:Bucket", "{name}", "arn:{partition}:s3:::{name}", name="bucket", longest=63, lower=True,
    replaces=("bucket", "bucketPrefix", "bucketNamespace", "objectLockEnabled"),
    outputs={
        "bucketDomainName": "{name}.s3.{dns}", "bucketRegionalDomainName": "{name}.s3.{region}.{dns}",
        "bucketRegion": "{region}", "hostedZoneId": "{website_zone}",
    },
    unique="{name}", unique_in="aws",
    taken="BucketAlreadyExists: The requested bucket name is not available. The bucket namespace is shared by all users "
          "of the system. Please select a different name and try again. ({name})",
    held_by=(
        "aws:s3/bucketObjectv2:BucketObjectv2", "aws:s3/bucketObject:BucketObject", "aws:s3/objectCopy:ObjectCopy",
    ),
    held="BucketNotEmpty: The bucket you tried to delete is not empty: {id}",
)  # fmt: skip

KINDS: dict[str, Kind] = {
    "aws:rds/instance:Instance": Kind(
        "RDS:DBInstance", "db-{upper26}", "db:{name}", name="identifier", longest=63, lower=True, replaces=_RDS_REPLACES,
        outputs={
            "resourceId": "{id}", "endpoint": _rds_endpoint, "address": "{name}.{place}.{region}.rds.{dns}", "port": _port,
            "hostedZoneId": "Z{upper13_zone}", "status": "available", "engineVersionActual": _version,
            "masterUserSecrets": _managed_secret, "caCertIdentifier": "rds-ca-rsa2048-g1",
            "engineVersion": _version, "engineLifecycleSupport": "open-source-rds-extended-support",
            "availabilityZone": "{region}a", "storageType": "gp2", "parameterGroupName": "default.postgres17",
            "backupWindow": "03:00-03:30", "maintenanceWindow": "sun:04:00-sun:04:30", "licenseModel": "postgresql-license",
            "monitoringInterval": 0, "networkType": "IPV4", "username": "postgres", "engine": "postgres", "replicas": [],
        },
        refers={
            "dbSubnetGroupName": "aws:rds/subnetGroup:SubnetGroup",
            "parameterGroupName": "aws:rds/parameterGroup:ParameterGroup",
            "optionGroupName": "aws:rds/optionGroup:OptionGroup",
            "replicateSourceDb": "aws:rds/instance:Instance",
        },
        unique="{name}", taken="DBInstanceAlreadyExists: DB instance already exists", guard=_rds_guard,
        refuse_change=_rds_refuses,
        held_by=("aws:rds/instanceAutomatedBackupsReplication:InstanceAutomatedBackupsReplication",),
        held="InvalidDBInstanceState: stop the automated backups replication of {id} before deleting it",
    ),
    "aws:rds/cluster:Cluster": Kind(
        "RDS:DBCluster", "{name}", "cluster:{name}", name="clusterIdentifier", longest=63, lower=True,
        replaces=("clusterIdentifier", "databaseName", "engine", "masterUsername", "kmsKeyId", "storageEncrypted"),
        outputs={
            "endpoint": "{name}.cluster-{place}.{region}.rds.{dns}", "port": _port,
            "readerEndpoint": "{name}.cluster-ro-{place}.{region}.rds.{dns}", "clusterResourceId": "cluster-{upper26}",
            "masterUserSecrets": _managed_secret,
        },
        unique="{name}", taken="DBClusterAlreadyExistsFault: DB Cluster already exists", guard=_rds_guard,
    ),
    "aws:rds/subnetGroup:SubnetGroup": Kind(
        "RDS:DBSubnetGroup", "{name}", "subgrp:{name}", lower=True, replaces=("name", "namePrefix"), unique="{name}",
        taken="DBSubnetGroupAlreadyExists: The DB subnet group '{name}' already exists.",
        held_by=("aws:rds/instance:Instance", "aws:rds/cluster:Cluster"),
        held="InvalidDBSubnetGroupStateFault: Cannot delete the subnet group '{name}' because at least one database "
             "instance is still using it.",
    ),
    "aws:rds/parameterGroup:ParameterGroup": Kind(
        "RDS:DBParameterGroup", "{name}", "pg:{name}", lower=True, unique="{name}",
        replaces=("name", "namePrefix", "family", "description"),
        taken="DBParameterGroupAlreadyExists: Parameter group {name} already exists",
        held_by=("aws:rds/instance:Instance",),
        held="InvalidDBParameterGroupState: One or more database instances are still members of this parameter group "
             "{name}, so the group cannot be deleted",
    ),
    "aws:rds/optionGroup:OptionGroup": Kind(
        "RDS:OptionGroup", "{name}", "og:{name}", lower=True, unique="{name}",
        taken="OptionGroupAlreadyExistsFault: An option group with the name {name} already exists",
    ),
    "aws:rds/instanceAutomatedBackupsReplication:InstanceAutomatedBackupsReplication": Kind(
        "RDS:DBInstanceAutomatedBackupsReplication", "{arn}", "auto-backup:ab-{base26}", name=None,
        replaces=("sourceDbInstanceArn", "kmsKeyId", "preSignedUrl", "retentionPeriod"),
        unique="{in[sourceDbInstanceArn]}",
        taken="InvalidDBInstanceState: automated backups of {in[sourceDbInstanceArn]} are already replicated to this region",
    ),
    "aws:rds/eventSubscription:EventSubscription": Kind(
        "RDS:EventSubscription", "{name}", "es:{name}", unique="{name}", replaces=("name", "namePrefix"),
        taken="SubscriptionAlreadyExist: Event Subscription already exists",
    ),
    "aws:rds/snapshot:Snapshot": Kind(
        "RDS:DBSnapshot", "{in[dbSnapshotIdentifier]}", "snapshot:{id}", name="dbSnapshotIdentifier", unique="{name}",
        taken="DBSnapshotAlreadyExists: Cannot create the snapshot because a snapshot with the identifier {name} already exists.",
    ),
    "aws:rds/instanceDesiredState:InstanceDesiredState": Kind("RDS:DBInstance", "{in[identifier]}", name=None),
    "aws:rds/proxy:Proxy": Kind(
        "RDS:DBProxy", "{name}", "db-proxy:prx-{hex17}", longest=63, unique="{name}", replaces=("vpcSubnetIds",),
        outputs={"endpoint": "{name}.proxy-{place}.{region}.rds.{dns}"},
        taken="DBProxyAlreadyExistsFault: DBProxy {name} already exists",
    ),
    "aws:elasticache/replicationGroup:ReplicationGroup": Kind(
        "ElastiCache:ReplicationGroup", "{name}", "replicationgroup:{name}", name="replicationGroupId", longest=40,
        lower=True,
        replaces=(
            "replicationGroupId", "atRestEncryptionEnabled", "kmsKeyId", "subnetGroupName", "port", "networkType",
            "dataTieringEnabled", "snapshotName", "snapshotArns", "globalReplicationGroupId", "securityGroupNames",
        ),
        outputs={
            "primaryEndpointAddress": _cache_host("master", clustered=False),
            "readerEndpointAddress": _cache_host("replica", clustered=False),
            "configurationEndpointAddress": _cache_host("clustercfg", clustered=True),
            "port": _cache_port, "memberClusters": _members, "clusterEnabled": _clustered,
            "engineVersionActual": lambda m: str(m.inputs.get("engineVersion") or "8.0"),
            "parameterGroupName": "default.valkey8",
        },
        refers={
            "subnetGroupName": "aws:elasticache/subnetGroup:SubnetGroup",
            "parameterGroupName": "aws:elasticache/parameterGroup:ParameterGroup",
            "userGroupIds": "aws:elasticache/userGroup:UserGroup",
        },
        unique="{name}", taken="ReplicationGroupAlreadyExists: Replication group {name} already exists.",
    ),
    "aws:elasticache/subnetGroup:SubnetGroup": Kind(
        "ElastiCache:CacheSubnetGroup", "{name}", "subnetgroup:{name}", lower=True, unique="{name}", replaces=("name",),
        taken="CacheSubnetGroupAlreadyExists: Cache subnet group {name} already exists.",
        held_by=("aws:elasticache/replicationGroup:ReplicationGroup", "aws:elasticache/cluster:Cluster"),
        held="CacheSubnetGroupInUse: Cache subnet group {name} is currently in use by a cache cluster.",
    ),
    "aws:elasticache/parameterGroup:ParameterGroup": Kind(
        "ElastiCache:CacheParameterGroup", "{name}", "parametergroup:{name}", lower=True, unique="{name}",
        replaces=("name", "family", "description"),
        taken="CacheParameterGroupAlreadyExists: Parameter group {name} already exists",
        held_by=("aws:elasticache/replicationGroup:ReplicationGroup",),
        held="InvalidCacheParameterGroupState: Cache parameter group {name} is in use",
    ),
    "aws:elasticache/user:User": Kind(
        "ElastiCache:User", "{in[userId]}", "user:{in[userId]}", name="userId", autoname=False,
        replaces=("userId", "userName"), unique="{name}", taken="UserAlreadyExists: User {name} already exists",
        held_by=("aws:elasticache/userGroup:UserGroup",),
        held="InvalidUserState: User {id} is in a user group",
    ),
    "aws:elasticache/userGroup:UserGroup": Kind(
        "ElastiCache:UserGroup", "{in[userGroupId]}", "usergroup:{in[userGroupId]}", name="userGroupId", autoname=False,
        replaces=("userGroupId",), refers={"userIds": "aws:elasticache/user:User"}, unique="{name}",
        taken="UserGroupAlreadyExists: User Group {name} already exists",
        held_by=("aws:elasticache/replicationGroup:ReplicationGroup",),
        held="InvalidUserGroupState: User group {id} is in use",
    ),
    "aws:elasticache/userGroupAssociation:UserGroupAssociation": Kind(
        "ElastiCache:UserGroup", "{in[userGroupId]},{in[userId]}", name=None, replaces=("userGroupId", "userId"),
        refers={"userId": "aws:elasticache/user:User", "userGroupId": "aws:elasticache/userGroup:UserGroup"},
    ),
    "aws:elasticache/globalReplicationGroup:GlobalReplicationGroup": Kind(
        "ElastiCache:GlobalReplicationGroup", "ldgnf-{in[globalReplicationGroupIdSuffix]}",
        "arn:{partition}:elasticache::{account}:globalreplicationgroup:{id}", name=None,
        replaces=("globalReplicationGroupIdSuffix", "primaryReplicationGroupId"),
        outputs={"globalReplicationGroupId": "{id}"},
        refers={"primaryReplicationGroupId": "aws:elasticache/replicationGroup:ReplicationGroup"},
    ),
    _BUCKET: _BUCKET_KIND,
    "aws:s3/bucketV2:BucketV2": _BUCKET_KIND,
    **{
        f"aws:s3/{side}": Kind(f"S3:{side.partition(':')[2]}", "{in[bucket]}", name=None, replaces=("bucket",), refers={"bucket": _BUCKET})
        for side in _BUCKET_SIDE
    },
    "aws:s3/bucketMetric:BucketMetric": Kind(
        "S3:BucketMetricsConfiguration", "{in[bucket]}:{name}", replaces=("bucket", "name"), refers={"bucket": _BUCKET},
    ),
    "aws:s3/inventory:Inventory": Kind(
        "S3:BucketInventoryConfiguration", "{in[bucket]}:{name}", replaces=("bucket", "name"), refers={"bucket": _BUCKET},
    ),
    "aws:s3/bucketObjectv2:BucketObjectv2": Kind(
        "S3:Object", "{in[bucket]}/{in[key]}", "arn:{partition}:s3:::{in[bucket]}/{in[key]}", name=None,
        replaces=("bucket", "key"), refers={"bucket": _BUCKET}, outputs={"etag": "{hex32}", "versionId": "{base32}"},
    ),
    "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock": Kind("S3 Control:PublicAccessBlock", "{account}", name=None),
    "aws:efs/fileSystem:FileSystem": Kind(
        "EFS:FileSystem", "fs-{hex17}", "file-system/{id}", name=None,
        replaces=("encrypted", "kmsKeyId", "performanceMode", "availabilityZoneName", "creationToken"),
        outputs={"dnsName": "{id}.efs.{region}.{dns}", "ownerId": "{account}", "numberOfMountTargets": 0},
        held_by=("aws:efs/mountTarget:MountTarget",), held="FileSystemInUse: file system {id} has mount targets",
    ),
    "aws:efs/mountTarget:MountTarget": Kind(
        "EFS:MountTarget", "fsmt-{hex17}", name=None, replaces=("fileSystemId", "subnetId", "ipAddress"),
        outputs={"dnsName": "{in[fileSystemId]}.efs.{region}.{dns}", "networkInterfaceId": "eni-{hex17_eni}"},
    ),
    "aws:efs/accessPoint:AccessPoint": Kind(
        "EFS:AccessPoint", "fsap-{hex17}", "access-point/{id}", name=None,
        replaces=("fileSystemId", "posixUser", "rootDirectory"),
    ),
    "aws:backup/vault:Vault": Kind(
        "Backup:BackupVault", "{name}", "backup-vault:{name}", longest=50, replaces=("name", "kmsKeyArn"), unique="{name}",
        taken="AlreadyExistsException: Backup vault with the same name already exists: {name}",
        held_by=("sandbox:backup:RecoveryPoint",),
        held="InvalidRequestException: Backup vault cannot be deleted (contains recovery points): {name}",
    ),
    "aws:backup/logicallyAirGappedVault:LogicallyAirGappedVault": Kind(
        "Backup:LogicallyAirGappedBackupVault", "{name}", "backup-vault:{name}", longest=50, unique="{name}",
        replaces=("name", "minRetentionDays", "maxRetentionDays", "encryptionKeyArn"),
        taken="AlreadyExistsException: Backup vault with the same name already exists: {name}",
        held_by=("sandbox:backup:RecoveryPoint",),
        held="InvalidRequestException: Backup vault cannot be deleted (contains recovery points): {name}",
    ),
    "aws:backup/vaultLockConfiguration:VaultLockConfiguration": Kind(
        "Backup:BackupVaultLockConfiguration", "{in[backupVaultName]}", name=None,
        replaces=("backupVaultName", "changeableForDays", "minRetentionDays", "maxRetentionDays"),
        refers={"backupVaultName": "aws:backup/vault:Vault"}, guard=_vault_lock_guard,
        outputs={"backupVaultArn": "arn:{partition}:backup:{region}:{account}:backup-vault:{in[backupVaultName]}"},
    ),
    "aws:backup/vaultPolicy:VaultPolicy": Kind(
        "Backup:BackupVaultAccessPolicy", "{in[backupVaultName]}", name=None, replaces=("backupVaultName",),
        refers={"backupVaultName": "aws:backup/vault:Vault"},
        outputs={"backupVaultArn": "arn:{partition}:backup:{region}:{account}:backup-vault:{in[backupVaultName]}"},
    ),
    "aws:backup/vaultNotifications:VaultNotifications": Kind(
        "Backup:BackupVaultNotifications", "{in[backupVaultName]}", name=None, replaces=("backupVaultName",),
        refers={"backupVaultName": "aws:backup/vault:Vault"},
        outputs={"backupVaultArn": "arn:{partition}:backup:{region}:{account}:backup-vault:{in[backupVaultName]}"},
    ),
    "aws:backup/plan:Plan": Kind(
        "Backup:BackupPlan", "{uuid}", "backup-plan:{id}", replaces=("name",), outputs={"version": "{base24}"},
        refers={"rules[].targetVaultName": "aws:backup/vault:Vault"},
        held_by=("aws:backup/selection:Selection",),
        held="InvalidRequestException: Related backup plan selections must be deleted prior to backup plan deletion",
    ),
    "aws:backup/selection:Selection": Kind(
        "Backup:BackupSelection", "{uuid}", longest=50,
        replaces=("name", "planId", "iamRoleArn", "resources", "notResources", "conditions", "selectionTags"),
        refers={"planId": "aws:backup/plan:Plan"},
    ),
    "aws:backup/restoreTestingPlan:RestoreTestingPlan": Kind(
        "Backup:RestoreTestingPlan", "{name}", "restore-testing-plan:{name}", replaces=("name",), unique="{name}",
        longest=50, taken="AlreadyExistsException: Restore testing plan {name} already exists",
    ),
    "aws:backup/restoreTestingSelection:RestoreTestingSelection": Kind(
        "Backup:RestoreTestingSelection", "{name}:{in[restoreTestingPlanName]}", longest=50,
        replaces=("name", "restoreTestingPlanName", "protectedResourceType"),
        refers={"restoreTestingPlanName": "aws:backup/restoreTestingPlan:RestoreTestingPlan"},
    ),
    "aws:backup/framework:Framework": Kind(
        "Backup:Framework", "{name}", "framework:{name}-{uuid}", unique="{name}", replaces=("name",),
        taken="AlreadyExistsException: Framework {name} already exists",
    ),
    "aws:backup/reportPlan:ReportPlan": Kind(
        "Backup:ReportPlan", "{name}", "report-plan:{name}-{uuid}", unique="{name}", replaces=("name",),
        taken="AlreadyExistsException: Report plan {name} already exists",
    ),
    "aws:backup/globalSettings:GlobalSettings": Kind("Backup:GlobalSettings", "{account}", name=None),
    "aws:backup/regionSettings:RegionSettings": Kind("Backup:RegionSettings", "{region}", name=None),
    "aws:dynamodb/table:Table": Kind(
        "DynamoDB:Table", "{name}", "table/{name}", replaces=("name", "hashKey", "rangeKey"), unique="{name}",
        taken="ResourceInUseException: Table already exists: {name}",
        guard=protected(
            "deletionProtectionEnabled",
            "ValidationException: Resource cannot be deleted as it is currently protected against deletion.",
        ),
    ),
}  # fmt: skip
