"""What the documentation shows is what works."""

import json
import re
from pathlib import Path

import yaml
from tests.policies.stage import RAILS, resource

from odoo_estate.spec.customer import Exemption
from odoo_estate_policies.catalogue import table
from odoo_estate_policies.pack import policies
from odoo_estate_policies.registry import rules_in, shipped
from odoo_estate_policies.tighten import tightened

DOCUMENT = (Path(__file__).resolve().parents[2] / "docs" / "policies.md").read_text(encoding="utf-8")


def _blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", DOCUMENT, re.DOTALL)


def test_the_example_rule_finds_what_it_should(tmp_path: Path) -> None:
    (tmp_path / "net_05.py").write_text(_blocks("python")[0], encoding="utf-8")
    (rule,) = rules_in(tmp_path)

    def found(public: bool) -> list[object]:
        return list(rule.verdicts(resource("aws:ec2/subnet:Subnet", "a", {"mapPublicIpOnLaunch": public}), RAILS))

    assert len(found(True)) == 1
    assert found(False) == []


def test_the_example_exemption_is_accepted_by_the_customers_file() -> None:
    (entry,) = yaml.safe_load(_blocks("yaml")[0])["exceptions"]
    assert Exemption.model_validate(entry).rule in shipped().by_id


def test_the_example_pack_only_tightens() -> None:
    wishes = re.search(r"tighten=(\{.*?\})", _blocks("python")[1])
    assert wishes
    assert tightened(RAILS, json.loads(wishes[1])).nodes == 4


def test_the_example_configuration_names_policies_that_exist() -> None:
    names = {one.name for one in policies(shipped(), lambda stack: 1 / 0, lambda: 1 / 0, {})}  # type: ignore[arg-type,return-value]
    assert set(json.loads(_blocks("json")[0])) <= names


def test_the_table_of_rules_is_up_to_date() -> None:
    assert table() in DOCUMENT
    assert all(f"| {rule.id} |" in DOCUMENT for rule in shipped().rules)
