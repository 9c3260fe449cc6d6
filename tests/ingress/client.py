"""Requests as a browser, a script or an attacker would send them: any spelling of path and headers, any TLS version, from any client address."""

import http.client
import socket
import ssl
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field

BALANCER = "127.0.0.2"
"""The address that plays the load balancer's subnets: the one whose proxy protocol the ingress believes."""
SECONDS = 20


@dataclass(frozen=True)
class Answer:
    """An HTTP answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    tls: str = ""


@dataclass(frozen=True)
class Client:
    """Talks to one entry of the ingress; ``address`` is the client's own as the load balancer tells it."""

    port: int
    authority: str
    """File of the certificates that the client trusts."""
    address: str = "203.0.113.10"
    proxied: bool = True
    """False: no load balancer in between, the connection comes from 127.0.0.1 and begins with ``preamble``."""
    preamble: bytes = b""
    spoken: tuple[ssl.TLSVersion, ssl.TLSVersion] = (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)
    headers: Mapping[str, str] = field(default_factory=dict)

    def connect(self) -> socket.socket:
        source = (BALANCER, 0) if self.proxied else None
        raw = socket.create_connection(("127.0.0.1", self.port), SECONDS, source)
        told = f"PROXY TCP4 {self.address} 198.51.100.1 40000 443\r\n".encode() if self.proxied else self.preamble
        raw.sendall(told)
        return raw

    def secure(self, host: str) -> ssl.SSLSocket:
        """A TLS connection that asks for ``host``, and checks that the certificate is for it."""
        trusted = ssl.create_default_context(cafile=self.authority)
        self.limit(trusted)
        return trusted.wrap_socket(self.connect(), server_hostname=host)

    def limit(self, context: ssl.SSLContext) -> None:
        """Speaks no other versions of TLS than it should, old ones with what went with them."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version, context.maximum_version = self.spoken
        if self.spoken[1] < ssl.TLSVersion.TLSv1_2:
            context.set_ciphers("ALL:@SECLEVEL=0")

    def told(self, headers: Mapping[str, str]) -> Mapping[str, str]:
        """Headers as they arrive at Traefik."""
        return headers

    def get(self, host: str, path: str = "/") -> Answer:
        return self.send("GET", host, path)

    def send(
        self,
        method: str,
        host: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        spelled: str = "",
        plain: bool = False,
    ) -> Answer:
        """``spelled`` is what the Host header says where it is not just ``host``."""
        with self.connect() if plain else self.secure(host) as connected:
            version = connected.version() if isinstance(connected, ssl.SSLSocket) else ""
            connection = http.client.HTTPConnection(host)
            connection.sock = connected
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            connection.putheader("Host", spelled or host)
            for key, value in self.told({**self.headers, **(headers or {})}).items():
                connection.putheader(key, value)
            if body or method == "POST":
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body or None)
            answer = connection.getresponse()
            found = Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read(), version or "")
            connection.close()
            return found

    def websocket(self, host: str, text: bytes) -> tuple[int, bytes]:
        """Status of the upgrade, and what comes back for a short message."""
        with self.secure(host) as connected:
            connected.sendall(
                f"GET /websocket?version=18 HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
            )
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                got = connected.recv(1)
                if not got:
                    break
                head += got
            status = int(head.split()[1])
            if status != http.HTTPStatus.SWITCHING_PROTOCOLS:
                return status, b""
            connected.sendall(text)
            return status, connected.recv(len(text))


@dataclass(frozen=True)
class BalancedClient(Client):
    """Comes through an application load balancer, as AWS' user guide describes it: it names no host when it connects to Traefik, believes any
    certificate, writes the client's address behind whatever X-Forwarded-For there is, and hands X-Forwarded-Host through."""

    def connect(self) -> socket.socket:
        source = (BALANCER, 0) if self.proxied else None
        return socket.create_connection(("127.0.0.1", self.port), SECONDS, source)

    def secure(self, host: str) -> ssl.SSLSocket:
        anybody = ssl.create_default_context()
        anybody.check_hostname, anybody.verify_mode = False, ssl.CERT_NONE
        self.limit(anybody)
        return anybody.wrap_socket(self.connect())

    def told(self, headers: Mapping[str, str]) -> Mapping[str, str]:
        if not self.proxied:
            return headers
        spelled = {key.lower(): value for key, value in headers.items()}
        before = spelled.pop("x-forwarded-for", "")
        return {
            **spelled,
            "x-forwarded-for": f"{before}, {self.address}" if before else self.address,
            "x-forwarded-proto": "https",
            "x-forwarded-port": "443",
        }
