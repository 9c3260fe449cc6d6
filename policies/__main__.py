"""The operator's policy pack: ``pulumi preview --policy-pack policies``."""

from pathlib import Path

from odoo_estate_policies import pack

pack.main(Path(__file__).parent)
