"""The real provider's own checks (names, enums, conflicts, required combinations) of all that any estate here registers; no AWS is called."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import grpc  # type: ignore[import-untyped]
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc
from sandbox.provider.server import with_large_messages
from sandbox.provider.wire import UNKNOWN, Secret, encode

from conformance.plugin import Plugin
from conformance.recorded import estates, nodes
from odoo_estate.preview.graph import Node, Unresolved
from odoo_estate.preview.graph import Secret as Hidden

_SETTINGS = {
    "region": "eu-central-1",
    "accessKey": "nobody",
    "secretKey": "nothing",
    "skipCredentialsValidation": "true",
    "skipRequestingAccountId": "true",
    "skipMetadataApiCheck": "true",
}
_PROVIDER = "pulumi:providers:aws"


def refused(plugin: Plugin) -> tuple[int, list[str]]:
    """How many resources were asked about, and what the provider says against any of them."""
    found: dict[str, Node] = {}
    for estate in estates():
        for node in nodes(estate):
            if node.type.startswith("aws:"):
                found.setdefault(f"{node.type} {node.inputs}", node)
    with _served(plugin) as stub, ThreadPoolExecutor(8) as pool:
        answers = pool.map(lambda node: list(_check(stub, node)), found.values())
        return len(found), sorted({problem for answer in answers for problem in answer})


def _check(stub: Any, node: Node) -> Iterator[str]:
    request = provider_pb2.CheckRequest(urn=node.urn, news=encode(_sent(node.inputs)), randomSeed=b"0" * 32)
    try:
        answer = stub.Check(request)
    except grpc.RpcError as error:
        yield f"{node.type} {node.name}: {error.details()}"
        return
    for failure in answer.failures:
        yield f"{node.type} {node.name}: {failure.property} {failure.reason}"


def _sent(value: Any) -> Any:
    if isinstance(value, Hidden):
        return Secret(_sent(value.value))
    if isinstance(value, Unresolved):
        return UNKNOWN
    if isinstance(value, Mapping):
        return {key: _sent(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_sent(one) for one in value]
    return value


@contextmanager
def _served(plugin: Plugin) -> Iterator[Any]:
    """The provider, waiting for somebody to attach, with settings that keep it from asking AWS who it is."""
    process = subprocess.Popen(
        [plugin.executable], stdout=subprocess.PIPE, text=True, env={**os.environ, **plugin.settings}
    )
    try:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        with grpc.insecure_channel(f"127.0.0.1:{port}", options=with_large_messages) as channel:
            stub = provider_pb2_grpc.ResourceProviderStub(channel)
            stub.Configure(
                provider_pb2.ConfigureRequest(args=encode(_SETTINGS), acceptSecrets=True, acceptResources=False),
                wait_for_ready=True,
            )
            yield stub
    finally:
        process.kill()
        process.wait()
