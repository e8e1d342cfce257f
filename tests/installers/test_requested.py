"""What was asked for reaches a real pip: places, hashes, settings, limits, options, links."""

from __future__ import annotations

import json
import subprocess
from argparse import Namespace
from pathlib import Path

import pytest

from conda_pip_interop.commands.command_line.parser import parse_arguments
from conda_pip_interop.dependency_files.locations import find_key
from conda_pip_interop.errors import InteropError
from conda_pip_interop.installers.interface import Line, Pin
from conda_pip_interop.resolve.pinned_requirements import build_pins
from conda_pip_interop.resolve.request.read_request import read_request
from conda_pip_interop.resolve.request.request import Request
from tests.support.pip_worlds import World, build_clone, build_project, build_sdist, build_wheel
from tests.support.requirements import LINUX
from tests.world.cache import file_digest


def ask(folder: Path, *argv: str) -> Request:
    options = parse_arguments(["install", *argv])
    assert isinstance(options, Namespace)
    request = read_request(options.words, options.install, folder=folder, environ={})
    return request.choose(LINUX)


def resolve(world: World, request: Request) -> dict[str, Pin]:
    items = world.for_request(request).resolve(request.lines, provided=())
    return {str(pin): pin for pin in build_pins(items, request)}


def stage(world: World, request: Request, folder: Path) -> dict[str, Pin]:
    """All the way into the venv: what is there afterwards is what a plan would place."""
    pins = resolve(world, request)
    process = world.for_request(request)
    (folder / "fetched").mkdir(exist_ok=True)
    process.fetch(tuple(pins.values()), into=folder / "fetched")
    process.stage(tuple(pins.values()), wheels=folder / "fetched", into=world.venv)
    return pins


def settings_of(world: World, name: str) -> object:
    code = f"import json, {name}; print(json.dumps({name}.settings))"
    done = subprocess.run([world.python, "-c", code], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_folders_archives_and_their_dependencies(world: World, tmp_path: Path) -> None:
    build_project(tmp_path / "a folder", "app", requires=["lib", 'more; extra == "x"'])
    build_sdist(tmp_path, build_project(tmp_path / "src", "packed"), "packed")
    for name in ("lib", "more"):
        build_wheel(world.wheels, name)
    there = build_wheel(tmp_path, "whole")
    request = ask(tmp_path, "a folder/[x]", "./packed-1.0.tar.gz", f"whole @ {there.as_uri()}")
    pins = stage(world, request, tmp_path)
    assert pins.keys() == {"app==1.0", "packed==1.0", "whole==1.0", "lib==1.0", "more==1.0"}
    assert pins["app==1.0"].origin == {"url": (tmp_path / "a folder").as_uri(), "dir_info": {}}
    assert pins["whole==1.0"].origin is not None
    assert pins["lib==1.0"].origin is None
    assert [pins[f"{name}==1.0"].requested for name in ("app", "lib")] == [True, False]
    assert world.names() == {f"{name}-1.0" for name in ("app", "packed", "whole", "lib", "more")}


def test_a_clone_is_pinned_to_the_commit_that_was_looked_at(world: World, tmp_path: Path) -> None:
    build_project(tmp_path / "repo/sub", "app")
    commit = build_clone(tmp_path / "repo")
    url = f"git+{(tmp_path / 'repo').as_uri()}"
    request = ask(tmp_path, f"{url}@main#subdirectory=sub")
    (pin,) = resolve(world, request).values()
    assert pin.line.text == f"{url}@{commit}#subdirectory=sub"
    assert pin.origin is not None
    assert pin.origin["vcs_info"]["requested_revision"] == "main"
    build_project(tmp_path / "repo/sub", "app", "2.0")
    build_clone(tmp_path / "repo")
    world.process().fetch((pin,), into=tmp_path / "fetched")
    assert [path.name for path in sorted((tmp_path / "fetched").iterdir())] == [
        "app-1.0-py3-none-any.whl"
    ]


def test_editable_projects_are_used_where_they_stand(world: World, tmp_path: Path) -> None:
    build_project(tmp_path / "app", "app", requires=["lib"])
    build_project(tmp_path / "repo", "cloned")
    build_clone(tmp_path / "repo")
    build_wheel(world.wheels, "lib")
    url = f"git+{(tmp_path / 'repo').as_uri()}@main#egg=cloned"
    before = sorted(path.name for path in tmp_path.iterdir())
    request = ask(tmp_path, "-e", "app", "-e", url)
    pins = resolve(world, request)
    assert {name for name, pin in pins.items() if pin.editable} == {"app==1.0", "cloned==1.0"}
    assert not (world.venv / "src").exists()
    stage(world, request, tmp_path)
    assert settings_of(world, "app") == settings_of(world, "cloned") == "editable"
    branch = (world.venv / "src/cloned/.git/HEAD").read_text()
    assert branch == "ref: refs/heads/main\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*before, "fetched"])


def test_hashes_are_checked_of_all_that_is_downloaded(world: World, tmp_path: Path) -> None:
    app = build_wheel(world.wheels, "app", requires=["lib"])
    lib = build_wheel(world.wheels, "lib")
    good = f"app==1.0 --hash=sha256:{file_digest(app)}\n"
    file = tmp_path / "r.txt"
    file.write_text(f"{good}lib==1.0 --hash=sha256:{'0' * 64}\n")
    with pytest.raises(InteropError, match="THESE PACKAGES DO NOT MATCH THE HASHES"):
        resolve(world, ask(tmp_path, "-r", "r.txt"))
    file.write_text(good)
    with pytest.raises(InteropError, match="lib"):
        resolve(world, ask(tmp_path, "-r", "r.txt"))
    file.write_text(f"{good}lib==1.0 --hash=sha256:{file_digest(lib)}\n")
    pins = resolve(world, ask(tmp_path, "-r", "r.txt"))
    assert pins["lib==1.0"].line.hashes == (f"sha256:{file_digest(lib)}",)
    wrong = Line(text="app==1.0", hashes=(f"sha256:{'0' * 64}",), in_file=True)
    pin = Pin(name=pins["app==1.0"].name, version="1.0", line=wrong)
    with pytest.raises(InteropError, match="DO NOT MATCH"):
        world.process().fetch((pin, pins["lib==1.0"]), into=tmp_path / "more")


def test_hashes_can_be_demanded(world: World, tmp_path: Path) -> None:
    build_wheel(world.wheels, "app")
    with pytest.raises(InteropError, match="--require-hashes"):
        resolve(world, ask(tmp_path, "app", "--require-hashes"))


def test_a_lock_is_installed_from_its_own_links(world: World, tmp_path: Path) -> None:
    app = build_wheel(tmp_path / "files", "app", requires=["lib"])
    lib = build_wheel(tmp_path / "files", "lib")
    build_project(tmp_path / "own", "own")
    (tmp_path / "pylock.toml").write_text(
        "lock-version = '1.0'\n"
        + "".join(
            f"[[packages]]\nname = '{one.name[:3]}'\nversion = '1.0'\n[[packages.wheels]]\n"
            f"path = 'files/{one.name}'\nhashes = {{sha256 = '{file_digest(one)}'}}\n"
            for one in (app, lib)
        )
        + "[[packages]]\nname = 'own'\n[packages.directory]\npath = 'own'\neditable = true\n"
    )
    request = ask(tmp_path, "-r", "pylock.toml")
    pins = resolve(world, request)
    assert pins.keys() == {"app==1.0", "lib==1.0", "own==1.0"}
    assert pins["own==1.0"].editable
    process = world.for_request(request)
    process.fetch(tuple(pins.values()), into=tmp_path / "fetched")
    assert [path.name[:3] for path in sorted((tmp_path / "fetched").iterdir())] == ["app", "lib"]
    build_wheel(tmp_path / "files", "lib", requires=["other"])
    with pytest.raises(InteropError, match="DO NOT MATCH"):
        process.fetch(tuple(pins.values()), into=tmp_path / "more")


def test_limits_limit_and_ask_for_nothing(world: World, tmp_path: Path) -> None:
    build_wheel(world.wheels, "app", requires=["lib"])
    for version in ("1.0", "2.0"):
        build_wheel(world.wheels, "lib", version)
    (tmp_path / "c.txt").write_text("lib<2\nother==1\n")
    pins = resolve(world, ask(tmp_path, "app", "--constraint", "c.txt"))
    assert pins.keys() == {"app==1.0", "lib==1.0"}


def test_settings_reach_what_they_were_given_for(world: World, tmp_path: Path) -> None:
    for name in ("app", "listed", "lib"):
        build_sdist(world.wheels, build_project(tmp_path / name, name), name)
    build_project(tmp_path / "own", "own", requires=["lib"])
    (tmp_path / "r.txt").write_text("listed --config-settings=--a='b c'\n")
    request = ask(tmp_path, "app", "./own", "-r", "r.txt", "-C", "k=v")
    stage(world, request, tmp_path)
    assert settings_of(world, "app") == settings_of(world, "own") == {"k": "v"}
    assert settings_of(world, "listed") == {"--a": "b c"}
    assert settings_of(world, "lib") == {}


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        (("app", "--only-binary", "app"), "app==0.9"),
        (("app", "--no-binary=:all:", "--pre"), "app==1.0"),
        (("app", "--", "--prefer-binary"), "app==0.9"),
        (("app", "-f", "more"), "app==3.0"),
        (("-r", "links.txt"), "app==3.0b1"),
    ],
)
def test_options_decide_what_is_chosen(
    world: World, tmp_path: Path, argv: tuple[str, ...], expected: str
) -> None:
    build_wheel(world.wheels, "app", "0.9")
    build_wheel(world.wheels, "app", "2.0a1")
    build_sdist(world.wheels, build_project(tmp_path / "app", "app"), "app")
    for version in ("3.0", "3.0b1"):
        build_wheel(tmp_path / "more", "app", version)
    (tmp_path / "links.txt").write_text("--pre -f more\napp!=3.0\n")
    argv = tuple(str(tmp_path / one) if one == "more" else one for one in argv)
    assert resolve(world, ask(tmp_path, *argv)).keys() == {expected}


def test_upgrades_follow_their_strategy(world: World, tmp_path: Path) -> None:
    for version in ("1.0", "2.0"):
        build_wheel(world.wheels, "lib", version)
        build_wheel(world.wheels, "app", version, requires=["lib"])
    stage(world, ask(tmp_path, "app==1.0", "lib==1.0"), tmp_path)
    assert resolve(world, ask(tmp_path, "app")) == {}
    assert resolve(world, ask(tmp_path, "app", "-U")).keys() == {"app==2.0"}
    eager = ask(tmp_path, "app", "-U", "--upgrade-strategy=eager")
    assert resolve(world, eager).keys() == {"app==2.0", "lib==2.0"}


def test_what_was_staged_is_not_chosen_anew(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Settings about what to choose have done their work when the wheels are there."""
    build_project(tmp_path / "app", "app")
    build_sdist(world.wheels, tmp_path / "app", "app")
    for name, value in {
        "PIP_NO_BINARY": ":all:",
        "PIP_REQUIRE_HASHES": "0",
        "PIP_FIND_LINKS": str(world.wheels),
    }.items():
        monkeypatch.setenv(name, value)
    stage(world, ask(tmp_path, "app"), tmp_path)
    assert world.names() == {"app-1.0"}


def test_a_hundred_requirements(world: World, tmp_path: Path) -> None:
    for number in range(100):
        build_wheel(world.wheels, f"project{number}")
    (tmp_path / "r.txt").write_text("".join(f"project{number}>=1\n" for number in range(100)))
    assert len(resolve(world, ask(tmp_path, "-r", "r.txt"))) == 100


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://me:pw@Example.org/a%20b/", "https://example.org/a b"),
        ("ssh://git@example.org/x", "ssh://example.org/x"),
    ],
)
def test_two_spellings_of_a_place_are_one(one: str, other: str) -> None:
    assert find_key(one) == find_key(other)
    assert find_key(one) != find_key(one, "sub")
