"""``customers/*.yaml``: one contract each."""

from typing import Annotated, Literal

from pydantic import Field

from odoo_estate.spec.estate import PostgresVersion
from odoo_estate.spec.fields import (
    AccountId,
    Cidr,
    Count,
    Domain,
    EnvironmentName,
    Id,
    IsoDate,
    ModuleName,
    NamePattern,
    Percent,
    Spec,
    TenancyName,
    Text,
    TimeOfDay,
    Weekday,
)


class Integration(Spec):
    """One connection to another system; ``requests_per_hour`` at the busiest hour."""

    kind: Literal["edi", "api", "marketplace", "carrier", "queue"]
    requests_per_hour: Count
    path: Annotated[str, Field(pattern=r"^(/[A-Za-z0-9][A-Za-z0-9_-]{0,63}){1,8}$")] | None = None
    """Where the other system calls Odoo, with all that lies below: it then has a limit of its own. None: it calls by key or as a client."""


class Storage(Spec):
    """GiB stored today, and growth in percent per year."""

    database_gib: Annotated[int, Field(ge=1, le=65_536)]
    filestore_gib: Annotated[int, Field(ge=0, le=1_000_000)]
    growth_percent_per_year: Percent = 20


class Workload(Spec):
    """What the customer does with Odoo. ``peak_factor``: busiest hour over average hour of a working day (8 h)."""

    users: Annotated[int, Field(ge=1, le=100_000)]
    orders_per_day: Count
    peak_factor: Annotated[float, Field(ge=1, le=100, strict=False)] = 3.0
    integrations: dict[Id, Integration] = {}
    storage: Storage


class Module(Spec):
    """A custom or third-party Odoo module. ``heavy``: brings scheduler or reporting load of its own."""

    approval: Literal["approved", "pending", "refused"]
    version: Text
    heavy: bool = False


class Window(Spec):
    """A weekly window in the customer's own time zone (IANA name)."""

    day: Weekday
    start: TimeOfDay
    hours: Annotated[int, Field(ge=1, le=12)]
    timezone: Text


class Windows(Spec):
    """When maintenance may happen and when it must not."""

    maintenance: Window
    freeze: tuple[Window, ...] = ()


class Environment(Spec):
    """An environment that the customer wants. ``expires`` is required for sandboxes."""

    expires: IsoDate | None = None
    since: IsoDate | None = None
    """When it went into service; promises about evidence count from there. Without it they count from the first evidence."""
    version: Text | None = None
    postgres: PostgresVersion | None = None
    """The version of the environment's own instance (semi-dedicated); a cell's instances have theirs in the estate's file."""


class Placement(Spec):
    """An override of the computed tenancy, with the reason that goes on record."""

    tenancy: TenancyName
    reason: Annotated[str, Field(min_length=10, max_length=400)]


class BackupWish(Spec):
    """A retention class of the catalog, where the service class leaves a choice."""

    retention: Text


class Exemption(Spec):
    """A requested exception from one policy rule or entitlement; without approver or past its date it is refused."""

    rule: Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9]*-[0-9]{2}$")]
    resource: Text = "*"
    reason: Annotated[str, Field(min_length=10, max_length=400)]
    approver: Text
    expires: IsoDate


class Suspension(Spec):
    """Nobody gets in, nothing runs, all data stays; taken back by removing it. ``since`` as it was announced."""

    since: IsoDate
    reason: Annotated[str, Field(min_length=10, max_length=400)]
    approver: Text


class LegalHold(Spec):
    """Nothing of this customer may be removed, whatever else the contract says."""

    since: IsoDate
    reason: Annotated[str, Field(min_length=10, max_length=400)]
    approver: Text


class Retirement(Spec):
    """The end of a suspended customer: databases are removed from ``remove_on`` on, once the final dump of each environment is named here."""

    remove_on: IsoDate
    reason: Annotated[str, Field(min_length=10, max_length=400)]
    approver: Text
    final_dumps: dict[EnvironmentName, Annotated[str, Field(pattern=r"^[0-9]{8}T[0-9]{6}Z$")]] = {}


class PrivateLink(Spec):
    """AWS accounts of the customer that may connect to the cell's endpoint service, each connection accepted by the operator, and the private
    networks that come through it."""

    accounts: Annotated[tuple[AccountId, ...], Field(min_length=1)]
    networks: Annotated[tuple[Cidr, ...], Field(min_length=1)]


class VpnSite(Spec):
    """A site of the customer: its router's public address, and the private networks behind it."""

    address: Annotated[str, Field(pattern=r"^[0-9]{1,3}(\.[0-9]{1,3}){3}$")]
    networks: Annotated[tuple[Cidr, ...], Field(min_length=1)]


class PrivateAccess(Spec):
    """Ways to the customer's Odoo that do not lead over the internet."""

    privatelink: PrivateLink | None = None
    vpn: dict[Id, VpnSite] = {}


class Customer(Spec):
    """The document ``customers/NAME.yaml``; ``customer`` equals the file's name."""

    customer: Id
    name: Text
    partner: Id | None = None
    service_class: Text
    residency: Id
    odoo: Annotated[str, Field(pattern=r"^[0-9]{2}\.0$")]
    domains: tuple[Domain, ...] = ()
    proven_domains: tuple[Domain, ...] = ()
    """Those of ``domains`` whose owner has written the proof that the tenant's stack prints. Only classes behind a firewall ask for it; for the
    others the proof is looked up whenever a certificate is made."""
    allow_from: tuple[Cidr, ...] = ()
    """Networks that may reach the customer's Odoo, offices and integrations alike; empty: the whole internet."""
    private_access: PrivateAccess | None = None
    egress: tuple[NamePattern, ...] = ()
    """Names that the customer's Odoo calls (carriers, marketplaces, mail), where its class resolves named ones only."""
    cost_center: Text | None = None
    regulation: tuple[Literal["gdp", "gmp", "hipaa", "pci", "iso-27001", "sox", "nis2"], ...] = ()
    own_account: bool = False
    """True: the contract asks for an AWS account of its own."""
    workload: Workload
    modules: dict[ModuleName, Module] = {}
    environments: Annotated[dict[EnvironmentName, Environment], Field(min_length=1)]
    windows: Windows | None = None
    backup: BackupWish | None = None
    placement: Placement | None = None
    cell: Id | None = None
    """Required where more than one cell qualifies: a choice that would later move data is written down, not computed."""
    database: Id | None = None
    """The cell's database instance, required where it has more than one."""
    login_version: Annotated[int, Field(ge=1, le=100_000)] = 1
    """Raise it by one to rotate the database login: the next update makes a new one, and the former goes on for a day."""
    suspended: Suspension | None = None
    legal_hold: LegalHold | None = None
    retirement: Retirement | None = None
    exceptions: tuple[Exemption, ...] = ()
