"""The language host: the engine's way to start Python programs, policy packs and component packages.

The official one of current versions is not available as a Go module, so this serves the same protocol
(`pulumirpc.LanguageRuntime`), as far as running needs it; generating code is not its work.
"""
# ruff: noqa: ARG002, N802  # the protocol sets the signatures

from __future__ import annotations

import importlib.metadata
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent import futures
from pathlib import Path
from queue import Queue
from typing import Any, NoReturn

import grpc  # type: ignore[import-untyped]
from google.protobuf import empty_pb2  # type: ignore[import-untyped]
from pulumi.runtime.proto import language_pb2 as pb
from pulumi.runtime.proto import language_pb2_grpc, plugin_pb2

from sandbox.provider.server import Farewell, exit_with_parent, with_large_messages

_BAIL = 32  # the program has told the user itself what is wrong
_INTERPRETERS = ("bin/python", "Scripts/python.exe")


def _options(info: Any) -> dict[str, Any]:
    return {key: value.string_value for key, value in info.options.fields.items()}


def interpreter(info: Any) -> str:
    """The program's `runtime.options.virtualenv`, else the interpreter the sandbox was started with."""
    given = _options(info).get("virtualenv")
    if not given:
        return sys.executable
    folder = Path(info.root_directory or info.program_directory) / given
    for name in _INTERPRETERS:
        if (folder / name).exists():
            return str(folder / name)
    raise RuntimeError(f"runtime.options.virtualenv: {folder} is no virtual environment; make it or drop the option")


def _environment(extra: Mapping[str, str]) -> dict[str, str]:
    # Without its compiled form a program's imports cost two to three times as much (docs/performance.md).
    inherited = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return {**inherited, "PYTHONUNBUFFERED": "1", **extra}


def _program_command(request: Any, engine: str) -> list[str]:
    info = request.info
    command = [
        interpreter(info),
        str(Path(__file__).with_name("program.py")),
        *("--project", request.project),
        *("--stack", request.stack),
        *("--organization", request.organization or "organization"),
        *("--monitor", request.monitor_address),
        *("--engine", engine),
        *("--parallel", str(request.parallel)),
        *("--root-directory", info.root_directory),
        *("--program-directory", info.program_directory),
    ]
    if request.dryRun:
        command.append("--dry-run")
    return [*command, info.entry_point or ".", *request.args]


def _plugin_command(request: Any) -> list[str]:
    info = request.info
    python = interpreter(info)
    if request.kind == "analyzer":
        return [python, "-u", "-m", "pulumi.policy", *request.args, info.program_directory]
    return [python, "-u", info.program_directory, *request.args]


class Host(language_pb2_grpc.LanguageRuntimeServicer):
    """Serves one engine."""

    def __init__(self, engine: str) -> None:
        self._engine = engine
        self._children: set[subprocess.Popen[bytes]] = set()
        self.on_dismissal: Callable[[], None] = lambda: None

    @property
    def is_busy(self) -> bool:
        """Whether a program or a plugin of ours still runs."""
        return any(child.poll() is None for child in list(self._children))

    def stop(self) -> None:
        """End whatever still runs."""
        for child in list(self._children):
            if child.poll() is None:
                child.terminate()

    def _dismiss(self, child: subprocess.Popen[bytes]) -> None:
        """A plugin that the engine wants no more; it no longer keeps us from leaving."""
        if child.poll() is None:
            child.terminate()
        self._children.discard(child)
        self.on_dismissal()

    def Handshake(self, request: Any, context: Any) -> Any:
        self._engine = request.engine_address or self._engine
        return pb.LanguageHandshakeResponse()

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        return plugin_pb2.PluginInfo(version=importlib.metadata.version("pulumi"))

    def GetRequiredPlugins(self, request: Any, context: Any) -> Any:
        return pb.GetRequiredPluginsResponse()  # they are found on PATH when first used

    def GetRequiredPackages(self, request: Any, context: Any) -> Any:
        return pb.GetRequiredPackagesResponse()

    def InstallDependencies(self, request: Any, context: Any) -> Iterator[Any]:
        yield pb.InstallDependenciesResponse(stdout=b"The sandbox installs nothing: programs use its interpreter.\n")

    def RuntimeOptionsPrompts(self, request: Any, context: Any) -> Any:
        return pb.RuntimeOptionsResponse()

    def About(self, request: Any, context: Any) -> Any:
        python = interpreter(request.info) if request.HasField("info") else sys.executable
        return pb.AboutResponse(executable=python, version=sys.version.split()[0])

    def GetProgramDependencies(self, request: Any, context: Any) -> Any:
        found = sorted({(d.metadata["Name"], d.version) for d in importlib.metadata.distributions()})
        return pb.GetProgramDependenciesResponse(
            dependencies=[pb.DependencyInfo(name=name, version=version) for name, version in found]
        )

    def Cancel(self, request: Any, context: Any) -> Any:
        return empty_pb2.Empty()

    def _start(
        self, command: list[str], folder: str, environment: dict[str, str], **pipes: Any
    ) -> subprocess.Popen[bytes]:
        child = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # an interrupt meant for the engine must not cut a program short
            **pipes,
        )
        self._children.add(child)
        return child

    def Run(self, request: Any, context: Any) -> Any:
        try:
            command = _program_command(request, self._engine)
        except RuntimeError as problem:
            return pb.RunResponse(error=str(problem))
        config = {
            "PULUMI_CONFIG": json.dumps(dict(request.config)),
            "PULUMI_CONFIG_SECRET_KEYS": json.dumps(list(request.configSecretKeys)),
        }
        child = self._start(command, request.info.program_directory, _environment(config))
        context.add_callback(lambda: child.terminate() if child.poll() is None else None)
        code = child.wait()
        self._children.discard(child)
        if code == 0:
            return pb.RunResponse()
        if code == _BAIL:
            return pb.RunResponse(bail=True)
        return pb.RunResponse(error=f"Program exited with code {code}")

    def RunPlugin(self, request: Any, context: Any) -> Iterator[Any]:
        given = dict(entry.split("=", 1) for entry in request.env if "=" in entry)
        given.pop("PYTHONDONTWRITEBYTECODE", None)
        command = _plugin_command(request)
        child = self._start(
            command, request.pwd or ".", _environment(given), stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        context.add_callback(lambda: self._dismiss(child))
        said: Queue[tuple[str, bytes] | None] = Queue()

        def listen(name: str, stream: Any) -> None:
            while chunk := stream.read1(65536):
                said.put((name, chunk))
            said.put(None)

        for name, stream in (("stdout", child.stdout), ("stderr", child.stderr)):
            threading.Thread(target=listen, args=(name, stream), daemon=True).start()
        open_streams = 2
        while open_streams:
            part = said.get()
            if part is None:
                open_streams -= 1
            else:
                yield (
                    pb.RunPluginResponse(stdout=part[1])
                    if part[0] == "stdout"
                    else pb.RunPluginResponse(stderr=part[1])
                )
        code = child.wait()
        self._children.discard(child)
        yield pb.RunPluginResponse(exitcode=code)


def serve() -> NoReturn:
    """Serve until the engine is done; an interrupt while a program runs is the engine's business, not ours."""
    engine = next((argument for argument in sys.argv[1:] if not argument.startswith("-")), "")
    host = Host(engine)
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=16), options=with_large_messages)
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(host, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    exit_with_parent(host.stop)
    farewell = Farewell(lambda: not host.is_busy)
    host.on_dismissal = farewell.reconsider
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    farewell.wait()
    host.stop()
    os._exit(0)


if __name__ == "__main__":
    serve()
