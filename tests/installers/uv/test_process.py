"""uv in the place of pip: the same answers to the same questions, with pip's settings."""

from __future__ import annotations

import dataclasses
import os
import socket
import sys
import threading
from argparse import Namespace
from collections.abc import Iterable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Literal, TypeAlias

import pytest
from packaging.utils import canonicalize_name

from conda_pip_interop.commands.command_line.parser import parse_arguments
from conda_pip_interop.errors import InteropError, PipFailedError
from conda_pip_interop.installers.building import BuildingInstaller
from conda_pip_interop.installers.failures import is_not_found
from conda_pip_interop.installers.interface import Installer, Pin, ProvidedDistribution
from conda_pip_interop.installers.pip.configuration import read_configuration
from conda_pip_interop.installers.pip.process import PipProcess
from conda_pip_interop.installers.pip.report import ReportItem
from conda_pip_interop.installers.uv.options import build_settings
from conda_pip_interop.installers.uv.process import UvProcess
from conda_pip_interop.resolve.pinned_requirements import build_pins
from conda_pip_interop.resolve.request.read_request import read_request
from tests.support.index_server import PASSWORD, USER, serve_index
from tests.support.pip_worlds import (
    World,
    build_clone,
    build_project,
    build_sdist,
    build_wheel,
    lines,
    pins,
)

Name: TypeAlias = Literal["pip", "uv"]
UV = Path(sys.executable).with_name("uv")


@pytest.fixture(params=["pip", "uv"])
def name(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Name:
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv-cache"))
    return "uv" if request.param == "uv" else "pip"


def open_installer(
    world: World, name: Name, *, process: PipProcess | None = None, installed: Iterable[str] = ()
) -> Installer:
    """pip, or uv with pip for what it must build."""
    process = process or world.process()
    if name == "pip":
        return process
    there = tuple(provide(one) for one in installed)
    uv = UvProcess(
        uv=UV,
        pip=process,
        read_settings=lambda: build_settings(
            process.options, read_configuration(process.prefix, os.environ)
        ),
        read_installed=lambda: there,
    )
    return BuildingInstaller(process=process, prepare=None, isolated=True, wheels=uv)


def provide(text: str, *requires: str, extras: tuple[str, ...] = ()) -> ProvidedDistribution:
    name, _, version = text.partition("==")
    return ProvidedDistribution(
        name=canonicalize_name(name), version=version, extras=extras, extra_requirements=requires
    )


def ask(
    world: World, name: Name, folder: Path, *argv: str, installed: Iterable[str] = ()
) -> NamedRequirement:
    """What the installer answers to a command line."""
    options = parse_arguments(["install", *argv])
    assert isinstance(options, Namespace)
    request = read_request(options.words, options.install, folder=folder, environ=os.environ)
    process = world.for_request(request)
    installer = open_installer(world, name, process=process, installed=installed)
    items = installer.resolve(request.lines, provided=())
    assert PASSWORD not in repr([(one.url, one.origin) for one in items])
    return NamedRequirement(installer=installer, items=items, pins=build_pins(items, request))


@dataclasses.dataclass(frozen=True, kw_only=True)
class NamedRequirement:
    """What was answered, and who is to fetch and stage it."""

    installer: Installer
    items: tuple[ReportItem, ...]
    pins: tuple[Pin, ...]

    @property
    def versions(self) -> set[str]:
        """NAME==VERSION of each."""
        return {f"{one.name}=={one.version}" for one in self.items}


def versions(items: Iterable[ReportItem]) -> set[str]:
    return {f"{one.name}=={one.version}" for one in items}


def test_a_report_is_the_same(world: World, name: Name) -> None:
    build_wheel(world.wheels, "app", requires=["lib>=1", "tool[x]"], extras=["y"])
    build_wheel(world.wheels, "lib", "1.5")
    build_wheel(world.wheels, "tool", requires=["more; extra == 'x'"], extras=["x"])
    build_wheel(world.wheels, "more")
    items = open_installer(world, name).resolve(lines("app[y]"), provided=())
    found = {one.name: one for one in items}
    assert found.keys() == {"app", "lib", "tool", "more"}
    app = found[canonicalize_name("app")]
    assert app.version == "1.0"
    assert app.requires_dist == ("lib>=1", "tool[x]")
    assert (app.provides_extra, app.requested_extras) == (("y",), ("y",))
    assert [one.name for one in items if one.requested] == ["app"]
    assert not any(one.is_direct for one in items)


def test_what_conda_holds_is_no_ones_to_choose_and_on_no_index(world: World, name: Name) -> None:
    build_wheel(world.wheels, "app", requires=["lib[x]", "old; python_version < '3'"])
    build_wheel(world.wheels, "lib", "9.0", requires=["not-there"])
    build_wheel(world.wheels, "more")
    provided = (
        provide("lib==1.5.dev0", "more; extra == 'x'", extras=("x",)),
        provide("unused==1.0"),
    )
    installer = open_installer(world, name)
    assert versions(installer.resolve(lines("app"), provided=provided)) == {"app==1.0", "more==1.0"}
    with pytest.raises(InteropError) as caught:
        installer.resolve(lines("app", "lib>=2"), provided=provided)
    assert caught.value.code == "pip-failed"
    assert "lib" in caught.value.message


def test_what_is_installed_stays_where_it_serves(world: World, name: Name, tmp_path: Path) -> None:
    build_wheel(world.wheels, "app", requires=["lib"])
    build_wheel(world.wheels, "lib", "1.0")
    build_wheel(world.wheels, "other", "1.0")
    world.process().stage(pins("lib==1.0", "other==1.0"), wheels=world.wheels, into=world.venv)
    for old in world.wheels.glob("*-1.0-*"):
        if not old.name.startswith("app"):
            old.unlink()  # so it is on no index any more
    build_wheel(world.wheels, "lib", "2.0")
    build_wheel(world.wheels, "other", "2.0")
    there = ("lib==1.0", "other==1.0")
    for argv, found in (
        (("app", "other"), {"app==1.0"}),
        (("app", "lib>1"), {"app==1.0", "lib==2.0"}),
        (("app", "other", "--upgrade"), {"app==1.0", "other==2.0"}),
        (
            ("app", "other", "--upgrade", "--upgrade-strategy", "eager"),
            {"app==1.0", "lib==2.0", "other==2.0"},
        ),
    ):
        assert ask(world, name, tmp_path, *argv, installed=there).versions == found


def test_without_dependencies(world: World, name: Name) -> None:
    build_wheel(world.wheels, "app", requires=["not-there"])
    items = open_installer(world, name).resolve(lines("app"), provided=(), with_deps=False)
    assert versions(items) == {"app==1.0"}


def test_what_is_staged_is_a_prefix_of_the_environments(
    world: World, name: Name, tmp_path: Path
) -> None:
    build_wheel(world.wheels, "app", scripts=True, data={"share/app.txt": "x"}, requires=["lib"])
    build_wheel(world.wheels, "lib")
    asked = ask(world, name, tmp_path, "app")
    wheels, into = tmp_path / "fetched", tmp_path / "staged"
    wheels.mkdir()
    into.mkdir()
    asked.installer.fetch(asked.pins, into=wheels)
    asked.installer.stage(asked.pins, wheels=wheels, into=into)
    site_packages = into / world.site_packages.relative_to(world.venv)
    assert {one.name for one in into.iterdir()} == {"bin", "lib", "share"}
    assert (site_packages / "lib.py").is_file()
    assert (into / "bin" / "app").read_text().startswith(f"#!{world.python}")
    assert (site_packages / "app-1.0.dist-info" / "INSTALLER").read_text().strip() == name
    assert not world.names()


def test_wheels_by_path_and_url(world: World, name: Name, tmp_path: Path) -> None:
    wheel = build_wheel(tmp_path / "a b", "app", requires=["lib; extra == 'x'"], extras=["x"])
    build_wheel(world.wheels, "lib")
    asked = ask(world, name, tmp_path, f"{wheel}[x]")
    assert asked.versions == {"app==1.0", "lib==1.0"}
    (app,) = (one for one in asked.items if one.name == "app")
    assert (app.is_direct, app.requested, app.requested_extras) == (True, True, ("x",))
    assert app.origin["url"] == wheel.as_uri()
    assert app.origin["archive_info"]["hashes"].keys() == {"sha256"}


def test_sources_are_built_by_pip(world: World, name: Name, tmp_path: Path) -> None:
    project = build_project(tmp_path / "project", "app", requires=["lib"])
    build_sdist(world.wheels, build_project(tmp_path / "other", "lib"), "lib")
    commit = build_clone(project)
    asked = ask(world, name, tmp_path, f"git+{project.as_uri()}")
    assert asked.versions == {"app==1.0", "lib==1.0"}
    (app,) = (one for one in asked.items if one.name == "app")
    assert app.origin["vcs_info"]["commit_id"] == commit
    wheels, into = tmp_path / "fetched", tmp_path / "staged"
    wheels.mkdir()
    into.mkdir()
    asked.installer.fetch(asked.pins, into=wheels)
    asked.installer.stage(asked.pins, wheels=wheels, into=into)
    assert {one.name for one in into.rglob("*.py")} == {"app.py", "lib.py"}


def write_index(folder: Path, wheel: Path) -> None:
    """An index in files (PEP 503) of one wheel."""
    page = folder / "app" / "index.html"
    page.parent.mkdir(parents=True)
    page.write_text(f'<!DOCTYPE html><a href="{wheel.as_uri()}">{wheel.name}</a>')


@pytest.mark.parametrize(
    "case",
    [
        (["app<2"], "app==1.0"),
        (["app", "--pre"], "app==3.0rc1"),
        (["app", "--all-releases", "app"], "app==3.0rc1"),
        (["app", "--extra-index-url", "www/simple"], "app==2.7"),
        (["app", "--constraint", "limits.txt"], "app==1.0"),
        (["app", "--find-links", "more"], "app==2.5"),
    ],
)
def test_options(world: World, tmp_path: Path, case: tuple[list[str], str]) -> None:
    words, found = case
    if "--extra-index-url" in words:
        world.config.write_text(f"[global]\nindex-url = {(tmp_path / 'first/simple').as_uri()}\n")
    for version in ("1.0", "2.0", "3.0rc1"):
        build_wheel(world.wheels, "app", version)
    write_index(tmp_path / "first/simple", build_wheel(world.wheels / "x", "app", "1.5"))
    build_wheel(tmp_path / "more", "app", "2.5")
    write_index(tmp_path / "www/simple", build_wheel(world.wheels / "x", "app", "2.7"))
    (tmp_path / "limits.txt").write_text("app<2\n")
    argv = [str(tmp_path / word) if (tmp_path / word).exists() else word for word in words]
    assert ask(world, "uv", tmp_path, *argv).versions == {found}


def test_a_wrong_hash_is_refused_and_so_is_a_missing_one(
    world: World, name: Name, tmp_path: Path
) -> None:
    build_wheel(world.wheels, "app")
    build_wheel(world.wheels, "lib")
    for text in (f"app==1.0 --hash=sha256:{'0' * 64}\n", "app==1.0\n--require-hashes\n"):
        (tmp_path / "r.txt").write_text(text)
        with pytest.raises(InteropError) as caught:
            ask(world, name, tmp_path, "-r", "r.txt")
        assert caught.value.code == "pip-failed"
        assert "hash" in caught.value.message.lower()
        assert "hash" in " ".join(caught.value.hints)


def test_an_index_that_cannot_be_reached_is_no_matter_of_names(
    world: World, name: Name, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.config.write_text("")
    monkeypatch.setenv("PIP_RETRIES", "1")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    with pytest.raises(InteropError) as caught:
        ask(world, name, tmp_path, "app", "-i", "http://127.0.0.1:9/simple")
    assert "network" in " ".join(caught.value.hints)


def test_what_does_not_exist_has_no_advice_but_that_of_the_plan(
    world: World, name: Name, tmp_path: Path
) -> None:
    with pytest.raises(PipFailedError) as caught:
        ask(world, name, tmp_path, "not-there")
    assert is_not_found(caught.value)


def test_an_index_with_a_password(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build_wheel(tmp_path / "www/simple/app", "app")
    monkeypatch.setenv("TOKEN", PASSWORD)
    with serve_index(tmp_path / "www") as index:
        for given in (f"{USER}:${{TOKEN}}", f"{USER}:{PASSWORD}"):
            (tmp_path / "r.txt").write_text(f"-i {index.url(given)}\napp\n")
            world.config.write_text("")
            assert ask(world, "uv", tmp_path, "-r", "r.txt").versions == {"app==1.0"}
        world.config.write_text(f"[global]\nindex-url = {index.url(f'{USER}:{PASSWORD}')}\n")
        assert ask(world, "uv", tmp_path, "app").versions == {"app==1.0"}
        (tmp_path / "netrc").write_text(f"machine 127.0.0.1 login {USER} password {PASSWORD}\n")
        world.config.write_text("")
        with pytest.raises(InteropError) as caught:
            ask(world, "uv", tmp_path, "app", "-i", index.url(f"{USER}:wrong-{PASSWORD}"))
        assert "401" in caught.value.message
        assert PASSWORD not in f"{caught.value.message} {caught.value.hints}"
        monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
        assert ask(world, "uv", tmp_path, "app", "-i", index.url()).versions == {"app==1.0"}


def test_a_wrong_hash_and_an_index_out_of_reach_have_advice_of_their_own(
    world: World, name: Name, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_RETRIES", "1")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    monkeypatch.setenv("COLUMNS", "20")  # uv wraps its words there
    build_wheel(world.wheels, "app")
    (tmp_path / "r.txt").write_text(f"app==1.0 --hash=sha256:{'0' * 64}\n")
    with pytest.raises(InteropError) as changed:
        ask(world, name, tmp_path, "-r", "r.txt")
    assert any("update its hash" in hint for hint in changed.value.hints)
    world.config.write_text("")
    with pytest.raises(InteropError) as unreached:
        ask(world, name, tmp_path, "far-away", "-i", "http://127.0.0.1:9/simple")
    assert any("Check the network" in hint for hint in unreached.value.hints)


class _Failing(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(503)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture(
    params=["refused", "unknown host", "no TLS", "proxy", "timeout", "failing", "configured"]
)
def unreached(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, world: World
) -> Iterator[str]:
    """The address of an index that cannot be reached; nothing is tried a second time."""
    world.config.write_text("")
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.setenv("PIP_DEFAULT_TIMEOUT", "1")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    monkeypatch.setenv("UV_HTTP_TIMEOUT", "1")
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        ThreadingHTTPServer(("127.0.0.1", 0), _Failing) as failing,
    ):
        thread = threading.Thread(target=failing.serve_forever)
        thread.start()
        port = failing.server_address[1]
        match request.param:
            case "unknown host":
                address = "https://nowhere.invalid/simple"
            case "no TLS":
                address = f"https://localhost:{port}/simple"
            case "proxy":
                for name in ("https_proxy", "HTTPS_PROXY"):
                    monkeypatch.setenv(name, "http://127.0.0.1:9")
                address = "https://nowhere.invalid/simple"
            case "timeout":
                address = f"http://127.0.0.1:{silent.getsockname()[1]}/simple"
            case "failing":
                address = f"http://127.0.0.1:{port}/simple"
            case "configured":
                monkeypatch.delenv("PIP_RETRIES")
                world.config.write_text("[global]\nretries = 0\n")
                address = "http://127.0.0.1:9/simple"
            case _:
                address = "http://127.0.0.1:9/simple"
        try:
            yield address
        finally:
            failing.shutdown()
            thread.join()


def test_that_an_index_cannot_be_reached_is_told_without_a_retry_too(
    world: World, name: Name, tmp_path: Path, unreached: str
) -> None:
    with pytest.raises(PipFailedError) as caught:
        ask(world, name, tmp_path, "far-away", "-i", unreached)
    assert "An index or a URL cannot be reached." in caught.value.hints
    assert "far-away" in caught.value.message
    assert not is_not_found(caught.value)


def test_a_name_that_an_index_does_not_have_is_not_found_without_a_retry_too(
    world: World, name: Name, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_RETRIES", "0")
    world.config.write_text("")
    (tmp_path / "www" / "simple").mkdir(parents=True)
    with serve_index(tmp_path / "www") as index, pytest.raises(PipFailedError) as caught:
        ask(world, name, tmp_path, "far-away", "-i", index.url(f"{USER}:{PASSWORD}"))
    assert is_not_found(caught.value)
