"""A recording tells what is wrong, and leaves the SDK as it found it."""

import gc
import json
import pickle
from typing import Any

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as k8s
import pytest
from tests.preview.protocol import assert_same_graph

from odoo_estate.preview.graph import Composed, Graph, Node, Reference, Secret, references
from odoo_estate.preview.markers import RecordingError
from odoo_estate.preview.recorder import record

Opts = pulumi.ResourceOptions


def _recorded(program: Any, stack: str = "dev") -> Graph:
    return record(program, project="estate", stack=stack)


def _named(graph: Graph, name: str) -> Node:
    return next(node for node in graph if node.name == name)


def _vpc(name: str = "vpc", **options: Any) -> aws.ec2.Vpc:
    return aws.ec2.Vpc(name, cidr_block="10.0.0.0/16", opts=Opts(**options))


def _sdk() -> list[Any]:
    return [
        *(vars(pulumi.Output).items()),
        *(vars(pulumi.resource).items()),
        *(vars(pulumi.runtime).items()),
        *(vars(pulumi.runtime.stack).items()),
        *(vars(pulumi.StackReference).items()),
        *(vars(pulumi.ResourceOptions).items()),
    ]


def test_a_recording_leaves_the_sdk_as_it_was() -> None:
    before = _sdk()
    _recorded(_vpc)
    assert _sdk() == before


def test_a_failed_recording_leaves_the_sdk_as_it_was() -> None:
    before = _sdk()
    with pytest.raises(ZeroDivisionError):
        _recorded(lambda: 1 // 0)
    assert _sdk() == before
    assert pulumi.runtime.get_root_resource() is None
    assert len(_recorded(_vpc)) == 2


def test_the_collector_is_as_before_a_recording() -> None:
    seen = []
    gc.enable()
    _recorded(lambda: seen.append(gc.isenabled()))
    assert seen == [False]
    assert gc.isenabled()
    gc.disable()
    try:
        _recorded(_vpc)
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_recordings_leave_nothing_behind_in_memory() -> None:
    def program() -> None:
        component = Database("orders", lambda database: database.vpc.id)
        pulumi.export("urn", pulumi.Output.concat(component.urn, component.vpc.arn))

    _recorded(program)
    gc.collect()
    gc.disable()
    try:
        _recorded(program)
        before = len(gc.get_objects())
        for _ in range(10):
            _recorded(program)
        assert len(gc.get_objects()) <= before + 10
    finally:
        gc.enable()


def test_recordings_do_not_see_each_other() -> None:
    def first() -> None:
        pulumi.runtime.register_resource_transform(lambda args: pulumi.ResourceTransformResult({}, args.opts))
        pulumi.export("first", "x")
        _vpc()

    _recorded(first, "first")
    second = _recorded(_vpc, "second")
    assert second.outputs == {}
    assert second.nodes[1].urn == "urn:pulumi:second::estate::aws:ec2/vpc:Vpc::vpc"
    assert second.nodes[1].inputs == {"cidrBlock": "10.0.0.0/16"}


def test_a_recording_is_deterministic_to_the_byte() -> None:
    def program() -> None:
        vpcs = [_vpc(f"vpc-{number}") for number in range(20)]
        _vpc("last", depends_on=vpcs, provider=aws.Provider("aws", region="eu-central-1"))

    assert json.dumps(_recorded(program).as_json()) == json.dumps(_recorded(program).as_json())


def test_a_recording_within_a_recording_is_refused() -> None:
    with pytest.raises(RecordingError, match="one runs at a time"):
        _recorded(lambda: _recorded(_vpc))


class Database(pulumi.ComponentResource):
    def __init__(self, name: str, fault: Any, opts: Opts | None = None) -> None:
        super().__init__("odoo-estate:aws:Database", name, None, opts)
        self.vpc = _vpc(f"{name}-vpc", parent=self)
        fault(self)
        self.register_outputs({})


def _fault(fault: Any) -> str:
    with pytest.raises(Exception) as caught:
        _recorded(lambda: Database("orders", fault))
    return "\n".join([str(caught.value), *getattr(caught.value, "__notes__", [])])


def test_computing_on_an_output_is_refused_and_names_the_component() -> None:
    message = _fault(lambda database: database.vpc.id.apply(lambda value: value[:3]))
    assert "must not compute on values that exist only after the update" in message
    assert "aws:ec2/vpc:Vpc::orders-vpc.id" in message
    assert "odoo-estate:aws:Database 'orders'" in message


def test_an_output_in_a_text_is_refused() -> None:
    assert "Output.concat or Output.format" in _fault(lambda database: _vpc(f"x-{database.vpc.id}"))


def test_an_output_of_a_number_cannot_be_concatenated() -> None:
    def fault(database: Database) -> None:
        instance = aws.rds.Instance("orders", instance_class="db.t4g.small")
        pulumi.Output.concat(instance.address, ":", instance.port)

    assert "port" in _fault(fault)


def test_an_output_in_a_condition_or_loop_is_refused() -> None:
    assert "iter" in _fault(lambda database: list(database.vpc.id))


def test_a_wrong_input_names_its_resource_and_property() -> None:
    message = _fault(lambda database: aws.ec2.Vpc("odd", cidr_block={1, 2}))  # type: ignore[arg-type]
    assert "unexpected input of type set for cidr_block" in message
    assert "aws:ec2/vpc:Vpc 'odd'" in message


def test_a_list_where_none_belongs_is_refused() -> None:
    assert "expected 'list'" in _fault(lambda database: aws.ec2.Vpc("odd", cidr_block=["a"]))  # type: ignore[arg-type]


def test_calling_a_provider_is_refused() -> None:
    assert "needs an engine and a provider" in _fault(lambda database: aws.get_caller_identity())
    assert "needs an engine and a provider" in _fault(lambda database: aws.get_caller_identity_output())


def test_a_resource_registered_twice_is_refused() -> None:
    assert "registered twice" in _fault(lambda database: [_vpc("same"), _vpc("same")])


def test_resources_that_wait_for_each_other_are_refused() -> None:
    assert "circular dependency" in _fault(lambda database: _vpc("inner", parent=database, depends_on=[database]))


def test_exporting_a_whole_resource_is_refused() -> None:
    assert "export the properties" in _fault(lambda database: pulumi.export("vpc", database.vpc))
    assert "export the properties" in _fault(lambda database: pulumi.export("all", {"vpcs": [database.vpc]}))


def test_an_output_made_before_the_recording_is_refused() -> None:
    assert "awaitable" in _fault(
        lambda database: _vpc("x", depends_on=[]) and aws.ec2.Vpc("y", cidr_block=_coroutine())
    )


async def _never() -> str:
    return "never"


def _coroutine() -> Any:
    coroutine = _never()
    coroutine.close()
    return coroutine


def test_a_policy_document_keeps_its_known_parts_readable() -> None:
    def program() -> None:
        bucket = aws.s3.Bucket("files")
        aws.iam.Policy(
            "files",
            policy=pulumi.Output.json_dumps({"Statement": [{"Action": "s3:*", "Resource": bucket.arn}]}),
        )

    graph = assert_same_graph(program)
    policy = graph.of_type("aws:iam/policy:Policy")[0].inputs["policy"]
    assert isinstance(policy, Composed)
    assert policy.document["Statement"][0]["Action"] == "s3:*"
    assert [reference.path for reference in references(policy)] == ["arn"]
    assert json.loads(policy)["Statement"][0]["Resource"] == policy.document["Statement"][0]["Resource"]


def test_a_graph_travels_between_processes() -> None:
    def program() -> None:
        vpc = _vpc()
        k8s.core.v1.Secret("s", string_data={"x": pulumi.Output.concat(vpc.id, "!"), "y": "t0ken"})

    graph = _recorded(program)
    copy = pickle.loads(pickle.dumps(graph))
    assert copy == graph
    data = _named(copy, "s").inputs["stringData"]
    assert isinstance(data, Secret)
    assert isinstance(next(references(data)), Reference)


def test_secrets_are_compared_by_value_and_printed_by_mask() -> None:
    assert Secret("a") != Secret("b")
    assert Secret({"a": 1}) == Secret({"a": 1})
    assert f"{Secret('a')} {Secret('a')!r} {json.dumps(Secret('a'))}" == "[secret] '[secret]' \"[secret]\""
