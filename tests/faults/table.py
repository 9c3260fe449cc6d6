"""The faults that are seen in one reading of the estate: numbers as in the project's list of bad input worth trying."""

from collections.abc import Callable

from tests.faults.spoiling import Estate, Fault

LUMEN = "customers/lumen.yaml"
NORDFOOD = "customers/nordfood.yaml"
CLASS = "service_class: starter\n"
BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{new}: &{new} [{','.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)


def replaced(file: str, old: str, new: str) -> Callable[[Estate], None]:
    return lambda estate: estate.replace(file, old, new)


def named(customer: str) -> Callable[[Estate], None]:
    return replaced(LUMEN, "customer: lumen", f"customer: {customer}")


def catalog(text: str) -> Callable[[Estate], None]:
    return lambda estate: estate.catalog(text)


def written(content: str | bytes) -> Callable[[Estate], None]:
    return lambda estate: estate.write(LUMEN, content)


def _id(name: str, customer: str, *says: str) -> Fault:
    return Fault(1, name, named(customer), r"stacks/customers/lumen\.yaml:1: customer", says)


FAULTS = (
    _id("upper-case", "Lumen", '"Lumen" is not accepted'),
    _id("not-ascii", "lümen", '"lümen" is not accepted'),
    _id("65-characters", "l" * 65, "is not accepted"),
    _id("leading-digit", "9lumen", '"9lumen" is not accepted'),
    _id("shell", "'lumen;$(touch pwned)'", '"lumen;$(touch pwned)" is not accepted'),
    _id("sql", '"lumen\'; DROP TABLE res_partner--"', "DROP TABLE", "is not accepted"),
    Fault(
        2,
        "a-host-name-that-a-neighbours-id-makes",
        replaced(LUMEN, "shop.lumen-lighting.example", "balticpaper.eu-1.erp.harbour-hosting.example"),
        r"stacks/customers/\w+\.yaml:\d+: [\w.]+",
        ("balticpaper.eu-1.erp.harbour-hosting.example",),
        allowed=False,
    ),
    Fault(
        3,
        "the-same-tenant-in-two-files",
        lambda estate: estate.copy("lumen", "lumen-2"),
        r"stacks/customers/lumen-2\.yaml:1: customer",
        ('"lumen" is already the customer of',),
    ),
    Fault(
        3,
        "the-same-environment-twice",
        replaced(LUMEN, "  production: {}\n", "  production: {}\n  production: {}\n"),
        r"stacks/customers/lumen\.yaml:\d+: environments\.production",
        ("written twice",),
        allowed=False,
    ),
    Fault(
        4,
        "two-cells-in-one-slot",
        replaced("estate.yaml", "slot: 1", "slot: 0"),
        r"stacks/estate\.yaml:\d+: cells\.med-1\.slot",
        ("slot 0 is that of cell eu-1",),
        allowed=False,
    ),
    Fault(
        5,
        "a-region-that-does-not-exist",
        replaced("estate.yaml", "regions: [eu-central-1, ", "regions: [mars-north-1, eu-central-1, "),
        r"stacks/estate\.yaml:\d+: residency\.eu\.regions\.0",
        ('"mars-north-1" is not accepted',),
    ),
    Fault(
        5,
        "a-cell-outside-its-zone",
        replaced("estate.yaml", "    region: eu-central-1", "    region: us-east-1"),
        r"stacks/estate\.yaml:\d+: cells\.eu-1\.region",
        ('"us-east-1" lies outside the residency zone eu',),
    ),
    Fault(
        5,
        "recovery-outside-the-zone",
        replaced("estate.yaml", "      region: eu-west-1", "      region: us-east-1"),
        r"stacks/estate\.yaml:\d+: cells\.eu-1\.recovery\.region",
        ('"us-east-1" lies outside the residency zone eu',),
    ),
    Fault(
        6,
        "recovery-in-the-same-region",
        replaced("estate.yaml", "      region: eu-west-1", "      region: eu-central-1"),
        r"stacks/estate\.yaml:\d+: cells\.eu-1\.recovery\.region",
        ('"eu-central-1" is the cell\'s own region',),
    ),
    Fault(
        7,
        "retention-beyond-the-vault-lock",
        catalog("retention_classes:\n  long-7y:\n    monthly_days: 9999\n"),
        r"\S+default\.yaml:\d+: service_classes\.premium\.backup\.retention\.1",
        ("9999 days", "outside the vault lock"),
    ),
    Fault(
        7,
        "retention-below-the-vault-lock",
        catalog("vault_locks:\n  compliance:\n    min_days: 90\n"),
        r"\S+default\.yaml:\d+: service_classes\.starter\.backup\.retention\.0",
        ("30 days", "outside the vault lock"),
    ),
    Fault(
        8,
        "a-lock-without-grace-days",
        catalog("vault_locks:\n  compliance:\n    changeable_for_days: null\n"),
        r"stacks/catalog\.yaml:3: vault_locks\.compliance\.changeable_for_days",
        ("governance mode",),
    ),
    Fault(
        8,
        "a-lock-with-one-grace-day",
        catalog("vault_locks:\n  compliance:\n    changeable_for_days: 1\n"),
        r"stacks/catalog\.yaml:3: vault_locks\.compliance\.changeable_for_days",
        ("1 is not accepted",),
    ),
    Fault(
        9,
        "cold-storage-for-less-than-90-days",
        catalog("retention_classes:\n  long-7y:\n    cold_after_days: 2500\n"),
        r"stacks/catalog\.yaml:3: retention_classes\.long-7y\.cold_after_days",
        ("2590 days",),
    ),
    Fault(
        12,
        "a-postgresql-that-odoo-does-not-run-on",
        catalog("versions:\n  postgres: '11.22'\n"),
        r"\S+\.yaml:\d+: versions\.\S+",
        ("Odoo 18.0 needs PostgreSQL 12 or later", "11.22"),
        allowed=False,
    ),
    Fault(
        12,
        "a-postgresql-that-rds-does-not-offer",
        replaced(NORDFOOD, "  production: {}\n", "  production:\n    postgres: {version: '17.99'}\n"),
        r"stacks/customers/nordfood\.yaml:\d+: environments\.production\.postgres\.version",
        ("RDS offers no PostgreSQL 17.99",),
    ),
    Fault(
        12,
        "an-upgrade-on-a-day-without-a-window",
        replaced(
            NORDFOOD,
            "  production: {}\n",
            "  production:\n    postgres: {version: '17.11', approver: Ada, window: 2026-12-07}\n",
        ),
        r"stacks/customers/nordfood\.yaml:\d+: environments\.production\.postgres\.window",
        ("2026-12-07 has no maintenance window",),
    ),
    Fault(
        12,
        "an-odoo-that-is-not-offered",
        replaced(LUMEN, 'odoo: "18.0"', 'odoo: "12.0"'),
        r"stacks/customers/lumen\.yaml:\d+: odoo",
        ('"12.0"',),
    ),
    Fault(
        14,
        "retiring-under-legal-hold",
        lambda estate: estate.append(
            LUMEN,
            "suspended: {since: '2026-10-01', reason: has left for another house, approver: Ada}\n"
            "legal_hold: {since: '2026-10-02', reason: tax inspection of 2025, approver: Ben}\n"
            "retirement: {remove_on: '2026-11-20', reason: has left for another house, approver: Ada}\n",
        ),
        r"stacks/customers/lumen\.yaml:\d+: retirement",
        ("under legal hold since 2026-10-02 (tax inspection of 2025)",),
        allowed=False,
    ),
    Fault(
        25,
        "a-missing-field",
        replaced(LUMEN, CLASS, ""),
        r"stacks/customers/lumen\.yaml:1: service_class",
        ("the field is missing",),
        allowed=False,
    ),
    Fault(
        25,
        "null",
        replaced(LUMEN, CLASS, "service_class:\n"),
        r"stacks/customers/lumen\.yaml:4: service_class",
        ("the field is empty",),
    ),
    Fault(
        25,
        "the-wrong-type",
        replaced(LUMEN, "users: 8", "users: many"),
        r"stacks/customers/lumen\.yaml:\d+: workload\.users",
        ('"many" is not accepted',),
    ),
    Fault(
        25,
        "an-unknown-field",
        replaced(LUMEN, CLASS, f"{CLASS}servis: gold\n"),
        r"stacks/customers/lumen\.yaml:5: servis",
        ("there is no such field",),
    ),
    Fault(
        25,
        "a-duplicate-key",
        replaced(LUMEN, CLASS, f"{CLASS}service_class: business\n"),
        r"stacks/customers/lumen\.yaml:5: service_class",
        ("written twice, first in line 4",),
        allowed=False,
    ),
    Fault(
        25,
        "aliases-that-explode",
        written(BOMB),
        r"stacks/customers/lumen\.yaml:\d+: [\w.]+",
        ("more than 100000 values",),
        allowed=False,
    ),
    Fault(
        25,
        "a-tag-that-runs-code",
        replaced(LUMEN, "name: Lumen", "name: !!python/object/apply:os.system ['touch pwned'] # "),
        r"stacks/customers/lumen\.yaml:2: name",
        ("the tag", "is not accepted"),
        allowed=False,
    ),
    Fault(
        25,
        "ten-megabytes",
        lambda estate: estate.append(LUMEN, f"# {'x' * 10_000_000}\n"),
        r"stacks/customers/lumen\.yaml:1",
        ("larger than 1 MiB",),
        allowed=False,
    ),
    Fault(
        25,
        "not-utf-8",
        written(b"customer: l\xffmen\n"),
        r"stacks/customers/lumen\.yaml:1",
        ("0xff is not UTF-8",),
        allowed=False,
    ),
    Fault(25, "an-empty-file", written(""), r"stacks/customers/lumen\.yaml:1", ("holds nothing",), allowed=False),
)
