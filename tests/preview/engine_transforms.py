"""What the engine does with transforms, for a monitor that has no engine behind it.

After ``RegisterResource``, ``upgradeOutputValues`` and ``wrapTransformCallback`` in
``pkg/resource/deploy/source_eval.go`` of v3.259.0. The callbacks are the SDK's own, called on its own event loop.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

from google.protobuf import json_format, struct_pb2
from pulumi.runtime import _callbacks, rpc
from pulumi.runtime.proto import resource_pb2

SIGNATURE = rpc._special_sig_key
OUTPUT = rpc._special_output_value_sig
SECRET = rpc._special_secret_sig


def run(request: Any, inherited: Sequence[Any]) -> Any:
    """``request`` after its own transforms and the ``inherited`` ones."""
    own = list(request.transforms)
    if not own and not inherited:
        return request
    properties = {key: _upgraded(value) for key, value in json_format.MessageToDict(request.object).items()}
    if own:
        for key, dependencies in request.propertyDependencies.items():
            if dependencies.urns:
                properties[key] = _depending(properties[key], list(dependencies.urns))
    options = _options(request)
    for callback in (*own, *inherited):
        message = resource_pb2.TransformRequest(
            name=request.name,
            type=request.type,
            parent=request.parent,
            custom=request.custom,
            properties=_struct(properties),
            options=options,
        )
        response = _invoke(callback.token, message.SerializeToString())
        properties = json_format.MessageToDict(response.properties)
        if response.HasField("options"):
            options = response.options
    return _applied(request, properties, options, own=bool(own))


def _invoke(token: str, message: bytes) -> Any:
    (servicer,) = (one for one in _callbacks._CallbackServicer._servicers if token in one._callbacks)
    future = asyncio.run_coroutine_threadsafe(servicer._callbacks[token](message), servicer._loop)
    answer = resource_pb2.TransformResponse()
    answer.ParseFromString(future.result(timeout=30).SerializeToString())
    return answer


def _upgraded(value: Any) -> Any:
    if value == rpc.UNKNOWN:
        return {SIGNATURE: OUTPUT}
    if isinstance(value, dict) and value.get(SIGNATURE) == SECRET:
        inner = value["value"]
        known = {} if inner == rpc.UNKNOWN else {"value": _upgraded(inner)}
        return {SIGNATURE: OUTPUT, "secret": True, **known}
    if isinstance(value, dict):
        return {key: _upgraded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_upgraded(item) for item in value]
    return value


def _depending(value: Any, urns: list[str]) -> Any:
    output = value if _is_output(value) else {SIGNATURE: OUTPUT, "value": value}
    return {**output, "dependencies": urns}


def _is_output(value: Any) -> bool:
    return isinstance(value, dict) and value.get(SIGNATURE) == OUTPUT


def _downgraded(value: Any) -> Any:
    if _is_output(value):
        inner = _downgraded(value["value"]) if "value" in value else rpc.UNKNOWN
        return {SIGNATURE: SECRET, "value": inner} if value.get("secret") else inner
    if isinstance(value, dict):
        return {key: _downgraded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_downgraded(item) for item in value]
    return value


def _dependencies(value: Any) -> set[str]:
    if isinstance(value, dict):
        inner = set().union(*(_dependencies(item) for item in value.values())) if value else set()
        return inner | set(value["dependencies"]) if _is_output(value) and "dependencies" in value else inner
    if isinstance(value, list):
        return set().union(*(_dependencies(item) for item in value)) if value else set()
    return set()


def _struct(properties: dict[str, Any]) -> struct_pb2.Struct:
    struct = struct_pb2.Struct()
    json_format.ParseDict(properties, struct)
    return struct


def _options(request: Any) -> Any:
    options = resource_pb2.TransformResourceOptions(
        depends_on=request.dependencies,
        ignore_changes=request.ignoreChanges,
        replace_on_changes=request.replaceOnChanges,
        version=request.version,
        aliases=request.aliases,
        provider=request.provider,
        providers=request.providers,
        hide_diff=request.hideDiffs,
        plugin_download_url=request.pluginDownloadURL,
        deleted_with=request.deletedWith,
        replace_with=request.replace_with,
        additional_secret_outputs=request.additionalSecretOutputs,
    )
    setattr(options, "import", request.importId)
    if request.HasField("customTimeouts"):
        options.custom_timeouts.CopyFrom(request.customTimeouts)
    if request.HasField("protect"):
        options.protect = request.protect
    if request.HasField("retainOnDelete"):
        options.retain_on_delete = request.retainOnDelete
    if request.deleteBeforeReplaceDefined or request.deleteBeforeReplace:
        options.delete_before_replace = request.deleteBeforeReplace
    return options


def _applied(request: Any, properties: dict[str, Any], options: Any, *, own: bool) -> Any:
    result = resource_pb2.RegisterResourceRequest(
        type=request.type,
        name=request.name,
        parent=request.parent,
        custom=request.custom,
        object=_struct(_downgraded(properties)),
        provider=options.provider,
        providers=options.providers,
        version=options.version,
        pluginDownloadURL=options.plugin_download_url,
        aliases=options.aliases,
        ignoreChanges=options.ignore_changes,
        replaceOnChanges=options.replace_on_changes,
        additionalSecretOutputs=options.additional_secret_outputs,
        hideDiffs=options.hide_diff,
        deletedWith=options.deleted_with,
        replace_with=options.replace_with,
        importId=getattr(options, "import"),
        envVarMappings=request.envVarMappings,
        customTimeouts=options.custom_timeouts if options.HasField("custom_timeouts") else None,
        protect=options.protect if options.HasField("protect") else None,
        retainOnDelete=options.retain_on_delete if options.HasField("retain_on_delete") else None,
    )
    if options.HasField("delete_before_replace"):
        result.deleteBeforeReplaceDefined = True
        result.deleteBeforeReplace = options.delete_before_replace
    if not own:
        result.dependencies.extend(request.dependencies)
        for key, value in request.propertyDependencies.items():
            result.propertyDependencies[key].CopyFrom(value)
        return result
    needed = set(options.depends_on)
    for key, value in properties.items():
        urns = _dependencies(value)
        result.propertyDependencies[key].urns.extend(sorted(urns))
        needed |= urns
    result.dependencies.extend(sorted(needed))
    return result
