"""Backups."""

import json
from typing import Any

from tests.policies.cases.sizing import CLUSTER, cache, database
from tests.policies.stage import ACCOUNT, REGION, TAGS, TENANT, Cases, case, ref, resource, unknown

from odoo_estate.preview.graph import Composed
from odoo_estate_policies.resource import Resource

HOME = f"arn:aws:backup:eu-central-1:{ACCOUNT}:backup-vault:home"
AWAY = f"arn:aws:backup:eu-west-1:{ACCOUNT}:backup-vault:away"
SAFE = "arn:aws:backup:eu-central-1:444455556666:backup-vault:safe"
NEEDED = ["backup:DeleteRecoveryPoint", "backup:UpdateRecoveryPointLifecycle", "backup:DeleteBackupVault"]


def _bucket(name: str = "documents", **more: Any) -> Resource:
    tags = {**TAGS, "purpose": more.pop("purpose", "documents")}
    inputs = {"bucket": f"northwind-{name}", "tags": tags, **more}
    return resource("aws:s3/bucket:Bucket", name, {key: value for key, value in inputs.items() if value is not None})


def _selection(**inputs: Any) -> Resource:
    return resource("aws:backup/selection:Selection", "selection", {"planId": "p", "iamRoleArn": "r", **inputs})


def _tagged(operator: str = "stringEquals", **tags: str) -> dict[str, Any]:
    wanted = [{"key": f"aws:ResourceTag/{key.replace('_', '-')}", "value": value} for key, value in tags.items()]
    return {"conditions": [{operator: wanted}]}


def _vault(name: str = "home", key: Any = None, **more: Any) -> Resource:
    inputs = {"name": name, "tags": TAGS, **({"kmsKeyArn": key} if key is not None else {}), **more}
    return resource("aws:backup/vault:Vault", name, inputs)


def _lock(vault: Any, least: Any = 7, most: Any = 400, grace: Any = 3) -> Resource:
    inputs = {"backupVaultName": vault, "minRetentionDays": least, "maxRetentionDays": most, "changeableForDays": grace}
    given = {key: value for key, value in inputs.items() if value is not None}
    return resource("aws:backup/vaultLockConfiguration:VaultLockConfiguration", "lock", given)


def _plan(
    vault: Any = "home",
    days: Any = 35,
    copies: tuple[Any, ...] = (AWAY, SAFE),
    copy_days: Any = 35,
    region: str = REGION,
) -> Resource:
    def lifecycle(kept: Any) -> dict[str, Any]:
        return {} if kept is None else {"lifecycle": {"deleteAfter": kept}}

    actions = [{"destinationVaultArn": one, **lifecycle(copy_days)} for one in copies]
    rule = {"ruleName": "daily", "targetVaultName": vault, **lifecycle(days), "copyActions": actions}
    return resource("aws:backup/plan:Plan", "plan", {"rules": [rule], "tags": TAGS}, region=region)


def _policy(vault: Any, document: Any) -> Resource:
    text = document if isinstance(document, str) else json.dumps(document)
    return resource("aws:backup/vaultPolicy:VaultPolicy", "policy", {"backupVaultName": vault, "policy": text})


def _deny(**changed: Any) -> dict[str, Any]:
    statement = {"Effect": "Deny", "Principal": "*", "Action": NEEDED, "Resource": "*", **changed}
    return {"Version": "2012-10-17", "Statement": [statement]}


def _testing(vaults: Any, *, selected: bool = True) -> tuple[Resource, ...]:
    chosen = {"algorithm": "LATEST_WITHIN_WINDOW", "includeVaults": vaults, "recoveryPointTypes": ["SNAPSHOT"]}
    test = resource(
        "aws:backup/restoreTestingPlan:RestoreTestingPlan", "test", {"recoveryPointSelection": chosen, "tags": TAGS}
    )
    selection = resource(
        "aws:backup/restoreTestingSelection:RestoreTestingSelection",
        "restored",
        {"restoreTestingPlanName": ref(test, "name"), "protectedResourceType": "RDS"},
    )
    return (test, selection) if selected else (test,)


def _beside(bucket: Resource | str, kind: str, **inputs: Any) -> Resource:
    named = bucket if isinstance(bucket, str) else ref(bucket, "bucket")
    return resource(f"aws:s3/bucket{kind}:Bucket{kind}", kind, {"bucket": named, **inputs})


def _versioned(bucket: Resource | str, status: Any = "Enabled") -> Resource:
    return _beside(bucket, "Versioning", versioningConfiguration={"status": status})


def _locked(bucket: Resource, retention: Any = None) -> Resource:
    retention = retention or {"mode": "COMPLIANCE", "days": 30}
    return _beside(bucket, "ObjectLockConfiguration", rule={"defaultRetention": retention})


def _copied(bucket: Resource, status: str = "Enabled") -> Resource:
    return _beside(
        bucket, "ReplicationConfig", rules=[{"status": status, "destination": {"bucket": "arn:aws:s3:::dr"}}]
    )


DB, DOCS, DUMPS, LOGS = (
    database(),
    _bucket(),
    _bucket("dumps", purpose="backups", objectLockEnabled=True),
    _bucket("logs", purpose="logs"),
)
REPLICA = database(
    replicateSourceDb="northwind-eu-1", backupRetentionPeriod=0, skipFinalSnapshot=True, finalSnapshotIdentifier=None
)
VAULT, AWAY_VAULT = (
    _vault(),
    resource("aws:backup/vault:Vault", "away", {"name": "away", "tags": TAGS}, region="eu-west-1"),
)
DISK = resource("aws:ebs/volume:Volume", "disk", {"availabilityZone": "eu-central-1a", "tags": TAGS})
FILES = resource("aws:efs/fileSystem:FileSystem", "files", {"tags": TAGS})
KEY = resource("aws:kms/key:Key", "recovery", {"tags": TAGS})
DATA_KEY = resource("aws:kms/key:Key", "data", {"tags": TAGS})
BREAK_GLASS = {"ArnNotLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/break-glass"}}
BACKED_UP = _tagged(backup_class="long-7y-every-24h")


def _forgets(bucket: Resource, days: Any, status: str = "Enabled") -> Resource:
    rule = {"id": "old", "status": status, "noncurrentVersionExpiration": {"noncurrentDays": days}}
    return _beside(bucket, "LifecycleConfiguration", rules=[rule])


def _restored(**overrides: Any) -> Resource:
    inputs = {"restoreTestingPlanName": "test", "protectedResourceType": "RDS", "restoreMetadataOverrides": overrides}
    return resource("aws:backup/restoreTestingSelection:RestoreTestingSelection", "restored", inputs)


def _heard(source: Any = "aws.backup", *, received: bool = True) -> tuple[Resource, ...]:
    inputs = {"name": "events", "eventPattern": json.dumps({"source": [source]}), "tags": TAGS}
    rule = resource("aws:cloudwatch/eventRule:EventRule", "events", inputs)
    target = resource("aws:cloudwatch/eventTarget:EventTarget", "target", {"rule": ref(rule, "name"), "arn": "topic"})
    return (rule, target) if received else (rule,)


CASES = {
    "BAK-01": Cases(
        holds=(case(DB), case(REPLICA), case(database(), backup_retention_days=0)),
        breaks=(
            case(database(backupRetentionPeriod=13), expected="main"),
            case(database(backupRetentionPeriod=None), expected="main"),
            case(resource(CLUSTER, "aurora", {"tags": TAGS}), expected="aurora"),
        ),
        unknown=(case(database(backupRetentionPeriod=unknown()), undecided="main"),),
    ),
    "BAK-02": Cases(
        holds=(
            case(DB, DOCS, _selection(resources=["*"], **BACKED_UP)),
            case(DB, _selection(resources=["*"], **_tagged(tenant="medsupply", backup_class="long-7y-every-24h"))),
            case(DB, _selection(resources=["*"], **_tagged("stringLikes", backup_class="long-*"))),
            case(DB, _selection(resources=["*"], **_tagged("stringNotEquals", backup_class="none"))),
            case(
                DB,
                _selection(
                    selectionTags=[
                        {"type": "STRINGEQUALS", "key": k, "value": "restricted"} for k in ("x", "data-class")
                    ]
                ),
            ),
            case(DB, _selection(resources=[ref(DB)])),
            case(DB, _selection(resources=["arn:aws:rds:*:*:db:northwind-*"])),
            case(DB, _selection(resources=[f"arn:aws:rds:eu-central-1:{ACCOUNT}:db:northwind-eu-1"])),
            case(DOCS, _selection(resources=["arn:aws:s3:::northwind-*"])),
            case(DISK, _selection(resources=["arn:aws:ec2:*:*:volume/*"])),
            case(FILES, _selection(resources=["arn:aws:elasticfilesystem:*:*:file-system/*"])),
            case(DB, _selection(resources=["arn:aws:s3:::*", "arn:aws:rds:*:*:db:*"])),
            case(DB, _selection()),  # neither ARNs nor tags: everything
            case(LOGS, DUMPS),  # logs are no data, dumps are copies
            case(REPLICA),
            case(DB, stack=TENANT, inherited_backup_selection={"backup-class": "long-7y-every-24h"}),
            case(DB, backup_required=False),
            case(database(identifier=unknown()), _selection(resources=["*"], **BACKED_UP)),
        ),
        breaks=(
            case(DISK, expected="disk"),
            case(DB, DOCS, expected="main documents"),
            case(DB, _selection(resources=["*"], **_tagged(tenant="medsupply", backup_class="none")), expected="main"),
            case(DB, _selection(resources=["*"], **_tagged("stringNotLikes", backup_class="long-*")), expected="main"),
            case(DB, DOCS, _selection(resources=[ref(DOCS)]), expected="main"),
            case(DB, _selection(resources=["arn:aws:rds:*:*:db:other-*"]), expected="main"),
            case(DB, _selection(resources=["arn:aws:rds:eu-west-1:*:db:*"]), expected="main"),
            case(DB, _selection(resources=["*"], notResources=["arn:aws:rds:*:*:db:*"]), expected="main"),
            case(FILES, _selection(resources=["arn:aws:rds:*:*:db:*"]), expected="files"),
            case(
                DB,
                _selection(selectionTags=[{"type": "STRINGEQUALS", "key": "backup", "value": "yes"}]),
                expected="main",
            ),
            case(DB, expected="main", stack=TENANT, inherited_backup_selection={"backup-class": "short-every-24h"}),
            case(
                DB,
                expected="main",
                stack=TENANT,
                inherited_backup_selection={"backup-class": "long-7y-every-24h", "tenant": "neighbour"},
            ),
            case(_bucket(purpose=None), expected="documents"),
        ),
        unknown=(
            case(
                database(identifier=unknown()),
                _selection(resources=["arn:aws:rds:*:*:db:northwind-*"]),
                undecided="main",
            ),
            case(database(tags=unknown()), _selection(resources=["*"], **BACKED_UP), undecided="main"),
            case(FILES, _selection(resources=["arn:aws:elasticfilesystem:*:*:file-system/fs-1"]), undecided="files"),
        ),
    ),
    "BAK-03": Cases(
        holds=(
            case(_plan()),
            case(_plan(copies=(AWAY,)), cross_account_copy=False),
            case(_plan(copies=(SAFE,)), cross_region_copy=False),
            case(AWAY_VAULT, _plan(copies=(ref(AWAY_VAULT),)), cross_account_copy=False),
            case(_plan(copies=()), cross_region_copy=False, cross_account_copy=False),
        ),
        breaks=(
            case(_plan(copies=()), expected="plan"),
            case(_plan(copies=(SAFE,)), expected="plan"),
            case(_plan(copies=(AWAY,)), expected="plan"),
            case(_plan(copies=(HOME,)), expected="plan", cross_account_copy=False),
            case(_plan(copies=(AWAY,), region="eu-west-1"), expected="plan", cross_account_copy=False),
        ),
        unknown=(
            case(AWAY_VAULT, _plan(copies=(ref(AWAY_VAULT),)), undecided="plan"),
            case(_plan(copies=(ref(KEY),)), undecided="plan"),  # an output of something that is no vault of this stack
        ),
    ),
    "BAK-04": Cases(
        holds=(
            case(VAULT, _lock(ref(VAULT, "name"))),
            case(VAULT, _lock("home", 30, 365, 30)),
            case(VAULT, vault_lock=None),
        ),
        breaks=(
            case(VAULT, expected="home"),
            case(VAULT, _lock("elsewhere"), expected="home"),
            case(VAULT, _lock("home", None), expected="home"),
            case(VAULT, _lock("home", 1), expected="home"),
            case(VAULT, _lock("home", 7, None), expected="home"),
            case(VAULT, _lock("home", 7, 3650), expected="home"),
            case(VAULT, _lock("home", 7, 400, None), expected="home"),
        ),
        unknown=(case(VAULT, _lock("home", unknown()), undecided="home"),),
    ),
    "BAK-05": Cases(
        holds=(
            case(_plan()),
            case(_plan(), vault_lock=None),
            case(_plan(days=None), vault_lock=None),
            case(VAULT, _lock("home", 1, 35), _plan(ref(VAULT, "name"), 1, ())),
            case(VAULT, _lock("home", None, None), _plan(ref(VAULT, "name"), 3650, ())),
        ),
        breaks=(
            case(_plan(days=6), expected="plan"),
            case(_plan(days=401), expected="plan"),
            case(_plan(days=None), expected="plan"),
            case(_plan(copy_days=3650), expected="plan"),
            case(VAULT, _lock(ref(VAULT, "name"), 30, 60), _plan(ref(VAULT, "name"), 7, ()), expected="plan"),
        ),
        unknown=(case(_plan(days=unknown()), undecided="plan"),),
    ),
    "BAK-06": Cases(
        holds=(
            case(VAULT, _policy("home", _deny())),
            case(
                VAULT,
                _policy(ref(VAULT, "name"), _deny(Action="backup:*", Principal={"AWS": "*"}, Condition=BREAK_GLASS)),
            ),
            case(VAULT, backup_required=False),
            case(
                VAULT,
                _policy(
                    "home",
                    Composed("{…}", (ref(KEY),), _deny(Condition={"ArnNotLike": {"aws:PrincipalArn": ref(KEY)}})),
                ),
            ),
        ),
        breaks=(
            case(VAULT, expected="home"),
            case(VAULT, _policy("home", _deny(Effect="Allow")), expected="home"),
            case(VAULT, _policy("home", _deny(Action=["backup:DeleteBackupVault"])), expected="home"),
            case(VAULT, _policy("home", _deny(Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"})), expected="home"),
            case(VAULT, _policy("home", _deny(Condition={"StringEquals": {"aws:PrincipalArn": "x"}})), expected="home"),
            case(VAULT, _policy("home", _deny(Condition={"ArnNotLike": {"aws:PrincipalArn": "*"}})), expected="home"),
            case(
                VAULT,
                _policy("home", _deny(Condition={"NotIpAddress": {"aws:SourceIp": "0.0.0.0/0"}})),
                expected="home",
            ),
        ),
        unknown=(case(VAULT, _policy("home", unknown()), undecided="home"),),
    ),
    "BAK-30": Cases(
        holds=(
            case(LOGS),
            case(LOGS, drill_days=180, last_drill="2026-11-20"),
        ),
        breaks=(
            case(LOGS, drill_days=90, expected="-"),
            case(LOGS, drill_days=90, last_drill="2026-01-20", expected="-"),
        ),
    ),
    "BAK-07": Cases(
        holds=(
            case(VAULT, _plan(ref(VAULT, "name")), *_testing([ref(VAULT)])),
            case(VAULT, _plan(), *_testing([HOME])),
            case(_plan(), *_testing(["*"])),
            case(_plan(), *_testing([HOME])),  # a tenant's plan writes into its cell's vault
            case(_plan(), restore_test=False),
        ),
        breaks=(
            case(VAULT, _plan(), expected="plan"),
            case(VAULT, _plan(), *_testing([HOME], selected=False), expected="plan"),
            case(VAULT, AWAY_VAULT, _plan(ref(VAULT, "name")), *_testing([ref(AWAY_VAULT)]), expected="plan"),
            case(_plan(), *_testing([AWAY]), expected="plan"),
        ),
        unknown=(
            case(_plan(), *_testing([unknown()]), undecided="plan"),
            case(_plan(unknown()), *_testing([HOME]), undecided="plan"),
        ),
    ),
    "BAK-08": Cases(
        holds=(
            case(DOCS, _versioned(DOCS), _copied(DOCS)),
            case(DOCS, _versioned("northwind-documents"), _copied(DOCS)),
            case(DUMPS, _versioned(DUMPS), _locked(DUMPS)),
            case(LOGS),
            case(DOCS, bucket_versioning=False, bucket_replication=False),
            case(_bucket(versioning={"enabled": True}), bucket_replication=False),
        ),
        breaks=(
            case(DOCS, _copied(DOCS), expected="documents"),
            case(DOCS, _versioned(DOCS, "Suspended"), _copied(DOCS), expected="documents"),
            case(DOCS, DUMPS, _versioned(DUMPS), _locked(DUMPS), bucket_replication=False, expected="documents"),
            case(DOCS, _versioned(DOCS), expected="documents"),
            case(DOCS, _versioned(DOCS), _copied(DOCS, "Disabled"), expected="documents"),
            case(DUMPS, _versioned(DUMPS), expected="dumps"),
            case(DUMPS, _versioned(DUMPS), _locked(DUMPS, {"mode": "COMPLIANCE"}), expected="dumps"),
            case(_bucket("dumps", purpose="backups"), _versioned("northwind-dumps"), expected="dumps"),
        ),
        unknown=(case(DOCS, _versioned(DOCS, unknown()), _copied(DOCS), undecided="documents"),),
    ),
    "BAK-09": Cases(
        holds=(
            case(cache()),
            case(resource("aws:elasticache/cluster:Cluster", "member", {"replicationGroupId": "cache", "tags": TAGS})),
            case(
                resource(
                    "aws:elasticache/cluster:Cluster",
                    "memcached",
                    {"nodeType": "cache.t4g.small", "engine": "memcached", "tags": TAGS},
                )
            ),
        ),
        breaks=(
            case(cache(snapshotRetentionLimit=6), expected="cache"),
            case(cache(snapshotRetentionLimit=None), expected="cache"),
            case(
                resource("aws:elasticache/cluster:Cluster", "solo", {"engine": "redis", "tags": TAGS}), expected="solo"
            ),
        ),
        unknown=(case(cache(snapshotRetentionLimit=unknown()), undecided="cache"),),
    ),
    "BAK-10": Cases(
        holds=(
            case(DB),
            case(REPLICA),
            case(database(skipFinalSnapshot=True), production=False),
            case(database(finalSnapshotIdentifier=unknown())),  # there is one, whatever its name
        ),
        breaks=(
            case(database(skipFinalSnapshot=True), expected="main"),
            case(database(finalSnapshotIdentifier=None), expected="main"),
        ),
        unknown=(case(database(skipFinalSnapshot=unknown()), undecided="main"),),
    ),
    "BAK-11": Cases(
        holds=(
            case(KEY, DATA_KEY, _vault(key=ref(KEY)), database(kmsKeyId=ref(DATA_KEY))),
            case(_vault(key="arn:aws:kms:eu-central-1:1:key/a"), database(kmsKeyId="arn:aws:kms:eu-central-1:1:key/b")),
            case(_vault(), database(kmsKeyId=ref(DATA_KEY))),
        ),
        breaks=(
            case(KEY, _vault(key=ref(KEY)), database(kmsKeyId=ref(KEY)), expected="home"),
            case(
                _vault(key="arn:aws:kms:eu-central-1:1:key/a"),
                cache(kmsKeyId="arn:aws:kms:eu-central-1:1:key/a"),
                expected="home",
            ),
        ),
        unknown=(
            case(
                DATA_KEY,
                _vault(key="arn:aws:kms:eu-central-1:1:key/a"),
                database(kmsKeyId=ref(DATA_KEY)),
                undecided="home",
            ),
        ),
    ),
    "BAK-20": Cases(
        holds=(
            case(DOCS, _forgets(DOCS, 37), bucket_versions_days=37),
            case(DOCS, bucket_versions_days=37),
            case(DOCS, _forgets(DOCS, 1, "Disabled"), bucket_versions_days=37),
            case(LOGS, _forgets(LOGS, 1), bucket_versions_days=37),
            case(DOCS, _forgets(DOCS, 1), bucket_versions_days=0),
        ),
        breaks=(case(DOCS, _forgets(DOCS, 36), bucket_versions_days=37, expected="documents"),),
        unknown=(case(DOCS, _forgets(DOCS, unknown()), bucket_versions_days=37, undecided="documents"),),
    ),
    "BAK-21": Cases(
        holds=(case(_restored(dbSubnetGroupName="private")), case(_restored(dbSubnetGroupName=unknown()))),
        breaks=(case(_restored(), expected="restored"), case(_restored(dbName="x"), expected="restored")),
    ),
    "BAK-22": Cases(
        holds=(
            case(VAULT, _plan("home"), *_heard()),
            case(_plan()),  # a tenant's plan writes into its cell's vault, and the cell hears
            case(VAULT, _plan("home"), backup_required=False),
        ),
        breaks=(
            case(VAULT, _plan("home"), expected="plan"),
            case(VAULT, _plan("home"), *_heard("aws.rds"), expected="plan"),
            case(VAULT, _plan("home"), *_heard(received=False), expected="plan"),
        ),
    ),
}
