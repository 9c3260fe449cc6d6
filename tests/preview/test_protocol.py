"""The comparison with the protocol sees every kind of difference; otherwise its silence would prove nothing."""

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest
from tests.preview.protocol import compare, listen

from odoo_estate.preview.graph import Alias, Graph, Node, Options, Reference, Secret
from odoo_estate.preview.recorder import record

Opts = pulumi.ResourceOptions


def _program() -> None:
    opts = Opts(provider=aws.Provider("aws", region="eu-central-1"))
    vpc = aws.ec2.Vpc("vpc", cidr_block="10.0.0.0/16", tags={"a": "b"}, opts=opts)
    aws.rds.Instance(
        "orders",
        instance_class="db.t4g.small",
        allocated_storage=20,
        multi_az=True,
        password=pulumi.Output.secret("p"),
        vpc_security_group_ids=[vpc.default_security_group_id, "sg-1"],
        opts=opts,
    )
    pulumi.export("vpc", vpc.id)


@pytest.fixture(scope="module")
def both() -> tuple[Graph, Any]:
    graph = record(_program, project="estate", stack="dev")
    return graph, listen(_program, project="estate", stack="dev")


def _changed(graph: Graph, **changes: Any) -> Graph:
    return replace(graph, nodes=tuple(replace(node, **changes) if node.name == "orders" else node for node in graph))


def _orders(graph: Graph) -> Node:
    return next(node for node in graph if node.name == "orders")


def _input(name: str, value: Any) -> Callable[[Node], dict[str, Any]]:
    return lambda node: {"inputs": {**node.inputs, name: value}}


def test_equal_graphs_have_no_differences(both: tuple[Graph, Any]) -> None:
    assert compare(*both) == []


@pytest.mark.parametrize(
    "change",
    [
        lambda node: {"type": "aws:rds/cluster:Cluster"},
        lambda node: {"name": "other"},
        lambda node: {"parent": None},
        lambda node: {"provider": None},
        lambda node: {"dependencies": ()},
        lambda node: {"property_dependencies": {}},
        lambda node: {"protect": True},
        lambda node: {"custom": False},
        lambda node: {"read": True},
        lambda node: {"outputs": {"x": 1}},
        _input("instanceClass", "db.t4g.medium"),
        _input("allocatedStorage", True),
        _input("allocatedStorage", "20"),
        _input("multiAz", 1),
        _input("password", "p"),
        _input("password", Secret("q")),
        _input("engine", "postgres"),
        _input("vpcSecurityGroupIds", ["sg-0", "sg-1"]),
        _input("vpcSecurityGroupIds", []),
        _input("instanceClass", Reference("urn", "x")),
        lambda node: {"inputs": {key: value for key, value in node.inputs.items() if key != "multiAz"}},
    ],
)
def test_a_changed_resource_is_seen(both: tuple[Graph, Any], change: Callable[[Node], dict[str, Any]]) -> None:
    graph, heard = both
    assert compare(_changed(graph, **change(_orders(graph))), heard)


OPTIONS: dict[str, Any] = {
    "version": "1.0.0",
    "plugin_download_url": "somewhere",
    "aliases": (Alias(name="old"),),
    "custom_timeouts": {"create": "1h"},
    "delete_before_replace": False,
    "retain_on_delete": False,
    "deleted_with": "urn",
    "replacement_trigger": 1,
    "import_id": "x",
    "providers": {"aws": "urn"},
    "env_var_mappings": {"A": "B"},
    "ignore_changes": ("tags",),
    "replace_on_changes": ("tags",),
    "additional_secret_outputs": (),
    "hide_diffs": ("tags",),
    "replace_with": ("urn",),
}


@pytest.mark.parametrize("option", [field.name for field in fields(Options)])
def test_a_changed_option_is_seen(both: tuple[Graph, Any], option: str) -> None:
    graph, heard = both
    options = replace(_orders(graph).options, **{option: OPTIONS[option]})
    assert compare(_changed(graph, options=options), heard)


def test_a_missing_and_an_additional_resource_are_seen(both: tuple[Graph, Any]) -> None:
    graph, heard = both
    fewer = replace(graph, nodes=graph.nodes[:-1])
    more = replace(graph, nodes=(*graph.nodes, replace(graph.nodes[-1], urn="urn:pulumi:dev::estate::a:b:C::d")))
    assert any("not recorded" in line for line in compare(fewer, heard))
    assert any("never hears" in line for line in compare(more, heard))


def test_a_changed_export_is_seen(both: tuple[Graph, Any]) -> None:
    graph, heard = both
    assert compare(replace(graph, outputs={"vpc": "vpc-1"}), heard)
