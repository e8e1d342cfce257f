"""A simple index on this machine that wants a user and a password."""

from __future__ import annotations

import base64
import functools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
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
