"""What the server of an index says is told where pip only says that it found nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from tests.support.environments import MakeEnv

pytestmark = pytest.mark.e2e


@contextmanager
def serve(status: int) -> Iterator[str]:
    """Serve an index that answers each request with a status; yields its URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://me:s3cr3t@127.0.0.1:{server.server_address[1]}/simple"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(
    ("status", "hint"),
    [
        (401, "The index wants credentials"),
        (403, "The index wants credentials"),
        (404, "Check the names"),
        (501, "Check the network"),
    ],
)
def test_what_a_server_said_is_told_with_what_to_do(
    make_env: MakeEnv, status: int, hint: str
) -> None:
    env = make_env("python", "pip")
    with serve(status) as url:
        failed = env.conda(
            "pip install", "--yes", "--index-url", url, "nowhere-at-all", check=False
        )
    assert failed.returncode == 1
    assert hint in failed.stderr
    assert ("Check the names" in failed.stderr) is (status == 404)
    assert (f": {status} " in failed.stderr) is (status != 404)
    assert "s3cr3t" not in failed.stderr + failed.stdout
