"""How a cell's shared cache is measured tenant by tenant, and who is told when one takes more than its share.

ElastiCache's own metrics know nodes, not prefixes. The job knows tenants by the tags of their users, so that this plan follows from estate and
catalog alone; one query finds whoever is past its share, so that no tenant costs an alarm.
"""

from odoo_estate.decide import identities, shared
from odoo_estate.decide.context import MAIN, Context
from odoo_estate.decide.landing_zone import recovery_image
from odoo_estate.decide.naming import name
from odoo_estate.plan import AlarmPlan, CacheWatchPlan, PlatformIdentityPlan, RolePlan

SERVICE_ACCOUNT = "cache-watch"
EVERY_MINUTES = 15
DEADLINE_SECONDS = 600
"""Less than `EVERY_MINUTES`: AWS' answers take most of it, a call for each user."""
SAMPLE_KEYS = 100_000
"""A cache of the smaller bands is seen whole (16 KiB a session). Of a larger one: a tenant's share of a tenth is known to within 2 % of itself (95 of
100 samples; equal keys: 1.96 x sqrt(0.9 / 0.1 / 100000))."""
SAMPLE_SECONDS = 60
FULL_PERCENT = 100
PERIODS = 2
"""Half an hour: a burst of short-lived results is over by then."""
SILENT_SECONDS = 3600
"""Four runs in a row that measured nothing."""


def cache_watch_plan(context: Context, cell: str) -> CacheWatchPlan | None:
    """None where the estate names no image of the program."""
    image = recovery_image(context)
    if image is None:
        return None
    place = shared.place(shared.band(context, cell), shared.SYSTEM_POOL)
    return CacheWatchPlan(
        cache=MAIN,
        image=image,
        namespace=shared.PROVISIONING_NAMESPACE,
        service_account=SERVICE_ACCOUNT,
        schedule=f"*/{EVERY_MINUTES} * * * *",
        deadline_seconds=DEADLINE_SECONDS,
        user=_user(context, cell),
        size=shared.CACHE_WATCH_SIZE,
        priority_class=shared.BACKGROUND_PRIORITY,
        node_selector=place.node_selector,
        tolerations=place.tolerations,
        variables={
            "AWS_REGION": shared.target(context, cell).region,
            "CACHE_ID": shared.cache_id(context, cell),
            "CACHE_USER": _user(context, cell),
            "METRIC_NAMESPACE": metric_namespace(context),
            "SAMPLE_KEYS": str(SAMPLE_KEYS),
            "SAMPLE_SECONDS": str(SAMPLE_SECONDS),
        },
        alarms=_alarms(context, cell),
    )


def identity(context: Context, cell: str) -> PlatformIdentityPlan:
    """Enters the cell's cache as its watcher, reads the tags of cache users, and writes metrics of one namespace."""
    target = shared.target(context, cell)
    return PlatformIdentityPlan(
        namespace=shared.PROVISIONING_NAMESPACE,
        service_account=SERVICE_ACCOUNT,
        role=RolePlan(
            name=identities.platform_role(context, cell, SERVICE_ACCOUNT),
            description=f"Measures the shared cache of cell {cell}",
            trust=(identities.pod_trust(target, shared.cluster(context, cell)),),
            statements=(
                {
                    "Effect": "Allow",
                    "Action": ["elasticache:Connect"],
                    "Resource": [
                        target.arn("elasticache", f"replicationgroup:{shared.cache_id(context, cell)}"),
                        target.arn("elasticache", f"user:{_user(context, cell)}"),
                    ],
                },
                {
                    "Effect": "Allow",
                    "Action": ["elasticache:DescribeUsers", "elasticache:ListTagsForResource"],
                    "Resource": target.arn("elasticache", "user:*"),
                },
                {
                    "Effect": "Allow",
                    "Action": ["cloudwatch:PutMetricData"],
                    "Resource": "*",
                    "Condition": {"StringEquals": {"cloudwatch:namespace": metric_namespace(context)}},
                },
            ),
        ),
    )


def metric_namespace(context: Context) -> str:
    return f"{context.estate.estate}/cache"


def _user(context: Context, cell: str) -> str:
    return name("elasticache-user", context.estate.estate, cell, SERVICE_ACCOUNT)


def _alarms(context: Context, cell: str) -> dict[str, AlarmPlan]:
    """A share that is exceeded, by whomever, and a measurement that does not come."""
    cache, namespace = shared.cache_id(context, cell), metric_namespace(context)
    parts = (context.estate.estate, cell, "cache", MAIN)
    return {
        f"cache-{MAIN}-share": AlarmPlan(
            name=name("alarm", *parts, "share"),
            description=f"Cache {cache}: a tenant takes more than the budget grants it; the alarm's contributors name it",
            namespace=namespace,
            metric="CacheSharePercent",
            statistic="Maximum",
            comparison="GreaterThanThreshold",
            threshold=FULL_PERCENT,
            period_seconds=EVERY_MINUTES * 60,
            evaluation_periods=PERIODS,
            dimensions={},
            # A tenant that left measures nothing any more.
            missing_data="notBreaching",
            # A query of several series must be ordered, or PutMetricAlarm refuses it.
            query=f'SELECT MAX(CacheSharePercent) FROM SCHEMA("{namespace}", Cache, Tenant) '
            f"WHERE Cache = '{cache}' GROUP BY Tenant ORDER BY MAX() DESC",
        ),
        f"cache-{MAIN}-unmeasured": AlarmPlan(
            name=name("alarm", *parts, "unmeasured"),
            description=f"Cache {cache}: nobody knows who takes how much; look at the job {SERVICE_ACCOUNT}",
            namespace=namespace,
            metric="CacheShareMeasured",
            statistic="Sum",
            comparison="LessThanThreshold",
            threshold=1,
            period_seconds=SILENT_SECONDS,
            evaluation_periods=1,
            dimensions={"Cache": cache},
            missing_data="breaching",
        ),
    }
