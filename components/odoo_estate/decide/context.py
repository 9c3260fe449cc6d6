"""What all decisions of one run share: the documents, the day, and lookups that are computed once.

Every lookup depends on the asked customer or cell only through the documents, never through the order they were read in; and a
customer's place never depends on another customer's, so that adding one tenant cannot move another.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import NamedTuple, TypeVar

from odoo_estate.decide.exemptions import check_exemptions
from odoo_estate.decide.placement import Placement, place
from odoo_estate.errors import Refused
from odoo_estate.plan import OWN, Tenancy
from odoo_estate.spec.catalog import Catalog, ServiceClass
from odoo_estate.spec.customer import Customer
from odoo_estate.spec.drills import Drill
from odoo_estate.spec.estate import Cell, Estate, Partner
from odoo_estate.spec.evidence import Evidence
from odoo_estate.spec.fields import EnvironmentName
from odoo_estate.spec.jobs import TenantJob
from odoo_estate.spec.recovery import CellRecovery

T = TypeVar("T")

_OWN_REGISTRY = re.compile(r"^(\d{12}\.dkr\.ecr\.)[a-z0-9-]+(\.amazonaws\.com/)")

MAIN = "main"
"""The database instance, and the cache, that every cell has."""


class Tenant(NamedTuple):
    """A customer's environment; sorts by customer, then environment."""

    customer: str
    environment: EnvironmentName


class _Answers(dict[str, T]):
    """Answers by name, each computed when it is first asked for: one stack's plan must not wait for a thousand others' placements."""

    def __init__(self, answer: Callable[[str], T]) -> None:
        super().__init__()
        self._answer = answer

    def __missing__(self, name: str) -> T:
        found = self[name] = self._answer(name)
        return found


@dataclass(frozen=True, eq=False)
class Context:
    """The documents of one estate, with cached answers. Methods raise `Refused` for what the documents do not allow."""

    estate: Estate
    catalog: Catalog
    customers: Mapping[str, Customer]
    today: date
    recoveries: Mapping[str, CellRecovery] = field(default_factory=dict)
    drills: Mapping[str, Drill] = field(default_factory=dict)
    evidence: Mapping[str, Evidence] = field(default_factory=dict)
    """Tenant (``CUSTOMER.ENVIRONMENT``) to the newest verification of its dumps."""
    federation: Mapping[str, str] = field(default_factory=dict)
    """SAML metadata of the identity providers of ``people`` and for ``emergency``."""
    away: str = ""
    """A cell that is looked at as it is in its recovery region; empty: every cell where it lives. See `away_from`."""
    jobs: Mapping[str, TenantJob] = field(default_factory=dict)
    """Tenant to its initialisation, upgrade or copy (``jobs/``)."""
    memo: dict[object, object] = field(default_factory=dict, repr=False)
    """Results of pure functions over this context, by function and arguments."""

    def away_from(self, cell: str) -> "Context":
        """The same documents, with this cell where its recovery region is: region, cluster, buckets, networks and roles are those that
        its platform and its tenants have there."""
        key: object = (Context.away_from, cell)
        if key not in self.memo:
            self.memo[key] = replace(self, away=cell, catalog=self._images_in(cell), memo={})
        found = self.memo[key]
        assert isinstance(found, Context)
        return found

    def _images_in(self, cell: str) -> Catalog:
        """The catalog with images of the estate's own registry taken from its copy in the cell's recovery region: the original may be lost."""
        recovery = self.estate.cells[cell].recovery
        if recovery is None:
            return self.catalog

        def there(image: str) -> str:
            return _OWN_REGISTRY.sub(rf"\g<1>{recovery.region}\g<2>", image)

        versions = self.catalog.versions
        return self.catalog.model_copy(
            update={
                "versions": versions.model_copy(
                    update={
                        "images": {key: there(image) for key, image in versions.images.items()},
                        "odoo": {
                            key: one.model_copy(update={"image": there(one.image)})
                            for key, one in versions.odoo.items()
                        },
                    }
                )
            }
        )

    def service_class(self, customer: str) -> ServiceClass:
        """The customer's class in the catalog."""
        self.placement(customer)
        return self.catalog.service_classes[self.customers[customer].service_class]

    def partner(self, customer: str) -> Partner | None:
        """The customer's partner, None for the operator's own customers."""
        name = self.customers[customer].partner
        if name is None:
            return None
        if name not in self.estate.partners:
            raise Refused(
                f'"{name}" is not a partner of this estate',
                document=f"customer:{customer}",
                field=("partner",),
                value=name,
                allowed=sorted(self.estate.partners),
                remedy="name one of these, or add the partner to the estate",
            )
        return self.estate.partners[name]

    def placement(self, customer: str) -> Placement:
        """Where the customer's production stands on the ladder."""
        return _settle(self._placements[customer])

    def cell_of(self, customer: str) -> str:
        """The cell that holds all environments of the customer."""
        return _settle(self._cells[customer])

    def tenancy(self, tenant: Tenant) -> Tenancy:
        """An environment's tenancy: that of production, except that trials of a semi-dedicated customer, which hold no production
        data, share the cell's machines."""
        tenancy = self.placement(tenant.customer).tenancy
        trial = tenant.environment in ("sandbox", "development")
        return "namespaced" if trial and tenancy == "semi-dedicated" else tenancy

    def semi_dedicated_productions(self, cell: str) -> tuple[Tenant, ...]:
        """The cell's tenants with a database, a cache and nodes of their own, which follow the cell into its recovery region."""
        return tuple(
            one
            for one in self.tenants_by_cell[cell]
            if one.environment == "production" and self.tenancy(one) == "semi-dedicated"
        )

    def database_of(self, tenant: Tenant) -> str:
        """The key of the cell's database instance that holds the tenant's database, or ``own``."""
        if self.tenancy(tenant) == "semi-dedicated":
            return OWN
        return _settle(self._databases[tenant.customer])

    @cached_property
    def tenants(self) -> tuple[Tenant, ...]:
        """Every tenant of the estate whose place is settled, in order."""
        return tuple(tenant for cell in sorted(self.estate.cells) for tenant in self.tenants_by_cell[cell])

    @cached_property
    def tenants_by_cell(self) -> Mapping[str, tuple[Tenant, ...]]:
        """Cell to its tenants, in order, computed when asked for; customers that were refused are left out (see `refusals`)."""
        return _Answers(self._tenants_in)

    def _tenants_in(self, cell: str) -> tuple[Tenant, ...]:
        return tuple(
            Tenant(name, environment)
            for name in sorted(self.customers)
            if self.customers[name].cell in (None, cell) and not self._refusal(name) and self.cell_of(name) == cell
            for environment in sorted(self.customers[name].environments)
        )

    @cached_property
    def refusals(self) -> Mapping[str, Refused]:
        """Customers that cannot be placed, each with its first refusal."""
        found = ((name, self._refusal(name)) for name in sorted(self.customers))
        return {name: refusal for name, refusal in found if refusal}

    def _refusal(self, name: str) -> Refused | None:
        answers = (self._placements[name], self._cells[name], self._databases[name])
        return next((answer for answer in answers if isinstance(answer, Refused)), None)

    @cached_property
    def _placements(self) -> Mapping[str, Placement | Refused]:
        return _Answers(self._place)

    def _place(self, name: str) -> Placement | Refused:
        customer = self.customers[name]
        try:
            check_exemptions(customer, self.today)
            return place(customer, self.catalog, self.partner(name), self.today)
        except Refused as refused:
            return refused

    @cached_property
    def _candidates(self) -> Mapping[str, tuple[str, ...] | Refused]:
        return _Answers(self._candidates_for)

    def _candidates_for(self, name: str) -> tuple[str, ...] | Refused:
        placement = self._placements[name]
        if isinstance(placement, Refused):
            return placement
        customer = self.customers[name]
        if customer.cell is not None:
            cell = self.estate.cells.get(customer.cell)
            fault = (
                f'"{customer.cell}" is not a cell of this estate' if cell is None else self.unfit(name, customer.cell)
            )
            if fault:
                return Refused(
                    fault,
                    document=f"customer:{name}",
                    field=("cell",),
                    value=customer.cell,
                    allowed=[key for key in sorted(self.estate.cells) if not self.unfit(name, key)],
                    remedy="name one of these, or leave the field out where only one qualifies",
                )
            return (customer.cell,)
        return tuple(
            key for key, cell in sorted(self.estate.cells.items()) if not cell.closed and not self.unfit(name, key)
        )

    def unfit(self, customer: str, cell: str) -> str:
        """Why this cell cannot hold this customer; empty: it can. Being closed or full is not looked at."""
        contract, candidate = self.customers[customer], self.estate.cells[cell]
        placement = _settle(self._placements[customer])
        if candidate.residency != contract.residency:
            return (
                f"cell {cell} lies in the residency zone {candidate.residency}, the contract says {contract.residency}"
            )
        if placement.tenancy == "dedicated":
            if candidate.customer != customer:
                return f"cell {cell} is not dedicated to {customer}"
        elif candidate.tenancy == "dedicated":
            return f"cell {cell} is dedicated to {candidate.customer}"
        return self._unfit_band(contract, cell, candidate)

    def _unfit_band(self, contract: Customer, cell: str, candidate: Cell) -> str:
        band = self.catalog.cell_bands.get(candidate.band)
        if band is None or contract.service_class not in band.serves:
            serves = ", ".join(band.serves) if band else "nothing known"
            return f"cell {cell} ({candidate.band}) serves {serves}, not {contract.service_class}"
        recovery = candidate.recovery.dr_class if candidate.recovery else "none"
        promised = self.catalog.service_classes[contract.service_class].dr_classes
        if recovery not in promised:
            return (
                f"cell {cell} has disaster recovery {recovery}, {contract.service_class} needs {' or '.join(promised)}"
            )
        return ""

    @cached_property
    def _cells(self) -> Mapping[str, str | Refused]:
        return _Answers(self._choose)

    @cached_property
    def _fill(self) -> Mapping[str, int]:
        """Cell to the number of tenants that can live nowhere else."""
        fill = dict.fromkeys(self.estate.cells, 0)
        for name, customer in self.customers.items():
            found = self._candidates[name]
            if isinstance(found, tuple) and len(found) == 1:
                fill[found[0]] += len(customer.environments)
        return fill

    def _choose(self, name: str) -> str | Refused:
        found = self._candidates[name]
        if isinstance(found, Refused):
            return found
        if len(found) == 1:
            return found[0]
        if found:
            fill = self._fill
            listed = [f"{cell} ({fill[cell]} of {self._max_tenants(cell)} tenants)" for cell in found]
            return Refused(
                "more than one cell qualifies; a choice that would later move data is written down, not computed",
                document=f"customer:{name}",
                field=("cell",),
                allowed=listed,
                remedy=f"write the cell into the customer's file, e.g. `cell: {min(found, key=lambda c: (fill[c], c))}`",
            )
        return self._no_cell(name)

    def _max_tenants(self, cell: str) -> int:
        return self.catalog.cell_bands[self.estate.cells[cell].band].max_tenants

    def _no_cell(self, name: str) -> Refused:
        customer, placement = self.customers[name], _settle(self._placements[name])
        kind = "dedicated" if placement.tenancy == "dedicated" else "shared"
        if customer.residency not in self.estate.residency:
            return Refused(
                f'"{customer.residency}" is not a residency zone of this estate',
                document=f"customer:{name}",
                field=("residency",),
                value=customer.residency,
                allowed=sorted(self.estate.residency),
                remedy="name one of these",
            )
        faults = [self.unfit(name, key) or f"cell {key} is closed to new tenants" for key in sorted(self.estate.cells)]
        return Refused(
            f"no {kind} cell can hold this customer ({placement.tenancy}, {customer.service_class}, "
            f"{customer.residency}): {'; '.join(faults)}",
            document=f"customer:{name}",
            field=("residency",),
            value=customer.residency,
            remedy="add to estate.yaml:\n" + self._snippet(name, kind),
        )

    def _snippet(self, name: str, kind: str) -> str:
        customer = self.customers[name]
        regions = self.estate.residency[customer.residency].regions
        service = self.catalog.service_classes[customer.service_class]
        bands = [
            key
            for key, band in self.catalog.cell_bands.items()
            if band.tenancy == kind and customer.service_class in band.serves
        ]
        slot = min(set(range(128)) - {cell.slot for cell in self.estate.cells.values()}, default=127)
        lines = [
            "cells:",
            f"  {name if kind == 'dedicated' else f'{customer.residency}-{slot}'}:",
            f"    slot: {slot}",
            f"    region: {regions[0]}",
            f"    residency: {customer.residency}",
            f"    tenancy: {kind}",
        ]
        if kind == "dedicated":
            lines.append(f"    customer: {name}")
        lines.append(f"    band: {bands[0] if bands else f'(a {kind} band that serves {customer.service_class})'}")
        if service.dr_classes[0] != "none":
            other = regions[1] if len(regions) > 1 else "(another region of the zone)"
            lines.append(f"    recovery: {{region: {other}, dr_class: {service.dr_classes[0]}}}")
        return "\n".join(lines)

    @cached_property
    def _databases(self) -> Mapping[str, str | Refused]:
        return _Answers(self._database_for)

    def _database_for(self, name: str) -> str | Refused:
        cell = self._cells[name]
        if isinstance(cell, Refused):
            return cell
        wish, further = self.customers[name].database, self.estate.cells[cell].databases
        names = (MAIN, *sorted(further))
        if _settle(self._placements[name]).tenancy == "pooled":
            names, further = (MAIN,), {}  # the shared workers connect to one instance
        if wish in names:
            return wish
        if wish is None and not further:
            return MAIN
        if wish is None and all(
            self.tenancy(Tenant(name, e)) == "semi-dedicated" for e in self.customers[name].environments
        ):
            return OWN
        from odoo_estate.decide import landing  # the arithmetic of a whole cell, which stands on this module

        landings = landing.choices(self, name, cell, names)
        where = landing.best(landings)
        return Refused(
            f'"{wish}" is not a database instance of cell {cell}'
            if wish is not None
            else f"cell {cell} has more than one database instance; "
            "a choice that would later move data is written down, not computed",
            document=f"customer:{name}",
            field=("database",),
            value=wish,
            allowed=[str(one) for one in landings],
            remedy=f"write the instance into the customer's file: `database: {where.instance}`"
            if where
            else f"none has room: add an instance to cells.{cell}.databases of the estate, or choose another cell",
        )


def _settle(answer: T | Refused) -> T:
    if isinstance(answer, Refused):
        raise answer
    return answer
