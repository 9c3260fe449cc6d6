"""Small complete plans: the least that has one of everything."""

from odoo_estate.decide.network import database_acl
from odoo_estate.plan import (
    AUTOMATION_GROUP,
    AccessPlan,
    AddonPlan,
    AlarmPlan,
    AwsTarget,
    BackupCopy,
    BackupEventsPlan,
    BackupPlan,
    BackupRule,
    BucketPlan,
    BudgetPlan,
    CachePlan,
    CellPlan,
    ClusterPlan,
    ControlPolicyPlan,
    DatabasePlan,
    DatabaseReplicationPlan,
    DelegationPlan,
    DrPlan,
    Guardrails,
    KeyPlan,
    LandingZonePlan,
    NetworkPlan,
    NodePoolPlan,
    OrganisationPlan,
    PlatformIdentityPlan,
    RepositoryPlan,
    RestoreTest,
    RolePlan,
    VaultLock,
    VaultPlan,
    ZonePlan,
)

REGION, COPY_REGION = "eu-central-1", "eu-west-1"
WORKLOAD, MANAGEMENT, LOG_ARCHIVE, BACKUP = "111111111111", "222222222222", "333333333333", "444444444444"
TAGS = {"managed-by": "odoo-estate", "estate": "acme", "cell": "eu-1", "backup-class": "standard"}
PUBLISHERS = ("logs", "cloudwatch", "budgets", "events", "backup")
POD_TRUST = {
    "Effect": "Allow",
    "Principal": {"Service": "pods.eks.amazonaws.com"},
    "Action": ["sts:AssumeRole", "sts:TagSession"],
}

GUARDRAILS = Guardrails(
    service_classes=("business",),
    production=True,
    residency_regions=(REGION, COPY_REGION),
    required_tags=("managed-by",),
    tag_patterns={},
    database_classes=("db.m7g.large",),
    database_storage_gib=500,
    database_max_storage_gib=1000,
    database_iops=12000,
    database_storage_types=("gp3",),
    cache_node_types=("cache.t4g.medium",),
    cache_nodes=2,
    node_instance_types=("m7g.xlarge",),
    nodes=12,
    pod_cpu_millicores=4000,
    pod_memory_mib=8192,
    pod_replicas=10,
    backup_retention_days=14,
    cache_snapshot_days=3,
    backup_required=True,
    cross_region_copy=True,
    cross_account_copy=True,
    vault_lock=VaultLock(min_days=7, max_days=400, changeable_for_days=3),
    restore_test=True,
    bucket_versioning=True,
    bucket_object_lock=True,
)


def network(name: str = "acme-eu-1", region: str = REGION, nat: str = "per-zone") -> NetworkPlan:
    """Three zones in 10.20.0.0/16."""
    zones = {
        letter: ZonePlan(
            availability_zone=f"{region}{letter}",
            public_cidr=f"10.20.{index}.0/24",
            private_cidr=f"10.20.{64 + index * 32}.0/19",
            database_cidr=f"10.20.{16 + index}.0/24",
        )
        for index, letter in enumerate("abc")
    }
    return NetworkPlan(
        name=name,
        cidr="10.20.0.0/16",
        zones=zones,
        database_acl=database_acl(zones),
        nat=nat,  # type: ignore[arg-type]
        interface_endpoints=("ecr.api", "ecr.dkr", "sts", "logs", "eks-auth"),
        flow_log_group=f"/estate/{name}/flow",
        flow_log_retention_days=90,
    )


def cluster(name: str = "acme-eu-1") -> ClusterPlan:
    """One administrator, two add-ons before and two after the nodes."""
    return ClusterPlan(
        name=name,
        version="1.35",
        service_cidr="172.20.0.0/16",
        role=f"{name}-control-plane",
        node_role=f"{name}-node",
        log_types=("api", "audit", "authenticator", "controllerManager", "scheduler"),
        log_group=f"/aws/eks/{name}/cluster",
        log_retention_days=365,
        access={
            "operator": AccessPlan(
                role_arn=f"arn:aws:iam::{WORKLOAD}:role/operator",
                policy="AmazonEKSClusterAdminPolicy",
                groups=(AUTOMATION_GROUP,),
            ),
            "partner-bright": AccessPlan(
                role_arn=f"arn:aws:iam::{WORKLOAD}:role/acme-partner-bright", groups=("partner:bright",)
            ),
        },
        addons_before_nodes={
            "vpc-cni": AddonPlan(
                version="v1.20.4-eksbuild.1",
                configuration={"enableNetworkPolicy": "true"},
                service_account="aws-node",
                role=f"{name}-vpc-cni",
                managed_policy_arns=("arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy",),
            ),
            "eks-pod-identity-agent": AddonPlan(version="v1.3.9-eksbuild.1"),
        },
        addons_after_nodes={
            "coredns": AddonPlan(version="v1.12.4-eksbuild.1"),
            "aws-ebs-csi-driver": AddonPlan(
                version="v1.51.0-eksbuild.1",
                service_account="ebs-csi-controller-sa",
                role=f"{name}-ebs-csi",
                managed_policy_arns=("arn:aws:iam::aws:policy/service-role/AmazonEBSCSIDriverPolicy",),
            ),
        },
        deletion_protection=True,
    )


def node_pool(workload: str = "web") -> NodePoolPlan:
    """Two to six Graviton nodes."""
    return NodePoolPlan(
        name=f"acme-eu-1-{workload}",
        band="m",
        workload=workload,
        instance_types=("m7g.xlarge",),
        ami_type="AL2023_ARM_64_STANDARD",
        capacity_type="ON_DEMAND",
        min_nodes=2,
        desired_nodes=2,
        max_nodes=6,
        max_unavailable_percentage=33,
        version="1.35",
        volume_gib=80,
        labels={"workload": workload},
        taints={"workload": (workload, "NO_SCHEDULE")},
        max_pods=58,
    )


def database(identifier: str = "acme-eu-1-main", **changes: object) -> DatabasePlan:
    """A protected Multi-AZ instance whose master secret AWS manages."""
    values: dict[str, object] = {
        "identifier": identifier,
        "band": "m",
        "engine_version": "17.6",
        "family": "postgres17",
        "instance_class": "db.m7g.large",
        "storage_gib": 100,
        "max_storage_gib": 500,
        "storage_type": "gp3",
        "iops": None,
        "throughput_mibps": None,
        "multi_az": True,
        "backup_retention_days": 14,
        "backup_window": "01:00-02:00",
        "maintenance_window": "sun:03:00-sun:04:00",
        "parameters": {"rds.force_ssl": "1", "max_connections": "800", "log_min_duration_statement": "1000"},
        "master_username": "postgres",
        "master_password": "managed",
        "max_connections": 800,
        "performance_insights_days": 7,
        "monitoring_interval_seconds": 60,
        "log_retention_days": 90,
        "deletion_protection": True,
        "final_snapshot": f"{identifier}-final",
    }
    return DatabasePlan(**{**values, **changes})  # type: ignore[arg-type]


def cache(identifier: str = "acme-eu-1") -> CachePlan:
    """A primary with one replica."""
    return CachePlan(
        id=identifier,
        band="s",
        engine_version="8.1",
        family="valkey8",
        node_type="cache.t4g.medium",
        nodes=2,
        maxmemory_policy="volatile-ttl",
        maxmemory_samples=64,
        snapshot_days=3,
        snapshot_window="00:00-01:00",
        maintenance_window="sun:04:00-sun:05:00",
        description="Sessions of cell eu-1",
    )


def bucket(name: str = "acme-eu-1-attachments", **changes: object) -> BucketPlan:
    """A versioned bucket for attachments."""
    values: dict[str, object] = {
        "name": name,
        "purpose": "attachments",
        "versioning": True,
        "noncurrent_days": 30,
        "infrequent_after_days": 60,
    }
    return BucketPlan(**{**values, **changes})  # type: ignore[arg-type]


def locked_bucket(name: str = "acme-eu-1-backups") -> BucketPlan:
    """An object-locked bucket for dumps."""
    return bucket(name, purpose="backups", object_lock_days=35, object_lock_mode="COMPLIANCE", expire_after_days=40)


def log_bucket(name: str = "acme-eu-1-logs") -> BucketPlan:
    """What S3 itself writes into."""
    return bucket(name, purpose="logs", encryption="s3", delivered_from=WORKLOAD)


def backup() -> BackupPlan:
    """Daily, with one copy to another region and one to another account, and a weekly restore test."""
    return BackupPlan(
        name="acme-eu-1",
        vault="primary",
        role="acme-eu-1-backup",
        rules={
            "daily": BackupRule(
                schedule="cron(0 5 ? * * *)",
                start_window_minutes=60,
                completion_window_minutes=480,
                delete_after_days=35,
                copies={
                    "region": BackupCopy(
                        vault_arn=f"arn:aws:backup:{COPY_REGION}:{WORKLOAD}:backup-vault:acme-eu-1-copy",
                        delete_after_days=35,
                    ),
                    "account": BackupCopy(
                        vault_arn=f"arn:aws:backup:{REGION}:{BACKUP}:backup-vault:acme-recovery", delete_after_days=90
                    ),
                },
            )
        },
        selection="tagged",
        select={"estate": "acme", "backup-class": "standard"},
        restore_test=RestoreTest(name="acme_eu_1", schedule="cron(0 9 ? * SUN *)", window_days=7, validation_hours=8),
    )


def role(name: str, *statements: dict[str, object]) -> RolePlan:
    """A role for pods."""
    return RolePlan(name=name, description=name, trust=(POD_TRUST,), statements=statements)  # type: ignore[arg-type]


def landing_zone(mode: str = "organisation") -> LandingZonePlan:
    """Four accounts in organisation mode, one otherwise."""
    organised = mode == "organisation"
    management, log_archive, backups = (MANAGEMENT, LOG_ARCHIVE, BACKUP) if organised else (WORKLOAD,) * 3
    return LandingZonePlan(
        estate="acme",
        stack="landing-zone",
        kind="landing-zone",
        target=AwsTarget(account=management, region=REGION, role="automation"),
        tags=TAGS,
        decisions=(),
        budgets=(),
        guardrails=GUARDRAILS,
        mode=mode,  # type: ignore[arg-type]
        targets={
            "management": AwsTarget(account=management, region=REGION, role="automation"),
            "log-archive": AwsTarget(account=log_archive, region=REGION, role="automation"),
            f"backup/{REGION}": AwsTarget(account=backups, region=REGION, role="automation"),
            "production": AwsTarget(account=WORKLOAD, region=REGION, role="automation"),
        },
        organisation=OrganisationPlan(
            units={"security": ("log-archive", "backup"), "workloads": ("production",)},
            accounts={
                "log-archive": ("acme-log-archive", "log-archive@acme.example"),
                "backup": ("acme-backup", "backup@acme.example"),
                "production": ("acme-production", "production@acme.example"),
            },
            control_policies={
                "regions": ControlPolicyPlan(
                    name="acme-regions",
                    description="Only regions of the residency zones",
                    statements=({"Effect": "Deny", "Action": "*", "Resource": "*"},),
                    units=("workloads",),
                )
            },
        )
        if organised
        else None,
        trail="acme",
        trail_log_group="/estate/acme/trail",
        log_bucket=bucket("acme-audit-log", purpose="logs"),
        log_retention_days=400,
        keys={
            "logs": (
                "log-archive",
                KeyPlan(alias="acme-logs", description="Audit log", services=("cloudtrail", *PUBLISHERS)),
            ),
            **(
                {
                    "management": (
                        "management",
                        KeyPlan(alias="acme-management", description="Alerts", services=PUBLISHERS),
                    )
                }
                if organised
                else {}
            ),
            f"recovery-{REGION}": (f"backup/{REGION}", KeyPlan(alias="acme-recovery", description="Recovery points")),
        },
        vaults={
            REGION: (
                f"backup/{REGION}",
                VaultPlan(
                    name="acme-recovery",
                    key=f"recovery-{REGION}",
                    lock=VaultLock(min_days=7, max_days=400, changeable_for_days=3),
                ),
            )
        },
        vault_source_accounts=(WORKLOAD,),
        budgets_by_key={
            "estate": BudgetPlan(
                name="acme-estate",
                limit_usd=9000,
                tag=("estate", "acme"),
                actual_percent=(80, 100),
                forecast_percent=(100,),
                emails=("billing@acme.example",),
            )
        },
        roles={"auditor": ("log-archive", role("acme-auditor")), "operator": ("production", role("operator"))},
        repositories={"odoo": RepositoryPlan(name="acme/odoo", keep_images=50)},
        zones={"platform": "erp.acme.example"},
        alert_topic="acme-alerts",
        alert_emails=("operations@acme.example",),
    )


def cell() -> CellPlan:
    """A shared cell with two node pools, a managed and an own-secret database, delegated DNS."""
    return CellPlan(
        estate="acme",
        stack="cell.eu-1",
        kind="cell",
        target=AwsTarget(account=WORKLOAD, region=REGION, role="automation"),
        tags=TAGS,
        decisions=(),
        budgets=(),
        guardrails=GUARDRAILS,
        depends_on=("landing-zone",),
        cell="eu-1",
        tenancy="shared",
        network=network(),
        cluster=cluster(),
        node_pools={"web": node_pool("web"), "background": node_pool("background")},
        keys={
            "data": KeyPlan(alias="acme-eu-1-data", description="Data", services=("autoscaling",)),
            "logs": KeyPlan(alias="acme-eu-1-logs", description="Logs", services=PUBLISHERS),
            "dumps": KeyPlan(
                alias="acme-eu-1-dumps", description="Dumps", multi_region=True, replica_region=COPY_REGION
            ),
            "recovery": KeyPlan(alias="acme-eu-1-recovery", description="Recovery points"),
            "copy": KeyPlan(alias="acme-eu-1-copy", description="Copies", region=COPY_REGION),
        },
        databases={
            "main": database(),
            "reporting": database(
                "acme-eu-1-reporting", master_password="own", replicas={"reader": "acme-eu-1-reporting-reader"}
            ),
        },
        caches={"main": cache()},
        buckets={"attachments": bucket(), "backups": locked_bucket(), "logs": log_bucket()},
        vaults={
            "primary": VaultPlan(
                name="acme-eu-1", key="recovery", lock=VaultLock(min_days=7, max_days=400, changeable_for_days=None)
            ),
            "copy": VaultPlan(name="acme-eu-1-copy", key="copy", lock=None, region=COPY_REGION),
        },
        backup=backup(),
        backup_events=BackupEventsPlan(
            name="acme-eu-1-backup", vault_arn=f"arn:aws:backup:{REGION}:{WORKLOAD}:backup-vault:acme-eu-1"
        ),
        identities={
            "external-secrets": PlatformIdentityPlan(
                namespace="external-secrets",
                service_account="external-secrets",
                role=role(
                    "acme-eu-1-external-secrets",
                    {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": "*"},
                ),
            )
        },
        alarms={
            "database-main-cpu": AlarmPlan(
                name="acme-eu-1-main-cpu",
                description="CPU of the main instance",
                namespace="AWS/RDS",
                metric="CPUUtilization",
                statistic="Average",
                comparison="GreaterThanThreshold",
                threshold=80,
                period_seconds=300,
                evaluation_periods=3,
                dimensions={"DBInstanceIdentifier": "acme-eu-1-main"},
            )
        },
        alert_topic="acme-eu-1-alerts",
        zone_domain="eu-1.erp.acme.example",
        delegation=DelegationPlan(
            zone="platform", target=AwsTarget(account=MANAGEMENT, region=REGION, role="automation")
        ),
    )


def dr(*, warm: bool = True) -> DrPlan:
    """A warm standby, or with ``warm=False`` a pilot light without cluster."""
    source = f"arn:aws:rds:{REGION}:{WORKLOAD}:db:"
    return DrPlan(
        estate="acme",
        stack="dr.eu-1",
        kind="dr",
        target=AwsTarget(account=WORKLOAD, region=COPY_REGION, role="automation"),
        tags=TAGS,
        decisions=(),
        budgets=(),
        guardrails=GUARDRAILS,
        depends_on=("landing-zone", "cell.eu-1"),
        cell="eu-1",
        primary_region=REGION,
        dr_class="warm-standby" if warm else "pilot-light",
        network=network("acme-eu-1-dr", COPY_REGION, "single"),
        cluster=cluster("acme-eu-1-dr") if warm else None,
        node_pools={"web": node_pool("web")} if warm else {},
        keys={
            "data": KeyPlan(alias="acme-eu-1-dr-data", description="Data"),
            "logs": KeyPlan(alias="acme-eu-1-dr-logs", description="Logs", services=PUBLISHERS),
        },
        databases={
            "main": DatabaseReplicationPlan(
                mode="automated-backups",
                source_identifier="acme-eu-1-main",
                source_arn=f"{source}acme-eu-1-main",
                retention_days=14,
                replica=None,
            ),
            **(
                {
                    "reporting": DatabaseReplicationPlan(
                        mode="replica",
                        source_identifier="acme-eu-1-reporting",
                        source_arn=f"{source}acme-eu-1-reporting",
                        retention_days=14,
                        replica=database("acme-eu-1-reporting-dr"),
                    )
                }
                if warm
                else {}
            ),
        },
        caches={"main": cache("acme-eu-1-dr")} if warm else {},
        buckets={"attachments": bucket("acme-eu-1-dr-attachments")},
        source_buckets={"attachments": "acme-eu-1-attachments"},
        replication_roles={"attachments": ("acme-eu-1-copy-attachments", "acme-eu-1-copy-attachments-home")},
        health_checks={"tenant.medsupply.production": "medsupply.erp.acme.example"},
    )
