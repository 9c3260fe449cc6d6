"""Components for programs in any Pulumi language.

Each takes flat inputs, makes the part of a plan from them that the library's own component wants, and delegates to it. Only what makes
sense without an estate is here: the rest of the library is decided from contracts, and takes plans.
"""

from odoo_estate.package.bucket import Bucket
from odoo_estate.package.cache import Cache
from odoo_estate.package.key import Key
from odoo_estate.package.network import Network
from odoo_estate.package.postgres_instance import PostgresInstance

COMPONENTS = (Key, Network, PostgresInstance, Cache, Bucket)
"""In the order in which they are needed."""
