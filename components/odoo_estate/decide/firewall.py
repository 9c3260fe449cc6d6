"""The entries that stand behind a web application firewall: what AWS WAF lets through, and how the load balancer before Traefik is called."""

from odoo_estate.decide import shared
from odoo_estate.decide.context import Context
from odoo_estate.decide.logs import log_days
from odoo_estate.decide.naming import name, part
from odoo_estate.plan import AlarmPlan, FirewalledEntryPlan, FirewallPlan, RuleGroupPlan
from odoo_estate.spec.catalog import Firewall

LOG_PREFIX = "aws-waf-logs-"
"""AWS WAF writes into log groups that are called so, and into no other."""
IDLE_SECONDS = 720
"""As long as a request may take; Odoo pings its websockets long before."""
PERIOD_SECONDS = 300


def behind_firewall(context: Context, service_class: str) -> bool:
    """Whether the entry of a class stands behind a firewall."""
    return context.catalog.service_classes[service_class].firewall is not None


def entries(context: Context, cell: str) -> dict[str, FirewalledEntryPlan]:
    """Ingress class to its entry, for the classes of the cell that have a firewall."""
    found = {}
    for key in shared.band(context, cell).serves:
        service = context.catalog.service_classes[key]
        if service.firewall is not None:
            spec = context.catalog.firewalls[service.firewall]
            entry = shared.ingress_class(key)
            found[entry] = _entry(context, cell, entry, spec, log_days(service.log_retention_days))
    return found


def _entry(context: Context, cell: str, entry: str, spec: Firewall, days: int) -> FirewalledEntryPlan:
    parts = (context.estate.estate, cell, part(entry))
    acl = name("web-acl", *parts)
    return FirewalledEntryPlan(
        name=name("load-balancer", *parts),
        namespace=shared.INGRESS_NAMESPACE,
        release=shared.ingress_release(entry),
        tls_namespace=shared.BEHIND_BALANCER_NAMESPACE,
        idle_seconds=IDLE_SECONDS,
        firewall=FirewallPlan(
            name=acl,
            metric=acl,
            block=spec.mode == "block",
            requests_per_five_minutes=spec.requests_per_five_minutes,
            groups=tuple(
                RuleGroupPlan(
                    name=key,
                    count=(*group.count, *group.outside_odoo),
                    labels=tuple(group.outside_odoo.values()),
                )
                for key, group in spec.groups.items()
            ),
            log_group=f"{LOG_PREFIX}{acl}",
            log_retention_days=days,
        ),
        alarms={"firewall": _blocked(context, cell, parts, acl, spec.blocked_alarm)},
    )


def _blocked(context: Context, cell: str, parts: tuple[str, ...], acl: str, threshold: int) -> AlarmPlan:
    return AlarmPlan(
        name=name("alarm", *parts, "firewall"),
        description=f"Firewall {acl}: {threshold} requests blocked in five minutes; the log group {LOG_PREFIX}{acl} says by which rule",
        namespace="AWS/WAFV2",
        metric="BlockedRequests",
        statistic="Sum",
        comparison="GreaterThanThreshold",
        threshold=threshold,
        period_seconds=PERIOD_SECONDS,
        evaluation_periods=1,
        dimensions={"WebACL": acl, "Region": shared.target(context, cell).region, "Rule": "ALL"},
        missing_data="notBreaching",  # without requests there is no metric
    )
