"""TAG-01: everything that can carry tags says whose it is."""

from odoo_estate.plan import AnyPlan, Guardrails
from odoo_estate_policies.resource import Resource
from odoo_estate_policies.rule import TAGGABLE, Verdicts, Violation, resource_rule
from odoo_estate_policies.tag_repair import retagged


def _add_missing(resource: Resource, plan: AnyPlan) -> dict[str, object]:
    present = resource.tags()
    # The tenant is never guessed: a wrong owner is worse than a missing one.
    wanted = [key for key in plan.guardrails.required_tags if key not in present and key != "tenant"]
    return retagged(resource, {key: plan.tags[key] for key in wanted if key in plan.tags})


@resource_rule(
    id="TAG-01",
    title="Required tags are present",
    severity="high",
    types=TAGGABLE,
    remedy="create it with the stack's provider, whose default tags have them all, or pass the missing tags",
    source="SaaS Lens, CIS",
    repair=_add_missing,
)
def tag_01(resource: Resource, rails: Guardrails) -> Verdicts:
    """Cost, ownership and data protection are all reported by tag; what has none belongs to nobody."""
    tags = resource.tags()
    missing = [key for key in rails.required_tags if key not in tags]
    if missing:
        yield Violation(f"has no tag {', '.join(missing)}; required are {', '.join(rails.required_tags)}")
