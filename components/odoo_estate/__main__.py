"""``python -m odoo_estate``: the ``estate`` command."""

import sys

from odoo_estate.cli import main

sys.exit(main())
