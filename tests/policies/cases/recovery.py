"""Dumps, verified restores and their evidence."""

from typing import Any

from tests.policies.stage import TENANT, Cases, case, resource, unknown

from odoo_estate.plan import RecoveryPromise
from odoo_estate_policies.resource import Resource

WHO = "medsupply.production"
SPACE = "harbour/recovery"


def _promise(**changes: Any) -> RecoveryPromise:
    values: dict[str, Any] = {
        "tenant": WHO,
        "dump_schedule": "15 3 * * *",
        "verify_schedule": "40 4 * * 1,4",
        "metric_namespace": SPACE,
        "evidence_days": 5,
        "since": "",
        "verified": "2026-11-20",
        "passed": True,
    }
    return RecoveryPromise(**{**values, **changes})


def _job(verb: str, schedule: Any, *, tenant: Any = WHO, zone: str | None = "Etc/UTC", suspend: Any = None) -> Resource:
    container = {
        "name": verb,
        "command": ["python", "-m", "odoo_estate_recovery", verb],
        "env": [{"name": "KMS_KEY_ARN", "value": unknown()}, {"name": "TENANT", "value": tenant}],
        "resources": {"requests": {"cpu": "500m", "memory": "1Gi"}, "limits": {"memory": "1Gi"}},
    }
    spec = {
        "schedule": schedule,
        "timeZone": zone,
        "suspend": suspend,
        "jobTemplate": {"spec": {"template": {"spec": {"containers": [container]}}}},
    }
    name = verb if tenant == WHO else f"other-{verb}"
    return resource("kubernetes:batch/v1:CronJob", name, {"spec": spec}, stack=TENANT)


def _alarm(metric: str, **changes: Any) -> Resource:
    inputs = {
        "namespace": SPACE,
        "metricName": metric,
        "dimensions": {"Tenant": WHO},
        "treatMissingData": "breaching",
        "alarmActions": ["arn:aws:sns:eu-central-1:1:alerts"],
        **changes,
    }
    return resource("aws:cloudwatch/metricAlarm:MetricAlarm", metric, inputs, stack=TENANT)


DUMP, VERIFY = _job("dump", "15 3 * * *"), _job("verify", "40 4 * * 1,4")
NO_DUMP, NO_VERIFY = _alarm("DumpSucceeded"), _alarm("RestoreVerified")
ALL = (DUMP, VERIFY, NO_DUMP, NO_VERIFY)
ONLY_DUMPS = _promise(verify_schedule="", evidence_days=0, verified="", passed=False)


def _one(*resources: Resource, expected: str = "", undecided: str = "", promise: RecoveryPromise | None = None) -> Any:
    return case(*resources, expected=expected, undecided=undecided, stack=TENANT, recovery=promise or _promise())


CASES = {
    "BAK-12": Cases(
        holds=(
            _one(*ALL),
            _one(DUMP, NO_DUMP, promise=ONLY_DUMPS),
            case(DUMP, stack=TENANT),
            _one(*ALL, _job("dump", "* * * * *", tenant="other.production")),
        ),
        breaks=(
            _one(VERIFY, NO_DUMP, NO_VERIFY, expected="-"),
            _one(DUMP, NO_DUMP, NO_VERIFY, expected="-"),
            _one(DUMP, VERIFY, NO_VERIFY, expected="-"),
            _one(DUMP, VERIFY, NO_DUMP, expected="-"),
            _one(DUMP, VERIFY, NO_DUMP, _alarm("RestoreVerified", treatMissingData="ignore"), expected="-"),
            _one(DUMP, VERIFY, NO_DUMP, _alarm("RestoreVerified", alarmActions=[]), expected="-"),
            _one(DUMP, VERIFY, NO_DUMP, _alarm("RestoreVerified", dimensions={"Tenant": "other"}), expected="-"),
            _one(_job("dump", "15 3 * * 0"), VERIFY, NO_DUMP, NO_VERIFY, expected="dump"),
            _one(_job("dump", "15 3 * * *", zone=None), VERIFY, NO_DUMP, NO_VERIFY, expected="dump"),
            _one(DUMP, _job("verify", "40 4 * * 1,4", suspend=True), NO_DUMP, NO_VERIFY, expected="verify"),
            _one(_job("dump", "15 3 * * *", tenant="other.production"), VERIFY, NO_DUMP, NO_VERIFY, expected="-"),
        ),
        unknown=(_one(_job("dump", unknown()), VERIFY, NO_DUMP, NO_VERIFY, undecided="-"),),
    ),
    "BAK-13": Cases(
        holds=(
            _one(*ALL),
            _one(*ALL, promise=_promise(verified="2026-11-17")),  # five days on 22 November
            _one(*ALL, promise=_promise(verified="", passed=False, since="2026-11-17")),
            _one(DUMP, NO_DUMP, promise=ONLY_DUMPS),
            case(stack=TENANT),
        ),
        breaks=(
            _one(*ALL, promise=_promise(verified="2026-11-16"), expected="-"),
            _one(*ALL, promise=_promise(passed=False, failed_checks=("counts",)), expected="-"),
            _one(*ALL, promise=_promise(verified="", passed=False, since="2026-11-16"), expected="-"),
        ),
        unknown=(_one(*ALL, promise=_promise(verified="", passed=False), undecided="-"),),
    ),
}
