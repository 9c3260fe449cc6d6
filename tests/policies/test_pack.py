"""Under the engine's analyzer the rules say what they say offline."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pulumi.runtime import proto
from tests.policies import analyzer
from tests.policies.cases import CASES
from tests.policies.cases.sizing import database
from tests.policies.cases.tags import GROUP, KEY, TEMPLATE
from tests.policies.stage import CELL, TAGS, TENANT, TODAY, Case, case, judged, plan, ref, resource, unknown

from odoo_estate.errors import BadInput
from odoo_estate.plan import AnyPlan, Exemption
from odoo_estate.preview.graph import Composed, Secret
from odoo_estate_policies.guardrails_source import estate_directory
from odoo_estate_policies.pack import policies
from odoo_estate_policies.registry import rules_in, shipped
from odoo_estate_policies.rule import Verdicts, Violation, resource_rule
from odoo_estate_policies.tighten import Loosened


def _serve(one: Case, **more: Any) -> Any:
    def plan_of(stack: str) -> AnyPlan:
        return plan(stack, one.exemptions, **one.rails)  # type: ignore[return-value]

    registry = more.pop("registry", shipped())
    return analyzer.analyzer(policies(registry, plan_of, lambda: TODAY, more))


def _said(diagnostics: list[Any]) -> set[tuple[str, str, bool]]:
    """Message without the group's title, resource, whether it refuses."""
    return {(one.message.partition("\n")[2], one.urn, one.enforcementLevel == proto.MANDATORY) for one in diagnostics}


ALL = [
    pytest.param(one, id=f"{rule}-{kind}-{number}")
    for rule, cases in CASES.items()
    for kind in ("holds", "breaks", "unknown")
    for number, one in enumerate(getattr(cases, kind))
    # Composed documents exist offline only: the engine has no half-known texts.
    if not any(isinstance(value, Composed) for given in one.resources for value in given.raw.values())
]


@pytest.mark.parametrize("one", ALL)
def test_the_engine_hears_what_the_preview_prints(one: Case) -> None:
    offline = {
        (f"{found.message}; exempted {found.exception}" if found.exception else found.message, found.urn, found.refuses)
        for found in judged(one)
    }
    assert _said(analyzer.analyzed(_serve(one), one.resources)) == offline


def test_a_policy_half_known_is_undecided_under_the_engine() -> None:
    vault = resource("aws:backup/vault:Vault", "home", {"name": "home", "tags": TAGS})
    policy = resource("aws:backup/vaultPolicy:VaultPolicy", "p", {"backupVaultName": "home", "policy": ref(vault)})
    one = case(vault, policy, vault_lock=None)
    said = _said(analyzer.analyzed(_serve(one), one.resources))
    assert ("BAK-06 home: not decidable: policy is known only after the update", vault.urn, False) in said


def test_an_engine_that_does_not_say_which_dependency_an_unknown_is_decides_what_all_have_in_common() -> None:
    loose, strict = (resource("aws:backup/vault:Vault", name, {"tags": TAGS}) for name in ("loose", "strict"))
    locks = [
        resource(
            "aws:backup/vaultLockConfiguration:VaultLockConfiguration",
            f"{vault.name}-lock",
            {"backupVaultName": ref(vault), "minRetentionDays": least, "maxRetentionDays": 400, "changeableForDays": 3},
        )
        for vault, least in ((loose, 7), (strict, 30))
    ]

    def kept(days: int) -> set[tuple[str, str, bool]]:
        rule = {"ruleName": "daily", "targetVaultName": ref(loose, "name"), "lifecycle": {"deleteAfter": days}}
        copy = {"destinationVaultArn": ref(strict), "lifecycle": {"deleteAfter": 60}}
        backup = resource("aws:backup/plan:Plan", "plan", {"rules": [{**rule, "copyActions": [copy]}], "tags": TAGS})
        one = case(loose, strict, *locks, backup)
        return {said for said in _said(analyzer.analyzed(_serve(one), one.resources)) if said[0].startswith("BAK-05")}

    assert kept(60) == set()
    assert [refused for _, _, refused in kept(3)] == [True]
    assert [("not decidable" in text, refused) for text, _, refused in kept(10)] == [(True, False)]


def test_a_stack_the_estate_does_not_know_is_refused_once() -> None:
    def plan_of(stack: str) -> AnyPlan:
        raise BadInput([])

    servicer = analyzer.analyzer(policies(shipped(), plan_of, date.today, {}))
    one = case(resource(KEY, "a", {"tags": TAGS}), resource(KEY, "b", {"tags": TAGS}))
    said = _said(analyzer.analyzed(servicer, one.resources))
    assert [refused for _, _, refused in said] == [True]
    assert f"the guardrails of stack {CELL} cannot be worked out" in next(iter(said))[0]


def test_a_secret_value_is_in_no_offline_message() -> None:
    one = case(resource(KEY, "data", {"tags": {**TAGS, "cost-center": Secret("hunter2")}}))
    found = [finding for finding in judged(one) if finding.rule == "TAG-02"]
    assert [finding.undecided for finding in found] == [True]
    assert "hunter2" not in found[0].message


# --- remediation ---------------------------------------------------------------------------------------------------


def _mended(given: Any, stack: str = CELL) -> dict[str, Any]:
    servicer = _serve(case(given, stack=stack))
    assert analyzer.remediated(servicer, given) == {}, "nothing is changed unless the configuration asks for it"
    on = {"remediate": True}
    analyzer.configure(servicer, tags_remediation=on, backup_remediation=on)
    return analyzer.remediated(servicer, given)


def test_missing_tags_are_added_but_never_a_tenant() -> None:
    given = resource(
        KEY, "data", {"tags": {"environment": "production", "note": unknown()}, "policy": Secret("s3cr3t")}
    )
    after = _mended(given)["tags-remediation"]
    assert after["tags"]["owner"] == TAGS["owner"]
    assert "tenant" not in after["tags"]
    assert after["tags"]["note"] == "04da6b54-80e4-46f7-96ec-b56ff0331ba9", "what is unknown stays unknown"
    assert after["policy"]["value"] == "s3cr3t", "what is secret stays marked as secret"


def test_a_neighbours_tenant_tag_is_replaced() -> None:
    given = resource(KEY, "data", {"tags": {**TAGS, "tenant": "neighbour"}}, stack=TENANT)
    assert _mended(given, TENANT)["tags-remediation"]["tags"]["tenant"] == "medsupply"


def test_tags_are_made_to_propagate() -> None:
    fleet = resource(
        GROUP, "fleet", {"tags": [{"key": k, "value": v, "propagateAtLaunch": False} for k, v in TAGS.items()]}
    )
    assert all(
        one["propagateAtLaunch"] for one in _mended(fleet)["tags-remediation"]["tags"] if one["key"] != "backup-class"
    )
    template = resource(TEMPLATE, "template", {"tags": TAGS})
    specified = _mended(template)["tags-remediation"]["tagSpecifications"]
    assert {one["resourceType"] for one in specified} == {"instance", "volume"}
    assert all(one["tags"]["owner"] == TAGS["owner"] for one in specified)
    whole = {key: value for one in _mended(template).values() for key, value in one.items()}
    assert _mended(resource(TEMPLATE, "template", whole)) == {}
    nobody = resource(TEMPLATE, "template", {"tags": {"owner": "ops@example.com"}})
    assert "tagSpecifications" not in _mended(nobody)["tags-remediation"], "tags that are incomplete are not spread"


def test_a_database_is_given_its_backups_and_its_final_snapshot() -> None:
    given = database(backupRetentionPeriod=1, skipFinalSnapshot=True, finalSnapshotIdentifier=None)
    after = _mended(given)["backup-remediation"]
    assert after["backupRetentionPeriod"] == 14
    assert after["skipFinalSnapshot"] is False
    assert after["finalSnapshotIdentifier"] == "northwind-eu-1-final"


def test_suspended_versioning_is_enabled() -> None:
    given = resource(
        "aws:s3/bucketVersioning:BucketVersioning",
        "v",
        {"bucket": "b", "versioningConfiguration": {"status": "Suspended"}},
    )
    assert _mended(given)["backup-remediation"]["versioningConfiguration"] == {"status": "Enabled"}


@pytest.mark.parametrize("given", [database(), resource(KEY, "data", {"tags": TAGS})], ids=["database", "key"])
def test_what_keeps_the_rules_is_left_alone(given: Any) -> None:
    assert _mended(given) == {}


def test_what_remediation_changes_then_passes() -> None:
    given = database(
        backupRetentionPeriod=1, skipFinalSnapshot=True, finalSnapshotIdentifier=None, tags={"tenant": "medsupply"}
    )
    after = {key: value for mended in _mended(given).values() for key, value in mended.items()}
    tags = _mended(given)["tags-remediation"]["tags"]
    again = case(database(**{**after, "tags": {**tags, "backup-class": "x"}}))
    assert {found.rule for found in judged(again)} == {"BAK-02"}


# --- partners ------------------------------------------------------------------------------------------------------


def test_a_partner_adds_rules_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "acme_01.py").write_text(
        "from odoo_estate_policies.rule import Violation, resource_rule\n"
        "@resource_rule(id='ACME-01', title='No keys', severity='high', types=('aws:kms/key:Key',), remedy='use ours', source='ACME')\n"
        "def acme_01(resource, rails):\n"
        "    'Our keys come from the vault.'\n"
        "    yield Violation('is a key')\n"
    )
    extra = rules_in(tmp_path)
    assert [(rule.id, rule.group) for rule in extra] == [("ACME-01", "partner")]
    one = case(resource(KEY, "data", {"tags": TAGS}))
    said = _said(analyzer.analyzed(_serve(one, registry=shipped().with_rules(extra)), one.resources))
    assert said == {("ACME-01 data: is a key; do: use ours", one.resources[0].urn, True)}


def test_a_partner_cannot_replace_a_shipped_rule() -> None:
    @resource_rule(id="TAG-01", title="Nothing", severity="low", types=(KEY,), remedy="none", source="ACME")
    def tag_01(resource: Any, rails: Any) -> Verdicts:
        """Looks away."""
        yield Violation("never")

    with pytest.raises(Exception, match="a shipped rule cannot be replaced"):
        shipped().with_rules([tag_01])


def test_a_partner_tightens_a_threshold() -> None:
    one = case(database())
    said = _said(analyzer.analyzed(_serve(one, backup_retention_days=30), one.resources))
    assert any(
        text.startswith("BAK-01 main: backupRetentionPeriod is 14 days; allowed: at least 30") for text, _, _ in said
    )


@pytest.mark.parametrize(
    "wish",
    [
        {"backup_retention_days": 7},
        {"nodes": 100},
        {"cross_region_copy": False},
        {"database_classes": ("db.x2g.16xlarge",)},
        {"naps": 1},
    ],
    ids=lambda wish: next(iter(wish)),
)
def test_a_partner_cannot_loosen_a_threshold(wish: dict[str, Any]) -> None:
    one = case(database())
    said = _said(analyzer.analyzed(_serve(one, **wish), one.resources))
    assert [refused for _, _, refused in said] == [True]
    assert Loosened.__name__ not in next(iter(said))[0]


# --- where the guardrails come from --------------------------------------------------------------------------------


def test_the_estate_is_found_beside_the_pack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ODOO_ESTATE_DIR", raising=False)
    monkeypatch.chdir(tmp_path)
    pack = tmp_path / "estate" / "policies"
    pack.mkdir(parents=True)
    with pytest.raises(BadInput, match="ODOO_ESTATE_DIR"):
        estate_directory(pack)
    (tmp_path / "estate" / "estate.yaml").touch()
    assert estate_directory(pack) == tmp_path / "estate"
    (tmp_path / "estate" / "stacks").mkdir()
    (tmp_path / "estate" / "stacks" / "estate.yaml").touch()
    assert estate_directory(pack) == tmp_path / "estate" / "stacks"


def test_the_estate_is_found_in_the_project_above_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ODOO_ESTATE_DIR", raising=False)
    project = tmp_path / "project"
    (project / "stacks" / "deep").mkdir(parents=True)
    (project / "Pulumi.yaml").touch()
    (project / "stacks" / "estate.yaml").touch()
    monkeypatch.chdir(project / "stacks" / "deep")
    assert estate_directory(tmp_path / "elsewhere" / "policies") == project / "stacks"


def test_the_environment_variable_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("stacks", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "estate.yaml").touch()
    monkeypatch.setenv("ODOO_ESTATE_DIR", str(tmp_path / "other"))
    assert estate_directory(tmp_path / "policies") == tmp_path / "other"


def test_an_exemption_is_printed_each_time_it_is_used() -> None:
    lent = Exemption(
        rule="BAK-01", resource="ma*", reason="migration", approver="cto@example.com", expires="2026-12-31"
    )
    one = case(database(backupRetentionPeriod=1), exemptions=(lent,), backup_required=False)
    said = _said(analyzer.analyzed(_serve(one), one.resources))
    assert [(text.partition("exempted ")[2], refused) for text, _, refused in said] == [
        ("until 2026-12-31, approved by cto@example.com: migration", False)
    ]
