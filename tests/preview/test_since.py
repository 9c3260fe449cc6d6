"""What a pull request would change: real repositories, compared by the command as a reader meets it."""

import re
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.preview.repository import Repository, repository

from odoo_estate.errors import Problem
from odoo_estate.plan import AnyPlan
from odoo_estate.preview.changes import Comparison, Fate, StackChange, changes, forbidden
from odoo_estate.preview.compare import Change, Difference
from odoo_estate.preview.fleet import preview_each
from odoo_estate.preview.text import changes_markdown, changes_text

CODE = ("components", "policies")
DATABASE = "aws:rds/instance:Instance"
ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"


@pytest.fixture
def estate(tmp_path: Path) -> Repository:
    return repository(tmp_path / "clone")


def new_customer(estate: Repository, name: str = "harlequin", like: str = "balticpaper") -> None:
    text = (estate.estate / f"customers/{like}.yaml").read_text(encoding="utf-8")
    text = text.replace(f"customer: {like}", f"customer: {name}").replace(f"erp.{like}.example", f"erp.{name}.example")
    (estate.estate / f"customers/{name}.yaml").write_text(text, encoding="utf-8")


def test_without_a_change_nothing_changes(estate: Repository) -> None:
    said = estate.since("HEAD")
    assert (said.code, said.out) == (0, "0 of 17 stacks change since HEAD\n")
    assert estate.since("HEAD", "--json").document["changes"] == []


def test_a_comment_or_another_order_of_fields_changes_nothing(estate: Repository) -> None:
    estate.edit("customers/lumen.yaml", "residency: eu\n", "")
    estate.edit("customers/lumen.yaml", "customer: lumen\n", "customer: lumen # the shop\nresidency: eu\n")
    assert estate.since("HEAD").out.startswith("0 of 17")


def test_a_new_host_name_changes_only_its_own_tenant(estate: Repository) -> None:
    estate.edit("customers/lumen.yaml", "domains: [", "domains: [trade.lumen-lighting.example, ")
    said = estate.since("HEAD", "--json")
    assert said.code == 0
    assert list(said.stacks) == ["tenant.lumen.production"]
    assert {one["change"] for one in said.stacks["tenant.lumen.production"]["differences"]} <= {"add", "update"}
    assert said.document["refusals"] == []


def test_a_new_tenant_changes_no_neighbours_graph(estate: Repository) -> None:
    new_customer(estate)
    said = estate.since("HEAD", "--json")
    tenants = [name for name in said.stacks if name.startswith("tenant.")]
    assert tenants and all(name.startswith("tenant.harlequin.") for name in tenants)
    for name, stack in said.stacks.items():
        if name.startswith("tenant."):
            assert stack["change"] == "new"
            assert {one["change"] for one in stack["differences"]} == {"add"}
            assert stack["cost"]["before"] == 0.0
        else:
            # What is shared may get to know the newcomer, but nothing that holds data is touched.
            assert not [one for one in stack["differences"] if one["stateful"] and one["change"] != "add"], name


def test_a_tenant_that_left_is_shown_with_its_data_first_and_loud(estate: Repository) -> None:
    (estate.estate / "customers/nordfood.yaml").unlink()
    said = estate.since("HEAD", "--json")
    gone = said.stacks["tenant.nordfood.production"]
    assert gone["change"] == "removed"
    assert set(list(said.stacks)[:2]) == {"tenant.nordfood.production", "dr.eu-1"}, "what holds data, and its copies"
    stateful = [one["stateful"] for one in gone["differences"]]
    assert stateful == sorted(stateful, reverse=True) and stateful[0]
    assert gone["cost"]["after"] == 0.0 < gone["cost"]["before"]
    text = estate.since("HEAD").out
    assert "1 left the estate" in text
    assert "  ! - destroy Instance" in text


def test_more_orders_enlarge_the_instance_in_place_and_cost_more(estate: Repository) -> None:
    estate.edit("customers/nordfood.yaml", "orders_per_day: 6000", "orders_per_day: 8000")
    said = estate.since("HEAD", "--json")
    assert said.code == 0, said.out
    differences = [
        one
        for one in said.stacks["tenant.nordfood.production"]["differences"]
        if one["type"] == "aws:rds/instance:Instance"
    ]
    assert len(differences) == 2, "the instance and its replica"
    assert all((one["change"], one["stateful"], one["forcing"]) == ("update", True, []) for one in differences)
    cost = said.stacks["tenant.nordfood.production"]["cost"]
    assert cost["after"] > cost["before"] > 0


def test_a_move_to_own_instances_is_refused_until_somebody_approves_it(estate: Repository) -> None:
    raise_quotas(estate)
    estate.edit("customers/medsupply.yaml", "cell: med-1", "cell: med-2")
    estate.edit(
        "estate.yaml",
        "\npartners:",
        """
  med-2:
    slot: 2
    region: eu-central-1
    residency: eu
    tenancy: dedicated
    customer: medsupply
    band: cell-dedicated-s
    recovery:
      region: eu-west-1
      dr_class: warm-standby

partners:""",
    )
    said = estate.since("HEAD", "--json")
    assert said.code == 2
    (refusal, *_) = said.document["refusals"]
    assert refusal["file"].endswith("stacks/customers/medsupply.yaml") and refusal["line"] > 1
    assert "from cell med-1 to med-2" in refusal["message"]
    assert "CHG-01" in refusal["remedy"]


def test_only_named_stacks_are_compared_when_stacks_are_named(estate: Repository) -> None:
    (estate.estate / "customers/nordfood.yaml").unlink()
    estate.edit("customers/lumen.yaml", "domains: [", "domains: [trade.lumen-lighting.example, ")
    assert list(estate.since("HEAD", "--json", "tenant.lumen.*").stacks) == ["tenant.lumen.production"]


def test_a_cell_whose_room_alone_changed_is_not_even_previewed(
    estate: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What keeps a pull request's preview fast in a large fleet: one contract is one stack."""
    previewed: set[str] = set()

    def watched(plans: Sequence[AnyPlan], *arguments: Any, **options: Any) -> Iterator[Any]:
        previewed.update(plan.stack for plan in plans)
        return preview_each(plans, *arguments, **options)

    monkeypatch.setattr("odoo_estate.preview.fleet.preview_each", watched)
    estate.edit("customers/lumen.yaml", "users: 8", "users: 9")
    estate.edit("customers/lumen.yaml", "domains: [", "domains: [trade.lumen-lighting.example, ")
    assert estate.since("HEAD").code == 0
    assert previewed == {"tenant.lumen.production"}


def test_the_comparison_is_with_the_commit_and_not_with_the_last_one(estate: Repository) -> None:
    first = estate.git("rev-parse", "HEAD")
    estate.edit("customers/lumen.yaml", "domains: [", "domains: [trade.lumen-lighting.example, ")
    estate.commit()
    assert estate.since("HEAD").out.startswith("0 of 17")
    assert list(estate.since(first, "--json").stacks) == ["tenant.lumen.production"]
    estate.git("tag", "yesterday", first)
    assert list(estate.since("yesterday", "--json").stacks) == ["tenant.lumen.production"]


# --- where there is nothing to compare with ------------------------------------------------------------------------


@pytest.mark.parametrize("reference", ["nowhere", "HEAD~99", "HEAD:stacks", "0" * 40, "", "a..b", "$(touch x)"])
def test_a_reference_that_names_no_commit_is_bad_input(estate: Repository, reference: str) -> None:
    said = estate.since(reference)
    assert (said.code, said.out) == (2, "")
    assert "names no commit" in said.err


def test_a_reference_is_never_taken_for_an_option_of_git(estate: Repository) -> None:
    said = estate.since("HEAD", "--changed-since=--output=/dev/null")
    assert (said.code, said.out) == (2, "")
    assert '"--output=/dev/null" names no commit here' in said.err


def test_an_estate_outside_a_repository_is_bad_input(tmp_path: Path, estate: Repository) -> None:
    outside = Path(shutil.copytree(estate.top, tmp_path / "copy", ignore=shutil.ignore_patterns(".git")))
    said = Repository(outside, outside / "stacks").since("HEAD")
    assert (said.code, said.out) == (2, "")
    assert "does not lie in a git repository" in said.err


def test_an_estate_that_did_not_exist_then_is_all_new(tmp_path: Path, estate: Repository) -> None:
    estate.git("mv", "stacks", "elsewhere")
    moved = Repository(estate.top, estate.top / "elsewhere")
    document = moved.since("HEAD", "--json").document
    assert len(document["changes"]) == 17
    assert {one["change"] for one in document["changes"]} == {"new"}
    assert document["notes"] == ["the estate did not exist at that commit"]


def test_an_estate_that_was_not_valid_then_is_all_new_and_says_why(estate: Repository) -> None:
    good = (estate.estate / "customers/lumen.yaml").read_text(encoding="utf-8")
    estate.edit("customers/lumen.yaml", "service_class: starter", "service_class: platinum")
    bad = estate.commit()
    (estate.estate / "customers/lumen.yaml").write_text(good, encoding="utf-8")
    document = estate.since(bad, "--json").document
    assert {one["change"] for one in document["changes"]} == {"new"}
    (note,) = document["notes"]
    assert "stacks/customers/lumen.yaml:4: service_class" in note
    assert "estate-" not in note, "the temporary folder means nothing to a reader"


def test_a_contract_that_could_not_be_entitled_then_is_all_new_and_says_why(estate: Repository) -> None:
    good = (estate.estate / "customers/lumen.yaml").read_text(encoding="utf-8")
    estate.edit("customers/lumen.yaml", "users: 8", "users: 90000")
    bad = estate.commit()
    (estate.estate / "customers/lumen.yaml").write_text(good, encoding="utf-8")
    document = estate.since(bad, "--json").document
    assert "is not valid today" in document["notes"][0]


def test_a_link_that_led_out_of_the_repository_then_is_said(tmp_path: Path, estate: Repository) -> None:
    contract = estate.estate / "customers/lumen.yaml"
    good = contract.read_text(encoding="utf-8")
    (tmp_path / "lumen.yaml").write_text(good, encoding="utf-8")
    contract.unlink()
    contract.symlink_to(tmp_path / "lumen.yaml")
    linked = estate.commit()
    contract.unlink()
    contract.write_text(good, encoding="utf-8")
    said = estate.since(linked, "--json")
    (note,) = said.document["notes"]
    assert "customers/lumen.yaml" in note and "is a link to an absolute path" in note
    assert len(said.stacks) == 17


def test_a_shallow_clone_says_what_is_missing(tmp_path: Path, estate: Repository) -> None:
    first = estate.git("rev-parse", "HEAD")
    estate.commit()
    estate.git("clone", "--quiet", "--depth=1", estate.top.as_uri(), str(tmp_path / "shallow"))
    said = Repository(tmp_path / "shallow", tmp_path / "shallow/stacks").since(first)
    assert (said.code, said.out) == (2, "")
    assert "shallow" in said.err


def test_an_estate_at_the_top_of_its_repository_is_found(tmp_path: Path, estate: Repository) -> None:
    top = Path(shutil.copytree(estate.estate, tmp_path / "flat"))
    shutil.copy(estate.top / "Pulumi.yaml", top)
    flat = Repository(top, top)
    flat.git("init", "--quiet")
    flat.commit()
    flat.edit("customers/lumen.yaml", "domains: [", "domains: [trade.lumen-lighting.example, ")
    assert list(flat.since("HEAD", "--json").stacks) == ["tenant.lumen.production"]


# --- when the library itself changed -------------------------------------------------------------------------------


def test_a_changed_library_is_compared_with_what_the_former_one_made(tmp_path: Path) -> None:
    clone = repository(tmp_path / "clone", *CODE)
    former = clone.top / "components/odoo_estate/compose/tenant.py"
    text = former.read_text(encoding="utf-8")
    assert "RECORD_TTL_SECONDS = 300" in text
    former.write_text(text.replace("RECORD_TTL_SECONDS = 300", "RECORD_TTL_SECONDS = 60"), encoding="utf-8")
    then = clone.commit()
    former.write_text(text, encoding="utf-8")
    said = clone.since(then, "--json", "tenant.lumen.production", "tenant.tessera.production")
    assert (said.code, said.document["notes"]) == (0, [])
    assert list(said.stacks) == ["tenant.lumen.production", "tenant.tessera.production"]
    for stack in said.stacks.values():
        assert {(one["change"], tuple(one["properties"])) for one in stack["differences"]} == {("update", ("ttl",))}


def test_a_former_library_that_cannot_preview_is_said_and_todays_used(tmp_path: Path) -> None:
    clone = repository(tmp_path / "clone", *CODE)
    broken = clone.top / "components/odoo_estate/commands/preview.py"
    text = broken.read_text(encoding="utf-8")
    broken.write_text("raise SystemExit('not finished')\n", encoding="utf-8")
    then = clone.commit()
    broken.write_text(text, encoding="utf-8")
    clone.edit("customers/lumen.yaml", "domains: [", "domains: [trade.lumen-lighting.example, ")
    said = clone.since(then, "--json", "tenant.*")
    (note,) = said.document["notes"]
    assert "compared by today's library" in note and "not finished" in note
    assert list(said.stacks) == ["tenant.lumen.production"]


def test_a_catalog_that_changed_with_the_library_counts_as_a_change(tmp_path: Path) -> None:
    clone = repository(tmp_path / "clone", *CODE)
    catalog = clone.top / "components/odoo_estate/catalog/default.yaml"
    text = catalog.read_text(encoding="utf-8")
    then = re.sub(r'  postgres: "16\.\d+"', '  postgres: "18.1"', text)
    assert then != text
    catalog.write_text(then, encoding="utf-8")
    first = clone.commit()
    catalog.write_text(text, encoding="utf-8")
    said = clone.since(first, "--json", "tenant.lumen.production")
    assert said.code == 2
    assert any("PostgreSQL would go from 18.1 to 16." in one["message"] for one in said.document["refusals"])


# --- the comment ---------------------------------------------------------------------------------------------------


def difference(change: Change, name: str, kind: str = ALARM, **fields: Any) -> Difference:
    values = {"urn": f"urn:pulumi:s::p::{kind}::{name}", "stateful": kind == DATABASE, "protect": kind == DATABASE}
    return Difference(change=change, type=kind, name=name, **{**values, **fields})


def stack(name: str, fate: Fate, *differences: Difference, **fields: Any) -> StackChange:
    values = {"violations": (), "cost_before": 100.0, "cost_after": 100.0}
    return StackChange(name=name, kind="tenant", fate=fate, differences=differences, **{**values, **fields})


def comparison() -> Comparison:
    changed = (
        stack(
            "tenant.a.production",
            "changed",
            difference("replace", "main", DATABASE, properties=("engine", "tags.owner"), forcing=("engine",)),
            difference("update", "cpu", properties=("threshold",)),
            cost_after=140.5,
        ),
        stack(
            "tenant.b.staging",
            "new",
            difference("add", "cpu"),
            cost_before=0.0,
            violations=(
                {
                    "rule": "TAG-01",
                    "message": "TAG-01: cpu has no tag owner",
                    "enforcement": "mandatory",
                    "exception": "",
                },
            ),
        ),
        stack("tenant.c.production", "removed", difference("destroy", "main", DATABASE), cost_after=0.0),
    )
    return Comparison(
        estate="acme",
        reference="main",
        commit="0123456789abcdef",
        stacks=5,
        changes=changed,
        refusals=(
            Problem(
                "production: the service class would be lowered",
                "customer:a",
                ("service_class",),
                remedy="take it back",
                file="stacks/customers/a.yaml",
                line=4,
            ),
            *forbidden(changed),
        ),
        notes=("compared by today's library",),
    )


@pytest.mark.parametrize(("form", "shown"), [("md", changes_markdown), ("txt", changes_text)])
def test_refusals_come_first_then_lost_data_then_findings_then_everything_else(
    form: str, shown: Callable[[Comparison], str]
) -> None:
    kept = Path(__file__).parent / f"comparison.{form}"
    assert shown(comparison()) + "\n" == kept.read_text(encoding="utf-8")


def test_a_comment_is_never_longer_than_github_takes_and_what_is_refused_is_still_in_it() -> None:
    many = tuple(
        stack(
            f"tenant.customer-{number:04}.production",
            "changed",
            *(difference("replace", f"bucket-{index}", DATABASE, forcing=("identifier",)) for index in range(70)),
            violations=({"rule": "TAG-01", "message": "TAG-01: " + "x" * 100, "enforcement": "mandatory"},),
        )
        for number in range(1000)
    )
    changed = Comparison(
        estate="acme",
        reference="main",
        commit="0123456789abcdef",
        stacks=1000,
        changes=many,
        refusals=tuple(forbidden(many)),
    )
    comment = changes_markdown(changed)
    assert 50_000 < len(comment) <= 65_536
    assert "**Refused: 70000 change(s) may not be made**" in comment
    assert "70000 resource(s) that hold data" in comment
    assert "more stacks." in comment and comment.endswith("(what is billed by use is not in it).")


def test_a_finding_that_was_there_before_is_not_new() -> None:
    def previewed(*rules: str) -> dict[str, Any]:
        found = [{"rule": rule, "urn": "u", "enforcement": "mandatory", "exception": ""} for rule in rules]
        return {"kind": "tenant", "resources": [], "compared": {}, "violations": found, "cost": {"monthly": 1.0}}

    (only,) = changes({"s": previewed("TAG-01")}, {"s": previewed("TAG-01", "BAK-02")})
    assert [one["rule"] for one in only.violations] == ["BAK-02"]
    assert only.refused
    assert changes({"s": previewed("TAG-01")}, {"s": previewed("TAG-01")}) == []


# --- many tenants --------------------------------------------------------------------------------------------------


def raise_quotas(estate: Repository) -> None:
    for _ in ("home", "recovery"):
        estate.edit(
            "estate.yaml",
            "{elastic-ips: 10, on-demand-vcpus: 320}",
            "{vpcs: 50, nat-gateways-per-zone: 50, elastic-ips: 100, on-demand-vcpus: 9000}",
        )


def test_one_contract_of_three_hundred_previews_one_stack_and_fast(estate: Repository) -> None:
    template = (estate.estate / "customers/lumen.yaml").read_text(encoding="utf-8")
    for cell, slot in (("eu-2", 2), ("eu-3", 3), ("eu-4", 4), ("eu-5", 5), ("eu-6", 6)):
        estate.edit(
            "estate.yaml",
            "\npartners:",
            f"\n  {cell}:\n    slot: {slot}\n    region: eu-central-1\n    residency: eu\n    band: cell-l\n"
            "    recovery:\n      region: eu-west-1\n      dr_class: pilot-light\n\npartners:",
        )
    raise_quotas(estate)
    estate.edit("estate.yaml", "max_tenants: 40", "max_tenants: 400")
    estate.edit("estate.yaml", "monthly_budget_usd: 6000", "monthly_budget_usd: 60000")
    for file in (estate.estate / "customers").glob("*.yaml"):
        text = file.read_text(encoding="utf-8")
        if "\ncell:" not in text:
            file.write_text(f"{text}cell: eu-1\n", encoding="utf-8")
    for index in range(300):
        name = f"shop-{index:03}"
        text = re.sub(r"customer: lumen", f"customer: {name}", template)
        text = re.sub(r"domains: \[[^]]*\]", f"domains: [{name}.example]", text)
        (estate.estate / f"customers/{name}.yaml").write_text(f"{text}cell: eu-{2 + index % 5}\n", encoding="utf-8")
    estate.commit()
    estate.edit("customers/shop-142.yaml", "domains: [", "domains: [www.shop-142.example, ")
    started = time.process_time()
    said = estate.since("HEAD", "--json")
    seconds = time.process_time() - started
    assert said.code == 0, said.out + said.err
    assert list(said.stacks) == ["tenant.shop-142.production"]
    assert seconds < 10, f"{seconds:.1f} s of processor time"
