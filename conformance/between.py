"""What the engine starts as `pulumi-resource-aws`: everything goes to the real provider, except what the simulator cannot do.

For a type in `beyond_the_simulator.yaml` the real provider still checks, plans and compares. Only where it would call AWS (create, update, read,
delete) its own plan stands for the answer, completed by what the simulator managed, else by the sandbox's idea of what AWS would add.
"""
# ruff: noqa: ARG002  # the protocol sets the signatures

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from concurrent import futures
from contextlib import suppress
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
if not __package__:  # run as a script: everything of ours is found from the repository
    sys.path[0] = str(ROOT)

import grpc  # type: ignore[import-untyped]  # noqa: E402
from google.protobuf import empty_pb2  # type: ignore[import-untyped]  # noqa: E402
from pulumi.runtime.proto import provider_pb2 as pb  # noqa: E402
from sandbox.provider.aws.stage import Aws  # noqa: E402
from sandbox.provider.cloud import Cloud, directory  # noqa: E402
from sandbox.provider.server import Farewell, exit_with_parent, with_large_messages  # noqa: E402
from sandbox.provider.wire import UNKNOWN, Properties, decode, encode  # noqa: E402

PROVIDER = "ODOO_ESTATE_CONFORMANCE_PROVIDER"
BEYOND = "ODOO_ESTATE_CONFORMANCE_BEYOND"
_SERVICE = "/pulumirpc.ResourceProvider/"
_RETRIES = "3"
"""The provider's own 25 take minutes for each call that the simulator does not know; whatever the environment says, its setting wins."""
_PATIENCE = 60.0
"""Seconds for the simulator to show that it can do what the table says it cannot."""


class Between(grpc.GenericRpcHandler):  # type: ignore[misc]  # grpc has no types
    """Hands every call on as it is, and answers some itself."""

    def __init__(self, channel: Any, beyond: frozenset[str]) -> None:
        self._channel = channel
        self._beyond = beyond
        self._guess = Guess(Cloud(directory()))
        self._attempts = Attempts(directory() / "attempts")
        self._own: Mapping[str, Callable[[bytes, str], bytes | None]] = {
            "Configure": self._configure,
            "Create": self._create,
            "Update": self._update,
            "Read": self._read,
            "Delete": self._delete,
        }

    def service(self, details: Any) -> Any:
        """The handler of one method."""
        method = details.method
        own = self._own.get(method.removeprefix(_SERVICE))

        def answer(request: bytes, context: Any) -> bytes:
            try:
                answered = own(request, method) if own else None
                return answered if answered is not None else self._call(method, request)
            except grpc.RpcError as error:
                context.set_trailing_metadata(error.trailing_metadata() or ())
                context.abort(error.code(), error.details())
                raise

        return grpc.unary_unary_rpc_method_handler(answer)

    def _call(self, method: str, request: bytes, seconds: float | None = None) -> bytes:
        answer: bytes = self._channel.unary_unary(method)(request, timeout=seconds, wait_for_ready=True)
        return answer

    def _create(self, request: bytes, method: str) -> bytes | None:
        asked = pb.CreateRequest.FromString(request)
        if asked.preview or _type(asked.urn) not in self._beyond:
            return None
        made, problem = self._tried(asked)
        asked.preview = True
        planned = pb.CreateResponse.FromString(self._call(method, asked.SerializeToString()))
        identity, outputs = (made.id, decode(made.properties)) if made else self._guessed(asked.urn, asked.properties)
        planned.id = identity
        planned.properties.CopyFrom(encode(_completed(decode(planned.properties), outputs, identity)))
        self._attempts.add(asked.urn, made=made is not None, problem=problem)
        return bytes(planned.SerializeToString())

    def _tried(self, asked: Any) -> tuple[Any, str]:
        """What the simulator makes of it after all, and what is wrong with that; nothing wrong means that the table is out of date."""
        try:
            made = pb.CreateResponse.FromString(self._call(f"{_SERVICE}Create", asked.SerializeToString(), _PATIENCE))
        except grpc.RpcError as error:
            return None, str(error.details()) or "no reason given"
        again = pb.DiffRequest(
            id=made.id, urn=asked.urn, olds=made.properties, old_inputs=asked.properties, news=asked.properties
        )
        difference = pb.DiffResponse.FromString(self._call(f"{_SERVICE}Diff", again.SerializeToString()))
        if difference.changes == pb.DiffResponse.DIFF_SOME:
            return made, f"made, but with other {', '.join(sorted(difference.detailedDiff) or difference.diffs)}"
        return made, ""

    def _guessed(self, urn: str, properties: Any) -> tuple[str, Properties]:
        draft = self._guess.draft(urn, _type(urn), decode(properties), urn, None)
        return draft.id, draft.outputs

    def _update(self, request: bytes, method: str) -> bytes | None:
        asked = pb.UpdateRequest.FromString(request)
        if asked.preview or _type(asked.urn) not in self._beyond:
            return None
        asked.preview = True
        planned = pb.UpdateResponse.FromString(self._call(method, asked.SerializeToString()))
        completed = _completed(decode(planned.properties), decode(asked.olds), asked.id)
        planned.properties.CopyFrom(encode(completed))
        return bytes(planned.SerializeToString())

    def _read(self, request: bytes, _: str) -> bytes | None:
        asked = pb.ReadRequest.FromString(request)
        if _type(asked.urn) not in self._beyond:
            return None
        return bytes(pb.ReadResponse(id=asked.id, properties=asked.properties, inputs=asked.inputs).SerializeToString())

    def _configure(self, request: bytes, method: str) -> bytes:
        asked = pb.ConfigureRequest.FromString(request)
        settings = decode(asked.args)
        self._guess.configure(settings)
        asked.args.CopyFrom(encode({**settings, "maxRetries": _RETRIES}))
        return self._call(method, asked.SerializeToString())

    def _delete(self, request: bytes, method: str) -> bytes | None:
        urn = pb.DeleteRequest.FromString(request).urn
        if _type(urn) not in self._beyond:
            return None
        if self._attempts.was_made(urn):
            with suppress(grpc.RpcError):
                self._call(method, request, _PATIENCE)
        return bytes(empty_pb2.Empty().SerializeToString())


class Attempts:
    """What was tried although the table says that it is of no use; a line each, shared by the providers of a run."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def add(self, urn: str, *, made: bool, problem: str) -> None:
        """One resource: whether there is something to delete, and what was wrong."""
        with self._file.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"urn": urn, "type": _type(urn), "made": made, "problem": problem}) + "\n")

    def all(self) -> list[dict[str, Any]]:
        """Everything that was tried in the run."""
        lines = self._file.read_text(encoding="utf-8").splitlines() if self._file.exists() else []
        return [json.loads(line) for line in lines]

    def was_made(self, urn: str) -> bool:
        """Whether there is something to delete."""
        return any(one["urn"] == urn and one["made"] for one in self.all())


def _completed(planned: Properties, known: Properties, identity: str) -> Properties:
    """The plan with a value in every place that AWS would fill."""
    filled = {key: known.get(key) if value is UNKNOWN else value for key, value in planned.items()}
    return {**{key: _known(value) for key, value in filled.items() if value is not None}, "id": identity}


def _known(value: Any) -> Any:
    """Without what is still unknown inside: nobody can say what AWS would put there."""
    if isinstance(value, dict):
        return {key: _known(one) for key, one in value.items() if one is not UNKNOWN}
    if isinstance(value, list):
        return [_known(one) for one in value if one is not UNKNOWN]
    return value


def _type(urn: str) -> str:
    return urn.split("::")[2].rsplit("$", 1)[-1]


class Guess(Aws):
    """The rehearsed AWS's idea of an answer, about things that it has not seen made."""

    def _refuse(self, kind: Any, place: Any, given: Any, subject: str, previous: Any) -> None:
        """Refuses nothing: what a resource refers to is the simulator's."""

    def _named_references(self, kind: Any, place: Any, given: Any, subject: str) -> Any:
        return ()


def main() -> None:
    """Starts the real provider and serves between it and the engine until the engine says good-bye."""
    provider = subprocess.Popen([os.environ[PROVIDER], *sys.argv[1:]], stdout=subprocess.PIPE, text=True)
    assert provider.stdout is not None
    port = int(provider.stdout.readline())
    channel = grpc.insecure_channel(f"127.0.0.1:{port}", options=with_large_messages)
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=64), options=with_large_messages)
    beyond = frozenset(filter(None, os.environ.get(BEYOND, "").split(",")))
    server.add_generic_rpc_handlers((Between(channel, beyond),))
    own = server.add_insecure_port("127.0.0.1:0")
    server.start()
    exit_with_parent(provider.kill)
    farewell = Farewell()
    sys.stdout.write(f"{own}\n")
    sys.stdout.flush()
    farewell.wait()
    provider.terminate()
    os._exit(0)


if __name__ == "__main__":
    main()
