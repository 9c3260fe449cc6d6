"""The composition root: brings up whichever stack ``pulumi up -s NAME`` names, from the YAML files beside this one."""

from pathlib import Path

from odoo_estate.program import run

run(Path(__file__).parent)
