"""What stands behind the ingress: servers that tell who they are and what reached them."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Server(ThreadingHTTPServer):
    """One back end; ``status`` is what it answers with, ``seen`` counts requests, ``told`` is what the last one was."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, name: str, address: str) -> None:
        super().__init__((address, 0), Handler)
        self.name = name
        self.status = 200
        self.seen = 0
        self.told: dict[str, Any] = {}

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class Handler(BaseHTTPRequestHandler):
    """Answers with its own name and the request as it arrived; upgraded connections get back what they send."""

    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        self.server.seen += 1
        if self.headers.get("Upgrade") == "websocket":
            self.send_response(101)
            self.send_header("Upgrade", "websocket")
            self.send_header("Connection", "Upgrade")
            self.send_header("X-Answered-By", self.server.name)
            self.end_headers()
            self.wfile.write(self.request.recv(1024))
            self.close_connection = True
            return
        length = int(self.headers.get("Content-Length") or 0)
        told = {
            "server": self.server.name,
            "path": self.path,
            "headers": {key.lower(): value for key, value in self.headers.items()},
            "received": len(self.rfile.read(length)),
        }
        self.server.told = told
        body = json.dumps(told).encode()
        self.send_response(self.server.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Server", "Werkzeug/3.0 Python/3.12")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815 - as the standard library calls it

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def backend(name: str, address: str) -> Iterator[Server]:
    """A back end as long as the block runs."""
    server = Server(name, address)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
