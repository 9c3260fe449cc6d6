"""The service catalog: what each service class entitles to, the bands, and the figures that decisions are made with.

Shipped as ``catalog/default.yaml``; an estate overrides values by key. Every figure there has its reason or source beside it.
Units stand in the names. Lists of bands are ordered, smallest first.
"""

from typing import Annotated, Literal

from pydantic import Field

from odoo_estate.spec.fields import (
    EnvironmentName,
    IsoDate,
    KubernetesVersion,
    NamePattern,
    Percent,
    PrivateAccessKind,
    Spec,
    TenancyName,
    Text,
)

Positive = Annotated[int, Field(ge=1)]
NotNegative = Annotated[int, Field(ge=0)]
Share = Annotated[float, Field(gt=0, le=1, strict=False)]
Number = Annotated[float, Field(ge=0, strict=False)]


class PostgresBand(Spec):
    """An RDS size. ``max_connections`` is set explicitly in the parameter group; ``iops``/``throughput`` only from 400 GiB gp3 on."""

    instance_class: Text
    vcpus: Positive
    memory_gib: Positive
    storage_gib: Annotated[int, Field(ge=20, le=65_536)]
    max_storage_gib: Annotated[int, Field(ge=20, le=65_536)]
    iops: Positive | None = None
    throughput_mibps: Positive | None = None
    max_connections: Positive
    orders_per_hour: Positive
    """Orders at the busiest hour that an instance of this size is trusted with (all its tenants together)."""
    burst_baseline_percent: Percent = 0
    """Burstable classes: what a vCPU is good for all day; below that it saves credits. 0: not burstable."""


class CacheBand(Spec):
    """An ElastiCache node size; ``memory_mib`` is AWS's maxmemory of the type before the reserved share."""

    node_type: Text
    memory_mib: Positive
    reserved_percent: Percent


class WorkloadBand(Spec):
    """One Odoo workload's pod: Odoo processes in it, connections per process, container size, replicas."""

    processes: Positive
    max_connections: Positive
    cpu_millicores: Positive
    memory_mib: Positive
    min_replicas: NotNegative
    max_replicas: Positive


class OdooBand(Spec):
    """A tenant-sized set of Odoo workloads, trusted with so many concurrent users and orders at the busiest hour."""

    concurrent_users: Positive
    orders_per_hour: Positive
    integration_requests_per_hour: Positive
    web: WorkloadBand
    websocket: WorkloadBand
    cron: WorkloadBand
    integration: WorkloadBand
    reporting: WorkloadBand | None = None


class NodeBand(Spec):
    """An EC2 node size: first type is the one that arithmetic uses, the others are alternatives of the same shape."""

    instance_types: Annotated[tuple[Text, ...], Field(min_length=1)]
    vcpus: Positive
    memory_gib: Positive
    max_pods: Positive
    """EKS' own limit for the type, or 110 with prefix delegation."""
    volume_gib: Positive
    reserved_cpu_millicores: NotNegative
    reserved_memory_mib: NotNegative


SPOT_POOLS = ("reporting", "trial")
"""Node pools that may stand on spot capacity: reports can be run again, and nobody waits for what is on trial (non-production)."""


class NodePool(Spec):
    """A node pool of a cell band: ``workload`` is its label and taint."""

    band: Text
    min_nodes: NotNegative
    desired_nodes: NotNegative
    max_nodes: Positive
    capacity: Literal["on-demand", "spot"] = "on-demand"
    tainted: bool = False


class NetworkTerms(Spec):
    """What every cell's network has beside its subnets."""

    interface_endpoints: tuple[Text, ...]
    """AWS services reached without NAT and the internet; S3 always is."""
    egress_names: Annotated[tuple[NamePattern, ...], Field(min_length=1)]
    """Names that every cell needs, where a class lets its cells resolve named ones only; contracts add theirs."""


class CellBand(Spec):
    """A whole cell's size: node pools by workload class, the ``main`` database, the cache and the pooler."""

    tenancy: Literal["shared", "dedicated"]
    zones: Annotated[int, Field(ge=2, le=3)]
    nat: Literal["per-zone", "single", "none"]
    """``none``: nothing in the cell reaches the internet, whatever a contract needs goes through private connections."""
    node_pools: dict[Text, NodePool]
    postgres: Text
    postgres_multi_az: bool
    cache: Text
    cache_nodes: Annotated[int, Field(ge=1, le=6)]
    pooler_replicas: Annotated[int, Field(ge=2, le=10)]
    pooled_class_bands: dict[Text, Text] = {}
    """Service class to the Odoo band of its pooled workers, in shared cells."""
    max_tenants: Positive
    serves: Annotated[tuple[Text, ...], Field(min_length=1)]
    """Service classes whose availability and DR this cell is built for."""


class RetentionClass(Spec):
    """How long recovery points are kept; ``cold_after_days`` must leave 90 days before deletion."""

    description: Text
    daily_days: Positive
    monthly_days: NotNegative = 0
    """0: no monthly points."""
    cold_after_days: Positive | None = None


class DrClass(Spec):
    """What waits in the other region. ``nodes``: none, zero (a cluster without nodes) or minimum."""

    description: Text
    database: Literal["none", "automated-backups", "replica"]
    cluster: Literal["none", "zero-nodes", "minimum-nodes"]
    rpo_minutes: Positive | None
    rto_minutes: Positive | None
    drill_days: Positive | None = None
    """A recovery drill is owed at least so often; None: nothing to drill."""


class VaultLockSpec(Spec):
    """Limits of a locked vault; three or more changeable days make it compliance mode."""

    min_days: Positive
    max_days: Positive
    changeable_for_days: Annotated[int, Field(ge=3, le=36_500)] | None


class OdooVersion(Spec):
    """A supported Odoo series: image by digest, its user, the least PostgreSQL, and the date its support ends."""

    image: Annotated[str, Field(pattern=r"^[a-z0-9./_-]+@sha256:[0-9a-f]{64}$")]
    uid: Positive
    gid: Positive
    postgres_min: Positive
    support_ends: Text
    server_wide_modules: Annotated[tuple[Text, ...], Field(min_length=1)] = ("base", "web")
    """Modules that every process loads before any database; what the image does not hold is reported and left out."""


class Chart(Spec):
    chart: Text
    repository: Text
    version: Text
    namespace: Text


class KubernetesRelease(Spec):
    """One minor version of Kubernetes on EKS, with what was tested together with it."""

    support_ends: IsoDate
    """The last day of standard support; then EKS upgrades the control plane by itself."""
    cluster_autoscaler: Text
    """Image tag; its simulation of the scheduler has to be that of the version."""
    addons: dict[Text, Text]
    """EKS add-on to its version."""
    image_release: Text | None = None
    """EKS' release of the nodes' machine image; None: the newest when a pool is made or its version raised."""


def minor(version: str) -> int:
    """``36`` of ``1.36``."""
    return int(version.rpartition(".")[2])


class Versions(Spec):
    """Everything pinned: Kubernetes with add-ons and charts, PostgreSQL, Valkey, Odoo and helper images."""

    kubernetes: KubernetesVersion
    """The release that cells run which name none of their own."""
    kubernetes_releases: Annotated[dict[KubernetesVersion, KubernetesRelease], Field(min_length=1)]
    charts: dict[Text, Chart]
    postgres: Text
    """What instances are born with; one that stands is taken to another major version by its own approved ``postgres`` entry."""
    postgres_newest: dict[Text, Text]
    """Major version to the newest minor that RDS offers: what an instance may be asked to run."""
    postgres_certificate_authority: Text
    valkey: Text
    odoo: dict[Text, OdooVersion]
    images: dict[Text, Text]
    approved_registries: Annotated[tuple[Text, ...], Field(min_length=1)]
    """Repositories that clusters take images from, beside the estate's own registry."""
    ami_type: Text
    pod_security: Text


class RateLimit(Spec):
    """Per tenant, at the ingress."""

    requests_per_second: Positive
    burst: Positive
    login_per_minute: Positive
    api_per_minute: Positive
    """Of one API key, or of one address that calls remote procedures."""
    body_mib: Positive


class FirewallGroup(Spec):
    """A rule group that AWS manages. ``count``: its rules that only count; ``outside_odoo``: its rules about bodies, with the label that each
    leaves, that block everywhere but where Odoo's own clients send HTML and search domains."""

    capacity: Positive
    """Web ACL capacity units that it takes; up to 1500 in all are in the price of a request."""
    count: tuple[Text, ...] = ()
    outside_odoo: dict[Text, Text] = {}


class Firewall(Spec):
    """A web application firewall before the entry of a whole class."""

    mode: Literal["count", "block"]
    """``count``: AWS' rule groups block nothing yet, they only tell what they would block; the limit by address always blocks."""
    requests_per_five_minutes: Annotated[int, Field(ge=10, le=2_000_000_000)]
    """Of one address."""
    blocked_alarm: Positive
    """Somebody hears of so many blocked requests in five minutes."""
    groups: Annotated[dict[Text, FirewallGroup], Field(min_length=1)]
    """In the order in which they judge."""


class Availability(Spec):
    zones: Annotated[int, Field(ge=1, le=3)]
    min_web_replicas: Positive
    database_multi_az: bool
    cache_nodes: Annotated[int, Field(ge=1, le=6)]
    served_percent: Annotated[float, Field(ge=90, lt=100)]
    """Of requests in a month; what alerts on errors are measured by."""


class Dumps(Spec):
    """Logical dumps of each production database beside the recovery points of its instance."""

    every_minutes: Annotated[int, Field(ge=60)]
    keep_days: Positive
    """Days of object lock; within the daily points of every retention class that the class allows."""
    verify_every_minutes: Annotated[int, Field(ge=60)] | None
    """How often the newest dump is restored and checked; None: the class promises no verified restore."""
    evidence_days: Positive | None
    """How old the newest evidence of that may be; with ``verify_every_minutes`` only."""


class Backup(Spec):
    """``every_minutes`` is the snapshot rhythm; point-in-time recovery covers the time between where ``point_in_time_days`` > 0."""

    every_minutes: Annotated[int, Field(ge=60)]
    point_in_time_days: Annotated[int, Field(ge=1, le=35)]
    retention: Annotated[tuple[Text, ...], Field(min_length=1)]
    """Allowed retention classes, the default first."""
    cross_region: bool
    cross_account: bool
    lock: Text | None
    restore_test: bool
    cache_snapshot_days: Annotated[int, Field(ge=0, le=35)]
    bucket_versions_days: Positive
    bucket_lock: bool
    dumps: Dumps


class Support(Spec):
    response_minutes: Positive
    hours: Literal["office", "extended", "24x7"]


class Release(Spec):
    ring: Literal["early", "main", "late", "by-approval"]
    window_hours: Positive
    notice_days: NotNegative


class ServiceClass(Spec):
    """What one class of contract entitles to, and to nothing more."""

    description: Text
    tenancies: Annotated[tuple[TenancyName, ...], Field(min_length=1)]
    """The step where the class begins first; steps below it only by a placement set by hand."""
    environments: Annotated[tuple[EnvironmentName, ...], Field(min_length=1)]
    copies_to: tuple[Literal["staging", "sandbox", "development"], ...]
    """Environments that may hold a copy of production, neutralised."""
    odoo_bands: Annotated[tuple[Text, ...], Field(min_length=1)]
    postgres_bands: Annotated[tuple[Text, ...], Field(min_length=1)]
    """For its own instance (semi-dedicated, dedicated); the last one also caps shared use."""
    cache_bands: Annotated[tuple[Text, ...], Field(min_length=1)]
    node_bands: Annotated[tuple[Text, ...], Field(min_length=1)]
    max_nodes: Positive
    rpo_minutes: Positive
    rto_minutes: Positive
    backup: Backup
    dr_classes: Annotated[tuple[Text, ...], Field(min_length=1)]
    """Allowed DR classes; the cell of a tenant must be built for one of them."""
    availability: Availability
    rate_limit: Text
    firewall: Text | None
    """The firewall before the class' entry; None: a network load balancer, which sees no request."""
    monitoring: Literal["basic", "standard", "full"]
    performance_insights_days: Annotated[int, Field(ge=0)]
    log_retention_days: Positive
    release: Release
    support: Support
    reporting: bool
    own_keys: bool
    own_buckets: bool
    egress: Literal["open", "named"]
    """``named``: a cell of its own resolves only names that the catalog and the contract list."""
    private_access: tuple[PrivateAccessKind, ...]
    """Ways in that do not lead over the internet, that a contract with a cell of its own may ask for."""
    unapproved_modules: bool
    monthly_budget_usd: Positive
    storage_gib: Positive
    """Database and filestore together that the class includes."""
    integrations: NotNegative
    data_class: Literal["internal", "confidential", "restricted"]
    statement_timeout_seconds: Positive
    office_hours_non_production: bool


class Step(Spec):
    """Thresholds above which a contract needs at least this tenancy; None: that measure does not decide this step."""

    concurrent_users: NotNegative | None = None
    orders_per_hour: NotNegative | None = None
    integrations: NotNegative | None = None
    integration_requests_per_hour: NotNegative | None = None
    database_gib: NotNegative | None = None
    custom_modules: NotNegative | None = None
    heavy_modules: NotNegative | None = None
    regulated: bool = False
    """True: any regulation in the contract needs this tenancy."""
    own_account: bool = False
    unapproved_modules: bool = False
    """True: a module that is not approved yet needs this tenancy."""


class Assumptions(Spec):
    """Figures of arithmetic that belong to no class."""

    working_hours_per_day: Positive
    concurrent_user_share: Share
    users_per_worker: Positive
    """Concurrent users that one HTTP worker serves."""
    orders_per_hour_per_worker: Positive
    requests_per_hour_per_process: Positive
    """Requests that one integration process handles at half load."""
    orders_per_hour_per_vcpu: Positive
    """Orders that one database vCPU carries at half load."""
    worker_memory_mib: Positive
    """Resident memory of an Odoo process on average; with the next two it sizes containers, never Odoo's virtual-memory limits."""
    light_worker_memory_mib: Positive
    heavy_worker_memory_mib: Positive
    master_process_memory_mib: Positive
    connection_reserve: NotNegative
    """Database connections kept for superuser, replication, monitoring and the backup job."""
    registry_mib: Positive
    pooled_registries: Positive
    pooler_lookups: Positive
    shared_pool_size: Positive
    """Server connections per tenant database on shared instances, over all pooler processes together."""
    pooler_clients: Positive
    """Client connections of one pooler process."""
    shared_database_fill: Share
    """How far a shared instance may be filled with connections, memory and storage."""
    node_surge_percent: Annotated[int, Field(ge=1, le=50)]
    """Of a pool's nodes, drained at once while they are replaced."""
    kubernetes_notice_days: Positive
    """Before a Kubernetes version's standard support ends, from when on every preview says so."""
    node_fill: Share
    sorting_memory_share: Share
    """Of an instance's memory, for sorts and hashes of all statements together."""
    sorting_connections_share: Share
    """Of an instance's connections, that sort or hash at the same moment."""
    vacuum_memory_share: Share
    """Of an instance's memory, for all autovacuum workers together."""
    vacuum_throughput_share: Share
    """Of the volume's throughput, that autovacuum may write with."""
    replica_lag_seconds: Positive
    master_password_days: Positive
    """So often a master password that AWS does not manage is changed."""
    retirement_notice_days: Positive
    growth_years: Number
    staging_load_share: Share
    """Of production's users and rates, what staging is sized for."""
    trial_users: Positive
    trial_orders_per_hour: Positive
    trial_database_gib: Positive
    """A sandbox or development environment; a copy of production that is larger is refused."""
    cache_mib_per_tenant: Positive
    cache_mib_per_user: Number
    session_seconds: Positive
    anonymous_session_seconds: Positive
    cache_entry_seconds: Positive
    """The longest life of whatever else is cached; below that of any session, because what expires soonest is evicted first."""
    eviction_samples: Annotated[int, Field(ge=1, le=64)]
    """Keys that the cache looks at to find the one that expires soonest."""
    log_shipping_minutes: Positive
    """RDS ships transaction logs so often: the RPO of point-in-time recovery."""
    restore_gib_per_minute: Number
    restore_fixed_minutes: Positive
    reload_gib_per_minute: Number
    """Dumping one tenant's database out of a restored shared instance and loading it back."""
    measured_rate_share: Share
    """How much of a measured restore rate is counted on."""
    evidence_least_gib: Number
    """Smaller databases say nothing about the rate."""
    dump_gib_per_minute: Annotated[float, Field(gt=0, strict=False)]
    dump_size_share: Share
    """Of a database's size, what its dump takes."""
    recovery_job_fixed_minutes: Positive
    recovery_deadline_factor: Annotated[float, Field(ge=1, strict=False)]
    """A recovery job is ended after so many times what it should take, and ``recovery_wait_minutes``."""
    recovery_wait_minutes: Positive
    upgrade_fixed_minutes: Positive
    """Installing or upgrading Odoo's modules, whatever the database holds."""
    upgrade_gib_per_minute: Annotated[float, Field(gt=0, strict=False)]
    """What an upgrade computes anew and indexes again, besides."""
    recovery_jobs_at_once: Positive
    """Dumps and verifications of a cell that run at the same time; the others wait."""
    recovery_parallel: Positive
    recovery_connections: Positive
    """Of ``connection_reserve``, what recovery jobs may take."""
    recovery_cpu_millicores: Positive
    recovery_memory_mib: Positive
    recovery_scratch_on_node_gib: Positive
    rebuild_minutes: Positive
    """Bringing up a cell's network, cluster and platform where nothing waits in the other region."""
    scale_up_minutes: Positive
    """Bringing nodes and workloads up in a cluster that waits without nodes."""
    platform_minutes: Positive
    """Bringing a cell's platform up in a cluster that is there."""
    traffic_ttl_seconds: Annotated[int, Field(ge=30, le=3600)]
    """Of the names that a failover moves."""
    object_replication_minutes: Positive
    copy_minutes: Positive
    """Time until a recovery point has been copied."""
    failover_minutes: Positive
    promotion_minutes: Positive
    """Until a standby in another region has become an instance of its own."""
    subnet_headroom: Share
    integration_rate_factor: Number
    """Of an integration's agreed requests in its busiest hour, what it may do in a minute of it."""
    ingress_replicas: Annotated[int, Field(ge=2, le=20)]
    """Of each class' ingress: a fixed number, because limits are counted by each replica for itself."""
    pods_per_tenant_overhead: NotNegative
    start_window_minutes: Annotated[int, Field(ge=60)]
    completion_window_minutes: Positive
    private_subnet_bits: Annotated[int, Field(ge=17, le=26)]
    public_subnet_bits: Annotated[int, Field(ge=20, le=28)]
    database_subnet_bits: Annotated[int, Field(ge=20, le=28)]
    audit_log_days: Positive


class Recording(Spec):
    """What AWS Config writes down of every change. ``excluded``: resource types that it does not."""

    frequency: Literal["CONTINUOUS", "DAILY"]
    excluded: tuple[Text, ...]


class Governance(Spec):
    """What watches all accounts, and how long it remembers."""

    trail_query_days: Positive
    """The trail's copy in CloudWatch."""
    archive_after_days: Positive
    config_history_days: Positive
    recording: Recording
    threat_detection: tuple[
        Literal[
            "S3_DATA_EVENTS", "EKS_AUDIT_LOGS", "RDS_LOGIN_EVENTS", "EBS_MALWARE_PROTECTION", "LAMBDA_NETWORK_LOGS"
        ],
        ...,
    ]
    security_standards: tuple[Text, ...]
    """Standards of Security Hub: path of the ARN behind ``standards/``."""
    scanned: tuple[Literal["EC2", "ECR"], ...]
    """What Inspector looks for vulnerabilities in."""
    unused_access_days: NotNegative
    """Access Analyzer reports roles unused for so long; 0: it does not."""
    password_length: Annotated[int, Field(ge=14, le=128)]
    budget_actual_percent: Annotated[tuple[Positive, ...], Field(min_length=1, max_length=5)]
    budget_forecast_percent: Annotated[tuple[Positive, ...], Field(min_length=1, max_length=5)]
    anomaly_usd: Positive
    """Spend that AWS did not expect is reported from so much a day on."""
    cost_export_days: Positive
    activate_cost_tags: bool
    """Whether the owner tags become cost-allocation tags, which budgets and exports by tag need."""
    keep_images: Annotated[int, Field(ge=1, le=1000)]
    """Of each repository."""
    untagged_image_days: Positive
    upstream_registries: dict[Text, Text]
    """Prefix in the estate's registry to the public registry that images below it are fetched from, once each."""
    dns_query_log_days: NotNegative
    """0: queries are not logged."""
    dnssec: bool
    backup_fallback_days: NotNegative
    """The organisation's own backup policy keeps daily points of what carries ``backup-class: organisation`` so long; 0: there is none."""


class Access(Spec):
    """How long people and automation may stay."""

    people_minutes: Annotated[int, Field(ge=60, le=720)]
    support_minutes: Annotated[int, Field(ge=60, le=720)]
    break_glass_minutes: Annotated[int, Field(ge=60, le=720)]
    deploy_minutes: Annotated[int, Field(ge=60, le=720)]
    support_days: Positive
    """The longest time that one approval opens an account to support for."""


class Quota(Spec):
    """A limit of AWS: what ``counts`` there may be at most. ``per`` is what has one: an account, a region or zone of it, or one thing of a kind."""

    default: Positive
    """What a new account has."""
    per: Literal["account", "region", "zone", "network", "list", "cluster", "pool"]
    counts: Text
    code: Annotated[str, Field(pattern=r"^L-[0-9A-F]{8}$")] | None = None
    """By which Service Quotas raises it; None: AWS support does, if anybody."""


class Catalog(Spec):
    """The whole document."""

    service_classes: Annotated[dict[Text, ServiceClass], Field(min_length=1)]
    postgres_bands: dict[Text, PostgresBand]
    cache_bands: dict[Text, CacheBand]
    odoo_bands: dict[Text, OdooBand]
    node_bands: dict[Text, NodeBand]
    cell_bands: dict[Text, CellBand]
    retention_classes: dict[Text, RetentionClass]
    dr_classes: dict[Text, DrClass]
    vault_locks: dict[Text, VaultLockSpec]
    rate_limits: dict[Text, RateLimit]
    firewalls: dict[Text, Firewall]
    placement: dict[TenancyName, Step]
    """Least tenancy by measure; ``pooled`` has no thresholds."""
    versions: Versions
    network: NetworkTerms
    assumptions: Assumptions
    governance: Governance
    access: Access
    quotas: dict[Text, Quota]
    required_tags: tuple[Text, ...]
    tag_patterns: dict[Text, Text]
