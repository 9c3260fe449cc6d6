"""A rename that ships its alias replaces nothing: the preview finds the old resource where the engine would."""

from typing import Any

import pulumi
import pulumi_aws as aws

from odoo_estate.preview.former import former_urns
from odoo_estate.preview.recorder import record

Opts = pulumi.ResourceOptions


class Store(pulumi.ComponentResource):
    def __init__(self, name: str, child: str, kind: str = "Store", opts: Opts | None = None, **options: Any) -> None:
        super().__init__(f"odoo-estate:aws:{kind}", name, None, opts)
        aws.s3.Bucket(child, opts=Opts(parent=self, **options))
        self.register_outputs({})


def _urns(program: Any) -> set[str]:
    return {node.urn for node in record(program, project="estate", stack="dev")}


def _found(before: Any, after: Any) -> set[str]:
    """The resources of ``before`` that ``after`` neither has nor finds again."""
    graph = record(after, project="estate", stack="dev")
    known = {node.urn for node in graph} | {urn for urns in former_urns(graph).values() for urn in urns}
    return _urns(before) - known


def test_without_an_alias_a_renamed_resource_is_lost() -> None:
    lost = _found(lambda: aws.s3.Bucket("old"), lambda: aws.s3.Bucket("new"))
    assert lost == {"urn:pulumi:dev::estate::aws:s3/bucket:Bucket::old"}


def test_a_renamed_resource_is_found_by_its_alias() -> None:
    assert not _found(
        lambda: aws.s3.Bucket("old"), lambda: aws.s3.Bucket("new", opts=Opts(aliases=[pulumi.Alias(name="old")]))
    )


def test_a_renamed_component_takes_its_children_along() -> None:
    renamed = Opts(aliases=[pulumi.Alias(name="old")])
    assert not _found(lambda: Store("old", "old-files"), lambda: Store("new", "new-files", opts=renamed))
    assert not _found(lambda: Store("old", "files"), lambda: Store("new", "files", opts=renamed))


def test_a_component_and_its_child_may_be_renamed_together() -> None:
    renamed = Opts(aliases=[pulumi.Alias(name="old", type_="odoo-estate:aws:Shop")])
    assert not _found(
        lambda: Store("old", "former", "Shop"),
        lambda: Store("new", "files", opts=renamed, aliases=[pulumi.Alias(name="former")]),
    )


def test_a_resource_that_moved_into_a_component_is_found() -> None:
    at_the_top = [pulumi.Alias(parent=pulumi.ROOT_STACK_RESOURCE)]
    assert not _found(
        lambda: [aws.s3.Bucket("files"), Store("store", "other")],
        lambda: [
            Store("store", "files", aliases=at_the_top),
            Store("x", "other", opts=Opts(aliases=[pulumi.Alias(name="store")])),
        ],
    )


def test_a_given_urn_is_taken_as_it_is() -> None:
    urn = "urn:pulumi:dev::estate::aws:s3/bucketV2:BucketV2::files"
    graph = record(lambda: aws.s3.Bucket("files", opts=Opts(aliases=[urn])), project="estate", stack="dev")
    assert urn in former_urns(graph)[graph.nodes[1].urn]
