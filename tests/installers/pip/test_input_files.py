"""Stubs that a real pip takes for installed."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from conda_pip_interop.errors import InteropError
from conda_pip_interop.installers.interface import ProvidedDistribution
from conda_pip_interop.installers.pip.input_files import write_overlay
from tests.support.pip_worlds import World, build_wheel, lines


def provide(
    name: str, version: str, *needs: str, extras: tuple[str, ...] = ()
) -> ProvidedDistribution:
    return ProvidedDistribution(
        name=canonicalize_name(name), version=version, extras=extras, extra_requirements=needs
    )


def resolve(
    world: World, *requirements: str, provided: tuple[ProvidedDistribution, ...] = ()
) -> set[str]:
    items = world.process().resolve(lines(*requirements), provided=provided)
    return {f"{one.name}=={one.version}" for one in items}


def test_python_itself_finds_the_stubs(tmp_path: Path, world: World) -> None:
    write_overlay(tmp_path / "overlay", (provide("zope.interface", "6.1", extras=("docs",)),))
    code = (
        "from importlib.metadata import distribution as d; x = d('zope.interface');"
        "print(x.version, x.requires, x.metadata.get_all('Provides-Extra'))"
    )
    done = subprocess.run(
        [world.python, "-c", code],
        env={"PYTHONPATH": str(tmp_path / "overlay")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "6.1 None ['docs']\n"


def test_what_is_held_is_not_installed_and_not_descended_into(world: World) -> None:
    build_wheel(world.wheels, "app", requires=["lib>=2"])
    build_wheel(world.wheels, "lib", "2.5", requires=["deep"])
    build_wheel(world.wheels, "deep")
    assert resolve(world, "app") == {"app==1.0", "lib==2.5", "deep==1.0"}
    assert resolve(world, "app", provided=(provide("lib", "2.1"),)) == {"app==1.0"}


def test_what_is_held_may_be_on_no_index_a_pre_release_or_a_local_version(world: World) -> None:
    build_wheel(world.wheels, "app", requires=["not_there>=3", "early>=1", "local>=2"])
    stubs = (provide("not-there", "3.1"), provide("early", "2.0rc1"), provide("local", "2.0+cu118"))
    assert resolve(world, "app", provided=stubs) == {"app==1.0"}


def test_what_is_held_is_what_pip_has_to_live_with(world: World) -> None:
    build_wheel(world.wheels, "app", "1.0", requires=["lib<2"])
    build_wheel(world.wheels, "app", "2.0", requires=["lib>=2"])
    build_wheel(world.wheels, "lib", "1.5")
    build_wheel(world.wheels, "lib", "2.5")
    assert resolve(world, "app", provided=(provide("lib", "1.5"),)) == {"app==1.0"}
    with pytest.raises(InteropError) as caught:
        resolve(world, "app==2.0", provided=(provide("lib", "1.5"),))
    assert caught.value.code == "pip-failed"
    assert "lib" in caught.value.message


def test_an_extra_of_what_is_held_is_followed_and_the_rest_is_not(world: World) -> None:
    build_wheel(world.wheels, "app", requires=["lib[fast]"])
    build_wheel(world.wheels, "speed")
    stub = provide("lib", "1.0", 'speed; extra == "fast"', extras=("fast", "slow"))
    assert resolve(world, "app", provided=(stub,)) == {"app==1.0", "speed==1.0"}
    assert resolve(world, "lib[slow]", provided=(stub,)) == set()


def test_a_resolution_changes_nothing(world: World) -> None:
    build_wheel(world.wheels, "app")
    before = world.files()
    assert resolve(world, "app") == {"app==1.0"}
    assert world.files() == before
