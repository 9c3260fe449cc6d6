"""What documents say about each other must fit."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Desk

ESTATE = "estate.yaml"
CUSTOMER = "customers/lumen.yaml"
SECOND_CELL = "  eu-2:\n    slot: {slot}\n    region: {region}\n    residency: {zone}\n    band: {band}\npartners:"


@pytest.mark.parametrize(
    ("change", "field", "message", "allowed"),
    [
        (
            ("partner: brightline", "partner: brigthline"),
            "partner",
            '"brigthline" is not a partner of this estate; did you mean "brightline"?',
            "brightline",
        ),
        (
            ("service_class: business", "service_class: buisness"),
            "service_class",
            '"buisness" is not a service class; did you mean "business"?',
            "business",
        ),
        (
            ("service_class: business", "service_class: premium"),
            "service_class",
            '"premium" is not a service class that partner brightline sells',
            "starter",
        ),
        (("residency: eu", "residency: us"), "residency", '"us" is not a residency zone', "eu"),
        (('odoo: "18.0"', 'odoo: "12.0"'), "odoo", '"12.0" is not a supported Odoo series', "18.0"),
        (
            ("  staging: {}", "  staging:\n    version: '11.0'"),
            "environments.staging.version",
            '"11.0" is not a supported Odoo series',
            "18.0",
        ),
        (
            ("Europe/Berlin", "Europe/Berlinn"),
            "windows.maintenance.timezone",
            '"Europe/Berlinn" is not a time zone',
            None,
        ),
        (
            ("Europe/Berlin", "../../etc/passwd"),
            "windows.maintenance.timezone",
            '"../../etc/passwd" is not a time zone',
            None,
        ),
        (
            ("retention: standard-1y", "retention: platinum"),
            "backup.retention",
            '"platinum" is not a retention class',
            "standard-1y",
        ),
        (
            ("retention: standard-1y", "retention: long-10y"),
            "backup.retention",
            '"long-10y" is not a retention class of service class "business"',
            "standard-1y",
        ),
        (
            ("backup:", "cell: eu-9\nbackup:"),
            "cell",
            '"eu-9" is not a cell of this estate; did you mean "eu-1"?',
            "eu-1",
        ),
        (
            ("backup:", "cell: eu-1\ndatabase: second\nbackup:"),
            "database",
            '"second" is not a database instance of cell eu-1',
            "main",
        ),
        (
            ("  production: {}", "  production: {expires: 2027-01-01}"),
            "environments.production.expires",
            "production has no expiry",
            None,
        ),
        (
            ("  production: {}", "  production: {}\n  sandbox: {}"),
            "environments.sandbox.expires",
            "a sandbox needs the date on which it is removed",
            None,
        ),
        (
            ("  production: {}", "  production: {}\n  sandbox: {expires: 2026-11-30}"),
            "environments.sandbox.expires",
            '"2026-11-30" has passed, today is 2026-12-01',
            "2026-12-01 or later",
        ),
        (
            ("  production: {}", "  production: {}\n  sandbox: {expires: 2027-02-30}"),
            "environments.sandbox.expires",
            '"2027-02-30" is not in the calendar',
            None,
        ),
        (
            ("erp.lumen.example", "shop.erp.harbour.example"),
            "domains.0",
            '"shop.erp.harbour.example" lies inside the platform\'s domain erp.harbour.example, whose names are given out by the estate',
            None,
        ),
        (
            ("domains: [erp.lumen.example]", "domains: [erp.lumen.example]\nallow_from: [198.51.100.7/24]"),
            "allow_from.0",
            '"198.51.100.7/24" is not a network: its address has bits behind the mask, or parts above 255 or 32',
            None,
        ),
        (
            (
                "domains: [erp.lumen.example]",
                "domains: [erp.lumen.example]\nallow_from: [198.51.100.0/24, 10.1.0.0/16]",
            ),
            "allow_from.1",
            '"10.1.0.0/16" is a private network, which never arrives over the internet',
            None,
        ),
        (
            ("domains: [erp.lumen.example]", "domains: [erp.lumen.example]\nallow_from: [0.0.0.0/0]"),
            "allow_from.0",
            '"0.0.0.0/0" is wider than any office: /8 at most',
            None,
        ),
        (
            ("requests_per_hour: 60", "requests_per_hour: 60\n      path: /web/login"),
            "workload.integrations.edi.path",
            "\"/web/login\" is Odoo's own, not this integration's",
            None,
        ),
        (
            (
                "requests_per_hour: 60",
                "requests_per_hour: 60\n      path: /edi\n    more:\n      kind: edi\n      requests_per_hour: 1\n      path: /EDI/more",
            ),
            "workload.integrations.more.path",
            '"/EDI/more" overlaps the path of integration edi: one limit would count the other\'s requests',
            None,
        ),
        (
            ("domains: [erp.lumen.example]", "domains: [erp.lumen.example]\nproven_domains: [erp.other.example]"),
            "proven_domains.0",
            '"erp.other.example" is not a domain of this contract; did you mean "erp.lumen.example"?',
            "erp.lumen.example",
        ),
    ],
)
def test_a_contract_may_only_name_what_exists(
    desk: "Desk", change: tuple[str, str], field: str, message: str, allowed: str | None
) -> None:
    desk.change(CUSTOMER, *change)
    problem = desk.problem()
    assert problem.file.endswith("customers/lumen.yaml")
    assert (problem.field, problem.message) == (field, message)
    assert problem.line > 1
    assert problem.remedy
    if allowed is not None:
        assert allowed in problem.allowed


def test_a_retention_class_is_refused_at_its_line_with_those_of_the_service_class(desk: "Desk") -> None:
    desk.change(CUSTOMER, "retention: standard-1y", "retention: platinum")
    line = desk.line_of(CUSTOMER, "platinum")
    expected = f'customers/lumen.yaml:{line}: backup.retention: "platinum" is not a retention class\n  allowed: standard-1y, short-30d\n'
    assert expected in str(desk.problem())


def test_an_exception_that_has_expired_is_refused(desk: "Desk") -> None:
    exception = "exceptions:\n  - rule: BAK-03\n    reason: the new region opens in spring\n    approver: Ada\n    expires: 2026-06-30\n"
    desk.write(CUSTOMER, (desk.directory / CUSTOMER).read_text(encoding="utf-8") + exception)
    problem = desk.problem()
    assert (problem.field, problem.message) == ("exceptions.0.expires", '"2026-06-30" has passed, today is 2026-12-01')
    assert problem.line == desk.line_of(CUSTOMER, "2026-06-30")


def test_two_customers_cannot_have_the_same_domain(desk: "Desk") -> None:
    text = (desk.directory / CUSTOMER).read_text(encoding="utf-8")
    desk.write(
        "customers/umbra.yaml",
        text.replace("customer: lumen", "customer: umbra").replace("  staging: {}\n", ""),
    )
    problem = desk.problem()
    assert problem.file.endswith("customers/umbra.yaml")
    assert problem.message == '"erp.lumen.example" is already a domain of customer lumen'


def test_a_name_in_a_partners_domain_is_for_its_own_customers(desk: "Desk") -> None:
    estate = (desk.directory / ESTATE).read_text(encoding="utf-8")
    domain = next(line.split()[-1] for line in estate.splitlines() if line.startswith("    domain: "))
    desk.change(CUSTOMER, "erp.lumen.example", f"lumen.{domain}")
    desk.load()
    text = (desk.directory / CUSTOMER).read_text(encoding="utf-8")
    desk.change(CUSTOMER, "partner: brightline\n", "")
    problem = desk.problem()
    assert (
        problem.message
        == f'"lumen.{domain}" lies inside the domain of partner brightline, whose names only its own customers have'
    )
    assert "partner: brightline" in text


@pytest.mark.parametrize(
    ("old", "new", "field", "message"),
    [
        (
            "home_region: eu-central-1",
            "home_region: us-east-1",
            "home_region",
            '"us-east-1" lies in none of the residency zones',
        ),
        (
            "    region: eu-central-1",
            "    region: us-east-1",
            "cells.eu-1.region",
            '"us-east-1" lies outside the residency zone eu',
        ),
        (
            "      region: eu-west-1",
            "      region: us-east-1",
            "cells.eu-1.recovery.region",
            '"us-east-1" lies outside the residency zone eu',
        ),
        (
            "      region: eu-west-1",
            "      region: eu-central-1",
            "cells.eu-1.recovery.region",
            '"eu-central-1" is the cell\'s own region: one outage would take both',
        ),
        (
            "dr_class: pilot-light",
            "dr_class: hot-standby",
            "cells.eu-1.recovery.dr_class",
            '"hot-standby" is not a DR class',
        ),
        (
            "    band: cell-m",
            "    band: cell-xxl",
            "cells.eu-1.band",
            '"cell-xxl" is not a band for shared cells; did you mean "cell-l"?',
        ),
        (
            "    band: cell-m",
            "    band: cell-dedicated-s",
            "cells.eu-1.band",
            '"cell-dedicated-s" is not a band for shared cells',
        ),
        (
            "    band: cell-m",
            "    band: cell-m\n    customer: lumen",
            "cells.eu-1.customer",
            "a shared cell has no customer of its own",
        ),
        (
            "    band: cell-m",
            "    band: cell-m\n    account: audit",
            "cells.eu-1.account",
            '"audit" is not an account role of this estate',
        ),
        (
            "    band: cell-m",
            "    band: cell-m\n    databases: {main: pg-m}",
            "cells.eu-1.databases.main",
            'the name "main" is taken',
        ),
        (
            "    band: cell-m",
            "    band: cell-m\n    databases: {heavy: pg-huge}",
            "cells.eu-1.databases.heavy",
            '"pg-huge" is not a PostgreSQL band',
        ),
        (
            "    band: cell-m",
            "    band: cell-m\n    postgres: {heavy: {version: '17.11'}}",
            "cells.eu-1.postgres.heavy",
            '"heavy" is not an instance of this cell',
        ),
        (
            "  production: ",
            "  audit: '210000000007'\n  production: ",
            "accounts.audit",
            "mode single-account has no account for the role audit",
        ),
        ("    slot: 0", "    slot: 127\nnetwork: {supernet: 10.0.0.0/12}\ncells2:", "cells2", "there is no such field"),
        (
            "service_classes: [starter, business]",
            "service_classes: [starter, business, gold]",
            "partners.brightline.service_classes.2",
            '"gold" is not a service class',
        ),
        (
            "    max_tenants: 3",
            "    max_tenants: 1",
            "partners.brightline.max_tenants",
            "partner brightline has 2 tenants, more than the agreed 1",
        ),
    ],
)
def test_the_estate_may_only_name_what_exists(desk: "Desk", old: str, new: str, field: str, message: str) -> None:
    desk.change(ESTATE, old, new)
    problems = [problem for problem in desk.problems() if problem.field == field]
    assert [(problem.file.rsplit("/", 1)[1], problem.message.split("; did")[0]) for problem in problems] == [
        ("estate.yaml", message.split("; did", maxsplit=1)[0])
    ]
    assert problems[0].line > 1


def test_two_cells_in_one_slot_would_share_addresses(desk: "Desk") -> None:
    desk.change(ESTATE, "partners:", SECOND_CELL.format(slot=0, region="eu-west-1", zone="eu", band="cell-s"))
    problem = desk.problem()
    assert (problem.field, problem.line) == ("cells.eu-2.slot", desk.line_of(ESTATE, "eu-2:") + 1)
    assert problem.message == "slot 0 is that of cell eu-1: both would have the same addresses"


def test_a_slot_outside_the_supernet_is_refused(desk: "Desk") -> None:
    desk.change(ESTATE, "partners:", SECOND_CELL.format(slot=8, region="eu-west-1", zone="eu", band="cell-s"))
    desk.change(ESTATE, "contacts:", "network:\n  supernet: 10.0.0.0/12\ncontacts:")
    problem = desk.problem()
    assert problem.message == "slot 8 lies outside the supernet 10.0.0.0/12"
    assert problem.allowed == ("0 to 7",)


def test_a_dedicated_cell_needs_its_customer(desk: "Desk") -> None:
    cell = SECOND_CELL.format(slot=1, region="eu-west-1", zone="eu", band="cell-dedicated-s")
    desk.change(ESTATE, "partners:", cell.replace("    band", "    tenancy: dedicated\n    band"))
    assert desk.problem().message == "a dedicated cell needs the customer it is for"
    desk.change(ESTATE, "    tenancy: dedicated", "    tenancy: dedicated\n    customer: lumenn")
    assert desk.problem().message == '"lumenn" is not a customer of this estate; did you mean "lumen"?'


def test_organisation_mode_needs_an_account_of_its_own_for_every_role(desk: "Desk") -> None:
    desk.change(ESTATE, "mode: single-account", "mode: organisation")
    desk.change(ESTATE, "  production: ", "  backup: '210000000006'\n  production: ")
    messages = [problem.message for problem in desk.problems()]
    assert "mode organisation needs an account for the role audit" in messages
    assert "account 210000000006 is also that of production" in messages


@pytest.mark.parametrize(
    ("override", "field", "message"),
    [
        (
            "retention_classes: {short-30d: {daily_days: 5}}",
            "service_classes.starter.backup.retention.0",
            'retention class "short-30d" keeps recovery points for 5 days, outside the vault lock "compliance"',
        ),
        (
            "vault_locks: {compliance: {changeable_for_days: 1}}",
            "vault_locks.compliance.changeable_for_days",
            "1 is not accepted",
        ),
        ("vault_locks: {compliance: {min_days: 5000}}", "vault_locks.compliance.min_days", None),
        (
            "retention_classes: {standard-1y: {cold_after_days: 300}}",
            "retention_classes.standard-1y.cold_after_days",
            "cold storage after 300 days needs at least 390 days of retention, this class has 365",
        ),
        (
            "service_classes: {business: {rate_limit: huge}}",
            "service_classes.business.rate_limit",
            '"huge" is not a rate limit',
        ),
        (
            "service_classes: {business: {rpo_minuts: 5}}",
            "service_classes.business.rpo_minuts",
            'there is no such field; did you mean "rpo_minutes"?',
        ),
        (
            "cell_bands: {cell-m: {postgres: pg-giant}}",
            "cell_bands.cell-m.postgres",
            '"pg-giant" is not a PostgreSQL band',
        ),
        (
            "versions: {postgres: '11.9'}",
            "versions.odoo.18.0.postgres_min",
            'Odoo 18.0 needs PostgreSQL 12 or later, the catalog pins "11.9"',
        ),
        (
            "versions: {images: {postgres: 'quay.example/postgres@sha256:00'}}",
            "versions.images.postgres",
            '"quay.example/postgres" is not an approved registry: clusters would refuse its pods',
        ),
    ],
)
def test_an_override_of_the_catalog_must_fit_the_rest_of_it(
    desk: "Desk", override: str, field: str, message: str | None
) -> None:
    desk.write(ESTATE, (desk.directory / ESTATE).read_text(encoding="utf-8") + "catalog: catalog.yaml\n")
    desk.write("catalog.yaml", override + "\n")
    problems = [problem for problem in desk.problems() if problem.field == field]
    assert problems, [str(problem) for problem in desk.problems()]
    if message is not None:
        assert problems[0].message == message


def test_an_override_replaces_single_figures_and_keeps_the_rest(desk: "Desk") -> None:
    before = desk.load().catalog
    desk.write(ESTATE, (desk.directory / ESTATE).read_text(encoding="utf-8") + "catalog: catalog.yaml\n")
    desk.write("catalog.yaml", "service_classes:\n  business:\n    monthly_budget_usd: 123\n")
    after = desk.load().catalog
    assert after.service_classes["business"].monthly_budget_usd == 123
    changed = after.service_classes["business"].model_copy(
        update={"monthly_budget_usd": before.service_classes["business"].monthly_budget_usd}
    )
    assert changed == before.service_classes["business"]
    assert after.service_classes["starter"] == before.service_classes["starter"]


def test_a_slip_in_the_override_is_reported_there_not_in_the_shipped_catalog(desk: "Desk") -> None:
    desk.write(ESTATE, (desk.directory / ESTATE).read_text(encoding="utf-8") + "catalog: catalog.yaml\n")
    desk.write("catalog.yaml", "service_classes:\n  business:\n    # cheaper\n    monthly_budget_usd: low\n")
    problem = desk.problem()
    assert (problem.file.rsplit("/", 1)[1], problem.line) == ("catalog.yaml", 4)


@pytest.mark.parametrize("name", ["../catalog.yaml", "/etc/passwd", "catalog.json", "missing.yaml"])
def test_the_override_lies_beside_the_estate(desk: "Desk", name: str) -> None:
    desk.write(ESTATE, (desk.directory / ESTATE).read_text(encoding="utf-8") + f"catalog: {name}\n")
    assert desk.problem().remedy


@pytest.mark.parametrize(
    ("lines", "field", "message"),
    [
        (
            "production: {eu-central-1: {elastic-ip: 9}}",
            "quotas.production.eu-central-1.elastic-ip",
            "is not a quota of a region",
        ),
        (
            "production: {eu-central-1: {iam-roles: 9}}",
            "quotas.production.eu-central-1.iam-roles",
            "is not a quota of a region",
        ),
        ("production: {global: {vpcs: 9}}", "quotas.production.global.vpcs", "is not a quota of a whole account"),
        ("production: {us-east-1: {vpcs: 9}}", "quotas.production.us-east-1", "is not a region of this estate"),
        ("audit: {eu-central-1: {vpcs: 9}}", "quotas.audit", "is not an account role of this estate"),
    ],
)
def test_a_raised_quota_stands_where_aws_has_it(desk: "Desk", lines: str, field: str, message: str) -> None:
    desk.change(ESTATE, "home_region:", f"quotas:\n  {lines}\nhome_region:")
    problem = desk.problem()
    assert problem.field == field
    assert message in problem.message


APPROVED = """\
modules:
  stock_lots:
    18.0.1.0.0: {{source: "https://modules.example/stock_lots.zip", sha256: {sha}, approver: Mara, reviewed: "2026-10-01"}}
    19.0.1.0.0: {{source: "https://modules.example/stock_lots-19.zip", sha256: {sha}, approver: Mara, reviewed: "2026-10-01"}}
"""


def with_module(desk: "Desk", name: str, version: str, approval: str = "approved", sha: str = "a" * 64) -> None:
    desk.write("modules.yaml", APPROVED.format(sha=sha))
    said = f"modules:\n  {name}:\n    approval: {approval}\n    version: {version}\nbackup:"
    desk.change(CUSTOMER, "backup:", said)


@pytest.mark.parametrize(
    ("name", "version", "field", "message"),
    [
        ("stock_lotz", "18.0.1.0.0", "modules.stock_lotz", '"stock_lotz" is not an approved module'),
        (
            "stock_lots",
            "18.0.1.0.1",
            "modules.stock_lots.version",
            '"18.0.1.0.1" is not an approved version of stock_lots',
        ),
        (
            "stock_lots",
            "19.0.1.0.0",
            "modules.stock_lots.version",
            '"19.0.1.0.0" is for another series than the contract\'s Odoo 18.0',
        ),
    ],
)
def test_a_contract_may_call_approved_only_what_somebody_approved(
    desk: "Desk", name: str, version: str, field: str, message: str
) -> None:
    with_module(desk, name, version)
    problem = desk.problem()
    assert (problem.field, problem.message) == (field, message)
    assert problem.line == desk.line_of(CUSTOMER, name) + (2 if field.endswith("version") else 0)


def test_an_approved_module_and_one_that_says_it_is_not_are_read(desk: "Desk") -> None:
    with_module(desk, "stock_lots", "18.0.1.0.0")
    assert desk.load().customers["lumen"].modules["stock_lots"].approval == "approved"
    desk.reset()
    with_module(desk, "anything", "18.0.0.0.1", approval="pending")
    assert desk.load().customers["lumen"].modules["anything"].approval == "pending"


def test_a_list_with_a_broken_checksum_is_refused_at_its_line(desk: "Desk") -> None:
    with_module(desk, "stock_lots", "18.0.1.0.0", sha="abc")
    problem = desk.problems()[0]
    assert problem.file.endswith("modules.yaml")
    assert problem.field == "modules.stock_lots.18.0.1.0.0.sha256"
    assert "a SHA-256: 64 hexadecimal digits" in problem.allowed
