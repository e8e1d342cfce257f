"""What pip is building is read from its output, each once, and without passwords."""

from __future__ import annotations

import pytest

from conda_pip_interop.installers.build_progress import BuildProgress
from tests.support.pip_worlds import World, build_project, build_sdist, pins


def read(*lines: str, **versions: str) -> list[str]:
    said: list[str] = []
    progress = BuildProgress(report=said.append, versions=versions)
    for line in lines:
        progress.read(f"{line}\n")
    return said


@pytest.mark.parametrize(
    "preparing",
    [
        "  Installing build dependencies: started",
        "  Getting requirements to build wheel: started",
        "  Preparing metadata (pyproject.toml): started",
        "  Preparing editable metadata (pyproject.toml): started",
        "  Preparing metadata (setup.py): started",
    ],
)
def test_the_requirement_that_is_prepared_is_named_once(preparing: str) -> None:
    done = preparing.replace("started", "finished with status 'done'")
    assert (
        read("Collecting app>=2 (from lib)", "  Using cached app.whl", "Processing ./project") == []
    )
    assert read("Processing ./project", preparing, done, preparing) == [
        "Preparing metadata of ./project"
    ]
    assert read("Collecting app@ git+https://host/x.git", preparing) == [
        "Preparing metadata of app"
    ]
    assert read("Collecting git+https://me:secret@host/x.git", preparing) == [
        "Preparing metadata of git+https://****@host/x.git"
    ]


def test_what_is_built_is_named_with_its_version() -> None:
    lines = (
        "Building wheels for collected packages: app, lib",
        "  Building wheel for app (pyproject.toml): started",
        "  Building wheel for app (pyproject.toml): still running...",
        "  Building wheel for app (pyproject.toml): finished with status 'done'",
        "  Building editable for lib (pyproject.toml): started",
    )
    assert read(*lines, app="1.0") == ["Building app 1.0", "Building lib"]


def test_pip_says_what_it_builds(world: World) -> None:
    build_sdist(world.wheels, build_project(world.wheels.parent / "app", "app"), "app")
    said: list[str] = []
    process = world.process()
    quiet = process.__class__(python=process.python, runner=process.runner, report=said.append)
    into = world.wheels.parent / "built"
    quiet.fetch(pins("app==1.0"), into=into)
    assert said[-1] == "Building app 1.0"
    assert any(one.startswith("Preparing metadata of ") for one in said)
