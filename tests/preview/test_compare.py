"""The difference between two graphs of one stack."""

from typing import Any

from odoo_estate.preview.compare import compare

DATABASE = "aws:rds/instance:Instance"
BUCKET = "aws:s3/bucket:Bucket"
ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"


def resource(kind: str, name: str, aliases: tuple[str, ...] = (), **inputs: Any) -> dict[str, dict[str, Any]]:
    urn = f"urn:pulumi:s::p::{kind}::{name}"
    found = {"urn": urn, "type": kind, "name": name, "inputs": inputs, "protect": True, "aliases": list(aliases)}
    return {urn: found}


def test_two_equal_graphs_have_no_difference() -> None:
    graph = resource(DATABASE, "main", engine="postgres") | resource(BUCKET, "files")
    assert compare(graph, graph) == []


def test_a_change_that_the_service_cannot_make_in_place_is_a_replacement() -> None:
    before = resource(DATABASE, "main", engine="postgres", kmsKeyId="a", allocatedStorage=20)
    after = resource(DATABASE, "main", engine="postgres", kmsKeyId="b", allocatedStorage=40)
    (difference,) = compare(before, after)
    assert difference.change == "replace"
    assert difference.properties == ("allocatedStorage", "kmsKeyId")
    assert difference.forcing == ("kmsKeyId",)


def test_a_larger_disk_is_an_update_in_place() -> None:
    (difference,) = compare(
        resource(DATABASE, "main", allocatedStorage=20), resource(DATABASE, "main", allocatedStorage=40)
    )
    assert (difference.change, difference.forcing) == ("update", ())


def test_what_holds_data_comes_first_and_destruction_before_all() -> None:
    before = resource(BUCKET, "old") | resource(ALARM, "old") | resource(DATABASE, "main", engine="postgres")
    after = resource(ALARM, "new") | resource(DATABASE, "main", engine="mysql")
    assert [(one.change, one.type) for one in compare(before, after)] == [
        ("destroy", BUCKET),
        ("replace", DATABASE),
        ("destroy", ALARM),
        ("add", ALARM),
    ]


def test_a_rename_without_an_alias_destroys_and_with_one_changes_nothing() -> None:
    before = resource(DATABASE, "main", engine="postgres")
    (old,) = before
    without = compare(before, resource(DATABASE, "primary", engine="postgres"))
    assert [one.change for one in without] == ["destroy", "add"]
    assert compare(before, resource(DATABASE, "primary", aliases=(old,), engine="postgres")) == []


def test_a_neighbour_that_refers_to_a_renamed_resource_does_not_look_changed() -> None:
    main = resource(DATABASE, "main")
    (old,) = main
    before = main | resource(ALARM, "cpu", dimension=f"${{{old}.identifier}}")
    renamed = resource(DATABASE, "primary", aliases=(old,))
    (new,) = renamed
    assert compare(before, renamed | resource(ALARM, "cpu", dimension=f"${{{new}.identifier}}")) == []


def test_a_kubernetes_object_with_another_name_is_another_object() -> None:
    kind = "kubernetes:core/v1:Namespace"
    before = resource(kind, "tenant", metadata={"name": "a", "labels": {"x": "1"}})
    after = resource(kind, "tenant", metadata={"name": "b", "labels": {"x": "1"}})
    (difference,) = compare(before, after)
    assert (difference.change, difference.forcing, difference.stateful) == ("replace", ("metadata.name",), True)
