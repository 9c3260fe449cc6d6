"""``modules.yaml``: the custom and third-party Odoo modules that somebody has reviewed, by version and checksum.

The images are built from exactly these (``images/odoo``). Without the file an estate goes by what its contracts say of their modules.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated

from pydantic import Field

from odoo_estate.errors import Path, Problem
from odoo_estate.spec.customer import Customer
from odoo_estate.spec.fields import IsoDate, ModuleName, Spec, Text
from odoo_estate.spec.quoting import shown, unknown

ModuleVersion = Annotated[str, Field(pattern=r"^[0-9]{2}\.0(\.[0-9]{1,6}){3}$")]


class ApprovedVersion(Spec):
    """One reviewed version. ``source``: a zip archive with the module's folder on top; ``sha256`` is that archive's."""

    source: Annotated[str, Field(pattern=r"^https://[^\s?#@]{1,400}\.zip$")]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    approver: Text
    reviewed: IsoDate


class ApprovedModules(Spec):
    """The document: module to its approved versions, Odoo's series first in each."""

    modules: dict[ModuleName, Annotated[dict[ModuleVersion, ApprovedVersion], Field(min_length=1)]]


def module_problems(customers: Mapping[str, Customer], approved: ApprovedModules) -> Iterator[Problem]:
    """Contracts that call a module approved which nobody approved, in that version. What is pending is no problem here: it decides the placement,
    where the class allows it at all."""
    remedy = "have it reviewed and listed in modules.yaml, or write `approval: pending`, which the class has to allow"
    for customer in customers.values():
        document = f"customer:{customer.customer}"
        for name, module in customer.modules.items():
            if module.approval != "approved":
                continue
            path: Path = ("modules", name)
            if name not in approved.modules:
                yield Problem(f"{shown(name)} is not an approved module", document, path, name, (), remedy)
            elif module.version not in approved.modules[name]:
                what = f"an approved version of {name}"
                yield unknown(what, module.version, approved.modules[name], document, (*path, "version"))
            elif module.version.split(".")[0] != customer.odoo.split(".")[0]:
                message = f"{shown(module.version)} is for another series than the contract's Odoo {customer.odoo}"
                yield Problem(
                    message, document, (*path, "version"), module.version, (), "name its version for that series"
                )
