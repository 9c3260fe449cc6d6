"""The provider protocol: one small gRPC server in front of what a stage rehearses."""
# ruff: noqa: ARG002, N802, PLR0917  # the protocol sets the signatures

from __future__ import annotations

import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from concurrent import futures
from typing import Any, NoReturn, Protocol

import grpc  # type: ignore[import-untyped]
from google.protobuf import empty_pb2  # type: ignore[import-untyped]

from sandbox.provider.refusal import Refused
from sandbox.provider.wire import Properties, decode, encode, plain

with_large_messages = [
    ("grpc.max_receive_message_length", 400 * 1024 * 1024),
    ("grpc.max_send_message_length", 400 * 1024 * 1024),
]


class Autoname:
    """What the engine proposes as a physical name (`pulumi:autonaming` in a stack's configuration)."""

    def __init__(self, options: Any, logical: str) -> None:
        self.logical = logical
        self.proposed = options.proposed_name if options else ""
        self.enforced = bool(options) and options.mode == 1
        self.disabled = bool(options) and options.mode == 2


class Difference:
    """What an update would do to one resource."""

    def __init__(self, changed: dict[str, str], replacing: set[str], delete_first: bool = False) -> None:
        self.changed = changed
        self.replacing = replacing
        self.delete_first = delete_first


class Stage(Protocol):
    """What stands behind the protocol: one rehearsed provider."""

    version: str

    def configure(self, config: Properties) -> None:
        """Learn the provider's own configuration."""

    def config_difference(self, old: Properties, new: Properties) -> set[str]:
        """Changed configuration keys that replace the provider, and with it every resource of it."""

    def check(
        self, urn: str, token: str, old: Properties, new: Properties, name: Autoname
    ) -> tuple[Properties, list[tuple[str, str]]]:
        """Complete the inputs; failures as property and reason."""

    def diff(
        self, urn: str, token: str, identity: str, old: Properties, state: Properties, new: Properties
    ) -> Difference:
        """Compare old inputs with new ones."""

    def create(self, urn: str, token: str, inputs: Properties, preview: bool) -> tuple[str, Properties]:
        """Make it; id and outputs."""

    def read(
        self, urn: str, token: str, identity: str, state: Properties, inputs: Properties
    ) -> tuple[str, Properties, Properties] | None:
        """Look it up; id, outputs, inputs."""

    def update(
        self, urn: str, token: str, identity: str, state: Properties, new: Properties, preview: bool
    ) -> Properties:
        """Change it; outputs."""

    def delete(self, urn: str, token: str, identity: str, state: Properties) -> None:
        """Unmake it."""

    def invoke(self, token: str, args: Properties) -> Properties:
        """Answer a data source."""

    def close(self) -> None:
        """The engine has its answers and says good-bye."""


def _type(urn: str) -> str:
    return urn.split("::")[2].rsplit("$", 1)[-1]


def _name(urn: str) -> str:
    return urn.split("::", 3)[3]


def _answering(method: Callable[..., Any]) -> Callable[..., Any]:
    """A refusal becomes the error the engine shows; anything else is a fault of ours and says so."""

    def answer(self: Server, request: Any, context: grpc.ServicerContext) -> Any:
        try:
            return method(self, request, context)
        except Refused as refusal:
            context.abort(grpc.StatusCode.UNKNOWN, str(refusal))
        except Exception:
            context.abort(grpc.StatusCode.INTERNAL, f"fault of the sandbox itself:\n{traceback.format_exc()}")

    return answer


def _servicer() -> tuple[Any, Any, Any, Any]:
    from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

    return provider_pb2, provider_pb2_grpc.ResourceProviderServicer, provider_pb2_grpc, plugin_pb2


pb, _Servicer, _grpc, _plugin = _servicer()


class Server(_Servicer):  # type: ignore[misc, valid-type]  # generated without types
    """Translates between the protocol and a stage."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage

    @_answering
    def Handshake(self, request: Any, context: Any) -> Any:
        return pb.ProviderHandshakeResponse(accept_secrets=True, supports_autonaming_configuration=True)

    @_answering
    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        return _plugin.PluginInfo(version=self.stage.version)

    @_answering
    def GetSchema(self, request: Any, context: Any) -> Any:
        raise Refused("the sandbox rehearses resources and has no schema: generate SDKs with the official provider")

    @_answering
    def CheckConfig(self, request: Any, context: Any) -> Any:
        return pb.CheckResponse(inputs=request.news)

    @_answering
    def DiffConfig(self, request: Any, context: Any) -> Any:
        old, new = decode(request.old_inputs), decode(request.news)
        replaces = sorted(self.stage.config_difference(old, new))
        changed = plain(old) != plain(new)
        return pb.DiffResponse(
            replaces=replaces, changes=pb.DiffResponse.DIFF_SOME if changed else pb.DiffResponse.DIFF_NONE
        )

    @_answering
    def Configure(self, request: Any, context: Any) -> Any:
        self.stage.configure(decode(request.args))
        return pb.ConfigureResponse(acceptSecrets=True, supportsPreview=True, supports_autonaming_configuration=True)

    @_answering
    def Check(self, request: Any, context: Any) -> Any:
        options = request.autonaming if request.HasField("autonaming") else None
        inputs, failures = self.stage.check(
            request.urn,
            _type(request.urn),
            decode(request.olds),
            decode(request.news),
            Autoname(options, _name(request.urn)),
        )
        return pb.CheckResponse(
            inputs=encode(inputs),
            failures=[pb.CheckFailure(property=name, reason=reason) for name, reason in failures],
        )

    @_answering
    def Diff(self, request: Any, context: Any) -> Any:
        found = self.stage.diff(
            request.urn,
            _type(request.urn),
            request.id,
            decode(request.old_inputs),
            decode(request.olds),
            decode(request.news),
        )
        kinds = pb.PropertyDiff.Kind
        detailed = {}
        for path, how in found.changed.items():
            replaces = "_REPLACE" if path in found.replacing else ""
            detailed[path] = pb.PropertyDiff(kind=kinds.Value(f"{how}{replaces}"), inputDiff=True)
        top = list(dict.fromkeys(path.split(".")[0].split("[")[0] for path in found.changed))
        return pb.DiffResponse(
            changes=pb.DiffResponse.DIFF_SOME if found.changed else pb.DiffResponse.DIFF_NONE,
            replaces=sorted({path.split(".")[0].split("[")[0] for path in found.replacing}),
            deleteBeforeReplace=found.delete_first,
            diffs=top,
            detailedDiff=detailed,
            hasDetailedDiff=True,
        )

    @_answering
    def Create(self, request: Any, context: Any) -> Any:
        inputs = decode(request.properties)
        identity, outputs = self.stage.create(request.urn, _type(request.urn), inputs, request.preview)
        return pb.CreateResponse(id=identity, properties=encode(outputs))

    @_answering
    def Read(self, request: Any, context: Any) -> Any:
        found = self.stage.read(
            request.urn, _type(request.urn), request.id, decode(request.properties), decode(request.inputs)
        )
        if found is None:
            return pb.ReadResponse()
        identity, outputs, inputs = found
        return pb.ReadResponse(id=identity, properties=encode(outputs), inputs=encode(inputs))

    @_answering
    def Update(self, request: Any, context: Any) -> Any:
        outputs = self.stage.update(
            request.urn, _type(request.urn), request.id, decode(request.olds), decode(request.news), request.preview
        )
        return pb.UpdateResponse(properties=encode(outputs))

    @_answering
    def Delete(self, request: Any, context: Any) -> Any:
        self.stage.delete(request.urn, _type(request.urn), request.id, decode(request.properties))
        return empty_pb2.Empty()

    @_answering
    def Invoke(self, request: Any, context: Any) -> Any:
        return pb.InvokeResponse(**{"return": encode(self.stage.invoke(request.tok, decode(request.args)))})

    def Cancel(self, request: Any, context: Any) -> Any:
        return empty_pb2.Empty()


def exit_with_parent(last: Callable[[], None] = lambda: None) -> None:
    """End this process when the engine is gone, however it went."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        last()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


JUST_NOW_SECONDS = 2.0
"""The engine kills who has not gone five seconds after its interrupt."""


class Farewell:
    """Waits for the engine's interrupt. A pipe, because setting an event in a handler can deadlock with waiting for it."""

    def __init__(self, is_meant: Callable[[], bool] = lambda: True) -> None:
        self._read, self._write = os.pipe()
        self._is_meant = is_meant
        self._refused = float("-inf")
        signal.signal(signal.SIGINT, lambda *_: self._heard())
        signal.signal(signal.SIGTERM, lambda *_: self._said())

    def _heard(self) -> None:
        if self._is_meant():
            self._said()
        else:
            self._refused = time.monotonic()

    def reconsider(self) -> None:
        """What stood against an interrupt a moment ago may be over: the engine ends its plugins and then us, and does not wait between."""
        if time.monotonic() - self._refused < JUST_NOW_SECONDS and self._is_meant():
            self._said()

    def _said(self) -> None:
        os.write(self._write, b".")

    def wait(self) -> None:
        """Return once it is said."""
        os.read(self._read, 1)


def serve(stage: Stage) -> NoReturn:
    """Serve until the engine says good-bye, which it does with an interrupt."""
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=16), options=with_large_messages)
    _grpc.add_ResourceProviderServicer_to_server(Server(stage), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    exit_with_parent()
    farewell = Farewell()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    farewell.wait()
    stage.close()
    os._exit(0)
