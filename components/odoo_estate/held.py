"""What a stack holds for those who trust it with data: written into its outputs, so that the next update can be compared with it.

A plan says what shall be; nothing in it says what was. A contract that shrinks is only seen beside what stands already.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Self

from odoo_estate.plan import AnyPlan, CellPlan, DatabasePlan, TenantPlan

OUTPUT = "holds"
"""The stack output that carries it."""


@dataclass(frozen=True, kw_only=True)
class HeldDatabase:
    """A PostgreSQL instance. ``backup_retention_days``: how far back point-in-time recovery reaches; ``upgrading_to``: the version that it was
    given leave to step to, in a window that may be still to come, and may be called off until then."""

    engine_version: str
    storage_gib: int
    multi_az: bool
    backup_retention_days: int
    upgrading_to: str = ""


@dataclass(frozen=True, kw_only=True)
class Held:
    """What a tenant's or a cell's stack holds. A cell has instances and buckets only; a tenant's own instance has the key ``own``."""

    service_class: str = ""
    tenancy: str = ""
    cell: str = ""
    odoo: str = ""
    """The Odoo series of its own workloads; empty where shared workers serve it."""
    hosts: tuple[str, ...] = ()
    legal_name: str = ""
    """The customer's; together with the environment it tells a renamed tenant that has no domain of its own."""
    databases: Mapping[str, HeldDatabase] = field(default_factory=dict)
    buckets: Mapping[str, str] = field(default_factory=dict)
    """Purpose to bucket name."""
    kubernetes: str = ""
    """Version of a cell's control plane; empty: written by a release that did not say it."""
    nodes: str = ""
    """The oldest version of its node pools."""
    region: str = ""
    """A cell's; empty: as with ``kubernetes``."""
    network: str = ""
    """The address range of a cell's network; empty: as with ``kubernetes``."""

    def as_json(self) -> dict[str, Any]:
        """Plain values; `from_json` reads them back."""
        return {**asdict(self), "hosts": list(self.hosts)}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """What `as_json` wrote, in this release or another: fields that this one does not know say nothing to it."""
        known = {one.name: values[one.name] for one in fields(cls) if one.name in values}
        of_database = [one.name for one in fields(HeldDatabase)]
        databases = {
            key: HeldDatabase(**{name: database[name] for name in of_database if name in database})
            for key, database in values.get("databases", {}).items()
        }
        return cls(**{**known, "hosts": tuple(values.get("hosts", ())), "databases": databases})


def held(plan: AnyPlan) -> Held | None:
    """What ``plan``'s stack will hold; None for kinds of stacks whose contents no contract promises."""
    match plan:
        case TenantPlan():
            return Held(
                service_class=plan.service_class,
                tenancy=plan.tenancy,
                cell=plan.cell,
                odoo=plan.odoo.version if plan.odoo else "",
                hosts=plan.route.hosts,
                legal_name=plan.legal_name,
                databases={"own": _database(plan.own_database)} if plan.own_database else {},
                buckets={str(purpose): bucket.name for purpose, bucket in plan.buckets.items()},
            )
        case CellPlan():
            return Held(
                cell=plan.cell,
                databases={key: _database(database) for key, database in plan.databases.items()},
                buckets={purpose: bucket.name for purpose, bucket in plan.buckets.items()},
                kubernetes=plan.cluster.version,
                nodes=min((pool.version for pool in plan.node_pools.values()), default=""),
                region=plan.target.region,
                network=plan.network.cidr,
            )
    return None


def _database(plan: DatabasePlan) -> HeldDatabase:
    return HeldDatabase(
        engine_version=plan.kept_families[0].removeprefix("postgres") if plan.upgrade else plan.engine_version,
        upgrading_to=plan.engine_version if plan.upgrade else "",
        storage_gib=plan.storage_gib,
        multi_az=plan.multi_az,
        backup_retention_days=plan.backup_retention_days,
    )
