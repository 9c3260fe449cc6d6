"""Alerting rules of every cell: taken by promtool, and fired by the series that they are for and by no others."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from sandbox.cluster.builds import PROMTOOL
from tests.cluster.cell import compiled, recorded
from tests.cluster.test_situations import ESTATES, ROOT
from tests.compose_tenant import graphs

from odoo_estate.plan import PlatformPlan

PLATFORMS = [
    (estate, plan.stack)
    for estate in ESTATES
    for plan in compiled(ROOT / estate).stacks.values()
    if isinstance(plan, PlatformPlan)
]


def promtool(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    program = PROMTOOL.ensure() / "promtool"
    return subprocess.run([program, *arguments], capture_output=True, text=True, check=False, timeout=120)


def rules(stack: str, estate: Path, folder: Path) -> Path:
    (one,) = graphs.of_kind(recorded(stack, estate), "PrometheusRule").values()
    file = folder / "rules.yaml"
    file.write_text(yaml.safe_dump({"groups": one["spec"]["groups"]}))
    return file


@pytest.mark.parametrize(("estate", "stack"), PLATFORMS, ids=[f"{estate.name}-{stack}" for estate, stack in PLATFORMS])
def test_prometheus_takes_the_rules_of_every_cell(estate: Path, stack: str, tmp_path: Path) -> None:
    done = promtool("check", "rules", "--lint=all", "--lint-fatal", rules(stack, ROOT / estate, tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_misspelt_rule_is_not_taken(tmp_path: Path) -> None:
    file = rules("platform.eu-1", ROOT / "stacks", tmp_path)
    file.write_text(file.read_text().replace("sum(rate(", "sum(rat("))
    assert promtool("check", "rules", file).returncode != 0


def requests(entry: str, code: int, values: str) -> dict[str, str]:
    labels = f'service_class="{entry}",code="{code}",service="t-shop-production-odoo-web-8069@kubernetescrd"'
    return {"series": f"traefik_service_requests_total{{{labels}}}", "values": values}


CASES: dict[str, tuple[list[dict[str, str]], str, dict[str, set[str]]]] = {
    "one request in fifty fails: too many for 99.9 percent, fewer than 99.0 lets pass at that speed": (
        [
            requests(entry, code, f"0+{each}x120")
            for entry in ("premium", "starter")
            for code, each in ((200, 980), (500, 20))
        ],
        "2h",
        {"ErrorsOfPremiumFast": {"premium"}, "ErrorsOfPremiumSlow": {"premium"}},
    ),
    "a burst of five minutes that is over": (
        [requests("premium", 200, "0+1000x180"), requests("premium", 500, "0x100 0+40x5 200x60")],
        "3h",
        {},
    ),
    "one failure in a quiet night": (
        [requests("regulated", 200, "0+1x120"), requests("regulated", 500, "0x60 1x60")],
        "2h",
        {},
    ),
    "scheduled jobs of one tenant do not come back; another's are scaled to zero for an upgrade": (
        [
            {"series": f'{metric}{{namespace="{space}",deployment="odoo-cron"}}', "values": f"{value}x60"}
            for space, wanted in (("stuck", 1), ("upgraded", 0))
            for metric, value in (
                ("kube_deployment_spec_replicas", wanted),
                ("kube_deployment_status_replicas_available", 0),
            )
        ],
        "1h",
        {"ScheduledJobsStandStill": {"stuck"}},
    ),
    "queued work at the band's most": (
        [
            {
                "series": f'{metric}{{namespace="{space}",horizontalpodautoscaler="odoo-integration"}}',
                "values": f"{value}x60",
            }
            for space, now in (("full", 6), ("easy", 2))
            for metric, value in (
                ("kube_horizontalpodautoscaler_status_current_replicas", now),
                ("kube_horizontalpodautoscaler_spec_max_replicas", 6),
            )
        ],
        "1h",
        {"WorkersAtTheirMost": {"full"}},
    ),
    "a dump that did not come, one that did, and a verification, which has an alarm of its own": (
        [
            {
                "series": f'kube_cronjob_status_last_successful_time{{namespace="provisioning",cronjob="{name}"}}',
                "values": f"{last}x2200",
            }
            for name, last in (("dump-late", 0), ("dump-new", 100000), ("verify-late", 0))
        ],
        "36h1m",
        {"DumpLate": {"provisioning"}},
    ),
    "a certificate that nobody renews": (
        [
            {
                "series": f'certmanager_certificate_expiration_timestamp_seconds{{exported_namespace="shop",name="{name}"}}',
                "values": f"{ends}x90",
            }
            for name, ends in (("ends", 13 * 86400), ("new", 80 * 86400))
        ],
        "75m",
        {"CertificateEnds": {"ends"}},
    ),
    "a worker killed for its memory, and one restarted for something else": (
        [
            {
                "series": f'{metric}{{namespace="{space}",pod="odoo-web-1",container="odoo",{more}uid="1"}}',
                "values": values,
            }
            for space, reason in (("large", "OOMKilled"), ("other", "Error"))
            for metric, more, values in (
                ("kube_pod_container_status_restarts_total", "", "0x10 1x20"),
                ("kube_pod_container_status_last_terminated_reason", f'reason="{reason}",', "1x30"),
            )
        ],
        "15m",
        {"WorkerOutOfMemory": {"large"}},
    ),
}
"""What is measured, when one looks, and which alerts fire, for whom."""


@pytest.mark.parametrize("case", CASES)
def test_alerts_fire_for_whom_they_concern_and_for_nobody_else(case: str, tmp_path: Path) -> None:
    series, moment, expected = CASES[case]
    file = rules("platform.eu-1", ROOT / "stacks", tmp_path)
    every = yaml.safe_load(file.read_text())["groups"][0]["rules"]
    tests: list[dict[str, Any]] = [
        {"eval_time": moment, "alertname": rule["alert"], "exp_alerts": []} for rule in every
    ]
    (tmp_path / "tests.yaml").write_text(
        yaml.safe_dump(
            {
                "rule_files": [str(file)],
                "evaluation_interval": "1m",
                "tests": [{"interval": "1m", "input_series": series, "alert_rule_test": tests}],
            }
        )
    )
    done = promtool("test", "rules", tmp_path / "tests.yaml")
    told = done.stdout + done.stderr
    fired = {
        rule["alert"]: block
        for rule in every
        if (block := next((b for b in told.split("alertname: ") if b.startswith(f"{rule['alert']},")), ""))
    }
    assert fired.keys() == expected.keys(), told
    for alert, names in expected.items():
        got = fired[alert].split("got:", 1)[1]
        assert all(f'"{name}"' in got for name in names), got
        assert got.count("Labels:") == 1, got


def test_every_alert_says_how_bad_it_is_who_acts_and_whom_it_concerns(tmp_path: Path) -> None:
    for rule in yaml.safe_load(rules("platform.eu-1", ROOT / "stacks", tmp_path).read_text())["groups"][0]["rules"]:
        assert rule["labels"]["severity"] in ("warning", "critical")
        assert rule["labels"]["owner"] == "operations"
        assert "service_class" in rule["labels"] or "$labels." in rule["annotations"]["summary"], rule["alert"]
