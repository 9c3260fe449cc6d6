"""The component package: ``pulumi package add ./components`` (docs/component-package.md)."""

from odoo_estate.package import COMPONENTS
from odoo_estate.package.provider import host

host(COMPONENTS)
