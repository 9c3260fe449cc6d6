"""TAG-04: instances and volumes get the tags of the group that starts them."""

from odoo_estate.plan import AnyPlan, Guardrails
from odoo_estate_policies.resource import Resource
from odoo_estate_policies.rule import Verdicts, Violation, resource_rule

GROUP = "aws:autoscaling/group:Group"
TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
NODE_GROUP = "aws:eks/nodeGroup:NodeGroup"
KINDS = ("instance", "volume")


def _propagate(resource: Resource, plan: AnyPlan) -> dict[str, object]:
    required = plan.guardrails.required_tags
    if resource.type == GROUP:
        tags = [one.raw for one in resource.items("tags").objects()]
        return {"tags": [{**one, "propagateAtLaunch": True} if one["key"] in required else one for one in tags]}
    own = resource.tags()
    given = {key: own.text(key) for key in required if key in own}
    if resource.type != TEMPLATE or len(given) < len(required):
        return {}
    specified = [one.raw for one in resource.items("tagSpecifications").objects()]
    kept = [one for one in specified if one.get("resourceType") not in KINDS]
    return {"tagSpecifications": [*kept, *({"resourceType": kind, "tags": given} for kind in KINDS)]}


@resource_rule(
    id="TAG-04",
    title="Tags reach instances and volumes",
    severity="medium",
    types=(GROUP, TEMPLATE, NODE_GROUP),
    remedy="propagate the group's tags at launch, and give launch templates tag specifications for instance and volume",
    source="AWS Foundational Security Best Practices, AutoScaling tagging",
    repair=_propagate,
)
def tag_04(resource: Resource, rails: Guardrails) -> Verdicts:
    """Default tags stop at the group and the template: what they start costs most and would belong to nobody.

    A managed node group's own tags reach nothing that it starts; only its launch template's do.
    """
    if resource.type == NODE_GROUP:
        if "launchTemplate" not in resource:
            yield Violation("has no launch template, so its instances and volumes carry no tags")
    elif resource.type == GROUP:
        launched = [one.text("key") for one in resource.items("tags").objects() if one.flag("propagateAtLaunch")]
        lost = [key for key in rails.required_tags if key not in launched]
        if lost:
            yield Violation(f"does not propagate {', '.join(lost)} to its instances")
    else:
        specified = {
            one.text("resourceType"): one.section("tags") for one in resource.items("tagSpecifications").objects()
        }
        for kind in KINDS:
            missing = [key for key in rails.required_tags if kind not in specified or key not in specified[kind]]
            if missing:
                yield Violation(f"its tag specification for {kind} lacks {', '.join(missing)}")
