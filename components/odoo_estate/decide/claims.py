"""Every physical name that an estate's plans take, for the proof that no two things share one."""

from collections.abc import Iterable, Iterator, Mapping

from odoo_estate.decide.naming import Claim
from odoo_estate.plan import (
    AnyPlan,
    AwsTarget,
    BucketPlan,
    CellPlan,
    DrPlan,
    KeyPlan,
    LandingZonePlan,
    PlatformPlan,
    TenantPlan,
)


def claims(plan: AnyPlan) -> Iterator[Claim]:
    """The names of one stack. Those of pooled tenants' namespaces belong to the platform that brings them."""
    if isinstance(plan, TenantPlan):
        return _tenant(plan)
    if isinstance(plan, CellPlan):
        return _cell(plan)
    if isinstance(plan, DrPlan):
        return _dr(plan)
    if isinstance(plan, PlatformPlan):
        return _platform(plan)
    if isinstance(plan, LandingZonePlan):
        return _landing_zone(plan)
    return iter(())  # a drill's copies are named after what they are copies of, and no estate lists one


def _aliases(key: KeyPlan | None, target: AwsTarget) -> Iterator[tuple[str, str]]:
    """The alias of a key and that of its replica, each with where it must be the only one."""
    if key:
        yield f"{target.account}/{key.region or target.region}", key.alias
        if key.replica_region:
            yield f"{target.account}/{key.replica_region}", key.alias


def _tenant(plan: TenantPlan) -> Iterator[Claim]:
    document = f"customer:{plan.customer}"
    owner = f"tenant {plan.customer}.{plan.environment}"
    account, region = plan.target.account, f"{plan.target.account}/{plan.target.region}"
    field = ("customer",)

    def claim(service: str, scope: str, name: str, what: str = "") -> Claim:
        return Claim(service, scope, name, f"{owner} {what}".rstrip(), document, field)

    if plan.odoo is not None:
        yield claim("Kubernetes namespace", plan.cluster, plan.namespace)
    instance = f"{plan.cluster}/{plan.own_database.identifier if plan.own_database else plan.database.instance}"
    yield claim("PostgreSQL database", instance, plan.database.name)
    yield claim("PostgreSQL role", instance, plan.database.login, "login")
    yield claim("PostgreSQL role", instance, plan.database.owner, "owner")
    yield claim("PostgreSQL role", instance, plan.database.user, "user")
    yield claim("PostgreSQL role", instance, plan.database.former_user, "former user")
    yield claim("secret", region, plan.database.secret, "database")
    yield claim("secret", region, plan.cache.secret, "cache")
    yield claim("ElastiCache user", region, plan.cache.user)
    for key, bucket in plan.buckets.items():
        yield claim("S3 bucket", "everywhere", bucket.name, key)
    recovery = plan.recovery.role if plan.recovery else None
    for key, role in (("pods", plan.role), ("secrets", plan.secrets_role), ("recovery", recovery)):
        if role:
            yield claim("IAM role", account, role.name, key)
    if plan.own_database:
        yield claim("RDS instance", region, plan.own_database.identifier, "database")
        own = plan.own_database
        yield from (claim("RDS instance", region, replica, key) for key, replica in own.replicas.items())
        yield from (claim("IAM role", account, reader.role, f"reader {key}") for key, reader in own.readers.items())
    if plan.own_cache:
        yield claim("ElastiCache group", region, plan.own_cache.id, "cache")
    if plan.backup:
        yield claim("IAM role", account, plan.backup.role, "backup")
    for key, alarm in plan.alarms.items():
        yield claim("alarm", region, alarm.name, key)
    if plan.away:
        return  # keys and hosts are those of the stack at home
    for own_key in (plan.key, plan.dumps_key):
        yield from (claim("KMS alias", scope, alias, "key") for scope, alias in _aliases(own_key, plan.target))
    if plan.spend:
        yield claim("budget", account, plan.spend.name)
    for host in plan.route.hosts:
        yield claim("host name", "everywhere", host)


class _Stack:
    """Claims of one stack of a cell; the owner is named by the stack and the thing's key."""

    def __init__(self, plan: CellPlan | DrPlan | PlatformPlan) -> None:
        self.owner = plan.stack
        self.account = plan.target.account
        self.region = f"{plan.target.account}/{plan.target.region}"
        self.cell = plan.cell

    def claim(self, service: str, scope: str, name: str, what: str) -> Claim:
        return Claim(service, scope, name, f"{self.owner} {what}", "estate", ("cells", self.cell))

    def buckets(self, buckets: Mapping[str, BucketPlan]) -> Iterator[Claim]:
        for key, bucket in buckets.items():
            yield self.claim("S3 bucket", "everywhere", bucket.name, f"bucket {key}")

    def roles(self, names: Iterable[str]) -> Iterator[Claim]:
        for name in names:
            yield self.claim("IAM role", self.account, name, f"role {name}")


def _cell(plan: CellPlan) -> Iterator[Claim]:
    stack = _Stack(plan)
    yield stack.claim("EKS cluster", stack.region, plan.cluster.name, "cluster")
    addons = {**plan.cluster.addons_before_nodes, **plan.cluster.addons_after_nodes}
    for key, role in {
        "control plane": plan.cluster.role,
        "nodes": plan.cluster.node_role,
        "backup": plan.backup.role,
        **{f"add-on {key}": addon.role for key, addon in addons.items() if addon.role},
        **{f"identity {key}": identity.role.name for key, identity in plan.identities.items()},
    }.items():
        yield stack.claim("IAM role", stack.account, role, key)
    for key, database in plan.databases.items():
        yield stack.claim("RDS instance", stack.region, database.identifier, f"database {key}")
        for replica, identifier in database.replicas.items():
            yield stack.claim("RDS instance", stack.region, identifier, f"database {key} {replica}")
        for role, reader in database.readers.items():
            yield stack.claim("IAM role", stack.account, reader.role, f"database {key} reader {role}")
    for key, cache in plan.caches.items():
        yield stack.claim("ElastiCache group", stack.region, cache.id, f"cache {key}")
    yield from stack.buckets(plan.buckets)
    for key, vault in plan.vaults.items():
        scope = f"{stack.account}/{vault.region or plan.target.region}"
        yield stack.claim("backup vault", scope, vault.name, f"vault {key}")
    for key, own in plan.keys.items():
        yield from (stack.claim("KMS alias", scope, alias, f"key {key}") for scope, alias in _aliases(own, plan.target))
    for key, alarm in plan.alarms.items():
        yield stack.claim("alarm", stack.region, alarm.name, f"alarm {key}")
    yield stack.claim("SNS topic", stack.region, plan.alert_topic, "alerts")
    yield stack.claim("host name", "everywhere", plan.zone_domain, "zone")


def _dr(plan: DrPlan) -> Iterator[Claim]:
    stack = _Stack(plan)
    if plan.cluster:
        yield stack.claim("EKS cluster", stack.region, plan.cluster.name, "cluster")
        addons = {**plan.cluster.addons_before_nodes, **plan.cluster.addons_after_nodes}
        names = [plan.cluster.role, plan.cluster.node_role, *(addon.role for addon in addons.values() if addon.role)]
        yield from stack.roles(names)
    for pair in plan.replication_roles.values():
        yield from stack.roles(pair)
    for kept in (plan.databases, plan.former):
        for key, database in kept.items():
            if made := database.replica or database.restored:
                yield stack.claim(
                    "RDS instance", stack.region, made.identifier, f"database {key} {database.generation}"
                )
    for key, cache in plan.caches.items():
        yield stack.claim("ElastiCache group", stack.region, cache.id, f"cache {key}")
    yield from stack.buckets(plan.buckets)
    for key, own in plan.keys.items():
        yield stack.claim("KMS alias", stack.region, own.alias, f"key {key}")
    yield from stack.roles(identity.role.name for identity in plan.identities.values())
    for key, alarm in plan.alarms.items():
        yield stack.claim("alarm", stack.region, alarm.name, f"alarm {key}")
    if plan.alert_topic:
        yield stack.claim("SNS topic", stack.region, plan.alert_topic, "alerts")


def _platform(plan: PlatformPlan) -> Iterator[Claim]:
    stack = _Stack(plan)
    for namespace in (*plan.namespaces, *(pooled.namespace for pooled in plan.pooled.values())):
        yield stack.claim("Kubernetes namespace", plan.cluster, namespace, f"namespace {namespace}")
    for key, pooled in plan.pooled.items():
        yield stack.claim("PostgreSQL role", f"{plan.cluster}/{pooled.database}", pooled.login, f"pooled {key}")
        yield stack.claim("secret", stack.region, pooled.secret, f"pooled {key}")
        if pooled.cache:
            yield stack.claim("ElastiCache user", stack.region, pooled.cache.user, f"pooled {key}")
    if plan.cache_watch:
        yield stack.claim("ElastiCache user", stack.region, plan.cache_watch.user, "cache watch")
        for key, alarm in plan.cache_watch.alarms.items():
            yield stack.claim("alarm", stack.region, alarm.name, f"alarm {key}")
    for key, entry in plan.firewalled.items():
        yield stack.claim("load balancer", stack.region, entry.name, f"entry {key}")
        yield stack.claim("web ACL", stack.region, entry.firewall.name, f"entry {key}")
        for what, alarm in entry.alarms.items():
            yield stack.claim("alarm", stack.region, alarm.name, f"entry {key} {what}")
    for key, pooler in plan.poolers.items():
        yield stack.claim("secret", stack.region, pooler.credentials_secret, f"pooler {key}")


def _landing_zone(plan: LandingZonePlan) -> Iterator[Claim]:
    def claim(service: str, scope: str, name: str, what: str) -> Claim:
        return Claim(service, scope, name, f"{plan.stack} {what}", "estate", ("estate",))

    yield claim("S3 bucket", "everywhere", plan.log_bucket.name, "audit bucket")
    for key, (target, role) in plan.roles.items():
        yield claim("IAM role", plan.targets[target].account, role.name, f"role {key}")
    for key, (target, own) in plan.keys.items():
        place = plan.targets[target]
        yield claim("KMS alias", f"{place.account}/{own.region or place.region}", own.alias, f"key {key}")
    for key, (target, vault) in plan.vaults.items():
        place = plan.targets[target]
        yield claim("backup vault", f"{place.account}/{vault.region or place.region}", vault.name, f"vault {key}")
    for key, budget in plan.budgets_by_key.items():
        yield claim("budget", plan.target.account, budget.name, f"budget {key}")
    yield claim("SNS topic", f"{plan.target.account}/{plan.target.region}", plan.alert_topic, "alerts")
