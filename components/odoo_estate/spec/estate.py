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
    KubernetesVersion,
    OidcSubject,
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
    phone: Annotated[str, Field(pattern=r"^\+[0-9][0-9 -]{5,23}$")] | None = None
    """By which AWS reaches the three about an account; it accepts no alternate contact without one."""


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


SubnetId = Annotated[str, Field(pattern=r"^subnet-[0-9a-f]{8,17}$")]


class AdoptedZone(Spec):
    """The subnets of one availability zone of a given network, with the ranges that they really have."""

    availability_zone: Annotated[str, Field(pattern=r"^[a-z]{2}(-[a-z]+)+-[0-9][a-z]$")]
    public: SubnetId
    public_cidr: Cidr
    private: SubnetId
    private_cidr: Cidr
    database: SubnetId
    database_cidr: Cidr


class AdoptedNetwork(Spec):
    """A VPC that somebody else made and keeps: routes, NAT, endpoints, flow log and network ACLs are its owner's. Looked up at every update; what
    differs from what stands here is refused."""

    vpc_id: Annotated[str, Field(pattern=r"^vpc-[0-9a-f]{8,17}$")]
    cidr: Cidr
    zones: Annotated[dict[Annotated[str, Field(pattern=r"^[a-f]$")], AdoptedZone], Field(min_length=2, max_length=3)]
    """By zone letter."""


class Recovery(Spec):
    """The other region of a cell. ``dr_class`` names the catalog's DR class that the cell is built for."""

    region: Region
    dr_class: Text
    network: AdoptedNetwork | None = None
    """None: the region gets a network of its own."""


class PostgresVersion(Spec):
    """The PostgreSQL version that one instance has in place of the catalog's. Alone it keeps the instance where it is; with ``approver`` and
    ``window`` it is an upgrade to another major version, in the maintenance window of that day and at no other time."""

    version: Annotated[str, Field(pattern=r"^[1-9][0-9]\.[0-9]{1,2}$")]
    approver: Text | None = None
    window: IsoDate | None = None


class ClusterVersion(Spec):
    """The Kubernetes version that one cell has in place of the catalog's, so that it can go before the others or stay behind.

    ``nodes``: of its node pools, where they are to follow later; they are at most three minor versions older than the control plane.
    """

    control_plane: KubernetesVersion
    nodes: KubernetesVersion | None = None


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
    network: AdoptedNetwork | None = None
    """None: the cell gets a network of its own, in its slot."""
    databases: dict[Id, Text] = {}
    """Further database instances by name, each with its PostgreSQL band."""
    postgres: dict[Id, PostgresVersion] = {}
    """Instance (``main`` or one of ``databases``) to a version of its own, so that one can go before the others."""
    kubernetes: ClusterVersion | None = None
    closed: bool = False
    """True: keeps its tenants, takes no new ones without naming the cell."""


class People(Spec):
    """Where people sign in: an identity provider that speaks SAML 2.0 and asks for the second factor. Names of metadata files beside estate.yaml."""

    metadata: Text
    emergency_metadata: Text | None = None
    """Of a second provider that works when the first does not; break-glass is then reached through it alone."""


class Automation(Spec):
    """The CI system whose jobs sign in by OpenID Connect, and which of them: their ``sub`` claims, whole."""

    issuer: Domain
    preview: Annotated[tuple[OidcSubject, ...], Field(min_length=1)]
    """Jobs that compare and change nothing."""
    deploy: Annotated[tuple[OidcSubject, ...], Field(min_length=1)]


class SupportAccess(Spec):
    """Support's way into one account, from the first day to the last (UTC, both included); without one that role opens to nobody."""

    account: AccountRole = "production"
    ticket: Text
    approver: Text
    since: IsoDate
    until: IsoDate


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
    people: People | None = None
    """None: people come from the management account with a second factor."""
    automation: Automation | None = None
    """None: the CI roles open to people with a second factor only, and jobs use whatever role `deploy_role` is."""
    support_access: tuple[SupportAccess, ...] = ()
    operated_by: Literal["operator", "partner"] = "operator"
    """``partner``: a partner runs this estate under the operator's catalog, so ``catalog`` may narrow the shipped one, never widen it."""
    database_readers: dict[Literal["support", "auditor"], Literal["statistics", "data"]] = {}
    """Which of the estate's roles may log in to its database instances as people, read-only, through IAM: to see settings, sizes and the
    state of the tables (``statistics``), or running statements and the tenants' data as well (``data``). Whoever is not named cannot log in;
    nobody gets the master user."""
    recovery_image: Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")] | None = None
    """Digest of the recovery program's image, which is built from ``images/recovery`` and pushed to the estate's repository ``recovery``."""
    quotas: dict[AccountRole, dict[Text, dict[Text, Annotated[int, Field(ge=1)]]]] = {}
    """Quotas that AWS raised: account role to region (``global`` for those of a whole account) to the catalog's quota to what holds there now."""
    delivery: Delivery | None = None
    """None: the engine itself speaks to the clusters."""
    catalog: Text | None = None
    """File beside this one with catalog values that override the shipped ones."""
