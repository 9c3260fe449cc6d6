"""The plan: every decision for one stack as frozen plain data, each with its reason.

Nothing here imports Pulumi or pydantic. What stands left of the plan (spec, decide) produces it, what stands right of it
(compose, components) consumes it. Units stand in the names (``_gib``, ``_mib``, ``_minutes``, ``_days``, ``_millicores``).
Maps are keyed by names that never move when a neighbour is added or removed, because the keys become logical names of resources.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["landing-zone", "cell", "platform", "tenant", "dr"]
Tenancy = Literal["pooled", "namespaced", "semi-dedicated", "dedicated"]
Workload = Literal["web", "websocket", "cron", "integration", "reporting"]
Purpose = Literal["attachments", "documents", "exports", "backups", "logs"]
Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


# --- what every plan carries ---------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Decision:
    """One explained choice: what was decided, why, what entitles to it, what binds and how far the next step is."""

    topic: str
    value: str
    reason: str
    entitlement: str = ""
    """Where the right to it stands, as a path into the catalog, e.g. ``service_classes.business.postgres``."""
    binding: str = ""
    """The limit that decided, with its figures."""
    next_step: str = ""
    """How far the contract is from a different decision, with figures."""


@dataclass(frozen=True, kw_only=True)
class Budget:
    """A proved sum: ``used`` of ``limit`` in ``unit``; ``arithmetic`` shows how it was added up."""

    name: str
    used: float
    limit: float
    unit: str
    arithmetic: str = ""


@dataclass(frozen=True, kw_only=True)
class AwsTarget:
    """Where a provider works: account (12 digits), region, and the role it assumes there (name, empty: the caller's own)."""

    account: str
    region: str
    role: str = ""

    def arn(self, service: str, resource: str, *, regional: bool = True) -> str:
        """The ARN of something in this account, e.g. ``target.arn("backup", "backup-vault:NAME")``."""
        return f"arn:aws:{service}:{self.region if regional else ''}:{self.account}:{resource}"


@dataclass(frozen=True, kw_only=True)
class Exemption:
    """A recorded, expiring exception from one rule (``expires`` as ISO date)."""

    rule: str
    resource: str
    """Glob over logical resource names; ``*`` for every resource of the stack."""
    reason: str
    approver: str
    expires: str


@dataclass(frozen=True, kw_only=True)
class Guardrails:
    """What the catalog lets this stack hold: the thresholds that policy rules judge by, so that no rule has figures of its own."""

    service_classes: tuple[str, ...]
    production: bool
    residency_regions: tuple[str, ...]
    required_tags: tuple[str, ...]
    tag_patterns: Mapping[str, str]
    """Tag key to the regular expression that its whole value must match."""
    database_classes: tuple[str, ...]
    database_storage_gib: int
    """The most that a database may have allocated."""
    database_max_storage_gib: int
    """The most that storage autoscaling may reach."""
    database_iops: int
    database_storage_types: tuple[str, ...]
    cache_node_types: tuple[str, ...]
    cache_nodes: int
    """The most nodes in one replication group."""
    node_instance_types: tuple[str, ...]
    nodes: int
    """The most nodes one node pool may grow to."""
    pod_cpu_millicores: int
    pod_memory_mib: int
    pod_replicas: int
    backup_retention_days: int
    """The least days of automated database backups."""
    cache_snapshot_days: int
    backup_required: bool
    cross_region_copy: bool
    cross_account_copy: bool
    vault_lock: "VaultLock | None"
    restore_test: bool
    bucket_versioning: bool
    bucket_object_lock: bool
    """Backup buckets must carry an object lock."""
    bucket_replication: bool = False
    """Buckets of documents and attachments must be replicated to another region."""
    inherited_backup_selection: Mapping[str, str] = field(default_factory=dict)
    """Tags by which a backup plan of another stack (a tenant's cell) takes in everything that carries all of them; empty: none does."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What every stack's plan has. ``stack`` is the Pulumi stack's name, ``tags`` go on everything that can carry tags."""

    estate: str
    stack: str
    kind: Kind
    target: AwsTarget
    tags: Mapping[str, str]
    decisions: tuple[Decision, ...]
    budgets: tuple[Budget, ...]
    guardrails: Guardrails
    exemptions: tuple[Exemption, ...] = ()
    depends_on: tuple[str, ...] = ()
    """Stacks that must be up before this one."""
    protect: bool = True
    """Whether what cannot be made again as it was (DNS zones, audit trail, organisation) is protected, beside what says so itself."""


# --- building blocks that several stacks share ---------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class KeyPlan:
    """A customer-managed KMS key. ``alias`` without the ``alias/`` prefix; ``services`` are the AWS service principals that may use it
    (``logs``, ``cloudtrail``, ``sns`` …); ``region`` empty: the stack's."""

    alias: str
    description: str
    services: tuple[str, ...] = ()
    region: str = ""
    deletion_window_days: int = 30
    protect: bool = True


@dataclass(frozen=True, kw_only=True)
class VaultLock:
    """AWS Backup vault lock; with ``changeable_for_days`` (>= 3) it becomes compliance mode, immutable after those days."""

    min_days: int
    max_days: int
    changeable_for_days: int | None


@dataclass(frozen=True, kw_only=True)
class VaultPlan:
    """A backup vault; ``key`` names the `KeyPlan` of the same stack that encrypts it."""

    name: str
    key: str
    lock: VaultLock | None
    region: str = ""
    protect: bool = True


@dataclass(frozen=True, kw_only=True)
class BackupCopy:
    """One copy action: into one vault, in another region or another account, never both at once (RDS refuses that)."""

    vault_arn: str
    delete_after_days: int
    cold_after_days: int | None = None


@dataclass(frozen=True, kw_only=True)
class BackupRule:
    """One rule of a backup plan; ``schedule`` is an AWS cron expression in UTC."""

    schedule: str
    start_window_minutes: int
    completion_window_minutes: int
    delete_after_days: int
    cold_after_days: int | None = None
    copies: Mapping[str, BackupCopy] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class BackupPlan:
    """What is backed up, how often, where to. ``select`` are tag conditions that all must hold. ``vault`` is the key of a vault of the same
    stack; in a tenant's plan, which has none, the name of its cell's vault."""

    name: str
    vault: str
    role: str
    rules: Mapping[str, BackupRule]
    selection: str
    select: Mapping[str, str]
    restore_test: "RestoreTest | None" = None


@dataclass(frozen=True, kw_only=True)
class RestoreTest:
    """A scheduled AWS Backup restore test; names allow underscores only."""

    name: str
    schedule: str
    window_days: int
    validation_hours: int


@dataclass(frozen=True, kw_only=True)
class BucketPlan:
    """An S3 bucket. ``object_lock_days`` None: no lock; lifecycle days None: that step does not happen."""

    name: str
    purpose: Purpose
    versioning: bool
    noncurrent_days: int
    infrequent_after_days: int | None = None
    archive_after_days: int | None = None
    expire_after_days: int | None = None
    object_lock_days: int | None = None
    object_lock_mode: Literal["GOVERNANCE", "COMPLIANCE"] | None = None
    replicate_to_arn: str = ""
    protect: bool = True
    abort_multipart_days: int = 7
    """Unfinished multipart uploads are thrown away after so many days."""
    expire_prefixes: Mapping[str, int] = field(default_factory=dict)
    """Key prefix to the days after which objects below it expire, where kinds of one retention share a bucket with others."""


@dataclass(frozen=True, kw_only=True)
class DatabasePlan:
    """An RDS PostgreSQL instance. Windows are UTC in RDS's own notation. ``master_password``: ``managed`` by AWS, or ``own`` secret
    where the tier has a replica or blue/green updates (AWS refuses the combination)."""

    identifier: str
    band: str
    engine_version: str
    family: str
    instance_class: str
    storage_gib: int
    max_storage_gib: int
    storage_type: str
    iops: int | None
    throughput_mibps: int | None
    multi_az: bool
    backup_retention_days: int
    backup_window: str
    maintenance_window: str
    parameters: Mapping[str, str]
    """Parameter name to value; static ones are applied at the next reboot."""
    master_username: str
    master_password: Literal["managed", "own"]
    max_connections: int
    performance_insights_days: int
    monitoring_interval_seconds: int
    log_retention_days: int
    deletion_protection: bool
    final_snapshot: str
    replicas: Mapping[str, str] = field(default_factory=dict)
    """Read replica key to its identifier."""
    protect: bool = True
    master_secret: str = ""
    """``own`` secret only: its name in Secrets Manager, by which the cell's External Secrets controller may read it."""
    master_password_version: int = 1
    """``own`` secret only: raise it and the next update makes a new master password."""


@dataclass(frozen=True, kw_only=True)
class CachePlan:
    """An ElastiCache (Valkey) replication group of one shard; ``nodes`` counts the primary too."""

    id: str
    band: str
    engine_version: str
    family: str
    node_type: str
    nodes: int
    maxmemory_policy: str
    snapshot_days: int
    snapshot_window: str
    maintenance_window: str
    description: str
    protect: bool = True


@dataclass(frozen=True, kw_only=True)
class NodePoolPlan:
    """An EKS managed node group. ``taints`` as ``{key: (value, effect)}`` with EKS's effect names (``NO_SCHEDULE`` …)."""

    name: str
    band: str
    workload: str
    instance_types: tuple[str, ...]
    ami_type: str
    capacity_type: Literal["ON_DEMAND", "SPOT"]
    min_nodes: int
    desired_nodes: int
    max_nodes: int
    max_unavailable_percentage: int
    volume_gib: int
    labels: Mapping[str, str]
    taints: Mapping[str, tuple[str, str]]
    max_pods: int


@dataclass(frozen=True, kw_only=True)
class BudgetPlan:
    """A monthly AWS Budget, filtered by one cost-allocation tag; thresholds in percent of ``limit_usd``."""

    name: str
    limit_usd: int
    tag: tuple[str, str] | None
    actual_percent: tuple[int, ...]
    forecast_percent: tuple[int, ...]
    emails: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class RolePlan:
    """An IAM role; an empty name lets the engine make one. ``trust`` and ``statements`` are complete policy statements as plain JSON data."""

    name: str
    description: str
    trust: tuple[Mapping[str, Json], ...]
    statements: tuple[Mapping[str, Json], ...] = ()
    managed_policies: tuple[str, ...] = ()
    max_session_seconds: int = 3600
    boundary_arn: str = ""


@dataclass(frozen=True, kw_only=True)
class AlarmPlan:
    """A CloudWatch metric alarm on something of the same stack."""

    name: str
    description: str
    namespace: str
    metric: str
    statistic: str
    comparison: str
    threshold: float
    period_seconds: int
    evaluation_periods: int
    dimensions: Mapping[str, str]
    missing_data: str = "missing"


# --- landing zone --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class OrganisationPlan:
    """What organisation mode adds: organisational units with their accounts, and service control policies by unit."""

    units: Mapping[str, tuple[str, ...]]
    """Organisational unit to the account roles that live in it."""
    accounts: Mapping[str, tuple[str, str]]
    """Account role to its name and e-mail address."""
    control_policies: Mapping[str, "ControlPolicyPlan"]


@dataclass(frozen=True, kw_only=True)
class ControlPolicyPlan:
    name: str
    description: str
    statements: tuple[Mapping[str, Json], ...]
    units: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class RepositoryPlan:
    """An ECR repository with immutable tags; keeps the newest ``keep_images``."""

    name: str
    keep_images: int


@dataclass(frozen=True, kw_only=True)
class LandingZonePlan(Plan):
    """What exists once per estate. ``targets`` has one entry per account role and region that the landing zone itself touches
    (``management``, ``log-archive``, ``audit``, ``backup/eu-central-1`` …)."""

    mode: Literal["organisation", "single-account"]
    targets: Mapping[str, AwsTarget]
    organisation: OrganisationPlan | None
    trail: str
    trail_log_group: str
    log_bucket: BucketPlan
    log_retention_days: int
    keys: Mapping[str, tuple[str, KeyPlan]]
    """Key name to the target it lives in and its plan. Each account and region in which the landing zone writes logs, alerts or images
    has one key for that (``logs`` in the log archive; ``cloudtrail``, ``logs``, ``cloudwatch``, ``budgets`` among its services where they
    publish); the ``recovery-REGION`` keys, one per vault, serve nothing else."""
    vaults: Mapping[str, tuple[str, VaultPlan]]
    """Vault key to the target it lives in and its plan."""
    vault_source_accounts: tuple[str, ...]
    """Accounts that may copy recovery points into the vaults."""
    budgets_by_key: Mapping[str, BudgetPlan]
    roles: Mapping[str, tuple[str, RolePlan]]
    repositories: Mapping[str, RepositoryPlan]
    zones: Mapping[str, str]
    """Public DNS zone key to its domain."""
    alert_topic: str
    alert_emails: tuple[str, ...]
    shared_target: str = "management"
    """Target of the image repositories and the DNS zones."""


# --- cell ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class ZonePlan:
    """One availability zone's subnets, by tier."""

    availability_zone: str
    public_cidr: str
    private_cidr: str
    database_cidr: str


@dataclass(frozen=True, kw_only=True)
class NetworkPlan:
    """A VPC over two or three zones; ``nat`` is one gateway per zone, one in all, or none."""

    name: str
    cidr: str
    zones: Mapping[str, ZonePlan]
    nat: Literal["per-zone", "single", "none"]
    interface_endpoints: tuple[str, ...]
    flow_log_group: str
    flow_log_retention_days: int


@dataclass(frozen=True, kw_only=True)
class ClusterPlan:
    """An EKS cluster; ``admin_role_arns`` become access entries with the cluster-admin policy, by key."""

    name: str
    version: str
    service_cidr: str
    role: str
    node_role: str
    log_types: tuple[str, ...]
    log_group: str
    log_retention_days: int
    admin_role_arns: Mapping[str, str]
    addons_before_nodes: Mapping[str, "AddonPlan"]
    addons_after_nodes: Mapping[str, "AddonPlan"]
    deletion_protection: bool
    public_access_cidrs: tuple[str, ...] = ()
    """Networks outside the VPC that may reach the API server; empty: only its private endpoint exists."""


@dataclass(frozen=True, kw_only=True)
class AddonPlan:
    """An EKS managed add-on; ``configuration`` is its own JSON schema's data; ``role`` (name) is bound by Pod Identity."""

    version: str
    configuration: Mapping[str, Json] = field(default_factory=dict)
    service_account: str = ""
    role: str = ""
    managed_policy_arns: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class PlatformIdentityPlan:
    """A Pod Identity association for something of the platform (External Secrets, cert-manager, pooled workers …)."""

    namespace: str
    service_account: str
    role: RolePlan


@dataclass(frozen=True, kw_only=True)
class DelegationPlan:
    """How a cell's DNS domain is delegated: ``zone`` is the landing zone's zone key, ``target`` the account that holds that zone."""

    zone: str
    target: AwsTarget
    ttl_seconds: int = 3600


@dataclass(frozen=True, kw_only=True)
class CellPlan(Plan):
    """One cluster with its network, databases, caches, buckets and backups, in one region. Names in ``outputs`` are its contract."""

    cell: str
    tenancy: Literal["shared", "dedicated"]
    network: NetworkPlan
    cluster: ClusterPlan
    node_pools: Mapping[str, NodePoolPlan]
    keys: Mapping[str, KeyPlan]
    """``data`` (databases, caches, buckets, secrets), ``logs``, ``recovery``, and ``copy`` in the copy region."""
    databases: Mapping[str, DatabasePlan]
    caches: Mapping[str, CachePlan]
    buckets: Mapping[str, BucketPlan]
    vaults: Mapping[str, VaultPlan]
    """``primary`` in the cell's region, ``copy`` in the copy region."""
    backup: BackupPlan
    identities: Mapping[str, PlatformIdentityPlan]
    alarms: Mapping[str, AlarmPlan]
    alert_topic: str
    zone_domain: str
    """The cell's own delegated DNS domain, e.g. ``eu-1.erp.example.com``."""
    delegation: DelegationPlan | None = None
    """None: the parent zone is not the estate's; its owner delegates to the name servers in the stack's outputs."""


# --- platform ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class ChartPlan:
    """A Helm release of a third party's controller; ``values`` are the chart's own."""

    chart: str
    repository: str
    version: str
    namespace: str
    values: Mapping[str, Json]


@dataclass(frozen=True, kw_only=True)
class ContainerSize:
    """Requests and limits of one container; there is no CPU limit on purpose (throttling hurts latency), memory request = limit."""

    cpu_millicores: int
    memory_mib: int


@dataclass(frozen=True, kw_only=True)
class PoolPlan:
    """One PgBouncer entry: ``*`` or a database's name; ``size`` server connections per database and user."""

    mode: Literal["session", "transaction"]
    size: int


@dataclass(frozen=True, kw_only=True)
class PoolerPlan:
    """A PgBouncer deployment in front of one database instance. ``database`` is the cell's database key, or ``own`` for a tenant's own."""

    name: str
    namespace: str
    image: str
    database: str
    replicas: int
    size: ContainerSize
    pools: Mapping[str, PoolPlan]
    max_client_connections: int
    max_db_connections: int
    """Server connections per database and PgBouncer process."""
    query_wait_seconds: int
    credentials_secret: str
    """Secrets Manager name that holds the pooler's own login for ``auth_query``; the stack that makes the pooler makes it."""
    priority_class: str = ""


@dataclass(frozen=True, kw_only=True)
class ProvisioningPlan:
    """Where jobs run that need an instance's master credentials: a namespace in which no tenant's workload lives."""

    namespace: str
    image: str
    """By digest; holds ``psql`` of PostgreSQL 14 or later."""
    database_cidrs: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class IssuerPlan:
    """An ACME issuer of cert-manager that proves domains through Route 53: ``domains`` are the estate's own, every other is proved by a record
    that its owner delegates into them."""

    server: str
    email: str
    region: str
    domains: tuple[str, ...]


PAGES = "pages"
"""Middleware and Service of the pages that people see instead of Odoo; every ingress puts the middleware before all routes."""
TENANT_HEADER = "X-Estate-Tenant"
"""Set by each tenant's route over whatever a client sends: what limits count by and the access log shows."""


@dataclass(frozen=True, kw_only=True)
class PagesPlan:
    """The pages that people see instead of Odoo, in their brand: a static web server beside the ingress."""

    namespace: str
    image: str
    """By digest; an nginx that runs without root."""
    replicas: int
    size: ContainerSize
    brands: Mapping[str, tuple[str, str]]
    """Brand key (`RoutePlan.brand`) to its name and the address that people may write to; the first one is for requests without a brand."""
    priority_class: str = ""
    node_selector: Mapping[str, str] = field(default_factory=dict)
    tolerations: Mapping[str, str] = field(default_factory=dict)
    """Taint key to its value, effect NoSchedule."""


@dataclass(frozen=True, kw_only=True)
class PriorityPlan:
    value: int
    description: str


@dataclass(frozen=True, kw_only=True)
class PooledWorkersPlan:
    """The shared Odoo workers that serve the pooled tenants of one service class, in a namespace of their own."""

    namespace: str
    service_class: str
    odoo: "OdooPlan"
    database: str
    quota: "QuotaPlan"
    network: "TenantNetworkPlan"
    role: str
    """IAM role name that the workers' service account gets through Pod Identity (made by the cell)."""
    login: str
    """The role in PostgreSQL that the workers connect as. It owns the pooled databases (Odoo lists only databases that its own user
    owns) and turns into the tenant's login role in each of them."""
    secret: str
    """Secrets Manager name of that login's credentials (made by the platform)."""
    service_account: str = "odoo"
    connection_limit: int = -1
    """Server connections of the login over all databases; -1: only the pooler limits."""
    cache: "TenantCachePlan | None" = None
    """Where the workers keep sessions; None: on their own disks, which only a single replica can."""
    login_per_minute: int = 10
    """Of one client at one replica of the ingress, as in `RoutePlan`."""
    body_mib: int = 64


@dataclass(frozen=True, kw_only=True)
class PlatformPlan(Plan):
    """What runs once in a cell's cluster, for everybody in it."""

    cell: str
    cluster: str
    namespaces: Mapping[str, Mapping[str, str]]
    """Platform namespaces with their labels."""
    charts: Mapping[str, ChartPlan]
    poolers: Mapping[str, PoolerPlan]
    pooled: Mapping[str, PooledWorkersPlan]
    """Service class to its pooled workers; empty in a dedicated cell."""
    priorities: Mapping[str, PriorityPlan]
    ingress_classes: tuple[str, ...]
    approved_registries: tuple[str, ...]
    """Repositories, or prefixes of them up to a slash, that the cluster takes images from."""
    provisioning: ProvisioningPlan
    labels: Mapping[str, str]
    """Owner labels for every object of the platform; values fit Kubernetes' label syntax."""
    pages: PagesPlan
    issuers: Mapping[str, IssuerPlan] = field(default_factory=dict)
    ingress_targets: Mapping[str, str] = field(default_factory=dict)
    """Ingress class to the DNS name in the cell's zone under which it answers; `RoutePlan.target` is one of these."""
    storage_key: str = "data"


# --- tenant --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class WorkloadPlan:
    """One Odoo workload's deployment. ``processes`` are Odoo processes that hold database connections, ``max_connections`` the most
    connections per process (``db_maxconn``). ``max_replicas`` > ``min_replicas``: an autoscaler."""

    processes: int
    max_connections: int
    min_replicas: int
    max_replicas: int
    size: ContainerSize
    arguments: tuple[str, ...]
    settings: Mapping[str, str]
    """``odoo.conf`` values of this workload, on top of the environment's common ones."""
    port: int | None
    recreate: bool
    """True: never two at once (cron)."""
    target_cpu_percent: int
    grace_seconds: int
    priority_class: str
    node_selector: Mapping[str, str]
    tolerations: Mapping[str, str]
    """Taint key to its value, effect NoSchedule."""
    spread_zones: bool


@dataclass(frozen=True, kw_only=True)
class OdooPlan:
    """An Odoo runtime: image by digest, the user it runs as, common ``odoo.conf`` values and its workloads."""

    version: str
    image: str
    uid: int
    gid: int
    settings: Mapping[str, str]
    workloads: Mapping[Workload, WorkloadPlan]
    data_volume_mib: int


@dataclass(frozen=True, kw_only=True)
class QuotaPlan:
    """A namespace's ResourceQuota and LimitRange."""

    cpu_millicores: int
    memory_mib: int
    pods: int
    default_cpu_millicores: int
    default_memory_mib: int
    max_cpu_millicores: int
    max_memory_mib: int


@dataclass(frozen=True, kw_only=True)
class TenantNetworkPlan:
    """What a namespace's pods may reach besides DNS and each other's needed ports; everything else is denied."""

    pooler_namespace: str
    pooler_name: str
    database_cidrs: tuple[str, ...]
    ingress_namespace: str
    monitoring_namespace: str
    https_egress: bool
    smtp_egress: bool


@dataclass(frozen=True, kw_only=True)
class TenantDatabasePlan:
    """A tenant's database inside an instance: ``instance`` is the cell's database key, or ``own``."""

    instance: str
    name: str
    owner: str
    login: str
    secret: str
    """Secrets Manager name of the login's credentials."""
    extensions: tuple[str, ...]
    connection_limit: int
    statement_timeout_seconds: int
    idle_in_transaction_timeout_seconds: int
    job_image: str
    pool_size: int
    job_namespace: str
    """Where the database job runs: the platform's provisioning namespace, never the tenant's, because it sees master credentials."""
    pool_login: str = ""
    """Pooled tenancy: the login of the shared workers (`PooledWorkersPlan.login`), which then owns the database; else empty."""


@dataclass(frozen=True, kw_only=True)
class TenantCachePlan:
    """A tenant's share of a cache: ``cache`` is the cell's cache key, or ``own``; keys start with ``prefix``."""

    cache: str
    prefix: str
    user: str
    secret: str
    memory_mib: int


@dataclass(frozen=True, kw_only=True)
class RoutePlan:
    """Public host names of a tenant environment with its ingress class, zones and limits. Limits are those of one replica of the ingress: each
    counts for itself."""

    tenant: str
    """What the access log and the limits know it by, e.g. ``acme.production``."""
    hosts: tuple[str, ...]
    ingress_class: str
    requests_per_second: int
    burst: int
    login_per_minute: int
    body_mib: int
    zones: Mapping[str, str]
    """Host to the DNS zone that its record goes into: ``cell`` for the cell's own zone, else the landing zone's zone key. A host without
    entry is in the customer's own DNS."""
    certificate_issuer: str
    target: str
    """The name under which the cell's ingress answers, e.g. ``ingress.eu-1.erp.example.com``; DNS records of the hosts point there."""
    concurrent_requests: int = 64
    database_filter: str = ""
    """Pooled tenancy: the regular expression of this tenant's database. The ingress sets it as ``X-Odoo-dbfilter`` over whatever a client
    sends (the shared workers load OCA's ``dbfilter_from_header``); empty elsewhere."""
    zone_target: AwsTarget | None = None
    """Where the landing zone keeps its zones; needed when a host is in one of them, and then the stack depends on ``landing-zone``."""
    brand: str = "_operator"
    """Whose pages people see when Odoo does not answer: a key of `PagesPlan.brands`."""
    allow_from: tuple[str, ...] = ()
    """Networks that may connect; empty: everybody. Health checks of ``/web/health`` always may."""
    closed: Literal["", "maintenance", "suspended"] = ""
    """Nobody gets through to Odoo, everybody sees the brand's page about it."""


@dataclass(frozen=True, kw_only=True)
class TenantPlan(Plan):
    """One tenant environment, in any tenancy. What a tenancy does not have is None or empty."""

    customer: str
    environment: str
    tenancy: Tenancy
    service_class: str
    partner: str
    cell: str
    cluster: str
    namespace: str
    """Own namespace, or the pooled workers' one for the pooled tenancy."""
    labels: Mapping[str, str]
    odoo: OdooPlan | None
    """None in the pooled tenancy: the platform's workers serve it."""
    quota: QuotaPlan | None
    network: TenantNetworkPlan | None
    database: TenantDatabasePlan
    own_database: DatabasePlan | None
    """Semi-dedicated: its own instance, in the cell's network."""
    pooler: PoolerPlan
    """The pooler it connects through: the cell's shared one, or its own beside its own instance."""
    cache: TenantCachePlan
    own_cache: CachePlan | None
    node_pool: NodePoolPlan | None
    buckets: Mapping[str, BucketPlan]
    """Own buckets by purpose; empty where ``object_prefix`` is used."""
    object_bucket: str
    """The cell's shared bucket for the pooled tenancy, else empty."""
    object_prefix: str
    role: RolePlan | None
    """Pod Identity role; its statements are limited to this tenant's buckets or prefix."""
    service_account: str
    secrets_role: RolePlan | None
    """What the External Secrets controller takes on to read this tenant's secrets, and nothing else; None in the pooled tenancy, where the
    platform's store serves. Its trust names the controller's role."""
    route: RoutePlan
    spend: BudgetPlan | None
    alarms: Mapping[str, AlarmPlan]
    backup: BackupPlan | None
    """Own backup plan where its own instance or buckets need another rhythm than the cell's."""
    key: KeyPlan | None
    """Own data key where the class promises one."""
    expires: str = ""
    """ISO date after which a sandbox environment is removed."""


# --- disaster recovery ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class DatabaseReplicationPlan:
    """How one of the cell's databases is kept in the other region: automated backups, or a standby replica."""

    mode: Literal["automated-backups", "replica"]
    source_identifier: str
    source_arn: str
    retention_days: int
    replica: DatabasePlan | None


@dataclass(frozen=True, kw_only=True)
class DrPlan(Plan):
    """The other region of a cell whose tenants bought disaster recovery. ``target`` is in the DR region."""

    cell: str
    primary_region: str
    dr_class: str
    network: NetworkPlan
    cluster: ClusterPlan | None
    node_pools: Mapping[str, NodePoolPlan]
    keys: Mapping[str, KeyPlan]
    databases: Mapping[str, DatabaseReplicationPlan]
    caches: Mapping[str, CachePlan]
    buckets: Mapping[str, BucketPlan]
    """Replicas of the cell's buckets, by the same keys."""
    health_checks: Mapping[str, str]
    """Tenant stack to the host whose health decides the failover."""
    health_check_path: str = "/web/health"
    health_check_interval_seconds: Literal[10, 30] = 30
    health_check_failures: int = 3
    source_buckets: Mapping[str, str] = field(default_factory=dict)
    """Key of ``buckets`` to the name of the cell's bucket that is replicated into it; the recovery stack sets up the replication."""


AnyPlan = LandingZonePlan | CellPlan | PlatformPlan | TenantPlan | DrPlan


@dataclass(frozen=True, kw_only=True)
class EstatePlan:
    """All plans of an estate by stack name, in an order that respects ``depends_on``."""

    estate: str
    project: str
    stacks: Mapping[str, AnyPlan]
