"""What YAML may look like: every slip is refused with its place, nothing is guessed."""

from typing import TYPE_CHECKING

import pytest

from odoo_estate.errors import BadInput

if TYPE_CHECKING:
    from conftest import Desk

CUSTOMER = "customers/lumen.yaml"


def test_a_valid_estate_loads(desk: "Desk") -> None:
    documents = desk.load()
    assert list(documents.customers) == ["lumen"]
    assert documents.customers["lumen"].workload.integrations["edi"].requests_per_hour == 60
    assert documents.estate.residency["eu"].regions == ("eu-central-1", "eu-west-1")


def test_an_unknown_field_is_refused_with_the_one_that_was_meant(desk: "Desk") -> None:
    desk.change(CUSTOMER, "  orders_per_day: 200", "  orders_per_day: 200\n  peak_facter: 3")
    problem = desk.problem()
    assert problem.file.endswith("customers/lumen.yaml")
    assert (problem.line, problem.field) == (desk.line_of(CUSTOMER, "peak_facter"), "workload.peak_facter")
    assert problem.message == 'there is no such field; did you mean "peak_factor"?'
    assert "peak_factor" in problem.allowed


def test_a_missing_field_is_reported_at_its_group(desk: "Desk") -> None:
    desk.change(CUSTOMER, "      kind: edi\n", "")
    problem = desk.problem()
    assert (problem.line, problem.field) == (desk.line_of(CUSTOMER, "    edi:"), "workload.integrations.edi.kind")
    assert problem.message == "the field is missing"
    assert "edi, api, marketplace, carrier, queue" in problem.remedy


def test_a_field_without_value_is_not_taken_for_a_default(desk: "Desk") -> None:
    desk.change(CUSTOMER, "  users: 20", "  users:")
    problem = desk.problem()
    assert (problem.field, problem.message) == ("workload.users", "the field is empty")
    assert problem.allowed == ("a whole number",)


@pytest.mark.parametrize(
    ("old", "new", "field", "allowed"),
    [
        ("  users: 20", "  users: twenty", "workload.users", "a whole number"),
        ("  users: 20", '  users: "20"', "workload.users", "a whole number"),
        ("  users: 20", "  users: 20.5", "workload.users", "a whole number"),
        ("  users: 20", "  users: 1_000", "workload.users", "a whole number"),
        ("  users: 20", "  users: 0x14", "workload.users", "a whole number"),
        ("  users: 20", "  users: true", "workload.users", "a whole number"),
        ("  users: 20", "  users: -1", "workload.users", "a number from 1 upwards"),
        ("  users: 20", "  users: [20]", "workload.users", "a whole number"),
        (
            "residency: eu",
            "own_account: yes\nresidency: eu",
            "own_account",
            "true or false",
        ),
        ('odoo: "18.0"', "odoo: 18.0", "odoo", "text"),
        ("name: Lumen Lighting", "name: 5", "name", "text"),
        (
            "name: Lumen Lighting",
            'name: "a\\nb"',
            "name",
            "one line of text, 1 to 200 characters, no control characters",
        ),
        (
            "name: Lumen Lighting",
            'name: "Lumen \u202egnithgiL"',
            "name",
            "one line of text, 1 to 200 characters, no control characters",
        ),
        ("domains: [erp.lumen.example]", "domains: erp.lumen.example", "domains", "a list"),
        ("erp.lumen.example", "ERP.lumen.example", "domains.0", "a domain in lower case, e.g. erp.example.com"),
        ('    start: "02:00"', '    start: "25:00"', "windows.maintenance.start", 'a time of day, e.g. "22:30"'),
        ("  production: {}", "  production: 5", "environments.production", "a group of fields"),
    ],
)
def test_a_wrong_value_is_refused_with_what_is_accepted(
    desk: "Desk", old: str, new: str, field: str, allowed: str
) -> None:
    desk.change(CUSTOMER, old, new)
    problem = desk.problem()
    assert problem.field == field
    assert problem.line == desk.line_of(CUSTOMER, new.split(":", maxsplit=1)[0].strip())
    assert allowed in problem.allowed
    assert problem.remedy


def test_a_choice_that_does_not_exist_names_all_that_do(desk: "Desk") -> None:
    desk.change(CUSTOMER, "kind: edi", "kind: eid")
    problem = desk.problem()
    assert problem.message == '"eid" is not accepted; did you mean "edi"?'
    assert problem.allowed == ("edi", "api", "marketplace", "carrier", "queue")


def test_an_unknown_environment_is_refused_by_its_name(desk: "Desk") -> None:
    desk.change(CUSTOMER, "  staging:", "  stagging:")
    problem = desk.problem()
    assert problem.message == '"stagging" is not accepted; did you mean "staging"?'
    assert problem.line == desk.line_of(CUSTOMER, "stagging")


def test_no_and_times_and_leading_zeros_stay_text(desk: "Desk") -> None:
    desk.change(CUSTOMER, '    start: "02:00"', "    start: 02:00")
    desk.change(CUSTOMER, "name: Lumen Lighting", "name: no")
    desk.change("estate.yaml", '"210000000006"', "010000000006")
    documents = desk.load()
    maintenance = documents.customers["lumen"].windows
    assert maintenance is not None and maintenance.maintenance.start == "02:00"
    assert documents.customers["lumen"].name == "no"
    assert documents.estate.accounts["production"] == "010000000006"


def test_a_key_that_stands_twice_is_refused_never_overwritten(desk: "Desk") -> None:
    desk.change(CUSTOMER, "service_class: business", "service_class: business\nresidency: eu")
    problem = desk.problem()
    second = desk.line_of(CUSTOMER, 'odoo: "18.0"') - 1
    assert (problem.line, problem.field) == (second, "residency")
    assert problem.message == f"the field is written twice, first in line {second - 1}"


def test_a_tag_is_refused(desk: "Desk") -> None:
    desk.change(CUSTOMER, "name: Lumen Lighting", "name: !!python/object/apply:os.getcwd []")
    found = {(problem.message, problem.line) for problem in desk.problems()}
    assert ('the tag "tag:yaml.org,2002:python/object/apply:os.getcwd" is not accepted', 2) in found


def test_a_merge_key_is_refused(desk: "Desk") -> None:
    desk.change(CUSTOMER, "  production: {}", "  production: &base {version: 18.0}\n  sandbox:\n    <<: *base")
    assert "merge keys are not accepted" in [problem.message for problem in desk.problems()]


def test_an_alias_may_repeat_a_value(desk: "Desk") -> None:
    desk.change(CUSTOMER, "    day: sun", "    day: &day sun")
    desk.change(
        CUSTOMER, "backup:", "  freeze:\n    - {day: *day, start: '12:00', hours: 2, timezone: Europe/Berlin}\nbackup:"
    )
    windows = desk.load().customers["lumen"].windows
    assert windows is not None and windows.freeze[0].day == "sun"


BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 6)
)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file holds nothing"),
        (b"# only a comment\n", "the file holds nothing"),
        (b"null\n", "the file holds nothing"),
        (b"[]\n", "the file holds a list where a group of fields is expected"),
        (b"lumen\n", 'the file holds "lumen" where a group of fields is expected'),
        (b"a: 1\n---\nb: 2\n", "a second document starts here"),
        (b"a: b: c\n", "not valid YAML: mapping values are not allowed in this context"),
        (b"a:\n\t- b\n", "not valid YAML: found character that cannot start any token"),
        (b'a: "open\n', "not valid YAML: found unexpected end of stream"),
        (b"a: \x00\n", "not valid YAML: control characters are not allowed"),
        (b"name: caf\xe9\n", "byte 0xe9 is not UTF-8"),
        (b"? [a, b]\n: c\n", "a key must be plain text"),
        (b"[" * 500_000, "values are nested more than 32 deep"),
        (b"- " * 300_000, "values are nested more than 32 deep"),
        (b"{a: " * 200_000, "values are nested more than 32 deep"),
        (b"a: *nowhere\n", 'the alias "*nowhere" has no anchor before it'),
        (b"a: &a [*a]\n", 'the alias "*a" has no anchor before it'),
        (BOMB.encode(), "the document holds more than 100000 values"),
        (b"a: &a 1\nb: [" + b"*a, " * 51 + b"]", "the document uses more than 50 aliases"),
        (b"#" * (10 * 1024 * 1024), "the file is larger than 1 MiB"),
    ],
)
def test_what_is_no_document_is_refused_at_once(desk: "Desk", content: bytes, message: str) -> None:
    desk.write(CUSTOMER, content)
    problem = desk.problem()
    assert problem.file.endswith("customers/lumen.yaml")
    assert problem.message == message
    assert problem.remedy


@pytest.mark.parametrize(
    "name",
    [
        "Lumen",
        "lümen",
        "7seas",
        "a" * 64,
        "x",
        "lumen_shop",
        "lumen;drop table",
        "$(reboot)",
        "../lumen",
        "lu--men",
        "lumen-",
        "l" + "\u202e" + "umen",
        "\x1b[31mlumen",
    ],
)
def test_a_name_that_some_service_would_not_take_is_refused(desk: "Desk", name: str) -> None:
    import json

    desk.change(CUSTOMER, "customer: lumen", f"customer: {json.dumps(name)}")
    problems = [
        problem
        for problem in desk.problems()
        if problem.allowed and problem.allowed[0].startswith(("an id", "text of at"))
    ]
    assert [(problem.field, problem.line) for problem in problems] == [("customer", 1)]


def test_a_file_that_is_not_named_like_its_customer_is_refused(desk: "Desk") -> None:
    desk.write(
        "customers/lumina.yaml",
        (desk.directory / CUSTOMER).read_bytes().replace(b"customer: lumen", b"customer: luminos"),
    )
    problem = desk.problem()
    assert problem.file.endswith("customers/lumina.yaml")
    assert (problem.line, problem.field) == (1, "customer")
    assert problem.message == '"luminos" is not the name of its file'
    assert problem.allowed == ("lumina",)


def test_the_same_customer_twice_is_refused_with_both_files(desk: "Desk") -> None:
    desk.write("customers/second.yaml", (desk.directory / CUSTOMER).read_bytes())
    problem = desk.problem()
    assert problem.file.endswith("customers/second.yaml")
    assert (problem.line, problem.field, problem.value) == (1, "customer", "lumen")
    assert problem.message.startswith('"lumen" is already the customer of ')
    assert problem.message.endswith("customers/lumen.yaml")


def test_a_contract_with_another_ending_is_not_overlooked(desk: "Desk") -> None:
    desk.write("customers/second.yml", "customer: second\n")
    assert desk.problem().message == '"second.yml" would not be read'


def test_the_platforms_domain_leaves_room_for_the_longest_name_below_it(desk: "Desk") -> None:
    longest = "development." + ".".join(["c" * 32, "e" * 32]) + "."
    fits = f"{'a.' * 81}examples"
    assert len(fits) == 170 and len(longest + fits) <= 253
    desk.change("estate.yaml", "platform: erp.harbour.example", f"platform: {'a.' * 90}example")
    problem = desk.problem()
    assert (problem.field, problem.allowed) == ("domains.platform", ("text of at most 170 characters",))
    desk.reset()
    desk.change("estate.yaml", "platform: erp.harbour.example", f"platform: {fits}")
    desk.load()


def test_contracts_in_a_folder_below_are_not_overlooked(desk: "Desk") -> None:
    """A customer whose file is not read has left the estate, without a word."""
    desk.write("customers/former/second.yaml", "customer: second\n")
    assert desk.problem().message == '"former" would not be read'


def test_a_catalog_that_the_estate_does_not_name_is_not_overlooked(desk: "Desk") -> None:
    desk.write("catalog.yaml", "service_classes: {}\n")
    problem = desk.problem()
    assert problem.message == "catalog.yaml would not be read" and problem.file.endswith("estate.yaml")
    desk.write("estate.yaml", f"catalog: catalog.yaml\n{desk.ESTATE}")
    desk.load()


def test_a_directory_without_estate_is_refused(desk: "Desk") -> None:
    (desk.directory / "estate.yaml").unlink()
    problem = [one for one in desk.problems() if one.file.endswith("estate.yaml")]
    assert [one.message for one in problem] == ["cannot be read: No such file or directory"]


def test_every_problem_of_every_file_is_reported_at_once(desk: "Desk") -> None:
    desk.change(CUSTOMER, "  users: 20", "  users: many")
    desk.change(CUSTOMER, "residency: eu\n", "residensy: eu\n")
    desk.write("customers/second.yaml", "customer: second\nname: Second\nname: Again\n")
    desk.change("estate.yaml", "mode: single-account", "mode: alone")
    desk.change("estate.yaml", "ops@harbour.example", "nobody")
    found = {(problem.file.rsplit("/", 1)[1], problem.field) for problem in desk.problems()}
    assert {
        ("estate.yaml", "mode"),
        ("estate.yaml", "contacts.operations"),
        ("lumen.yaml", "workload.users"),
        ("lumen.yaml", "residensy"),
        ("lumen.yaml", "residency"),
        ("second.yaml", "name"),
        ("second.yaml", "workload"),
    } <= found


def test_one_bad_customer_in_two_hundred_is_the_only_one_named(desk: "Desk") -> None:
    text = (desk.directory / CUSTOMER).read_text(encoding="utf-8").replace("partner: brightline\n", "")
    text = text.replace("domains: [erp.lumen.example]\n", "")
    for number in range(200):
        content = text.replace("customer: lumen", f"customer: shop-{number}")
        desk.write(
            f"customers/shop-{number}.yaml", content.replace("users: 20", "users: -3") if number == 117 else content
        )
    assert desk.problem().file.endswith("customers/shop-117.yaml")


def test_a_thousand_slips_in_one_file_are_cut_to_what_can_be_read(desk: "Desk") -> None:
    slips = "".join(f"field_{number}: x\n" for number in range(1_000))
    desk.write(CUSTOMER, (desk.directory / CUSTOMER).read_text(encoding="utf-8") + slips)
    problems = desk.problems()
    assert len(problems) == 101
    assert "900 further problems are not shown" in [problem.message for problem in problems]


def test_what_is_no_file_is_refused_without_waiting_for_it(desk: "Desk") -> None:
    import os

    os.mkfifo(desk.directory / "customers/pipe.yaml")
    (desk.directory / "customers/folder.yaml").mkdir()
    with pytest.raises(BadInput) as refused:
        desk.load()
    assert [problem.message for problem in refused.value.problems] == ["is not a file", "is not a file"]


def test_a_file_name_that_is_no_text_is_shown_escaped(desk: "Desk") -> None:
    import os
    from pathlib import Path

    Path(os.fsdecode(os.fsencode(desk.directory / "customers") + b"/caf\xe9\x1b.yaml")).write_text("customer: cafe\n")
    assert all(problem.file.endswith("customers/caf\\udce9\\x1b.yaml") for problem in desk.problems())
