"""One tenant environment, in any tenancy."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
from pulumi_aws import route53

from odoo_estate.aws.alarm import Alarms
from odoo_estate.aws.backup_schedule import BackupSchedule
from odoo_estate.aws.bucket import Bucket
from odoo_estate.aws.budget import Budget
from odoo_estate.aws.cache import Cache, CacheUser
from odoo_estate.aws.entry_certificate import EntryCertificate, EntryCertificateArgs
from odoo_estate.aws.key import Key
from odoo_estate.aws.pod_identity import PodIdentity
from odoo_estate.aws.references import CacheRef, DatabaseRef
from odoo_estate.aws.role import Role
from odoo_estate.compose.kubernetes_stack import Here, here, place_of
from odoo_estate.compose.order import after
from odoo_estate.compose.outputs import CellOutputs, LandingZoneOutputs, Outputs, PlatformOutputs, TenantOutputs
from odoo_estate.compose.providers import aws_provider
from odoo_estate.compose.provisioning import Provisioning, prepare_instance, prepare_pooled_tenant, prepare_tenant
from odoo_estate.kubernetes.boundary import tenant_boundary
from odoo_estate.kubernetes.external_secret import secret_store
from odoo_estate.kubernetes.namespace import WorkloadNamespace
from odoo_estate.kubernetes.network_policies import workload_policies
from odoo_estate.kubernetes.pgbouncer_ini import pooler_login
from odoo_estate.kubernetes.pooler import Pooler, pooler_host
from odoo_estate.kubernetes.route import SHARED, Route
from odoo_estate.odoo.database_access import STORE as PLATFORM_STORE
from odoo_estate.odoo.database_access import instance_name, master_access, master_secret
from odoo_estate.odoo.database_job import DatabaseJob
from odoo_estate.odoo.environment import OdooEnvironment, SessionStore
from odoo_estate.odoo.login import Login
from odoo_estate.odoo.module_job import OdooJob, shared_configuration
from odoo_estate.odoo.recovery_job import RecoveryJobs, RecoveryRun
from odoo_estate.odoo.workload import object_name
from odoo_estate.plan import OWN, READER, CachePlan, DatabasePlan, OdooPlan, TenantPlan

References = Mapping[str, pulumi.StackReference]
STORE = "tenant"
RECORD_TTL_SECONDS = 300


@dataclass(frozen=True, kw_only=True)
class Data:
    """What the environment's workloads keep their data in."""

    key_arn: pulumi.Input[str]
    database: DatabaseRef | None
    """Its own instance; None on a shared one."""
    cache: CacheRef


def compose_tenant(plan: TenantPlan, references: References) -> Outputs:
    """A pooled tenant is a database, a route and its records; every other has a namespace with workloads of its own."""
    cell = place_of(plan, references)
    platform = PlatformOutputs.read(references[f"platform.{plan.cell}{'.dr' if plan.away else ''}"])
    at = here(plan, cell)
    dumps = own_dumps_key(plan, at)
    dumps_key_arn = dumps.arn if dumps else inherited_dumps_key(plan, references, cell)
    if plan.odoo is None:
        pooled(plan, references, at, dumps_key_arn)
    else:
        own(plan, plan.odoo, cell, references, at, dumps_key_arn=dumps_key_arn)
    if not plan.away:  # the hosts' records lead to the ingress' name, and that is what moves
        records(plan, references, cell, at)
    proofs = entry_certificates(plan, platform, cell, at)
    governance(plan, cell, at)
    return TenantOutputs.write(
        urls=[f"https://{host}" for host in plan.route.served],
        namespace=plan.namespace,
        database=plan.database.name,
        **({"dumpsKey": dumps.arn} if dumps else {}),
        **({"dumpsKeyCopy": dumps.replica_arn} if dumps and dumps.replica_arn is not None else {}),
        **({"domain_proofs": proofs} if proofs else {}),
    )


def pooled(plan: TenantPlan, references: References, at: Here, dumps_key_arn: pulumi.Input[str]) -> None:
    """The shared workers serve it: no namespace, no pods, no secret of its own."""
    jobs = provisioning(plan, at)
    made = prepare_pooled_tenant(jobs, shared_instance(plan), plan.database)
    recovery(plan, shared_instance(plan), at, made, dumps_key_arn)
    configuration = None
    if plan.job and plan.job.odoo:
        configuration = shared_configuration(
            "work-configuration",
            plan.job.odoo,
            secret=plan.job.name,
            namespace=plan.namespace,
            labels=plan.labels,
            store=PLATFORM_STORE,
            host=pooler_host(plan.pooler),
            opts=at.cluster,
        )
    work(
        plan,
        shared_instance(plan),
        at,
        made,
        key_arn=source_key(plan, references, dumps_key_arn),
        configuration=configuration,
    )
    route(plan, shared=SHARED, options=after(at.components, made))


def own(
    plan: TenantPlan,
    odoo: OdooPlan,
    cell: CellOutputs,
    references: References,
    at: Here,
    *,
    dumps_key_arn: pulumi.Input[str],
) -> None:
    """Data, nodes, namespace, identity, database, workloads and the way in."""
    data = own_data(plan, cell, at)
    nodes = own_nodes(plan, cell, at)
    space = namespace(plan, at)
    role = reader(plan, at)
    store = door("store", plan, at, role, store=STORE, namespace=plan.namespace, ready=(space,))
    jobs = provisioning(
        plan, at, door("job-store", plan, at, role, store=shared_name(plan), namespace=plan.database.job_namespace)
    )
    identity = objects(plan, data, at)
    login = Login(
        "login",
        {
            "login": plan.database.user,
            "login_version": plan.database.login_version,
            "secret_name": plan.database.secret,
            "description": f"Database login of {plan.customer}.{plan.environment}",
            "key_arn": data.key_arn,
            "recoverable": not plan.away,
        },
        at.components,
    )
    database = own_database(plan, data, login, jobs, store)
    instance = shared_name(plan) if data.database else shared_instance(plan)
    recovery(plan, instance, at, database, dumps_key_arn)
    environment = OdooEnvironment(
        "odoo",
        {
            "odoo": odoo,
            "namespace": plan.namespace,
            "labels": plan.labels,
            "service_account": plan.service_account,
            "store": STORE,
            "database_host": pooler_host(plan.pooler),
            "database_user": plan.database.user,
            "database": plan.database.name,
            "credentials": login.arn,
            "credentials_version": login.version,
            "sessions": sessions(plan, data, at),
            "variables": object_variables(plan),
        },
        after(at.components, space, store, database, *nodes, *identity),
    )
    # After the workloads, which have to be told to go first.
    work(
        plan,
        instance,
        at,
        database,
        environment,
        key_arn=source_key(plan, references, dumps_key_arn),
        configuration=environment.configuration,
    )
    route(plan, shared={}, options=after(at.components, space))


# --- data ----------------------------------------------------------------------------------------------------------


def own_data(plan: TenantPlan, cell: CellOutputs, at: Here) -> Data:
    """The key, the instance and the cache, where the class promises the tenant its own, else the cell's."""
    key = Key("key", {"plan": plan.key, "target": plan.target}, at.components).arn if plan.key else cell.key_arn("data")
    return Data(
        key_arn=key,
        database=own_instance_of(plan, key, cell, at),
        cache=cache(plan.own_cache, key, cell, at) if plan.own_cache else cell.cache(plan.cache.cache),
    )


def own_instance_of(plan: TenantPlan, key_arn: pulumi.Input[str], cell: CellOutputs, at: Here) -> DatabaseRef | None:
    """Made here; in the recovery region, what has followed it there."""
    if plan.own_database is not None:
        return instance(plan, plan.own_database, key_arn, cell, at)
    return cell.database(f"{plan.customer}.{plan.environment}") if plan.database.instance == OWN else None


def instance(
    plan: TenantPlan, database: DatabasePlan, key_arn: pulumi.Input[str], cell: CellOutputs, at: Here
) -> DatabaseRef:
    from odoo_estate.aws.postgres import PostgresInstance  # a tenth of a second that most tenants need not pay for

    return PostgresInstance(
        "instance",
        {
            "plan": database,
            "target": plan.target,
            "network": cell.network,
            "clients": {"nodes": cell.cluster.security_group_id},
            "key_arn": key_arn,
            "log_key_arn": cell.key_arn("logs"),
        },
        at.components,
    ).ref


def cache(plan: CachePlan, key_arn: pulumi.Input[str], cell: CellOutputs, at: Here) -> CacheRef:
    clients = {"nodes": cell.cluster.security_group_id}
    return Cache(
        "cache", {"plan": plan, "network": cell.network, "clients": clients, "key_arn": key_arn}, at.components
    ).ref


def objects(plan: TenantPlan, data: Data, at: Here) -> list[pulumi.Resource]:
    """Buckets by purpose, and the role through which the tenant's pods, and nobody else's, reach them."""
    made: list[pulumi.Resource] = [
        Bucket(f"bucket-{purpose}", {"plan": bucket, "key_arn": data.key_arn}, at.components)
        for purpose, bucket in plan.buckets.items()
    ]
    if plan.role:
        made.append(
            PodIdentity(
                "identity",
                {
                    "role": plan.role,
                    "cluster_name": plan.cluster,
                    "namespace": plan.namespace,
                    "service_account": plan.service_account,
                },
                at.components,
            )
        )
    return made


def object_variables(plan: TenantPlan) -> dict[str, str]:
    """Where the add-ons find the tenant's buckets; credentials come from the pods' identity. A kind without a bucket of its own lies in the
    attachments' bucket, below its name."""
    names: Mapping[str, str] = {**{kind: bucket.name for kind, bucket in plan.buckets.items()}, **plan.copies}
    kinds = ("attachments", "documents", "exports") if "attachments" in names else ()
    buckets = {f"ESTATE_BUCKET_{kind.upper()}": names.get(kind, f"{names['attachments']}/{kind}") for kind in kinds}
    return {"AWS_REGION": plan.target.region, **buckets}


def sessions(plan: TenantPlan, data: Data, at: Here) -> SessionStore:
    user = CacheUser(
        "cache-user",
        {
            "user": plan.cache.user,
            "prefix": plan.cache.prefix,
            "cache": data.cache,
            "secret_name": plan.cache.secret,
            "key_arn": data.key_arn,
            "recoverable": not plan.away,
            "memory_mib": plan.cache.memory_mib,
            "alone": plan.own_cache is not None,
        },
        at.components,
    )
    return {"secret": user.secret_arn, "version": user.secret_version, "plan": plan.cache}


# --- cluster -------------------------------------------------------------------------------------------------------


def own_nodes(plan: TenantPlan, cell: CellOutputs, at: Here) -> list[pulumi.Resource]:
    if plan.node_pool is None:
        return []
    from odoo_estate.aws.node_pool import NodePool  # a fifth of a second that most tenants need not pay for

    return [
        NodePool(
            "nodes",
            {
                "plan": plan.node_pool,
                "cluster_name": plan.cluster,
                "node_role_arn": cell.cluster.node_role_arn,
                "network": cell.network,
                "tags": plan.tags,
                "key_arn": cell.key_arn("data"),
            },
            at.components,
        )
    ]


def namespace(plan: TenantPlan, at: Here) -> WorkloadNamespace:
    return WorkloadNamespace(
        "namespace",
        {
            "namespace": plan.namespace,
            "labels": plan.labels,
            "pod_security": plan.pod_security,
            "policies": workload_policies(plan.network) if plan.network else {},
            "quota": plan.quota,
            "pooler": plan.pooler.name,
            "service_account": plan.service_account,
            "boundary": boundary(plan),
            "partner": plan.partner,
        },
        at.components,
    )


def boundary(plan: TenantPlan) -> Mapping[str, str]:
    """What the namespace may claim: its hosts, the node pools that its workloads were planned for, the role of its secrets."""
    workloads = plan.odoo.workloads.values() if plan.odoo else ()
    return tenant_boundary(
        hosts=plan.route.served,
        pools=[pool for one in workloads for pool in one.node_selector.values()],
        secrets_role_arn=plan.target.arn("iam", f"role/{plan.secrets_role.name}", regional=False)
        if plan.secrets_role
        else "",
    )


def reader(plan: TenantPlan, at: Here) -> Role | None:
    """What External Secrets goes through the tenant's doors as: it reads the tenant's secrets and no others."""
    return Role("secrets", {"plan": plan.secrets_role}, at.components) if plan.secrets_role else None


def door(
    name: str,
    plan: TenantPlan,
    at: Here,
    role: Role | None,
    *,
    store: str,
    namespace: str,
    ready: tuple[pulumi.Resource, ...] = (),
) -> pulumi.Resource:
    """One namespace's door to the tenant's secrets."""
    return secret_store(
        name,
        store=store,
        namespace=namespace,
        labels=plan.labels,
        region=plan.target.region,
        role_arn=role.arn if role else None,
        opts=after(at.cluster, *ready, *([role] if role else [])),
    )


def own_database(plan: TenantPlan, data: Data, login: Login, jobs: Provisioning, store: pulumi.Resource) -> DatabaseJob:
    """The tenant's login and database; before that, in an instance of its own, what its pooler needs, and the pooler."""
    instance = shared_instance(plan)
    prepared: tuple[DatabaseJob, ...] = ()
    if data.database is not None:
        instance = shared_name(plan)
        prepared = (own_instance(plan, data, data.database, jobs, store),)
    return prepare_tenant(
        jobs, secret=shared_name(plan), instance=instance, database=plan.database, credentials=login, prepared=prepared
    )


def own_instance(
    plan: TenantPlan, data: Data, database: DatabaseRef, jobs: Provisioning, store: pulumi.Resource
) -> DatabaseJob:
    at, instance = jobs.here, shared_name(plan)
    # Through the platform's door: the tenant's own does not lead to the master user.
    master_access(
        "master",
        instance=instance,
        namespace=jobs.namespace,
        labels=plan.labels,
        store=PLATFORM_STORE,
        host=database.address,
        server_ca=plan.pooler.server_ca,
        document=database.secret_arn,
        opts=at.cluster,
    )
    credentials = Login(
        "pooler",
        {
            "login": pooler_login(plan.pooler),
            "secret_name": plan.pooler.credentials_secret,
            "description": f"Login of pooler {plan.pooler.name}",
            "key_arn": data.key_arn,
            "recoverable": not plan.away,
        },
        at.components,
    )
    prepared = prepare_instance(jobs, "instance-job", instance=instance, pooler=plan.pooler, credentials=credentials)
    Pooler(
        "pooler",
        {
            "plan": plan.pooler,
            "labels": plan.labels,
            "host": database.address,
            "replica_host": database.replicas[READER] if plan.pooler.replica_size else "",
            "database_cidrs": plan.network.database_cidrs if plan.network else (),
            "store": STORE,
            "credentials": credentials.arn,
            "credentials_version": credentials.version,
        },
        after(at.components, store, prepared),
    )
    return prepared


def recovery(
    plan: TenantPlan, instance: str, at: Here, database: pulumi.Resource, dumps_key_arn: pulumi.Input[str]
) -> None:
    """Dumps of the database and their verification; ``instance`` names the master credentials. They run beside the jobs that need the same ones, as
    nobody that the tenant's own pods could become."""
    if plan.recovery is None:
        return
    identity = PodIdentity(
        "recovery",
        {
            "role": plan.recovery.role,
            "cluster_name": plan.cluster,
            "namespace": plan.recovery.namespace,
            "service_account": plan.recovery.service_account,
        },
        at.components,
    )
    RecoveryJobs(
        "recovery",
        {
            "plan": plan.recovery,
            "labels": plan.labels,
            "service": master_secret(instance),
            "key_arn": dumps_key_arn,
        },
        after(at.components, database, identity),
    )


def work(
    plan: TenantPlan,
    instance: str,
    at: Here,
    *ready: pulumi.Resource,
    key_arn: pulumi.Input[str],
    configuration: pulumi.Output[str] | None,
) -> None:
    """The job that an initialisation, upgrade or copy has come to, if there is one."""
    job = plan.job
    if job is None:
        return
    if job.recovery:
        RecoveryRun(
            f"work-{job.phase}",
            {
                "plan": job.recovery,
                "job": job,
                "labels": plan.labels,
                "service": master_secret(instance),
                "key_arn": key_arn,
            },
            after(at.components, *ready),
        )
    if job.odoo and configuration:
        OdooJob(
            f"work-{job.phase}",
            {
                "plan": job.odoo,
                "job": job,
                "namespace": plan.namespace,
                "labels": plan.labels,
                "service_account": plan.service_account,
                "configuration": configuration,
                "variables": object_variables(plan),
            },
            after(at.components, *ready),
        )


def source_key(plan: TenantPlan, references: References, dumps_key_arn: pulumi.Input[str]) -> pulumi.Input[str]:
    """What opens the dump that a job works with: for a copy its source's key, where that has one of its own."""
    source = plan.job.recovery.key_stack if plan.job and plan.job.recovery else ""
    return TenantOutputs.read(references[source]).dumps_key_arn if source else dumps_key_arn


def own_dumps_key(plan: TenantPlan, at: Here) -> Key | None:
    if plan.dumps_key is None or plan.away:
        return None
    return Key("key-dumps", {"plan": plan.dumps_key, "target": plan.target}, at.components)


def inherited_dumps_key(plan: TenantPlan, references: References, cell: CellOutputs) -> pulumi.Output[str]:
    """The cell's; in the recovery region, of a tenant with a key of its own, the replica that its stack at home made."""
    if plan.dumps_key is not None:
        return TenantOutputs.read(references[f"tenant.{plan.customer}.{plan.environment}"]).dumps_key_copy
    return cell.key_arn("dumps")


def provisioning(plan: TenantPlan, at: Here, *ready: pulumi.Resource) -> Provisioning:
    return Provisioning(
        namespace=plan.database.job_namespace,
        store=shared_name(plan),
        image=plan.database.job_image,
        labels=plan.labels,
        here=at,
        after=ready,
        readers=plan.database.readers,
    )


def shared_instance(plan: TenantPlan) -> str:
    """The cell's instance, in names of jobs' secrets."""
    return instance_name(plan.database.instance, plan.database.generation)


def shared_name(plan: TenantPlan) -> str:
    """What the tenant's objects are called in namespaces that it shares."""
    return f"{plan.customer}-{plan.environment}"


def route(plan: TenantPlan, *, shared: Mapping[str, str], options: pulumi.ResourceOptions) -> None:
    Route(
        "route",
        {
            "plan": plan.route,
            "name": shared_name(plan),
            "namespace": plan.namespace,
            "labels": plan.labels,
            "web_service": object_name("web"),
            "websocket_service": object_name("websocket"),
            "shared": shared,
        },
        options,
    )


# --- names, money, alarms, backups ---------------------------------------------------------------------------------


def records(plan: TenantPlan, references: References, cell: CellOutputs, at: Here) -> None:
    """Every host whose zone the estate manages leads to the cell's ingress."""
    elsewhere = plan.route.zone_target
    parent = pulumi.ResourceOptions(provider=aws_provider("aws-dns", elsewhere, plan.tags)) if elsewhere else at.aws
    for host, zone in plan.route.zones.items():
        in_cell = zone == "cell"
        route53.Record(
            f"record-{host}",
            zone_id=cell.zone_id if in_cell else LandingZoneOutputs.read(references["landing-zone"]).zone_id(zone),
            name=host,
            type="CNAME",
            ttl=RECORD_TTL_SECONDS,
            records=[plan.route.target],
            opts=at.aws if in_cell else parent,
        )


def entry_certificates(
    plan: TenantPlan, platform: PlatformOutputs, cell: CellOutputs, at: Here
) -> dict[str, dict[str, pulumi.Output[str]]]:
    """Certificates on the load balancer of a firewalled entry; returns the records that owners of domains have to write, by domain."""
    proofs = {}
    for host, proven in plan.route.entry_certificates.items():
        listener = platform.listener_arn(plan.route.ingress_class)
        args: EntryCertificateArgs = {"host": host, "proven": proven, "listener_arn": listener}
        if host in plan.route.zones and not plan.away:
            args["zone_id"] = cell.zone_id
        certificate = EntryCertificate(f"certificate-{host}", args, at.components)
        if host not in plan.route.zones:
            proofs[host] = certificate.proof
    return proofs


def governance(plan: TenantPlan, cell: CellOutputs, at: Here) -> None:
    if plan.spend:
        Budget("budget", {"plan": plan.spend}, at.components)
    if plan.alarms:
        Alarms("alarm", {"plan": plan.alarms, "topic_arn": cell.alert_topic_arn}, at.components)
    if plan.backup:
        BackupSchedule(
            "backup",
            {
                "plan": plan.backup,
                "vault_name": plan.backup.vault,
                "vault_arn": plan.target.arn("backup", f"backup-vault:{plan.backup.vault}"),
                "restore_overrides": {"dbSubnetGroupName": cell.network.database_subnet_group},
            },
            at.components,
        )
