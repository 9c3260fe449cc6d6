"""The root estate's shared cell as its ingress sees it: a real API server with the objects of the stacks, the Traefik of two service classes started
as their charts would start it, the real page server, and back ends on this machine's address in the place of pods."""

import base64
import json
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from sandbox.cluster.builds import TRAEFIK
from sandbox.cluster.control_plane import ControlPlane, control_plane, process
from sandbox.ports import take_ports
from tests.compose.graphs import recorded
from tests.compose_tenant import graphs
from tests.compose_tenant.test_root_estate import estate, plain
from tests.ingress.arguments import PORTS, traefik_arguments
from tests.ingress.backends import Server, backend
from tests.ingress.client import BALANCER, BalancedClient, Client

from odoo_estate.kubernetes import pages
from odoo_estate.plan import PlatformPlan, TenantPlan

CELL = "eu-1"
CLASSES = ("starter", "business", "premium")
KINDS = {"Namespace", "Middleware", "IngressRoute", "TLSOption", "TLSStore", "Service"}
"""What the ingress reads, and the namespaces it lies in."""
WAIT_SECONDS = 30


class World:
    """Ingress, back ends and control plane; `client` talks to one class' entry."""

    def __init__(self, plane: ControlPlane, folder: Path, running: ExitStack) -> None:
        self.plane, self.folder, self._running = plane, folder, running
        self.authority = Authority(folder / "authority.pem")
        self.address = own_address()
        self.backends: dict[tuple[str, str], Server] = {}
        self.ports = {one: dict(zip(PORTS, take_ports(len(PORTS)), strict=True)) for one in CLASSES}

    def client(self, service_class: str, **changes: Any) -> Client:
        kind = BalancedClient if service_class in platform().firewalled else Client
        return kind(self.ports[service_class]["websecure"], str(self.authority.file), **changes)

    def apply(self, plan: PlatformPlan | TenantPlan) -> None:
        """What the ingress reads of a stack, with a back end for each Service and a certificate for each secret that a route names."""
        found = [plain(one.inputs) for one in graphs.objects(recorded(plan))]
        for manifest in sorted(found, key=lambda one: one["kind"] != "Namespace"):
            if (
                manifest["kind"] in KINDS
                and manifest["spec" if "spec" in manifest else "metadata"].get("type") != "LoadBalancer"
            ):
                self.plane.apply(manifest)
            if manifest["kind"] == "Service" and "odoo" in manifest["metadata"]["name"]:
                self.serve(manifest)
            if manifest["kind"] == "Certificate":
                self.certify(manifest)

    def serve(self, service: Mapping[str, Any]) -> None:
        """A back end in the place of the Service's pods."""
        key = (service["metadata"]["namespace"], service["metadata"]["name"])
        if key not in self.backends:
            self.backends[key] = self._running.enter_context(backend("/".join(key), self.address))
        self.endpoints(service, self.backends[key].port)

    def endpoints(self, service: Mapping[str, Any], port: int) -> None:
        head = service["metadata"]
        self.plane.apply(
            {
                "apiVersion": "discovery.k8s.io/v1",
                "kind": "EndpointSlice",
                "metadata": {
                    "name": f"{head['name']}-here",
                    "namespace": head["namespace"],
                    "labels": {"kubernetes.io/service-name": head["name"]},
                },
                "addressType": "IPv4",
                "endpoints": [{"addresses": [self.address], "conditions": {"ready": True}}],
                "ports": [{"name": service["spec"]["ports"][0]["name"], "port": port, "protocol": "TCP"}],
            }
        )

    def certify(self, certificate: Mapping[str, Any]) -> None:
        """What cert-manager would do."""
        head, spec = certificate["metadata"], certificate["spec"]
        if "dnsNames" not in spec:
            return  # the cluster's own authority, which has no part in the way in
        key, chain = self.authority.issue(spec["dnsNames"])
        self.plane.apply(
            {
                "apiVersion": "v1",
                "kind": "Secret",
                "metadata": {"name": spec["secretName"], "namespace": head["namespace"]},
                "type": "kubernetes.io/tls",
                "data": {"tls.key": base64.b64encode(key).decode(), "tls.crt": base64.b64encode(chain).decode()},
            }
        )

    def start_ingress(self, service_class: str) -> None:
        """Traefik, with the load balancer's subnets and the ports replaced by this machine's, and the API server told outright."""
        chart = platform().charts[f"traefik-{service_class}"]
        values = json.loads(json.dumps(dict(chart.values)))
        for port in values["ports"].values():
            for means in port.keys() & {"forwardedHeaders", "proxyProtocol"}:
                port[means]["trustedIPs"] = [f"{BALANCER}/32"]
        crd = "--providers.kubernetescrd"
        folder = self.folder / service_class
        (folder / "logs").mkdir(parents=True)
        started = self._running.enter_context(
            process(
                folder,
                str(TRAEFIK.ensure() / "traefik"),
                *traefik_arguments(values, self.ports[service_class]),
                f"{crd}.endpoint={self.plane.server}",
                f"{crd}.token={self.plane.token}",
                f"{crd}.certauthfilepath={self.plane.folder / 'certificates' / 'apiserver.crt'}",
                "--log.level=WARN",
            )
        )
        self._running.callback(started.kill)  # it would take its leave as in production: for minutes

    def start_pages(self) -> None:
        """The page server with its very configuration, other paths and another port."""
        (port,) = take_ports(1)
        folder = self.folder / "pages"
        (folder / "logs").mkdir(parents=True)
        for name, text in pages.files(platform().pages.brands).items():
            here = text.replace("/tmp/", f"{folder}/").replace(f"root {pages.FOLDER}", f"root {folder}")
            (folder / name).write_text(here.replace(f"listen {pages.PORT}", f"listen {port}"), encoding="utf-8")
        self._running.enter_context(
            process(folder, "nginx", "-e", "stderr", "-c", f"{folder}/nginx.conf", "-g", "daemon off; user root;")
        )
        service = {
            "metadata": {"name": "pages", "namespace": platform().pages.namespace},
            "spec": {"ports": [{"name": "http"}]},
        }
        self.endpoints(service, port)

    def log(self, service_class: str) -> str:
        """Everything that the class' Traefik wrote."""
        return (self.folder / service_class / "logs" / "traefik.log").read_text(encoding="utf-8")

    def requests(self, service_class: str) -> list[dict[str, Any]]:
        """The access log."""
        return [json.loads(line) for line in self.log(service_class).splitlines() if line.startswith("{")]

    def metrics(self, service_class: str) -> str:
        port = self.ports[service_class]["metrics"]
        return Client(port, "", proxied=False).send("GET", "127.0.0.1", "/metrics", plain=True).body.decode()


class Authority:
    """Issues certificates that clients of this world trust."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "authority")])
        own = self._builder(self._name, self._key).add_extension(
            x509.BasicConstraints(ca=True, path_length=0), critical=True
        )
        file.write_bytes(own.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))

    def issue(self, hosts: list[str]) -> tuple[bytes, bytes]:
        """Key and certificate."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, hosts[0][:64])])
        names = x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts])
        made = self._builder(subject, key).add_extension(names, critical=False).sign(self._key, hashes.SHA256())
        plain_key = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return plain_key, made.public_bytes(serialization.Encoding.PEM)

    def _builder(self, subject: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(days=1))
        )


@cache
def platform() -> PlatformPlan:
    found = estate().stacks[f"platform.{CELL}"]
    assert isinstance(found, PlatformPlan)
    return found


def tenant(customer: str, **route: Any) -> TenantPlan:
    """The plan of the customer's production, with a changed route."""
    found = estate().stacks[f"tenant.{customer}.production"]
    assert isinstance(found, TenantPlan)
    return replace(found, route=replace(found.route, **route))


def host(customer: str) -> str:
    """The customer's name in the cell's zone."""
    return f"{customer}.{CELL}.erp.harbour-hosting.example"


def served(client: Client, customer: str) -> bool:
    return client.get(host(customer)).status == 200


def own_address() -> str:
    """An address of this machine that an EndpointSlice may hold: the API server takes none of the loopback interface."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("198.51.100.1", 9))
        found: str = probe.getsockname()[0]
    assert not found.startswith("127."), "these tests need a network interface besides loopback"
    return found


def eventually(check: Callable[[], object], message: str) -> None:
    """Returns once ``check`` holds: Traefik takes over what changed within two seconds."""
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        try:
            if check():
                return
        except OSError:
            pass
        time.sleep(0.1)
    raise AssertionError(message)


@contextmanager
def world(folder: Path, customers: tuple[str, ...]) -> Iterator[World]:
    """A world with these tenants, ready to be asked."""
    with control_plane(folder / "plane") as plane, ExitStack() as running:
        plane.define()
        made = World(plane, folder, running)
        plane.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": platform().pages.namespace}})
        made.apply(platform())
        for customer in customers:
            made.apply(tenant(customer))
        made.start_pages()
        for service_class in CLASSES:
            made.start_ingress(service_class)
        for customer in customers:
            client = made.client(tenant(customer).service_class)
            eventually(partial(served, client, customer), f"{customer} is not served: {made.log('starter')}")
        yield made
