"""Alerting rules of a cell's cluster, as plain data: what each class is promised, and what stands still before anybody complains.

What AWS measures (instances, caches, backups, balancers) has alarms of its own; these are of what only the cluster sees. Every alert says whom it
concerns (``service_class`` or ``namespace``), how bad it is and who acts; none waits for a person before a short burst is over.
"""

from collections.abc import Iterator

from odoo_estate.decide import shared
from odoo_estate.decide.context import Context
from odoo_estate.decide.workloads import JOB_SECONDS
from odoo_estate.plan import AlertPlan

BURNS = (("fast", "5m", "1h", 14.4, "critical"), ("slow", "30m", "6h", 6.0, "warning"))
"""Short and long window, and how many times faster than the month's promise errors are made (Site Reliability Workbook, chapter 5): at 14.4 a month's
worth is gone in two days, at 6 in five."""
SLOW_SECONDS = 2.5
"""A bucket of the ingress' histogram: what people take for "the system hangs" (own)."""
SLOW_SHARE = 0.05
LEAST_RATE = 0.1
"""Requests a second below which a share says nothing: one failure in a quiet hour is no incident."""
CERTIFICATE_DAYS = 14
"""cert-manager renews 30 days before the end; two weeks of failures have somebody look while two are left."""
LATE_DUMP_FACTOR = 1.5
"""Of the longest interval between dumps: one that failed and was not made up for by its retries."""
FULL_MINUTES = 30
"""An autoscaler at its most for so long: more is asked for than the band holds."""


def alert_plans(context: Context, cell: str) -> dict[str, AlertPlan]:
    """All alerts of one cell by name."""
    return {alert.name: alert for alert in (*_served(context, cell), *_standing_still(context, cell))}


def _served(context: Context, cell: str) -> Iterator[AlertPlan]:
    for key in shared.band(context, cell).serves:
        entry = shared.ingress_class(key)
        promised = context.catalog.service_classes[key].availability.served_percent
        errors = round((100 - promised) / 100, 6)
        for burn, short, long, factor, severity in BURNS:
            allowed = round(errors * factor, 6)
            windows = " and ".join(f"{_share(entry, window)} > {allowed}" for window in (short, long))
            yield AlertPlan(
                name=f"ErrorsOf{_word(entry)}{burn.capitalize()}",
                expression=f"{windows} and {_rate(entry, '', long)} > {LEAST_RATE}",
                minutes=2,
                severity=severity,
                labels={"service_class": key},
                summary=f"{key}: requests fail {factor:g} times as often as {promised:g} % served in a month allows",
            )
        slow = f'sum(rate(traefik_service_request_duration_seconds_bucket{{service_class="{entry}",le="{SLOW_SECONDS}"}}[10m]))'
        every = f'sum(rate(traefik_service_request_duration_seconds_count{{service_class="{entry}"}}[10m]))'
        yield AlertPlan(
            name=f"Slow{_word(entry)}",
            expression=f"1 - {slow} / {every} > {SLOW_SHARE} and {every} > {LEAST_RATE}",
            minutes=15,
            severity="warning",
            labels={"service_class": key},
            summary=f"{key}: more than {SLOW_SHARE:.0%} of all requests take longer than {SLOW_SECONDS:g} s",
        )


def _standing_still(context: Context, cell: str) -> Iterator[AlertPlan]:
    classes = [context.catalog.service_classes[key] for key in shared.band(context, cell).serves]
    hours = max(one.backup.dumps.every_minutes for one in classes) * LATE_DUMP_FACTOR / 60
    cron = 'deployment="odoo-cron"'
    yield AlertPlan(
        name="ScheduledJobsStandStill",
        expression=f"kube_deployment_spec_replicas{{{cron}}} > 0 and kube_deployment_status_replicas_available{{{cron}}} == 0",
        minutes=JOB_SECONDS // 60,  # a pod that is replaced lets its longest job end
        severity="critical",
        summary="{{ $labels.namespace }}: no scheduled job runs",
    )
    yield AlertPlan(
        name="WorkersAtTheirMost",
        expression='kube_horizontalpodautoscaler_status_current_replicas{horizontalpodautoscaler=~"odoo-.*"} '
        ">= on (namespace, horizontalpodautoscaler) kube_horizontalpodautoscaler_spec_max_replicas",
        minutes=FULL_MINUTES,
        severity="warning",
        summary="{{ $labels.namespace }}: {{ $labels.horizontalpodautoscaler }} has as many workers as its band holds; what is queued waits",
    )
    yield AlertPlan(
        name="WorkerOutOfMemory",
        expression='increase(kube_pod_container_status_restarts_total{container="odoo"}[30m]) > 0 and on (namespace, pod, container) '
        'kube_pod_container_status_last_terminated_reason{reason="OOMKilled"} == 1',
        minutes=0,
        severity="warning",
        summary="{{ $labels.namespace }}: {{ $labels.pod }} was killed for its memory",
    )
    yield AlertPlan(
        name="DumpLate",
        expression=f'time() - kube_cronjob_status_last_successful_time{{cronjob=~"dump-.*"}} > {round(hours * 3600)}',
        minutes=0,
        severity="critical",
        summary="{{ $labels.cronjob }}: the newest dump is older than one and a half of its intervals",
    )
    yield AlertPlan(
        name="CertificateEnds",
        expression=f"certmanager_certificate_expiration_timestamp_seconds - time() < {CERTIFICATE_DAYS * 86400}",
        minutes=60,
        severity="critical",
        summary="{{ $labels.exported_namespace }}/{{ $labels.name }} ends in less than "
        f"{CERTIFICATE_DAYS} days and is not renewed",
    )


def _rate(entry: str, codes: str, window: str) -> str:
    return f'sum(rate(traefik_service_requests_total{{service_class="{entry}"{codes}}}[{window}]))'


def _share(entry: str, window: str) -> str:
    """Of requests that Odoo, or the lack of it, answered with an error. What a limit or an allow-list refuses never reached it."""
    codes = ',code=~"5.."'
    return f"{_rate(entry, codes, window)} / {_rate(entry, '', window)}"


def _word(key: str) -> str:
    return "".join(part.capitalize() for part in key.split("-"))
