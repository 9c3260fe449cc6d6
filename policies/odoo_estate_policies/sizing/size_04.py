"""SIZE-04: node pools use the band's instance types and cannot grow without end."""

from collections.abc import Iterator

from odoo_estate.plan import Guardrails
from odoo_estate_policies.resource import Properties, Resource
from odoo_estate_policies.rule import Verdicts, Violation, resource_rule

NODE_GROUP = "aws:eks/nodeGroup:NodeGroup"
GROUP = "aws:autoscaling/group:Group"
TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"


@resource_rule(
    id="SIZE-04",
    title="Node pools are in the band",
    severity="medium",
    types=(NODE_GROUP, GROUP, TEMPLATE),
    remedy="use instance types of the band and a maximum within it",
    source="own: a pool's maximum is the bill that one runaway deployment can cause",
)
def size_04(resource: Resource, rails: Guardrails) -> Verdicts:
    """Autoscaling follows load, and abuse is load: only the band's maximum ends it."""
    if any("instanceRequirements" in one for one in _choosers(resource)):
        yield Violation("instances are chosen by attributes (instanceRequirements), which no band bounds")
    for kind in _instance_types(resource):
        if kind not in rails.node_instance_types:
            yield Violation(
                f"instance type is {kind}; allowed: {', '.join(rails.node_instance_types) or 'no nodes at all'}"
            )
    if resource.type == TEMPLATE:
        return
    sizes = resource.section("scalingConfig") if resource.type == NODE_GROUP else resource
    for key in ("minSize", "maxSize"):
        size = sizes.number(key)
        if size is not None and size > rails.nodes:
            yield Violation(f"{key} is {size}; allowed: at most {rails.nodes} nodes")


def _choosers(resource: Resource) -> Iterator[Properties]:
    """What may leave the choice of instance types to the service."""
    if resource.type == TEMPLATE:
        yield resource
    elif resource.type == GROUP:
        yield from resource.section("mixedInstancesPolicy").section("launchTemplate").items("overrides").objects()


def _instance_types(resource: Resource) -> Iterator[str]:
    if resource.type == NODE_GROUP:
        if "instanceTypes" in resource:
            yield from resource.items("instanceTypes").texts()
        elif "launchTemplate" not in resource:
            yield "t3.medium"  # what EKS takes when nothing is said (pulumi-aws 7.51, eks.NodeGroup)
    elif resource.type == GROUP:
        template = resource.section("mixedInstancesPolicy").section("launchTemplate")
        for one in template.items("overrides").objects():
            if "instanceType" in one:
                yield one.text("instanceType")
    elif "instanceType" in resource:
        yield resource.text("instanceType")
