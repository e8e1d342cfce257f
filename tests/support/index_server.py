"""Servers on this machine: an index that wants a user and a password, and any folder."""

from __future__ import annotations

import base64
import functools
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

USER, PASSWORD = "me", "s3cr3t"


@dataclass(kw_only=True)
class Index:
    """A simple index (PEP 503) over HTTP that wants a password; `asked` is what it was sent."""

    port: int
    asked: list[str] = field(default_factory=list)

    def url(self, credentials: str = "") -> str:
        """Its address."""
        return f"http://{credentials and credentials + '@'}127.0.0.1:{self.port}/simple/"


@contextmanager
def serve_index(folder: Path) -> Iterator[Index]:
    """Serve a folder, whose `simple/` is the index, while the context lasts."""
    index = Index(port=0)
    wanted = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()

    class Handler(SimpleHTTPRequestHandler):
        def do_GET(self) -> None:
            index.asked.append(self.path)
            if self.headers["Authorization"] != wanted:
                self.send_response(401)
                self.send_header("WWW-Authenticate", 'Basic realm="x"')
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            self.path = urlsplit(self.path).path  # a proxy is sent the whole address
            super().do_GET()

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    handler = functools.partial(Handler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        index.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield index
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def serve_folder(folder: Path, *, tls: Path | None = None) -> Iterator[tuple[str, list[str]]]:
    """Serve a folder on loopback, good for ten minutes; gives the URL and what was asked for.

    `tls` is a file of a certificate with its key. `/away?URL` leads to URL.
    """
    requests: list[str] = []

    class Handler(SimpleHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path.startswith("/away?"):
                self.send_response(302)
                self.send_header("Location", self.path.removeprefix("/away?"))
                self.end_headers()
            else:
                super().do_GET()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, ARG002 - inherited
            requests.append(self.path)

        def end_headers(self) -> None:
            self.send_header("Cache-Control", "max-age=600")
            super().end_headers()

    server = ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Handler, directory=str(folder))
    )
    scheme = "http"
    if tls is not None:
        scheme = "https"
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tls)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"{scheme}://127.0.0.1:{server.server_port}", requests
    finally:
        server.shutdown()
        server.server_close()
