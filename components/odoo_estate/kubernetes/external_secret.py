"""Secrets that travel from AWS Secrets Manager to a namespace without passing through Pulumi's state in clear."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from odoo_estate.kubernetes.metadata import object_metadata

API = "external-secrets.io/v1"
REFRESH = "1h"


def secret_store(
    name: str,
    *,
    store: str,
    namespace: str,
    labels: Mapping[str, str],
    region: str,
    role_arn: pulumi.Input[str] | None = None,
    opts: pulumi.ResourceOptions,
) -> k8s.apiextensions.CustomResource:
    """The door to Secrets Manager for one namespace; without ``role_arn`` it opens what the controller itself may read."""
    aws = {"service": "SecretsManager", "region": region, **({} if role_arn is None else {"role": role_arn})}
    return k8s.apiextensions.CustomResource(
        name,
        api_version=API,
        kind="SecretStore",
        metadata=object_metadata(store, namespace, labels),
        spec={"provider": {"aws": aws}},
        opts=opts,
    )


@dataclass(frozen=True, kw_only=True)
class Source:
    """A JSON document in Secrets Manager and the fields that are wanted of it, by template variable. Without ``version`` the newest."""

    document: pulumi.Input[str]
    fields: Mapping[str, str]
    version: pulumi.Input[str] | None = None


def external_secret(
    name: str,
    *,
    secret: str,
    namespace: str,
    labels: Mapping[str, str],
    store: str,
    sources: Sequence[Source],
    template: Mapping[str, pulumi.Input[str]],
    content: str = "",
    opts: pulumi.ResourceOptions,
) -> pulumi.Output[str]:
    """One Kubernetes Secret made of documents in Secrets Manager; returns its name.

    ``template`` maps a file of the Secret to its Go template. The name carries the sources' versions, and ``content``, which stands for the
    template: a pod that needs a new value then waits for the new Secret instead of starting with the old one.
    """
    versions = [source.version for source in sources if source.version is not None]
    target = pulumi.Output.concat(*joined([secret, *([content] if content else []), *versions]))
    k8s.apiextensions.CustomResource(
        name,
        api_version=API,
        kind="ExternalSecret",
        metadata=object_metadata(secret, namespace, labels),
        spec={
            "refreshInterval": REFRESH,
            "secretStoreRef": {"kind": "SecretStore", "name": store},
            "target": {
                "name": target,
                "creationPolicy": "Owner",
                "deletionPolicy": "Retain",
                "template": {"metadata": {"labels": dict(labels)}, "engineVersion": "v2", "data": dict(template)},
            },
            "data": [entry for source in sources for entry in entries(source)],
        },
        opts=opts,
    )
    return target


def joined(parts: Sequence[pulumi.Input[str]]) -> list[pulumi.Input[str]]:
    """With hyphens in between."""
    return [piece for part in parts for piece in ("-", part)][1:]


def entries(source: Source) -> list[dict[str, Any]]:
    reference: dict[str, pulumi.Input[str]] = {"key": source.document}
    if source.version is not None:
        reference["version"] = pulumi.Output.concat("uuid/", source.version)
    return [
        {"secretKey": variable, "remoteRef": {**reference, "property": field}}
        for variable, field in source.fields.items()
    ]


def literal(text: str) -> str:
    """``text`` as a Go template that yields exactly it."""
    return text.replace("{{", '{{ "{{" }}')
