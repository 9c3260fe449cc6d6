"""TAG-02: tag values come from the agreed sets."""

import re
from functools import lru_cache

from odoo_estate.plan import Guardrails
from odoo_estate_policies.resource import Resource
from odoo_estate_policies.rule import TAGGABLE, Verdicts, Violation, resource_rule


@resource_rule(
    id="TAG-02",
    title="Tag values match the catalog's patterns",
    severity="medium",
    types=TAGGABLE,
    remedy="correct the value; the patterns stand in the catalog under tag_patterns",
    source="FinOps Foundation",
)
def tag_02(resource: Resource, rails: Guardrails) -> Verdicts:
    """A report by tag is only as good as its spelling: ``prod`` and ``production`` would be two environments."""
    tags = resource.tags()
    for key, pattern in rails.tag_patterns.items():
        if key in tags and not _fits(tags.text(key), pattern):
            yield Violation(f"tag {key} is {tags.text(key)!r}, which does not match {pattern}")


@lru_cache(maxsize=4096)
def _fits(value: str, pattern: str) -> bool:
    """Remembered, because default tags repeat on every resource."""
    return re.fullmatch(pattern, value) is not None
