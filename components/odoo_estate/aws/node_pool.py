"""An EKS managed node group with its launch template."""

from collections.abc import Mapping
from typing import NotRequired, TypedDict

import pulumi
from pulumi_aws import ec2, eks

from odoo_estate.aws.node_user_data import is_bottlerocket, user_data
from odoo_estate.aws.references import NetworkRef
from odoo_estate.plan import NodePoolPlan


class NodePoolArgs(TypedDict):
    """Inputs of `NodePool`. ``tags`` go on instances and volumes, which a provider's default tags do not reach; ``key_arn`` encrypts the
    volumes where its policy admits ``autoscaling``, otherwise the account's own EBS key does."""

    plan: NodePoolPlan
    cluster_name: pulumi.Input[str]
    node_role_arn: pulumi.Input[str]
    network: NetworkRef
    tags: Mapping[str, str]
    key_arn: NotRequired[pulumi.Input[str] | None]


UPDATE_HOURS = 4
"""A node's drain may wait a quarter of an hour for disruption budgets (EKS then gives up), and a pool of twelve goes in four steps."""


class NodePool(pulumi.ComponentResource):
    """Auto-named, so that a change of machine type brings the new nodes up before the old ones drain."""

    def __init__(self, name: str, args: NodePoolArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("odoo-estate:aws:NodePool", name, None, opts)
        plan = args["plan"]
        template = self._launch_template(name, args)
        eks.NodeGroup(
            name,
            cluster_name=args["cluster_name"],
            node_role_arn=args["node_role_arn"],
            subnet_ids=args["network"].private_subnet_ids,
            ami_type=plan.ami_type,
            version=plan.version,
            release_version=plan.image_release or None,
            capacity_type=plan.capacity_type,
            instance_types=list(plan.instance_types),
            scaling_config={
                "min_size": plan.min_nodes,
                "desired_size": plan.desired_nodes,
                "max_size": plan.max_nodes,
            },
            update_config={"max_unavailable_percentage": plan.max_unavailable_percentage},
            node_repair_config={"enabled": True},
            launch_template={"id": template.id, "version": pulumi.Output.format("{0}", template.latest_version)},
            labels=dict(plan.labels),
            taints=[{"key": key, "value": value, "effect": effect} for key, (value, effect) in plan.taints.items()],
            # No force: an update that a disruption budget holds up fails and is repeated, it does not evict.
            opts=pulumi.ResourceOptions(
                parent=self,
                # The autoscaler owns the number of nodes once they run.
                ignore_changes=["scalingConfig.desiredSize"],
                custom_timeouts=pulumi.CustomTimeouts(update=f"{UPDATE_HOURS}h"),
            ),
        )
        self.register_outputs({})

    def _launch_template(self, name: str, args: NodePoolArgs) -> ec2.LaunchTemplate:
        plan = args["plan"]
        tags = {**args["tags"], "Name": plan.name}
        return ec2.LaunchTemplate(
            name,
            description=f"Nodes of pool {plan.name}",
            user_data=user_data(plan),
            metadata_options={
                "http_endpoint": "enabled",
                "http_tokens": "required",
                "http_put_response_hop_limit": 1,
            },
            monitoring={"enabled": True},
            block_device_mappings=_volumes(plan, args.get("key_arn")),
            tag_specifications=[
                {"resource_type": resource, "tags": tags} for resource in ("instance", "volume", "network-interface")
            ],
            opts=pulumi.ResourceOptions(parent=self),
        )


def _volumes(
    plan: NodePoolPlan, key_arn: pulumi.Input[str] | None
) -> list[ec2.LaunchTemplateBlockDeviceMappingArgsDict]:
    """Every volume of the machine image: what is not named here is encrypted only where the account does so by itself."""
    ebs: ec2.LaunchTemplateBlockDeviceMappingEbsArgsDict = {
        "volume_type": "gp3",
        "encrypted": "true",
        "delete_on_termination": "true",
    }
    if key_arn:
        ebs["kms_key_id"] = key_arn
    data: ec2.LaunchTemplateBlockDeviceMappingEbsArgsDict = {**ebs, "volume_size": plan.volume_gib}
    if not is_bottlerocket(plan):
        return [{"device_name": "/dev/xvda", "ebs": data}]
    # Bottlerocket keeps containers on its second volume; the first is as large as its image.
    return [{"device_name": "/dev/xvda", "ebs": ebs}, {"device_name": "/dev/xvdb", "ebs": data}]
