"""Starts and stops a control plane, and talks to it."""

from __future__ import annotations

import json
import os
import secrets
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from sandbox.cluster.builds import DEFINITIONS, ETCD, KUBERNETES, KWOK
from sandbox.ports import take_ports


class _Loader(yaml.CSafeLoader):
    """An enumeration of one definition holds a bare ``=``, which YAML 1.1 takes for a type of its own."""


_Loader.add_constructor("tag:yaml.org,2002:value", lambda _, node: str(node.value))
ADMINISTRATOR = "system:masters"
START_SECONDS = 60


class Refused(Exception):
    """The API server said no: HTTP status and its own message."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status}: {message}")
        self.status = status
        self.message = message


@dataclass(frozen=True)
class ControlPlane:
    """A running control plane; ``folder`` holds its data, logs and `kubeconfig`."""

    folder: Path
    server: str
    token: str
    _known: dict[str, dict[str, tuple[str, bool]]] = field(default_factory=dict, repr=False)

    @property
    def kubeconfig(self) -> Path:
        """For any client, as administrator."""
        return self.folder / "kubeconfig"

    def call(
        self,
        verb: str,
        path: str,
        body: object = None,
        *,
        kind: str = "application/json",
        as_user: str = "",
        groups: Sequence[str] = (),
    ) -> Any:
        """One request, as administrator or as somebody else; the answer's JSON.

        Raises:
            Refused: for any status from 400 on.
        """
        request = urllib.request.Request(
            f"{self.server}{path}", method=verb, data=None if body is None else json.dumps(body).encode()
        )
        request.add_header("Authorization", f"Bearer {self.token}")
        request.add_header("Content-Type", kind)
        if as_user:
            request.add_header("Impersonate-User", as_user)
            for group in groups:
                request.add_header("Impersonate-Group", group)
        trusted = ssl.create_default_context(cafile=str(self.folder / "certificates" / "apiserver.crt"))
        try:
            with urllib.request.urlopen(request, timeout=30, context=trusted) as answer:
                text = answer.read()
        except urllib.error.HTTPError as error:
            text = error.read()
            try:
                message = str(json.loads(text)["message"])
            except (ValueError, KeyError, TypeError):
                message = text.decode(errors="replace")
            raise Refused(error.code, message) from None
        try:
            return json.loads(text)
        except ValueError:
            return text.decode()

    def apply(
        self, manifest: Mapping[str, Any], *, keep: bool = True, as_user: str = "", groups: Sequence[str] = ()
    ) -> Any:
        """Server-side apply with strict fields; an object without a name is created under one that the server makes up.

        Without ``keep`` the object goes through everything but the store.
        """
        path = self.path(manifest)
        strict = "fieldValidation=Strict" if keep else "fieldValidation=Strict&dryRun=All"
        if "name" not in manifest["metadata"]:
            made = {**manifest, "metadata": {**manifest["metadata"], "generateName": "auto-"}}
            return self.call("POST", f"{path}?{strict}", made, as_user=as_user, groups=groups)
        return self.call(
            "PATCH",
            f"{path}/{manifest['metadata']['name']}?fieldManager=estate&force=true&{strict}",
            manifest,
            kind="application/apply-patch+yaml",
            as_user=as_user,
            groups=groups,
        )

    def path(self, manifest: Mapping[str, Any]) -> str:
        """Where objects of this one's kind live in its namespace, as the server itself tells."""
        version = manifest["apiVersion"]
        root = f"/api/{version}" if "/" not in version else f"/apis/{version}"
        resource = self._resources(root).get(manifest["kind"])
        if resource is None:
            raise Refused(404, f"the server knows no {manifest['kind']} in {version}")
        name, namespaced = resource
        if not namespaced:
            return f"{root}/{name}"
        return f"{root}/namespaces/{manifest['metadata'].get('namespace', 'default')}/{name}"

    def define(self) -> None:
        """Makes the custom kinds of all that the platform's charts would install, and returns once the server serves them."""
        versions = set()
        for definition in definitions():
            self.apply(definition)
            spec = definition["spec"]
            versions |= {f"{spec['group']}/{one['name']}" for one in spec["versions"] if one["served"]}
        deadline = time.monotonic() + START_SECONDS
        for version in versions:
            while True:
                try:
                    self.call("GET", f"/apis/{version}")
                    break
                except Refused:
                    if time.monotonic() > deadline:
                        raise
                    time.sleep(0.1)

    def _resources(self, root: str) -> dict[str, tuple[str, bool]]:
        if root not in self._known:
            listed = self.call("GET", root)["resources"]
            self._known[root] = {
                one["kind"]: (one["name"], one["namespaced"]) for one in listed if "/" not in one["name"]
            }
        return self._known[root]


@contextmanager
def control_plane(folder: Path) -> Iterator[ControlPlane]:
    """A control plane as long as the block runs."""
    programs = {build.name: build.ensure() for build in (ETCD, KUBERNETES, KWOK)}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "logs").mkdir(exist_ok=True)
    store, peer, port = take_ports(3)
    token = secrets.token_urlsafe(24)
    (folder / "tokens.csv").touch(mode=0o600)
    (folder / "tokens.csv").write_text(f'{token},administrator,administrator,"{ADMINISTRATOR}"\n', encoding="utf-8")
    key = signing_key(folder)
    plane = ControlPlane(folder, f"https://127.0.0.1:{port}", token)
    with ExitStack() as running:

        def start(name: str, *arguments: str) -> subprocess.Popen[bytes]:
            return running.enter_context(process(folder, name, *arguments))

        start(
            str(programs["etcd"] / "etcd"),
            f"--data-dir={folder / 'etcd'}",
            f"--listen-client-urls=http://127.0.0.1:{store}",
            f"--advertise-client-urls=http://127.0.0.1:{store}",
            f"--listen-peer-urls=http://127.0.0.1:{peer}",
            f"--initial-advertise-peer-urls=http://127.0.0.1:{peer}",
            f"--initial-cluster=default=http://127.0.0.1:{peer}",
            "--unsafe-no-fsync",
            "--log-level=warn",
        )
        server = start(
            str(programs["kubernetes"] / "kube-apiserver"),
            f"--etcd-servers=http://127.0.0.1:{store}",
            "--bind-address=127.0.0.1",
            "--advertise-address=127.0.0.1",
            f"--secure-port={port}",
            f"--cert-dir={folder / 'certificates'}",
            f"--service-account-key-file={key}",
            f"--service-account-signing-key-file={key}",
            "--service-account-issuer=https://kubernetes.default.svc",
            "--service-cluster-ip-range=10.96.0.0/16",
            f"--token-auth-file={folder / 'tokens.csv'}",
            "--authorization-mode=RBAC",
            "--allow-privileged=true",  # as on EKS: Pod Security is what refuses
            "--endpoint-reconciler-type=none",
            "--profiling=false",
        )
        wait_ready(plane, server)
        write_kubeconfig(plane)
        for name in ("kube-controller-manager", "kube-scheduler"):
            own = (
                [
                    f"--service-account-private-key-file={key}",
                    f"--root-ca-file={folder / 'certificates' / 'apiserver.crt'}",
                    "--horizontal-pod-autoscaler-sync-period=1s",
                ]
                if "manager" in name
                else []
            )
            start(
                str(programs["kubernetes"] / name),
                f"--kubeconfig={plane.kubeconfig}",
                "--leader-elect=false",
                "--secure-port=0",
                *own,
            )
        stages = sorted(programs["kwok"].glob("*.yaml"))
        start(
            str(programs["kwok"] / "kwok"),
            f"--kubeconfig={plane.kubeconfig}",
            "--manage-all-nodes=true",
            *(f"--config={stage}" for stage in stages),
        )
        wait_for_service_accounts(plane)
        yield plane


@contextmanager
def process(folder: Path, program: str, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """A program in the background, its output in ``logs``, ended with the block."""
    with (folder / "logs" / f"{Path(program).name}.log").open("wb") as log:
        running = subprocess.Popen([program, *arguments], stdout=log, stderr=subprocess.STDOUT, cwd=folder)
        try:
            yield running
        finally:
            running.terminate()
            try:
                running.wait(10)
            except subprocess.TimeoutExpired:
                running.kill()
                running.wait()


def signing_key(folder: Path) -> Path:
    """A key of this control plane's own, by which it signs tokens of service accounts."""
    path = folder / "service-accounts.key"
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    text = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(text)
    return path


def wait_ready(plane: ControlPlane, server: subprocess.Popen[bytes]) -> None:
    """Returns once the API server serves."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            plane.call("GET", "/readyz")
            return
        except (Refused, OSError) as error:
            if server.poll() is not None or time.monotonic() > deadline:
                log = (plane.folder / "logs" / "kube-apiserver.log").read_text(encoding="utf-8", errors="replace")
                raise RuntimeError(f"the API server does not serve ({error}):\n{log[-3000:]}") from error
            time.sleep(0.1)


def wait_for_service_accounts(plane: ControlPlane) -> None:
    """Returns once the controllers work: a namespace without its default service account takes no pods."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            plane.call("GET", "/api/v1/namespaces/default/serviceaccounts/default")
            return
        except Refused:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def write_kubeconfig(plane: ControlPlane) -> None:
    """For the controllers, kwok and any client."""
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "main",
        "contexts": [{"name": "main", "context": {"cluster": "main", "user": "administrator"}}],
        "clusters": [
            {
                "name": "main",
                "cluster": {
                    "server": plane.server,
                    "certificate-authority": str(plane.folder / "certificates" / "apiserver.crt"),
                },
            }
        ],
        "users": [{"name": "administrator", "user": {"token": plane.token}}],
    }
    with os.fdopen(os.open(plane.kubeconfig, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        yaml.safe_dump(config, file)


def definitions() -> Iterator[dict[str, Any]]:
    """The custom resource definitions of all that the platform's charts would install."""
    folder = DEFINITIONS.ensure()
    fetched = sorted(path for path in folder.rglob("*.y*ml") if path.is_file())
    for file in (*fetched, Path(__file__).with_name("target-group-binding.yaml")):
        for document in yaml.load_all(file.read_text(encoding="utf-8"), Loader=_Loader):
            if document and document.get("kind") == "CustomResourceDefinition":
                yield document
