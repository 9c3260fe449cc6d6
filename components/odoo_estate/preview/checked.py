"""The graph as providers and engine see it: what rules judge and reports show.

Between registration and storage three things happen to a resource, none of which needs a cloud:

* the AWS provider writes its default tags and the resource's own into ``tagsAll`` of every resource that has both
  ``tags`` and ``tagsAll``, before the policies run (a callback before Check; pulumi-aws 7). ASG tags, launch-template
  tags and Kubernetes are never covered;
* a resource works in its own ``region``, or else in its provider's;
* the engine lets children inherit ``retainOnDelete`` and ``deletedWith`` (``inheritFromParent`` in
  ``pkg/resource/deploy/source_eval.go``, v3.259.0); ``protect`` is inherited by the SDK already.

A Kubernetes provider's kubeconfig may carry credentials and the SDK does not mark it, so it is masked here.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from odoo_estate.preview.graph import Composed, Graph, Node, Options, Secret, Unresolved

AWS_PROVIDER = "pulumi:providers:aws"
KUBERNETES_PROVIDER = "pulumi:providers:kubernetes"


@dataclass(frozen=True, slots=True)
class _Settings:
    """What an AWS provider adds to its resources."""

    region: str | None
    tags: Mapping[str, Any]


_NONE = _Settings(None, {})


def checked(graph: Graph) -> Graph:
    """``graph`` with default tags, regions, inherited options and masks filled in. Pure; the argument is unchanged."""
    settings = {node.urn: _settings(node) for node in graph if node.type == AWS_PROVIDER}
    options: dict[str, Options] = {}
    nodes = []
    for node in graph:
        options[node.urn] = inherited = _inherited(node, options)
        nodes.append(_seen(node, settings.get(node.provider or node.urn, _NONE), inherited))
    return replace(graph, nodes=tuple(nodes))


def _settings(provider: Node) -> _Settings:
    return _Settings(_region(provider, _NONE), _default_tags(provider.inputs.get("defaultTags")))


def _default_tags(configured: Any) -> Mapping[str, Any]:
    """The SDK sends a provider's structured settings as JSON texts."""
    if isinstance(configured, Composed):
        document = configured.document
    elif isinstance(configured, str) and not isinstance(configured, Unresolved | Secret):
        document = json.loads(configured)
    else:
        return {}
    tags = document.get("tags") if isinstance(document, Mapping) else None
    return tags if isinstance(tags, Mapping) else {}


def _inherited(node: Node, options: Mapping[str, Options]) -> Options:
    own = node.options
    parent = options.get(node.parent) if node.parent else None
    if parent is None or node.read:
        return own
    retain = own.retain_on_delete if own.retain_on_delete is not None else parent.retain_on_delete
    deleted_with = own.deleted_with or parent.deleted_with
    if (retain, deleted_with) == (own.retain_on_delete, own.deleted_with):
        return own
    return replace(own, retain_on_delete=retain, deleted_with=deleted_with)


def _seen(node: Node, settings: _Settings, options: Options) -> Node:
    region = _region(node, settings) if node.type.startswith("aws:") or node.type == AWS_PROVIDER else None
    inputs = node.inputs
    if node.taggable and not node.read:
        inputs = _tagged(inputs, settings.tags)
    elif node.type == KUBERNETES_PROVIDER and "kubeconfig" in inputs and not isinstance(inputs["kubeconfig"], Secret):
        inputs = {**inputs, "kubeconfig": Secret(inputs["kubeconfig"])}
    if inputs is node.inputs and region is None and options is node.options:
        return node
    return replace(node, inputs=inputs, region=region, options=options)


def _region(node: Node, settings: _Settings) -> str | None:
    region = node.inputs.get("region")
    return region if isinstance(region, str) and not isinstance(region, Secret) else settings.region


def _tagged(inputs: dict[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    own = inputs.get("tags", {})
    if not isinstance(own, dict):
        return inputs  # unresolved as a whole: no union can be told before the update
    tags = {**defaults, **own}
    return {**inputs, "tagsAll": tags} if tags else inputs
