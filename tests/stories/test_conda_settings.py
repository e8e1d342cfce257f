"""conda's settings for the network and for the age of packages apply to pip's half, too."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.e2e

UV = {"CONDA_PLUGINS_PIP_INTEROP_INSTALLER": "uv"}


@pytest.fixture(params=["pip", "uv"])
def installer(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    """The variables that choose pip or uv; no request is repeated."""
    variables = {"PIP_RETRIES": "0", "UV_HTTP_RETRIES": "0"}
    if request.param == "pip":
        return variables
    folder = tmp_path / "uv"
    folder.mkdir()
    (folder / "uv").symlink_to(Path(sys.executable).with_name("uv"))
    return {**variables, **UV, "PATH": f"{folder}:/usr/bin:/bin"}


def fail(env: Any, *words: str, **variables: str) -> str:
    """Run `conda pip install`, which must fail without changing anything; its output."""
    before = env.owners()
    done = env.conda("pip install", "--yes", *words, check=False, **variables)
    assert done.returncode, done.stdout
    assert env.owners() == before
    return str(done.stdout + done.stderr)


def test_offline_asks_no_index_for_pips_half(make_env: Any, installer: dict[str, str]) -> None:
    env = make_env("python", "pip")
    assert "cowsay" in fail(env, "cowsay", CONDA_OFFLINE="true", **installer)
    env.conda("pip install", "--yes", "cowsay", **installer)
    assert env.owners()["cowsay"][1] == "pip"


@contextmanager
def open_proxy() -> Iterator[tuple[str, list[str]]]:
    """Run a proxy that finds nothing; gives its URL and what was asked for."""
    asked: list[str] = []

    class Proxy(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Proxy) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()


def test_condas_proxy_is_pips_proxy(
    make_env: Any, installer: dict[str, str], tmp_path: Path
) -> None:
    env = make_env("python", "pip")
    condarc = tmp_path / "condarc"
    own = Path(env.base.env()["CONDARC"]).read_text()
    with open_proxy() as (url, asked):
        condarc.write_text(f"{own}\nproxy_servers:\n  http: {url}\n")
        index = {"PIP_INDEX_URL": "http://index.invalid/simple", "CONDARC": str(condarc)}
        index["PIP_TRUSTED_HOST"] = "index.invalid"  # pip ignores an http index otherwise
        assert "cowsay" in fail(env, "cowsay", **index, **installer)
    assert "http://index.invalid/simple/cowsay/" in asked


def test_condas_age_limit_is_pips_age_limit(make_env: Any, installer: dict[str, str]) -> None:
    env = make_env("python", "pip")
    described = env.base.run("config", "--describe", "--json").stdout
    if "exclude_newer" not in described:
        pytest.skip("this conda has no exclude_newer")
    output = fail(env, "cowsay", CONDA_EXCLUDE_NEWER="2001-01-01", **installer)
    named = "cowsay" if UV.items() <= installer.items() else "exclude_newer"
    assert named in output
