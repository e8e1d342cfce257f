"""conda's settings for the network and for the age of packages apply to pip's half, too."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest

from tests.stories.tls import AUTHORITY, CERTIFICATE, KEY
from tests.support.channels import build_conda_package, write_channel
from tests.support.index_server import serve_folder
from tests.support.pip_worlds import build_wheel

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
    said = fail(env, "cowsay", CONDA_OFFLINE="true", **installer)
    assert "cowsay" in said
    assert "conda's setting offline is on, so no index was asked" in said
    assert "Check the names" not in said
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

    with serve(Proxy) as url:
        yield url, asked


@contextmanager
def serve(handler: Any) -> Iterator[str]:
    """Answer with a handler of requests; gives the URL."""
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
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


def test_an_index_and_a_file_of_requirements_with_an_authority_of_their_own(
    make_env: Any, installer: dict[str, str], tmp_path: Path
) -> None:
    www = tmp_path / "www"
    wheel = build_wheel(www / "simple/onlyhere", "onlyhere").name
    (www / "simple/onlyhere/index.html").write_text(f'<a href="{wheel}">{wheel}</a>')
    (www / "more").mkdir()
    (www / "r.txt").write_text("onlyhere\n-r more/six.txt\n")
    (www / "more/six.txt").write_text("six\n-c ../limits.txt\n")
    (www / "limits.txt").write_text("six<1.17\n")
    (tmp_path / "server.pem").write_text(CERTIFICATE + KEY)
    (tmp_path / "authority.pem").write_text(AUTHORITY)
    env = make_env("python", "pip")
    with serve_folder(www, tls=tmp_path / "server.pem") as (address, asked):
        url = address.replace("127.0.0.1", "localhost")  # pip knows no certificates of addresses
        variables = {**installer, "CONDA_REMOTE_MAX_RETRIES": "0"}
        trusting = {**variables, "CONDA_SSL_VERIFY": str(tmp_path / "authority.pem")}
        index = ("-i", f"{url}/simple")
        said = fail(env, "-r", f"{url}/r.txt", *index, **variables)
        assert f"{url}/r.txt cannot be read: certificate verify failed" in said
        said = fail(env, "onlyhere", *index, **variables)
        assert "The certificate of an index is not trusted" in said
        assert not asked
        said = fail(env, "-r", f"{url}/r.txt", CONDA_OFFLINE="true", **trusting)
        assert f"{url}/r.txt cannot be read: conda's setting offline is on" in said
        said = fail(env, "-r", f"{url}/none.txt", *index, **trusting)
        assert f"{url}/none.txt cannot be read: HTTP 404" in said
        env.conda("pip install", "--yes", "-r", f"{url}/r.txt", *index, **trusting)
    owners = env.owners()
    assert owners["onlyhere"] == ("1.0", "pip")
    assert owners["six"] == ("1.16.0", "conda")
    assert [one for one in asked if one.endswith(".txt")].count("/limits.txt") == 1
    assert env.findings() == []


def test_condas_age_limit_is_pips_age_limit(make_env: Any, installer: dict[str, str]) -> None:
    env = make_env("python", "pip")
    described = env.base.run("config", "--describe", "--json").stdout
    if "exclude_newer" not in described:
        pytest.skip("this conda has no exclude_newer")
    output = fail(env, "cowsay", CONDA_EXCLUDE_NEWER="2001-01-01", **installer)
    named = "cowsay" if UV.items() <= installer.items() else "exclude_newer"
    assert named in output
    if named != "cowsay":  # its pip is too old
        assert f"`conda install -n {env.name} 'pip>=26.0'`" in output


@pytest.fixture
def young_pip(make_env: Any) -> Any:
    """An environment whose pip has an age limit."""
    env = make_env("python", "pip")
    env.pip("install", "-q", "-U", "pip==26.1.2")
    return env


@pytest.mark.needs_conda("26.8", "exclude_newer")
def test_an_index_without_upload_times_is_named_and_can_be_let_through(
    young_pip: Any, installer: dict[str, str], tmp_path: Path
) -> None:
    build_wheel(tmp_path / "simple" / "ageless", "ageless")
    with serve(partial(SimpleHTTPRequestHandler, directory=str(tmp_path))) as url:
        variables = {**installer, "PIP_INDEX_URL": f"{url}/simple"}
        said = fail(young_pip, "ageless", CONDA_EXCLUDE_NEWER="7d", **variables)
        by_uv = "`exclude-newer`" in said and f"The index {url}/simple tells no upload" in said
        assert by_uv or f"Index {url}/simple/ageless/ does not provide" in said
        assert "CONDA_EXCLUDE_NEWER=0" in said
        assert "Check the names" not in said
        young_pip.conda("pip install", "--yes", "ageless", CONDA_EXCLUDE_NEWER="0", **variables)
    assert young_pip.owners()["ageless"] == ("1.0", "pip")


@pytest.mark.needs_conda("26.8", "exclude_newer")
def test_what_is_too_young_for_conda_is_not_offered(young_pip: Any, tmp_path: Path) -> None:
    old, new = (
        replace(
            build_conda_package("aged", version, carries={"aged": version}),
            extra={"timestamp": timestamp * 1000},
        )
        for version, timestamp in (("1.0", 1_600_000_000), ("2.0", 1_760_000_000))
    )
    channel = write_channel(tmp_path / "channel", old, new)
    limit = {"CONDA_EXCLUDE_NEWER": "2025-01-01", "CONDA_SOLVER": "classic"}
    young_pip.conda("pip install", "--yes", "-c", channel, "aged", **limit)
    assert young_pip.owners()["aged"] == ("1.0", "conda")
    said = fail(young_pip, "-c", channel, "aged>=2", **limit)
    assert "the channels have 1.0" in said
    young_pip.conda("pip install", "--yes", "-c", channel, "aged>=2", CONDA_SOLVER="classic")
    assert young_pip.owners()["aged"] == ("2.0", "conda")


@pytest.mark.needs_conda("26.8", "exclude_newer")
def test_limits_of_single_packages_are_said_to_be_condas_alone(
    make_env: Any, tmp_path: Path
) -> None:
    env = make_env("python", "pip")
    condarc = tmp_path / "condarc"
    own = Path(env.base.env()["CONDARC"]).read_text()
    condarc.write_text(f"{own}\nexclude_newer_package:\n  cowsay: 7d\n")
    words = ("--dry-run", "cowsay")
    assert (
        "exclude_newer_package (cowsay)"
        in env.conda("pip install", *words, CONDARC=str(condarc)).stderr
    )
    assert "exclude_newer" not in env.conda("pip install", *words).stderr
