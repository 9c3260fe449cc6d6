"""TAG-03: what a tenant's stack creates is the tenant's."""

from odoo_estate.plan import AnyPlan, Guardrails
from odoo_estate_policies.resource import Resource
from odoo_estate_policies.rule import TAGGABLE, Verdicts, Violation, resource_rule
from odoo_estate_policies.stack import tenant_of
from odoo_estate_policies.tag_repair import retagged


def _set_tenant(resource: Resource, plan: AnyPlan) -> dict[str, object]:  # noqa: ARG001 every repair has this signature
    tenant = tenant_of(resource.urn)
    return retagged(resource, {"tenant": tenant[0]}) if tenant else {}


@resource_rule(
    id="TAG-03",
    title="A tenant's resources carry that tenant's tag",
    severity="critical",
    types=TAGGABLE,
    remedy="remove the override of the tag tenant; the stack's default tags set it",
    source="SaaS Lens",
    repair=_set_tenant,
)
def tag_03(resource: Resource, rails: Guardrails) -> Verdicts:  # noqa: ARG001 every rule has this signature
    """Access by tag, cost and backup selection all trust the tenant tag: a foreign one hands the resource to a neighbour."""
    tenant = tenant_of(resource.urn)
    if tenant is None:
        return
    tags = resource.tags()
    if "tenant" in tags and tags.text("tenant") != tenant[0]:
        yield Violation(f"tag tenant is {tags.text('tenant')!r}; allowed in this stack: {tenant[0]!r}")
