"""A recovery drill: copies of a cell's databases beside what waits in the other region, made to be measured and removed."""

from collections.abc import Mapping

import pulumi

from odoo_estate.aws.key import Key
from odoo_estate.compose.databases import Place, follow
from odoo_estate.compose.networks import make_network
from odoo_estate.compose.outputs import DrillOutputs, DrOutputs, Outputs
from odoo_estate.compose.providers import aws_provider, random_provider
from odoo_estate.plan import DrillPlan

References = Mapping[str, pulumi.StackReference]


def compose_drill(plan: DrillPlan, references: References) -> Outputs:
    """The copies, in the recovery stack's network where one stands, else in one of their own. Nobody may connect to them."""
    here = pulumi.ResourceOptions(providers=[aws_provider("aws", plan.target, plan.tags), random_provider()])
    backups = {}
    if plan.network:
        keys = {
            key: Key(f"key-{key}", {"plan": one, "target": plan.target}, here).arn for key, one in plan.keys.items()
        }
        network = make_network(plan.network, plan.target, keys["logs"], here).ref
    else:
        standing = DrOutputs.read(references[f"dr.{plan.cell}"])
        keys = {key: standing.key_arn(key) for key in ("data", "logs")}
        network = standing.network
        backups = {
            key: standing.backups_arn(key) for key, one in plan.databases.items() if one.mode == "automated-backups"
        }
    place = Place(target=plan.target, network=network, clients={}, key_arn=keys["data"], log_key_arn=keys["logs"])
    return DrillOutputs.write(databases=follow(plan.databases, place, here, backups))
