"""The plan: every decision for one stack as frozen plain data, each with its reason.

Nothing here imports Pulumi or pydantic. What stands left of the plan (spec, decide) produces it, what stands right of it
(compose, components) consumes it. Units stand in the names (``_gib``, ``_mib``, ``_minutes``, ``_days``, ``_millicores``).
Maps are keyed by names that never move when a neighbour is added or removed, because the keys become logical names of resources.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["landing-zone", "cell", "platform", "tenant", "dr", "drill"]
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
    """Buckets of documents and attachments must be replicated to another region; exports can be made again."""
    bucket_versions_days: int = 0
    """The least days that deleted and overwritten objects are kept, so that a restored database finds its files."""
    recovery: "RecoveryPromise | None" = None
    """What the stack's own recovery jobs are held to; None where it has no database whose dumps are promised."""
    inherited_backup_selection: Mapping[str, str] = field(default_factory=dict)
    """Tags by which a backup plan of another stack (a tenant's cell) takes in everything that carries all of them; empty: none does."""
    drill_days: int | None = None
    """A recovery drill is owed so often; None: not by this stack."""
    last_drill: str = ""
    """ISO date of the newest that passed; empty: never."""
    kubernetes: "KubernetesSupport | None" = None
    """How long the stack's cluster is supported; None: it has none."""


@dataclass(frozen=True, kw_only=True)
class KubernetesSupport:
    """A Kubernetes version, from when on its end is announced, and the last day of its standard support (ISO dates)."""

    version: str
    notice_from: str
    ends: str


@dataclass(frozen=True, kw_only=True)
class RecoveryPromise:
    """What a class promises about a tenant's logical dumps, and what is known about keeping it; times as ISO dates, empty: not known."""

    tenant: str
    dump_schedule: str
    verify_schedule: str
    """Empty: no verified restore is promised."""
    metric_namespace: str
    evidence_days: int
    """How old the newest evidence may be."""
    since: str
    """When the tenant went into service."""
    verified: str
    """Date of the newest evidence."""
    passed: bool
    failed_checks: tuple[str, ...] = ()


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
    boundary: str = ""
    """ARN of the permissions boundary of every role that the stack makes; empty: none (the landing zone, which makes the boundaries)."""
    protect: bool = True
    """Whether what cannot be made again as it was (DNS zones, audit trail, organisation) is protected, beside what says so itself."""
    left_alone: str = ""
    """Why no engine may touch the stack for now: its region is lost, or its data is written elsewhere. Empty: it may."""


# --- building blocks that several stacks share ---------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class KeyPlan:
    """A customer-managed KMS key. ``alias`` without the ``alias/`` prefix; ``services`` are the AWS service principals that may use it
    (``logs``, ``cloudtrail``, ``sns`` …); ``region`` empty: the stack's."""

    alias: str
    description: str
    services: tuple[str, ...] = ()
    region: str = ""
    multi_region: bool = False
    """Whether it can be replicated. KMS decides that when a key is made, for ever."""
    replica_region: str = ""
    """Of a multi-region key: where its replica stands, and the only region that it may be replicated into. Empty: none."""
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
    break_glass: tuple[str, ...] = ()
    """ARNs of the only roles that may delete recovery points."""


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
class BackupEventsPlan:
    """Which jobs of AWS Backup somebody hears of: those of ``vault`` (an ARN) and every restore of the account that fails."""

    name: str
    vault_arn: str


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
    roles: tuple[str, ...] = ()
    """Role ARNs (globs) that alone may touch objects; empty with empty ``role_tags``: whoever IAM allows."""
    role_tags: Mapping[str, str] = field(default_factory=dict)
    """Tags of further roles that may, all of which must hold: for roles that other stacks make later."""
    listing_roles: tuple[str, ...] = ()
    """Role ARNs that may see that the bucket is there and what it lists, but no object: the engine asks before each update."""
    encryption: Literal["kms", "s3"] = "kms"
    """``s3`` for buckets that S3 itself delivers access logs into: it cannot where the default is a KMS key."""
    delivered_from: str = ""
    """A log bucket: the account whose buckets S3 delivers access logs and inventories of."""
    log_bucket: str = ""
    """Where access to this bucket is logged; empty: nowhere."""
    inventory: Literal["", "Daily", "Weekly"] = ""
    """How often all versions are listed into ``log_bucket``."""


@dataclass(frozen=True, kw_only=True)
class UpgradePlan:
    """An approved step to another major version. ``window`` (ISO date) is the day of the maintenance window in which it happens;
    ``blue-green``: on a copy that takes over, during the update itself; ``in-place``: by RDS, in that window."""

    approver: str
    window: str
    method: Literal["in-place", "blue-green"]


OWN = "own"
"""Key of a tenant's own instance or cache, instead of one of the cell's."""
READER = "reader"
"""Key of an instance's read replica."""
HEALTH_PATH = "/web/health"
"""Where Odoo says that its server is alive; needs neither login nor database (Odoo 15 and later)."""


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
    """What the final snapshot's name begins with, each life of the instance adds its own end; empty: none is taken."""
    keep_final_snapshot: bool = True
    """False where the instance may go without it, because somebody asked for that (`odoo_estate.decide.lifting`); its name stays drawn."""
    replicas: Mapping[str, str] = field(default_factory=dict)
    """Read replica key (`READER`) to its identifier."""
    protect: bool = True
    master_secret: str = ""
    """``own`` secret only: its name in Secrets Manager, by which the cell's External Secrets controller may read it."""
    master_password_version: int = 1
    """``own`` secret only: raise it and the next update makes a new master password."""
    certificate_authority: str = ""
    """Empty: RDS's default."""
    insights_mode: Literal["standard", "advanced"] = "standard"
    """Database Insights; ``advanced`` needs 465 days of Performance Insights."""
    upgrade: UpgradePlan | None = None
    """An approved step to ``engine_version`` whose window is not over."""
    kept_families: tuple[str, ...] = ()
    """Parameter families of which a group stays beside the new one, because the instance is a member until its window has come."""
    readers: Mapping[str, "DatabaseReaderPlan"] = field(default_factory=dict)
    """Role of the estate to how its people log in."""
    generation: int = 1
    """Raised by each fail-back, which needs new instances: from 2 on it is part of their logical names, and they began as replicas."""


@dataclass(frozen=True, kw_only=True)
class DatabaseReaderPlan:
    """People who log in read-only with IAM tokens: they sign in to the role ``trusted`` (a name), go on to ``role``, which may do nothing but
    log in to this instance, as ``user`` of PostgreSQL."""

    trusted: str
    role: str
    user: str
    data: bool
    """Whether they see the tenants' data, or statistics only."""


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
    maxmemory_samples: int
    """How many keys the server looks at to find the one to evict."""
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
    """So much of the pool is drained at once while its nodes are replaced."""
    volume_gib: int
    labels: Mapping[str, str]
    """Of its nodes, which pods choose them by."""
    taints: Mapping[str, tuple[str, str]]
    max_pods: int
    version: str
    """Kubernetes minor version of the nodes; never newer than the control plane's."""
    image_release: str = ""
    """EKS' release of the machine image; empty: the newest of ``version`` when the pool is made or its version raised."""


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


@dataclass(frozen=True, kw_only=True)
class ManagedPolicyPlan:
    """A customer managed policy."""

    name: str
    description: str
    statements: tuple[Mapping[str, Json], ...]


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
    members: tuple[Mapping[str, str], ...] = ()
    """Dimensions of several of a kind (the nodes of a cache) instead of ``dimensions``: the highest of their values counts."""
    query: str = ""
    """Metrics Insights instead of both: each series that it returns is compared for itself, whoever comes or goes."""


# --- landing zone --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class TrailAlarmPlan:
    """A pattern over the audit trail's log group, and the alarm that rings when it is found."""

    pattern: str
    """Filter pattern of CloudWatch Logs."""
    alarm: AlarmPlan


@dataclass(frozen=True, kw_only=True)
class AuditPlan:
    """What watches all accounts of an estate in all its regions. ``administrator`` is the target that findings come together in."""

    regions: tuple[str, ...]
    home: str
    administrator: str
    recorder: str
    frequency: Literal["CONTINUOUS", "DAILY"]
    unrecorded: tuple[str, ...]
    """Resource types that Config leaves out."""
    history: BucketPlan
    """Config's own bucket in the log archive: it delivers into none that has a default lock."""
    aggregator: str
    threat_detection: tuple[str, ...]
    standards: tuple[str, ...]
    scanned: tuple[str, ...]
    scanned_accounts: tuple[str, ...]
    unused_access_days: int
    analyzer: str
    alarms: Mapping[str, TrailAlarmPlan]


@dataclass(frozen=True, kw_only=True)
class ContactPlan:
    """Whom AWS asks about an account beside its owner."""

    name: str
    """Of the person or the company, 64 characters at most."""
    title: str
    """Their function."""
    email: str
    """Where AWS writes to."""
    phone: str
    """Number that AWS may call."""


@dataclass(frozen=True, kw_only=True)
class BaselinePlan:
    """Settings of whole accounts; ``targets`` has one target key for each account, contacts are by AWS's kind (``SECURITY`` …)."""

    targets: tuple[str, ...]
    password_length: int
    contacts: Mapping[str, ContactPlan]


@dataclass(frozen=True, kw_only=True)
class CostWatchPlan:
    """Who is told of unexpected spend, by account, and where the daily export of all costs lies."""

    accounts: Mapping[str, str]
    """Account role to its id."""
    monitor: str
    """Physical name of the subscription; monitors are called so with the account's role behind it."""
    anomaly_usd: int
    """Nobody is told of an anomaly that costs less in all."""
    email: str
    """Who is told, once a day."""
    export: str
    """Physical name of the export."""
    bucket: BucketPlan
    """Where the exports lie; each overwrites the one before it."""
    target: str
    """Target in us-east-1, where AWS' billing answers."""
    tags: tuple[str, ...]
    """Cost-allocation tags that are switched on."""


@dataclass(frozen=True, kw_only=True)
class RegistryPlan:
    """What holds for all repositories of the estate's registry."""

    prefix: str
    """First part of the names of the estate's own repositories, before ``/``; these are replicated."""
    readers: tuple[str, ...]
    """Role ARNs (globs) of other accounts that pull."""
    upstream: Mapping[str, str]
    """Prefix of repositories to the public registry whose images they cache; empty: none is cached."""
    replicate_to: tuple[str, ...]
    """Regions that pushed images are copied into; empty: none."""
    scanned: bool
    """By Inspector, again whenever a vulnerability becomes known; else once, when an image is pushed."""
    untagged_days: int
    """Images that lost their tag are deleted after so long, in repositories that a cache or a copy made."""


@dataclass(frozen=True, kw_only=True)
class FederationPlan:
    """How people and CI jobs come in. ``saml``: provider name to metadata; made in each of ``targets``."""

    saml: Mapping[str, str]
    targets: tuple[str, ...]
    oidc_issuer: str
    """Empty: no CI system signs in."""
    oidc_audience: str


@dataclass(frozen=True, kw_only=True)
class OrganisationPlan:
    """What organisation mode adds: organisational units with their accounts, and policies by unit."""

    units: Mapping[str, tuple[str, ...]]
    """Organisational unit to the account roles that live in it."""
    accounts: Mapping[str, tuple[str, str]]
    """Account role to its name and e-mail address."""
    control_policies: Mapping[str, "ControlPolicyPlan"]
    management_policies: Mapping[str, "ManagementPolicyPlan"] = field(default_factory=dict)
    delegated: Mapping[str, str] = field(default_factory=dict)
    """Service principal to the account id that administers it for the organisation."""


@dataclass(frozen=True, kw_only=True)
class ControlPolicyPlan:
    name: str
    description: str
    statements: tuple[Mapping[str, Json], ...]
    units: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ManagementPolicyPlan:
    """A tag or backup policy."""

    name: str
    description: str
    type: Literal["TAG_POLICY", "BACKUP_POLICY"]
    """AWS Organizations' name of the kind."""
    content: Mapping[str, Json]
    """The policy document as plain data."""
    units: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class RepositoryPlan:
    """An ECR repository with immutable tags; keeps the newest ``keep_images``, and what lost its tag for ``untagged_days``."""

    name: str
    keep_images: int
    untagged_days: int = 7
    readers: tuple[str, ...] = ()
    """Role ARNs (globs) of other accounts that pull."""


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
    boundaries: Mapping[str, tuple[str, ManagedPolicyPlan]] = field(default_factory=dict)
    """Permissions boundaries of the roles that other stacks make, with the target they live in."""
    federation: FederationPlan | None = None
    audit: AuditPlan | None = None
    baseline: BaselinePlan | None = None
    costs: CostWatchPlan | None = None
    registry: RegistryPlan | None = None
    dns_query_log_days: int = 0
    dnssec: bool = False


# --- cell ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class ZonePlan:
    """One availability zone's subnets, by tier. ``availability_zone`` is its name (``eu-central-1a``), which is mapped to a physical zone for each
    account, or its id (``use1-az1``), which is the same in all."""

    availability_zone: str
    public_cidr: str
    private_cidr: str
    database_cidr: str
    prefix_cidr: str = ""
    """The part of the private subnet that is kept for whole /28, so that single addresses never break it up; empty: none is."""


@dataclass(frozen=True, kw_only=True)
class AclRulePlan:
    """One allowing rule of a network ACL over TCP; replies need rules of their own, because network ACLs keep no state."""

    number: int
    """Lower ones are judged first; unique in its direction."""
    egress: bool
    """For what leaves the subnets; else for what comes in."""
    cidr: str
    """The other side's addresses."""
    from_port: int
    """First of the range of destination ports."""
    to_port: int
    """Last of the range, itself included."""


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
    accounts: tuple[str, ...] = ()
    """Whose buckets, keys, secrets … the endpoints lead to: the estate's accounts; empty: the own one."""
    pod_addresses: Literal["prefixes", "single"] = "prefixes"
    """How nodes get addresses for pods: whole /28, or one by one where the subnets have no room for those."""
    adopted: "AdoptedNetworkPlan | None" = None
    """A network that somebody else made and keeps: nothing of it is created, changed or destroyed. None: it is ours."""
    database_acl: Mapping[str, AclRulePlan] = field(default_factory=dict)
    """Who reaches the database subnets at all, whatever security groups say; empty: everybody in the network."""
    firewall: "DnsFirewallPlan | None" = None
    """Which names may be resolved; None: all."""


@dataclass(frozen=True, kw_only=True)
class AdoptedNetworkPlan:
    """The given VPC and its subnets by tier (``public``, ``private``, ``database``) and zone key."""

    vpc_id: str
    subnets: Mapping[str, Mapping[str, str]]
    """Tier to zone key to subnet id."""


@dataclass(frozen=True, kw_only=True)
class DnsFirewallPlan:
    """Names that pods and nodes may resolve (``*.`` in front: everything below); every other name does not exist for them. Queries are logged."""

    name: str
    domains: tuple[str, ...]
    """The names that resolve."""
    log_group: str
    log_retention_days: int


@dataclass(frozen=True, kw_only=True)
class VpnSitePlan:
    """A customer's site: its router's public address and the networks behind it."""

    address: str
    """Public IPv4 address of its router."""
    networks: tuple[str, ...]
    """IPv4 ranges behind it; each gets a route, and reaches the balancer over HTTPS."""


@dataclass(frozen=True, kw_only=True)
class PrivateAccessPlan:
    """A balancer of its own before one ingress, and who reaches it without the internet."""

    name: str
    """Of balancer and target group, 32 characters at most."""
    ingress: str
    """The ingress class behind it."""
    consumers: tuple[str, ...]
    """AWS accounts that may connect through PrivateLink; empty: there is no endpoint service."""
    sites: Mapping[str, VpnSitePlan]
    """Sites with a VPN connection of two tunnels each."""
    protect: bool = True
    """Whether the endpoint service is protected: customers' endpoints are bound to its name, and a new one has another."""


@dataclass(frozen=True, kw_only=True)
class ClusterPlan:
    """An EKS cluster; ``access`` says by key who reaches its API server."""

    name: str
    version: str
    service_cidr: str
    role: str
    node_role: str
    log_types: tuple[str, ...]
    log_group: str
    log_retention_days: int
    access: Mapping[str, "AccessPlan"]
    addons_before_nodes: Mapping[str, "AddonPlan"]
    addons_after_nodes: Mapping[str, "AddonPlan"]
    deletion_protection: bool
    public_access_cidrs: tuple[str, ...] = ()
    """Networks outside the VPC that may reach the API server; empty: only its private endpoint exists."""


AUTOMATION_GROUP = "estate:automation"
"""Kubernetes group of whatever may make and change namespaces; the cluster's admission policies know it."""
VIEWER_GROUP = "estate:viewers"
"""Kubernetes group of people who look at how the cluster is set up, and at nobody's data."""
PARTNER_GROUP = "partner:"
"""Prefix of the Kubernetes group of a partner's administrators."""


@dataclass(frozen=True, kw_only=True)
class AccessPlan:
    """One IAM role's access entry: a member of ``groups`` in Kubernetes, and with ``policy`` (AWS' access policies) in the whole cluster."""

    role_arn: str
    groups: tuple[str, ...] = ()
    policy: Literal["", "AmazonEKSClusterAdminPolicy", "AmazonEKSViewPolicy"] = ""
    """Empty: what RBAC gives to its groups, and no more."""


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
    """``data`` (databases, caches, buckets, secrets), ``logs``, ``dumps``, ``recovery``, and ``copy`` in the copy region."""
    databases: Mapping[str, DatabasePlan]
    caches: Mapping[str, CachePlan]
    buckets: Mapping[str, BucketPlan]
    vaults: Mapping[str, VaultPlan]
    """``primary`` in the cell's region, ``copy`` in the copy region."""
    backup: BackupPlan
    backup_events: "BackupEventsPlan"
    identities: Mapping[str, PlatformIdentityPlan]
    alarms: Mapping[str, AlarmPlan]
    alert_topic: str
    zone_domain: str
    """The cell's own delegated DNS domain, e.g. ``eu-1.erp.example.com``."""
    delegation: DelegationPlan | None = None
    """None: the parent zone is not the estate's; its owner delegates to the name servers in the stack's outputs."""
    followers: Mapping[str, "DatabaseReplicationPlan"] = field(default_factory=dict)
    """Failing back: the next primaries, which follow the recovery region's instances until they are promoted."""
    former: Mapping[str, DatabasePlan] = field(default_factory=dict)
    """The primaries that the lost region left behind, after a fail-back: unprotected, and gone with the next update."""
    private_access: PrivateAccessPlan | None = None
    """None: its tenants are reached over the internet only."""


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
    sessions_size: ContainerSize
    """Of each process of a replica but the first."""
    server_ca: str
    """PEM: the authorities that the instance's certificate may come from."""
    session_size: int
    """Server connections per database and user in the process for job runners, which pools by session."""
    max_database_clients: int
    """Client connections per database and PgBouncer process: what one tenant may take of ``max_client_connections``."""
    lookup_connections: int
    """Server connections of the pooler's own login per PgBouncer process."""
    node_selector: Mapping[str, str]
    tolerations: Mapping[str, str]
    priority_class: str = ""
    replica_size: int = 0
    """Server connections per database and user in a third process, in front of the instance's read replica; 0: there is none."""

    @property
    def lookup_limit(self) -> int:
        """Server connections of the pooler's own login over all processes, two a replica, while every replica is replaced."""
        return self.lookup_connections * self.replicas * 4


@dataclass(frozen=True, kw_only=True)
class ProvisioningPlan:
    """Where jobs run that need an instance's master credentials: a namespace in which no tenant's workload lives."""

    namespace: str
    image: str
    """By digest; holds ``psql`` of PostgreSQL 14 or later."""
    database_cidrs: tuple[str, ...]
    readers: Mapping[str, bool] = field(default_factory=dict)
    """Logins of people (`DatabaseReaderPlan.user`), True where they see tenants' data."""
    recovery_priority: str = ""
    """Priority class of recovery jobs; empty: there are none."""
    recovery_jobs: int = 0
    """So many of them may run at once; the others wait."""


@dataclass(frozen=True, kw_only=True)
class IssuerPlan:
    """An ACME issuer of cert-manager that proves domains through Route 53: ``domains`` are the estate's own, every other is proved by a record
    that its owner delegates into them."""

    server: str
    email: str
    region: str
    domains: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class RuleGroupPlan:
    """A managed rule group of AWS WAF; ``labels`` of its rules about bodies that count here and block outside Odoo's own endpoints."""

    name: str
    """AWS' name of the group."""
    count: tuple[str, ...]
    """Rules of the group that only count, each by AWS' name; empty: all do what AWS has them do."""
    labels: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class FirewallPlan:
    """A regional web ACL; ``log_group`` begins with ``aws-waf-logs-``, which AWS WAF asks for."""

    name: str
    metric: str
    """Of the web ACL in CloudWatch, with rules as its dimension."""
    block: bool
    """Whether what AWS' rules find is refused; else it is only counted. The limit of an address is enforced in both."""
    requests_per_five_minutes: int
    """Of one address; what is above is answered with 429."""
    groups: tuple[RuleGroupPlan, ...]
    log_group: str
    log_retention_days: int


@dataclass(frozen=True, kw_only=True)
class FirewalledEntryPlan:
    """The entry of a class behind a firewall: an application load balancer where TLS ends, and begins anew towards Traefik."""

    name: str
    """Of the load balancer, its target group and their security group."""
    namespace: str
    release: str
    tls_namespace: str
    """Where Traefik finds its TLS settings; they differ from those of an entry where TLS passes through."""
    idle_seconds: int
    """A connection over which nothing came for so long is closed."""
    firewall: FirewallPlan
    alarms: Mapping[str, AlarmPlan]


PAGES = "pages"
"""Middleware and Service of the pages that people see instead of Odoo; every ingress puts the middleware before all routes."""
TENANT_HEADER = "X-Estate-Tenant"
"""Set by each tenant's route over whatever a client sends: what limits count by and the access log shows."""
INGRESS_PORT = 8443
"""Where the ingress' pods take TLS: Traefik's entry point ``websecure``."""
INGRESS_LEAVE_SECONDS = 120
"""As long as Odoo's longest request: a pod that leaves answers what a load balancer has sent it."""


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
    clients: "ClientLimits"
    service_account: str = "odoo"
    connection_limit: int = -1
    """Server connections of the login over all databases, held by the server; -1: no limit."""
    cache: "TenantCachePlan | None" = None
    """Where the workers keep sessions; None: on their own disks, which only a single replica can."""


@dataclass(frozen=True, kw_only=True)
class AlertPlan:
    """An alerting rule of Prometheus: ``expression`` holds for ``minutes``."""

    name: str
    """As the alert is shown; unique in a cell."""
    expression: str
    minutes: int
    """So long the expression must hold before the alert is raised."""
    severity: str
    """``warning`` or ``critical``, a label that Alertmanager can route by."""
    summary: str
    """What is wrong, for whoever is called."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """More labels of the alert."""


@dataclass(frozen=True, kw_only=True)
class MonitoringPlan:
    """What a cell's Prometheus asks besides what its chart brings, and its alerts by name."""

    namespace: str
    """Of the monitors and rules themselves."""
    ingress_namespace: str
    """Where each class' Traefik runs."""
    certificate_namespace: str
    """Where cert-manager runs."""
    alerts: Mapping[str, AlertPlan]


@dataclass(frozen=True, kw_only=True)
class CacheWatchPlan:
    """The job that measures what each tenant takes of a shared cache, and its alarms. ``cache`` is the cell's cache key, ``user`` the ElastiCache
    user that the job is."""

    cache: str
    user: str
    image: str
    """By digest; the recovery jobs'."""
    namespace: str
    service_account: str
    schedule: str
    """Kubernetes' cron in the zone ``Etc/UTC``."""
    deadline_seconds: int
    size: ContainerSize
    priority_class: str
    node_selector: Mapping[str, str]
    tolerations: Mapping[str, str]
    variables: Mapping[str, str]
    """Its environment but for the cache's address, which only the cloud knows."""
    alarms: Mapping[str, AlarmPlan]


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
    pod_security: str
    """Version of the Pod Security Standards that pods are held to."""
    pages: PagesPlan
    issuers: Mapping[str, IssuerPlan] = field(default_factory=dict)
    entry_domain: str = ""
    """What the certificate of all entries is for, e.g. ``*.eu-1.erp.example.com``; proved by the first issuer. Empty: there is none."""
    ingress_targets: Mapping[str, str] = field(default_factory=dict)
    """Ingress class to the DNS name in the cell's zone under which it answers; `RoutePlan.target` is one of these."""
    private_ingress: str = ""
    """The ingress class that the cell's private balancer leads to; empty: there is none."""
    monitoring: MonitoringPlan | None = None
    firewalled: Mapping[str, FirewalledEntryPlan] = field(default_factory=dict)
    """Ingress class to its entry, where that is behind a firewall; the others have a network load balancer."""
    cache_watch: CacheWatchPlan | None = None
    """None where the estate names no image of the program."""
    away: bool = False
    """In the cell's recovery region: it works in the cluster of ``dr.CELL`` and reads that stack instead of ``cell.CELL``."""
    serving: bool = True
    """Whether the cell's ingress names lead here."""
    generation: int = 1
    """Of the cell's primary instances: where it is raised, every job runs again on the new ones."""
    record_ttl_seconds: int = 60
    """Of the ingress names: how long after a failover resolvers still send people to the other region."""
    storage_key: str = "data"
    certificate_namespace: str = "cert-manager"
    """Where cert-manager runs: the only namespace that holds the key of the cluster's own certificate authority."""


# --- tenant --------------------------------------------------------------------------------------------------------


TURNS = "estate_turns"
"""Module of ours that shared job processes load (``odoo/addons``)."""
TURNS_ADDONS = "/mnt/estate-addons"


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
    routed: bool = True
    """``port`` has a service; else it answers its own pod and the kubelet only."""
    longest_seconds: int = 120
    """The longest request or job (``limit_time_real``): so long all workers may be busy and the pod still be well."""
    turns: int = 0
    """Shared job processes: so many of them may work for one tenant at the same time. 0: they serve one tenant."""
    reads_replica: bool = False
    """What only reads goes to the read replica (`PoolerPlan.replica_size`), and to the primary while that does not answer."""


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
    replica: bool = False
    """The pooler also leads to a read replica."""


@dataclass(frozen=True, kw_only=True)
class RemovalPlan:
    """The end of a suspended tenant's database: who approved it, from which day on (ISO date), and the dump that was taken last."""

    remove_on: str
    notice_days: int
    final_dump: str
    approver: str


@dataclass(frozen=True, kw_only=True)
class TenantDatabasePlan:
    """A tenant's database inside an instance: ``instance`` is the cell's database key, or ``own``."""

    instance: str
    name: str
    owner: str
    login: str
    """The role that owns what is in the database; nobody logs in as it."""
    user: str
    """Who Odoo comes in as, and turns into ``login``; nobody in the pooled tenancy."""
    former_user: str
    """Who it came in as before the last rotation, which goes on for a day."""
    secret: str
    """Secrets Manager name of the user's credentials."""
    extensions: tuple[str, ...]
    connection_limit: int
    statement_timeout_seconds: int
    idle_in_transaction_timeout_seconds: int
    job_image: str
    pool_size: int
    job_namespace: str
    """Where the database job runs: the platform's provisioning namespace, never the tenant's, because it sees master credentials."""
    login_version: int = 1
    """Raised by a rotation; the two users take turns."""
    suspended: bool = False
    """Nobody gets in, neither by the pooler nor by the server; all data stays."""
    expired: bool = False
    """An environment whose day has passed: its database and roles go now, whatever it held."""
    removal: "RemovalPlan | None" = None
    """The database goes now; the server refuses unless everything that the plan says is so."""
    pool_login: str = ""
    """Pooled tenancy: the login of the shared workers (`PooledWorkersPlan.login`), which then owns the database; else empty."""
    readers: Mapping[str, bool] = field(default_factory=dict)
    """Logins of people, True where they may enter this database; see `DatabaseReaderPlan`."""
    generation: int = 1
    """Of the cell's instance that holds it: where it is raised, every job runs again on the new one."""


@dataclass(frozen=True, kw_only=True)
class TenantCachePlan:
    """A tenant's share of a cache: ``cache`` is the cell's cache key, or ``own``; keys start with ``prefix``."""

    cache: str
    prefix: str
    user: str
    secret: str
    memory_mib: int
    session_seconds: int
    """How long a signed-in user's session lives after its last change; an anonymous visitor's ``anonymous_session_seconds``."""
    anonymous_session_seconds: int
    cache_entry_seconds: int
    """The longest life of anything else that may be thrown away: shorter than any session's, so that it is evicted first."""


@dataclass(frozen=True, kw_only=True)
class ClientLimits:
    """Limits of single clients at one replica of the ingress, and of a request's size."""

    login_per_minute: int
    """Of one address."""
    api_per_minute: int
    """Of one key, or of one address where a key is not in the headers."""
    api_burst: int
    """API requests on top of the rate before any is refused."""
    body_mib: int
    firewalled: bool = False
    """Behind an application load balancer, where TLS ends: the client's address is the last one of X-Forwarded-For."""


@dataclass(frozen=True, kw_only=True)
class IntegrationRoutePlan:
    """Where one agreed integration calls Odoo, and how often it may at one replica of the ingress."""

    path: str
    """Where it calls, with all that lies below."""
    per_minute: int
    """The sustained rate of requests."""
    burst: int


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
    clients: ClientLimits
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
    integrations: Mapping[str, IntegrationRoutePlan] = field(default_factory=dict)
    """Those that call a path of their own, by the contract's key."""
    own_certificate: tuple[str, ...] = ()
    """Hosts that a certificate of the tenant's namespace is for; the others are served with the entry's."""
    entry_certificates: Mapping[str, bool] = field(default_factory=dict)
    """Behind a firewall only: hosts that need a certificate of their own on the load balancer; False: its owner has not proved it yet, so it is
    requested, not used, and the host has no route."""

    @property
    def firewalled(self) -> bool:
        """Whether TLS ends at a load balancer."""
        return self.clients.firewalled

    @property
    def served(self) -> tuple[str, ...]:
        """The hosts that are open."""
        return tuple(host for host in self.hosts if self.entry_certificates.get(host, True))


@dataclass(frozen=True, kw_only=True)
class RecoveryJobPlan:
    """One scheduled run of the recovery program. ``schedule`` is Kubernetes' cron in the zone ``Etc/UTC``."""

    name: str
    schedule: str
    starting_deadline_seconds: int
    """So late it may still be started; later, the next one does."""
    deadline_seconds: int
    """From its creation, waiting for a place included."""
    retries: int
    scratch_mib: int
    """0: it keeps nothing on disk but what fits a node's."""
    own_volume: bool
    """Whether the scratch space is a volume of its own instead of the node's disk."""


@dataclass(frozen=True, kw_only=True)
class RecoveryPlan:
    """A tenant's recovery jobs: what they run as, and ``variables``, their environment but for the key, which only the cloud knows."""

    image: str
    namespace: str
    service_account: str
    role: RolePlan
    size: ContainerSize
    priority_class: str
    jobs: Mapping[Literal["dump", "verify"], RecoveryJobPlan]
    variables: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class OdooJobPlan:
    """One run of Odoo's executable in the tenant's namespace, as the tenant's database user and with its configuration. What is installed is checked
    before and after it, except by ``neutralise``, whose work the platform's own job checks."""

    kind: Literal["initialise", "upgrade", "neutralise"]
    """What the run is for."""
    database: str
    """On which database it works; ``neutralise``: on the copy, which nobody uses yet."""
    modules: tuple[str, ...]
    """``initialise``: installed besides ``base``; ``upgrade``: upgraded, ``all`` stands for every installed one; ``neutralise``: empty."""
    not_before: str
    """Moment (ISO, UTC) until which pods may still be leaving; empty: there are none."""
    checks_image: str
    """The recovery program's image by digest, which the checks are in."""
    odoo: OdooPlan
    workload: WorkloadPlan
    """Whose size, settings and place it has: cron's, because it works in the background as well."""
    user: str
    """Login at the pooler: the tenant's own, or the pool's shared one."""
    secret: str
    """Pooled tenancy: Secrets Manager name of the shared login's credentials; else empty."""


@dataclass(frozen=True, kw_only=True)
class RecoveryCommandPlan:
    """One run of the recovery program on demand, as ``service_account`` and as the master user of the tenant's instance."""

    arguments: tuple[str, ...]
    image: str
    namespace: str
    service_account: str
    size: ContainerSize
    priority_class: str
    variables: Mapping[str, str]
    """The program's environment but for the key."""
    scratch_mib: int
    """Space for plain dumps; 0: the command needs none, and gets what every pod has."""
    own_volume: bool
    """The space is a volume that comes and goes with the pod; else it lies on the node."""
    key_stack: str
    """The stack that made the key of the dumps, where another tenant's did; empty: this tenant's own, or the cell's."""


@dataclass(frozen=True, kw_only=True)
class TenantJobPlan:
    """The one job that an initialisation, upgrade or copy has come to. It exists only as long as the environment is closed, when there is no
    autoscaler and no disruption budget, so that a stack does not grow by it."""

    name: str
    """Physical name; another attempt has another."""
    phase: str
    """The step that the environment is at; the job's logical name ends with it."""
    deadline_seconds: int
    retries: int
    odoo: OdooJobPlan | None
    recovery: RecoveryCommandPlan | None


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
    pod_security: str
    """Version of the Pod Security Standards that its pods are held to."""
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
    dumps_key: KeyPlan | None = None
    """Own key of the dumps, beside an own data key; None: the cell's."""
    recovery: RecoveryPlan | None = None
    """Dumps and their verification; production only."""
    job: TenantJobPlan | None = None
    expires: str = ""
    """ISO date after which a sandbox environment is removed."""
    legal_name: str = ""
    """Of the customer: the contract's ``name``."""
    away: bool = False
    """In the cell's recovery region: it works in the cluster of ``dr.CELL`` and reads that stack instead of ``cell.CELL``."""
    copies: Mapping[str, str] = field(default_factory=dict)
    """Purpose to the bucket that the recovery stack keeps for it; with ``away`` these take the place of ``buckets``."""


# --- disaster recovery ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class DatabaseReplicationPlan:
    """How one database is kept in the other region: automated backups, a standby replica, or (with nothing waiting) copied recovery points."""

    mode: Literal["automated-backups", "replica", "recovery-point"]
    source_identifier: str
    source_arn: str
    retention_days: int
    replica: DatabasePlan | None
    """``replica`` mode: the standby, or with ``promoted`` the instance that it became."""
    promoted: bool = False
    restored: DatabasePlan | None = None
    """The other modes, once failed over: the instance made of the replicated backups, or of ``recovery_point``."""
    recovery_point: str = ""
    generation: int = 1
    """The source's; see `DatabasePlan`."""


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
    identities: Mapping[str, PlatformIdentityPlan] = field(default_factory=dict)
    """What the platform's controllers may do in this region's cluster."""
    alert_topic: str = ""
    """Where alarms of this region go: CloudWatch notifies no topic of another one. Empty: nothing runs here that would raise any."""
    alarms: Mapping[str, AlarmPlan] = field(default_factory=dict)
    health_checks: Mapping[str, str]
    """Tenant stack to the host whose health decides the failover."""
    health_check_path: str = HEALTH_PATH
    health_check_interval_seconds: Literal[10, 30] = 30
    health_check_failures: int = 3
    replication_roles: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Key of ``source_buckets`` to the names of the roles by which S3 copies there and back."""
    source_buckets: Mapping[str, str] = field(default_factory=dict)
    """Key of ``buckets`` to the name of the bucket that is replicated into it, and it into that one; the recovery stack sets up both."""
    halted: tuple[str, ...] = ()
    """Keys of ``source_buckets`` from which nothing may arrive for now: what is written there is not to be mixed with what is written here."""
    source_key_aliases: Mapping[str, str] = field(default_factory=dict)
    """Key of ``buckets`` to the alias of the key that encrypts its source, where that is not the cell's data key."""
    replication_minutes: int = 15
    """What S3 Replication Time Control is asked for; 15 is the only value it takes."""
    state: Literal["standby", "promoted", "failing-back", "draining", "returned"] = "standby"
    former: Mapping[str, "DatabaseReplicationPlan"] = field(default_factory=dict)
    """What was active here until a fail-back: unprotected, and gone with the next update."""


@dataclass(frozen=True, kw_only=True)
class DrillPlan(Plan):
    """A copy of a cell's databases in its recovery region, made to be measured and removed: beside the standby, never instead of it."""

    cell: str
    databases: Mapping[str, DatabaseReplicationPlan]
    network: NetworkPlan | None
    """None: that of the recovery stack; a class without one brings its own."""
    keys: Mapping[str, KeyPlan] = field(default_factory=dict)


AnyPlan = LandingZonePlan | CellPlan | PlatformPlan | TenantPlan | DrPlan | DrillPlan


@dataclass(frozen=True, kw_only=True)
class QuotaUse:
    """How much of one of AWS' quotas all stacks together take, when everything is up and every pool at its largest."""

    quota: str
    """Key in the catalog."""
    account: str
    region: str
    """Empty: the quota is the whole account's."""
    thing: str
    """Zone, network, cluster … that has the quota; empty: account or region."""
    used: int
    limit: int
    raised: bool
    """Whether the limit is one that the estate says AWS raised."""
    shares: Mapping[str, int]
    """Stack to what it takes."""


@dataclass(frozen=True, kw_only=True)
class EstatePlan:
    """All plans of an estate by stack name, in an order that respects ``depends_on``."""

    estate: str
    project: str
    stacks: Mapping[str, AnyPlan]
    quotas: tuple[QuotaUse, ...] = ()
    """Every quota of which something is taken, the fullest first."""
