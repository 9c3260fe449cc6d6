"""``opts.transforms``, the escape hatch, changes the recorded graph as it changes the update."""

from typing import Any

import pulumi
import pulumi_aws as aws
from tests.preview.protocol import assert_same_graph

Opts = pulumi.ResourceOptions
Args = pulumi.ResourceTransformArgs
Result = pulumi.ResourceTransformResult


def _tagged(args: Args) -> Result | None:
    if not args.type_.startswith("aws:"):
        return None
    props = dict(args.props)
    props["tags"] = {**props.get("tags", {}), "transformed": args.name}
    return Result(props, args.opts)


def _bigger(args: Args) -> Result | None:
    if args.type_ != "aws:rds/instance:Instance":
        return None
    props = dict(args.props)
    props["allocatedStorage"] = props["allocatedStorage"] * 2
    props["instanceClass"] = None
    return Result(props, Opts.merge(args.opts, Opts(protect=True, ignore_changes=["engineVersion"])))


def _silent(_: Args) -> None:
    return None


def _without_options(args: Args) -> Any:
    return Result({**args.props, "description": "changed"}, None)  # type: ignore[arg-type]


class Database(pulumi.ComponentResource):
    def __init__(self, name: str, opts: Opts | None = None) -> None:
        super().__init__("odoo-estate:aws:Database", name, None, opts)
        group = aws.rds.SubnetGroup(name, subnet_ids=["a", "b"], opts=Opts(parent=self))
        self.instance = aws.rds.Instance(
            name,
            instance_class="db.t4g.small",
            allocated_storage=20,
            db_subnet_group_name=group.name,
            password=pulumi.Output.secret("p"),
            opts=Opts(parent=self, transforms=[_silent]),
        )
        self.register_outputs({})


def _program(*transforms: Any) -> Any:
    def program() -> None:
        provider = aws.Provider("aws", region="eu-central-1")
        Database("orders", opts=Opts(provider=provider, transforms=list(transforms)))

    return program


def test_a_components_transform_reaches_its_children() -> None:
    graph = assert_same_graph(_program(_tagged, _bigger))
    (instance,) = graph.of_type("aws:rds/instance:Instance")
    assert instance.inputs["tags"] == {"transformed": "orders"}
    assert instance.inputs["allocatedStorage"] == 40
    assert "instanceClass" not in instance.inputs
    assert instance.protect
    assert instance.options.ignore_changes == ("engineVersion",)


def test_a_transform_that_returns_nothing_changes_nothing() -> None:
    assert assert_same_graph(_program(_silent)).nodes == assert_same_graph(_program()).nodes


def test_a_transform_on_the_resource_itself_may_change_its_dependencies() -> None:
    def program() -> None:
        opts = Opts(provider=aws.Provider("aws", region="eu-central-1"))
        first = aws.ec2.Vpc("first", cidr_block="10.0.0.0/16", opts=opts)
        second = aws.ec2.Vpc("second", cidr_block="10.1.0.0/16", opts=opts)

        def waits(args: Args) -> Result:
            return Result(args.props, Opts.merge(args.opts, Opts(depends_on=[second])))

        own = Opts.merge(opts, Opts(transforms=[waits]))
        aws.ec2.SecurityGroup("rebuilt", vpc_id=first.id, tags={"port": "1"}, opts=own)
        kept = Opts.merge(opts, Opts(transforms=[_silent]))
        aws.ec2.SecurityGroup("kept", vpc_id=first.id, opts=kept)
        plain = Opts.merge(opts, Opts(transforms=[_without_options], aliases=[pulumi.Alias(name="x")], protect=True))
        aws.ec2.SecurityGroup("plain", vpc_id=first.id, opts=plain)

    graph = assert_same_graph(program)
    rebuilt = next(node for node in graph if node.name == "rebuilt")
    assert len([urn for urn in rebuilt.dependencies if "Vpc" in urn]) == 2


def test_a_stack_transform_holds_for_what_comes_after_it() -> None:
    def program() -> None:
        opts = Opts(provider=aws.Provider("aws", region="eu-central-1"))
        aws.ec2.Vpc("before", cidr_block="10.0.0.0/16", opts=opts)
        pulumi.runtime.register_resource_transform(_tagged)
        aws.ec2.Vpc("after", cidr_block="10.1.0.0/16", opts=opts)

    graph = assert_same_graph(program)
    tags = {node.name: node.inputs.get("tags") for node in graph.of_type("aws:ec2/vpc:Vpc")}
    assert tags == {"before": None, "after": {"transformed": "after"}}
