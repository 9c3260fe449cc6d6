"""Small complete plans of a platform and of a tenant in each tenancy."""

from dataclasses import replace
from typing import Any

from tests.compose import plans as cells

from odoo_estate.plan import (
    AlarmPlan,
    AwsTarget,
    BudgetPlan,
    ChartPlan,
    ClientLimits,
    ContainerSize,
    IssuerPlan,
    KeyPlan,
    OdooPlan,
    PagesPlan,
    PlatformPlan,
    PooledWorkersPlan,
    PoolerPlan,
    PoolPlan,
    PriorityPlan,
    ProvisioningPlan,
    QuotaPlan,
    RolePlan,
    RoutePlan,
    TenantCachePlan,
    TenantDatabasePlan,
    TenantNetworkPlan,
    TenantPlan,
    Workload,
    WorkloadPlan,
)

DIGEST = "@sha256:" + "0123456789abcdef" * 4
DATABASE_CIDRS = ("10.20.16.0/24", "10.20.17.0/24", "10.20.18.0/24")
TARGET = AwsTarget(account=cells.WORKLOAD, region=cells.REGION, role="automation")
PLATFORM_LABELS = {"odoo-estate/estate": "acme", "odoo-estate/cell": "eu-1", "odoo-estate/owner": "platform"}
SMALL = ContainerSize(cpu_millicores=100, memory_mib=128)
CLIENTS = ClientLimits(login_per_minute=10, api_per_minute=40, api_burst=120, body_mib=64)
SESSIONS = {"session_seconds": 604800, "anonymous_session_seconds": 10800, "cache_entry_seconds": 3600}


def labels(customer: str) -> dict[str, str]:
    return {
        "odoo-estate/estate": "acme",
        "odoo-estate/tenant": f"{customer}.production",
        "odoo-estate/service-class": "business",
    }


def workload(**changes: Any) -> WorkloadPlan:
    values: dict[str, Any] = {
        "processes": 5,
        "max_connections": 4,
        "min_replicas": 2,
        "max_replicas": 4,
        "size": ContainerSize(cpu_millicores=1000, memory_mib=2048),
        "arguments": (),
        "settings": {"workers": "4"},
        "port": 8069,
        "recreate": False,
        "target_cpu_percent": 70,
        "grace_seconds": 150,
        "priority_class": "business",
        "node_selector": {"workload": "web"},
        "tolerations": {"workload": "web"},
        "spread_zones": True,
    }
    return WorkloadPlan(**{**values, **changes})


def odoo(**settings: str) -> OdooPlan:
    """Every workload there is."""
    background: dict[str, Any] = {"port": None, "min_replicas": 1, "max_replicas": 1}
    workloads: dict[Workload, WorkloadPlan] = {
        "web": workload(),
        "websocket": workload(arguments=("gevent",), settings={}, port=8072, max_replicas=2),
        "cron": workload(
            arguments=("--no-http",), settings={"workers": "0", "max_cron_threads": "2"}, recreate=True, **background
        ),
        "integration": workload(arguments=("--no-http",), settings={"workers": "0"}, **background),
    }
    return OdooPlan(
        version="18.0",
        image=f"111111111111.dkr.ecr.eu-central-1.amazonaws.com/acme/odoo{DIGEST}",
        uid=100,
        gid=101,
        settings={"limit_time_real": "120", **settings},
        workloads=workloads,
        data_volume_mib=1024,
    )


def quota() -> QuotaPlan:
    return QuotaPlan(
        cpu_millicores=8000,
        memory_mib=16384,
        pods=20,
        default_cpu_millicores=100,
        default_memory_mib=128,
        max_cpu_millicores=4000,
        max_memory_mib=8192,
    )


def network(pooler_name: str = "pooler-main", pooler_namespace: str = "poolers", **changes: Any) -> TenantNetworkPlan:
    values: dict[str, Any] = {
        "pooler_namespace": pooler_namespace,
        "pooler_name": pooler_name,
        "database_cidrs": DATABASE_CIDRS,
        "ingress_namespace": "ingress",
        "monitoring_namespace": "monitoring",
        "https_egress": True,
        "smtp_egress": True,
    }
    return TenantNetworkPlan(**{**values, **changes})


def pooler(**changes: Any) -> PoolerPlan:
    values: dict[str, Any] = {
        "name": "pooler-main",
        "namespace": "poolers",
        "image": f"111111111111.dkr.ecr.eu-central-1.amazonaws.com/acme/pgbouncer{DIGEST}",
        "database": "main",
        "replicas": 2,
        "size": SMALL,
        "pools": {"*": PoolPlan(mode="transaction", size=8), "postgres": PoolPlan(mode="session", size=40)},
        "max_client_connections": 2000,
        "max_db_connections": 20,
        "query_wait_seconds": 60,
        "credentials_secret": "acme/eu-1/pooler-main",
        "sessions_size": SMALL,
        "server_ca": "-----BEGIN CERTIFICATE-----",
        "session_size": 3,
        "max_database_clients": 1000,
        "lookup_connections": 5,
        "node_selector": {"odoo-estate/pool": "system"},
        "tolerations": {"odoo-estate/pool": "system"},
    }
    return PoolerPlan(**{**values, **changes})


def platform() -> PlatformPlan:
    """One shared pooler and the shared workers of one class."""
    return PlatformPlan(
        pod_security="v1.36",
        estate="acme",
        stack="platform.eu-1",
        kind="platform",
        target=TARGET,
        tags=cells.TAGS,
        decisions=(),
        budgets=(),
        guardrails=cells.GUARDRAILS,
        depends_on=("cell.eu-1",),
        cell="eu-1",
        cluster="acme-eu-1",
        namespaces={
            "ingress": {"pod-security.kubernetes.io/enforce": "restricted"},
            "external-secrets": {"pod-security.kubernetes.io/enforce": "restricted"},
            "poolers": {"odoo-estate/part": "poolers"},
        },
        charts={
            "traefik-business": ChartPlan(
                chart="traefik",
                repository="https://charts.example.com/traefik",
                version="41.3.0",
                namespace="ingress",
                values={"deployment": {"replicas": 2}},
            ),
            "external-secrets": ChartPlan(
                chart="external-secrets",
                repository="oci://registry.example.com/charts",
                version="2.9.0",
                namespace="external-secrets",
                values={},
            ),
        },
        poolers={"main": pooler()},
        pooled={
            "standard": PooledWorkersPlan(
                namespace="pooled-standard",
                service_class="standard",
                odoo=odoo(),
                database="main",
                quota=quota(),
                network=network(),
                role="acme-eu-1-pooled-standard",
                login="pool_standard",
                secret="acme/eu-1/pool-standard",
                clients=CLIENTS,
                cache=TenantCachePlan(
                    cache="sessions",
                    prefix="pool-standard:",
                    user="acme-pool-standard",
                    secret="acme/eu-1/pool-standard-cache",
                    memory_mib=64,
                    **SESSIONS,
                ),
            )
        },
        priorities={"business": PriorityPlan(value=1000, description="Business tenants")},
        ingress_classes=("standard", "business"),
        approved_registries=("registry.example",),
        provisioning=ProvisioningPlan(
            namespace="databases", image=f"registry.example.com/postgres{DIGEST}", database_cidrs=DATABASE_CIDRS
        ),
        labels=PLATFORM_LABELS,
        pages=PagesPlan(
            namespace="ingress",
            image=f"registry.example.com/nginx{DIGEST}",
            replicas=2,
            size=SMALL,
            brands={"_operator": ("Acme", "help@acme.example"), "bright": ("Bright & Co", "help@bright.example")},
        ),
        ingress_targets={"business": "ingress.eu-1.erp.example.com"},
        issuers={
            "public": IssuerPlan(
                server="https://acme.example.com/directory",
                email="ops@example.com",
                region=cells.REGION,
                domains=("erp.example.com",),
            )
        },
    )


def tenant(customer: str = "medsupply", **changes: Any) -> TenantPlan:
    """Namespaced: own namespace and workloads, database and cache shared with others."""
    stack = f"tenant.{customer}.production"
    values: dict[str, Any] = {
        "estate": "acme",
        "stack": stack,
        "kind": "tenant",
        "target": TARGET,
        "tags": {**cells.TAGS, "tenant": customer},
        "decisions": (),
        "budgets": (),
        "guardrails": cells.GUARDRAILS,
        "depends_on": ("cell.eu-1", "platform.eu-1"),
        "customer": customer,
        "environment": "production",
        "tenancy": "namespaced",
        "service_class": "business",
        "partner": "",
        "cell": "eu-1",
        "cluster": "acme-eu-1",
        "pod_security": "v1.36",
        "namespace": f"{customer}-production",
        "labels": labels(customer),
        "odoo": odoo(),
        "quota": quota(),
        "network": network(),
        "database": database(customer),
        "own_database": None,
        "pooler": pooler(),
        "cache": TenantCachePlan(
            cache="sessions",
            prefix=f"{customer}-production:",
            user=f"acme-{customer}-production",
            secret=f"acme/{customer}/production/cache",
            memory_mib=64,
            **SESSIONS,
        ),
        "own_cache": None,
        "node_pool": None,
        "buckets": {
            "attachments": cells.bucket(f"acme-{customer}-production-attachments"),
            "exports": cells.bucket(f"acme-{customer}-production-exports", purpose="exports"),
        },
        "object_bucket": "",
        "object_prefix": "",
        "role": cells.role(f"acme-{customer}-production"),
        "service_account": "odoo",
        "secrets_role": RolePlan(name=f"acme-{customer}-production-secrets", description="Reads secrets", trust=()),
        "route": route(customer),
        "spend": BudgetPlan(
            name=f"acme-{customer}-production",
            limit_usd=500,
            tag=("tenant", customer),
            actual_percent=(80, 100),
            forecast_percent=(100,),
            emails=("ops@example.com",),
        ),
        "alarms": {"errors": alarm(customer)},
        "backup": None,
        "key": None,
    }
    return TenantPlan(**{**values, **changes})


def database(customer: str, **changes: Any) -> TenantDatabasePlan:
    values: dict[str, Any] = {
        "instance": "main",
        "name": f"{customer}_production",
        "owner": f"{customer}_production_owner",
        "login": f"{customer}_production_login",
        "user": f"{customer}_production_user_odd",
        "former_user": f"{customer}_production_user_even",
        "secret": f"acme/{customer}/production/database",
        "extensions": ("pg_trgm", "unaccent"),
        "connection_limit": 40,
        "statement_timeout_seconds": 600,
        "idle_in_transaction_timeout_seconds": 300,
        "job_image": f"registry.example.com/postgres{DIGEST}",
        "pool_size": 8,
        "job_namespace": "databases",
    }
    return TenantDatabasePlan(**{**values, **changes})


def route(customer: str) -> RoutePlan:
    host = f"{customer}.eu-1.erp.example.com"
    return RoutePlan(
        tenant=f"{customer}.production",
        hosts=(host, f"erp.{customer}.example"),
        ingress_class="business",
        requests_per_second=50,
        burst=100,
        clients=CLIENTS,
        own_certificate=(f"erp.{customer}.example",),
        zones={host: "cell"},
        certificate_issuer="public",
        target="ingress.eu-1.erp.example.com",
    )


def alarm(customer: str) -> AlarmPlan:
    return AlarmPlan(
        name=f"acme-{customer}-production-errors",
        description="Errors",
        namespace="Estate",
        metric="Errors",
        statistic="Sum",
        comparison="GreaterThanThreshold",
        threshold=5,
        period_seconds=300,
        evaluation_periods=2,
        dimensions={"tenant": customer},
    )


def pooled(customer: str = "corner-shop") -> TenantPlan:
    """Served by the platform's workers: nothing of its own but a database, a route and a budget."""
    return tenant(
        customer,
        tenancy="pooled",
        service_class="standard",
        namespace="pooled-standard",
        odoo=None,
        quota=None,
        network=None,
        database=database(customer.replace("-", "_"), pool_login="pool_standard"),
        buckets={},
        object_bucket="acme-eu-1-attachments",
        object_prefix=f"{customer}/production/",
        route=replace(
            route(customer), ingress_class="standard", database_filter=f"^{customer.replace('-', '_')}_production$"
        ),
        role=None,
        secrets_role=None,
        alarms={},
    )


def semi_dedicated(customer: str = "bulk") -> TenantPlan:
    """Own nodes, instance, cache, pooler and key in the shared cluster."""
    namespace = f"{customer}-production"
    return tenant(
        customer,
        tenancy="semi-dedicated",
        database=database(customer, instance="own"),
        own_database=cells.database(f"acme-{customer}-production"),
        own_cache=cells.cache(f"acme-{customer}"),
        network=network("pooler-bulk", namespace),
        pooler=pooler(
            name="pooler-bulk",
            namespace=namespace,
            database="own",
            credentials_secret=f"acme/{customer}/production/pooler",
        ),
        node_pool=cells.node_pool("bulk"),
        key=KeyPlan(alias=f"acme/{customer}/production", description="Data of bulk"),
        backup=replace(cells.backup(), name=f"acme-{customer}", vault="acme-eu-1-primary"),
    )
