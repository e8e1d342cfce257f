"""Builds with a real pip: what a source needs, asked of pyproject.toml and of its backend."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from conda_pip_interop.dependency_files.locations import find_folder, find_subdirectory
from conda_pip_interop.errors import InteropError
from conda_pip_interop.installers.building import BuildingInstaller, BuildNeeds
from conda_pip_interop.installers.interface import BuildEnvironment, Line
from conda_pip_interop.installers.source_trees import (
    BuildSystem,
    ask_backend,
    find_languages,
    find_missing,
    read_build_system,
)
from tests.support.pip_worlds import World, build_clone, build_project, build_sdist, build_wheel

_BACKEND = """
import pathlib, sys
sys.path.insert(0, str(pathlib.Path(__file__).parent))
from inner import *


def get_requires_for_build_wheel(config_settings=None):
    print("noise")
    return ["present", "absent", *sorted(config_settings)]


def get_requires_for_build_editable(config_settings=None):
    return ["for-editable"]
"""


def build_asking_project(folder: Path, *requires: str) -> Path:
    """A project whose backend asks for more once it is there."""
    build_project(folder, "app", requires=["lib"])
    (folder / "backend.py").rename(folder / "inner.py")
    (folder / "backend.py").write_text(_BACKEND)
    toml = folder / "pyproject.toml"
    toml.write_text(toml.read_text().replace("requires = []", f"requires = {[*requires]}"))
    return folder


@pytest.mark.parametrize(
    ("text", "requires", "backend"),
    [
        ("", ("setuptools>=40.8.0",), "setuptools.build_meta:__legacy__"),
        ("[build-system]\nrequires = ['x >=1']", ("x>=1",), "setuptools.build_meta:__legacy__"),
        ("[build-system]\nrequires = ['y']\nbuild-backend = 'z'", ("y",), "z"),
    ],
)
def test_who_builds_a_project_and_with_what(
    tmp_path: Path, text: str, requires: tuple[str, ...], backend: str
) -> None:
    (tmp_path / "pyproject.toml").write_text(text)
    wanted = BuildSystem(folder=tmp_path, requires=requires, backend=backend)
    assert read_build_system(tmp_path) == wanted
    (tmp_path / "pyproject.toml").unlink()
    assert read_build_system(tmp_path) == BuildSystem(folder=tmp_path)


def test_a_requirement_that_is_none_is_told_with_its_file(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[build-system]\nrequires = ['x ==']\n")
    with pytest.raises(InteropError, match="'x =='") as caught:
        read_build_system(tmp_path)
    assert str(tmp_path / "pyproject.toml") in caught.value.message


def test_a_backend_is_asked_with_the_settings_and_a_broken_one_is_left_to_pip(
    world: World, tmp_path: Path
) -> None:
    system = read_build_system(build_asking_project(tmp_path / "app"))
    settings: dict[str, Any] = {"k": "v"}
    asked = ask_backend(system, world.process(), editable=False, settings=settings)
    assert asked == ("present", "absent", "k")
    asked = ask_backend(system, world.process(), editable=True, settings={})
    assert asked == ("for-editable",)
    (system.folder / "inner.py").write_text("raise SystemError\n")
    assert ask_backend(system, world.process(), editable=False, settings={}) == ()


def test_what_is_missing_is_told_by_name_version_and_marker(world: World) -> None:
    wheel = build_wheel(world.wheels, "present", "1.5")
    subprocess.run([world.python, "-m", "pip", "install", "-q", wheel], check=True)
    texts = ("present", "Present>1", "present>2", "absent", "absent; python_version < '3'")
    assert find_missing(world.venv, texts) == ("present>2", "absent")


@pytest.mark.parametrize("kind", ["folder", "archive", "clone", "of an index"])
def test_a_build_has_what_its_files_and_its_backend_ask_for(
    world: World, tmp_path: Path, kind: str
) -> None:
    """Whatever it is: `prepare` is told, first of the one and then of both; pip asks nobody."""
    build_wheel(world.wheels, "present")
    build_wheel(world.wheels, "lib")
    prepared: list[tuple[str, ...]] = []

    def prepare(needs: BuildNeeds) -> BuildEnvironment:
        prepared.append(needs.requires)
        missing = find_missing(world.venv, needs.requires)
        words = ["-m", "pip", "install", "-q", *missing]
        subprocess.run([world.python, *words], check=True)
        scripts = world.python.parent
        return BuildEnvironment(
            python=world.python, site_packages=world.site_packages, scripts=scripts
        )

    for name in ("static", "absent", "k"):
        build_wheel(world.wheels, name)
    project = build_asking_project(tmp_path / "repo" / "sub", "static", "present")
    match kind:
        case "folder":
            text = str(project)
        case "archive":
            text = f"app @ {build_sdist(tmp_path, project, 'app').as_uri()}"
        case "clone":
            build_clone(tmp_path / "repo")
            text = f"app @ git+{(tmp_path / 'repo').as_uri()}#subdirectory=sub"
        case _:
            build_sdist(world.wheels, project, "app")
            text = "app>=1"
    installer = BuildingInstaller(process=world.process(), prepare=prepare)
    items = installer.resolve((Line(text=text),), provided=())
    assert {one.name: one.version for one in items} == {"app": "1.0", "lib": "1.0"}
    assert prepared[0] == ("static", "present")
    assert set(prepared[1:]) == {("static", "present", "absent")}
    (app,) = (one for one in items if one.name == "app")
    assert not app.url.endswith(".whl")
    assert app.is_direct == (kind != "of an index")


def test_the_languages_of_a_project_are_found(tmp_path: Path) -> None:
    for file, languages in {
        "a.py": (),
        ".git/x.c": (),
        "src/a.F90": ("fortran",),
        "src/a.cpp": ("cxx", "fortran"),
        "b.pyx": ("c", "cxx", "fortran"),
    }.items():
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_text("")
        assert find_languages(tmp_path) == languages


def test_places_of_this_machine_are_found(tmp_path: Path) -> None:
    folder = tmp_path / "a b"
    folder.mkdir()
    for text in (str(folder), f"{folder}[x,y]", f"app @ {folder.as_uri()}", folder.as_uri()):
        assert find_folder(text) == folder
    for text in ("app", "git+file:///x", f"app @ git+{folder.as_uri()}", "https://h.example/x.zip"):
        assert find_folder(text) is None
    assert find_subdirectory("git+https://h.example/x@v1#egg=x&subdirectory=a%20b") == "a b"
    assert find_subdirectory("./x") == ""
