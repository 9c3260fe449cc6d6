"""Every rule keeps its promise, and its file is complete."""

from pathlib import Path

import pytest
from tests.policies.cases import CASES
from tests.policies.stage import Case, judged

from odoo_estate_policies.registry import DuplicateRule, Registry, shipped
from odoo_estate_policies.rule import Rule
from odoo_estate_policies.stack import name_of

POLICIES = Path(__file__).resolve().parents[2] / "policies"
RULES = shipped().rules


def _every(kind: str) -> list[object]:
    return [
        pytest.param(rule, one, id=f"{rule}-{number}")
        for rule, cases in CASES.items()
        for number, one in enumerate(getattr(cases, kind))
    ]


def _names(rule: str, one: Case, *, undecided: bool) -> set[str]:
    found = [finding for finding in judged(one) if finding.rule == rule and finding.undecided is undecided]
    return {name_of(finding.urn) if finding.urn else "-" for finding in found}


@pytest.mark.parametrize(("rule", "one"), _every("holds"))
def test_a_stack_that_keeps_the_rule_passes(rule: str, one: Case) -> None:
    assert _names(rule, one, undecided=False) == set()
    assert _names(rule, one, undecided=True) == set()


@pytest.mark.parametrize(("rule", "one"), _every("breaks"))
def test_a_stack_that_breaks_the_rule_is_named(rule: str, one: Case) -> None:
    assert _names(rule, one, undecided=False) == one.expected


@pytest.mark.parametrize(("rule", "one"), _every("unknown"))
def test_an_unknown_value_is_neither_pass_nor_violation(rule: str, one: Case) -> None:
    assert _names(rule, one, undecided=False) == set()
    assert _names(rule, one, undecided=True) == one.undecided


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_says_what_why_and_what_to_do(rule: Rule) -> None:
    assert rule.title and rule.remedy and rule.source
    assert len(rule.description) > 40, "the function's docstring says why the rule exists"
    assert rule.types or rule.stack_check
    assert rule.module.rpartition(".")[2] == rule.id.lower().replace("-", "_"), "one rule a file, named like its id"
    assert rule.enforcement == ("mandatory" if rule.severity in ("critical", "high") else "advisory")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_has_a_passing_and_a_failing_case(rule: Rule) -> None:
    assert CASES[rule.id].holds
    assert CASES[rule.id].breaks
    assert all(one.expected for one in CASES[rule.id].breaks)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_message_names_rule_resource_reason_and_remedy(rule: Rule) -> None:
    one = CASES[rule.id].breaks[0]
    finding = next(found for found in judged(one) if found.rule == rule.id)
    subject = name_of(finding.urn) if finding.urn else "the stack"
    assert finding.message.startswith(f"{rule.id} {subject}: ")
    assert finding.remedy in finding.message


def test_rule_ids_are_in_the_ledger_and_never_come_back() -> None:
    lines = [
        line.split() for line in (POLICIES / "ids.txt").read_text().splitlines() if line and not line.startswith("#")
    ]
    ledger = [words[0] for words in lines]
    retired = {words[0] for words in lines if "retired" in words}
    assert len(ledger) == len(set(ledger))
    assert {rule.id for rule in RULES} == set(ledger) - retired


def test_every_rule_file_holds_exactly_one_rule() -> None:
    files = {
        f.relative_to(POLICIES).with_suffix("").as_posix().replace("/", ".")
        for f in POLICIES.glob("odoo_estate_policies/*/[a-z]*.py")
    }
    assert files == {rule.module for rule in RULES}


def test_two_rules_with_one_id_are_refused() -> None:
    with pytest.raises(DuplicateRule, match="TAG-01"):
        Registry((*RULES, RULES[-4]))
