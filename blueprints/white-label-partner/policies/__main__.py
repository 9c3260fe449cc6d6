"""The operator's rules and this estate's own: ``pulumi preview --policy-pack policies``."""

from pathlib import Path

from odoo_estate_policies import pack
from odoo_estate_policies.registry import rules_in

HERE = Path(__file__).parent

pack.main(HERE, extra_rules=rules_in(HERE / "rules"))
