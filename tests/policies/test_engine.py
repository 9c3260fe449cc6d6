"""The pack under the real engine: what it refuses is not made."""

import json
from pathlib import Path

import pytest
from tests.policies.stage import TAGS
from tests.sandbox.conftest import Project, project, variables

__all__ = ["project", "variables"]  # fixtures

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.engine

DENY = {"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "backup:*", "Resource": "*"}]}
PACK = """
from datetime import date

from pulumi_policy import PolicyPack
from tests.policies.stage import plan

from odoo_estate_policies.pack import policies
from odoo_estate_policies.registry import shipped

OFF = {"cross_region_copy": False, "cross_account_copy": False}
PolicyPack("odoo-estate", policies(shipped(), lambda stack: plan(stack, **OFF), date.today, {}))
"""
PROGRAM = f"""
import os
import pulumi
import pulumi_aws as aws

provider = aws.Provider("eu", region="eu-central-1", default_tags={{"tags": {TAGS}}})
opts = pulumi.ResourceOptions(provider=provider)
database = aws.rds.Instance(
    "main",
    identifier="northwind-eu-1",
    engine="postgres",
    instance_class=os.environ.get("CLASS", "db.m7g.large"),
    allocated_storage=100,
    storage_type="gp3",
    username="odoo",
    manage_master_user_password=True,
    final_snapshot_identifier="northwind-eu-1-final",
    backup_retention_period=int(os.environ.get("DAYS", "14")),
    opts=opts,
)
role = aws.iam.Role("backup", assume_role_policy="{{}}", opts=opts)
vault = aws.backup.Vault("home", opts=opts)
aws.backup.VaultLockConfiguration(
    "lock", backup_vault_name=vault.name, min_retention_days=7, max_retention_days=400, changeable_for_days=3, opts=opts
)
aws.backup.VaultPolicy("policy", backup_vault_name=vault.name, policy={json.dumps(json.dumps(DENY))}, opts=opts)
heard = aws.cloudwatch.EventRule("events", event_pattern='{{"source":["aws.backup"]}}', opts=opts)
aws.cloudwatch.EventTarget("events", rule=heard.name, arn=aws.sns.Topic("alerts", opts=opts).arn, opts=opts)
plan = aws.backup.Plan(
    "plan",
    rules=[{{"rule_name": "daily", "target_vault_name": vault.name, "lifecycle": {{"delete_after": 35}}}}],
    opts=opts,
)
if "FORGET" not in os.environ:
    aws.backup.Selection("selection", plan_id=plan.id, iam_role_arn=role.arn, resources=[database.arn], opts=opts)
"""


@pytest.fixture
def judged(project: Project) -> Project:
    """A project that keeps every mandatory rule, with the pack beside it."""
    pack = project.folder / "policies"
    pack.mkdir()
    (pack / "PulumiPolicy.yaml").write_text("runtime: python\nversion: 0.0.1\n", encoding="utf-8")
    (pack / "__main__.py").write_text(PACK, encoding="utf-8")
    places = (ROOT, ROOT / "components", ROOT / "policies")
    project.variables["PYTHONPATH"] = ":".join(str(one) for one in places)
    return project.program(PROGRAM, head="")


def test_what_keeps_the_rules_goes_up(judged: Project) -> None:
    judged.up("--policy-pack", "policies").assert_fine()
    assert "main" in judged.resources()


def test_a_database_beyond_its_band_is_refused_before_it_is_made(judged: Project) -> None:
    refused = judged.up("--policy-pack", "policies", CLASS="db.m7g.16xlarge")
    refused.assert_failed("SIZE-01 main: instanceClass is db.m7g.16xlarge; allowed: db.m7g.large, db.m7g.xlarge")
    assert "main" not in judged.resources()


def test_a_preview_names_what_no_backup_plan_selects(judged: Project) -> None:
    refused = judged.pulumi("preview", "--policy-pack", "policies", FORGET="1")
    refused.assert_failed("BAK-02 main: is in none of the stack's 0 backup selections")


def test_remediation_mends_only_when_it_is_asked_to(judged: Project, tmp_path: Path) -> None:
    judged.up("--policy-pack", "policies", DAYS="1").assert_failed("BAK-01 main: backupRetentionPeriod is 1 days")
    asked = tmp_path / "remediate.json"
    asked.write_text(json.dumps({"backup-remediation": {"remediate": True}}), encoding="utf-8")
    judged.up("--policy-pack", "policies", "--policy-pack-config", str(asked), DAYS="1").assert_fine()
    assert judged.resources()["main"]["inputs"]["backupRetentionPeriod"] == 14  # type: ignore[index]
