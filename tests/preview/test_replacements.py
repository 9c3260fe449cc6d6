"""The offline comparison and the rehearsal agree on what cannot be changed in place."""

from sandbox.provider.aws.table import KINDS
from sandbox.provider.kubernetes import objects

from odoo_estate.preview.replacements import AWS, HELM_RELEASE, KUBERNETES, KUBERNETES_ALWAYS, forces_replacement


def test_aws_types_are_replaced_for_the_same_inputs_in_the_preview_and_in_the_sandbox() -> None:
    rehearsed = {token: set(kind.replaces) for token, kind in KINDS.items() if kind.replaces}
    assert {token: set(paths) for token, paths in AWS.items() if token in KINDS} == rehearsed


def test_the_preview_knows_no_aws_type_that_cannot_be_rehearsed() -> None:
    assert AWS.keys() <= KINDS.keys()


def test_kubernetes_objects_are_replaced_for_the_same_fields() -> None:
    for kind in KUBERNETES.keys() | objects._REPLACES.keys():
        ours = {*KUBERNETES_ALWAYS, *KUBERNETES.get(kind, ())}
        assert ours == set(objects.replaces(kind, mutable=True)), kind


def test_a_release_is_its_name_and_namespace() -> None:
    assert all(forces_replacement("kubernetes:helm.sh/v3:Release", path) for path in HELM_RELEASE)
    assert not forces_replacement("kubernetes:helm.sh/v3:Release", "values.replicas")


def test_a_custom_resource_is_replaced_for_its_identity_alone() -> None:
    kind = "kubernetes:traefik.io/v1alpha1:IngressRoute"
    assert forces_replacement(kind, "metadata.name")
    assert not forces_replacement(kind, "spec.routes")
