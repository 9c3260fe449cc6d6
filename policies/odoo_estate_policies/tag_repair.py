"""New tags for a resource, in the shape that its type takes them."""

from collections.abc import Mapping

from odoo_estate_policies.resource import Items, Resource


def retagged(resource: Resource, wanted: Mapping[str, str]) -> dict[str, object]:
    """The input that gives ``resource`` these tags and leaves its others as they are; empty where it has them already."""
    raw = resource.raw.get("tags")
    present = resource.tags()
    changed = {key: value for key, value in wanted.items() if present.raw.get(key) != value}
    if not changed:
        return {}
    if resource.type == "aws:autoscaling/group:Group" or isinstance(resource.get("tags"), Items):
        kept = [one.raw for one in resource.items("tags").objects() if one.text("key") not in changed]
        return {
            "tags": [
                *kept,
                *({"key": key, "value": value, "propagateAtLaunch": True} for key, value in changed.items()),
            ]
        }
    return {"tags": {**(raw or {}), **changed}}
