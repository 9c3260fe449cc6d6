"""BAK-12: dumps and their verification are scheduled as promised, and somebody hears when they are missing."""

from collections.abc import Iterator

from odoo_estate.plan import Guardrails, RecoveryPromise
from odoo_estate_policies.pod_template import containers, pod_spec
from odoo_estate_policies.resource import Resource
from odoo_estate_policies.rule import Verdicts, Violation, stack_rule
from odoo_estate_policies.stack import Stack

CRON = "kubernetes:batch/v1:CronJob"
ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
PROGRAM = "odoo_estate_recovery"
METRICS = {"dump": "DumpSucceeded", "verify": "RestoreVerified"}
TIMEZONE = "Etc/UTC"


@stack_rule(
    id="BAK-12",
    title="Dumps and verified restores run at the promised rhythm, with an alarm",
    severity="critical",
    types=(CRON, ALARM),
    remedy="keep the recovery jobs and their alarms as the plan has them",
    source="AWS Well-Architected REL09-BP04: perform periodic recovery of the data",
)
def bak_12(stack: Stack, rails: Guardrails) -> Verdicts:
    """A job that is gone, suspended or rarer than promised fails in silence: only an alarm that takes missing data for bad tells."""
    if rails.recovery is None:
        return
    promised = {"dump": rails.recovery.dump_schedule, "verify": rails.recovery.verify_schedule}
    for verb, schedule in promised.items():
        if schedule:
            yield from _job(verb, schedule, stack, rails.recovery)
            if not any(_tells(alarm, METRICS[verb], rails.recovery) for alarm in stack.of_type(ALARM)):
                yield Violation(f"no alarm tells when {METRICS[verb]} of {rails.recovery.tenant} is missing")


def _job(verb: str, schedule: str, stack: Stack, promise: RecoveryPromise) -> Iterator[Violation]:
    found = [job for job in stack.of_type(CRON) if _runs(job, verb, promise.tenant)]
    if not found:
        yield Violation(f"no job runs {verb} for {promise.tenant}")
    for job in found:
        spec = job.section("spec")
        if (spec.text("schedule"), spec.text("timeZone")) != (schedule, TIMEZONE):
            yield Violation(
                f'runs at "{spec.text("schedule")}" in {spec.text("timeZone") or "no time zone"}; allowed: "{schedule}" in {TIMEZONE}',
                urn=job.urn,
            )
        if spec.flag("suspend"):
            yield Violation("is suspended", urn=job.urn)


def _runs(job: Resource, verb: str, tenant: str) -> bool:
    return any(
        list(one.items("command").texts())[-2:] == [PROGRAM, verb]
        and any(
            entry.text("name") == "TENANT" and entry.text("value") == tenant for entry in one.items("env").objects()
        )
        for one in containers(pod_spec(job))
    )


def _tells(alarm: Resource, metric: str, promise: RecoveryPromise) -> bool:
    return (
        (alarm.text("namespace"), alarm.text("metricName")) == (promise.metric_namespace, metric)
        and alarm.section("dimensions").text("Tenant") == promise.tenant
        and alarm.text("treatMissingData") == "breaching"
        and bool(alarm.items("alarmActions"))
    )
