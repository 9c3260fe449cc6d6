"""The same program through the SDK's own registration, seen where the engine would see it.

``listen`` runs a program under the SDK's real runtime (event loop, futures, serialisation, transforms) with a monitor
that keeps every request and answers as the engine does in a first preview: urns are known, ids and outputs are not.
What the engine does before it stores a resource (composing urns, running transforms) the monitor does too, after
``pkg/resource/deploy/source_eval.go`` of v3.259.0.

``assert_same_graph`` holds the recorded graph against it, resource by resource and property by property.
"""

import asyncio
import contextvars
import logging
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any
from unittest import mock

import pulumi
import pulumi.resource
from google.protobuf import json_format, struct_pb2
from pulumi import _types
from pulumi.runtime import config as sdk_config
from pulumi.runtime import mocks, rpc
from pulumi.runtime import settings as sdk_settings
from pulumi.runtime.proto import resource_pb2, source_pb2
from pulumi.runtime.stack import run_in_stack
from tests.preview import engine_transforms as transforms

from odoo_estate.preview.graph import (
    Alias,
    Asset,
    Composed,
    Graph,
    Node,
    Options,
    Reference,
    ResourceReference,
    Secret,
    Unresolved,
    is_unresolved,
)
from odoo_estate.preview.recorder import record

UNKNOWN = rpc.UNKNOWN
SIGNATURE = rpc._special_sig_key
STACK_TYPE = "pulumi:pulumi:Stack"


@dataclass
class Recording:
    """The requests of one program, by urn, in the order they arrived."""

    registered: dict[str, resource_pb2.RegisterResourceRequest] = field(default_factory=dict)
    read: dict[str, resource_pb2.ReadResourceRequest] = field(default_factory=dict)
    outputs: dict[str, dict[str, Any]] = field(default_factory=dict)


def assert_same_graph(
    program: Callable[[], object],
    *,
    project: str = "estate",
    stack: str = "dev",
    config: Mapping[str, str] | None = None,
    secret_keys: Collection[str] = (),
) -> Graph:
    """Record ``program`` both ways and fail with the list of differences; returns the graph."""
    graph = record(program, project=project, stack=stack, config=config, secret_keys=secret_keys)
    heard = listen(program, project=project, stack=stack, config=config, secret_keys=secret_keys)
    differences = compare(graph, heard)
    assert not differences, "\n".join(differences)
    return graph


def listen(
    program: Callable[[], object],
    *,
    project: str,
    stack: str,
    config: Mapping[str, str] | None = None,
    secret_keys: Collection[str] = (),
) -> Recording:
    """Run ``program`` under the SDK's runtime and return what the engine would have received."""

    def run() -> Recording:
        outputs_of: dict[str, list[str]] = {}
        monitor = Monitor(project, stack, outputs_of)
        sdk_settings.ROOT.set(None)
        sdk_settings.configure(
            mocks.MockSettings(
                monitor=monitor,
                monitor_features=set(),
                engine=mocks.MockEngine(logging.getLogger(__name__)),
                project=project,
                stack=stack,
                dry_run=True,
                organization="organization",
                callbacks=None,
                outputs=set(),
            )
        )
        sdk_config.set_all_config(dict(config or {}), list(secret_keys))
        with (
            mock.patch.object(pulumi.resource, "register_resource", _noting_outputs(outputs_of)),
            mock.patch.object(pulumi.runtime.resource, "_get_stack_trace", source_pb2.StackTrace),  # slow, not compared
        ):
            asyncio.run(run_in_stack(lambda: _ignore(program())))
        return monitor.recording

    return contextvars.copy_context().run(run)


def _ignore(_: object) -> None:
    return None


def _noting_outputs(outputs_of: dict[str, list[str]]) -> Callable[..., None]:
    """The engine answers with all outputs a provider has; the protocol's request does not say which those are."""
    register = pulumi.resource.register_resource

    def noting(res: Any, ty: str, *arguments: Any, **keywords: Any) -> None:
        props, typ = arguments[4], arguments[6]
        names = _types.resource_py_to_pulumi_names(type(res)) if typ is not None else {}
        outputs_of[ty] = [names.get(key) or key for key in props if key not in {"urn", "id"}]
        register(res, ty, *arguments, **keywords)

    return noting


class _NoMocks(mocks.Mocks):
    def call(self, args: mocks.MockCallArgs) -> Any:
        raise AssertionError(f"{args.token}: components call no provider functions")

    def new_resource(self, args: mocks.MockResourceArgs) -> Any:
        raise AssertionError(f"{args.name}: this monitor answers itself")


class Monitor(mocks.MockMonitor):
    """Answers as the engine does in a first preview."""

    def __init__(self, project: str, stack: str, outputs_of: Mapping[str, list[str]]) -> None:
        super().__init__(_NoMocks())
        self.recording = Recording()
        self._project = project
        self._stack = stack
        self._outputs_of = outputs_of
        self._parents: dict[str, str] = {}
        self._transforms: dict[str, list[Any]] = {}
        self._stack_callbacks: list[Any] = []

    def make_urn(self, parent: str, type_: str, name: str) -> str:
        qualified = parent.split("::")[2] if parent else ""
        prefix = f"{qualified}$" if qualified and qualified != STACK_TYPE else ""
        return f"urn:pulumi:{self._stack}::{self._project}::{prefix}{type_}::{name}"

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 the protocol's name
        urn = self.make_urn(request.parent, request.type, request.name)
        assert urn not in self.recording.registered, f"duplicate {urn}"
        inherited = [*self._of_ancestors(request.parent), *self._stack_callbacks]
        self._parents[urn] = request.parent
        self._transforms[urn] = list(request.transforms)
        request = transforms.run(request, inherited)
        self.recording.registered[urn] = request
        if request.type == STACK_TYPE:
            return resource_pb2.RegisterResourceResponse(urn=urn)
        return resource_pb2.RegisterResourceResponse(urn=urn, object=self._answer(request) if request.custom else None)

    def _of_ancestors(self, urn: str) -> Iterator[Any]:
        while urn:
            yield from self._transforms.get(urn, ())
            urn = self._parents.get(urn, "")

    def RegisterStackTransform(self, request: Any) -> Any:  # noqa: N802 the protocol's name
        self._stack_callbacks.append(request)
        return super().RegisterStackTransform(request)

    def _answer(self, request: Any) -> struct_pb2.Struct:
        secret = set(request.additionalSecretOutputs)
        secret.update(key for key, value in json_format.MessageToDict(request.object).items() if _is_secret(value))
        answer = struct_pb2.Struct()
        for name in self._outputs_of[request.type]:
            answer[name] = {SIGNATURE: rpc._special_secret_sig, "value": UNKNOWN} if name in secret else UNKNOWN
        return answer

    def ReadResource(self, request: Any) -> Any:  # noqa: N802 the protocol's name
        urn = self.make_urn(request.parent, request.type, request.name)
        assert urn not in self.recording.read, f"duplicate {urn}"
        self.recording.read[urn] = request
        return resource_pb2.ReadResourceResponse(urn=urn, id="" if request.id == UNKNOWN else request.id)

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802 the protocol's name
        self.recording.outputs[request.urn] = json_format.MessageToDict(request.outputs)
        return super().RegisterResourceOutputs(request)


def _is_secret(value: Any) -> bool:
    return isinstance(value, dict) and value.get(SIGNATURE) == rpc._special_secret_sig


def compare(symbolic: Graph, protocol: Recording) -> list[str]:
    """Every difference between a recorded graph and what the engine would have received; empty when equal."""
    heard = {**protocol.registered, **protocol.read}
    differences = [
        f"{urn}: recorded, but the engine never hears of it" for urn in symbolic.by_urn.keys() - heard.keys()
    ]
    differences += [
        f"{urn}: the engine hears of it, but it is not recorded" for urn in heard.keys() - symbolic.by_urn.keys()
    ]
    for node in symbolic:
        if node.urn in protocol.registered:
            differences += _registration(node, protocol.registered[node.urn])
        elif node.urn in protocol.read:
            differences += _reading(node, protocol.read[node.urn])
        differences += _values(f"{node.urn} outputs", node.outputs, protocol.outputs.get(node.urn, {}))
    differences += _values("stack outputs", symbolic.outputs, protocol.outputs.get(symbolic.nodes[0].urn, {}))
    return sorted(differences)


def _registration(node: Node, request: Any) -> list[str]:
    inputs = json_format.MessageToDict(request.object)
    expected: dict[str, Any] = {
        "type": request.type,
        "name": request.name,
        "parent": request.parent or None,
        "custom": request.custom,
        "read": False,
        "provider": _provider_urn(request.provider),
        "protect": request.protect,
        "dependencies": set(request.dependencies),
        "property dependencies": {
            key: set(value.urns) for key, value in request.propertyDependencies.items() if value.urns
        },
        **asdict(_options(request)),
    }
    trigger = (
        json_format.MessageToDict(request.replacement_trigger) if request.HasField("replacement_trigger") else None
    )
    return (
        _fields(node, expected)
        + _values(node.urn, node.inputs, inputs)
        + _values(f"{node.urn} replacement trigger", node.options.replacement_trigger, trigger)
    )


def _reading(node: Node, request: Any) -> list[str]:
    expected: dict[str, Any] = {
        "type": request.type,
        "name": request.name,
        "parent": request.parent or None,
        "custom": True,
        "read": True,
        "provider": _provider_urn(request.provider),
        "protect": False,
        "dependencies": set(request.dependencies),
        "property dependencies": {},
        **asdict(
            Options(
                version=request.version,
                plugin_download_url=request.pluginDownloadURL,
                additional_secret_outputs=tuple(request.additionalSecretOutputs),
            )
        ),
    }
    inputs = json_format.MessageToDict(request.properties)
    return (
        _fields(node, expected)
        + _values(node.urn, node.inputs, inputs)
        + _values(f"{node.urn} read id", node.read_id, request.id)
    )


def _fields(node: Node, expected: Mapping[str, Any]) -> list[str]:
    recorded: dict[str, Any] = {
        "type": node.type,
        "name": node.name,
        "parent": node.parent,
        "custom": node.custom,
        "read": node.read,
        "provider": node.provider,
        "protect": node.protect,
        "dependencies": set(node.dependencies),
        "property dependencies": {key: set(urns) for key, urns in node.property_dependencies.items()},
        **asdict(replace(node.options, replacement_trigger=None)),
    }
    return [
        f"{node.urn} {name}: recorded {recorded[name]!r}, the engine receives {expected[name]!r}"
        for name in expected
        if recorded[name] != expected[name]
    ]


def _provider_urn(reference: str) -> str | None:
    return reference.rpartition("::")[0] or None


def _options(request: Any) -> Options:
    timeouts = request.customTimeouts
    given = {
        name: getattr(timeouts, name) for name in ("create", "update", "delete", "read") if getattr(timeouts, name)
    }
    return Options(
        version=request.version,
        plugin_download_url=request.pluginDownloadURL,
        aliases=tuple(_alias(alias) for alias in request.aliases),
        ignore_changes=tuple(request.ignoreChanges),
        replace_on_changes=tuple(request.replaceOnChanges),
        additional_secret_outputs=tuple(request.additionalSecretOutputs),
        hide_diffs=tuple(request.hideDiffs),
        custom_timeouts=given,
        delete_before_replace=request.deleteBeforeReplace if request.deleteBeforeReplaceDefined else None,
        retain_on_delete=request.retainOnDelete if request.HasField("retainOnDelete") else None,
        deleted_with=request.deletedWith,
        replace_with=tuple(request.replace_with),
        import_id=request.importId,
        providers={name: _provider_urn(reference) or "" for name, reference in request.providers.items()},
        env_var_mappings=dict(request.envVarMappings),
    )


def _alias(alias: Any) -> Alias:
    spec = alias.spec
    return Alias(
        urn=alias.urn,
        name=spec.name,
        type=spec.type,
        stack=spec.stack,
        project=spec.project,
        parent=spec.parentUrn,
        no_parent=spec.noParent,
    )


def _values(where: str, recorded: Any, received: Any) -> list[str]:
    """Differences of one value: references are unknown to the engine, secrets carry its signature."""
    difference = [f"{where}: recorded {recorded!r}, the engine receives {received!r}"]
    if isinstance(recorded, ResourceReference):
        expected = {SIGNATURE: rpc._special_resource_sig, "urn": recorded.urn}
        if recorded.path == "id":
            expected["id"] = UNKNOWN
        return [] if received == expected else difference
    if isinstance(recorded, Secret):
        if not _is_secret(received):
            return difference
        return _values(where, recorded.value, received["value"])
    if isinstance(recorded, Unresolved):
        assert isinstance(recorded, Reference | Composed)
        return [] if received == UNKNOWN else difference
    if received == UNKNOWN and is_unresolved(recorded):
        return []
    if isinstance(recorded, Asset):
        ((kind, content),) = recorded.items()
        signature = rpc._special_asset_sig if kind == "asset" else rpc._special_archive_sig
        return _values(where, {SIGNATURE: signature, **content}, received)
    if isinstance(recorded, dict) and isinstance(received, dict):
        found = []
        for key in recorded.keys() | received.keys():
            if key not in recorded or key not in received:
                found.append(f"{where}.{key}: only {'recorded' if key in recorded else 'received'}")
            else:
                found += _values(f"{where}.{key}", recorded[key], received[key])
        return found
    if isinstance(recorded, list) and isinstance(received, list) and len(recorded) == len(received):
        return [
            line
            for index, (one, other) in enumerate(zip(recorded, received, strict=True))
            for line in _values(f"{where}[{index}]", one, other)
        ]
    same_kind = isinstance(recorded, bool) == isinstance(received, bool)
    return [] if same_kind and recorded == received else difference
