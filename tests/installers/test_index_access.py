"""Private indexes: pip's own ways to credentials and proxies work, and no password is told."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

import pytest

from conda_pip_interop.commands.command_line.parser import parse_arguments
from conda_pip_interop.errors import InteropError
from conda_pip_interop.resolve.request.read_request import read_request
from tests.support.index_server import PASSWORD, USER, Index, serve_index
from tests.support.pip_worlds import World, build_wheel


@pytest.fixture
def index(tmp_path: Path, world: World) -> Iterator[Index]:
    build_wheel(tmp_path / "www/simple/app", "app")
    world.config.write_text("")
    with serve_index(tmp_path / "www") as index:
        yield index


def resolve(
    world: World, folder: Path, *argv: str, environ: dict[str, str] | None = None
) -> list[str]:
    options = parse_arguments(["install", *argv])
    assert isinstance(options, Namespace)
    request = read_request(options.words, options.install, folder=folder, environ=environ or {})
    items = world.for_request(request).resolve(request.lines, provided=())
    told = repr([(one.url, one.origin) for one in items])
    assert PASSWORD not in told
    return [f"{one.name}=={one.version}" for one in items]


def test_a_password_of_netrc(
    world: World, index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text(f"machine 127.0.0.1 login {USER} password {PASSWORD}\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    assert resolve(world, tmp_path, "app", "-i", index.url()) == ["app==1.0"]


def test_a_password_of_the_configuration(world: World, index: Index, tmp_path: Path) -> None:
    world.config.write_text(f"[global]\nindex-url = {index.url(f'{USER}:{PASSWORD}')}\n")
    assert resolve(world, tmp_path, "app") == ["app==1.0"]


def test_a_password_of_a_file_comes_from_a_variable_and_is_in_no_process(
    world: World, index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN", PASSWORD)
    (tmp_path / "r.txt").write_text(f"-i {index.url(f'{USER}:${{TOKEN}}')}\napp\n")
    options = parse_arguments(["install", "-r", "r.txt"])
    assert isinstance(options, Namespace)
    request = read_request([], options.install, folder=tmp_path, environ={"TOKEN": PASSWORD})
    assert PASSWORD not in repr(request)
    assert request.options.pip.words("resolve") == ()
    assert resolve(world, tmp_path, "-r", "r.txt", environ={"TOKEN": PASSWORD}) == ["app==1.0"]


def test_a_password_of_a_keyring_that_is_asked_for(
    world: World, index: Index, tmp_path: Path
) -> None:
    (world.site_packages / "keyring.py").write_text(
        "def get_credential(service, user):\n"
        "    from types import SimpleNamespace\n"
        f"    return SimpleNamespace(username={USER!r}, password={PASSWORD!r})\n"
    )
    argv = ("app", "-i", index.url(), "--keyring-provider=import")
    assert resolve(world, tmp_path, *argv) == ["app==1.0"]


def test_a_proxy_is_used(world: World, index: Index, tmp_path: Path) -> None:
    argv = ("app", "--proxy", f"http://127.0.0.1:{index.port}", "--trusted-host", "index.example")
    url = f"http://{USER}:{PASSWORD}@index.example/simple/"
    assert resolve(world, tmp_path, *argv, "-i", url) == ["app==1.0"]
    assert "http://index.example/simple/app/" in index.asked


def test_a_refusal_tells_no_password(world: World, index: Index, tmp_path: Path) -> None:
    url = index.url(f"{USER}:wrong-{PASSWORD}")
    with pytest.raises(InteropError) as caught:
        resolve(world, tmp_path, "app", "-i", url)
    assert "401" in caught.value.message
    assert PASSWORD not in f"{caught.value.message} {caught.value.hints}"
    with pytest.raises(InteropError) as caught:
        resolve(world, tmp_path, f"{url}nowhere-1.0.zip", "--retries=0")
    assert "nowhere-1.0.zip" in caught.value.message
    assert PASSWORD not in f"{caught.value.message} {caught.value.hints}"
