"""``estate.yaml``: everything that one operator or partner runs."""

from typing import Annotated, Literal

from pydantic import Field

from odoo_estate.spec.fields import (
    AccountId,
    AccountRole,
    Cidr,
    Domain,
    Email,
    Id,
    IsoDate,
    PlatformDomain,
    Region,
    Spec,
    TenancyName,
    Text,
)


class Operator(Spec):
    """Who runs the estate and answers for it."""

    name: Text
    cost_center: Text


class Contacts(Spec):
    """Where alerts, security notices and invoices go."""

    operations: Email
    security: Email
    billing: Email


class Domains(Spec):
    """``platform``: the domain under which cells and tenants without a domain of their own are reached."""

    platform: PlatformDomain


class Network(Spec):
    """The private address range that all cells and DR regions are cut from: each cell's slot takes two /16, one for its DR region."""

    supernet: Cidr


class ResidencyZone(Spec):
    """A set of regions that data of this zone must never leave."""

    description: Text
    regions: Annotated[tuple[Region, ...], Field(min_length=1)]


class Recovery(Spec):
    """The other region of a cell. ``dr_class`` names the catalog's DR class that the cell is built for."""

    region: Region
    dr_class: Text


class PostgresVersion(Spec):
    """The PostgreSQL version that one instance has in place of the catalog's. Alone it keeps the instance where it is; with ``approver`` and
    ``window`` it is an upgrade to another major version, in the maintenance window of that day and at no other time."""

    version: Annotated[str, Field(pattern=r"^[1-9][0-9]\.[0-9]{1,2}$")]
    approver: Text | None = None
    window: IsoDate | None = None


class Cell(Spec):
    """One cluster with its network, databases, caches and buckets.

    ``slot`` (0–127, unique, never reused) fixes its address range; ``band`` names a cell band of the catalog; ``databases`` adds named
    instances to the band's ``main`` one. A dedicated cell names its ``customer``.
    """

    slot: Annotated[int, Field(ge=0, le=127)]
    region: Region
    residency: Id
    account: AccountRole = "production"
    tenancy: Literal["shared", "dedicated"] = "shared"
    customer: Id | None = None
    band: Text
    recovery: Recovery | None = None
    databases: dict[Id, Text] = {}
    """Further database instances by name, each with its PostgreSQL band."""
    postgres: dict[Id, PostgresVersion] = {}
    """Instance (``main`` or one of ``databases``) to a version of its own, so that one can go before the others."""
    closed: bool = False
    """True: keeps its tenants, takes no new ones without naming the cell."""


class Partner(Spec):
    """A white-label reseller or OEM: owns brand, price and customers; may narrow the catalog, never widen it."""

    name: Text
    brand: Text
    domain: Domain
    cost_center: Text
    contact: Email
    service_classes: tuple[Text, ...] = ()
    """Classes it may sell; empty: all."""
    max_tenants: Annotated[int, Field(ge=1, le=100_000)] | None = None
    tenancies: tuple[TenancyName, ...] = ()
    monthly_budget_usd: Annotated[int, Field(ge=1)] | None = None


class Delivery(Spec):
    """What brings objects into the clusters in the engine's place: ``tool`` takes them from ``repository`` at ``revision``, below ``path``, where
    ``estate render`` writes them. The engine then makes what is in the cloud only."""

    tool: Literal["argo-cd", "flux"]
    repository: Text
    revision: Text = "main"
    path: Annotated[str, Field(pattern=r"^[A-Za-z0-9._/-]*$")] = ""


class Estate(Spec):
    """The document ``estate.yaml``. ``accounts`` maps account roles to AWS account ids: in single-account mode exactly ``production``."""

    estate: Id
    operator: Operator
    mode: Literal["organisation", "single-account"]
    accounts: dict[AccountRole, AccountId]
    deploy_role: Annotated[str, Field(pattern=r"^[\w+=,.@-]{1,64}$")] | None = None
    """IAM role that the automation assumes in each account; None: the caller's own identity."""
    home_region: Region
    residency: Annotated[dict[Id, ResidencyZone], Field(min_length=1)]
    domains: Domains
    network: Network = Network(supernet="10.0.0.0/8")
    contacts: Contacts
    cells: Annotated[dict[Id, Cell], Field(min_length=1)]
    partners: dict[Id, Partner] = {}
    operated_by: Literal["operator", "partner"] = "operator"
    """``partner``: a partner runs this estate under the operator's catalog, so ``catalog`` may narrow the shipped one, never widen it."""
    database_readers: dict[Literal["support", "auditor"], Literal["statistics", "data"]] = {}
    """Which of the estate's roles may log in to its database instances as people, read-only, through IAM: to see settings, sizes and the
    state of the tables (``statistics``), or running statements and the tenants' data as well (``data``). Whoever is not named cannot log in;
    nobody gets the master user."""
    recovery_image: Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")] | None = None
    """Digest of the recovery program's image, which is built from ``images/recovery`` and pushed to the estate's repository ``recovery``."""
    delivery: Delivery | None = None
    """None: the engine itself speaks to the clusters."""
    catalog: Text | None = None
    """File beside this one with catalog values that override the shipped ones."""
