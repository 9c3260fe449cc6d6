"""Which resource types hold data that cannot be made again."""

STATEFUL_TYPES = frozenset(
    {
        "aws:backup/vault:Vault",
        "aws:backup/vaultLockConfiguration:VaultLockConfiguration",
        "aws:dynamodb/table:Table",
        "aws:ebs/volume:Volume",
        "aws:efs/fileSystem:FileSystem",
        "aws:eks/cluster:Cluster",
        "aws:elasticache/replicationGroup:ReplicationGroup",
        "aws:kms/key:Key",
        "aws:kms/replicaKey:ReplicaKey",
        "aws:organizations/account:Account",
        "aws:rds/cluster:Cluster",
        "aws:rds/instance:Instance",
        "aws:rds/instanceAutomatedBackupsReplication:InstanceAutomatedBackupsReplication",
        "aws:route53/zone:Zone",
        "aws:s3/bucket:Bucket",
        "aws:secretsmanager/secret:Secret",
        "kubernetes:core/v1:Namespace",
        "kubernetes:core/v1:PersistentVolumeClaim",
        "kubernetes:apps/v1:StatefulSet",
        "random:index/randomPassword:RandomPassword",
    }
)
"""A destroyed key, secret or namespace takes with it what it guards; a destroyed cluster, everything that runs in it."""


def is_stateful(type_token: str) -> bool:
    """True for types whose loss or replacement loses data."""
    return type_token in STATEFUL_TYPES
